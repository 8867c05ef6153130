"""DQN: each part against values worked out by hand or by plain code, and whole runs on worlds with known answers."""

import itertools
import math

import numpy as np
import pytest
import torch

import minigym
from agents import dqn
from agents.common import evaluation, streams
from agents.common.environment import describe
from agents.common.lanes import Transition
from agents.common.networks import Learner, Network, uniform
from minigym import error
from tests.agents.deep_runs import SMALL as ALL_SMALL
from tests.agents.deep_runs import generators, plain_network, plain_theta, same, table, train

SMALL = ALL_SMALL["dqn"]
NETWORK = Network((4, 16, 8, 3), dqn.ACTIVATION)


def learned_q_values(learned):
    """(seeds, states, actions), of a network without hidden layers on one-hot states."""
    return learned.arrays["weight_0"] + learned.arrays["bias_0"]


# Configurations


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("total_steps", 0, "total_steps must be at least 1, got 0"),
        ("n_steps", 0, "n_steps must be at least 1, got 0"),
        ("batch_size", -3, "batch_size must be at least 1, got -3"),
        ("learning_starts", 0, "learning_starts must be at least 1"),
        ("learning_starts", 2, "learning_starts must be at least n_steps=4, got 2"),
        ("update_interval", 0, "update_interval must be at least 1"),
        ("target_interval", 0, "target_interval must be at least 1"),
        ("hidden_sizes", (64, 0), r"hidden_sizes must be widths of at least 1, got \(64, 0\)"),
        ("replay_capacity", 3, "replay_capacity must be at least n_steps=4, got 3"),
        ("gamma", 1.01, "gamma must be between 0 and 1, got 1.01"),
        ("gamma", math.nan, "gamma must be between 0 and 1, got nan"),
        ("initial_epsilon", -0.1, "initial_epsilon must be between 0 and 1"),
        ("final_epsilon", 2.0, "final_epsilon must be between 0 and 1"),
        ("exploration_fraction", 1.5, "exploration_fraction must be between 0 and 1"),
        ("learning_rate", 0.0, "learning_rate must be positive and finite, got 0.0"),
        ("learning_rate", math.inf, "learning_rate must be positive and finite, got inf"),
        ("final_learning_rate", -1e-3, "final_learning_rate must be between 0 and learning_rate=0.01, got -0.001"),
        ("final_learning_rate", 0.02, "final_learning_rate must be between 0 and learning_rate=0.01, got 0.02"),
    ],
)
def test_nonsense_is_refused(name, value, message):
    with pytest.raises(error.InvalidParameter, match=message):
        dqn.Config(**{name: value})


@pytest.mark.parametrize("update_interval", [1, 2, 256])
def test_a_configuration_that_makes_no_update_is_refused_with_the_reason(update_interval):
    config = {"learning_starts": 600, "update_interval": update_interval}
    with pytest.raises(
        error.InvalidParameter, match="must be at most total_steps=599, or no update is ever made, got 600"
    ):
        dqn.Config(**config, total_steps=599)
    learned = train("dqn", "CartPole-v1", **config, total_steps=600, checkpoints=1)  # with one step more it makes one
    network = Network((4, 64, 64, 2), dqn.ACTIVATION)
    initial = network.initial([streams.generator(seed, streams.AGENT) for seed in (1000, 1001)], uniform)
    assert not np.array_equal(learned.arrays["weight_0"], network.layers(initial)[0][0].detach().numpy())


def test_epsilon_and_the_learning_rate_fall_linearly():
    config = dqn.Config(
        total_steps=10_000,
        initial_epsilon=0.9,
        final_epsilon=0.1,
        exploration_fraction=0.5,
        learning_rate=0.4,
        final_learning_rate=0.2,
    )
    assert [config.epsilon_at(step) for step in (0, 2_500, 5_000, 10_000)] == pytest.approx([0.9, 0.5, 0.1, 0.1])
    assert [config.learning_rate_at(step) for step in (1, 5_001, 10_001)] == pytest.approx([0.4, 0.3, 0.2])
    assert dqn.Config(exploration_fraction=0.0, final_epsilon=0.25).epsilon_at(1) == 0.25


# Acting


def test_epsilon_is_the_share_of_random_actions():
    # The best action is always 2 of 4. Of 4,000 draws at epsilon 0.4, 30 % differ from it: within 5 standard errors
    # of 0.0072 each (false alarms: 6e-7 a seed).
    best, own = np.array([[2], [2]]), generators(1, 2)
    actions = np.array([dqn.explore(best, 0.4, 4, own) for _ in range(4_000)])[..., 0]
    assert np.abs((actions != 2).mean(axis=0) - 0.3).max() < 5 * 0.0072
    assert set(actions.ravel().tolist()) == {0, 1, 2, 3}
    assert not np.array_equal(actions[:, 0], actions[:, 1])
    greedy = [dqn.explore(best, 0.0, 4, own).tolist() for _ in range(100)]
    assert greedy == [[[2], [2]]] * 100


# Replay


def filled(capacity, ends, terminal):
    """A replay of two seeds after ``len(ends)`` steps; step i of seed k has action i, observation 100 k + i."""
    replay = dqn.Replay(2, capacity, 1)
    for i, (end, terminates) in enumerate(zip(ends, terminal, strict=True)):
        observation = np.array([[[i]], [[100 + i]]], np.float32)
        over = (np.full((2, 1), end and one) for one in (terminates, not terminates))
        transition = Transition(observation + 0.5, np.full((2, 1), 2.0**i), *over)
        replay.add(observation, np.full((2, 1), i), transition, transition.next_observation)
    return replay


@pytest.mark.parametrize("n_steps", [1, 3])
@pytest.mark.parametrize("capacity", [5, 8, 12])
def test_replay_returns_the_stretches_that_were_stored(capacity, n_steps):
    ends = [False, False, False, True, False, True, False, False, False, True, False, False]
    terminal = [True] * 6 + [False] * 6  # the end after step 9 is a truncation
    replay = filled(capacity, ends, terminal)
    batch = replay.sample(generators(1, 2), 400, n_steps, 0.5)
    oldest, youngest = 12 - capacity, 12 - n_steps
    for seed in range(2):
        # Each of at most 12 beginnings is missed by 400 draws with probability (11/12)^400 < 1e-15.
        assert set(batch.action[seed].tolist()) == set(range(oldest, youngest + 1))
        for first, *sampled in zip(*(values[seed].tolist() for values in (batch.action, *batch)), strict=True):
            steps = range(first, first + n_steps)
            stretch = [*itertools.takewhile(lambda i: not ends[i], steps)]
            last = stretch[-1] if len(stretch) == n_steps else next(i for i in steps if ends[i])
            reward = sum(0.5 ** (i - first) * 2.0**i for i in range(first, last + 1))
            discount = 0.0 if ends[last] and terminal[last] else 0.5 ** (last + 1 - first)
            offset = 100 * seed
            assert sampled == [[offset + first], first, reward, [offset + last + 0.5], discount]


def test_replay_never_returns_what_was_not_written():
    replay = filled(1_000, [False] * 6, [False] * 6)
    for n_steps, beginnings in ((1, 6), (4, 3), (6, 1)):
        batch = replay.sample(generators(1, 2), 200, n_steps, 0.9)
        assert batch.action.max() == beginnings - 1
        assert batch.reward.min() >= 1


def test_a_replay_goes_on_from_its_snapshot():
    ends, terminal = [False, True, False] * 8, [True] * 12 + [False] * 12
    for steps in (4, 12, 20):  # not full, just full, wrapped around
        replay, rest = filled(12, ends[:steps], terminal[:steps]), dqn.Replay(2, 12, 1)
        rest.restore({name: values.copy() for name, values in replay.snapshot().items()})
        for more in range(5):
            batches = [one.sample(generators(more, 9), 50, 2, 0.5) for one in (replay, rest)]
            assert all(torch.equal(*pair) for pair in zip(*batches, strict=True))
            transition = Transition(np.full((2, 1, 1), -more), *np.zeros((3, 2, 1), np.bool_))
            for one in (replay, rest):
                one.add(np.full((2, 1, 1), more), np.full((2, 1), more), transition, transition.next_observation)


# Loss and update


# Two states (the inputs are one-hot) and two actions. Online: Q(0) = (1, 2), Q(1) = (5, 4). Target: (10, 20), (30, 40).
TABLE = Network((2, 2))
ONLINE = torch.tensor([[1.0, 2.0, 5.0, 4.0, 0.0, 0.0]])  # the weight row by row, then the bias
TARGET = torch.tensor([[10.0, 20.0, 30.0, 40.0, 0.0, 0.0]])


def one_step(discount):
    """From state 0 with action 1 to state 1, reward 3."""
    state_0, state_1 = torch.tensor([[[1.0, 0.0]]]), torch.tensor([[[0.0, 1.0]]])
    return dqn.Batch(state_0, torch.tensor([[1]]), torch.tensor([[3.0]]), state_1, torch.tensor([[discount]]))


@pytest.mark.parametrize(
    ("double", "discount", "target"),
    [
        (False, 0.5, 3 + 0.5 * 40),  # the target network's own best
        (True, 0.5, 3 + 0.5 * 30),  # the online network prefers action 0 there
        (False, 0.0, 3),  # terminated
        (True, 0.0, 3),
    ],
)
def test_loss_by_hand(double, discount, target):
    assert dqn.loss(TABLE, ONLINE, TARGET, one_step(discount), double).tolist() == [(2 - target) ** 2]  # Q(0, 1) = 2


def test_the_target_is_held_constant():
    online, target = ONLINE.clone().requires_grad_(), TARGET.clone().requires_grad_()
    dqn.loss(TABLE, online, target, one_step(0.5), True).sum().backward()
    # d (Q(0, 1) - 18)^2 / d Q(0, 1) = 2 (2 - 18), for the weight and for the bias, and nothing else moves.
    assert online.grad.tolist() == [[0.0, -32.0, 0.0, 0.0, 0.0, -32.0]]
    assert target.grad is None


def test_a_batched_update_is_the_plain_update_of_each_seed():
    learner = Learner(NETWORK.initial(generators(1, 2, 3), uniform))
    target = NETWORK.initial(generators(4, 5, 6), uniform)
    rng = np.random.default_rng(0)
    batches = [
        dqn.Batch(
            torch.from_numpy(rng.normal(size=(3, 32, 4)).astype(np.float32)),
            torch.from_numpy(rng.integers(3, size=(3, 32))),
            torch.from_numpy((rng.normal(size=(3, 32)) * [[0.1], [10], [100]]).astype(np.float32)),  # unlike gradients
            torch.from_numpy(rng.normal(size=(3, 32, 4)).astype(np.float32)),
            torch.from_numpy(rng.choice([0.0, 0.9], size=(3, 32)).astype(np.float32)),
        )
        for _ in range(5)
    ]
    plain = [plain_updates(learner.theta, target, batches, seed) for seed in range(3)]
    for batch in batches:
        learner.update(dqn.loss(NETWORK, learner.theta, target, batch, double=True), 0.01)
    for seed, expected in enumerate(plain):
        torch.testing.assert_close(learner.theta[seed].detach(), expected, rtol=1e-4, atol=1e-6)


def plain_updates(theta, target, batches, seed):
    """One seed's parameters after the updates, written as one writes them with ``torch.nn``."""
    online_network, target_network = (
        plain_network(NETWORK, one, seed, lambda: torch.nn.LeakyReLU(0.1)) for one in (theta, target)
    )
    optimizer = torch.optim.Adam(online_network.parameters(), lr=0.01)
    for batch in batches:
        observation, action, reward, next_observation, discount = (values[seed] for values in batch)
        rows = range(len(reward))
        with torch.no_grad():
            choice = online_network(next_observation).argmax(dim=1)
            goal = reward + discount * target_network(next_observation)[rows, choice]
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(online_network(observation)[rows, action], goal).backward()
        optimizer.step()
    return plain_theta(online_network)


# Whole runs with known answers


@pytest.mark.parametrize("double", [False, True])
def test_bandit(double):
    learned = train("dqn", table({0: {0: [(1.0, 0, -1.0, True)], 1: [(1.0, 0, 2.0, True)]}}), double=double, **SMALL)
    np.testing.assert_allclose(learned_q_values(learned), [[[-1.0, 2.0]]] * 2, atol=0.02)
    assert all(returns.shape == (1_500,) for returns in learned.episode_returns)  # every step is an episode
    assert all(set(returns.tolist()) == {-1.0, 2.0} for returns in learned.episode_returns)


@pytest.mark.parametrize("n_steps", [1, 3])
def test_a_delayed_reward_is_worth_waiting_for(n_steps):
    chain = {  # 0: take 1 and end, or go on to state 1, then to state 2, where 2 is paid; worth 0.9^2 x 2
        0: {0: [(1.0, 0, 1.0, True)], 1: [(1.0, 1, 0.0, False)]},
        1: {0: [(1.0, 2, 0.0, False)], 1: [(1.0, 2, 0.0, False)]},
        2: {0: [(1.0, 2, 2.0, True)], 1: [(1.0, 2, 2.0, True)]},
    }
    learned = train("dqn", table(chain), n_steps=n_steps, **SMALL)
    np.testing.assert_allclose(learned_q_values(learned), [[[1.0, 1.62], [1.8, 1.8], [2.0, 2.0]]] * 2, atol=0.05)


@pytest.mark.parametrize("n_steps", [1, 3])
def test_a_time_limit_is_no_end(n_steps):
    # State 0 leads to state 1, where going on pays 1 a step for ever: 1 / (1 - 0.9) = 10, better than 8 at once.
    # Whoever takes the limit of 6 steps for an end sees at most 1 + 0.9 + ... + 0.9^4 = 4.1 there, and takes the 8.
    # Whoever bootstraps from the next episode's first observation, worth 9, finds less.
    world = {
        0: {0: [(1.0, 1, 0.0, False)], 1: [(1.0, 1, 0.0, False)]},
        1: {0: [(1.0, 1, 8.0, True)], 1: [(1.0, 1, 1.0, False)]},
    }
    settings = SMALL | {"total_steps": 3_000, "target_interval": 8, "final_epsilon": 0.2}
    learned = train("dqn", table(world, limit=6), n_steps=n_steps, **settings)
    assert [dqn.policy(learned.arrays, index)(1) for index in range(2)] == [1, 1]
    assert all(lengths.max() == 6 for lengths in learned.episode_lengths)
    values = learned_q_values(learned)
    np.testing.assert_allclose(values[:, 1, 0], 8.0, atol=0.2)
    if n_steps == 1:  # with more, nothing corrects for the exploring steps inside a stretch
        np.testing.assert_allclose(values[:, 1, 1], 10.0, atol=0.4)
        np.testing.assert_allclose(values[:, 0], 9.0, atol=0.4)


def test_learns_on_a_lake_from_one_hot_states():
    def make():
        return minigym.make("FrozenLake-v1", is_slippery=False)

    recipe = dqn.TABLE_RECIPE | {"total_steps": 6_000, "update_interval": 4}
    learned = train("dqn", make, **recipe)
    assert learned.arrays["weight_0"].shape == (2, 16, 32)
    policies = [dqn.policy(learned.arrays, index) for index in range(2)]
    assert evaluation.play_test_episodes(describe(make), policies, (1000, 1001), 10).tolist() == [[1.0] * 10] * 2


# Runs


def test_the_target_network_is_a_copy_of_every_so_many_updates():
    # Copied after every update or never, it makes other runs; never within the run is what a long interval means.
    settings = {"total_steps": 400, "learning_starts": 100, "checkpoints": 1, "hidden_sizes": (8,)}
    every, some, never, longer = (
        train("dqn", "CartPole-v1", target_interval=interval, **settings) for interval in (1, 10, 151, 10_000)
    )
    assert same(never, longer)  # 151 updates come at steps 100, 102, ..., 400, and the copy after the last is unused
    for one, other in ((every, some), (every, never), (some, never)):
        assert not np.array_equal(one.arrays["weight_0"], other.arrays["weight_0"])


@pytest.mark.slow
def test_solves_cart_pole():
    learned = train("dqn", "CartPole-v1")
    policies = [dqn.policy(learned.arrays, index) for index in range(2)]
    assert (
        evaluation.play_test_episodes(describe("CartPole-v1"), policies, (1000, 1001)).tolist() == [[500.0] * 100] * 2
    )
