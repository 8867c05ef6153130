"""Training through the shell, and the figures of a run."""

import os
import re
import signal
import struct
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from scipy import stats

import agents
import minigym
from agents.common import evaluation, progress, registry, streams
from agents.common.environment import LONGEST_EPISODE, describe
from agents.common.run import checked_seeds
from minigym import error

TWO_STATES = minigym.MDP.from_P(
    {
        0: {0: [(1.0, 0, 1.0, False)], 1: [(0.5, 0, 5.0, False), (0.5, 1, 5.0, True)]},
        1: {0: [(1.0, 1, 0.0, True)], 1: [(1.0, 1, 0.0, True)]},
    }
)


def make_lake():
    return minigym.make("FrozenLake-v1", map_name="8x8")


# Names, seeds, hyperparameters, environments


@pytest.mark.parametrize(
    ("given", "seeds"),
    [
        (3, (0, 1, 2)),
        (np.int64(2), (0, 1)),
        ([5, 3], (5, 3)),
        (range(1000, 1003), (1000, 1001, 1002)),
        (np.array([4, 9]), (4, 9)),
        ([2**70], (2**70,)),
    ],
)
def test_seeds_are_a_number_or_themselves(given, seeds):
    assert checked_seeds(given) == seeds
    assert all(type(seed) is int for seed in checked_seeds(given))


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        (0, "at least 1"),
        (-3, "at least 1"),
        ([], "at least one seed"),
        ([1, 2, 1], "1 is repeated"),
        ([0, -1], "-1"),
        (True, "number n"),
        (2.0, "number n"),
        ([1.5], "1.5"),
        (None, "number n"),
        ("12", "'1'"),
    ],
)
def test_other_seeds_are_refused(given, complaint):
    with pytest.raises(error.InvalidSeed, match=complaint):
        checked_seeds(given)


def test_an_unknown_agent_gets_a_suggestion():
    with pytest.raises(error.InvalidParameter, match=r"did you mean 'q_learning'.*q_learning, sarsa"):
        agents.train("qlearning", "FrozenLake-v1")


def test_hyperparameters_take_the_types_that_the_config_names(tiny):
    config = registry.configured(
        tiny, {"episodes": np.int64(9), "gamma": 1, "hidden_sizes": [8], "limit": 2, "shape": "square", "fast": False}
    )
    assert (config.episodes, config.gamma, config.hidden_sizes, config.limit) == (9, 1.0, (8,), 2.0)
    assert (config.shape, config.fast) == ("square", False)
    assert type(config.episodes) is int
    assert type(config.gamma) is float
    assert type(config.limit) is float
    assert registry.configured(tiny, {"limit": None}).limit is None


@pytest.mark.parametrize(
    ("hyperparameters", "complaint"),
    [
        ({"epsodes": 3}, "did you mean 'episodes'.*episodes, gamma, hidden_sizes"),
        ({"episodes": 3.5}, "episodes must be an integer, got 3.5 of type float"),
        ({"episodes": 1e5}, "write 100000"),
        ({"episodes": True}, "episodes must be an integer, got True"),
        ({"episodes": "3"}, "episodes must be an integer, got '3' of type str"),
        ({"gamma": "high"}, "gamma must be a number"),
        ({"gamma": False}, "gamma must be a number"),
        ({"hidden_sizes": 64}, "hidden_sizes must be"),
        ({"hidden_sizes": (64, 2.5)}, "hidden_sizes must be an integer, got 2.5"),
        ({"shape": "oval"}, "'round', 'square', got 'oval'"),
        ({"fast": 1}, "fast must be True or False"),
        ({"limit": "none"}, "limit must be a number or None"),
        ({"trouble": 1}, "trouble must be a text"),
        ({"episodes": 0}, "episodes must be at least 1"),
    ],
)
def test_wrong_hyperparameters_are_refused(tiny, hyperparameters, complaint):
    with pytest.raises(error.InvalidParameter, match=complaint):
        agents.train(tiny, "FrozenLake-v1", **hyperparameters)


def test_an_environment_is_an_id_a_table_or_a_callable():
    by_id = describe("FrozenLake-v1", {"map_name": "8x8"})
    assert (by_id.name, by_id.kwargs, by_id.max_episode_steps, by_id.horizon) == (
        "FrozenLake-v1",
        {"map_name": "8x8"},
        100,
        100,
    )
    assert by_id.mdp.num_states == 64
    assert by_id.rows[0] == "SFFFFFFF"
    assert by_id.reward_threshold == 0.7
    table = describe(TWO_STATES)
    assert isinstance(table.make(), minigym.TabularEnv)
    assert (table.mdp, table.rows, table.reward_threshold) == (TWO_STATES, None, None)
    assert (table.max_episode_steps, table.horizon) == (None, LONGEST_EPISODE)
    called = describe(make_lake)
    assert (called.name, called.given_as, called.mdp.num_states) == ("FrozenLake-v1", "callable", 64)
    assert describe("CartPole-v1").mdp is None


def test_a_return_is_a_success_where_only_the_end_pays_one():
    assert describe("FrozenLake-v1").return_is_success
    assert not describe("FrozenLake-v1", {"reward_schedule": (10, 0, 0)}).return_is_success
    assert not describe("FrozenLake-v1", {"reward_schedule": (1, 0, -0.1)}).return_is_success
    assert not describe("FrozenLake-v1", {"reward_schedule": (1, 0, 1)}).return_is_success
    assert not describe("CartPole-v1").return_is_success


@pytest.mark.parametrize(
    ("env", "kwargs", "kind", "complaint"),
    [
        ("FrozenLoke-v1", None, error.NameNotFound, "FrozenLake"),
        ("FrozenLake-v1", {"map_nam": "8x8"}, error.InvalidParameter, "did you mean 'map_name'"),
        ("no_such_module:Lake-v1", None, error.InvalidParameter, "no_such_module"),
        (make_lake, {"map_name": "8x8"}, error.InvalidParameter, "env_kwargs"),
        (7, None, error.InvalidParameter, "got 7 of type int"),
        (lambda: None, None, error.InvalidParameter, "did you forget `return`"),
        ("FrozenLake-v1", {"map_name": None}, error.InvalidParameter, "another table each time"),
    ],
)
def test_other_environments_are_refused(env, kwargs, kind, complaint):
    with pytest.raises(kind, match=complaint):
        describe(env, kwargs)


def test_a_table_counts_only_where_the_agent_sees_its_states():
    class OneHot(minigym.ObservationWrapper):
        def __init__(self, env):
            super().__init__(env)
            self.observation_space = minigym.spaces.Box(0.0, 1.0, (16,))

        def observation(self, observation):
            return np.eye(16, dtype=np.float32)[observation]

    assert describe(lambda: OneHot(minigym.make("FrozenLake-v1"))).mdp is None


# Training and scores


def test_train_returns_what_was_learned_for_each_seed(tiny):
    run = agents.train(tiny, "FrozenLake-v1", seeds=[4, 2], episodes=5)
    assert (run.agent, run.seeds, run.config.episodes) == ("tiny", (4, 2), 5)
    assert run.q_values.shape == (2, 16, 4)
    assert [len(own) for own in run.episode_returns] == [5, 5]
    assert run.steps.tolist() == [own.sum() for own in run.learned.episode_lengths]
    assert run.final_scores.shape == (2, 100)
    assert run.exact_success.tolist() == [[0, 0.04], [0, 0.02]]
    assert run.exact_return.tolist() == [[0, 0.02], [0, 0.01]]
    assert run.seconds > 0
    assert run.optimum.stationary == pytest.approx(0.740165, abs=1e-6)
    assert run.optimum.discounted == pytest.approx(0.542026, abs=1e-6)
    assert "tiny on FrozenLake-v1, 2 seeds" in repr(run)


def test_a_seed_gives_the_same_run_alone_or_among_others(tiny):
    together, alone = agents.train(tiny, "FrozenLake-v1", seeds=3), agents.train(tiny, "FrozenLake-v1", seeds=[2])
    assert (together.q_values[2] == alone.q_values[0]).all()
    assert (together.episode_returns[2] == alone.episode_returns[0]).all()
    assert (together.final_scores[2] == alone.final_scores[0]).all()


def test_the_policy_takes_an_observation_or_a_batch(tiny):
    run = agents.train(tiny, "FrozenLake-v1", seeds=2)
    best = run.q_values[1].argmax(axis=1)
    assert run.policy(1)(5) == best[5]
    assert (run.policy(1)(np.arange(16)) == best).all()
    for index in (2, -3):
        with pytest.raises(IndexError, match="2 seeds"):
            run.policy(index)


def test_test_episodes_are_those_of_the_test_stream_one_by_one():
    plan = agents.solve("FrozenLake-v1")
    environment = describe("FrozenLake-v1")
    policies = [lambda states: plan.policy[states], np.zeros_like]
    scores = evaluation.play_test_episodes(environment, policies, [3, 5], episodes=20)
    for seed, policy, own in zip([3, 5], policies, scores, strict=True):
        expected = []
        for episode_seed in streams.integers(seed, streams.TEST, 20):
            env = environment.make()
            state, _ = env.reset(seed=episode_seed)
            total, over = 0.0, False
            while not over:
                state, reward, terminated, truncated, _ = env.step(int(policy(np.array([state]))[0]))
                total, over = total + reward, terminated or truncated
            expected.append(total)
        assert own.tolist() == expected
    assert 5 < scores[0].sum() < 20  # the best policy reaches the goal, though not always: P(not) < 1e-3, fixed seeds
    longer = evaluation.play_test_episodes(environment, policies, [3, 5], episodes=30)
    assert (longer[:, :20] == scores).all()


def test_episodes_without_a_time_limit_are_cut():
    walk = minigym.MDP.from_P({0: {0: [(1.0, 0, 1.0, False)]}})
    scores = evaluation.play_test_episodes(describe(walk), [np.zeros_like], [0], episodes=2)
    assert scores.tolist() == [[LONGEST_EPISODE, LONGEST_EPISODE]]


def test_a_limit_that_only_a_wrapper_knows_counts_in_training_and_in_the_test(tiny):
    walk = minigym.MDP.from_P({0: {0: [(1.0, 0, 1.0, False)]}})
    described = describe(lambda: minigym.wrappers.TimeLimit(minigym.TabularEnv(walk), 7))
    assert described.max_episode_steps == described.horizon == 7
    assert evaluation.play_test_episodes(described, [np.zeros_like], [0], episodes=2).tolist() == [[7.0, 7.0]]


def test_an_episode_that_truncates_itself_is_over():
    class Short(minigym.TabularEnv):
        def step(self, action):
            self.count += 1
            state, reward, terminated, _, info = super().step(action)
            return state, reward, terminated, self.count == 3, info

        def reset(self, **options):
            self.count = 0
            return super().reset(**options)

    walk = minigym.MDP.from_P({0: {0: [(1.0, 0, 1.0, False)]}})
    scores = evaluation.play_test_episodes(describe(lambda: Short(walk)), [np.zeros_like], [0], episodes=2)
    assert scores.tolist() == [[3.0, 3.0]]


def test_the_exact_return_is_that_of_the_greedy_policy_with_ties_uniform(tiny):
    run = agents.train(tiny, "FrozenLake-v1", seeds=2, episodes=1)
    run.learned.arrays["q_values"][0] = 0.0  # all actions tie: the uniformly random walk
    run.learned.arrays["q_values"][1] = np.eye(4)[agents.solve("FrozenLake-v1").policy]
    policies = [run.policy(0), run.policy(1)]
    exact = evaluation.exact_returns(run.environment, run.learned.arrays, policies)
    assert exact == pytest.approx([0.01394, 0.740165], abs=1e-6)
    without_values = evaluation.exact_returns(run.environment, {}, policies)
    assert without_values[1] == pytest.approx(0.740165, abs=1e-6)
    assert evaluation.exact_returns(describe("CartPole-v1"), {}, []) is None


@pytest.mark.parametrize("count", [10, 30, 100, 1000])
def test_the_lower_bound_is_students(count):
    scores = np.random.default_rng(count).exponential(100, count)
    low, _ = stats.t.interval(0.95, count - 1, loc=scores.mean(), scale=stats.sem(scores))
    assert evaluation.lower_bound(scores) == pytest.approx(low, rel=1e-9)
    assert evaluation.lower_bound(np.full(count, 475.0)) == 475.0
    with pytest.raises(error.InvalidParameter, match="at least 10"):
        evaluation.lower_bound(scores[:9])


def test_solved_by_the_exact_return_where_there_is_a_table(tiny):
    run = agents.train(tiny, "FrozenLake-v1", seeds=3, episodes=1)
    run.final_exact_return = np.array([0.6999, 0.7, 0.7402])
    run.final_scores = 1 - np.eye(3, 100)  # says otherwise, and must not count
    assert run.solved.tolist() == [False, True, True]


def test_solved_by_the_lower_bound_of_the_scores_elsewhere(tiny):
    run = agents.train(tiny, "FrozenLake-v1", seeds=3, episodes=1)
    run.environment = describe("CartPole-v1")
    run.final_exact_return = None
    run.final_scores = np.full((3, 100), 475.0)
    run.final_scores[0, :50], run.final_scores[0, 50:] = 460.0, 491.0  # mean 475.5, standard error 1.6
    run.final_scores[1, :50], run.final_scores[1, 50:] = 470.0, 490.0  # mean 480, standard error 1
    assert run.solved.tolist() == [False, True, True]


def test_without_a_threshold_nothing_is_solved_or_not(tiny):
    assert agents.train(tiny, TWO_STATES, seeds=1, episodes=1).solved is None


def test_what_a_run_does_not_have_is_said(tiny):
    run = agents.train(tiny, "FrozenLake-v1", seeds=1, episodes=1)
    del run.learned.arrays["q_values"], run.learned.checkpoints["exact_success"]
    run.environment = describe("CartPole-v1")
    with pytest.raises(AttributeError, match="no table of values"):
        _ = run.q_values
    with pytest.raises(AttributeError, match="recorded episodes, exact_return"):
        _ = run.exact_success
    with pytest.raises(AttributeError, match="no table"):
        _ = run.optimum


def test_solve_takes_what_train_takes():
    assert agents.solve("FrozenLake-v1").values[0] == pytest.approx(0.542026, abs=1e-6)
    assert agents.solve(make_lake, gamma=0.95).values[0] == pytest.approx(0.048250, abs=1e-6)
    clocked = agents.solve("FrozenLake-v1", gamma=1, horizon=100, env_kwargs={"is_slippery": False})
    assert (clocked.values.shape, clocked.policy.shape, clocked.values[0, 0]) == ((101, 16), (100, 16), 1.0)
    with pytest.raises(error.InvalidParameter, match="CartPole-v1 has no table"):
        agents.solve("CartPole-v1")


# Progress and Ctrl-C


def test_the_first_interrupt_is_a_flag_and_the_second_an_exception():
    handler = signal.getsignal(signal.SIGINT)
    with progress.Progress() as bar:
        assert not bar.stop
        signal.raise_signal(signal.SIGINT)
        assert bar.stop
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is handler


def test_in_another_thread_signals_are_left_alone():
    handler = signal.getsignal(signal.SIGINT)
    during = []

    def work():
        with progress.Progress() as bar:
            bar.start(1, "step")
            bar.update(1)
            during.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert during == [handler]


def test_a_bar_is_drawn_only_where_someone_watches(capsys, monkeypatch):
    with progress.Progress() as bar:
        bar.start(10, "episode")
        bar.update(4, success=0.5)
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(progress, "_someone_watches", lambda: True)
    with progress.Progress() as bar:
        bar.start(10, "episode")
        time.sleep(0.15)  # tqdm draws at most ten times a second
        bar.update(4, success=0.75)
    drawn = capsys.readouterr().err
    assert "4.00/10.0" in drawn
    assert "success=0.75" in drawn


def test_figures_are_asked_for_only_where_they_are_drawn(monkeypatch):
    asked = []

    def figure():
        asked.append(1)
        return 1.0

    with progress.Progress() as bar:
        bar.start(1_000, "step")
        bar.update(1, loss=figure)
    assert not asked
    monkeypatch.setattr(progress, "_someone_watches", lambda: True)
    now = 0.0
    monkeypatch.setattr(progress.time, "monotonic", lambda: now)
    with progress.Progress() as bar:
        bar.start(1_000, "step")
        for now in np.linspace(0, 0.99, 1_000):  # noqa: B007  # the clock
            bar.update(1, loss=figure)
    assert len(asked) == 10


BAR = """
import math, time
from agents.common.progress import Progress
with Progress() as bar:
    bar.start(64_000_000, "step", begin=63_000_000)
    time.sleep(0.15)  # tqdm draws at most ten times a second
    bar.update(10_000, return_=-487.25, greedy=500.0, loss=0.0123456, unknown=math.nan)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals of POSIX")
def test_the_bar_fits_80_columns_and_leaves_out_what_is_not_known():
    import fcntl
    import pty
    import termios

    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", BAR], stderr=theirs, env=environment, check=True, timeout=60)
    *_, line = [line for line in re.split("[\\r\\n]+", os.read(ours, 65_536).decode()) if "loss" in line]
    os.close(ours)
    os.close(theirs)
    assert re.fullmatch(
        r"63\.0M/64\.0M\|\S+ *\| \d\d:\d\d left, \S+ steps/s, return=-487, greedy=500, loss=0\.0123", line
    )
    assert len(line) < 80
