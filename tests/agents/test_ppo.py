"""PPO: each part against values worked out by hand or by plain code. Whole runs are in test_deep.py."""

import math

import numpy as np
import pytest
import torch

from agents import ppo
from agents.common import evaluation
from agents.common.actor_critic import drawn, entropy, heads
from agents.common.encoding import encoding
from agents.common.environment import describe
from agents.common.lanes import lanes_of
from agents.common.networks import Learner, Network, orthogonal, uniform
from agents.common.tensor_lanes import tensor_lanes
from minigym import error
from tests.agents.deep_runs import SMALL, generators, plain_network, plain_theta, table, train

POLE = describe("CartPole-v1")
NETWORK = Network((4, 16, 8, 3), ppo.ACTIVATION)  # two actions and the value


# Configurations


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("total_steps", 0, "total_steps must be at least 1, got 0"),
        ("lanes", 0, "lanes must be at least 1, got 0"),
        ("batch_steps", 0, "batch_steps must be at least 1, got 0"),
        ("epochs", 0, "epochs must be at least 1, got 0"),
        ("minibatches", 0, "minibatches must be at least 1, got 0"),
        ("checkpoints", 0, "checkpoints must be at least 1, got 0"),
        ("hidden_sizes", (64, 0), r"hidden_sizes must be widths of at least 1, got \(64, 0\)"),
        ("gamma", 1.01, "gamma must be between 0 and 1, got 1.01"),
        ("gae_lambda", math.nan, "gae_lambda must be between 0 and 1, got nan"),
        ("learning_rate", 0.0, "learning_rate must be positive and finite, got 0.0"),
        ("clip", 0.0, "clip must be positive and finite, got 0.0"),
        ("max_gradient_norm", math.inf, "max_gradient_norm must be positive and finite, got inf"),
        ("reward_scale", -1.0, "reward_scale must be positive and finite, got -1.0"),
        ("value_coefficient", -0.5, "value_coefficient must be at least 0 and finite, got -0.5"),
        ("entropy_coefficient", math.inf, "entropy_coefficient must be at least 0 and finite, got inf"),
    ],
)
def test_nonsense_is_refused(name, value, message):
    with pytest.raises(error.InvalidParameter, match=message):
        ppo.Config(**{name: value})


def test_a_configuration_that_makes_no_update_is_refused_with_the_reason():
    sizes = {"lanes": 4, "batch_steps": 8}
    with pytest.raises(
        error.InvalidParameter, match=r"at least lanes \* batch_steps = 32, or no update is ever made, got 31"
    ):
        ppo.Config(total_steps=31, **sizes)
    config = ppo.Config(total_steps=95, **sizes)
    assert (config.batch_size, config.iterations) == (32, 2)


def test_minibatches_of_one_step_are_refused():
    sizes = {"lanes": 2, "batch_steps": 5}
    with pytest.raises(error.InvalidParameter, match=r"minibatches must be at most half of lanes \* batch_steps = 10"):
        ppo.Config(minibatches=6, **sizes)
    assert not train("ppo", "CartPole-v1", total_steps=40, minibatches=5, **sizes).arrays["diverged"].any()


# Heads and actions


def test_heads_by_hand():
    theta = torch.tensor([[math.log(3.0), 0.0, 7.0, 0.0, 0.0, 0.5]])  # one input: two logits, a value; their biases
    log_probabilities, value = heads(Network((1, 3)), theta, torch.tensor([[[1.0], [0.0]]]))
    torch.testing.assert_close(log_probabilities.exp(), torch.tensor([[[0.75, 0.25], [0.5, 0.5]]]))
    torch.testing.assert_close(value, torch.tensor([[7.5, 0.5]]))
    expected = [0.75 * math.log(4 / 3) + 0.25 * math.log(4), math.log(2)]
    assert entropy(log_probabilities)[0].tolist() == pytest.approx(expected)


def test_an_action_is_the_first_whose_cumulative_probability_exceeds_the_number():
    log_probabilities = torch.tensor([0.25, 0.25, 0.5]).log().expand(1, 6, 3)
    uniform = torch.tensor([[0.0, 0.249, 0.251, 0.499, 0.501, 1 - 2**-24]])
    assert drawn(log_probabilities, uniform).tolist() == [[0, 0, 1, 1, 2, 2]]
    assert drawn(torch.tensor([[1.0, 1e-9]]).log(), torch.tensor([1 - 2**-24])).max() <= 1


# Playing


def test_what_a_batch_holds():
    environment = describe("CartPole-v1", {"max_episode_steps": 12})
    config = ppo.Config(lanes=3, batch_steps=30, reward_scale=0.5)
    encode = encoding("ppo", environment)
    theta = NETWORK.initial(generators(3, 4), orthogonal).detach()
    replayed = lanes_of(environment, (7, 8), 3)
    lanes = tensor_lanes(environment, (7, 8), 3, encode, generators(1, 2), torch.device("cpu"))
    batch = ppo.play(NETWORK, theta, lanes, config)
    uniform = np.array([generator.random((30, 3), np.float32) for generator in generators(1, 2)])
    for step in range(30):
        assert np.array_equal(batch.observation[:, step], replayed.observation)
        probability = heads(NETWORK, theta, batch.observation[:, step])[0].exp()[..., 0].numpy()
        action = (probability <= uniform[:, step]).astype(np.int64)  # of two
        assert np.array_equal(batch.action[:, step], action)
        transition = replayed.step(action)
        assert np.array_equal(batch.next_observation[:, step], transition.next_observation)
        assert np.array_equal(batch.reward[:, step], 0.5 * transition.reward)
        assert np.array_equal(batch.terminated[:, step], transition.terminated)
        assert np.array_equal(batch.ended[:, step], transition.terminated | transition.truncated)
    assert batch.terminated.any()
    assert (batch.ended & ~batch.terminated).any()


# Advantages


def advantages_of(reward, value, next_value, terminated, ended, gamma, gae_lambda):
    """Of one lane of one seed."""
    blank = torch.zeros(1, len(reward), 1)
    batch = ppo.Batch(
        blank, blank, *(torch.tensor(one).reshape(1, -1, 1) for one in (reward, next_value, terminated, ended))
    )
    value, next_value = (torch.tensor(one).reshape(1, -1, 1) for one in (value, next_value))
    return ppo.advantages(batch, value, next_value, gamma, gae_lambda).flatten().tolist()


@pytest.mark.parametrize(
    ("terminated", "ended", "expected"),
    [
        # delta = r + V'/2 - V, so 1 + 4/2 - 2 = 1, 2 + 6/2 - 4 = 1, 3 + 8/2 - 6 = 1; each takes 1/4 of the following
        ([False] * 3, [False] * 3, [1 + (1 + 1 / 4) / 4, 1 + 1 / 4, 1]),
        ([False, True, False], [False, True, False], [1 - 2 / 4, 2 - 4, 1]),  # no value follows, and no advantage
        ([False] * 3, [False, True, False], [1 + 1 / 4, 1, 1]),  # a truncation: the value follows, no advantage does
    ],
)
def test_advantages_by_hand(terminated, ended, expected):
    reward, value, next_value = [1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [4.0, 6.0, 8.0]
    assert advantages_of(reward, value, next_value, terminated, ended, 0.5, 0.5) == pytest.approx(expected)


def test_lambda_one_is_the_return_and_lambda_zero_the_error_of_one_step():
    reward, value = [1.0, 2.0, 3.0], [5.0, 7.0, 9.0]
    flags = [False, False, True], [False, False, True]
    one = advantages_of(reward, value, [7.0, 9.0, 11.0], *flags, 0.5, 1.0)
    assert one == pytest.approx([1 + 2 / 2 + 3 / 4 - 5, 2 + 3 / 2 - 7, 3 - 9])
    zero = advantages_of(reward, value, [7.0, 9.0, 11.0], *flags, 0.5, 0.0)
    assert zero == pytest.approx([1 + 7 / 2 - 5, 2 + 9 / 2 - 7, 3 - 9])


def test_samples_are_what_the_old_parameters_say():
    rng = np.random.default_rng(0)
    observation, next_observation = torch.from_numpy(rng.normal(size=(2, 2, 5, 3, 4)).astype(np.float32))
    action = torch.from_numpy(rng.integers(2, size=(2, 5, 3)))
    reward = torch.from_numpy(rng.normal(size=(2, 5, 3)).astype(np.float32))
    terminated = torch.from_numpy(rng.random((2, 5, 3)) < 0.2)
    ended = terminated | torch.from_numpy(rng.random((2, 5, 3)) < 0.2)
    batch = ppo.Batch(observation, action, reward, next_observation, terminated, ended)
    theta = NETWORK.initial(generators(1, 2), uniform).detach()
    everything = ppo.samples(NETWORK, theta, batch, 0.9, 0.8)
    for seed in range(2):
        plain = plain_network(NETWORK, theta, seed, torch.nn.Tanh)
        for lane in range(3):
            outputs, next_outputs = plain(observation[seed, :, lane]), plain(next_observation[seed, :, lane])
            expected = torch.zeros(())
            for step in reversed(range(5)):
                row = step * 3 + lane
                stop, cut = terminated[seed, step, lane], ended[seed, step, lane]
                following = 0.0 if stop else next_outputs[step, 2]
                delta = reward[seed, step, lane] + 0.9 * following - outputs[step, 2]
                expected = delta if cut else delta + 0.9 * 0.8 * expected
                chosen = outputs[step, :2].log_softmax(0)[action[seed, step, lane]]
                got = [values[seed, row] for values in everything[2:]]
                torch.testing.assert_close(
                    torch.stack(got), torch.stack([chosen, expected, expected + outputs[step, 2]])
                )
                assert torch.equal(everything.observation[seed, row], observation[seed, step, lane])


# Loss


@pytest.mark.parametrize(
    ("ratio", "advantage", "objective"),
    [
        (1.1, 1.0, 1.1),
        (1.5, 1.0, 1.2),  # no gain beyond 1 + clip
        (0.5, 1.0, 0.5),  # but the way back is open
        (0.5, -1.0, -0.8),  # no gain below 1 - clip
        (1.5, -1.0, -1.5),
    ],
)
def test_the_clipped_objective_by_hand(ratio, advantage, objective):
    # One state with two equally likely actions, value 2; a second sample, of the opposite advantage and ratio 1,
    # makes the advantages of mean 0 and standard deviation sqrt(2): they are learned as +-1 / sqrt(2).
    theta = torch.tensor([[0.0, 0.0, 2.0]]).requires_grad_()
    part = ppo.Samples(
        observation=torch.zeros(1, 2, 0),
        action=torch.tensor([[0, 1]]),
        log_probability=torch.tensor([[math.log(0.5 / ratio), math.log(0.5)]]),
        advantage=torch.tensor([[advantage, -advantage]]),
        value_target=torch.tensor([[5.0, 1.0]]),
    )
    config = ppo.Config(value_coefficient=0.25, entropy_coefficient=0.1, clip=0.2)
    loss = ppo.loss(Network((0, 3)), theta, part, config)
    expected = 0.25 * (9 + 1) / 2 - (objective - advantage) / math.sqrt(2) / 2 - 0.1 * math.log(2)
    assert loss.tolist() == pytest.approx([expected], abs=1e-6)
    loss.sum().backward()
    # Where the minimum is the clipped term, the first sample pulls at nothing: d ratio / d logit 0 = ratio / 2.
    pull = 0.0 if objective in (1.2, -0.8) else advantage * ratio / 2
    second = -advantage * -1 / 2
    assert theta.grad[0, 0].item() == pytest.approx(-(pull + second) / math.sqrt(2) / 2, abs=1e-6)
    assert theta.grad[0, 2].item() == pytest.approx(0.25 * (2 * (2 - 5) + 2 * (2 - 1)) / 2)


def random_samples(rng, size=30):
    return ppo.Samples(
        torch.from_numpy(rng.normal(size=(3, size, 4)).astype(np.float32)),
        torch.from_numpy(rng.integers(2, size=(3, size))),
        torch.from_numpy(rng.normal(-0.7, 0.3, size=(3, size)).astype(np.float32)),
        torch.from_numpy((rng.normal(size=(3, size)) * [[0.1], [10], [100]]).astype(np.float32)),
        torch.from_numpy((rng.normal(size=(3, size)) * [[0.1], [10], [100]]).astype(np.float32)),
    )


def test_a_batched_update_is_the_plain_update_of_each_seed():
    config = ppo.Config(entropy_coefficient=0.02)
    learner = Learner(NETWORK.initial(generators(1, 2, 3), orthogonal), 0.5, epsilon=1e-5)
    rng = np.random.default_rng(0)
    batches = [random_samples(rng) for _ in range(5)]
    expected = [plain_updates(learner.theta, batches, seed, config) for seed in range(3)]
    for batch in batches:
        learner.update(ppo.loss(NETWORK, learner.theta, batch, config), 0.01)
    for seed in range(3):
        torch.testing.assert_close(learner.theta[seed].detach(), expected[seed], rtol=2e-4, atol=2e-5)


def plain_updates(theta, batches, seed, config):
    """One seed's parameters after the updates, written as one writes them with ``torch.nn``."""
    network = plain_network(NETWORK, theta, seed, torch.nn.Tanh)
    optimizer = torch.optim.Adam(network.parameters(), lr=0.01, eps=1e-5)
    for batch in batches:
        observation, action, old, advantage, target = (values[seed] for values in batch)
        outputs = network(observation)
        policy, value = torch.distributions.Categorical(logits=outputs[:, :2]), outputs[:, 2]
        ratio = torch.exp(policy.log_prob(action) - old)
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
        clipped = torch.clamp(ratio, 1 - config.clip, 1 + config.clip)
        loss = -torch.min(ratio * advantage, clipped * advantage).mean()
        loss = loss + config.value_coefficient * torch.nn.functional.mse_loss(value, target)
        loss = loss - config.entropy_coefficient * policy.entropy().mean()
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.5)
        optimizer.step()
    return plain_theta(network)


@pytest.mark.parametrize("count", [1, 3, 7])
def test_minibatches_are_a_partition_of_each_seeds_samples(count):
    everything = random_samples(np.random.default_rng(0), size=30)
    lanes = tensor_lanes(POLE, (1, 2, 3), 1, encoding("ppo", POLE), generators(1, 2, 3), torch.device("cpu"))
    parts = ppo.minibatches(everything, count, lanes.permutations)
    assert len(parts) == count
    assert {part.action.shape[1] for part in parts} <= {30 // count, 30 // count + 1}
    orders = []
    for seed in range(3):
        rows = torch.cat([torch.cat([part.observation[seed], part.advantage[seed, :, None]], 1) for part in parts])
        expected = torch.cat([everything.observation[seed], everything.advantage[seed, :, None]], 1)
        order = [(expected == row).all(1).nonzero().item() for row in rows]
        assert sorted(order) == list(range(30))
        orders.append(order)
    # Two of three shuffles of 30 are equal, or one is no shuffle, with probability below 1e-31.
    assert count == 1 or len({tuple(range(30)), *map(tuple, orders)}) == 4


def test_the_values_of_a_table_are_learned():
    # State 0 leads to state 1, which pays 1 a step without end; the limit of 6 steps is none.
    world = {0: {0: [(1.0, 1, 0.0, False)]}, 1: {0: [(1.0, 1, 1.0, False)]}}
    settings = SMALL["ppo"] | {"total_steps": 12_000, "reward_scale": 0.1}
    learned = train("ppo", table(world, limit=6), **settings)
    values = learned.arrays["weight_0"][:, :, -1] + learned.arrays["bias_0"][:, 0, -1:]
    np.testing.assert_allclose(values, [[0.9, 1.0]] * 2, atol=0.05)


@pytest.mark.slow
def test_solves_cart_pole():
    learned = train("ppo", "CartPole-v1")
    policies = [ppo.policy(learned.arrays, index) for index in range(2)]
    scores = evaluation.play_test_episodes(describe("CartPole-v1"), policies, (1000, 1001))
    assert all(evaluation.lower_bound(own) >= 475 for own in scores)
