"""minigym's ids inside the real Gymnasium: what it and Stable-Baselines3 make of them, beside Gymnasium's own."""

import copy
import dataclasses
import json
import os
import pickle
import subprocess
import sys
import types
import warnings
from functools import partial
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env
from gymnasium.vector import AutoresetMode
from hypothesis import given, settings
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.compat.gymnasium import register_all
from minigym.render import Window
from tests.minigym.vector.compare import assert_same, calls, reset

ROOT = Path(__file__).parents[2]
IDS = ["CartPole-v1", "FrozenLake-v1", "FrozenLake8x8-v1", "MountainCar-v0"]
MODES = ["NextStep", "SameStep", "Disabled"]
examples = settings(max_examples=30)


@pytest.fixture(autouse=True)
def _registered():
    """Every test begins with minigym's ids in Gymnasium's registry, which is as before afterwards."""
    before = dict(gymnasium.registry)
    register_all()
    yield
    gymnasium.registry.clear()
    gymnasium.registry.update(before)


def both(env_id, **kwargs):
    """The environment of minigym inside Gymnasium, and Gymnasium's own."""
    return gymnasium.make(f"minigym/{env_id}", **kwargs), gymnasium.make(env_id, **kwargs)


def assert_same_streams(ours, theirs):
    """The generators stand at the same place, and know the same seed."""
    assert ours.np_random.bit_generator.state == theirs.np_random.bit_generator.state
    assert ours.np_random_seed == theirs.np_random_seed


# Registration ---------------------------------------------------------------------------------------------------------


def test_every_id_is_registered_and_a_second_time_is_silent():
    ids = [env_id for env_id in gymnasium.registry if env_id.startswith("minigym")]
    assert ids == [f"minigym/{env_id}" for env_id in minigym.registry]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        register_all()
    assert ids == [env_id for env_id in gymnasium.registry if env_id.startswith("minigym")]


@pytest.mark.parametrize("env_id", IDS)
def test_the_spec_is_the_references(env_id):
    ours, theirs = (dataclasses.asdict(gymnasium.spec(name)) for name in (f"minigym/{env_id}", env_id))
    for spec in (ours, theirs):
        assert isinstance(spec.pop("entry_point"), str)
        del spec["vector_entry_point"]
    assert ours == theirs | {"id": f"minigym/{env_id}", "namespace": "minigym"}


def test_old_versions_come_with_the_thresholds_of_their_time():
    assert gymnasium.spec("minigym/FrozenLake-v0").reward_threshold == 0.78
    with pytest.warns(DeprecationWarning, match="out of date"):
        env = gymnasium.make("minigym/CartPole-v0")
    assert (env.spec.max_episode_steps, env.spec.reward_threshold) == (200, 195.0)


@pytest.mark.parametrize("env_id", IDS)
def test_the_spec_makes_it_again_even_from_json(env_id):
    env = gymnasium.make(f"minigym/{env_id}", max_episode_steps=3)
    text = env.spec.to_json()
    for again in (gymnasium.make(env.spec), gymnasium.make(type(env.spec).from_json(text))):
        assert again.spec.to_json() == text
        assert str(again) == str(env)
        assert_same(again.reset(seed=5), env.reset(seed=5))


class Maze(minigym.Env):
    """Goes one to the right at every step; an environment of somebody else's."""

    metadata = {"render_modes": ["ansi"], "render_fps": 1}  # noqa: RUF012  # as in Gymnasium

    def __init__(self, render_mode=None, length=3):
        self.render_mode, self.length, self.position = render_mode, length, 0
        self.observation_space = minigym.spaces.Discrete(100)
        self.action_space = minigym.spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.position = 0
        return 0, {"options": options}

    def step(self, action):
        self.position += 1
        return self.position, float(action), self.position >= self.length, False, {}

    def render(self):
        return f"at {self.position}"


class Doubled(minigym.RewardWrapper, minigym.core.RecordConstructorArgs):
    """A wrapper of somebody else's."""

    def __init__(self, env, factor=2.0):
        minigym.core.RecordConstructorArgs.__init__(self, factor=factor)
        super().__init__(env)
        self.factor = factor

    def reward(self, reward):
        return reward * self.factor


@pytest.mark.parametrize("entry_point", [Maze, f"{__name__}:Maze"])
def test_somebody_elses_ids_are_added_by_the_next_call(own_registry, entry_point):
    wrapped = (Doubled.wrapper_spec(factor=3.0),)
    minigym.register("Maze-v0", entry_point, max_episode_steps=7, kwargs={"length": 5})
    minigym.register("lab/Maze-v0", entry_point, max_episode_steps=2, additional_wrappers=wrapped)
    register_all()
    env = gymnasium.make("minigym/Maze-v0", render_mode="ansi_list")
    assert (env.spec.max_episode_steps, env.unwrapped.length, env.render_mode) == (7, 5, "ansi_list")
    assert isinstance(env, gymnasium.wrappers.RenderCollection)  # so make has read Maze.metadata
    env.reset()
    env.step(1)
    assert env.render() == ["at 0", "at 1"]
    assert gymnasium.make(pickle.loads(pickle.dumps(gymnasium.spec("minigym/Maze-v0")))).unwrapped.length == 5

    env = gymnasium.make("minigym-lab/Maze-v0")
    env.reset(seed=1)
    assert env.step(1)[1:4] == (3.0, False, False)
    assert env.step(0)[1:4] == (0.0, False, True)
    assert env.get_wrapper_attr("factor") == 3.0
    assert env.spec.id == "minigym-lab/Maze-v0"
    assert [wrapper.kwargs for wrapper in env.spec.additional_wrappers] == [{"factor": 3.0}]
    again = gymnasium.make(env.spec)
    again.reset()
    assert again.step(1)[1] == 3.0
    envs = gymnasium.make_vec("minigym-lab/Maze-v0", 2)
    assert isinstance(envs, gymnasium.vector.SyncVectorEnv)  # a vector entry point may not wrap lanes
    assert envs.get_attr("factor") == (3.0, 3.0)


class Engine(minigym.VectorEnv):
    """A batch that computes all lanes at once, and keeps what it was made with."""

    def __init__(self, num_envs, max_episode_steps=None, autoreset_mode="NextStep", backend="numpy", length=3):
        self.num_envs, self.arguments = num_envs, (max_episode_steps, autoreset_mode, backend, length)
        self.metadata = {"autoreset_mode": minigym.vector.AutoresetMode(autoreset_mode)}
        self.single_observation_space = self.single_action_space = minigym.spaces.Discrete(2)
        self.observation_space = self.action_space = minigym.spaces.MultiDiscrete([2] * num_envs)


@pytest.mark.parametrize("entry_point", [None, Maze])
def test_an_engine_that_is_registered_is_used(own_registry, entry_point):
    minigym.register("Maze-v0", entry_point, vector_entry_point=Engine, max_episode_steps=9, kwargs={"length": 4})
    register_all()
    envs = gymnasium.make_vec("minigym/Maze-v0", 3, backend="numba", autoreset_mode=AutoresetMode.SAME_STEP)
    assert isinstance(envs, gymnasium.vector.VectorEnv)
    assert (envs.num_envs, envs.arguments) == (3, (9, "SameStep", "numba", 4))
    assert envs.metadata == {"autoreset_mode": AutoresetMode.SAME_STEP}
    if entry_point is None:
        with pytest.raises(gymnasium.error.Error, match="entry_point is not specified"):
            gymnasium.make("minigym/Maze-v0")


def test_without_gymnasium_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gymnasium", None)
    for function in (register_all, partial(minigym.compat.gymnasium.to_gymnasium, minigym.make("CartPole-v1"))):
        with pytest.raises(error.DependencyNotInstalled, match="pip install gymnasium"):
            function()


def test_minigyms_own_stand_in_is_refused(monkeypatch):
    stand_in = types.ModuleType("gymnasium")
    stand_in.__file__ = os.path.join(os.path.dirname(minigym.__file__), "compat", "shim", "gymnasium", "__init__.py")
    before = dict(gymnasium.registry)
    monkeypatch.setitem(sys.modules, "gymnasium", stand_in)
    with pytest.raises(error.Error, match=r"need the real Gymnasium, but .*stand-in"):
        register_all()
    assert gymnasium.registry == before


def test_names_that_are_not_there_are_missed():
    for module in (minigym.compat, minigym.compat.gymnasium):
        with pytest.raises(AttributeError, match=r"has no attribute 'registre'"):
            module.registre  # noqa: B018


def test_nothing_is_imported_before_it_is_needed():
    program = """
import sys, minigym
minigym.compat.gymnasium.to_gymnasium
assert "gymnasium" not in sys.modules
minigym.compat.gymnasium.register_all()
assert "gymnasium" in sys.modules
"""
    subprocess.run([sys.executable, "-W", "error", "-c", program], check=True, cwd=ROOT)


# Single environments --------------------------------------------------------------------------------------------------


@st.composite
def plays(draw, env_id):
    """Arguments of ``make``, and calls: resets, steps, draws of actions, and attributes that are set."""
    lake, car = env_id.startswith("FrozenLake"), env_id.startswith("MountainCar")
    seeds = st.none() | st.integers(0, 2**40)
    bounds = st.fixed_dictionaries({"low": st.floats(-0.2, 0.0), "high": st.floats(0.0, 0.2)})
    if lake:
        attributes = st.tuples(st.just("s"), st.integers(0, 15))
        own = {"is_slippery": st.booleans(), "success_rate": st.floats(0, 1)}
    elif car:
        attributes = st.one_of(
            st.tuples(st.just("state"), st.tuples(st.floats(-1.2, 0.6), st.floats(-0.07, 0.07)).map(np.array)),
            st.tuples(st.sampled_from(["gravity", "force", "max_speed", "goal_velocity"]), st.floats(0.001, 0.1)),
        )
        own = {"goal_velocity": st.floats(-0.1, 0.1)}
    else:
        attributes = st.one_of(
            st.tuples(st.just("state"), st.tuples(*[st.floats(-0.5, 0.5)] * 4).map(np.array)),
            st.tuples(st.sampled_from(["gravity", "force_mag", "tau", "x_threshold"]), st.floats(0.001, 20)),
            st.tuples(st.just("kinematics_integrator"), st.sampled_from(["euler", "semi-implicit"])),
        )
        own = {"sutton_barto_reward": st.booleans()}
    step = st.tuples(st.just("step"), st.integers(0, 3 if lake else 2 if car else 1))
    call = st.one_of(
        step,
        step,
        step,
        st.just(("random step", None)),
        st.tuples(st.just("reset"), st.fixed_dictionaries({"seed": seeds, "options": st.none() | bounds})),
        st.tuples(st.just("seed actions"), st.integers(0, 2**31)),
        st.tuples(st.just("set"), attributes),
    )
    arguments = draw(st.fixed_dictionaries({}, optional={"max_episode_steps": st.integers(1, 30), **own}))
    first = {"seed": draw(st.integers(0, 2**40)), "options": None}
    begin = [("reset", first), ("seed actions", draw(st.integers(0, 2**31))), draw(step)]
    return arguments, begin + draw(st.lists(call, min_size=5, max_size=40))


def play(env, sequence):
    """The calls, and what each returned; an episode that is over is followed by the next one."""
    over = False
    for kind, argument in sequence:
        if over and kind in ("step", "random step"):
            yield env.reset()
        over = over and kind != "reset"
        if kind == "reset":
            yield env.reset(**argument)
        elif kind == "seed actions":
            yield env.action_space.seed(argument)
        elif kind == "set":
            setattr(env.unwrapped, *argument)
            yield np.asarray(getattr(env.unwrapped, argument[0])).tolist()
        else:
            action = argument if kind == "step" else env.action_space.sample()
            result = env.step(action)
            over = result[2] or result[3]
            yield action, result


@pytest.mark.parametrize("env_id", IDS)
@examples
@given(st.data())
def test_it_plays_as_the_reference_does(env_id, data):
    kwargs, sequence = data.draw(plays(env_id))
    ours, theirs = both(env_id, **kwargs)
    for mine, yours in zip(play(ours, sequence), play(theirs, sequence), strict=True):
        assert_same(mine, yours)
        assert_same_streams(ours, theirs)


@pytest.mark.parametrize("env_id", IDS)
@examples
@given(st.data())
def test_it_plays_as_in_minigym(env_id, data):
    kwargs, sequence = data.draw(plays(env_id))
    inside, alone = gymnasium.make(f"minigym/{env_id}", **kwargs), minigym.make(env_id, **kwargs)
    for mine, yours in zip(play(inside, sequence), play(alone, sequence), strict=True):
        assert_same(mine, yours)
        assert_same_streams(inside, alone)


@pytest.mark.parametrize("env_id", IDS)
def test_it_is_a_gymnasium_environment_through_and_through(env_id):
    ours, theirs = both(env_id, render_mode="rgb_array")
    while isinstance(theirs, gymnasium.Wrapper):
        assert type(ours) is type(theirs)
        ours, theirs = ours.env, theirs.env
    assert isinstance(ours, gymnasium.Env)
    assert not isinstance(ours, gymnasium.Wrapper)
    assert ours.unwrapped is ours
    for name in ("observation_space", "action_space"):
        assert type(getattr(ours, name)) is type(getattr(theirs, name))
        assert getattr(ours, name) == getattr(theirs, name)
        assert getattr(ours, name) is getattr(ours, name)
    assert (ours.metadata, ours.render_mode) == (theirs.metadata, theirs.render_mode)
    assert str(ours) == f"<GymnasiumEnv<minigym/{env_id}>>"
    with ours:
        ours.reset(seed=0)
        theirs.reset(seed=0)
        assert ours.render().shape == theirs.render().shape


def test_attributes_are_read_and_set_where_a_user_expects_them():
    ours, theirs = both("FrozenLake-v1")
    assert ours.get_wrapper_attr("P") == ours.unwrapped.P == theirs.unwrapped.P
    assert isinstance(ours.unwrapped.mdp, minigym.MDP)
    assert ours.has_wrapper_attr("mdp")
    assert not ours.has_wrapper_attr("gravity")
    with pytest.raises(AttributeError, match="gravity"):
        ours.unwrapped.gravity  # noqa: B018
    with pytest.raises(AttributeError, match="private"):
        ours.unwrapped._rows  # noqa: B018

    pole, inner = gymnasium.make("minigym/CartPole-v1"), minigym.make("CartPole-v1")
    assert pole.set_wrapper_attr("x_threshold", 1.5)
    inner.unwrapped.x_threshold = 1.5
    assert pole.get_wrapper_attr("x_threshold") == 1.5
    assert pole.observation_space.high.tobytes() == inner.observation_space.high.tobytes()
    with pytest.raises(error.InvalidParameter, match="masscart"):
        pole.unwrapped.masscart = -1
    assert pole.unwrapped.masscart == 1.0
    pole.unwrapped.note = "mine"  # an attribute that nobody has
    assert pole.unwrapped.note == "mine"
    pole.unwrapped.observation_space = wide = gymnasium.spaces.Box(-np.inf, np.inf, (4,))
    assert pole.observation_space is wide
    generator = np.random.default_rng(3)
    pole.np_random = generator
    assert pole.np_random is generator
    assert pole.np_random_seed == -1


def test_a_batchs_mode_stays_out_of_minigyms_metadata():
    gymnasium.make_vec("minigym/CartPole-v1", vectorization_mode="sync")
    assert "autoreset_mode" not in minigym.envs.CartPoleEnv.metadata
    assert "autoreset_mode" not in gymnasium.make("minigym/CartPole-v1").metadata


@pytest.mark.parametrize("again", [copy.deepcopy, lambda env: pickle.loads(pickle.dumps(env))])
@pytest.mark.parametrize("env_id", IDS)
def test_a_copy_goes_on_alike_and_on_its_own(env_id, again):
    env = gymnasium.make(f"minigym/{env_id}")
    env.action_space.seed(1)
    env.reset(seed=1)
    env.step(0)
    copied = again(env)
    assert copied.action_space.sample() == env.action_space.sample()
    results = [[other.step(1) for _ in range(3)] for other in (copied, env)]  # one after the other: nothing is shared
    assert_same(tuple(results[0]), tuple(results[1]))
    assert_same(copied.reset(), env.reset())
    assert copied.spec == env.spec
    assert type(copied.unwrapped) is type(env.unwrapped) is minigym.compat.gymnasium.GymnasiumEnv


def checked(check, env):
    """What the checker warns of."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        check(env)
    return [str(warning.message) for warning in caught]


@pytest.mark.parametrize("env_id", IDS)
def test_gymnasiums_checker_says_what_it_says_of_its_own(env_id, monkeypatch):
    """Of CartPole, that its velocities have no bounds; of the others nothing. It tries all render modes."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    monkeypatch.setenv("SDL_AUDIODRIVER", "dummy")
    ours, theirs = both(env_id, render_mode="rgb_array")
    drawn = []
    monkeypatch.setattr(Window, "show", lambda window, frame: drawn.append(frame))
    expected = checked(check_env, theirs.unwrapped)
    assert checked(check_env, ours.unwrapped) == expected
    assert len(expected) == (2 if env_id == "CartPole-v1" else 0)
    assert drawn  # render_mode="human" among them
    import pygame

    pygame.quit()  # the reference leaves it running


# Batches --------------------------------------------------------------------------------------------------------------


def play_batches(ours, theirs, sequence, disabled):
    """Make the calls on both, and compare whatever they return; how many episodes ended."""
    done = np.zeros(ours.num_envs, np.bool_)
    ends = 0
    for kind, argument in sequence:
        if kind == "reset":
            assert_same(reset(ours, **argument), reset(theirs, **argument), squeezed=("prob",))
            done &= ~np.array(argument["mask"] or [True] * ours.num_envs)
            continue
        if disabled and done.any():
            assert_same(reset(ours, None, None, done), reset(theirs, None, None, done), squeezed=("prob",))
        result = ours.step(np.array(argument))
        assert_same(result, theirs.step(np.array(argument)), squeezed=("prob",))
        done = result[2] | result[3]
        ends += int(done.sum())
    return ends


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", ["CartPole-v1", "FrozenLake-v1", "MountainCar-v0"])
@settings(max_examples=15)
@given(data=st.data())
def test_the_vector_entry_point_equals_the_references_batch(env_id, mode, data):
    mode = data.draw(st.sampled_from([mode, AutoresetMode(mode)]))
    theirs = gymnasium.make_vec(env_id, 3, "sync", {"autoreset_mode": mode}, max_episode_steps=9)
    ours = gymnasium.make_vec(f"minigym/{env_id}", 3, autoreset_mode=mode, max_episode_steps=9)
    sequence = data.draw(calls(3, theirs.single_action_space.n, with_bounds=env_id == "CartPole-v1"))
    play_batches(ours, theirs, sequence, AutoresetMode(mode) is AutoresetMode.DISABLED)
    for mine, yours in zip(ours.np_random, theirs.np_random, strict=True):
        assert mine.bit_generator.state == yours.bit_generator.state
    assert ours.np_random_seed == theirs.np_random_seed


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", ["CartPole-v1", "FrozenLake-v1", "MountainCar-v0"])
def test_gymnasiums_own_batch_of_minigyms_environments(env_id, mode):
    limit = {"max_episode_steps": 40} if env_id == "MountainCar-v0" else {}  # a random car reaches no goal
    ours, theirs = (
        gymnasium.make_vec(name, 3, "sync", {"autoreset_mode": mode}, **limit) for name in (f"minigym/{env_id}", env_id)
    )
    steps = np.random.default_rng(0).integers(2, size=(150, 3))
    sequence = [("reset", {"seed": 4, "options": None, "mask": None}), *(("step", actions) for actions in steps)]
    assert play_batches(ours, theirs, sequence, mode == "Disabled") > 5


def test_the_batch_is_a_gymnasium_batch_through_and_through():
    ours = gymnasium.make_vec("minigym/CartPole-v1", 4, render_mode="rgb_array", max_episode_steps=50)
    theirs = gymnasium.make_vec("CartPole-v1", 4, "sync", render_mode="rgb_array")
    assert isinstance(ours, gymnasium.vector.VectorEnv)
    for name in ("observation_space", "action_space", "single_observation_space", "single_action_space"):
        assert type(getattr(ours, name)) is type(getattr(theirs, name))
        assert getattr(ours, name) == getattr(theirs, name)
    for batch in (ours, theirs):
        batch.action_space.seed(7)
    assert_same(ours.action_space.sample(), theirs.action_space.sample())
    assert (ours.metadata, ours.num_envs, ours.render_mode) == (theirs.metadata, 4, "rgb_array")
    assert ours.autoreset_mode is AutoresetMode.NEXT_STEP
    assert str(ours) == "GymnasiumVectorEnv(minigym/CartPole-v1, num_envs=4)"
    ours.reset(seed=1)
    assert [frame.shape for frame in ours.render()] == [(400, 600, 3)] * 4
    ours.set_attr("gravity", [1.0, 2.0, 3.0, 4.0])
    assert ours.get_attr("gravity") == ours.call("gravity") == (1.0, 2.0, 3.0, 4.0)
    again = gymnasium.make_vec(ours.spec)
    assert (str(again), again.spec) == (str(ours), ours.spec)
    assert again.max_episode_steps == 50
    with pytest.raises(AttributeError, match="nothing"):
        ours.nothing  # noqa: B018
    copied = copy.deepcopy(ours)
    assert_same(copied.step([0, 1, 1, 0]), ours.step([0, 1, 1, 0]))
    closed = []
    ours._env.unwrapped._engine.close = lambda: closed.append(1)
    ours.close()
    ours.close()
    assert ours.closed
    assert closed == [1]


def test_gymnasiums_wrappers_count_what_they_count_of_their_own():
    totals = []
    for name in ("minigym/CartPole-v1", "CartPole-v1"):
        envs = gymnasium.make_vec(name, 3, **({} if name.startswith("minigym") else {"vectorization_mode": "sync"}))
        envs = gymnasium.wrappers.vector.RecordEpisodeStatistics(envs)
        envs.reset(seed=2)
        for actions in np.random.default_rng(2).integers(2, size=(200, 3)):
            envs.step(actions)
        totals.append((list(envs.return_queue), list(envs.length_queue), envs.episode_count))
    assert totals[0] == totals[1]
    assert totals[0][2] > 10


def test_arguments_of_the_batch_are_told_from_those_of_the_lanes():
    envs = gymnasium.make_vec("minigym/FrozenLake-v1", 2, copy=False, is_slippery=False, autoreset_mode="Disabled")
    first, _ = envs.reset(seed=0)
    second, *_ = envs.step([1, 2])
    assert first is second  # copy=False
    assert second.tolist() == [4, 1]  # firm ice
    with pytest.raises(error.InvalidParameter, match="autoreset_mode must be one of"):
        gymnasium.make_vec("minigym/FrozenLake-v1", autoreset_mode="Sometimes")
    with pytest.raises(TypeError, match="did you mean 'map_name'"):
        gymnasium.make_vec("minigym/FrozenLake-v1", map_nam="8x8")


@pytest.mark.parametrize("context", ["fork", "forkserver", "spawn"])
def test_workers_in_every_context(context):
    """Those that start afresh know Gymnasium and the text of an id; or, of a batch made by its id, the spec."""
    lanes = [
        partial(gymnasium.make, f"minigym.compat.registered:minigym/{IDS[0]}", max_episode_steps=limit)
        for limit in (4, 7)
    ]
    theirs = gymnasium.vector.SyncVectorEnv(
        [partial(gymnasium.make, IDS[0], max_episode_steps=limit) for limit in (4, 7)], autoreset_mode="SameStep"
    )
    ours = gymnasium.vector.AsyncVectorEnv(lanes, context=context, autoreset_mode="SameStep")
    try:
        assert_same(ours.reset(seed=3), theirs.reset(seed=3))
        for _ in range(9):
            result, expected = ours.step([0, 1]), theirs.step([0, 1])
            assert_same(result[:4], expected[:4])
            assert result[4].keys() == expected[4].keys()
        assert ours.get_attr("gravity") == (9.8, 9.8)
        ours.set_attr("gravity", [1.0, 2.0])
        assert ours.get_attr("gravity") == (1.0, 2.0)
    finally:
        ours.close()


def test_workers_of_a_batch_that_is_made_by_its_id():
    ours = gymnasium.make_vec("minigym/FrozenLake-v1", 2, "async", {"context": "spawn"}, is_slippery=False)
    try:
        ours.reset(seed=0)
        assert ours.step([1, 2])[0].tolist() == [4, 1]
    finally:
        ours.close()


# Stable-Baselines3 ----------------------------------------------------------------------------------------------------

# In a process of its own, since it seeds the global generators and sets the number of torch's threads.
LEARN = """
import hashlib, json, warnings
import gymnasium, minigym, torch
import stable_baselines3 as sb3
from stable_baselines3.common.env_checker import check_env
from stable_baselines3.common.env_util import make_vec_env

torch.set_num_threads(1)
minigym.compat.gymnasium.register_all()
warnings.simplefilter("error")
for env_id in ("CartPole-v1", "FrozenLake-v1", "FrozenLake8x8-v1", "MountainCar-v0"):
    check_env(gymnasium.make(f"minigym/{env_id}"))
results = []
for name, num_envs, settings in (("PPO", 2, {"n_steps": 64}), ("A2C", 1, {}), ("DQN", 1, {"learning_starts": 50})):
    for env_id in ("CartPole-v1", "minigym/CartPole-v1"):
        env = make_vec_env(env_id, n_envs=num_envs, seed=3)
        model = getattr(sb3, name)("MlpPolicy", env, seed=3, device="cpu", **settings).learn(600)
        weights = torch.cat([weights.flatten() for weights in model.policy.parameters()]).detach().numpy()
        episodes = [(episode["r"], episode["l"]) for episode in model.ep_info_buffer]
        results.append([hashlib.sha256(weights.tobytes()).hexdigest(), episodes])
print(json.dumps(results))
"""


def test_stable_baselines3_learns_the_same_network():
    """PPO, A2C and DQN: equal weights and episodes, to the bit, as on Gymnasium's CartPole from the same seed."""
    run = subprocess.run([sys.executable, "-c", LEARN], capture_output=True, text=True, check=False, cwd=ROOT)
    assert run.returncode == 0, run.stderr
    results = json.loads(run.stdout)
    theirs, ours = results[::2], results[1::2]
    assert ours == theirs
    assert len({weights for weights, _ in ours}) == 3
    assert all(len(episodes) > 5 for _, episodes in ours)
