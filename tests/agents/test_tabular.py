"""The runner of the tabular agents, with all five: the same numbers on every path, any discrete environment, seeds."""

import importlib
import os
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest

import agents
import minigym
from agents import planning
from agents.common import acting, streams, tabular, worth
from agents.common.acting import epsilon_greedy
from agents.common.progress import Progress
from minigym import MDP, error, spaces, wrappers
from tests.agents.tabular_runs import AGENTS, NOISY, assert_same, constant, digest, limited, make_lake, train

ROOT = Path(__file__).parents[2]
LAKE = minigym.make("FrozenLake-v1").mdp


def make_firm_lake():
    return minigym.make("FrozenLake-v1", is_slippery=False)


def coin():
    """One action, which ends the episode half the time."""
    return MDP.from_P({0: {0: [(0.5, 0, 0.0, False), (0.5, 0, 1.0, True)]}}, initial=[1.0])


def make_large_lake():
    return minigym.make("FrozenLake8x8-v1", success_rate=0.8, reward_schedule=(1, -0.3, -0.01))


def make_short_lake():
    """Two starts, whole-number rewards, and a limit that most episodes meet."""
    desc = ["SFFS", "FHFF", "FFFH", "HFSG"]
    return minigym.make("FrozenLake-v1", desc=desc, reward_schedule=(10, -5, -1), max_episode_steps=7)


# What an agent learns from


def test_every_agent_gets_what_the_book_names():
    """Three states in a row, 0 -> 1 -> 2 -> the end: the whole of what a rule is told."""
    rows = {s: {a: [(1.0, min(s + 1, 2), s + 0.5, s == 2)] for a in (0, 1)} for s in range(3)}
    told = []

    def after_step(q_values, step, memory, generator):
        told.append(step)

    def after_episode(q_values, step, memory, generator):
        told.append(("over", step.length))

    for looks_ahead in (False, True):
        rule = tabular.Rule(after_step, after_episode, looks_ahead)
        config = importlib.import_module("agents.q_learning").Config(episodes=1, gamma=0.75, **constant(0.25, 0.5))
        tabular.learn(limited(MDP.from_P(rows), 9), config, [0], Progress(), rule, driver="step")
        *steps, over = told
        assert over == ("over", 3)
        assert [step.state for step in steps] == [0, 1, 2]
        assert [step.next_state for step in steps] == [1, 2, 2]
        assert [step.reward for step in steps] == [0.5, 1.5, 2.5]
        assert [step.terminated for step in steps] == [False, False, True]
        assert [step.length for step in steps] == [1, 2, 3]
        assert {(step.alpha, step.gamma, step.epsilon) for step in steps} == {(0.25, 0.75, 0.5)}
        if looks_ahead:
            assert [step.next_action for step in steps[:-1]] == [step.action for step in steps[1:]]
        told.clear()


def test_looking_ahead_is_choosing_before_the_update():
    """The update makes the other action of the next state the best: who looked ahead does not know yet."""
    rows = {0: {a: [(1.0, 1, 0.0, False)] for a in (0, 1)}, 1: {a: [(1.0, 1, 0.0, True)] for a in (0, 1)}}

    def after_step(q_values, step, memory, generator):
        taken.append(step.action)
        q_values[1] = [0.0, 2.0]

    for looks_ahead, second in ((False, 1), (True, 0)):
        taken = []
        config = importlib.import_module("agents.q_learning").Config(episodes=1, **constant(epsilon=0.0))
        rule = tabular.Rule(after_step, looks_ahead=looks_ahead)
        tabular.player(tabular.STEP_DRIVE, rule, epsilon_greedy)(
            tabular.Played(limited(MDP.from_P(rows), 9)(), 0),
            None,
            np.random.default_rng(0),
            np.array([[0.0, 0.0], [1.0, 0.0]]),
            np.zeros((2, 2), np.int64),
            (),
            1.0,
            config.alphas(),
            config.epsilons(),
            9,
            np.zeros(1),
            np.zeros(1, np.int64),
            0,
            np.array([1]),
            np.zeros((1, 2, 2)),
        )
        assert taken[1] == second


@pytest.mark.parametrize("driver", ["kernel", "step"])
@pytest.mark.parametrize("agent", AGENTS)
def test_truncation_bootstraps_and_termination_does_not(agent, driver):
    """One state, reward 1, gamma 0.5: worth 2 where a limit of 1 step cuts every episode, worth 1 where it ends."""
    for terminated, worth_it in ((False, 2.0), (True, 1.0)):
        mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, terminated)]}}, initial=[1.0])
        learned = train(agent, limited(mdp, 1), driver=driver, episodes=300, gamma=0.5, **constant(alpha=0.5))
        np.testing.assert_allclose(learned.arrays["q_values"], worth_it, rtol=1e-9)
        assert learned.episode_lengths[0].tolist() == [1] * 300


@pytest.mark.parametrize("agent", AGENTS)
def test_a_step_that_both_terminates_and_meets_the_limit_does_not_bootstrap(agent):
    mdp = MDP.from_P({0: {0: [(1.0, 1, 1.0, False)]}, 1: {0: [(1.0, 0, 1.0, True)]}})
    learned = train(agent, limited(mdp, 2), episodes=200, gamma=0.5, **constant(alpha=0.5))
    np.testing.assert_allclose(learned.arrays["q_values"], [[[1.5], [1.0]]], rtol=1e-9)


def test_visits_count_every_step():
    learned = train("sarsa", make_lake, range(2), episodes=200)
    assert learned.arrays["visits"].dtype == np.int64
    assert learned.arrays["visits"].sum(axis=(1, 2)).tolist() == learned.steps.tolist()
    assert (learned.arrays["visits"][:, LAKE.terminal] == 0).all()
    mdp = MDP.from_P({0: {0: [(1.0, 0, 0.0, True)], 1: [(1.0, 0, 1.0, True)]}}, initial=[1.0])
    learned = train("q_learning", limited(mdp, 9), episodes=50)
    paid = int(learned.episode_returns[0].sum())
    assert learned.arrays["visits"].tolist() == [[[50 - paid, paid]]]


# The same numbers on every path


@pytest.mark.parametrize("make_env", [make_lake, make_large_lake, make_short_lake])
@pytest.mark.parametrize("agent", AGENTS)
def test_kernel_and_step_agree_in_every_bit(agent, make_env):
    settings = {"episodes": 400, "final_epsilon": 0.2, "checkpoints": 3}  # in 150 luck may leave the goal unseen
    kernel = train(agent, make_env, [3, 2**70], driver="kernel", **settings)
    assert_same(kernel, train(agent, make_env, [3, 2**70], driver="step", **settings))
    assert len(np.unique(np.concatenate(kernel.episode_returns))) > 1


@pytest.mark.parametrize(
    ("agent", "changes"),
    [*((agent, {"exploration": "noise"}) for agent in NOISY), ("monte_carlo", {"step_size": "average"})],
)
def test_kernel_and_step_agree_in_every_other_mode(agent, changes):
    settings = {"episodes": 150, "checkpoints": 2, **changes}
    kernel = train(agent, make_lake, [4], driver="kernel", **settings)
    assert_same(kernel, train(agent, make_lake, [4], driver="step", **settings))


SMALL = {"episodes": 200, "checkpoints": 2}

IN_A_PROCESS = f"""
import sys
{{before}}
sys.path.insert(0, {str(ROOT)!r})
from tests.agents.test_tabular import AGENTS, SMALL, digest, make_lake, train, compiles
assert not compiles()
for agent in AGENTS:
    print(digest(train(agent, make_lake, [5, 6], driver="kernel", **SMALL)))
"""


def compiles():
    return tabular._kernel(tabular.Rule(), epsilon_greedy)[1]


@pytest.mark.parametrize("without", ["jit", "numba"])
def test_compiled_or_not_the_kernel_gives_the_same_bits(without):
    if not compiles():
        pytest.skip("Numba is missing or told not to compile: there is nothing to compare with")
    before = 'sys.modules["numba"] = None' if without == "numba" else ""
    env = os.environ | ({"NUMBA_DISABLE_JIT": "1"} if without == "jit" else {})
    command = [sys.executable, "-c", IN_A_PROCESS.format(before=before)]
    result = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    compiled = [digest(train(agent, make_lake, [5, 6], driver="kernel", **SMALL)) for agent in AGENTS]
    assert result.stdout.split() == compiled
    assert len(set(compiled)) == len(AGENTS)


def test_kernels_of_several_processes_do_not_call_each_others_functions(tmp_path):
    """Each process compiles one of two kernels alike but for a constant deep inside; the third has both from disk."""
    if not compiles():
        pytest.skip("Numba is missing or told not to compile: there are no kernels")
    (tmp_path / "twins.py").write_text(
        "from minigym.vector.compiling import digest, kernel\n"
        "def twin(constant):\n"
        "    def inner(n, total):\n"
        "        for k in range(n):\n"
        + "            total += k * constant if total % 7 else constant\n            total %= 1009\n"
        * 60
        + "        return total\n"
        "    def outer(n):\n"
        "        total = 0\n"
        + "        total = inner(n, total + 1)\n"
        * 9  # too long and too often called to be put in its place
        + "        return total\n"
        "    return outer, kernel(outer, digest(outer))\n"
        "def show(*constants):\n"
        "    for constant in constants:\n"
        "        plain, compiled = twin(constant)\n"
        "        assert plain(9) == compiled(9), constant\n"
        "        print(len(compiled.stats.cache_hits))\n"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])}
    for constants, hits in (("3", ["0"]), ("5", ["0"]), ("3, 5", ["1", "1"])):
        command = [sys.executable, "-c", f"from twins import show; show({constants})"]
        result = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
        assert result.returncode == 0, result.stderr
        assert result.stdout.split() == hits


@pytest.mark.parametrize("agent", AGENTS)
def test_gymnasiums_lake_gives_the_same_numbers(agent):
    """It draws from the same stream as the table; only the exact figures are missing, as it has no table of ours."""
    theirs = train(agent, lambda: gymnasium.make("FrozenLake-v1"), [2], episodes=100, checkpoints=2)
    ours = train(agent, make_lake, [2], episodes=100, checkpoints=2)
    assert set(ours.checkpoints) == {"episodes", "exact_success", "exact_return", "exploring_success"}
    assert set(theirs.checkpoints) == {"episodes"}
    assert digest(theirs) == digest(ours)


@pytest.mark.parametrize("agent", AGENTS)
def test_a_seed_gives_the_same_run_alone_or_among_others_on_any_number_of_threads(agent):
    """The exact figures as well, to the last bit."""
    among = train(agent, make_lake, [7, 8, 9, 10, 11], threads=4, **SMALL)
    alone = train(agent, make_lake, [9], threads=1, **SMALL)
    again = train(agent, make_lake, [9, 7], threads=2, **SMALL)
    for learned, index in ((among, 2), (again, 0)):
        for name, array in alone.arrays.items():
            np.testing.assert_array_equal(learned.arrays[name][index], array[0])
        np.testing.assert_array_equal(learned.episode_returns[index], alone.episode_returns[0])
        for name in ("exact_success", "exact_return", "exploring_success"):
            np.testing.assert_array_equal(learned.checkpoints[name][index], alone.checkpoints[name][0])
    assert len({table.tobytes() for table in among.arrays["q_values"]}) == 5


def test_the_streams_of_a_hundred_runs_are_a_hundred():
    """The first two actions' numbers and the worlds' first two, of both purposes: 400 of 64 bits (equal: 4e-15)."""
    numbers = []
    for seed in range(100):
        (world_seed,) = streams.integers(seed, streams.TRAIN)
        numbers += streams.generator(seed, streams.AGENT).integers(0, 2**63, 2).tolist()
        numbers += np.random.default_rng(world_seed).integers(0, 2**63, 2).tolist()
    assert len(set(numbers)) == 400
    # Firm ice leaves nothing to the world's stream, so there the runs differ by the agent's; and the other way round.
    for make_env, actions in ((make_firm_lake, 4), (limited(coin(), 64), 1)):
        learned = train("expected_sarsa", make_env, range(100), episodes=60, checkpoints=1, **constant(epsilon=1.0))
        assert learned.arrays["visits"].shape[2] == actions
        assert len({lengths.tobytes() for lengths in learned.episode_lengths}) == 100


@pytest.mark.parametrize("agent", AGENTS)
def test_how_often_the_loop_stops_to_ask_changes_nothing(agent, monkeypatch):
    many = train(agent, make_lake, [0, 1], episodes=200, checkpoints=20)
    monkeypatch.setattr(tabular, "_PATIENCE", 0.0)
    assert_same(many, train(agent, make_lake, [0, 1], episodes=200, checkpoints=20))
    monkeypatch.setattr(tabular, "_PATIENCE", 1e9)
    monkeypatch.setattr(tabular, "_SNAPSHOTS", 3 * 2 * 64)
    assert_same(many, train(agent, make_lake, [0, 1], episodes=200, checkpoints=20))


@pytest.mark.parametrize("agent", AGENTS)
def test_rewards_doubled_are_values_doubled(agent):
    """A power of two scales every sum exactly, and no choice compares a value with anything but values."""
    doubled = MDP(
        LAKE.probability, LAKE.next_state, 4.0 * LAKE.reward, LAKE.terminated, LAKE.initial, LAKE.num_outcomes
    )
    one, four = (train(agent, limited(mdp, 100), [1], episodes=300) for mdp in (LAKE, doubled))
    assert one.arrays["q_values"].any()
    np.testing.assert_array_equal(four.arrays["q_values"], 4 * one.arrays["q_values"])
    np.testing.assert_array_equal(four.arrays["visits"], one.arrays["visits"])
    np.testing.assert_array_equal(four.checkpoints["exact_success"], 4 * one.checkpoints["exact_success"])


@pytest.mark.parametrize("agent", AGENTS)
def test_relabelled_states_are_the_same_run_with_other_names(agent):
    """No draw depends on a state's number, where there is one start."""
    order = np.random.default_rng(3).permutation(16)  # the new number of each state
    old = np.argsort(order)
    renamed = MDP(
        LAKE.probability[old],
        order[LAKE.next_state][old],
        LAKE.reward[old],
        LAKE.terminated[old],
        LAKE.initial[old],
        LAKE.num_outcomes[old],
    )
    one, other = (train(agent, limited(mdp, 100), [1], episodes=300) for mdp in (LAKE, renamed))
    assert one.arrays["q_values"].any()
    for name, array in one.arrays.items():
        np.testing.assert_array_equal(np.take(other.arrays[name], order, axis=-2), array)
    np.testing.assert_allclose(other.checkpoints["exact_success"], one.checkpoints["exact_success"], rtol=1e-12)


# Exact figures


def test_the_exploring_policys_worth_is_exact():
    """Before the first episode with epsilon 1, after the last with its epsilon: computed anew, one by one."""
    settings = {"episodes": 800, "checkpoints": 4, "initial_epsilon": 1.0, "final_epsilon": 0.2}
    learned = train("q_learning", make_lake, range(3), **settings)
    epsilons = importlib.import_module("agents.q_learning").Config(**settings).epsilons()
    exploring = learned.checkpoints["exploring_success"]
    np.testing.assert_allclose(exploring[:, 0], 0.01394, atol=1e-5)
    for index, q_values in enumerate(learned.arrays["q_values"]):
        assert epsilons[-1] == 0.2
        policy = 0.8 * planning.greedy_policy(q_values) + 0.2 / 4
        assert exploring[index, -1] == pytest.approx(planning.policy_return(LAKE, policy, horizon=100), rel=1e-12)
    halfway = train("q_learning", make_lake, range(3), progress=Stopped(), **settings)
    assert halfway.checkpoints["episodes"].tolist() == [0, 200]
    policy = (1 - epsilons[200]) * planning.greedy_policy(halfway.arrays["q_values"][0]) + epsilons[200] / 4
    worth_it = planning.policy_return(LAKE, policy, horizon=100)
    assert exploring[0, 1] == pytest.approx(worth_it, rel=1e-12)


class Stopped(Progress):
    """Asks to stop at once."""

    def update(self, amount, **figures):
        self.stop = True


def test_of_a_policy_that_explores_by_noise_only_the_greedy_worth_is_known():
    learned = train("sarsa", make_lake, episodes=50, exploration="noise")
    assert set(learned.checkpoints) == {"episodes", "exact_success", "exact_return"}


def test_ties_share_the_probability():
    q_values = np.array([[[1.0, 1.0, 0.0, 1.0], [0.0, 2.0, 0.0, 0.0]]])
    shares = acting.exploring_policy(planning.greedy_policy(q_values), np.array([0.4]))
    np.testing.assert_allclose(shares, [[[0.3, 0.3, 0.1, 0.3], [0.1, 0.7, 0.1, 0.1]]], rtol=1e-15)


@pytest.mark.parametrize("map_name", ["4x4", "8x8", None])
def test_the_worth_of_many_policies_is_that_of_each(map_name):
    """Against planning's own sums, on maps small enough for matrices and on one that is not (13 x 13)."""
    desc = minigym.envs.frozen_lake.generate_random_map(13, seed=0) if map_name is None else None
    mdp = minigym.make("FrozenLake-v1", desc=desc, map_name=map_name).mdp
    policies = np.random.default_rng(0).dirichlet([0.3] * 4, (6, mdp.num_states))
    for horizon in (1, 2, 100, 137):
        expected = planning.policy_return(mdp, policies, horizon=horizon)
        np.testing.assert_allclose(worth.return_within(mdp, policies, horizon), expected, rtol=1e-11, atol=1e-300)
    for gamma in (0.95, 1.0):
        expected = planning.policy_value(mdp, policies, gamma=gamma)[:, 0]
        np.testing.assert_allclose(worth.discounted_return(mdp, policies, gamma), expected, rtol=1e-12)


@pytest.mark.parametrize("map_name", ["4x4", "8x8", None])
def test_the_worth_of_a_policy_is_the_same_alone_or_among_many(map_name):
    """To the last bit, where each state may be the first and no reward is 0: sums of hundreds of numbers."""
    desc = minigym.envs.frozen_lake.generate_random_map(13, seed=0) if map_name is None else None
    lake = minigym.make("FrozenLake-v1", desc=desc, map_name=map_name).mdp
    rng = np.random.default_rng(1)
    reward, initial = rng.normal(size=lake.reward.shape), rng.dirichlet(np.ones(lake.num_states))
    mdp = MDP(lake.probability, lake.next_state, reward, lake.terminated, initial, lake.num_outcomes)
    policies = rng.dirichlet([0.3] * 4, (301, lake.num_states))
    for figure, number in ((worth.return_within, 100), (worth.discounted_return, 0.95), (worth.discounted_return, 1.0)):
        among = figure(mdp, policies, number)
        assert len(set(among)) == 301
        for many in (1, 2, 7, 150):
            for first in (0, 5, 200):
                few = figure(mdp, policies[first : first + many], number)
                np.testing.assert_array_equal(few, among[first : first + many])


def test_policies_without_repetition():
    tables = np.array([[[[1, 2]], [[3, 4]]], [[[3, 4]], [[1, 2]]], [[[1, 2]], [[2, 1]]]])
    once, place = worth.distinct(tables)
    assert once.tolist() == [[[1, 2]], [[3, 4]], [[2, 1]]]
    assert place.tolist() == [[0, 1], [1, 0], [0, 2]]


def test_the_worth_counts_rewards_on_the_way_and_several_starts():
    """Terminated outcomes into a state that others enter going on: that state is not the end itself."""
    rows = {0: {0: [(0.5, 1, -1.0, False), (0.5, 1, 3.0, True)]}, 1: {0: [(1.0, 0, 2.0, False)]}}
    mdp = MDP.from_P(rows, initial=[0.25, 0.75])
    policies = np.ones((1, 2, 1))
    # v1(0) = 1, v1(1) = 2; v2(0) = 1 + v1(1)/2 = 2, v2(1) = 2 + v1(0) = 3; v3(0) = 2.5, v3(1) = 4.
    for horizon, values in ((1, (1, 2)), (2, (2, 3)), (3, (2.5, 4))):
        np.testing.assert_allclose(worth.return_within(mdp, policies, horizon), [values @ mdp.initial])


# Any environment with numbered observations and actions


class Corridor(gymnasium.Env):
    """Gymnasium's kind, without a table: five places in a row, the right end pays 1."""

    observation_space = gymnasium.spaces.Discrete(5)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.place = 0
        return np.int64(0), {}

    def step(self, action):
        self.place = max(0, self.place + (1 if action == 1 else -1))
        return np.int64(self.place), float(self.place == 4), self.place == 4, False, {}


@pytest.mark.parametrize("agent", AGENTS)
def test_an_environment_without_a_table_is_learned_by_playing(agent, tmp_path):
    run = agents.train(agent, Corridor, seeds=2, episodes=300, **constant(0.5, 0.2))
    assert run.q_values.shape == (2, 5, 2)
    assert [run.policy(1)(place) for place in range(4)] == [1, 1, 1, 1]
    assert run.final_scores.tolist() == [[1.0] * 100] * 2
    with pytest.raises(AttributeError, match="exact_success is known only where a tabular agent learned on a table"):
        _ = run.exact_success
    run.save(tmp_path / "run")
    loaded = agents.load(tmp_path / "run", env=Corridor)
    np.testing.assert_array_equal(loaded.q_values, run.q_values)
    np.testing.assert_array_equal(loaded.learned.arrays["visits"], run.learned.arrays["visits"])


@pytest.mark.parametrize("agent", AGENTS)
def test_every_agent_is_trained_saved_and_loaded_through_the_front_door(agent, tmp_path):
    run = agents.train(agent, "FrozenLake-v1", seeds=[3, 5], episodes=200, checkpoints=4)
    assert run.q_values.shape == run.learned.arrays["visits"].shape == (2, 16, 4)
    assert run.exact_success.shape == run.learned.checkpoints["exploring_success"].shape == (2, 5)
    run.save(tmp_path / "run")
    loaded = agents.load(tmp_path / "run")
    assert_same(loaded.learned, run.learned)
    assert loaded.config == run.config
    assert loaded.policy(1)(np.arange(16)).tolist() == run.q_values[1].argmax(axis=-1).tolist()


class Renumbered(minigym.ObservationWrapper):
    """States counted backwards: as many, so only the wrapper tells that the table is not the agent's."""

    def observation(self, observation):
        return 15 - observation


def test_a_wrapper_that_renumbers_states_hides_the_table():
    renumbered = train("q_learning", lambda: Renumbered(make_lake()), [0], episodes=200)
    plain = train("q_learning", make_lake, [0], episodes=200)
    np.testing.assert_array_equal(renumbered.arrays["q_values"], plain.arrays["q_values"][:, ::-1])
    assert set(renumbered.checkpoints) == {"episodes"}
    for changing in (
        lambda: wrappers.TransformAction(make_lake(), lambda action: 3 - action, spaces.Discrete(4)),
        lambda: wrappers.RepeatAction(make_lake(), 2),
        lambda: wrappers.StickyAction(make_lake(), 0.5),
    ):
        assert set(train("q_learning", changing, [0], episodes=5).checkpoints) == {"episodes"}


def coarse_pole():
    bound = np.array([2.4, 3.0, 0.21, 3.5], np.float32)
    env = minigym.make("CartPole-v1")
    env = wrappers.TransformObservation(env, lambda x: np.clip(x, -bound, bound), spaces.Box(-bound, bound))
    return wrappers.DiscretizeObservation(env, bins=10)


def test_a_pole_in_cells_can_be_learned_and_is_the_wrong_thing_to_do():
    """Of 10,000 cells few are ever seen, and what is learned in one says nothing of its neighbour. Fixed seeds."""
    run = agents.train("q_learning", coarse_pole, seeds=2, episodes=300)
    assert run.q_values.shape == (2, 10_000, 2)
    assert (run.learned.arrays["visits"].sum(axis=2) > 0).mean() < 0.1
    assert run.final_scores.mean() > 30  # random play lasts 22 steps
    assert not run.solved.any()


@pytest.mark.parametrize("agent", AGENTS)
def test_spaces_that_are_not_numbers_are_refused(agent):
    with pytest.raises(error.InvalidParameter, match=r'numbered observations.*Box.*DiscretizeObservation.*train "dqn"'):
        agents.train(agent, "CartPole-v1", episodes=1)


def test_other_numberings_are_refused():
    class Shifted(Corridor):
        observation_space = gymnasium.spaces.Discrete(5, start=1)

    class Pressed(Corridor):
        action_space = gymnasium.spaces.MultiBinary(2)

    with pytest.raises(error.InvalidParameter, match=r"observations numbered from 0.*subtracts 1"):
        train("sarsa", Shifted, episodes=1)
    with pytest.raises(error.InvalidParameter, match="needs numbered actions"):
        train("sarsa", Pressed, episodes=1)


@pytest.mark.parametrize("agent", AGENTS)
def test_without_a_discount_a_table_without_values_is_refused(agent):
    mdp = MDP.from_P({0: {0: [(1.0, 0, 1.0, False)]}})
    with pytest.raises(error.InvalidParameter, match="gamma=1 needs episodes that end"):
        train(agent, limited(mdp, 50), gamma=1.0)
