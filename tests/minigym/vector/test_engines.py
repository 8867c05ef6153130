"""The batch engines "numba" and "numpy" beside SyncVectorEnv and single environments: every bit is the same."""

import copy
import gc
import json
import pickle
import threading

import gymnasium
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2

import minigym
from minigym import error
from minigym.dynamics import cart_pole
from minigym.vector import AutoresetMode
from tests import strategies
from tests.minigym.vector.compare import (
    assert_goes_on_alike,
    assert_same,
    calls,
    child,
    play_both,
    reset,
    side_by_side,
    streams,
)

MODES = ["NextStep", "SameStep", "Disabled"]
ENGINES = ["numba", "numpy"]
both_engines = pytest.mark.parametrize("backend", ENGINES)
all_modes = pytest.mark.parametrize("mode", MODES)

POLE, LAKE, CAR = minigym.envs.CartPoleEnv, minigym.envs.FrozenLakeEnv, minigym.envs.MountainCarEnv
BATCHES = {
    POLE: minigym.vector.CartPoleVectorEnv,
    LAKE: minigym.vector.FrozenLakeVectorEnv,
    CAR: minigym.vector.MountainCarVectorEnv,
    minigym.TabularEnv: minigym.vector.TabularVectorEnv,
}
OTHER_POLE = {
    "kinematics_integrator": "semi-implicit",
    "gravity": 3.7,
    "masscart": 2,
    "masspole": 0.3,
    "length": 0.8,
    "force_mag": 7.5,
    "tau": 0.03,
    "theta_threshold_radians": 0.15,
    "x_threshold": 1.5,
}
# The last tile is drawn where rounding leaves none: three starts of probability 1/3 each.
THREE_STARTS = ["SFFS", "FHFH", "FFFG", "SFGF"]
CASES = {
    "pole": (POLE, {}),
    "pole, Sutton and Barto's reward": (POLE, {"sutton_barto_reward": True}),
    "another pole": (POLE, OTHER_POLE),
    "lake": (LAKE, {}),
    "large lake": (LAKE, {"map_name": "8x8"}),
    "firm lake": (LAKE, {"is_slippery": False}),
    "less slippery lake": (LAKE, {"success_rate": 0.8}),
    "lake with other rewards": (LAKE, {"reward_schedule": (2.5, -1.0, -0.1)}),
    "lake with three starts": (LAKE, {"desc": THREE_STARTS}),
    "car": (CAR, {}),
    # Within reach of where it starts, so that episodes end there.
    "car near its goal": (CAR, {"goal_position": -0.42}),
}


def engine(case, backend, num_envs, limit=None, mode="NextStep", **kwargs):
    """The batch of a case that an engine computes."""
    kind, arguments = CASES[case]
    return BATCHES[kind](num_envs, limit, backend=backend, autoreset_mode=mode, **{**arguments, **kwargs})


def lanes(case, num_envs, limit=None, mode="NextStep", **kwargs):
    """The same batch as single environments."""
    kind, arguments = CASES[case]
    return side_by_side(lambda lane: kind(**arguments, **kwargs), num_envs, limit, autoreset_mode=mode)


def random_steps(envs, num_steps, rng):
    """Steps of random actions, as ``play_both`` takes them."""
    shape = (num_steps, envs.num_envs)
    return [("step", actions) for actions in rng.integers(envs.single_action_space.n, size=shape)]


def first_reset(seed):
    return ("reset", {"seed": seed, "options": None, "mask": None})


# Beside SyncVectorEnv -----------------------------------------------------------------------------------------------


@both_engines
@all_modes
@settings(max_examples=60)
@given(data=st.data())
def test_any_sequence_of_calls_gives_what_single_environments_give(backend, mode, data):
    """Seeds of every width, bounds, masks in the midst of episodes; limits let lanes end that masks set apart."""
    case = data.draw(st.sampled_from(list(CASES)), "case")
    num_envs = data.draw(st.sampled_from([1, 2, 3, 7]), "num_envs")
    limit = data.draw(st.none() | st.integers(1, 12), "limit")
    threads = data.draw(st.integers(1, 3), "num_threads") if backend == "numba" else 1
    ours = engine(case, backend, num_envs, limit, mode, num_threads=threads)
    theirs = lanes(case, num_envs, limit, mode)
    num_actions = int(theirs.single_action_space.n)
    sequence = data.draw(calls(num_envs, num_actions, CASES[case][0] is not LAKE, strategies.wide_seeds), "calls")
    play_both(ours, theirs, sequence)
    assert streams(ours) == streams(theirs)
    assert ours.np_random_seed == theirs.np_random_seed


@both_engines
@all_modes
@settings(max_examples=40)
@given(data=st.data())
def test_any_mdp_gives_what_single_environments_give(backend, mode, data):
    mdp = data.draw(strategies.mdps(), "mdp")
    num_envs = data.draw(st.sampled_from([1, 2, 5]), "num_envs")
    limit = data.draw(st.none() | st.integers(1, 6), "limit")
    ours = minigym.vector.TabularVectorEnv(num_envs, limit, backend=backend, autoreset_mode=mode, mdp=mdp)
    theirs = side_by_side(lambda lane: minigym.TabularEnv(mdp), num_envs, limit, autoreset_mode=mode)
    play_both(ours, theirs, data.draw(calls(num_envs, mdp.num_actions, False, strategies.wide_seeds), "calls"))
    assert streams(ours) == streams(theirs)


@both_engines
def test_where_rounding_leaves_no_outcome_it_is_the_first_one(backend):
    """As if the running sums ended at a half: by chance it would happen once in a hundred million steps."""
    mdp = minigym.MDP(
        probability=np.full((3, 2, 2), 0.5),
        next_state=np.array([[[0, 1], [1, 2]]] * 3),
        reward=np.arange(12).reshape(3, 2, 2),
        terminated=np.zeros((3, 2, 2), np.bool_),
        initial=np.array([0.0, 0.5, 0.5]),
    )
    mdp.__dict__["cumulative"] = mdp.cumulative / 2  # where cached_property looks
    mdp.__dict__["tables"] = mdp.tables._replace(start_sums=mdp.tables.start_sums / 2)
    ours = minigym.vector.TabularVectorEnv(50, 5, backend=backend, mdp=mdp)
    theirs = side_by_side(lambda lane: minigym.TabularEnv(mdp), 50, 5)
    first = reset(ours, 1, None, None)
    assert set(first[0].tolist()) == {0, 1, 2}
    assert_same(first, reset(theirs, 1, None, None))
    assert_goes_on_alike(ours, theirs, np.random.default_rng(0))


@both_engines
def test_a_number_that_equals_a_running_sum_draws_what_comes_after_it(backend):
    first, second = np.random.default_rng(8).random(2)
    mdp = minigym.MDP(
        probability=np.array([[[second, 1 - second]]] * 2),
        next_state=np.array([[[0, 1]]] * 2),
        reward=np.zeros((2, 1, 2)),
        terminated=np.zeros((2, 1, 2), np.bool_),
        initial=np.array([first, 1 - first]),
    )
    envs = minigym.vector.TabularVectorEnv(1, backend=backend, mdp=mdp)
    single = minigym.TabularEnv(mdp)
    assert envs.reset(seed=8)[0].tolist() == [single.reset(seed=8)[0]] == [1]
    assert envs.step([0])[0].tolist() == [single.step(0)[0]] == [1]


@both_engines
@all_modes
@pytest.mark.parametrize("case", ["pole", "lake", "car near its goal"])
def test_a_thousand_lanes_give_what_single_environments_give(backend, mode, case):
    """Episodes end at the limit and before it, at different times in different lanes; so masks set lanes apart."""
    limit, threads = 25, {"num_threads": 3} if backend == "numba" else {}
    ours, theirs = engine(case, backend, 1000, limit, mode, **threads), lanes(case, 1000, limit, mode)
    rng = np.random.default_rng(5)
    masked = ("reset", {"seed": 2**64 - 500, "options": None, "mask": (rng.random(1000) < 0.3).tolist()})
    steps = random_steps(ours, 55, rng)
    assert play_both(ours, theirs, [first_reset(2**32 - 500), *steps[:8], masked, *steps[8:]]) > 1000
    assert streams(ours) == streams(theirs)


@both_engines
@all_modes
@pytest.mark.parametrize("case", list(CASES))
def test_each_lane_is_the_single_environment_with_its_seed(backend, mode, case):
    """Observations, rewards, flags and infos of lane i are those of an environment seeded with seed + i."""
    num_envs, seed, limit = 301, 2**32 - 150, 30
    envs = engine(case, backend, num_envs, limit, mode)
    kind, arguments = CASES[case]
    singles = {lane: minigym.wrappers.TimeLimit(kind(**arguments), limit) for lane in (0, 1, 149, 150, 255, 256, 300)}
    observations, infos = envs.reset(seed=seed)
    over = np.zeros(num_envs, np.bool_)

    def assert_is(lane, observation, info):
        assert np.array_equal(observations[lane], observation)
        assert set(infos) - {"final_obs", "_final_obs", "final_info", "_final_info"} == {
            key for name in info for key in (name, f"_{name}")
        }
        assert all(infos[key][lane] == value and infos[f"_{key}"][lane] for key, value in info.items())

    for lane, env in singles.items():
        assert_is(lane, *env.reset(seed=seed + lane))
    rng = np.random.default_rng(1)
    for _ in range(70):
        if mode == "Disabled" and over.any():
            observations, infos = envs.reset(options={"reset_mask": over})
            for lane, env in singles.items():
                if over[lane]:
                    assert_is(lane, *env.reset())
        actions = rng.integers(envs.single_action_space.n, size=num_envs)
        observations, rewards, terminations, truncations, infos = envs.step(actions)
        for lane, env in singles.items():
            if mode == "NextStep" and over[lane]:
                (observation, info), reward, terminated, truncated = env.reset(), 0.0, False, False
            else:
                observation, reward, terminated, truncated, info = env.step(int(actions[lane]))
            if mode == "SameStep" and (terminated or truncated):
                assert np.array_equal(infos["final_obs"][lane], observation)
                assert all(infos["final_info"][key][lane] == value for key, value in info.items())
                observation, info = env.reset()
            assert_is(lane, observation, info)
            assert (rewards[lane], terminations[lane], truncations[lane]) == (reward, terminated, truncated)
        over = terminations | truncations


@all_modes
def test_both_engines_give_the_same_at_any_length(mode):
    """A longer run than single environments have time for."""
    for case in ("another pole", "lake with three starts", "car"):
        ours, theirs = (engine(case, backend, 513, 60, mode) for backend in ENGINES)
        play_both(ours, theirs, [first_reset(9), *random_steps(ours, 250, np.random.default_rng(2))])
        assert streams(ours) == streams(theirs)


def test_the_classes_say_what_sync_vector_env_says():
    for case in CASES:
        ours, theirs = engine(case, None, 3, 20, "SameStep"), lanes(case, 3, 20, "SameStep")
        for name in ("num_envs", "closed", "render_mode", "spec", "autoreset_mode", "metadata", "np_random_seed"):
            assert getattr(ours, name) == (getattr(theirs, name) if name != "np_random_seed" else (None,) * 3)
        for name in ("action_space", "observation_space", "single_action_space", "single_observation_space"):
            assert getattr(ours, name) == getattr(theirs, name)
            assert str(getattr(ours, name)) == str(getattr(theirs, name))
        assert ours.unwrapped is ours
        assert repr(ours) == f"{type(ours).__name__}(num_envs=3)"
    assert BATCHES[POLE](2).autoreset_mode is AutoresetMode.NEXT_STEP


# Lanes with parameters of their own ----------------------------------------------------------------------------------


def parameters_of_lanes(params_strategy, names):
    """Parameters for each of 1 to 5 lanes, some of them alike in all."""

    def chosen(params_of, shared):
        return [p._replace(**{name: getattr(params_of[0], name) for name in shared}) for p in params_of]

    return st.builds(
        chosen, st.lists(params_strategy, min_size=1, max_size=5), st.sets(st.sampled_from(names), max_size=len(names))
    )


POLE_NAMES = [name for name in cart_pole.Params._fields if name != "semi_implicit"]


@both_engines
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
@settings(max_examples=30)
@given(data=st.data())
def test_poles_that_differ_give_what_single_environments_give(backend, mode, data):
    params_of = data.draw(parameters_of_lanes(strategies.cart_pole_params, POLE_NAMES), "parameters")
    integrator = cart_pole.INTEGRATORS[params_of[0].semi_implicit]
    columns = {name: np.array([getattr(params, name) for params in params_of]) for name in POLE_NAMES}
    mixed = {name: column if len(set(map(repr, column))) > 1 else column[0].item() for name, column in columns.items()}
    ours = BATCHES[POLE](
        len(params_of), 9, backend=backend, autoreset_mode=mode, kinematics_integrator=integrator, **mixed
    )
    theirs = side_by_side(
        lambda lane: POLE(
            kinematics_integrator=integrator, **{name: getattr(params_of[lane], name) for name in POLE_NAMES}
        ),
        len(params_of),
        9,
        autoreset_mode=mode,
        observation_mode="different",
    )
    assert ours.observation_space == theirs.observation_space
    assert str(ours.observation_space) == str(theirs.observation_space)
    assert ours.single_observation_space == theirs.single_observation_space
    for name in POLE_NAMES:
        assert_same(ours.get_attr(name), theirs.get_attr(name))
    play_both(ours, theirs, data.draw(calls(len(params_of), 2, True, strategies.wide_seeds), "calls"))
    assert streams(ours) == streams(theirs)


@both_engines
def test_cars_that_differ_give_what_single_environments_give(backend):
    rng = np.random.default_rng(4)
    columns = {
        "max_speed": rng.uniform(0.03, 0.1, 300),
        "goal_position": rng.uniform(-0.45, 0.0, 300),
        "force": rng.uniform(0.001, 0.01, 300),
        "gravity": rng.uniform(-0.003, 0.003, 300),
        "min_position": rng.uniform(-1.0, -0.6, 300),
    }
    ours = BATCHES[CAR](300, 30, backend=backend, goal_velocity=0.001, **columns)
    theirs = side_by_side(
        lambda lane: CAR(goal_velocity=0.001, **{name: column[lane] for name, column in columns.items()}),
        300,
        30,
        observation_mode="different",
    )
    assert ours.observation_space == theirs.observation_space
    assert play_both(ours, theirs, [first_reset(1), *random_steps(ours, 80, rng)]) > 100


@both_engines
def test_parameters_of_lanes_may_be_integers_and_are_no_longer_the_callers(backend):
    lengths = np.array([1, 2, 1], np.int32)
    ours = BATCHES[POLE](3, backend=backend, length=lengths)
    theirs = side_by_side(lambda lane: POLE(length=float([1, 2, 1][lane])), 3)
    assert_same(ours.reset(seed=0), theirs.reset(seed=0))
    lengths[:] = 7
    assert_goes_on_alike(ours, theirs, np.random.default_rng(0))
    assert ours.get_attr("length") == (1.0, 2.0, 1.0)


@both_engines
@pytest.mark.parametrize(
    ("kind", "arguments", "message"),
    [
        (POLE, {"gravity": np.ones(3)}, r"gravity must be a number, or an array of one number for each of the 2 lanes"),
        (POLE, {"gravity": np.ones((2, 1))}, r"gravity .*each of the 2 lanes, got shape \(2, 1\)"),
        (POLE, {"gravity": np.array([1.0, np.nan])}, "gravity must be finite in every lane"),
        (POLE, {"masspole": np.array([1.0, -2.0])}, r"masspole must be above 0, got -2\.0"),
        (POLE, {"masspole": np.array([-3.0, 2.0])}, r"masspole must be above 0, got -3\.0"),
        (POLE, {"gravity": [1.0, 2.0]}, "gravity must be a number, got"),
        (POLE, {"gravity": np.array([True, False])}, "gravity must be a number"),
        (POLE, {"gravity": np.array(["1", "2"])}, "gravity must be a number"),
        (LAKE, {"success_rate": np.array([0.5, 0.8])}, "only physical parameters may differ"),
    ],
)
def test_parameters_that_no_lanes_can_have_are_refused(backend, kind, arguments, message):
    with pytest.raises(error.InvalidParameter, match=message):
        BATCHES[kind](2, backend=backend, **arguments)


# Threads and memory -------------------------------------------------------------------------------------------------


@all_modes
@pytest.mark.parametrize("case", ["pole", "lake"])
def test_threads_change_no_bit(case, mode):
    """Lanes are shared out in blocks of 256: 700 lanes are three blocks, the last one short; 768 three whole ones."""
    for threads, num_envs in ((2, 700), (3, 768), (5, 700)):
        alone, together = (engine(case, "numba", num_envs, 25, mode, num_threads=count) for count in (1, threads))
        steps = random_steps(alone, 60, np.random.default_rng(3))
        mask = (np.arange(num_envs) % 4 == 0).tolist()
        masked = ("reset", {"seed": 2**70, "options": None, "mask": mask})
        before = set(threading.enumerate())
        assert play_both(together, alone, [first_reset(7), *steps[:20], masked, *steps[20:]]) > 700
        helpers = set(threading.enumerate()) - before
        assert 1 <= len(helpers) < threads
        assert streams(together) == streams(alone)


@pytest.mark.parametrize("case", ["pole", "lake"])
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_ends_in_the_last_threads_lanes_alone_are_no_less_seen(case, mode):
    together, alone = (engine(case, "numba", 600, 3, mode, num_threads=count) for count in (3, 1))
    for envs in (together, alone):
        envs.reset(seed=0)
        envs.step([3 * (case == "lake")] * 600)
        envs.reset(options={"reset_mask": np.arange(600) < 550})
    for _ in range(3):
        assert_same(together.step([0] * 600), alone.step([0] * 600))


@both_engines
@all_modes
@pytest.mark.parametrize("case", ["pole", "lake"])
def test_results_are_the_callers_own(backend, mode, case):
    """Nothing that was returned changes later, nor changes what comes when the caller changes it."""
    envs, twin = (engine(case, backend, 5, 6, mode) for _ in range(2))
    kept, frozen = [], []

    def keep(result):
        kept.append(result)
        frozen.append(copy.deepcopy(result))

    keep(envs.reset(seed=0))
    twin.reset(seed=0)
    rng = np.random.default_rng(0)
    for _ in range(20):
        actions = rng.integers(envs.single_action_space.n, size=5)
        result, expected = envs.step(actions), twin.step(actions)
        assert_same(result, expected)
        keep(result)
        for array in [*expected[:4], *[v for v in expected[4].values() if isinstance(v, np.ndarray)]]:
            array[...] = 0  # the twin goes on all the same
        if mode == "Disabled" and (result[2] | result[3]).any():
            over = result[2] | result[3]
            keep(reset(envs, None, None, over))
            reset(twin, None, None, over)
    assert len(kept) > 20
    for result, before in zip(kept, frozen, strict=True):
        assert_same(result, before)


@both_engines
@all_modes
@pytest.mark.parametrize("case", ["pole", "lake"])
def test_without_copies_the_same_arrays_come_back(backend, mode, case):
    envs, copying = (engine(case, backend, 5, 6, mode, copy=copies) for copies in (False, True))
    first = envs.reset(seed=0)
    assert_same(first, copying.reset(seed=0))
    rng = np.random.default_rng(0)
    steps, finals, expected_finals = [], [], []
    for _ in range(20):
        actions = rng.integers(envs.single_action_space.n, size=5)
        steps.append(envs.step(actions))
        expected = copying.step(actions)
        assert_same(steps[-1], expected)
        finals.append(steps[-1][4].get("final_obs"))
        expected_finals.append(expected[4].get("final_obs"))
        over = expected[2] | expected[3]
        if mode == "Disabled" and over.any():
            assert_same(reset(envs, None, None, over), reset(copying, None, None, over))
    assert_same(tuple(finals), tuple(expected_finals))  # those stay as they were
    assert all(step[0] is first[0] for step in steps)
    for part in range(4):
        assert all(step[part] is steps[0][part] for step in steps)


# What is refused ----------------------------------------------------------------------------------------------------

WRONG = [
    [0, 1],
    [0, 1, 0, 1],
    [[0], [1], [0]],
    0,
    None,
    "010",
    [0, 1, 2],
    [-1, 1, 0],
    [0, 2**62, 0],
    [0, 0, -(2**63)],
    np.array([0, 1, 2]),
    np.array([0, -1, 1]),
    np.array([0, 1, -(2**63)]),
    [0.0, 1.0, 0.0],
    [0, 1, 0.5],
    [0, 1, np.nan],
    np.array([0, 1, 1], np.float32),
    np.array([0, 1, 2**64 - 1], np.uint64),
    np.array([0, 1, 200], np.uint8),
    np.array([0, -1, 1], np.int8),
    np.array([0, 1, 1], object),
    np.array([0, 1, 1], complex),
    np.array([[0, 1, 1]]),
    np.array([0, 1, 2])[::-1],
    np.array([1, 1, 2], ">i8"),
]


@both_engines
@all_modes
def test_wrong_actions_are_refused_before_anything_moves(backend, mode):
    envs, twin = (engine("pole", backend, 3, mode=mode) for _ in range(2))
    for batch in (envs, twin):
        batch.reset(seed=0)
    for actions in WRONG:
        with pytest.raises(error.InvalidAction, match="expected"):
            envs.step(actions)
        assert_same(envs.step([1, 0, 1]), twin.step([1, 0, 1]))
        for batch in (envs, twin):  # from where the streams are
            batch.reset()


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("case", ["pole", "lake", "car"])
def test_one_wrong_action_among_many_holds_back_all_lanes(case, threads):
    """In any block, for any thread: the other threads must not have begun."""
    envs, twin = (engine(case, "numba", 900, num_threads=count) for count in (threads, 1))
    for batch in (envs, twin):
        batch.reset(seed=0)
    most = int(envs.single_action_space.n) - 1
    rng = np.random.default_rng(0)
    for lane in (0, 255, 256, 511, 512, 767, 768, 899):
        for wrong in (-1, most + 1, 2**63 - 1, -(2**63)):
            actions = rng.integers(most + 1, size=900)
            actions[lane] = wrong
            with pytest.raises(error.InvalidAction, match=f"lane {lane}: expected an action from 0 to {most}"):
                envs.step(actions)
        assert_goes_on_alike(envs, twin, rng, 1)


@both_engines
def test_integers_of_any_kind_are_accepted(backend):
    torch = pytest.importorskip("torch")
    envs, twin = (engine("lake", backend, 3) for _ in range(2))
    for batch in (envs, twin):
        batch.reset(seed=0)
    plain = np.array([1, 2, 3])
    read_only = plain.copy()
    read_only.setflags(write=False)
    for actions in (
        [1, 2, 3],
        (1, 2, 3),
        [np.int8(1), np.int16(2), np.uint8(3)],
        plain.astype(np.uint8),
        plain.astype(np.int32),
        plain.astype(np.uint64),
        plain.astype(">i8"),
        np.array([1, 0, 2, 0, 3])[::2],
        plain[::-1].copy()[::-1],
        read_only,
        torch.tensor(plain),
        np.array([(0, 1), (0, 2), (0, 3)], "u1,i8")["f1"],  # not aligned
    ):
        for _ in range(3):
            assert_same(envs.step(actions), twin.step(plain))


@both_engines
def test_bools_count_as_sync_vector_env_counts_them(backend):
    ours, theirs = engine("pole", backend, 2), lanes("pole", 2)
    ours.reset(seed=0), theirs.reset(seed=0)
    actions = np.array([True, False])
    assert_same(ours.step(actions), theirs.step(actions))


@both_engines
def test_calls_at_the_wrong_time_are_refused(backend):
    envs = engine("pole", backend, 2, render_mode="rgb_array")
    mask = {"reset_mask": np.array([True, False])}
    for call in (
        lambda: envs.step([0, 1]),
        lambda: envs.rollout("random", 3),
        lambda: envs.reset(options=mask),
        envs.render,
        lambda: envs.set_attr("state", np.zeros((2, 4))),
    ):
        with pytest.raises(error.ResetNeeded, match=r"call reset\(\) first"):
            call()
    envs.reset(seed=0)
    envs.step([0, 1])
    envs.reset(options=mask)
    envs.close()
    assert envs.closed
    envs.close()
    for call in (
        lambda: envs.step([0, 1]),
        lambda: envs.rollout("random", 3),
        envs.reset,
        lambda: envs.reset(seed=1, options=mask),
    ):
        with pytest.raises(error.ClosedEnvironmentError, match="the batch was closed; make another one"):
            call()


@both_engines
def test_no_lane_is_stepped_beyond_its_end_where_the_caller_resets(backend):
    envs, twin = (engine("pole", backend, 600, 4, "Disabled") for _ in range(2))
    for batch in (envs, twin):
        batch.reset(seed=0)
        batch.step([0] * 600)
        batch.reset(options={"reset_mask": ~np.isin(np.arange(600), [1, 299, 599])})
        for _ in range(3):
            _, _, terminations, truncations, _ = batch.step([1] * 600)
    assert np.flatnonzero(terminations | truncations).tolist() == [1, 299, 599]
    with pytest.raises(error.ResetNeeded, match=r"lanes \[1, 299, 599\] are over.*reset_mask"):
        envs.step([1] * 600)
    for batch in (envs, twin):
        batch.reset(options={"reset_mask": truncations})
    assert_same(envs.step([1] * 600), twin.step([1] * 600))


@both_engines
def test_a_reset_that_is_refused_moves_nothing(backend):
    envs, twin = (engine("pole", backend, 2) for _ in range(2))
    for batch in (envs, twin):
        batch.reset(seed=0)
    true = np.array([True, False])
    for arguments, kind, message in (
        ({"seed": -1}, error.InvalidSeed, "must not be negative"),
        ({"seed": 1.0}, error.InvalidSeed, "non-negative integer"),
        ({"seed": True}, error.InvalidSeed, "non-negative integer"),
        ({"seed": "12"}, error.InvalidSeed, "non-negative integer"),
        ({"seed": [1]}, error.InvalidSeed, "one for each of the 2 lanes, got 1"),
        ({"seed": [1, 2, 3]}, error.InvalidSeed, "one for each of the 2 lanes, got 3"),
        ({"seed": [1, -2]}, error.InvalidSeed, "must not be negative"),
        ({"seed": [1, 2.0]}, error.InvalidSeed, "non-negative integer"),
        ({"options": 5}, error.InvalidParameter, "options must be a dict or None"),
        ({"options": [("low", 1)]}, error.InvalidParameter, "options must be a dict or None"),
        ({"options": {"reset_mask": [True, False]}}, error.InvalidParameter, "must be a bool array"),
        ({"options": {"reset_mask": np.array([1, 0])}}, error.InvalidParameter, "must be a bool array"),
        ({"options": {"reset_mask": np.ones(3, np.bool_)}}, error.InvalidParameter, r"shape \(2,\)"),
        ({"options": {"reset_mask": np.zeros(2, np.bool_)}}, error.InvalidParameter, "True somewhere"),
        ({"options": {"low": 1.0, "high": 0.0}}, error.InvalidBound, "low <= high"),
        ({"options": {"low": "a"}}, error.InvalidBound, "must be a number"),
        ({"options": {"high": np.inf}}, error.InvalidBound, "finite"),
        ({"seed": 3, "options": {"low": np.nan, "reset_mask": true}}, error.InvalidBound, "finite"),
        ({"seed": -3, "options": {"reset_mask": true}}, error.InvalidSeed, "negative"),
    ):
        with pytest.raises(kind, match=message):
            envs.reset(**arguments)
    assert_goes_on_alike(envs, twin, np.random.default_rng(0), 5)


def test_seeds_may_be_numpys():
    for backend in ENGINES:
        for seed in (np.int64(3), np.uint64(2**64 - 1), [np.int8(4), None], np.array([5, 6])):
            ours, theirs = engine("pole", backend, 2), lanes("pole", 2)
            ours.reset(seed=1), theirs.reset(seed=1)
            assert_same(ours.reset(seed=seed), theirs.reset(seed=seed))


def test_without_a_seed_streams_begin_anywhere():
    """Two batches agree with probability 2**-63."""
    for backend in ENGINES:
        first, second = (engine("pole", backend, 2) for _ in range(2))
        assert not np.array_equal(first.reset()[0], second.reset()[0])
        assert first.np_random_seed == tuple(range(first.np_random_seed[0], first.np_random_seed[0] + 2))
        seeded = engine("pole", backend, 2)
        seeded.reset(seed=list(first.np_random_seed))
        assert streams(seeded) == streams(first)
        third = engine("pole", backend, 2)
        third.reset(seed=[5, None])
        assert third.np_random_seed[0] == 5
        assert third.np_random_seed[1] not in (5, 6, None)


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"backend": "jax"}, error.InvalidParameter, "'numba', 'numpy', 'torch', got 'jax'"),
        ({"backend": 1}, error.InvalidParameter, "got 1"),
        ({"num_envs": 2.0}, error.InvalidParameter, r"num_envs must be a positive integer, got 2\.0"),
        ({"num_envs": 0}, error.InvalidParameter, "num_envs must be a positive integer, got 0"),
        ({"num_envs": True}, error.InvalidParameter, "got True"),
        ({"num_threads": 0, "backend": "numba"}, error.InvalidParameter, "num_threads must be a positive integer"),
        ({"num_threads": 1.5, "backend": "numba"}, error.InvalidParameter, r"got 1\.5"),
        ({"num_threads": 2, "backend": "numpy"}, error.InvalidParameter, 'num_threads belongs to backend="numba"'),
        ({"device": "cpu", "backend": "numba"}, error.InvalidParameter, 'device, .*belong to backend="torch"'),
        ({"dtype": "float32", "backend": "numpy"}, error.InvalidParameter, "belong to backend"),
        ({"max_episode_steps": 0}, error.InvalidParameter, "max_episode_steps must be a positive integer"),
        ({"max_episode_steps": 2.5}, error.InvalidParameter, "max_episode_steps must be a positive integer"),
        ({"autoreset_mode": "Same"}, error.InvalidParameter, "'NextStep', 'SameStep', 'Disabled'"),
        ({"render_mode": "human"}, error.UnsupportedMode, "opens no window for each lane.*HumanRendering"),
        ({"render_mode": "ansi"}, error.UnsupportedMode, "'ansi'"),
        ({"gravitation": 1.0}, TypeError, "gravitation"),
        ({"gravity": "1"}, error.InvalidParameter, "gravity must be a number"),
    ],
)
def test_wrong_arguments_are_refused(arguments, kind, message):
    with pytest.raises(kind, match=message):
        minigym.vector.CartPoleVectorEnv(**arguments)


def test_make_vec_suggests_what_an_unknown_argument_may_have_meant():
    for arguments, suggestion in (
        ({"gravitation": 1.0}, "gravity"),
        ({"vector_kwargs": {"num_thread": 2}}, "num_threads"),
        ({"vector_kwargs": {"back_end": "numpy"}}, "backend"),
        ({"vector_kwargs": {"autoreset": "SameStep"}}, "autoreset_mode"),
    ):
        with pytest.raises(TypeError, match=f"did you mean '{suggestion}'"):
            minigym.make_vec("CartPole-v1", 2, **arguments)


def test_only_numbered_actions_are_played():
    class Steered(minigym.Env):
        action_space = observation_space = minigym.spaces.Box(-1, 1, (1,))

        def __init__(self, render_mode=None):
            self.render_mode = render_mode

    class SteeredVectorEnv(minigym.vector.BatchEnv):
        env_class = Steered

    with pytest.raises(error.InvalidParameter, match=r"numbered actions, Discrete\(n\), got Box.*\"sync\" takes any"):
        SteeredVectorEnv(2)


# Chance -------------------------------------------------------------------------------------------------------------


@both_engines
@pytest.mark.parametrize("success_rate", [1 / 3, 0.8])
def test_lakes_move_as_often_as_the_table_says(backend, success_rate):
    """Pearson's test of all transitions, beside the reference's table; one run in a million fails by chance."""
    table = gymnasium.make("FrozenLake-v1", success_rate=success_rate).unwrapped.P
    envs = minigym.vector.FrozenLakeVectorEnv(1000, 100, backend=backend, success_rate=success_rate)
    envs.reset(seed=123)
    played = envs.rollout("random", 100, seed=5)
    real = ~played.resets
    states, actions, successors = (a[real] for a in (played.observations, played.actions, played.next_observations))
    counts = np.zeros((16, 4, 16))
    np.add.at(counts, (states, actions, successors), 1)
    statistic = freedom = 0
    for state, rows in table.items():
        for action, outcomes in rows.items():
            expected = np.zeros(16)
            for probability, successor, _, _ in outcomes:
                expected[successor] += probability
            total, seen = counts[state, action].sum(), expected > 0
            assert not counts[state, action, ~seen].any()
            if total * expected[seen].min() >= 10:  # where the approximation holds
                expected = total * expected[seen]
                statistic += ((counts[state, action, seen] - expected) ** 2 / expected).sum()
                freedom += seen.sum() - 1
    assert freedom > 50
    assert chi2.sf(statistic, freedom) > 1e-6
    assert counts.sum() > 80_000


# Attributes ---------------------------------------------------------------------------------------------------------


@both_engines
@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_parameters_set_in_mid_episode_are_in_force_at_the_next_step(backend, mode):
    ours, theirs = engine("pole", backend, 4, 20, mode), lanes("pole", 4, 20, mode)
    assert_same(ours.reset(seed=5), theirs.reset(seed=5))
    rng = np.random.default_rng(0)
    for name, values in (
        ("gravity", 1.6),
        ("force_mag", [1.0, 2, 3.0, 40.0]),  # from shared to per-lane parameters
        ("tau", (0.01, 0.02, 0.03, 0.05)),
        ("force_mag", 12),
        ("tau", 0.02),  # and back
        ("length", np.float64(0.7)),
        ("theta_threshold_radians", [0.1, 0.2, 0.01, 0.3]),
    ):
        for envs in (ours, theirs):
            envs.set_attr(name, values)
        assert_same(ours.get_attr(name), theirs.get_attr(name))
        assert_same(ours.call(name), theirs.call(name))
        assert_goes_on_alike(ours, theirs, rng, 7)
    ours.set_attr("masspole", np.array([0.1, 0.2, 0.3, 0.4]))
    theirs.set_attr("masspole", [0.1, 0.2, 0.3, 0.4])
    assert_goes_on_alike(ours, theirs, rng, 30)
    assert_same(ours.reset(seed=[None, 3, None, 2**80]), theirs.reset(seed=[None, 3, None, 2**80]))
    assert_goes_on_alike(ours, theirs, rng, 30)


@both_engines
def test_states_that_are_set_are_where_the_next_step_begins(backend):
    rng = np.random.default_rng(0)
    for case, low, high in (("pole", [-1, -1, -0.1, -1], [1, 1, 0.1, 1]), ("car", [-1.2, -0.07], [0.5, 0.07])):
        ours, theirs = engine(case, backend, 3, 20), lanes(case, 3, 20)
        ours.reset(seed=5), theirs.reset(seed=5)
        for _ in range(5):
            states = rng.uniform(low, high, (3, len(low)))
            ours.set_attr("state", states)
            theirs.set_attr("state", list(states))
            assert_same(ours.state, states)
            assert_same(ours.get_attr("state"), theirs.get_attr("state"))
            assert_goes_on_alike(ours, theirs, rng, 4)
            assert_same(ours.state, np.array(theirs.get_attr("state")))
        ours.state = states
        ours.state[...] = 0.0  # a copy
        assert_same(ours.state, states)
    ours, theirs = engine("lake", backend, 3, 20), lanes("lake", 3, 20)
    ours.reset(seed=5), theirs.reset(seed=5)
    ours.state = np.array([[14, 0], [13, 2], [6, 1]])
    theirs.set_attr("s", [14, 13, 6])
    assert_goes_on_alike(ours, theirs, rng, 30)
    assert_same(ours.get_attr("state"), tuple(ours.state))
    assert ours.state.dtype == np.int64
    ours.state = ours.state
    assert ours.get_attr("s") == theirs.get_attr("s")


@both_engines
def test_what_all_lanes_have_in_common_comes_once_a_lane(backend):
    ours, theirs = engine("lake", backend, 3), lanes("lake", 3)
    for name in ("reward_range", "nrow", "render_mode", "observation_space"):
        assert ours.get_attr(name) == ours.call(name) == theirs.get_attr(name)
    assert [mdp.P for mdp in ours.get_attr("mdp")] == [mdp.P for mdp in theirs.get_attr("mdp")]
    ours, theirs = (
        batch("pole, Sutton and Barto's reward", *arguments)
        for batch, arguments in ((engine, (backend, 2)), (lanes, (2,)))
    )
    ours.reset(seed=2**65), theirs.reset(seed=2**65)
    for name in ("sutton_barto_reward", "kinematics_integrator", "gravity", "np_random_seed", "metadata"):
        assert ours.get_attr(name) == theirs.get_attr(name)
    with pytest.raises(AttributeError, match="gravty"):
        ours.get_attr("gravty")


@both_engines
def test_attributes_that_cannot_be_set_change_nothing(backend):
    for shared in (True, False):
        envs, twin = (engine("pole", backend, 2) for _ in range(2))
        for batch in (envs, twin):
            batch.reset(seed=0)
            if not shared:
                batch.set_attr("length", [0.4, 0.6])
        before = {name: envs.get_attr(name) for name in cart_pole.Params._fields}
        for name, values, message in (
            ("gravty", 1.0, "cannot be set in a batch engine, only 'state' and gravity, "),
            ("num_envs", 3, "cannot be set"),
            ("masscart", -1.0, "must be above 0, got -1"),
            ("masscart", [1.0, -1.0], "must be above 0, got -1"),
            ("masscart", [1.0], "each of the 2 lanes"),
            ("masscart", (1.0, 2.0, 3.0), "each of the 2 lanes"),
            ("masscart", "1", "must be a number"),
            ("masscart", ["1", "2"], "must be a number"),
            ("masscart", None, "must be a number"),
            ("gravity", np.nan, "must be finite"),
            ("gravity", [0.0, np.inf], "must be finite"),
            ("semi_implicit", "yes", "semi_implicit must be"),
            ("semi_implicit", 1.0, "semi_implicit must be one bool for all lanes"),
            ("semi_implicit", [1, 0], "semi_implicit must be one bool for all lanes"),
            ("state", np.zeros(4), r"shape \(2, 4\)"),
            ("state", np.zeros((4, 2)), r"shape \(2, 4\)"),
            ("state", np.full((2, 4), np.nan), "finite numbers"),
            ("state", [["a"] * 4] * 2, "finite numbers"),
        ):
            with pytest.raises(error.InvalidParameter, match=message):
                envs.set_attr(name, values)
            assert {name: envs.get_attr(name) for name in before} == before
        assert_goes_on_alike(envs, twin, np.random.default_rng(0), 20)
    lake = engine("lake", backend, 2)
    lake.reset(seed=0)
    for states in ([[16, 0], [0, 0]], [[0, 3], [0, 0]], [[0, 0], [-1, 0]], [[0.0, 0.0], [1.0, 0.0]]):
        with pytest.raises(error.InvalidParameter, match="a state below 16 and an outcome below 3"):
            lake.set_attr("state", states)
    with pytest.raises(error.InvalidParameter, match="only 'state';"):
        lake.set_attr("success_rate", 0.5)
    for arguments in (("reset",), ("gravity", 3)):
        with pytest.raises(error.InvalidParameter, match='vectorization_mode="sync"'):
            envs.call(*arguments)


@both_engines
def test_streams_that_are_shown_are_copies(backend):
    envs, twin = (engine("lake", backend, 3) for _ in range(2))
    theirs = lanes("lake", 3)
    for batch in (envs, twin, theirs):
        batch.reset(seed=0)
    assert streams(envs) == streams(theirs)
    for rng in envs.np_random:
        rng.random(5)
    assert type(envs.np_random) is tuple
    assert envs.get_attr("np_random_seed") == (0, 1, 2)
    assert_goes_on_alike(envs, twin, np.random.default_rng(0))


# Copies -------------------------------------------------------------------------------------------------------------

PLAYED = [("pole", {}), ("pole", {"gravity": np.array([1.0, 9.8, 12.0])}), ("lake", {}), ("car", {})]


@both_engines
@all_modes
@pytest.mark.parametrize("again", [copy.deepcopy, lambda envs: pickle.loads(pickle.dumps(envs))])
def test_copies_go_on_alike_and_apart(backend, mode, again):
    rng = np.random.default_rng(0)
    for case, arguments in PLAYED:
        threads = {"num_threads": 2} if backend == "numba" else {}
        envs, twin = (engine(case, backend, 3, 12, mode, **arguments, **threads) for _ in range(2))
        for batch in (envs, twin):
            batch.reset(seed=[1, 2, 2**99])
        assert_goes_on_alike(envs, twin, rng, 15)
        first, second = again(envs), again(envs)
        assert first.np_random_seed == (1, 2, 2**99)
        assert first.observation_space == envs.observation_space
        assert_goes_on_alike(first, envs, np.random.default_rng(1))
        del envs  # what a copy needs must not go with the original
        gc.collect()
        assert_goes_on_alike(second, twin, np.random.default_rng(1))
        assert streams(first) == streams(second)


@both_engines
def test_a_pickled_batch_goes_on_in_another_process(backend, tmp_path):
    """Where nothing lies at the addresses that it had here."""
    actions = np.random.default_rng(0).integers(2, size=(40, 3))
    batches = [engine(case, backend, 3, 12, **arguments) for case, arguments in PLAYED]
    for envs in batches:
        envs.reset(seed=2**70)
        envs.step(actions[0])
        envs.step(actions[1])
    (tmp_path / "batches").write_bytes(pickle.dumps((batches, actions)))
    results = child(
        """
import pickle, sys
with open(sys.argv[1], "rb") as file:
    batches, actions = pickle.load(file)
print([[[part.tolist() for part in envs.step(row)[:4]] for row in actions] for envs in batches])
""",
        tmp_path / "batches",
    )
    assert results.strip() == repr(
        [[[part.tolist() for part in envs.step(row)[:4]] for row in actions] for envs in batches]
    )


# Pictures -----------------------------------------------------------------------------------------------------------


@both_engines
@all_modes
@pytest.mark.parametrize(
    ("case", "render_mode"),
    [("lake", "rgb_array"), ("lake", "ansi"), ("another pole", "rgb_array"), ("car", "rgb_array")],
)
def test_pictures_are_those_of_single_environments(backend, mode, case, render_mode):
    """After resets of all and of some lanes, and after every step: with the slip's arrow on the lake."""
    pytest.importorskip("pygame")
    ours, theirs = (
        engine(case, backend, 3, 5, mode, render_mode=render_mode),
        lanes(case, 3, 5, mode, render_mode=render_mode),
    )
    rng = np.random.default_rng(0)
    over = np.zeros(3, np.bool_)
    for time in range(14):
        if time == 0:
            assert_same(reset(ours, 4, None, None), reset(theirs, 4, None, None))
        elif time == 3:
            assert_same(reset(ours, None, None, [True, False, False]), reset(theirs, None, None, [True, False, False]))
        elif mode == "Disabled" and over.any():
            assert_same(reset(ours, None, None, over), reset(theirs, None, None, over))
            over = ~over & over
        else:
            actions = rng.integers(ours.single_action_space.n, size=3)
            result = ours.step(actions if time % 2 else actions.tolist())
            assert_same(result, theirs.step(actions))
            over = result[2] | result[3]
        assert_same(ours.render(), theirs.render())
    assert ours.render_mode == theirs.render_mode == render_mode
    assert_same(ours.get_attr("render"), theirs.get_attr("render"))


@both_engines
def test_pictures_show_what_was_set(backend):
    pytest.importorskip("pygame")
    ours, theirs = engine("pole", backend, 2, render_mode="rgb_array"), lanes("pole", 2, render_mode="rgb_array")
    ours.reset(seed=0), theirs.reset(seed=0)
    for name, values in (("length", 1.5), ("x_threshold", [1.0, 3.0]), ("state", [[0.5, 0, 1.0, 0], [-0.3, 0, -1, 0]])):
        for envs in (ours, theirs):
            envs.set_attr(name, values)
        assert_same(ours.render(), theirs.render())


@both_engines
def test_pictures_of_tables_and_without_a_mode(backend):
    mdp = minigym.make("FrozenLake-v1").unwrapped.mdp
    ours = minigym.vector.TabularVectorEnv(2, backend=backend, mdp=mdp, render_mode="ansi")
    theirs = side_by_side(lambda lane: minigym.TabularEnv(mdp, "ansi"), 2)
    ours.reset(seed=0), theirs.reset(seed=0)
    assert_same(ours.render(), theirs.render())
    assert_same(ours.step([2, 1]), theirs.step([2, 1]))
    assert_same(ours.render(), theirs.render())
    silent = engine("lake", backend, 2)
    silent.reset(seed=0)
    with pytest.warns(UserWarning, match="render_mode"):
        assert silent.render() == (None, None)


# Without Numba, and a million lanes ---------------------------------------------------------------------------------

WITHOUT_NUMBA = """
import sys
from importlib.machinery import PathFinder
find_spec = PathFinder.find_spec
def find_other_spec(name, *arguments):
    return None if name.partition(".")[0] == "numba" else find_spec(name, *arguments)
if sys.argv[1] == "absent":
    PathFinder.find_spec = find_other_spec
import minigym
envs = minigym.make_vec("CartPole-v1", 3)
print(envs.backend)
print(envs.reset(seed=3)[0].tolist())
print(envs.step([0, 1, 0])[0].tolist())
try:
    minigym.make_vec("CartPole-v1", 3, vector_kwargs={"backend": "numba"})
except minigym.error.Error as refused:
    print(type(refused).__name__, refused)
print("numba" in sys.modules)
"""


@pytest.mark.parametrize(
    ("way", "environment", "refusal"),
    [
        ("absent", {}, 'DependencyNotInstalled backend="numba" needs numba'),
        (
            "disabled",
            {"NUMBA_DISABLE_JIT": "1"},
            'InvalidParameter backend="numba" cannot compile under NUMBA_DISABLE_JIT',
        ),
    ],
)
def test_without_numba_the_engine_is_numpys(way, environment, refusal):
    backend, first, second, refused, loaded = child(WITHOUT_NUMBA, way, **environment).splitlines()
    envs = engine("pole", "numba", 3)
    assert (backend, loaded) == ("numpy", "False")
    assert first == repr(envs.reset(seed=3)[0].tolist())
    assert second == repr(envs.step([0, 1, 0])[0].tolist())
    assert refused.startswith(refusal)
    assert 'backend="numpy"' in refused


def test_with_numba_the_engine_is_numbas(monkeypatch):
    assert minigym.vector.CartPoleVectorEnv(2).backend == "numba"
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    assert minigym.vector.CartPoleVectorEnv(2).backend == "numpy"


MILLION = """
import json, resource
import numpy as np
import minigym
small = minigym.make_vec("CartPole-v1", 10)  # loads the compiler, the kernels and the libraries
small.reset(seed=0)
small.step(np.zeros(10, np.int64))
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
num_envs, before = 1_048_576, peak()
envs = minigym.make_vec("CartPole-v1", num_envs)
seen = [envs.reset(seed=0)[0]]
actions = np.arange(num_envs) % 2
observations, rewards, terminations, truncations, infos = envs.step(actions)
lanes = [0, 1, 12345, num_envs - 1]
print(json.dumps({
    "bytes": (peak() - before) / num_envs,
    "observations": [part[lanes].tolist() for part in (*seen, observations)],
    "sums": [rewards.sum().item(), int(terminations.sum()), int(truncations.sum())],
}))
"""


def test_a_million_lanes_fit_into_200_bytes_each():
    """The growth of the process's largest memory (ru_maxrss), actions and results included, in a fresh process."""
    pytest.importorskip("resource")
    result = json.loads(child(MILLION))
    for index, lane in enumerate([0, 1, 12345, 1_048_575]):
        env = minigym.make("CartPole-v1")
        for row, observation in zip(
            result["observations"], (env.reset(seed=lane)[0], env.step(lane % 2)[0]), strict=True
        ):
            assert row[index] == observation.tolist()
    assert result["sums"] == [1_048_576.0, 0, 0]
    assert result["bytes"] < 200
