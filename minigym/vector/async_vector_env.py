"""A batch of environments, each in a process of its own."""

import contextlib
import multiprocessing
import pickle
import signal
import time
import traceback
from collections.abc import Iterable, Sequence
from copy import deepcopy
from enum import Enum
from multiprocessing.connection import Connection
from multiprocessing.context import BaseContext
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger
from minigym.core import AutoresetMode, RenderFrame, VectorEnv
from minigym.spaces import Space
from minigym.vector import lanes
from minigym.vector.utils import batch_space, checked_actions, concatenate, create_empty_array, iterate


class AsyncState(Enum):
    """What the workers are busy with."""

    DEFAULT = "default"
    WAITING_RESET = "reset"
    WAITING_STEP = "step"
    WAITING_CALL = "call"


class AsyncVectorEnv(VectorEnv[Any, Any, NDArray[Any]]):
    """A batch of environments, each in a process of its own: for environments whose step takes longer than a message.

    It gives what :class:`minigym.vector.SyncVectorEnv` gives. An exception in a worker is raised here, with the
    worker's traceback as a note; the batch can be used on, after a ``reset`` of all lanes where a reset or step failed,
    unless the worker itself has died. When this process dies, even by ``kill -9``, the workers end.

    Args:
        env_fns: one function for each lane, which makes its environment; the first is also called in this process, to
            learn the spaces (all of them with ``observation_mode="different"``).
        shared_memory: whether observations come through memory that the processes share, rather than in messages.
        copy: whether every call returns observations of its own; False returns the same arrays, overwritten each time.
        context: how processes start, "fork", "forkserver" or "spawn"; None for the platform's default. All but "fork"
            send ``env_fns`` by pickle; lambdas, and what a notebook defines, need cloudpickle installed.
        daemon: whether the workers end with this process, and may have no children.
        observation_mode: as in SyncVectorEnv.
        autoreset_mode: likewise.

    Raises:
        InvalidParameter: as SyncVectorEnv does; or if the observations are no arrays and cannot be shared.
    """

    def __init__(
        self,
        env_fns: Sequence[lanes.EnvFn],
        shared_memory: bool = True,
        copy: bool = True,
        context: str | None = None,
        daemon: bool = True,
        observation_mode: lanes.ObservationMode = "same",
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.env_fns = lanes.checked_env_fns(env_fns)
        self.num_envs = len(self.env_fns)
        self.shared_memory = shared_memory
        self.copy = copy
        self.context = context
        self.daemon = daemon
        self.observation_mode = observation_mode
        self.autoreset_mode = AutoresetMode(autoreset_mode)
        # The shared memory must exist before the processes that inherit it, and its size is that of the spaces.
        samples = self.env_fns if observation_mode == "different" else self.env_fns[:1]
        envs = [lanes.checked_env(lane, env_fn()) for lane, env_fn in enumerate(samples)]
        self.metadata = {**envs[0].metadata, "autoreset_mode": self.autoreset_mode}
        self.render_mode = envs[0].render_mode
        self.single_action_space = envs[0].action_space
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        spaces = [env.observation_space for env in envs] * (self.num_envs // len(envs))
        self.single_observation_space, self.observation_space = lanes.observation_spaces(observation_mode, spaces)
        for env in envs:
            env.close()

        start = multiprocessing.get_context(context)
        shared = _shared(self.single_observation_space, self.num_envs, start) if shared_memory else None
        self._observations = (
            create_empty_array(self.single_observation_space, self.num_envs) if shared is None else _views(shared)
        )
        self._env_obs: list[Any] = [None] * self.num_envs
        self._was_reset = False
        self._ended = np.zeros(self.num_envs, np.bool_)
        self._state = AsyncState.DEFAULT
        self._waiting: list[int] = []  # lanes whose reply to the pending command has not come yet
        self._replies: dict[int, Any] = {}
        self.parent_pipes: list[Connection] = []
        self.processes: list[Any] = []
        try:
            for lane, env_fn in enumerate(self.env_fns):
                ours, theirs = start.Pipe()
                process = start.Process(  # type: ignore[attr-defined]  # every context has one
                    target=_work,
                    name=f"Worker<{type(self).__name__}>-{lane}",
                    args=(
                        lane,
                        _Function(env_fn),
                        theirs,
                        ours,
                        self.single_observation_space,
                        shared,
                        self.autoreset_mode,
                    ),
                    daemon=daemon,
                )
                self.parent_pipes.append(ours)
                self.processes.append(process)
                process.start()
                theirs.close()
            observation_spaces, action_spaces = zip(*self._ask("spaces", [()] * self.num_envs), strict=True)
            lanes.check_action_spaces([self.single_action_space, *action_spaces])
            lanes.observation_spaces(observation_mode, observation_spaces)
        except BaseException:
            self.close(terminate=True)
            raise

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        self.reset_async(seed=seed, options=options)
        return self.reset_wait()

    def reset_async(self, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None) -> None:
        """Begin :meth:`reset`, which :meth:`reset_wait` ends."""
        seeds = lanes.lane_seeds(seed, self.num_envs)
        mask, options_of = lanes.lane_options(options, self.num_envs)
        if not (self._was_reset or mask.all()):
            raise error.ResetNeeded("a reset of some lanes needs the others to be in an episode: call reset() first")
        self._send(AsyncState.WAITING_RESET, "reset", list(zip(seeds, options_of, strict=True)), mask)

    def reset_wait(self, timeout: float | None = None) -> tuple[Any, dict[str, Any]]:
        """The result of the reset that :meth:`reset_async` began.

        Args:
            timeout: seconds to wait; None for as long as it takes.

        Raises:
            multiprocessing.TimeoutError: after ``timeout``; the reset goes on, and may be waited for again.
        """
        infos: dict[str, Any] = {}
        for lane, (observation, info) in self._receive(AsyncState.WAITING_RESET, timeout).items():
            self._env_obs[lane] = observation
            self._ended[lane] = False
            infos = self._add_info(infos, info, lane)
        self._was_reset = True
        return self._batch(), infos

    def step(
        self, actions: Any
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        self.step_async(actions)
        return self.step_wait()

    def step_async(self, actions: Any) -> None:
        """Begin :meth:`step`, which :meth:`step_wait` ends."""
        batch = checked_actions(self.action_space, actions)
        if not self._was_reset:
            raise error.ResetNeeded("step() needs an episode in every lane: call reset() first")
        if self.autoreset_mode is AutoresetMode.DISABLED:
            lanes.check_running(self._ended.tolist())
        self._send(AsyncState.WAITING_STEP, "step", [(action,) for action in iterate(self.action_space, batch)])

    def step_wait(
        self, timeout: float | None = None
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """The result of the step that :meth:`step_async` began; see :meth:`reset_wait`."""
        rewards = np.zeros(self.num_envs, np.float64)
        terminations, truncations = np.zeros((2, self.num_envs), np.bool_)
        infos: dict[str, Any] = {}
        for lane, step in self._receive(AsyncState.WAITING_STEP, timeout).items():
            self._env_obs[lane] = step.observation
            rewards[lane], terminations[lane], truncations[lane] = step.reward, step.terminated, step.truncated
            infos = self._add_info(self._add_info(infos, step.final, lane), step.info, lane)
        self._ended = terminations | truncations
        return self._batch(), rewards, terminations, truncations, infos

    def _batch(self) -> Any:
        """The lanes' latest observations as one batch."""
        if not self.shared_memory:
            self._observations = concatenate(self.single_observation_space, self._env_obs, self._observations)
        return deepcopy(self._observations) if self.copy else self._observations

    def render(self) -> tuple[RenderFrame | list[RenderFrame] | None, ...]:
        """What each lane renders."""
        return self.call("render")

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """Each lane's attribute ``name``, wherever among its wrappers; called with the arguments if it is callable."""
        self.call_async(name, *args, **kwargs)
        return self.call_wait()

    def call_async(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Begin :meth:`call`, which :meth:`call_wait` ends."""
        if name in ("reset", "step", "close"):
            raise error.InvalidParameter(f"call({name!r}) would bypass the batch: use its own {name}()")
        self._send(AsyncState.WAITING_CALL, "call", [(name, args, kwargs)] * self.num_envs)

    def call_wait(self, timeout: float | None = None) -> tuple[Any, ...]:
        """The result of the call that :meth:`call_async` began; see :meth:`reset_wait`."""
        return tuple(self._receive(AsyncState.WAITING_CALL, timeout).values())

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """A copy of each lane's attribute ``name``; what a method returns without arguments."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set the attribute ``name`` of each lane; see :meth:`minigym.vector.SyncVectorEnv.set_attr`."""
        self._ask("set", [(name, value) for value in lanes.set_values(values, self.num_envs)])

    @property  # type: ignore[misc]  # read-only, as in Gymnasium
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]  # one stream a lane
        """Copies of the lanes' streams."""
        return self.get_attr("np_random")

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]  # likewise
        """The seeds of the lanes' streams."""
        return self.get_attr("np_random_seed")

    def _ask(self, command: str, arguments: Sequence[tuple[Any, ...]]) -> Iterable[Any]:
        self._send(AsyncState.WAITING_CALL, command, arguments)
        return self._receive(AsyncState.WAITING_CALL, None).values()

    def _send(
        self,
        state: AsyncState,
        command: str,
        arguments: Sequence[tuple[Any, ...]],
        mask: NDArray[np.bool_] | None = None,
    ) -> None:
        """Give the command to all workers, or those of ``mask``."""
        self._check_open()
        if self._state is not AsyncState.DEFAULT:
            pending = self._state.value
            raise error.AlreadyPendingCallError(
                f"the workers are still busy with {pending}_async(): call {pending}_wait() first", pending
            )
        self._waiting = list(range(self.num_envs)) if mask is None else np.flatnonzero(mask).tolist()
        self._replies = {}
        self._state = state
        for lane in self._waiting:
            try:
                self.parent_pipes[lane].send((command, arguments[lane]))
            except OSError:
                self._bury(lane)

    def _receive(self, state: AsyncState, timeout: float | None) -> dict[int, Any]:
        """The replies of the workers, by lane, in order."""
        self._check_open()
        if self._state is not state:
            raise error.NoAsyncCallError(f"{state.value}_wait() needs a {state.value}_async() before it", state.value)
        deadline = None if timeout is None else time.monotonic() + timeout
        while self._waiting:
            lane = self._waiting[0]
            try:
                left = None if deadline is None else max(deadline - time.monotonic(), 0)
                if not self.parent_pipes[lane].poll(left):
                    raise multiprocessing.TimeoutError(
                        f"lane {lane} has not answered within {timeout} s; call {state.value}_wait() again, or "
                        "close(terminate=True)"
                    )
                self._replies[lane] = self.parent_pipes[lane].recv()
            except (EOFError, OSError):
                self._bury(lane)
            del self._waiting[0]
        self._state = AsyncState.DEFAULT
        # Only now, when every reply was read: one left in a pipe would be taken for the answer to the next command.
        for lane, (failure, where, _) in self._replies.items():
            if failure is not None:
                if state is not AsyncState.WAITING_CALL:
                    self._was_reset = False  # the others have moved, and what they returned is lost
                failure.add_note(f"raised in the worker of lane {lane}:\n{where}")
                raise failure
        return {lane: value for lane, (_, _, value) in self._replies.items()}

    def _bury(self, lane: int) -> None:
        """End the batch after a worker has died."""
        self.processes[lane].join(1)
        code = self.processes[lane].exitcode
        self.close(terminate=True)
        raise error.Error(
            f"the worker of lane {lane} died with exit code {code}, and the batch was closed; make it anew. Such "
            "workers were killed from outside, or their environment ended the process"
        )

    def _check_open(self) -> None:
        if self.closed:
            raise error.ClosedEnvironmentError("the batch was closed; make it anew")

    def close_extras(self, timeout: float | None = None, terminate: bool = False, **kwargs: Any) -> None:
        """End the workers.

        Args:
            timeout: seconds to wait for a pending command; then, and with ``terminate``, workers are ended by force.
            terminate: whether to wait for nothing.
            kwargs: not used.
        """
        if not terminate and self._state is not AsyncState.DEFAULT:
            try:
                self._receive(self._state, timeout)
            except multiprocessing.TimeoutError:
                terminate = True
            except Exception as failure:
                logger.warn(f"the command that was pending when the batch was closed had failed: {failure!r}")
        started = [process for process in self.processes if process.pid is not None]
        for pipe in self.parent_pipes:
            if not terminate:
                # Said, since a closed pipe alone is not noticed while a younger process has inherited this end of it.
                with contextlib.suppress(OSError):
                    pipe.send(("close", ()))
            pipe.close()
        for process in started:
            if terminate:
                process.terminate()
                process.join(1)
                process.kill()  # does nothing to a process that has ended
            process.join()

    def __del__(self) -> None:
        if not self.closed and hasattr(self, "processes"):
            self.close(terminate=True)


class _Function:
    """A function that pickles with cloudpickle where that is installed: pickle takes no lambda."""

    def __init__(self, function: lanes.EnvFn) -> None:
        self.function = function

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            import cloudpickle
        except ModuleNotFoundError:
            return _Function, (self.function,)
        return _unpickled, (cloudpickle.dumps(self.function),)


def _unpickled(pickled: bytes) -> _Function:
    return _Function(pickle.loads(pickled))


class _Shared:
    """An array in memory that processes share."""

    def __init__(self, start: BaseContext, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self.shape, self.dtype = shape, dtype
        self.memory = start.RawArray("b", max(1, int(np.prod(shape)) * dtype.itemsize))

    def view(self) -> NDArray[Any]:
        return np.ndarray(self.shape, self.dtype, buffer=self.memory)


def _shared(space: Space[Any], n: int, start: BaseContext) -> Any:
    shared = create_empty_array(space, n, fn=lambda shape, dtype: _Shared(start, shape, dtype))
    if not _all_arrays(shared):
        raise error.InvalidParameter(
            f"observations of {space} are no arrays, which could be shared; write shared_memory=False"
        )
    return shared


def _all_arrays(shared: Any) -> bool:
    if isinstance(shared, (tuple, dict)):
        return all(map(_all_arrays, shared.values() if isinstance(shared, dict) else shared))
    return isinstance(shared, _Shared)


def _views(shared: Any, rows: slice = slice(None)) -> Any:
    """The arrays, or some rows of them, nested as the space is."""
    if isinstance(shared, tuple):
        return tuple(_views(part, rows) for part in shared)
    if isinstance(shared, dict):
        return {key: _views(part, rows) for key, part in shared.items()}
    return shared.view()[rows]


def _work(
    lane: int,
    env_fn: _Function,
    pipe: Connection,
    parent_pipe: Connection,
    space: Space[Any],
    shared: Any,
    mode: AutoresetMode,
) -> None:
    """A worker: makes its environment, and answers commands until it is told to end, or the parent is dead."""
    # With fork this process has inherited the parent's end; while it is open, the parent's death would go unnoticed.
    parent_pipe.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent says what to do
    rows = None if shared is None else _views(shared, slice(lane, lane + 1))
    worker: lanes.Lane | None = None
    try:
        while True:
            command, arguments = pipe.recv()
            if command == "close":
                break
            try:
                if worker is None:
                    worker = lanes.Lane(lanes.checked_env(lane, env_fn.function()), mode)
                value = _obey(worker, command, arguments)
                if rows is not None and command in ("reset", "step"):
                    concatenate(space, [value[0]], rows)
                    value = (None, *value[1:]) if command == "reset" else value._replace(observation=None)
                pipe.send((None, "", value))
            except Exception as failure:
                pipe.send((_portable(failure), traceback.format_exc(), None))
    except (EOFError, OSError):  # the parent is dead
        pass
    finally:
        if worker is not None:
            worker.env.close()


def _obey(worker: lanes.Lane, command: str, arguments: tuple[Any, ...]) -> Any:
    if command == "reset":
        return worker.reset(*arguments)
    if command == "step":
        return worker.step(*arguments)
    if command == "set":
        return worker.env.set_wrapper_attr(*arguments)
    if command == "spaces":
        return worker.env.observation_space, worker.env.action_space
    name, args, kwargs = arguments
    value = worker.env.get_wrapper_attr(name)
    return value(*args, **kwargs) if callable(value) else value


def _portable(failure: Exception) -> Exception:
    """The exception, or what stands for it where it cannot travel."""
    try:
        pickle.loads(pickle.dumps(failure))
    except Exception:
        return error.Error(f"{type(failure).__name__}: {failure}")
    return failure
