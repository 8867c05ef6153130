"""DQN: each part against values worked out by hand or by plain code, and whole runs on worlds with known answers."""

import importlib
import itertools
import math
import sys

import numpy as np
import pytest
import torch

import minigym
from agents import dqn
from agents.common import evaluation, streams
from agents.common.environment import describe
from agents.common.progress import Progress
from minigym import error, spaces
from minigym.wrappers import TimeLimit

# Enough for every table below, in about a second. A linear network on one-hot states is a table.
SMALL = {
    "total_steps": 1_500,
    "batch_size": 64,
    "hidden_sizes": (),
    "learning_rate": 0.1,
    "learning_starts": 64,
    "gamma": 0.9,
}


def make_pole():
    return minigym.make("CartPole-v1")


def table(P, limit=None):
    """What makes an environment of a table, with a time limit."""
    mdp = minigym.MDP.from_P(P)
    return lambda: minigym.TabularEnv(mdp) if limit is None else TimeLimit(minigym.TabularEnv(mdp), limit)


def trained(make_env, seeds=(1000, 1001), **hyperparameters):
    return dqn.train(make_env, dqn.Config(**hyperparameters), seeds, Progress())


def learned_q_values(learned, states):
    """(seeds, states, actions), of a network without hidden layers."""
    parameters = [torch.from_numpy(learned.arrays[name]) for name in ("weight_0", "bias_0")]
    one_hot = torch.eye(states).expand(len(learned.steps), -1, -1)
    return dqn.q_values(parameters, one_hot).numpy()


def generators(*seeds):
    return [np.random.default_rng(seed) for seed in seeds]


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
    learned = trained(make_pole, **config, total_steps=600)  # and with one step more it makes one
    initial = dqn.initial_parameters([4, 64, 64, 2], [streams.generator(seed, streams.AGENT) for seed in (1000, 1001)])
    assert not np.array_equal(learned.arrays["weight_0"], initial[0].detach().numpy())


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


# The network, acting


def test_each_seed_meets_its_own_parameters():
    parameters = dqn.initial_parameters([3, 5, 4, 2], generators(1, 2))
    observations = np.random.default_rng(0).normal(size=(2, 7, 3)).astype(np.float32)
    values = dqn.q_values(parameters, torch.from_numpy(observations)).detach().numpy()
    for seed in range(2):
        weights = [parameter.detach().numpy()[seed].astype(np.float64) for parameter in parameters]
        hidden = np.maximum(observations[seed] @ weights[0] + weights[1], 0)
        hidden = np.maximum(hidden @ weights[2] + weights[3], 0)
        np.testing.assert_allclose(values[seed], hidden @ weights[4] + weights[5], rtol=1e-5, atol=1e-6)


def test_initial_parameters_are_each_seeds_own_and_within_their_bounds():
    together = dqn.initial_parameters([4, 100, 2], generators(1, 2))
    alone = dqn.initial_parameters([4, 100, 2], generators(2))
    for both, own, bound in zip(together, alone, (1 / 2, 1 / 2, 1 / 10, 1 / 10), strict=True):
        assert torch.equal(both[1], own[0])
        assert not torch.equal(both[0], both[1])
        assert 0.8 * bound < both.abs().max() <= bound or both.shape[-1] == 2  # two biases may both be small


def test_epsilon_is_the_share_of_random_actions():
    # Greedily always action 2 of 4. Of 4,000 draws at epsilon 0.4, 30 % differ from it: within 5 standard errors
    # of 0.0072 each (false alarms: 6e-7 a seed).
    parameters = [torch.zeros(2, 1, 4), torch.tensor([[[0.0, 1.0, 5.0, 2.0]]] * 2)]
    own = generators(1, 2)
    actions = np.array([dqn.act(parameters, np.zeros((2, 1), np.float32), 0.4, own) for _ in range(4_000)])
    assert np.abs((actions != 2).mean(axis=0) - 0.3).max() < 5 * 0.0072
    assert set(actions.ravel().tolist()) == {0, 1, 2, 3}
    assert not np.array_equal(actions[:, 0], actions[:, 1])
    greedy = [dqn.act(parameters, np.zeros((2, 1), np.float32), 0.0, own) for _ in range(100)]
    assert greedy == [[2, 2]] * 100


# Replay


def filled(capacity, ends, terminal):
    """A replay of two seeds after ``len(ends)`` steps; step i of seed k has action i, observation 100 k + i."""
    replay = dqn.Replay(2, capacity, 1)
    for i, (end, terminates) in enumerate(zip(ends, terminal, strict=True)):
        observation = np.array([[i], [100 + i]], np.float32)
        over = [end and terminates] * 2, [end and not terminates] * 2
        replay.add(observation, [i, i], [2.0**i, 2.0**i], observation + 0.5, *over)
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


def test_a_lane_starts_from_its_seed_and_goes_on_after_the_end():
    lane = dqn.Lane(make_pole(), 1001)
    first, _ = make_pole().reset(seed=streams.integers(1001, streams.TRAIN)[0])
    assert np.array_equal(lane.observation, first)
    for episode in (1, 2):
        steps, terminated = 0, False
        while not terminated:  # always pushed to the right, the pole falls after some 10 steps
            final, _, terminated, _ = lane.step(1)
            steps += 1
        assert (lane.lengths[-1], lane.returns[-1], len(lane.lengths)) == (steps, float(steps), episode)
        assert abs(final[2]) > 0.2  # where it fell
        assert np.abs(lane.observation).max() <= 0.05  # and a new start


# Loss and update


# Two states (the inputs are one-hot) and two actions. Online: Q(0) = (1, 2), Q(1) = (5, 4). Target: (10, 20), (30, 40).
ONLINE = [torch.tensor([[[1.0, 2.0], [5.0, 4.0]]]), torch.zeros(1, 1, 2)]
TARGET = [torch.tensor([[[10.0, 20.0], [30.0, 40.0]]]), torch.zeros(1, 1, 2)]


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
    assert dqn.loss(ONLINE, TARGET, one_step(discount), double).tolist() == [(2 - target) ** 2]  # Q(0, 1) = 2


def test_the_target_is_held_constant():
    online = [parameter.clone().requires_grad_() for parameter in ONLINE]
    target = [parameter.clone().requires_grad_() for parameter in TARGET]
    dqn.loss(online, target, one_step(0.5), True).sum().backward()
    # d (Q(0, 1) - 18)^2 / d Q(0, 1) = 2 (2 - 18), and nothing else moves.
    assert online[0].grad.tolist() == [[[0.0, -32.0], [0.0, 0.0]]]
    assert all(parameter.grad is None for parameter in target)


def test_a_batched_update_is_the_plain_update_of_each_seed():
    parameters = dqn.initial_parameters([4, 16, 8, 3], generators(1, 2, 3))
    target = dqn.initial_parameters([4, 16, 8, 3], generators(4, 5, 6))
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
    plain = [plain_updates(parameters, target, batches, seed) for seed in range(3)]
    optimizer = torch.optim.Adam(parameters, lr=0.01, fused=True)
    for batch in batches:
        dqn.update(optimizer, dqn.loss(parameters, target, batch, double=True))
    for seed, expected_parameters in enumerate(plain):
        for parameter, expected in zip(parameters, expected_parameters, strict=True):
            torch.testing.assert_close(parameter[seed].detach(), expected, rtol=1e-4, atol=1e-6)


def plain_updates(parameters, target, batches, seed):
    """One seed's parameters after the updates, written as one writes them with ``torch.nn``."""
    online_network, target_network = plain_network(parameters, seed), plain_network(target, seed)
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
    layers = [layer for layer in online_network if isinstance(layer, torch.nn.Linear)]
    return [values.detach() for layer in layers for values in (layer.weight.T, layer.bias[None])]


def plain_network(parameters, seed):
    layers = []
    for weight, bias in zip(parameters[::2], parameters[1::2], strict=True):
        linear = torch.nn.Linear(*weight.shape[1:])
        with torch.no_grad():
            linear.weight.copy_(weight[seed].T)
            linear.bias.copy_(bias[seed, 0])
        layers += [linear, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


# Whole runs with known answers


@pytest.mark.parametrize("double", [False, True])
def test_bandit(double):
    learned = trained(table({0: {0: [(1.0, 0, -1.0, True)], 1: [(1.0, 0, 2.0, True)]}}), double=double, **SMALL)
    np.testing.assert_allclose(learned_q_values(learned, 1), [[[-1.0, 2.0]]] * 2, atol=0.02)
    assert all(returns.shape == (1_500,) for returns in learned.episode_returns)  # every step is an episode
    assert all(set(returns.tolist()) == {-1.0, 2.0} for returns in learned.episode_returns)


@pytest.mark.parametrize("n_steps", [1, 3])
def test_a_delayed_reward_is_worth_waiting_for(n_steps):
    chain = {  # 0: take 1 and end, or go on to state 1, then to state 2, where 2 is paid; worth 0.9^2 x 2
        0: {0: [(1.0, 0, 1.0, True)], 1: [(1.0, 1, 0.0, False)]},
        1: {0: [(1.0, 2, 0.0, False)], 1: [(1.0, 2, 0.0, False)]},
        2: {0: [(1.0, 2, 2.0, True)], 1: [(1.0, 2, 2.0, True)]},
    }
    learned = trained(table(chain), n_steps=n_steps, **SMALL)
    np.testing.assert_allclose(learned_q_values(learned, 3), [[[1.0, 1.62], [1.8, 1.8], [2.0, 2.0]]] * 2, atol=0.05)


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
    learned = trained(table(world, limit=6), n_steps=n_steps, **settings)
    assert [dqn.policy(learned.arrays, index)(1) for index in range(2)] == [1, 1]
    assert all(lengths.max() == 6 for lengths in learned.episode_lengths)
    values = learned_q_values(learned, 2)
    np.testing.assert_allclose(values[:, 1, 0], 8.0, atol=0.2)
    if n_steps == 1:  # with more, nothing corrects for the exploring steps inside a stretch
        np.testing.assert_allclose(values[:, 1, 1], 10.0, atol=0.4)
        np.testing.assert_allclose(values[:, 0], 9.0, atol=0.4)


def test_learns_on_a_lake_from_one_hot_states():
    def make():
        return minigym.make("FrozenLake-v1", is_slippery=False)

    learned = trained(make, total_steps=6_000, hidden_sizes=(32,), exploration_fraction=0.6, update_interval=4)
    assert learned.arrays["weight_0"].shape == (2, 16, 32)
    policies = [dqn.policy(learned.arrays, index) for index in range(2)]
    assert evaluation.play_test_episodes(describe(make), policies, (1000, 1001), 10).tolist() == [[1.0] * 10] * 2


# Runs


def test_the_same_seed_gives_the_same_run():
    first, second = (trained(make_pole, total_steps=1_500) for _ in range(2))
    for name, values in first.arrays.items():
        assert np.array_equal(values, second.arrays[name])
    for one, other in zip(first.episode_returns, second.episode_returns, strict=True):
        assert np.array_equal(one, other)
    assert not np.array_equal(first.arrays["weight_0"][0], first.arrays["weight_0"][1])


def test_a_seed_draws_the_same_numbers_alone_or_among_others():
    # The first update comes at the last step, so that all episodes are played before anything is learned; after it
    # a product of other shape may round otherwise.
    config = {"total_steps": 1_200, "learning_starts": 1_200, "update_interval": 1, "final_epsilon": 0.5}
    alone = trained(make_pole, seeds=(1001,), **config)
    among = trained(make_pole, seeds=(1000, 1001, 1002), **config)
    assert np.array_equal(alone.episode_lengths[0], among.episode_lengths[1])
    assert not np.array_equal(among.episode_lengths[0], among.episode_lengths[1])
    for name in ("weight_0", "bias_0", "weight_2"):
        np.testing.assert_allclose(alone.arrays[name][0], among.arrays[name][1], rtol=1e-3, atol=1e-5)


def test_what_a_run_returns():
    learned = trained(make_pole, seeds=(1000, 1001, 1002), total_steps=1_150)
    shapes = {"weight_0": (4, 64), "bias_0": (1, 64), "weight_1": (64, 64), "bias_1": (1, 64), "weight_2": (64, 2)}
    for name, shape in shapes.items():
        assert learned.arrays[name].shape == (3, *shape)
        assert learned.arrays[name].dtype == np.float32
    assert learned.finished
    assert learned.steps.tolist() == [1_150] * 3
    for returns, lengths in zip(learned.episode_returns, learned.episode_lengths, strict=True):
        assert (returns.dtype, lengths.dtype) == (np.float64, np.int64)
        assert np.array_equal(returns, lengths)  # the pole pays 1 a step
        assert 1_150 - 500 < lengths.sum() <= 1_150
    steps, training_return = learned.checkpoints["steps"], learned.checkpoints["training_return"]
    assert steps.tolist() == [*range(11, 1_150, 11), 1_150]
    assert training_return.shape == (3, len(steps))
    assert training_return[:, -1].tolist() == [returns[-20:].mean() for returns in learned.episode_returns]


def test_ctrl_c_leaves_a_whole_run():
    class Interrupted(Progress):
        total = 0

        def update(self, amount, **figures):
            self.total += amount
            self.stop = self.total >= 1_100

    progress = Interrupted()
    learned = dqn.train(make_pole, dqn.Config(total_steps=2_000), (1000, 1001), progress)
    assert not learned.finished
    assert learned.steps.tolist() == [1_101, 1_101]
    assert progress.total == 1_101
    assert learned.checkpoints["steps"][-1] == 1_101
    assert dqn.policy(learned.arrays, 1)(np.zeros(4, np.float32)) in (0, 1)


def test_global_state_is_left_alone():
    def state():
        numpy_state = np.random.get_state()
        own = torch.get_rng_state().tolist(), numpy_state[1].tolist(), numpy_state[2]
        return own, torch.get_num_threads(), torch.get_default_dtype(), torch.is_grad_enabled()

    with torch.random.fork_rng():
        torch.rand(1)  # no longer as any seeding leaves it
        before = state()
        trained(make_pole, total_steps=1_100)
        assert state() == before


# The policy, spaces


def test_policy_takes_one_observation_or_a_batch():
    arrays = {name: values.detach().numpy() for name, values in zip(("weight_0", "bias_0"), ONLINE, strict=True)}
    one_hot = dqn.policy(arrays | {"observation_shape": np.zeros((1, 0), np.int64)}, 0)
    assert (one_hot(0), one_hot(1)) == (1, 0)
    assert one_hot(np.array([1, 0, 0])).tolist() == [0, 1, 1]
    flat = dqn.policy(arrays | {"observation_shape": np.array([[2]])}, 0)
    assert flat(np.array([0.2, 0.9])) == 0
    assert flat([[1.0, 0.0], [0.0, 1.0], [0.3, 0.1]]).tolist() == [1, 0, 1]
    picture = dqn.policy(arrays | {"observation_shape": np.array([[2, 1]])}, 0)
    assert picture(np.array([[1.0], [0.0]])) == 1
    assert picture(np.array([[[1.0], [0.0]]])).tolist() == [1]


class Odd(minigym.Env):
    """An environment of any spaces."""

    def __init__(self, observation_space=None, action_space=None):
        self.observation_space = spaces.Discrete(3) if observation_space is None else observation_space
        self.action_space = spaces.Discrete(2) if action_space is None else action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 1.0, bool(self.np_random.random() < 0.1), False, {}


@pytest.mark.parametrize(
    ("space", "inputs"),
    [
        (spaces.Box(0, 255, (4, 3), np.uint8), 12),
        (spaces.Box(-1.0, 1.0, (2,), np.float64), 2),
        (spaces.Discrete(7), 7),
    ],
)
def test_boxes_are_flattened_and_integers_one_hot(space, inputs):
    learned = trained(lambda: Odd(space), **SMALL | {"total_steps": 100})
    assert learned.arrays["weight_0"].shape == (2, inputs, 2)
    policy = dqn.policy(learned.arrays, 0)
    assert policy(np.array([space.sample() for _ in range(5)])).shape == (5,)
    assert policy(space.sample()) in (0, 1)


@pytest.mark.parametrize(
    ("world", "message"),
    [
        ({"observation_space": spaces.MultiBinary(3)}, r"observations from MultiBinary\(3\); convert"),
        ({"observation_space": spaces.Discrete(3, start=1)}, r"observations from Discrete\(3, start=1\)"),
        (
            {"observation_space": spaces.Box(0.0, 1.0, ())},
            "Box with at least one dimension, .* observations from Box",
        ),
        (
            {"action_space": spaces.Box(0.0, 1.0, (1,))},
            "got actions from Box",
        ),
        ({"action_space": spaces.Discrete(3, start=-1)}, r"got actions from Discrete\(3, start=-1\)"),
    ],
)
def test_other_spaces_are_refused(world, message):
    with pytest.raises(error.InvalidParameter, match=message):
        trained(lambda: Odd(**world))


def test_a_missing_torch_is_said_with_the_way_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "agents.dqn")
    with pytest.raises(error.DependencyNotInstalled, match=r'pip install "minigym\[deep\]"'):
        importlib.import_module("agents.dqn")


@pytest.mark.slow
def test_solves_cart_pole():
    learned = trained(make_pole)
    policies = [dqn.policy(learned.arrays, index) for index in range(2)]
    assert (
        evaluation.play_test_episodes(describe("CartPole-v1"), policies, (1000, 1001)).tolist() == [[500.0] * 100] * 2
    )


def test_torch_gets_its_threads_back():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        seen = []

        class Watched(minigym.envs.CartPoleEnv):
            def step(self, action):
                seen.append(torch.get_num_threads())
                return super().step(action)

        config = dqn.Config(total_steps=8, learning_starts=4, batch_size=2)
        dqn.train(Watched, config, [0], Progress())
        assert set(seen) == {1}
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(before)
