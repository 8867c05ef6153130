"""The 0.29 profile against what gymnasium 0.29.1 did: see tests/compat/reference/README.md.

What the scripts print, trajectories and names are compared with recordings, in processes of their own. The classes are
tested in this process, where the real Gymnasium is imported: they need no shim, only ``make`` does.
"""

import copy
import functools
import json
import os
import pickle
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from minigym import error, spaces
from minigym.compat.profile_029 import core, envs, logger, registration, surface, wrappers
from minigym.compat.profile_029.vector import AsyncVectorEnv, SyncVectorEnv, VectorEnv, VectorEnvWrapper
from tests.minigym.vector.compare import assert_same

ROOT = Path(__file__).parents[2]
REFERENCE = Path(__file__).parent / "reference"
RECORDING = "gymnasium-0.29.1.json"
SCRIPTS = Path(__file__).parent / "scripts_029"
SHIM = ("-m", "minigym", "run", "--as", "gymnasium==0.29")


def run(*arguments):
    """What Python prints; one thread a process, as when it was recorded."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.fixture(scope="module")
def recorded():
    return json.loads((REFERENCE / RECORDING).read_text(encoding="utf-8"))


# In processes of their own -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", sorted(path.stem for path in SCRIPTS.glob("*.py")))
def test_a_script_prints_what_it_printed_on_the_real_one(name):
    expected = json.loads((SCRIPTS / "expected.json").read_text(encoding="utf-8"))["printed"][name]
    assert len(expected) > 10
    assert run(*SHIM, SCRIPTS / f"{name}.py") == expected


def test_trajectories_are_replayed_exactly(recorded, tmp_path):
    """Random sequences of calls: single environments, and batches whose lanes end at different times."""
    run(*SHIM, REFERENCE / "record_029.py", tmp_path)
    ours = json.loads((tmp_path / RECORDING).read_text(encoding="utf-8"))
    assert ours.keys() == recorded["trajectories"].keys()
    for env_id, rows in recorded["trajectories"].items():
        assert ours[env_id].keys() == rows.keys()
        for part, real in rows.items():
            for call, pair in enumerate(zip(ours[env_id][part], real, strict=True)):
                assert pair[0] == pair[1], (env_id, part, call)


def test_the_recorded_batches_end_at_different_times(recorded):
    """So that the comparison has something to compare."""
    for rows in recorded["trajectories"].values():
        for part in ("sync", "async"):
            steps = [result for what, result in rows[part][1:] if what != "reset"]
            flags = np.array([[result[2]["values"], result[3]["values"]] for result in steps]).any(axis=1)
            assert (flags.any(axis=1) & ~flags.all(axis=1)).sum() > 5
            assert sum("final_observation" in result[4] for result in steps) == flags.any(axis=1).sum()


NAMES = """
import importlib, json, sys
import minigym

minigym.install_as_gymnasium("0.29")
import gymnasium
from minigym.compat.modern.surface import public_names
from minigym.compat.profile_029 import surface

assert gymnasium.__version__ == "0.29.1"
modules = [name for name in sys.modules if name.partition(".")[0] == "gymnasium"]
names = {}
for name in modules:
    module = importlib.import_module(name)
    names[name] = public_names(module)
    assert len(set(names[name])) == len(names[name]), name
    assert all(hasattr(module, each) for each in names[name]), name
for absent in ("gymnasium.make_vec", "gymnasium.wrappers.GrayScaleObservation"):
    module, _, name = absent.rpartition(".")
    try:
        getattr(sys.modules[module], name)
    except AttributeError as refused:
        assert surface.ABSENT[absent] in str(refused), refused
    else:
        raise AssertionError(absent)
print(json.dumps(names))
"""


def test_every_name_is_there_or_absent_for_a_reason(recorded):
    own = json.loads(run("-c", NAMES)[0])
    absent, used, present = surface.ABSENT, set(), 0
    for module, names in recorded["names"].items():
        for name in names:
            if name in own.get(module, ()):
                assert f"{module}.{name}" not in absent
                present += 1
            else:
                used |= {module, f"{module}.{name}"} & absent.keys()
                assert module in absent or f"{module}.{name}" in absent, f"{module}.{name}"
    assert present > 220
    # Whole packages, which have no row of their own.
    packages = {f"gymnasium.envs.{name}" for name in ("box2d", "mujoco", "phys2d", "tabular")}
    assert absent.keys() - used == packages | {"gymnasium.wrappers.monitoring"}


WORKERS = """
import multiprocessing, pickle, sys


def make_lane():
    import gymnasium

    return gymnasium.wrappers.RecordEpisodeStatistics(gymnasium.make("CartPole-v1", max_episode_steps=3))


def work(env):
    import gymnasium

    return gymnasium.__version__, type(env).__module__, str(env.step(1)), gymnasium.__file__


if __name__ == "__main__":
    import minigym

    minigym.install_as_gymnasium("0.29")
    import gymnasium

    for method in ("fork", "forkserver", "spawn"):
        env = make_lane()
        env.reset(seed=1)
        with multiprocessing.get_context(method).Pool(1) as pool:
            told = pool.apply(work, [env])
        assert told == ("0.29.1", "minigym.compat.profile_029.statistics", str(env.step(1)), gymnasium.__file__), told
        envs = gymnasium.vector.AsyncVectorEnv([make_lane] * 2, context=method)
        envs.reset(seed=0)
        for _ in range(3):
            *step, infos = envs.step([0, 1])
        assert infos["_final_info"].all()
        print([part.tolist() for part in step], [info["episode"]["l"] for info in infos["final_info"]])
        assert envs.call("spec")[0].autoreset is False  # a field that only the specs of 0.29 have
        envs.close()
"""


def test_the_profile_reaches_child_processes_under_every_start_method(tmp_path):
    script = tmp_path / "workers.py"
    script.write_text(WORKERS, encoding="utf-8")
    lines = run(script)
    assert len(lines) == 3
    assert len(set(lines)) == 1
    assert "array([3]" in lines[0]


# In this process -----------------------------------------------------------------------------------------------------


class Worker(core.Env):
    """Ends after ``length`` steps."""

    reward_range = (0, 2)
    colour = "green"
    _secret = 1

    def __init__(self, length=2):
        self.length = length
        self.observation_space = spaces.Box(-np.inf, np.inf, (2,), np.float32)
        self.action_space = spaces.Discrete(2)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return self.np_random.random(2, dtype=np.float32), {"begin": True}

    def step(self, action):
        self.steps += 1
        observation = self.np_random.random(2, dtype=np.float32)
        return observation, np.float32(action), self.steps >= self.length, False, {"steps": self.steps}

    def twice(self, number):
        return 2 * number


class Outer(core.Wrapper):
    shape = "round"


class Inner(core.Wrapper):
    size = 3


def layers(length=2):
    return Outer(wrappers.OrderEnforcing(Inner(Worker(length))))


@pytest.mark.parametrize("access", [lambda env: env.colour, lambda env: env.size, lambda env: env.twice(2)])
def test_what_a_wrapper_lacks_is_looked_up_beneath_with_a_warning_each_time(access):
    with pytest.warns(UserWarning, match=r"get_wrapper_attr") as caught:
        found = access(Outer(Inner(Worker())))
    assert found in ("green", 3, 4)
    names = {str(warning.message).split()[2] for warning in caught}
    assert len(names) == 1
    assert len(caught) == (1 if found == 3 else 2)  # one for each layer that does not have it itself


def test_what_a_layer_has_itself_is_found_without_a_warning():
    env = layers()
    assert env.shape == "round"
    assert env.unwrapped.colour == "green"
    assert [env.get_wrapper_attr(name) for name in ("shape", "size", "colour")] == ["round", 3, "green"]
    assert env.has_wrapper_attr("size")
    assert not env.has_wrapper_attr("weight")


@pytest.mark.parametrize("name", ["_secret", "_np_random_state", "__array__"])
def test_private_names_are_not_looked_up_beneath(name):
    env = layers()
    with pytest.raises(AttributeError, match="private"):
        getattr(env, name)
    with pytest.raises(AttributeError):
        getattr(VectorEnvWrapper(SyncVectorEnv([Worker])), name)


def test_a_name_that_nobody_has_is_an_attribute_error():
    with pytest.warns(UserWarning, match="weight"), pytest.raises(AttributeError, match=r"'Worker'.*'weight'"):
        layers().weight  # noqa: B018  # what is tested is the look-up
    with pytest.raises(AttributeError):
        layers().get_wrapper_attr("weight")


def test_the_level_of_the_logger_silences_what_is_forwarded():
    env = layers()
    try:
        logger.set_level(logger.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert env.colour == "green"
    finally:
        logger.set_level(logger.WARN)
    with pytest.warns(UserWarning, match="colour"):
        assert env.colour == "green"


def test_the_level_of_the_logger_silences_the_checks():
    class Wrong(Worker):
        def step(self, action):
            observation, _, *rest = super().step(action)
            return observation, float("inf"), *rest

    def play():
        env = wrappers.PassiveEnvChecker(Wrong())
        env.reset(seed=0)
        return env.step(0)

    with pytest.warns(UserWarning, match="finite"):
        play()
    try:
        logger.set_level(logger.ERROR)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert play()[1] == float("inf")
    finally:
        logger.set_level(logger.WARN)


def test_the_range_of_rewards():
    assert core.Env().reward_range == (-float("inf"), float("inf"))
    env = layers()
    assert env.reward_range == (0, 2)
    env.env.reward_range = (-1, 1)
    with pytest.warns(UserWarning, match="reward_range"):
        assert env.reward_range == (-1, 1)
    assert env.unwrapped.reward_range == (0, 2)


def assert_played_alike(first, second, seed=3):
    for env in (first, second):
        env.reset(seed=seed)
    assert_same(first.step(1), second.step(1))
    assert_same(first.step(0), second.step(0))


@pytest.mark.parametrize(
    "wrap",
    [
        lambda env: env,
        wrappers.RecordEpisodeStatistics,
        wrappers.NormalizeObservation,
        wrappers.NormalizeReward,
        wrappers.AutoResetWrapper,
        wrappers.TimeAwareObservation,
        wrappers.PassiveEnvChecker,
        lambda env: wrappers.TransformObservation(env, np.negative),
        lambda env: wrappers.TimeLimit(env, 2),
    ],
)
def test_wrapped_environments_can_be_copied_and_pickled(wrap):
    env = wrap(layers(5))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        copies = [copy.deepcopy(env), copy.copy(env), pickle.loads(pickle.dumps(env))]
        assert hash(env) != hash(copies[0])
    for twin in (copies[0], copies[2]):
        assert type(twin) is type(env)
        assert twin.unwrapped is not env.unwrapped
        assert_played_alike(copy.deepcopy(env), twin)
    assert copies[1].env is env.env


def test_frames_can_be_copied_and_stacked():
    env = copy.deepcopy(wrappers.FrameStack(layers(9), 3))
    frames, _ = env.reset(seed=1)
    assert frames.shape == (3, 2) == np.array(frames).shape == env.observation_space.shape
    assert (np.array(frames) == frames[0]).all()
    after = env.step(1)[0]
    assert (after[:2] == frames[1:]).all()
    assert_same(np.asarray(pickle.loads(pickle.dumps(after))), np.asarray(after))
    assert np.asarray(after, np.float64).dtype == np.float64
    with pytest.raises(error.InvalidParameter, match="compress"):
        wrappers.LazyFrames([np.zeros(1)], lz4_compress=True)


@pytest.mark.parametrize("kind", [SyncVectorEnv, AsyncVectorEnv])
def test_a_batch_is_an_environment_that_says_where_episodes_ended(kind):
    batch = kind([functools.partial(Worker, length) for length in (1, 3)])
    assert isinstance(batch, core.Env)
    assert isinstance(batch, VectorEnv)
    assert batch.is_vector_env
    assert str(batch) == f"<{kind.__name__} instance>"
    assert repr(batch) == f"{kind.__name__}(2)"
    assert batch.metadata == {"render_modes": []}
    _, infos = batch.reset(seed=5)
    assert_same(infos, {"begin": np.array([True, True]), "_begin": np.array([True, True])})
    single = Worker(1)
    single.reset(seed=5)
    last = single.step(1)[0]
    first = single.reset()[0]
    observations, rewards, terminated, truncated, infos = batch.step([1, 0])
    assert_same(observations[0], first)
    assert_same(infos["final_observation"][0], last)
    assert infos["final_info"].tolist() == [{"steps": 1}, None]
    keys = ("begin", "final_observation", "final_info", "steps")
    assert list(infos) == [name for key in keys for name in (key, f"_{key}")]
    assert_same(infos["steps"], np.array([0, 1]))
    assert_same(infos["_final_info"], np.array([True, False]))
    assert (terminated.tolist(), truncated.tolist(), rewards.tolist()) == ([True, False], [False, False], [1.0, 0.0])
    # In processes the rewards keep their type, as in the original.
    assert rewards.dtype == (np.float64 if kind is SyncVectorEnv else np.float32)
    batch.close()
    assert batch.closed


def test_actions_beyond_the_bounds_reach_the_lanes():
    """ClipAction leaves the action space as it is, so a batch must not refuse what it would clip."""

    class Moved(Worker):
        def __init__(self):
            super().__init__()
            self.action_space = spaces.Box(-1, 1, (2,), np.float32)

        def step(self, action):
            self.played = action
            return super().step(action[0])

    batch = SyncVectorEnv([lambda: wrappers.ClipAction(Moved())] * 2)
    batch.reset(seed=0)
    batch.step(np.array([[5.0, 0.5], [-0.25, -9.0]]))
    assert [env.unwrapped.played.tolist() for env in batch.envs] == [[1.0, 0.5], [-0.25, -1.0]]


def test_env_fns_may_be_a_generator_and_the_spaces_may_be_given():
    wide = spaces.Box(-np.inf, np.inf, (2,), np.float32)
    batch = SyncVectorEnv((Worker for _ in range(3)), observation_space=wide, action_space=spaces.Discrete(2, seed=4))
    assert (batch.num_envs, batch.single_observation_space) == (3, wide)
    assert batch.action_space == spaces.MultiDiscrete([2, 2, 2])


@pytest.mark.parametrize("kind", [SyncVectorEnv, AsyncVectorEnv])
def test_setting_an_attribute_sets_it_on_the_outermost_layer(kind):
    batch = kind([layers, layers])
    batch.set_attr("size", [7, 8])
    assert batch.get_attr("size") == (7, 8)
    assert batch.call("unwrapped")[0].colour == "green"
    if kind is SyncVectorEnv:
        assert [env.env.env.size for env in batch.envs] == [3, 3]
    batch.close()


class Doubled(VectorEnvWrapper):
    def step_wait(self):
        observations, rewards, *rest = self.env.step_wait()
        return observations, 2 * rewards, *rest


@pytest.mark.parametrize("kind", [SyncVectorEnv, AsyncVectorEnv])
def test_a_wrapper_around_a_batch_hands_everything_down(kind):
    plain, inside = kind([Worker, Worker]), kind([Worker, Worker])
    batch = Doubled(inside)
    assert_same(batch.reset(seed=[1, 2]), plain.reset(seed=[1, 2]))
    ours, theirs = batch.step([1, 0]), plain.step([1, 0])
    assert_same(ours[1], 2 * theirs[1])
    assert_same([ours[0], *ours[2:]], [theirs[0], *theirs[2:]])
    assert batch.call("twice", 4) == (8, 8)
    assert batch.get_attr("length") == (2, 2)
    batch.set_attr("length", 9)
    assert batch.get_attr("length") == (9, 9)
    with pytest.warns(UserWarning, match="num_envs"):
        assert batch.num_envs == 2
    assert batch.unwrapped is inside
    assert repr(batch) == f"<Doubled, {inside}>"
    assert isinstance(wrappers.RecordEpisodeStatistics(batch), core.Env)
    batch.close()
    assert batch.closed
    assert inside.closed
    plain.close()
    with pytest.raises(AssertionError, match="VectorEnv"):
        VectorEnvWrapper(Worker())


def test_a_batch_of_ones_own_needs_only_the_halves_of_its_calls():
    class Counter(VectorEnv):
        def reset_wait(self, seed=None, options=None):
            return np.full(self.num_envs, seed), {}

        def step_async(self, actions):
            self.actions = actions

        def step_wait(self):
            flags = np.zeros(self.num_envs, bool)
            return np.asarray(self.actions), np.ones(self.num_envs), ~flags, flags, {}

    batch = Counter(2, spaces.Discrete(9), spaces.Discrete(3))
    assert batch.observation_space == spaces.MultiDiscrete([9, 9])
    assert_same(batch.reset(seed=4)[0], np.array([4, 4]))
    counted = wrappers.RecordEpisodeStatistics(batch)
    counted.reset(seed=4)
    assert counted.step([1, 2])[4]["episode"]["l"].tolist() == [1, 1]
    bare = VectorEnv(2, spaces.Discrete(9), spaces.Discrete(3))
    for call in (bare.reset, lambda: bare.step([0, 0])):
        with pytest.raises(NotImplementedError):
            call()


def old_worker(index, env_fn, pipe, parent_pipe, shared_memory, error_queue):
    """A worker as written for 0.29, which adds 100 to every reward and fails at action 1."""
    env = env_fn()
    parent_pipe.close()
    try:
        while True:
            command, data = pipe.recv()
            if command == "reset":
                pipe.send((env.reset(**data), True))
            elif command == "step":
                if data == 1:
                    raise RuntimeError("no ones")
                observation, reward, *rest = env.step(data)
                pipe.send(((observation, reward + 100, *rest), True))
            elif command == "_call":
                pipe.send((getattr(env, data[0]), True))
            else:
                pipe.send((None, True))
                break
    except RuntimeError:
        error_queue.put((index, *sys.exc_info()[:2]))
        pipe.send((None, False))


def test_a_worker_of_the_time_serves():
    batch = AsyncVectorEnv([Worker] * 2, shared_memory=False, worker=old_worker)
    plain = SyncVectorEnv([Worker] * 2)
    assert_same(batch.reset(seed=3), plain.reset(seed=3))
    assert batch.step([0, 0])[1].tolist() == [100.0, 100.0]
    with pytest.raises(RuntimeError, match="no ones"):
        batch.step([0, 1])
    assert batch.closed


def test_old_environments_and_specs():
    made = registration.EnvSpec("lab/Thing-v3", entry_point="a:B", autoreset=True, kwargs={"size": 2})
    assert registration.EnvSpec.from_json(made.to_json()) == made
    assert list(json.loads(made.to_json()))[6:9] == ["autoreset", "disable_env_checker", "apply_api_compatibility"]
    assert "order_enforce=True, autoreset=True, disable_env_checker=False" in repr(made)
    assert "autoreset=True" in made.pprint(disable_print=True)
    for wrong in ("{}", "no JSON", json.dumps({"id": "A-v0", "autoreset": True})):
        with pytest.raises(error.InvalidParameter, match="to_json"):
            registration.EnvSpec.from_json(wrong)
    with pytest.raises(error.InvalidParameter, match="expected an id"):
        registration.make(3)


def test_the_state_of_the_pole_is_an_array_after_a_reset_and_a_tuple_after_a_step():
    pole = envs.CartPoleEnv()
    with pytest.raises(AssertionError, match="reset"):
        pole.step(0)
    pole.reset(seed=1)
    pole.state[2] = 0.1  # what is written into it counts
    before = tuple(pole.state)
    pole.step(1)
    assert isinstance(pole.state, tuple)
    assert pole.state[2] == before[2] + 0.02 * before[3]
    pole.state = [0.0, 0.0, 0.0, 0.0]
    assert pole.step(0)[0][1] < 0
    assert np.isfinite(pole.observation_space.high).all()


def test_the_state_of_the_car_is_an_array_after_a_reset_and_a_tuple_after_a_step():
    car = envs.MountainCarEnv(goal_velocity=0.01)
    car.reset(seed=1)
    car.state[0] = -0.7  # what is written into it counts
    car.step(1)
    assert isinstance(car.state, tuple)
    assert car.state[0] == -0.7 + car.state[1]
    car.state = [0.495, 0.005]
    assert car.step(2)[2] is False  # too slow
    assert car.reward_range == (-float("inf"), float("inf"))
