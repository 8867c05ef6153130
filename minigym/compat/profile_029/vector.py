"""``gymnasium.vector`` of 0.29: batches that reset within the same step."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import numpy as np

from minigym import core, vector
from minigym.compat.profile_029 import logger, registration
from minigym.compat.profile_029.core import VectorEnv, VectorEnvWrapper
from minigym.core import AutoresetMode
from minigym.spaces import Space
from minigym.vector import utils
from minigym.vector.async_vector_env import AsyncState
from minigym.vector.utils import batch_space, iterate

__all__ = ["AsyncVectorEnv", "SyncVectorEnv", "VectorEnv", "VectorEnvWrapper", "make", "utils"]


class SyncVectorEnv(VectorEnv, vector.SyncVectorEnv):  # type: ignore[misc]  # a batch is an environment in 0.29
    """Environments one after the other.

    Args:
        env_fns: one function for each lane, which makes its environment.
        observation_space, action_space: of one lane; None for those of the first.
        copy: whether every call returns observations of its own.
    """

    _actions: Iterable[Any] = ()

    def __init__(
        self,
        env_fns: Iterable[Callable[[], core.Env[Any, Any]]],
        observation_space: Space[Any] | None = None,
        action_space: Space[Any] | None = None,
        copy: bool = True,
    ) -> None:
        env_fns = list(env_fns)
        mode = _mode(observation_space, env_fns)
        vector.SyncVectorEnv.__init__(self, env_fns, copy, mode, AutoresetMode.SAME_STEP)
        _set_up(self, action_space)

    def reset_wait(self, seed: Any = None, options: Any = None) -> Any:
        return vector.SyncVectorEnv.reset(self, seed=seed, options=options)

    def step_async(self, actions: Any) -> None:
        self._actions = iterate(self.action_space, actions)  # unchecked: ClipAction leaves the bounds as they were

    def step_wait(self) -> Any:
        rewards = np.zeros(self.num_envs, np.float64)
        terminations, truncations = np.zeros((2, self.num_envs), np.bool_)
        infos: dict[str, Any] = {}
        for i, (lane, action) in enumerate(zip(self._lanes, self._actions, strict=False)):
            self._env_obs[i], rewards[i], terminations[i], truncations[i], info, final = lane.step(action)
            infos = self._add_info(infos, _with_final(info, final), i)
        return self._batch(), rewards, terminations, truncations, infos

    call = vector.SyncVectorEnv.call
    get_attr = vector.SyncVectorEnv.get_attr
    set_attr = vector.SyncVectorEnv.set_attr


class AsyncVectorEnv(VectorEnv, vector.AsyncVectorEnv):  # type: ignore[misc]  # likewise
    """Environments in processes of their own.

    Args:
        env_fns, observation_space, action_space, copy: as :class:`SyncVectorEnv` takes them.
        shared_memory, context, daemon: as ``minigym.vector.AsyncVectorEnv`` takes them.
        worker: a function that runs in each process in place of minigym's own, as 0.29 calls it.
    """

    def __init__(
        self,
        env_fns: Sequence[Callable[[], core.Env[Any, Any]]],
        observation_space: Space[Any] | None = None,
        action_space: Space[Any] | None = None,
        shared_memory: bool = True,
        copy: bool = True,
        context: str | None = None,
        daemon: bool = True,
        worker: Callable[..., None] | None = None,
    ) -> None:
        mode = _mode(observation_space, env_fns)
        own = None if worker is None else partial(_work, worker)
        vector.AsyncVectorEnv.__init__(
            self, env_fns, shared_memory, copy, context, daemon, own, mode, AutoresetMode.SAME_STEP
        )
        _set_up(self, action_space)

    def reset_wait(self, timeout: float | None = None, seed: Any = None, options: Any = None) -> Any:
        return vector.AsyncVectorEnv.reset_wait(self, timeout)

    def step_async(self, actions: Any) -> None:
        self._send(AsyncState.WAITING_STEP, "step", list(iterate(self.action_space, actions)))

    def step_wait(self, timeout: float | None = None) -> Any:
        rewards, terminations, truncations = [], [], []
        infos: dict[str, Any] = {}
        for i, step in self._receive(AsyncState.WAITING_STEP, timeout).items():
            self._env_obs[i], reward, terminated, truncated, info, *final = step
            rewards.append(reward)
            terminations.append(terminated)
            truncations.append(truncated)
            infos = self._add_info(infos, _with_final(info, *final), i)
        # The rewards keep the type that they have, where SyncVectorEnv makes float64 of them.
        return self._batch(), np.array(rewards), np.array(terminations, bool), np.array(truncations, bool), infos

    reset_async = vector.AsyncVectorEnv.reset_async
    call_async = vector.AsyncVectorEnv.call_async
    call_wait = vector.AsyncVectorEnv.call_wait
    set_attr = vector.AsyncVectorEnv.set_attr


class _Told:
    """The queue into which a worker of 0.29 puts what failed: without the traceback that minigym expects."""

    def __init__(self, queue: Any) -> None:
        self.queue = queue

    def put(self, failure: tuple[Any, ...]) -> None:
        """Tell of (lane, type, exception)."""
        self.queue.put((*failure, "the worker sent no traceback"))


def _work(worker: Callable[..., None], *arguments: Any) -> None:
    """Call a worker of 0.29, which knows nothing of modes of autoreset."""
    *others, error_queue, _ = arguments
    worker(*others, _Told(error_queue))


def _with_final(info: dict[str, Any], final: dict[str, Any] | None = None) -> dict[str, Any]:
    """The info of a reset, with what ended before it under the names of 0.29."""
    return {**info, "final_observation": final["final_obs"], "final_info": final["final_info"]} if final else info


def _mode(space: Space[Any] | None, env_fns: Sequence[Any]) -> Any:
    return "same" if space is None else (batch_space(space, len(env_fns)), space)


def _set_up(envs: Any, space: Space[Any] | None) -> None:
    del envs.metadata["autoreset_mode"]  # which nothing of 0.29 says
    if space is not None:
        envs.single_action_space, envs.action_space = space, batch_space(space, envs.num_envs)


def make(
    id: str,
    num_envs: int = 1,
    asynchronous: bool = True,
    wrappers: Any = None,
    disable_env_checker: bool | None = None,
    **kwargs: Any,
) -> Any:
    """A batch of a registered environment, in processes of their own unless ``asynchronous`` is False.

    Args:
        id, num_envs: which environment, and how many lanes.
        asynchronous: whether each lane gets a process.
        wrappers: a function, or several, innermost first, to put around each lane.
        disable_env_checker, kwargs: as ``gymnasium.make`` takes them.
    """
    logger.warn("gymnasium.vector.make became gymnasium.make_vec in 1.0")
    functions = [wrappers] if callable(wrappers) else list(wrappers or ())

    def make_lane(lane: int) -> Callable[[], Any]:
        # Only the first lane is checked, as in the original.
        checks = {"disable_env_checker": True if disable_env_checker or lane else disable_env_checker}

        def made() -> Any:
            env = registration.make(id, **checks, **kwargs)
            for wrapper in functions:
                env = wrapper(env)
            return env

        return made

    kind: Any = AsyncVectorEnv if asynchronous else SyncVectorEnv
    return kind([make_lane(lane) for lane in range(num_envs)])
