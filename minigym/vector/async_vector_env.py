"""A batch of environments, each in a process of its own."""

import contextlib
import multiprocessing
import pickle
import queue
import time
from collections.abc import Callable, Sequence
from copy import deepcopy
from enum import Enum
from functools import partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger
from minigym.core import AutoresetMode, RenderFrame, VectorEnv
from minigym.vector import lanes
from minigym.vector.processes import all_arrays, clear_mpi_env_vars, create_shared_memory, read_from_shared_memory
from minigym.vector.utils import batch_space, checked_actions, concatenate, create_empty_array, iterate
from minigym.vector.worker import work

_PATIENCE = 10.0  # s; how long a worker that failed may take to say why


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
        worker: a function that runs in each process in place of minigym's own, called as ``worker(lane, env_fn, pipe,
            parent_pipe, shared_memory, error_queue, autoreset_mode)``. What it is told and has to answer stands in
            :mod:`minigym.vector.worker`. The first failure of one closes the batch.
        observation_mode: as in SyncVectorEnv.
        autoreset_mode: likewise.

    Raises:
        InvalidParameter: (a ValueError) as SyncVectorEnv does; or if the observations cannot be shared.
        TypeError: if they are Graphs or Sequences, which cannot be shared since they have no fixed size.
    """

    def __init__(
        self,
        env_fns: Sequence[lanes.EnvFn],
        shared_memory: bool = True,
        copy: bool = True,
        context: str | None = None,
        daemon: bool = True,
        worker: Callable[..., None] | None = None,
        observation_mode: lanes.ObservationMode = "same",
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
    ) -> None:
        self.env_fns = lanes.checked_env_fns(env_fns)
        self.num_envs = len(self.env_fns)
        self.shared_memory = shared_memory
        self.copy = copy
        self.context = context
        self.daemon = daemon
        self.worker = worker
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

        start: Any = multiprocessing.get_context(context)
        self._memory = self._shared_memory(start) if shared_memory else None
        self.observations = (
            create_empty_array(self.single_observation_space, self.num_envs)
            if self._memory is None
            else read_from_shared_memory(self.single_observation_space, self._memory, self.num_envs)
        )
        self._is_live = all_arrays(self.observations)  # whether they change as the memory does
        self._env_obs: list[Any] = [None] * self.num_envs
        self._was_reset = False
        self._ended = np.zeros(self.num_envs, np.bool_)
        self._state = AsyncState.DEFAULT
        self._waiting: list[int] = []  # lanes whose reply to the pending command has not come yet
        self._replies: dict[int, tuple[Any, bool]] = {}
        self.error_queue = None if worker is None else start.Queue()
        self.parent_pipes: list[Connection] = []
        self.processes: list[Any] = []
        own = partial(work, space=self.single_observation_space, num_envs=self.num_envs)
        try:
            with clear_mpi_env_vars():
                for lane, env_fn in enumerate(self.env_fns):
                    ours, theirs = start.Pipe()
                    process = start.Process(
                        target=own if worker is None else worker,
                        name=f"Worker<{type(self).__name__}>-{lane}",
                        args=(
                            lane,
                            CloudpickleWrapper(env_fn),
                            theirs,
                            ours,
                            self._memory,
                            self.error_queue,
                            self.autoreset_mode,
                        ),
                        daemon=daemon,
                    )
                    self.parent_pipes.append(ours)
                    self.processes.append(process)
                    process.start()
                    theirs.close()
            lanes.check_action_spaces([self.single_action_space, *self.call("action_space")])
            lanes.observation_spaces(observation_mode, self.call("observation_space"))
        except BaseException:
            self.close(terminate=True)
            raise

    def _shared_memory(self, start: Any) -> Any:
        space = self.single_observation_space
        try:
            memory = create_shared_memory(space, self.num_envs, start)
        except error.CustomSpaceError as unknown:
            raise error.InvalidParameter(f"the observations cannot be shared: {unknown}") from unknown
        # A text is written as the indices of its characters, and so one space must do for all lanes.
        if self.observation_mode != "same" and not all_arrays(read_from_shared_memory(space, memory, self.num_envs)):
            raise error.InvalidParameter(
                f"observations of {space} are no arrays, so they can be shared only by lanes of one space; write "
                "shared_memory=False"
            )
        return memory

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
        data = [{"seed": one, "options": own} for one, own in zip(seeds, options_of, strict=True)]
        self._send(AsyncState.WAITING_RESET, "reset", data, mask)

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
        self._send(AsyncState.WAITING_STEP, "step", list(iterate(self.action_space, batch)))

    def step_wait(
        self, timeout: float | None = None
    ) -> tuple[Any, NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """The result of the step that :meth:`step_async` began; see :meth:`reset_wait`."""
        rewards = np.zeros(self.num_envs, np.float64)
        terminations, truncations = np.zeros((2, self.num_envs), np.bool_)
        infos: dict[str, Any] = {}
        for lane, step in self._receive(AsyncState.WAITING_STEP, timeout).items():
            self._env_obs[lane], rewards[lane], terminations[lane], truncations[lane], info, *final = step
            for part in (*final, info):
                infos = self._add_info(infos, part, lane)
        self._ended = terminations | truncations
        return self._batch(), rewards, terminations, truncations, infos

    def _batch(self) -> Any:
        """The lanes' latest observations as one batch."""
        space = self.single_observation_space
        if self._memory is None:
            self.observations = concatenate(space, self._env_obs, self.observations)
        elif not self._is_live:
            self.observations = read_from_shared_memory(space, self._memory, self.num_envs)
        return deepcopy(self.observations) if self.copy else self.observations

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
        self._send(AsyncState.WAITING_CALL, "_call", [(name, args, kwargs)] * self.num_envs)

    def call_wait(self, timeout: float | None = None) -> tuple[Any, ...]:
        """The result of the call that :meth:`call_async` began; see :meth:`reset_wait`."""
        return tuple(self._receive(AsyncState.WAITING_CALL, timeout).values())

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """A copy of each lane's attribute ``name``; what a method returns without arguments."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set the attribute ``name`` of each lane; see :meth:`minigym.vector.SyncVectorEnv.set_attr`."""
        pairs = [(name, value) for value in lanes.set_values(values, self.num_envs)]
        self._send(AsyncState.WAITING_CALL, "_setattr", pairs)
        self._receive(AsyncState.WAITING_CALL, None)

    @property  # type: ignore[misc]  # read-only, as in Gymnasium
    def np_random(self) -> tuple[np.random.Generator, ...]:  # type: ignore[override]  # one stream a lane
        """Copies of the lanes' streams."""
        return self.get_attr("np_random")

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # type: ignore[override]  # likewise
        """The seeds of the lanes' streams."""
        return self.get_attr("np_random_seed")

    def _send(
        self,
        state: AsyncState,
        command: str,
        data: Sequence[Any],
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
                self.parent_pipes[lane].send((command, data[lane]))
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
        failed = [lane for lane, (_, success) in self._replies.items() if not success]
        if failed:
            if state is not AsyncState.WAITING_CALL:
                self._was_reset = False  # the others have moved, and what they returned is lost
            told = self._replies[failed[0]][0]
            failure, where = told if self.worker is None else self._failure_in_queue(failed)
            failure.add_note(f"raised in the worker of lane {failed[0]}:\n{where}")
            raise failure
        return {lane: value for lane, (value, _) in self._replies.items()}

    def _failure_in_queue(self, failed: Sequence[int]) -> tuple[BaseException, str]:
        """What the first lane that failed has put into the error queue; its worker, not minigym's own, has ended."""
        failures = {}
        try:
            for _ in failed:
                lane, kind, value, where = self.error_queue.get(timeout=_PATIENCE)  # type: ignore[union-attr]  # one is there
                failures[lane] = (value if isinstance(value, BaseException) else kind(value), where)
        except queue.Empty:
            pass
        self.close(terminate=True)
        told = error.Error(f"the worker of lane {failed[0]} failed, and did not say why; the batch was closed")
        return failures.get(failed[0], (told, "no traceback came"))

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
        for pipe in self.parent_pipes if not terminate else ():
            # Said, since a closed pipe alone is not noticed while a younger process has inherited this end of it.
            with contextlib.suppress(OSError):
                pipe.send(("close", None))
        for pipe in self.parent_pipes:
            if not terminate:
                with contextlib.suppress(OSError, EOFError):
                    pipe.recv()
            pipe.close()
        for process in started:
            if terminate:
                process.terminate()
                process.join(1)
                process.kill()  # does nothing to a process that has ended
            process.join()
        if self.error_queue is not None:
            self.error_queue.close()

    def __del__(self) -> None:
        if not self.closed and hasattr(self, "processes"):
            self.close(terminate=True)


class CloudpickleWrapper:
    """A function that pickles with cloudpickle where that is installed: pickle takes no lambda."""

    def __init__(self, fn: Callable[[], Any]) -> None:
        self.fn = fn

    def __call__(self) -> Any:
        return self.fn()

    def __reduce__(self) -> tuple[Any, ...]:
        try:
            import cloudpickle
        except ModuleNotFoundError:
            return CloudpickleWrapper, (self.fn,)
        return _unpickled, (cloudpickle.dumps(self.fn),)


def _unpickled(pickled: bytes) -> CloudpickleWrapper:
    return CloudpickleWrapper(pickle.loads(pickled))
