"""AsyncVectorEnv beside SyncVectorEnv, and what happens when a worker fails, dies, or is left alone."""

import inspect
import multiprocessing
import os
import pickle
import signal
import subprocess
import sys
import time
import warnings
from pathlib import Path

import gymnasium
import gymnasium.vector.async_vector_env as reference
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.spaces import Box, Dict, Discrete, MultiBinary, OneOf, Sequence, Text, Tuple
from minigym.vector import AsyncVectorEnv, SyncVectorEnv, utils
from tests.minigym.vector.compare import assert_same, calls, play_both

ROOT = Path(__file__).parents[3]
MODES = ["NextStep", "SameStep", "Disabled"]
pytestmark = pytest.mark.skipif("fork" not in multiprocessing.get_all_start_methods(), reason="most tests fork")


class Troubled(minigym.Env):
    """Ends after three steps; does what its ``trouble`` says at a step with action 1."""

    def __init__(self, trouble=None):
        self.observation_space = Dict({"a": Box(0, 9, (2,)), "b": Tuple([Discrete(9), MultiBinary(2)])})
        self.action_space = Discrete(2)
        self.trouble = trouble
        self.cannot_travel = (number for number in ())
        self.count = 0

    def _observation(self):
        return {"a": np.full(2, self.count, np.float32), "b": (self.count, np.array([1, 0], np.int8))}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0
        return self._observation(), {"options": options}

    def step(self, action):
        self.count += 1
        if action == 1 and self.trouble is not None:
            self.trouble(self)
        return self._observation(), 1.0, self.count == 3, False, {"count": self.count}


def fail(env):
    raise ValueError("the pole has melted")


def die(env):
    os._exit(7)


def sleep(env):
    time.sleep(0.6)


class UnportableError(Exception):
    def __init__(self, first, second):
        super().__init__(f"{first} and {second}")


def fail_unportably(env):
    raise UnportableError("this", "that")


@pytest.fixture
def make():
    """Makes batches that are closed after the test, by force."""
    made = []

    def making(*args, **kwargs):
        made.append(AsyncVectorEnv(*args, **{"context": "fork", **kwargs}))
        return made[-1]

    yield making
    for envs in made:
        envs.close(terminate=True)
        assert not any(process.is_alive() for process in envs.processes)


def lanes(limits, env_id):
    return [lambda limit=limit: minigym.make(env_id, max_episode_steps=limit) for limit in limits]


# Beside SyncVectorEnv -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shared_memory", [True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_any_sequence_of_calls_gives_what_the_specification_gives(env_id, mode, shared_memory, data):
    """Explicit resets after an end among them, which Gymnasium's workers without shared memory swallow."""
    limits = data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=3), "limits")
    sequence = data.draw(calls(len(limits), 4 if env_id == "FrozenLake-v1" else 2, env_id == "CartPole-v1"), "calls")
    envs = AsyncVectorEnv(lanes(limits, env_id), shared_memory=shared_memory, autoreset_mode=mode, context="fork")
    try:
        play_both(envs, SyncVectorEnv(lanes(limits, env_id), autoreset_mode=mode), sequence)
    finally:
        envs.close()


@pytest.mark.parametrize("context", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("shared_memory", [True, False])
def test_nested_observations_in_every_context(make, context, shared_memory):
    envs = make([Troubled] * 3, shared_memory=shared_memory, context=context)
    twin = SyncVectorEnv([Troubled] * 3)
    for name in ("num_envs", "metadata", "render_mode", "spec", "autoreset_mode", "action_space", "observation_space"):
        assert getattr(envs, name) == getattr(twin, name)
    assert str(envs) == "AsyncVectorEnv(num_envs=3)"
    assert_same(envs.reset(seed=[1, 2, 3], options={"a": 1}), twin.reset(seed=[1, 2, 3], options={"a": 1}))
    for step in range(9):
        if step == 5:
            mask = {"reset_mask": np.array([True, False, True])}
            assert_same(envs.reset(options=mask), twin.reset(options=mask))
        assert_same(envs.step([0, 1, 0]), twin.step([0, 1, 0]))


def test_lambdas_reach_a_fresh_process_through_cloudpickle(make):
    pytest.importorskip("cloudpickle")
    envs = make(lanes([4], "CartPole-v1"), context="spawn")
    assert_same(envs.reset(seed=3), SyncVectorEnv(lanes([4], "CartPole-v1")).reset(seed=3))


@pytest.mark.parametrize("shared_memory", [True, False])
def test_observations_are_copies_unless_asked_otherwise(make, shared_memory):
    envs = make([Troubled] * 2, shared_memory=shared_memory)
    first = envs.reset()[0]
    envs.step([0, 0])
    assert first["a"].tolist() == [[0, 0]] * 2
    envs = make([Troubled] * 2, copy=False, shared_memory=shared_memory)
    first = envs.reset()[0]
    envs.step([0, 0])
    assert first["a"].tolist() == [[1, 1]] * 2


def test_call_get_attr_and_set_attr(make):
    envs = make(lanes([5, 6], "CartPole-v1"))
    envs.reset(seed=5)
    envs.set_attr("gravity", (1.6, 9.8))
    assert envs.get_attr("gravity") == (1.6, 9.8)
    assert envs.get_attr("_max_episode_steps") == (5, 6)
    assert envs.call("get_wrapper_attr", "tau") == (0.02, 0.02)
    assert envs.np_random_seed == (5, 6)
    assert [rng.random() for rng in envs.np_random] == [rng.random() for rng in envs.np_random]
    with pytest.raises(error.InvalidParameter, match=r"call\('reset'\) would bypass the batch"):
        envs.call("reset")
    with pytest.raises(error.InvalidParameter, match="one for each of the 2; got a list of 1"):
        envs.set_attr("gravity", [1.0])


def test_make_vec_makes_it():
    envs = minigym.make_vec("CartPole-v1", num_envs=2, vectorization_mode="async", vector_kwargs={"context": "fork"})
    try:
        assert str(envs) == "AsyncVectorEnv(CartPole-v1, num_envs=2)"
        assert envs.spec.kwargs["vectorization_mode"] == "async"
        assert_same(envs.reset(seed=0), minigym.make_vec("CartPole-v1", 2, "sync").reset(seed=0))
    finally:
        envs.close()


@pytest.mark.parametrize("kind", ["SyncVectorEnv", "AsyncVectorEnv"])
def test_arguments_and_defaults_are_the_references(kind):
    ours, theirs = (inspect.signature(getattr(library.vector, kind)).parameters for library in (minigym, gymnasium))
    assert list(ours) == list(theirs)
    for name, parameter in theirs.items():
        assert repr(ours[name].default) == repr(parameter.default), name


@pytest.mark.parametrize("daemon", [True, False])
def test_what_it_was_made_with_can_be_read(make, daemon):
    envs = make([Troubled] * 2, daemon=daemon, copy=False)
    assert [process.daemon for process in envs.processes] == [daemon] * 2
    assert [process.name for process in envs.processes] == ["Worker<AsyncVectorEnv>-0", "Worker<AsyncVectorEnv>-1"]
    assert (envs.context, envs.shared_memory, envs.copy, envs.worker, envs.observation_mode) == (
        "fork",
        True,
        False,
        None,
        "same",
    )
    assert envs.observations is envs.reset()[0]


class Speaking(minigym.Env):
    """Says its step in words, in a Text, in a part of a OneOf, and as a number."""

    def __init__(self, longest=9):
        self.observation_space = Dict(
            {
                "words": Text(longest, min_length=0, charset="0123456789 steps"),
                "either": OneOf([Discrete(99), Tuple([Box(0, 99, (2,)), Text(3)])]),
                "number": Box(0, 99, ()),
            }
        )
        self.action_space = Discrete(2)

    def _observation(self):
        either = (np.int64(0), np.int64(self.count))
        if self.count % 2:
            either = (np.int64(1), (np.full(2, self.count, np.float32), str(self.count)))
        return {"words": f"{self.count} steps", "either": either, "number": np.float32(self.count)}

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.count = 0 if seed is None else seed
        return self._observation(), {}

    def step(self, action):
        self.count += 1
        return self._observation(), 1.0, False, False, {}


@pytest.mark.parametrize("copy", [True, False])
def test_words_come_through_shared_memory(make, copy):
    """In the reference the texts of the first moment stay for ever."""
    envs, twin = make([Speaking] * 3, copy=copy), SyncVectorEnv([Speaking] * 3)
    assert_same(envs.reset(seed=4), twin.reset(seed=4))
    first = envs.step([0] * 3)[0]
    assert_same(first, twin.step([0] * 3)[0])
    assert_same(envs.step([0] * 3), twin.step([0] * 3))
    assert first["words"] == ("5 steps", "6 steps", "7 steps")
    assert first["either"][1][0] == 0


def test_words_of_different_lanes_need_messages(make):
    """Each lane might count the characters in its own way."""
    with pytest.raises(error.InvalidParameter, match="only by lanes of one space; write shared_memory=False"):
        AsyncVectorEnv([Speaking, Speaking], observation_mode="different")
    batch = make([Speaking] * 2, shared_memory=False).reset(seed=1)[0]
    assert batch["words"] == ("1 steps", "2 steps")


def test_observations_of_no_fixed_size_need_messages(make):
    class Listing(Speaking):
        def __init__(self):
            super().__init__()
            self.observation_space = Sequence(Discrete(99))

        def _observation(self):
            return tuple(np.int64(number) for number in range(self.count))

    with pytest.raises(TypeError, match=r"no fixed size.*shared_memory=False"):
        AsyncVectorEnv([Listing])
    assert make([Listing] * 2, shared_memory=False).reset(seed=1)[0] == ((0,), (0, 1))
    with pytest.raises(TypeError):
        gymnasium.vector.utils.create_shared_memory(gymnasium.spaces.Sequence(gymnasium.spaces.Discrete(2)))


def test_the_variables_of_mpi_do_not_reach_the_workers(make, monkeypatch):
    class Environs(Troubled):
        def names(self):
            return sorted(name for name in os.environ if "MPI_" in name or "PMI_" in name)

    monkeypatch.setenv("OMPI_COMM_WORLD_RANK", "0")
    monkeypatch.setenv("PMI_RANK", "0")
    assert make([Environs]).call("names") == ([],)
    assert Environs().names() == ["OMPI_COMM_WORLD_RANK", "PMI_RANK"]


# Workers of one's own -----------------------------------------------------------------------------------------------


@pytest.fixture
def their_worker(monkeypatch):
    """Gymnasium's own worker, with minigym's names in place of those that it imports, as a copy of it would have."""
    for module in (minigym.vector, utils):
        for name in ("AutoresetMode", "write_to_shared_memory"):
            if hasattr(module, name):
                monkeypatch.setattr(reference, name, getattr(module, name))
    return reference._async_worker


@pytest.mark.parametrize("shared_memory", [True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("env_id", ["FrozenLake-v1", "CartPole-v1"])
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_the_references_own_worker_serves(their_worker, env_id, mode, shared_memory, data):
    limits = data.draw(st.lists(st.integers(1, 8), min_size=1, max_size=3), "limits")
    sequence = data.draw(calls(len(limits), 4 if env_id == "FrozenLake-v1" else 2, env_id == "CartPole-v1"), "calls")
    if not shared_memory:  # it then forgets that it was reset, and resets once more
        sequence = [call for number, call in enumerate(sequence) if number == 0 or call[0] == "step"]
    envs = AsyncVectorEnv(
        lanes(limits, env_id), shared_memory, autoreset_mode=mode, context="fork", worker=their_worker
    )
    assert envs.worker is their_worker
    try:
        envs.set_attr("gravity", 9.8)
        assert envs.get_attr("gravity") == (9.8,) * len(limits)
        twin = SyncVectorEnv(lanes(limits, env_id), autoreset_mode=mode)
        play_both(InOrder(envs), InOrder(twin), sequence)
    finally:
        envs.close()
    assert [process.exitcode for process in envs.processes] == [0] * len(limits)


class InOrder(minigym.vector.VectorWrapper):
    """Infos in the order of their names: that of the last infos among the first ones differs."""

    def step(self, actions):
        *result, infos = self.env.step(actions)
        return (*result, {key: infos[key] for key in sorted(infos)})


def doubling_worker(index, env_fn, pipe, parent_pipe, shared_memory, error_queue, autoreset_mode):
    """Doubles rewards; knows no reset of its own; fails at the second step of lane 1, and of lane 2 too."""
    parent_pipe.close()
    env = env_fn()
    try:
        while True:
            command, data = pipe.recv()
            if command == "close":
                pipe.send((None, True))
                break
            if command == "_call":
                pipe.send((env.get_wrapper_attr(data[0]), True))
                continue
            observation, *rest = env.reset(**data) if command == "reset" else env.step(data)
            if command == "step":
                if index > 0 and env.count == 2:
                    raise ArithmeticError(f"the bank of lane {index} is broken")
                rest[0] *= 2
            utils.write_to_shared_memory(env.observation_space, index, observation, shared_memory)
            pipe.send(((None, *rest), True))
    except Exception as failure:
        error_queue.put((index, type(failure), failure, "here"))
        pipe.send((None, False))


@pytest.mark.parametrize("context", ["fork", "spawn"])
def test_a_worker_of_ones_own(make, context):
    envs = make([Troubled] * 3, worker=doubling_worker, context=context)
    envs.reset(seed=0)
    observation, rewards, *_ = envs.step([0, 0, 0])
    assert observation["a"].tolist() == [[1, 1]] * 3
    assert rewards.tolist() == [2.0] * 3
    with pytest.raises(ArithmeticError, match="the bank of lane 1 is broken") as caught:
        envs.step([0, 0, 0])
    assert caught.value.__notes__ == ["raised in the worker of lane 1:\nhere"]
    assert envs.closed
    with pytest.raises(error.ClosedEnvironmentError):
        envs.reset()


def test_a_failure_that_is_told_in_words_or_not_at_all(make, monkeypatch):
    def telling(index, env_fn, pipe, parent_pipe, shared_memory, error_queue, autoreset_mode):
        pipe.recv()
        error_queue.put((index, KeyError, "in words", "here"))
        pipe.send((None, False))

    def silent(index, env_fn, pipe, parent_pipe, shared_memory, error_queue, autoreset_mode):
        pipe.recv()
        pipe.send((None, False))

    def gone(*args):
        os._exit(3)

    monkeypatch.setattr("minigym.vector.async_vector_env._PATIENCE", 0.2)
    before = multiprocessing.active_children()
    for worker, kind, message in (
        (telling, KeyError, "in words"),
        (silent, error.Error, "worker of lane 0 failed, and did not say why; the batch was closed"),
        (gone, error.Error, "died with exit code 3"),
    ):
        with pytest.raises(kind, match=message):
            make([Troubled], worker=worker)
    assert multiprocessing.active_children() == before


# Order and arguments ------------------------------------------------------------------------------------------------


def test_what_is_wrong_is_refused_before_anything_moves(make):
    envs = make([Troubled] * 2, autoreset_mode="Disabled")
    with pytest.raises(error.ResetNeeded):
        envs.step([0, 0])
    envs.reset(seed=0)
    for _ in range(3):
        with pytest.raises(error.InvalidAction):
            envs.step([0, 2])
        with pytest.raises(error.InvalidSeed):
            envs.reset(seed=-1)
        envs.step([0, 0])
    with pytest.raises(error.ResetNeeded, match=r"lanes \[0, 1\] are over"):
        envs.step([0, 0])
    assert envs.get_attr("count") == (3, 3)


def test_commands_come_one_after_the_other(make):
    envs = make([Troubled] * 2)
    with pytest.raises(error.NoAsyncCallError, match=r"reset_wait\(\) needs a reset_async\(\)"):
        envs.reset_wait()
    envs.reset_async(seed=1)
    with pytest.raises(error.NoAsyncCallError) as caught:
        envs.step_wait()
    assert caught.value.name == "step"
    with pytest.raises(error.AlreadyPendingCallError, match=r"call reset_wait\(\) first") as caught:
        envs.call_async("count")
    assert caught.value.name == "reset"
    envs.reset_wait()
    envs.step_async([0, 0])
    assert envs.step_wait()[0]["a"].tolist() == [[1, 1]] * 2


def test_a_timeout_leaves_the_step_to_be_waited_for_again(make):
    """So that its result is never taken for that of the next step."""
    envs = make([Troubled, lambda: Troubled(sleep)])
    envs.reset()
    envs.step_async([0, 1])
    with pytest.raises(multiprocessing.TimeoutError, match=r"lane 1 has not answered within 0.05 s"):
        envs.step_wait(timeout=0.05)
    assert envs.step_wait()[0]["b"][0].tolist() == [1, 1]
    assert envs.step([0, 0])[0]["b"][0].tolist() == [2, 2]


# Failures -----------------------------------------------------------------------------------------------------------


def test_a_failure_is_raised_here_with_the_workers_traceback(make):
    envs = make([Troubled, lambda: Troubled(fail), Troubled])
    envs.reset()
    with pytest.raises(ValueError, match="the pole has melted") as caught:
        envs.step([0, 1, 0])
    (note,) = caught.value.__notes__
    assert "in the worker of lane 1" in note
    assert "in fail\n" in note
    with pytest.raises(error.ResetNeeded):  # the others have moved, and nobody saw it
        envs.step([0, 0, 0])
    envs.reset()
    assert envs.step([0, 0, 0])[0]["b"][0].tolist() == [1, 1, 1]


def test_an_exception_that_cannot_travel_arrives_in_words(make):
    envs = make([lambda: Troubled(fail_unportably)])
    envs.reset()
    with pytest.raises(error.Error, match="UnportableError: this and that"):
        envs.step([1])
    with pytest.raises(AttributeError, match="nothing_like_it"):
        envs.get_attr("nothing_like_it")
    with pytest.raises(TypeError, match="pickle"):
        envs.get_attr("cannot_travel")
    envs.reset()
    envs.step([0])


def test_a_dead_worker_closes_the_batch(make):
    envs = make([Troubled, lambda: Troubled(die)])
    envs.reset()
    with pytest.raises(error.Error, match=r"worker of lane 1 died with exit code 7.*make it anew"):
        envs.step([0, 1])
    with pytest.raises(error.ClosedEnvironmentError):
        envs.reset()
    assert envs.closed


def test_lanes_that_do_not_fit_are_refused_and_leave_no_process():
    before = multiprocessing.active_children()
    for second, message in (
        (lambda: minigym.make("FrozenLake-v1"), "same action space"),
        (lambda: 3, "must make a minigym.Env"),
    ):
        with pytest.raises(error.InvalidParameter, match=message):
            AsyncVectorEnv([lambda: minigym.make("CartPole-v1"), second], context="fork")
    assert multiprocessing.active_children() == before


class Letters(minigym.Space):
    def __eq__(self, other):
        return isinstance(other, Letters)

    __hash__ = None


def test_observations_that_are_no_arrays_need_messages(make):
    def lettered():
        env = Troubled()
        env.observation_space = Letters()
        return env

    with pytest.raises(error.InvalidParameter, match="shared_memory=False"):
        AsyncVectorEnv([lettered])
    observations, _ = make([lettered] * 2, shared_memory=False).reset()
    assert [observation["b"][0] for observation in observations] == [0, 0]


@pytest.mark.parametrize("kind", [error.AlreadyPendingCallError, error.NoAsyncCallError, error.ClosedEnvironmentError])
def test_errors_survive_pickling(kind):
    failure = kind("too early", "step") if issubclass(kind, error.AsyncError) else kind("too late")
    copied = pickle.loads(pickle.dumps(failure))
    assert (type(copied), str(copied), vars(copied)) == (kind, str(failure), vars(failure))


# The end of the workers ---------------------------------------------------------------------------------------------


def test_closing_an_older_batch_does_not_wait_for_a_younger(make):
    """With fork the younger workers have inherited the ends of the older one's pipes."""
    older, younger = make([Troubled] * 2), make([Troubled] * 2)
    older.close()
    older.close()
    assert older.closed
    assert not any(process.is_alive() for process in older.processes)
    younger.reset()


def test_closing_waits_for_what_is_pending_or_not(make):
    envs = make([lambda: Troubled(sleep)])
    envs.reset()
    envs.step_async([1])
    envs.close()
    assert [process.exitcode for process in envs.processes] == [0]
    envs = make([lambda: Troubled(lambda env: time.sleep(60))])  # so long that a busy machine does not matter
    envs.reset()
    envs.step_async([1])
    envs.close(timeout=0.05)
    assert envs.processes[0].exitcode in (-signal.SIGTERM, -signal.SIGKILL)


def test_a_pending_failure_is_told_on_closing(make):
    envs = make([lambda: Troubled(fail)])
    envs.reset()
    envs.step_async([1])
    with pytest.warns(UserWarning, match="pending when the batch was closed had failed.*melted"):
        envs.close()


def test_a_forgotten_batch_takes_its_workers_with_it():
    envs = AsyncVectorEnv([Troubled] * 2, context="fork")
    processes = envs.processes
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        del envs
    assert not any(process.is_alive() for process in processes)


ORPHANS = """
import sys, time
import minigym
from minigym.vector import AsyncVectorEnv

def make():
    return minigym.make("CartPole-v1")

if __name__ == "__main__":
    batches = [AsyncVectorEnv([make] * 2, context=sys.argv[1]) for _ in range(2)]
    for envs in batches:
        envs.reset()
    print(*(process.pid for envs in batches for process in envs.processes), flush=True)
    time.sleep(60)
"""


def is_running(pid):
    """Whether the process does anything still; one that ended and nobody asked about, a zombie, does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="asks Linux whether a process runs")
@pytest.mark.parametrize("context", ["fork", "forkserver", "spawn"])
def test_no_worker_outlives_a_killed_parent(context, tmp_path):
    script = tmp_path / "orphans.py"
    script.write_text(ORPHANS)
    parent = subprocess.Popen(
        [sys.executable, str(script), context],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    with parent:
        pids = [int(pid) for pid in parent.stdout.readline().split()]
        assert len(pids) == 4
        assert all(map(is_running, pids))
        parent.kill()
    deadline = time.monotonic() + 10
    while any(map(is_running, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not any(map(is_running, pids))
