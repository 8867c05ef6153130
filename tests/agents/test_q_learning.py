"""Q-learning and the runner of tabular agents: known answers, the same numbers on every path, and refusals."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import agents
import minigym
from agents import planning, q_learning
from agents.common import streams, tabular
from agents.common.acting import epsilon_greedy, noisy_greedy
from agents.common.environment import LONGEST_EPISODE, describe
from agents.common.progress import Progress
from agents.q_learning import Config, update
from minigym import MDP, error
from minigym.wrappers import RecordEpisodeStatistics, TimeLimit
from tests.agents.tabular_runs import error_of

ROOT = Path(__file__).parents[2]
LAKE = minigym.make("FrozenLake-v1").mdp


def make_lake():
    return minigym.make("FrozenLake-v1")


def make_large_lake():
    return minigym.make("FrozenLake8x8-v1", success_rate=0.8, reward_schedule=(1, -0.3, -0.01))


def limited(mdp, max_episode_steps):
    """A function that makes an environment of ``mdp`` with a time limit."""
    return lambda: TimeLimit(minigym.TabularEnv(mdp), max_episode_steps)


def train(make_env, seeds=(0,), *, driver=None, threads=None, progress=None, **hyperparameters):
    """``q_learning.train``, or the same with a driver and a number of threads of the test's own choice."""
    learn = tabular.learn
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tabular, "learn", lambda *a, **k: learn(*a, **k, driver=driver, threads=threads))
        return q_learning.train(describe(make_env), Config(**hyperparameters), seeds, progress or Progress())


def q_star(mdp, gamma):
    """The optimal action values, from the optimal state values."""
    values = planning.solve(mdp, gamma=gamma).values
    going_on = np.where(mdp.terminated, 0, values[mdp.next_state])
    return (mdp.probability * (mdp.reward + gamma * going_on)).sum(axis=2)


def assert_same(one, other):
    """Two trainings that agree in every bit."""
    np.testing.assert_array_equal(one.arrays["q_values"], other.arrays["q_values"])
    np.testing.assert_array_equal(one.steps, other.steps)
    for mine, yours in zip(
        one.episode_returns + one.episode_lengths, other.episode_returns + other.episode_lengths, strict=True
    ):
        np.testing.assert_array_equal(mine, yours)
    for name, figures in one.checkpoints.items():
        np.testing.assert_array_equal(figures, other.checkpoints[name])


# The update


def test_update_by_hand():
    q_values = np.array([[1.0, 2.0], [3.0, 5.0]])
    update(q_values, 0, 1, 10.0, 1, False, 0.25, 0.5)
    assert q_values.tolist() == [[1.0, 2.0 + 0.25 * (10.0 + 0.5 * 5.0 - 2.0)], [3.0, 5.0]]


def test_update_of_a_terminating_step_does_not_bootstrap():
    q_values = np.array([[1.0, 2.0], [3.0, 5.0]])
    update(q_values, 0, 1, 10.0, 1, True, 0.25, 0.5)
    assert q_values.tolist() == [[1.0, 2.0 + 0.25 * (10.0 - 2.0)], [3.0, 5.0]]


# Known answers


@pytest.mark.parametrize("driver", ["kernel", "step"])
def test_one_state_whose_episodes_are_all_truncated_still_bootstraps(driver):
    """With alpha 1 the k-th visit of an action makes it 1 + gamma max Q; without the bootstrap it would stay 1."""
    mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, False)]}})
    learned = train(limited(mdp, 1), driver=driver, episodes=40, gamma=0.5, initial_alpha=1.0, final_alpha=1.0)
    assert learned.arrays["q_values"].tolist() == [[[sum(0.5**k for k in range(40))]]]
    assert learned.episode_lengths[0].tolist() == [1] * 40


@pytest.mark.parametrize("driver", ["kernel", "step"])
def test_one_state_that_terminates_does_not(driver):
    mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, True)]}}, initial=[1.0])
    learned = train(limited(mdp, 9), driver=driver, episodes=40, gamma=0.5, initial_alpha=1.0, final_alpha=1.0)
    assert learned.arrays["q_values"].tolist() == [[[1.0]]]
    assert learned.episode_returns[0].tolist() == learned.episode_lengths[0].tolist() == [1] * 40


def test_a_step_that_both_terminates_and_meets_the_limit_does_not_bootstrap():
    mdp = MDP.from_P({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 1.0, True)]}})
    learned = train(limited(mdp, 2), episodes=3, gamma=0.5, initial_alpha=1.0, final_alpha=1.0)
    assert learned.arrays["q_values"].tolist() == [[[1.5], [1.0]]]


def test_two_states():
    """Stay for 1 each step, or move for 0 to where each step earns 3; gamma 0.5."""
    mdp = MDP.from_P(
        {
            0: {0: [(1.0, 0, 1.0, False)], 1: [(1.0, 1, 0.0, False)]},
            1: {0: [(1.0, 1, 3.0, False)], 1: [(1.0, 0, 0.0, False)]},
        }
    )
    learned = train(limited(mdp, 20), range(3), episodes=300, gamma=0.5, initial_alpha=1.0, final_alpha=1.0)
    for q_values in learned.arrays["q_values"]:
        np.testing.assert_allclose(q_values, [[1 + 0.5 * 3, 0.5 * 6], [6, 0.5 * 3]], rtol=1e-12)


@pytest.mark.parametrize("exploration", ["epsilon_greedy", "noise"])
def test_deterministic_chain(exploration):
    """Left goes back to the start, right one on; the last step pays 1. What lies on the path is learned exactly."""
    n, gamma = 5, 0.9
    rows = {
        s: {0: [(1.0, 0, 0.0, False)], 1: [(1.0, min(s + 1, n - 1), float(s == n - 1), s == n - 1)]} for s in range(n)
    }
    mdp = MDP.from_P(rows)
    learned = train(
        limited(mdp, 50),
        range(3),
        episodes=400,
        gamma=gamma,
        initial_alpha=1.0,
        final_alpha=1.0,
        exploration=exploration,
    )
    for q_values in learned.arrays["q_values"]:
        np.testing.assert_allclose(q_values.max(axis=1), gamma ** np.arange(n)[::-1], rtol=1e-12)
    assert learned.checkpoints["exact_success"][:, -1].tolist() == [1, 1, 1]
    np.testing.assert_allclose(learned.checkpoints["exact_return"][:, -1], gamma ** (n - 1))


def test_stochastic_rewards_are_averaged_with_each_episodes_step_size():
    """One action that pays 0 or 1 and ends: from the returns the value can be computed by hand."""
    mdp = MDP.from_P({0: {0: [(0.3, 0, 1.0, True), (0.7, 0, 0.0, True)]}}, initial=[1.0])
    learned = train(limited(mdp, 5), episodes=1000)
    value = 0.0
    for paid, alpha in zip(learned.episode_returns[0], Config(episodes=1000).alphas(), strict=True):
        value += alpha * (paid - value)
    assert learned.arrays["q_values"][0, 0, 0] == value
    assert 0 < learned.episode_returns[0].mean() < 1


def test_the_recipe_solves_the_slippery_lake():
    """The claim: the best stationary policy exactly, worth 0.740165, on at least 18 of the run seeds 0 to 19."""
    learned = q_learning.train(describe(make_lake), Config(), range(20), Progress())
    exact = learned.checkpoints["exact_success"][:, -1]
    assert (np.abs(exact - 0.740165) < 1e-6).sum() >= 18
    # And the values themselves: that of the start, for most seeds to within 0.02.
    error_of_start = np.abs(learned.arrays["q_values"][:, 0].max(axis=1) - 0.542026)
    assert np.median(error_of_start) < 0.02


@pytest.mark.parametrize("episodes", [2_000, 32_000])
def test_it_converges_to_the_optimal_values(episodes):
    """The seeds are fixed, so there is no false alarm."""
    errors, _ = error_of("q_learning", episodes)
    assert errors.mean() < 8 / np.sqrt(episodes)


# The same numbers on every path


@pytest.mark.parametrize("make_env", [make_lake, make_large_lake])
@pytest.mark.parametrize("exploration", ["epsilon_greedy", "noise"])
def test_kernel_and_step_agree_in_every_bit(make_env, exploration):
    settings = {"episodes": 400, "exploration": exploration, "final_epsilon": 0.2, "checkpoints": 3}
    kernel = train(make_env, [3, 2**70], driver="kernel", **settings)
    assert_same(kernel, train(make_env, [3, 2**70], driver="step", **settings))
    assert len(np.unique(np.concatenate(kernel.episode_returns))) > 1


def test_several_starts_and_whole_number_rewards_agree_as_well():
    desc = ["SFFS", "FHFF", "FFFH", "HFSG"]

    def make_env():
        return minigym.make("FrozenLake-v1", desc=desc, reward_schedule=(10, -5, -1), max_episode_steps=7)

    kernel = train(make_env, range(2), driver="kernel", episodes=300)
    assert_same(kernel, train(make_env, range(2), driver="step", episodes=300))
    assert np.concatenate(kernel.episode_lengths).max() == 7


def digest(learned):
    arrays = [learned.arrays["q_values"], learned.steps, *learned.episode_returns, *learned.episode_lengths]
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()


SMALL = {"episodes": 300, "checkpoints": 2}

IN_A_PROCESS = f"""
import sys
{{before}}
sys.path.insert(0, {str(ROOT)!r})
from tests.agents import test_q_learning as this
from agents.common import tabular
assert not tabular._kernel(this.q_learning.RULE, this.epsilon_greedy)[1]
for exploration in ("epsilon_greedy", "noise"):
    print(this.digest(this.train(this.make_lake, [5, 6], driver="kernel", exploration=exploration, **this.SMALL)))
"""


@pytest.mark.parametrize("without", ["jit", "numba"])
def test_compiled_or_not_the_kernel_gives_the_same_bits(without):
    if not tabular._kernel(q_learning.RULE, epsilon_greedy)[1]:
        pytest.skip("Numba is missing or told not to compile: there is nothing to compare with")
    before = 'sys.modules["numba"] = None' if without == "numba" else ""
    env = os.environ | ({"NUMBA_DISABLE_JIT": "1"} if without == "jit" else {})
    command = [sys.executable, "-c", IN_A_PROCESS.format(before=before)]
    result = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    compiled = [
        digest(train(make_lake, [5, 6], driver="kernel", exploration=exploration, **SMALL))
        for exploration in ("epsilon_greedy", "noise")
    ]
    assert result.stdout.split() == compiled
    assert compiled[0] != compiled[1]


def test_a_seed_gives_the_same_run_alone_or_among_others_on_any_number_of_threads():
    among = train(make_lake, [7, 8, 9, 10, 11], threads=4, **SMALL)
    alone = train(make_lake, [9], threads=1, **SMALL)
    again = train(make_lake, [9, 7], threads=2, **SMALL)
    for learned, index in ((among, 2), (again, 0)):
        np.testing.assert_array_equal(learned.arrays["q_values"][index], alone.arrays["q_values"][0])
        np.testing.assert_array_equal(learned.episode_returns[index], alone.episode_returns[0])
        np.testing.assert_array_equal(learned.checkpoints["exact_return"][index], alone.checkpoints["exact_return"][0])
    assert len({table.tobytes() for table in among.arrays["q_values"]}) == 5


def test_the_number_of_checkpoints_changes_nothing_but_the_curves():
    few, many = (train(make_lake, [0], episodes=300, checkpoints=count) for count in (1, 300))
    np.testing.assert_array_equal(few.arrays["q_values"], many.arrays["q_values"])
    np.testing.assert_array_equal(few.episode_lengths, many.episode_lengths)
    assert few.checkpoints["episodes"].tolist() == [0, 300]
    assert many.checkpoints["episodes"].tolist() == list(range(301))


# Choosing


def test_ties_are_broken_evenly():
    """24,000 choices among 3 best of 5: each share is 1/3 within 0.02, 6.5 standard errors (false alarm 2e-10)."""
    generator = np.random.default_rng(0)
    values = np.array([[9.0] * 5, [0.5, 1.0, 1.0, -2.0, 1.0]])
    chosen = [epsilon_greedy(values, 1, 0.0, generator) for _ in range(24_000)]
    shares = np.bincount(chosen, minlength=5) / len(chosen)
    np.testing.assert_allclose(shares, [0, 1 / 3, 1 / 3, 0, 1 / 3], atol=0.02)


def test_epsilon_is_the_share_of_random_actions():
    """Epsilon 0.4, 4 actions: each other one 0.1, within 0.013, 6.7 standard errors (false alarm below 1e-10)."""
    generator = np.random.default_rng(1)
    values = np.array([[0.0, 0.0, 1.0, 0.0]])
    chosen = [epsilon_greedy(values, 0, 0.4, generator) for _ in range(24_000)]
    shares = np.bincount(chosen, minlength=4) / len(chosen)
    np.testing.assert_allclose(np.delete(shares, 2), 0.1, atol=0.013)


def test_noise_is_normal_and_scaled():
    """Two values 1 apart, noise of scale 2: the lesser wins with probability Phi(-1 / sqrt(8)) = 0.36184.

    Its share of 24,000 choices, within 6 standard errors (false alarm 2e-9).
    """
    generator = np.random.default_rng(2)
    chosen = [noisy_greedy(np.array([[1.0, 0.0]]), 0, 2.0, generator) for _ in range(24_000)]
    assert np.mean(chosen) == pytest.approx(0.36184, abs=6 * np.sqrt(0.3618 * 0.6382 / 24_000))


def test_the_schedules():
    config = Config(episodes=3, initial_alpha=0.5, final_alpha=0.02, noise_decay=10.0)
    np.testing.assert_allclose(config.alphas(), [0.5, 0.1, 0.02])
    np.testing.assert_allclose(config.epsilons(), [1.0, 0.525, 0.05])
    np.testing.assert_allclose(config.noise_scales(), [1.0, 10 / 11, 10 / 12])
    np.testing.assert_allclose(Config(episodes=3, final_alpha=0.0, alpha_decay="linear").alphas(), [0.5, 0.25, 0.0])
    np.testing.assert_allclose(Config(episodes=1).alphas(), [0.5])


def test_each_episode_has_its_own_epsilon():
    """Two actions that pay 0 and 1. The last 100 episodes have epsilon <= 0.05, the first >= 0.95.

    Zeros expected: 48 of the first hundred (25 or fewer: 1e-6), 1.25 of the last (15 or more: 1e-11).
    """
    mdp = MDP.from_P({0: {0: [(1.0, 0, 0.0, True)], 1: [(1.0, 0, 1.0, True)]}}, initial=[1.0])
    learned = train(limited(mdp, 9), episodes=2_000, initial_epsilon=1.0, final_epsilon=0.0)
    zeros = 1 - learned.episode_returns[0]
    assert zeros[:100].sum() > 25
    assert zeros[-100:].sum() < 15


def test_noise_decays_as_configured():
    """With a tiny ``noise_decay`` play is greedy after the first episode: what once paid is never left again."""
    mdp = MDP.from_P({0: {0: [(1.0, 0, 0.0, True)], 1: [(1.0, 0, 1.0, True)]}}, initial=[1.0])
    learned = train(limited(mdp, 9), range(20), episodes=100, exploration="noise", noise_decay=1e-6)
    returns = np.array(learned.episode_returns)[:, 1:]
    assert (np.diff(returns) >= 0).all()
    assert (returns[:, 0] == 0).any()


def test_optimistic_starts_make_everything_tried():
    """Greedy throughout: with values from 0 the first action that pays is kept; from 5, both are tried."""
    mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, True)], 1: [(1.0, 0, 2.0, True)]}}, initial=[1.0])
    greedy = {"episodes": 200, "initial_epsilon": 0.0, "final_epsilon": 0.0}
    best = train(limited(mdp, 9), range(20), initial_q=5.0, **greedy).arrays["q_values"].argmax(axis=-1)
    assert best.tolist() == [[1]] * 20
    first = train(limited(mdp, 9), range(20), **greedy).arrays["q_values"].argmax(axis=-1)
    assert len(np.unique(first)) == 2  # all 20 alike: 2e-6


# What training returns


def test_checkpoints_are_exact():
    learned = train(make_lake, range(3), episodes=1000, checkpoints=4, gamma=0.95)
    assert learned.finished
    assert learned.checkpoints["episodes"].tolist() == [0, 250, 500, 750, 1000]
    assert learned.checkpoints["exact_success"].shape == learned.checkpoints["exact_return"].shape == (3, 5)
    # Before the first episode every action ties: random play.
    np.testing.assert_allclose(learned.checkpoints["exact_success"][:, 0], 0.01394, atol=1e-5)
    for index, q_values in enumerate(learned.arrays["q_values"]):
        policy = planning.greedy_policy(q_values)
        success = planning.policy_return(LAKE, policy, horizon=100)
        assert learned.checkpoints["exact_success"][index, -1] == pytest.approx(success, rel=1e-12)
        value = planning.policy_value(LAKE, policy, gamma=0.95)[0]
        assert learned.checkpoints["exact_return"][index, -1] == pytest.approx(value, rel=1e-12)
    assert learned.steps.dtype == np.int64
    assert learned.steps.tolist() == [lengths.sum() for lengths in learned.episode_lengths]
    assert [len(returns) for returns in learned.episode_returns] == [1000] * 3


def test_without_a_discount_an_endless_policy_is_worth_minus_infinity():
    """Go round for -1 a step, or end for -100: after a few random episodes going round looks better."""
    mdp = MDP.from_P({0: {0: [(1.0, 0, -1.0, False)], 1: [(1.0, 0, -100.0, True)]}}, initial=[1.0])
    learned = train(limited(mdp, 50), episodes=3, gamma=1.0, final_epsilon=1.0, checkpoints=1)
    np.testing.assert_allclose(learned.checkpoints["exact_return"], [[-101, -np.inf]])  # at first: one round on average
    assert learned.checkpoints["exact_success"][0, -1] == -50


def test_an_infinite_value_where_no_episode_starts_does_not_matter():
    """The same choice in state 1; better to end at once, in state 0."""
    rows = {0: {0: [(1.0, 0, 0.0, True)], 1: [(1.0, 1, 0.0, False)]}}
    rows[1] = {0: [(1.0, 1, -1.0, False)], 1: [(1.0, 1, -100.0, True)]}
    learned = train(limited(MDP.from_P(rows), 50), episodes=20, gamma=1.0, final_epsilon=1.0, checkpoints=1)
    assert learned.arrays["q_values"][0].argmax(axis=1).tolist() == [0, 0]
    assert learned.checkpoints["exact_return"][0, -1] == 0


def test_without_a_discount_a_table_without_values_is_refused():
    mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, False)]}})
    with pytest.raises(error.InvalidParameter, match="gamma=1 needs episodes that end"):
        train(limited(mdp, 50), gamma=1.0)


class Stopping(Progress):
    """Asks to stop at the second update."""

    def __init__(self):
        super().__init__()
        self.total, self.counted = None, []

    def start(self, total, unit):
        self.total = (total, unit)

    def update(self, amount, **figures):
        self.counted.append((amount, figures))
        self.stop = len(self.counted) == 2


def test_stopping_leaves_everything_whole(monkeypatch):
    monkeypatch.setattr(tabular, "_PATIENCE", 0.0)  # asks after every checkpoint
    progress = Stopping()
    stopped = train(make_lake, range(2), progress=progress, episodes=1000, checkpoints=10)
    whole = train(make_lake, range(2), episodes=1000, checkpoints=10)
    assert not stopped.finished
    assert stopped.checkpoints["episodes"].tolist() == [0, 100, 200]
    for name in ("exact_success", "exact_return"):
        np.testing.assert_array_equal(stopped.checkpoints[name], whole.checkpoints[name][:, :3])
    for index in range(2):
        np.testing.assert_array_equal(stopped.episode_returns[index], whole.episode_returns[index][:200])
        np.testing.assert_array_equal(stopped.episode_lengths[index], whole.episode_lengths[index][:200])
    assert stopped.steps.tolist() == [lengths.sum() for lengths in stopped.episode_lengths]
    assert progress.total == (2000, "episode")
    assert [amount for amount, _ in progress.counted] == [200, 200]
    assert progress.counted[-1][1] == {"exact_success": stopped.checkpoints["exact_success"][:, -1].mean()}


def test_the_greedy_policy_takes_one_or_many():
    q_values = np.array([[[0.0, 1.0], [2.0, 2.0], [0.0, -1.0]], [[1.0, 0.0], [0.0, 0.0], [0.0, 3.0]]])
    first, second = (q_learning.policy({"q_values": q_values}, index) for index in (0, 1))
    assert [first(s) for s in range(3)] == [1, 0, 0]
    assert type(first(np.int64(0))) is int
    assert second(np.array([[2, 0], [1, 2]])).tolist() == [[1, 0], [0, 1]]


# Which driver, and which limit


class Shaped(minigym.RewardWrapper):
    """Rewards doubled: what the table does not know."""

    def reward(self, reward):
        return 2 * reward


class Stuck(minigym.TabularEnv):
    """An environment that does not do what its table says."""

    def step(self, action):
        super().step(action)
        return 0, 1.0, True, False, {}


def test_what_a_wrapper_or_a_subclass_does_is_not_bypassed():
    settings = {"episodes": 500, "final_epsilon": 1.0}
    plain, shaped = train(make_lake, [0], **settings), train(lambda: Shaped(make_lake()), [0], **settings)
    np.testing.assert_array_equal(shaped.episode_returns[0], 2 * plain.episode_returns[0])
    assert plain.episode_returns[0].any()
    stuck = train(lambda: Stuck(LAKE), [0], episodes=5)
    assert stuck.episode_returns[0].tolist() == [1] * 5


def test_the_kernel_is_used_where_it_may_be(monkeypatch):
    used = []
    kernel = tabular._kernel
    monkeypatch.setattr(tabular, "_kernel", lambda *functions: used.append(functions) or kernel(*functions))
    for make_env in (
        make_lake,
        limited(LAKE, 5),
        lambda: minigym.TabularEnv(LAKE),
        lambda: RecordEpisodeStatistics(make_lake()),
    ):
        train(make_env, episodes=1)
    assert used == [(q_learning.RULE, epsilon_greedy)] * 3


def test_an_environment_made_to_be_watched_is_played(monkeypatch):
    """With render_mode="human" each reset and step draws, so the kernel would leave the window empty."""
    drawn = []
    monkeypatch.setattr(minigym.envs.frozen_lake.FrozenLakeEnv, "render", lambda env: drawn.append(env.s))
    learned = train(lambda: minigym.make("FrozenLake-v1", render_mode="human"), episodes=2)
    assert len(drawn) == 2 + learned.steps[0]


def test_without_a_time_limit_episodes_are_cut():
    """They bootstrap all the same, so an MDP that never ends can be learned: v = 1 / (1 - gamma)."""
    mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, False)]}})
    for driver in ("kernel", "step"):
        learned = train(lambda: minigym.TabularEnv(mdp), driver=driver, episodes=2, initial_alpha=1.0, gamma=0.5)
        assert learned.episode_lengths[0].tolist() == [LONGEST_EPISODE] * 2
        np.testing.assert_allclose(learned.arrays["q_values"], 2)


def test_the_shortest_of_several_limits_counts():
    mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, False)]}})
    for inner, outer in ((3, 5), (5, 3)):
        learned = train(lambda i=inner, o=outer: TimeLimit(limited(mdp, i)(), o), episodes=2)
        assert learned.episode_lengths[0].tolist() == [3, 3]


def test_the_training_environment_draws_from_the_train_stream():
    """The first random number after the reset's decides the first step: replay it by hand."""
    (seed,) = streams.integers(4, streams.TRAIN)
    uniforms = np.random.default_rng(seed).random(2)
    mdp = MDP.from_P({0: {0: [(0.25, 0, float(i), True) for i in range(4)]}}, initial=[1.0])
    learned = train(limited(mdp, 9), [4], episodes=1)
    assert learned.episode_returns[0].tolist() == [int(uniforms[1] * 4)]


# Refusals


@pytest.mark.parametrize(
    ("hyperparameters", "message"),
    [
        ({"episodes": 0}, "episodes must be at least 1, got 0"),
        ({"checkpoints": 0}, "checkpoints must be at least 1, got 0"),
        ({"gamma": 1.5}, "gamma must be between 0 and 1, got 1.5"),
        ({"gamma": float("nan")}, "gamma must be between 0 and 1, got nan"),
        ({"initial_alpha": -0.1}, "initial_alpha must be between 0 and 1"),
        ({"final_alpha": 2.0}, "final_alpha must be between 0 and 1"),
        ({"final_alpha": 0.0}, r"final_alpha must be above 0 .* alpha_decay='linear'"),
        ({"initial_epsilon": 1.1}, "initial_epsilon must be between 0 and 1"),
        ({"final_epsilon": -1.0}, "final_epsilon must be between 0 and 1"),
        ({"noise_decay": 0.0}, "noise_decay must be positive and finite"),
        ({"initial_q": float("inf")}, "initial_q must be finite"),
        ({"final_epsilon": 0.0, "epsilon_decay": "geometric"}, r"final_epsilon .* above 0 .* epsilon_decay='linear'"),
        ({"alpha_decay": "linaer"}, "no alpha_decay 'linaer'; did you mean 'linear'"),
        ({"exploration": "greedy"}, "no exploration 'greedy'; did you mean 'epsilon_greedy'"),
    ],
)
def test_config_refuses_nonsense(hyperparameters, message):
    with pytest.raises(error.InvalidParameter, match=message):
        Config(**hyperparameters)


def test_through_the_front_door():
    run = agents.train("q_learning", "FrozenLake-v1", seeds=[3], episodes=2000)
    assert run.q_values.shape == (1, 16, 4)
    assert run.exact_success.shape == (1, 51)
    assert run.optimum == pytest.approx((0.744190, 0.740165, 0.542026), abs=1e-6)
    assert_same(run.learned, train(make_lake, [3], episodes=2000))
    assert run.policy(0)(np.arange(16)).tolist() == run.q_values[0].argmax(axis=-1).tolist()
