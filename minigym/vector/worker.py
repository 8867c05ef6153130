"""The process of one lane of an AsyncVectorEnv: what it is told, and what it answers.

The parent sends (command, data), and waits for one answer (value, True) to each:

| command | data | value |
|---|---|---|
| "reset" | the keyword arguments of ``reset`` | (observation, info) |
| "step" | the action | (observation, reward, terminated, truncated, info), and what a Step has more |
| "_call" | (name, args, kwargs) | the lane's attribute; what it returns, if it is callable |
| "_setattr" | (name, value) | None |
| "close" | None | None; then the process ends |

With shared memory the worker writes an observation there (``minigym.vector.utils.write_to_shared_memory``), and None
stands in its place. All this is Gymnasium's protocol, so that workers written for Gymnasium 1.x serve here; but a lane
that is not reset is told nothing ("reset-noop" there), and spaces are compared by the parent ("_check_spaces" there).

A worker of one's own that fails puts (lane, type, exception, traceback) into the error queue, answers (None, False) and
ends. minigym's own worker answers ((exception, traceback), False), and lives on.
"""

import pickle
import signal
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from minigym import error
from minigym.core import AutoresetMode
from minigym.spaces import Space
from minigym.spaces.batching import concatenate
from minigym.vector import lanes
from minigym.vector.processes import all_arrays, read_from_shared_memory, write_to_shared_memory


def work(
    index: int,
    env_fn: lanes.EnvFn,
    pipe: Connection,
    parent_pipe: Connection,
    shared_memory: Any,
    error_queue: Any,
    autoreset_mode: AutoresetMode,
    space: Space[Any],
    num_envs: int,
) -> None:
    """Make the environment, and answer commands until told to end, or the parent is dead.

    Args:
        index: the lane.
        env_fn: makes the environment.
        pipe, parent_pipe: the worker's end of the pipe, and the parent's.
        shared_memory: where the observations of all lanes go; None to send them.
        error_queue: not used here.
        autoreset_mode: when the lane is reset.
        space, num_envs: what the memory was made for.
    """
    # With fork this process has inherited the parent's end; while it is open, the parent's death would go unnoticed.
    parent_pipe.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all processes; the parent says what to do
    share = None if shared_memory is None else _writer(index, shared_memory, space, num_envs)
    lane: lanes.Lane | None = None
    try:
        while True:
            command, data = pipe.recv()
            if command == "close":
                pipe.send((None, True))
                break
            try:
                if lane is None:
                    lane = lanes.Lane(lanes.checked_env(index, env_fn()), autoreset_mode)
                value = _obey(lane, command, data)
                if share is not None and command in ("reset", "step"):
                    share(value[0])
                    value = (None, *value[1:])
                pipe.send((value, True))
            except Exception as failure:
                pipe.send(((_portable(failure), traceback.format_exc()), False))
    except (EOFError, OSError):  # the parent is dead
        pass
    finally:
        if lane is not None:
            lane.env.close()


def _obey(lane: lanes.Lane, command: str, data: Any) -> Any:
    if command == "reset":
        return lane.reset(**data)
    if command == "step":
        return lane.step(data)
    if command == "_setattr":
        lane.env.set_wrapper_attr(*data)
        return None
    name, args, kwargs = data
    value = lane.env.get_wrapper_attr(name)
    return value(*args, **kwargs) if callable(value) else value


def _writer(index: int, shared_memory: Any, space: Space[Any], num_envs: int) -> Callable[[Any], object]:
    """What writes an observation of this lane into the memory."""
    batch = read_from_shared_memory(space, shared_memory, num_envs)
    if not all_arrays(batch):
        return lambda observation: write_to_shared_memory(space, index, observation, shared_memory)
    rows = _rows(batch, slice(index, index + 1))
    return lambda observation: concatenate(space, [observation], rows)  # refuses what SyncVectorEnv refuses


def _rows(batch: Any, rows: slice) -> Any:
    """Some rows of the arrays, nested as those are."""
    if isinstance(batch, tuple):
        return tuple(_rows(part, rows) for part in batch)
    if isinstance(batch, dict):
        return {key: _rows(part, rows) for key, part in batch.items()}
    return batch[rows]


def _portable(failure: Exception) -> Exception:
    """The exception, or what stands for it where it cannot travel."""
    try:
        pickle.loads(pickle.dumps(failure))
    except Exception:
        return error.Error(f"{type(failure).__name__}: {failure}")
    return failure
