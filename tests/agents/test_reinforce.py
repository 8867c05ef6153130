"""REINFORCE: each part against values worked out by hand or by plain code. Whole runs are in test_deep.py."""

import math

import numpy as np
import pytest
import torch

from agents import reinforce
from agents.common import evaluation, streams
from agents.common.actor_critic import heads
from agents.common.encoding import encoding
from agents.common.environment import describe
from agents.common.lanes import lanes_of
from agents.common.networks import Learner, Network, orthogonal
from minigym import error
from tests.agents.deep_runs import SMALL, Odd, generators, plain_network, plain_theta, table, train

NETWORK = Network((4, 16, 8, 3), reinforce.ACTIVATION)  # two actions and the value


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("total_steps", 0, "total_steps must be at least 1, got 0"),
        ("episodes", 0, "episodes must be at least 1, got 0"),
        ("checkpoints", 0, "checkpoints must be at least 1, got 0"),
        ("hidden_sizes", (64, 0), r"hidden_sizes must be widths of at least 1, got \(64, 0\)"),
        ("gamma", -0.1, "gamma must be between 0 and 1, got -0.1"),
        ("learning_rate", math.nan, "learning_rate must be positive and finite, got nan"),
        ("max_gradient_norm", 0.0, "max_gradient_norm must be positive and finite, got 0.0"),
        ("reward_scale", math.inf, "reward_scale must be positive and finite, got inf"),
        ("value_coefficient", -0.5, "value_coefficient must be at least 0 and finite, got -0.5"),
        ("entropy_coefficient", math.inf, "entropy_coefficient must be at least 0 and finite, got inf"),
    ],
)
def test_nonsense_is_refused(name, value, message):
    with pytest.raises(error.InvalidParameter, match=message):
        reinforce.Config(**{name: value})


# Playing


def played(kwargs, longest, playing=True, seeds=(7, 8)):
    environment = describe("CartPole-v1", kwargs)
    lanes = lanes_of(environment, seeds, 3)
    theta = NETWORK.initial(generators(3, 4), orthogonal).detach()
    wanted = np.broadcast_to(playing, lanes.shape)
    episodes = reinforce.play(
        NETWORK, theta, lanes, encoding("reinforce", environment), wanted, longest, generators(1, 2)
    )
    return environment, theta, lanes, episodes


@pytest.mark.parametrize(("limit", "longest"), [(12, 12), (500, 500), (500, 20)])
def test_an_episode_of_each_lane_is_played_and_nothing_after_it_counts(limit, longest):
    environment, theta, lanes, episodes = played({"max_episode_steps": limit}, longest)
    replayed = lanes_of(environment, (7, 8), 3)
    uniform = np.array([generator.random((longest, 3), np.float32) for generator in generators(1, 2)])
    steps = episodes.playing.shape[1]
    playing, terminated = np.ones((2, 3), bool), np.zeros((2, 3), bool)
    for step in range(steps):
        assert np.array_equal(episodes.playing[:, step], playing)
        assert np.array_equal(episodes.observation[:, step], replayed.observation)
        probability = heads(NETWORK, theta, episodes.observation[:, step])[0].exp()[..., 0].numpy()
        assert np.array_equal(episodes.action[:, step], probability <= uniform[:, step])
        transition = replayed.step(episodes.action[:, step].numpy())
        assert np.array_equal(episodes.reward[:, step], transition.reward)
        ends = playing & (transition.terminated | transition.truncated | (step == longest - 1))
        assert np.array_equal(episodes.last_observation[ends], transition.next_observation[ends])
        terminated |= ends & transition.terminated
        playing &= ~ends
    assert not playing.any()
    assert np.array_equal(episodes.terminated, terminated)
    lengths = episodes.playing.sum(dim=1)
    assert lengths.max() == steps
    recorded = lengths if longest == limit else lengths[lengths < longest]  # what was cut has not ended
    assert sorted(np.concatenate(lanes.record.lengths).tolist()) == sorted(recorded.flatten().tolist())
    if limit == 500:
        assert terminated.any()
    if longest < 25:
        assert not terminated.all()


def test_a_seed_that_is_done_does_not_play():
    _, _, lanes, episodes = played({}, 500, playing=[[True], [False]])
    assert not episodes.playing[1].any()
    assert episodes.playing[0].any(dim=0).all()
    assert lanes.record.lengths[1] == []
    assert sorted(lanes.record.lengths[0]) == sorted(episodes.playing[0].sum(dim=0).tolist())


# Returns


def episodes_of(reward, playing, terminated, observation=None, action=None):
    """Of one seed, from lists (T, L) and (L,)."""
    reward, playing = torch.tensor([reward]), torch.tensor([playing])
    observation = torch.zeros(*reward.shape, 0) if observation is None else observation
    action = torch.zeros(reward.shape, dtype=torch.int64) if action is None else torch.tensor([action])
    return reinforce.Episodes(observation, action, reward, playing, torch.zeros(1, 2, 0), torch.tensor([terminated]))


def test_returns_by_hand():
    # The first lane plays two steps, and what is left over from its next episode, 1000, counts for nothing.
    reward = [[1.0, 4.0], [2.0, 8.0], [1000.0, 16.0]]
    playing = [[True, True], [True, True], [False, True]]
    last_value = torch.tensor([[40.0, 80.0]])
    both_terminated = reinforce.returns(episodes_of(reward, playing, [True, True]), last_value, 0.5, 1.0)
    assert both_terminated[0, :, 1].tolist() == [4 + 8 / 2 + 16 / 4, 8 + 16 / 2, 16]
    assert both_terminated[0, :2, 0].tolist() == [1 + 2 / 2, 2]
    truncated = reinforce.returns(episodes_of(reward, playing, [False, False]), last_value, 0.5, 1.0)
    assert truncated[0, :, 1].tolist() == [4 + 8 / 2 + 16 / 4 + 80 / 8, 8 + 16 / 2 + 80 / 4, 16 + 80 / 2]
    assert truncated[0, :2, 0].tolist() == [1 + 2 / 2 + 40 / 4, 2 + 40 / 2]
    # The scale is that of the rewards: the network's value is scaled already.
    scaled = reinforce.returns(episodes_of(reward, playing, [False, True]), last_value, 0.5, 0.1)
    assert scaled[0, :2, 0].tolist() == pytest.approx([0.2 + 10, 0.2 + 20])


# Loss


def test_the_loss_by_hand():
    # One state, where the actions are as 3 to 1 and the value is 2. Three steps are played, the fourth is none.
    theta = torch.tensor([[math.log(3.0), 0.0, 2.0]]).requires_grad_()
    playing, action = [[True, True], [True, False]], [[0, 1], [0, 0]]
    episodes = episodes_of([[0.0, 0.0], [0.0, 0.0]], playing, [True, True], action=action)
    target = torch.tensor([[[3.0, 6.0], [2.0, 1000.0]]])
    config = reinforce.Config(value_coefficient=0.25, entropy_coefficient=0.1, standardise=False)
    loss = reinforce.loss(Network((0, 3)), theta, episodes, target, config)
    policy = -(1 * math.log(3 / 4) + 4 * math.log(1 / 4) + 0) / 3  # -(G - v) ln pi, all steps alike: no gamma^t
    entropy = 0.75 * math.log(4 / 3) + 0.25 * math.log(4)
    assert loss.tolist() == pytest.approx([policy + 0.25 * (1 + 16 + 0) / 3 - 0.1 * entropy])
    loss.sum().backward()
    # The advantage is no way to the value: that moves by its own error alone.
    assert theta.grad[0, 2].item() == pytest.approx(0.25 * 2 * -(1 + 4) / 3)


def test_advantages_are_standardised_over_what_was_played():
    theta = torch.tensor([[0.0, 0.0, 2.0]])
    playing, action = [[True, True], [True, False]], [[0, 1], [0, 0]]
    episodes = episodes_of([[0.0, 0.0], [0.0, 0.0]], playing, [True, True], action=action)
    target = torch.tensor([[[3.0, 6.0], [3.0, 1000.0]]])
    config = reinforce.Config(value_coefficient=0.0)
    # The advantages 1, 4, 1 have mean 2 and standard deviation sqrt(2); all actions have the same probability.
    theta.requires_grad_()
    reinforce.loss(Network((0, 3)), theta, episodes, target, config).sum().backward()
    # d -ln pi(0) / d logit 0 = -1/2, d -ln pi(1) / d logit 0 = 1/2
    assert theta.grad[0, 0].item() == pytest.approx((-1 / 2 * -1 + 1 / 2 * 2 + -1 / 2 * -1) / math.sqrt(2) / 3)


def test_a_seed_that_did_not_play_has_no_loss():
    theta = torch.tensor([[0.0, 0.0, 2.0]]).requires_grad_()
    episodes = episodes_of([[1.0, 1.0]], [[False, False]], [False, False])
    loss = reinforce.loss(
        Network((0, 3)), theta, episodes, torch.ones(1, 1, 2), reinforce.Config(entropy_coefficient=1.0)
    )
    loss.sum().backward()
    assert loss.tolist() == [0.0]
    assert theta.grad.tolist() == [[0.0, 0.0, 0.0]]


@pytest.mark.parametrize("standardise", [False, True])
def test_a_batched_update_is_the_plain_update_of_each_seed(standardise):
    config = reinforce.Config(entropy_coefficient=0.02, standardise=standardise)
    learner = Learner(NETWORK.initial(generators(1, 2, 3), orthogonal), 0.5, epsilon=1e-5)
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 9, size=(3, 5))
    playing = torch.from_numpy(np.arange(8)[:, None] < lengths[:, None])
    batches = [
        reinforce.Episodes(
            torch.from_numpy(rng.normal(size=(3, 8, 5, 4)).astype(np.float32)),
            torch.from_numpy(rng.integers(2, size=(3, 8, 5))),
            torch.from_numpy((rng.normal(size=(3, 8, 5)) * [[[0.1]], [[10]], [[100]]]).astype(np.float32)),
            playing,
            torch.from_numpy(rng.normal(size=(3, 5, 4)).astype(np.float32)),
            torch.from_numpy(rng.random((3, 5)) < 0.5),
        )
        for _ in range(4)
    ]
    expected = [plain_updates(learner.theta, batches, seed, lengths[seed], config) for seed in range(3)]
    for batch in batches:
        with torch.no_grad():
            _, last_value = heads(NETWORK, learner.theta, batch.last_observation)
            target = reinforce.returns(batch, last_value, config.gamma, config.reward_scale)
        learner.update(reinforce.loss(NETWORK, learner.theta, batch, target, config), 0.01)
    for seed in range(3):
        torch.testing.assert_close(learner.theta[seed].detach(), expected[seed], rtol=2e-4, atol=2e-5)


def plain_updates(theta, batches, seed, lengths, config):
    """One seed's parameters after the updates, written as one writes them: episode after episode, with ``torch.nn``."""
    network = plain_network(NETWORK, theta, seed, torch.nn.Tanh)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01, eps=1e-5)
    for batch in batches:
        log_probability, value, goals, entropies = [], [], [], []
        for lane, length in enumerate(lengths):
            outputs = network(batch.observation[seed, :length, lane])
            policy = torch.distributions.Categorical(logits=outputs[:, :2])
            log_probability.append(policy.log_prob(batch.action[seed, :length, lane]))
            entropies.append(policy.entropy())
            value.append(outputs[:, 2])
            last = network(batch.last_observation[seed, lane])[2].item()
            goal = 0.0 if batch.terminated[seed, lane] else last
            own = []
            for reward in reversed(batch.reward[seed, :length, lane].tolist()):
                goal = config.reward_scale * reward + config.gamma * goal
                own.insert(0, goal)
            goals += own
        log_probability, value, entropies = map(torch.cat, (log_probability, value, entropies))
        goals = torch.tensor(goals)
        advantage = goals - value.detach()
        if config.standardise:
            advantage = (advantage - advantage.mean()) / (advantage.std(correction=0) + 1e-8)
        loss = config.value_coefficient * torch.nn.functional.mse_loss(value, goals)
        loss = loss - (advantage * log_probability).mean() - config.entropy_coefficient * entropies.mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimizer.step()
    return plain_theta(network)


# Whole runs


def test_the_values_of_a_table_are_learned():
    # State 0 leads to state 1, which pays 1 a step without end; the limit of 6 steps is none.
    world = {0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 1.0, False)]}}
    learned = train(
        "reinforce", table(world, limit=6), **SMALL["reinforce"] | {"total_steps": 8_000, "reward_scale": 0.1}
    )
    values = learned.arrays["weight_0"][:, :, -1] + learned.arrays["bias_0"][:, 0, -1:]
    np.testing.assert_allclose(values, [[0.9, 1.0]] * 2, atol=0.05)


def test_a_seed_stops_when_its_steps_are_spent():
    # With 3 seeds of unlike episodes the first to be done learns nothing more while the others go on.
    learned = train("reinforce", "CartPole-v1", (1000, 1001, 1002), total_steps=600, episodes=2, hidden_sizes=(8,))
    alone = [
        train("reinforce", "CartPole-v1", (seed,), total_steps=600, episodes=2, hidden_sizes=(8,))
        for seed in (1000, 1001, 1002)
    ]
    counts = [len(own) for own in learned.episode_lengths]
    assert len(set(counts)) > 1  # so some were done before others
    for index, own in enumerate(alone):
        assert learned.episode_lengths[index].sum() == learned.steps[index]
        # Its first episodes; later a sum over longer batches may round otherwise, and an action tip over.
        assert np.array_equal(own.episode_lengths[0][:6], learned.episode_lengths[index][:6])
        assert 600 <= learned.steps[index] < 600 + learned.episode_lengths[index][-2:].sum()


def test_each_batch_is_played_in_worlds_of_its_own(monkeypatch):
    asked = []
    reset = Odd.reset

    def watched(self, *, seed=None, options=None):
        asked.append(seed)
        return reset(self, seed=seed, options=options)

    monkeypatch.setattr(Odd, "reset", watched)
    train("reinforce", Odd, (5, 6), total_steps=100, episodes=2, checkpoints=1)
    words = [word for part in range(3) for seed in (5, 6) for word in streams.integers(seed, streams.TRAIN, 2, part)]
    assert len(set(words)) == 12
    assert [seed for seed in asked if seed in set(words)] == words


@pytest.mark.slow
def test_learns_cart_pole():
    learned = train("reinforce", "CartPole-v1")
    policies = [reinforce.policy(learned.arrays, index) for index in range(2)]
    scores = evaluation.play_test_episodes(describe("CartPole-v1"), policies, (1000, 1001))
    assert all(evaluation.lower_bound(own) >= 475 for own in scores)
