"""``gymnasium.vector`` of 0.29: batches that reset within the same step."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from minigym import core, vector
from minigym.compat.profile_029 import logger, registration
from minigym.compat.profile_029.core import VectorEnv, VectorEnvWrapper
from minigym.core import AutoresetMode
from minigym.spaces import Space
from minigym.vector import utils
from minigym.vector.utils import batch_space

__all__ = ["AsyncVectorEnv", "SyncVectorEnv", "VectorEnv", "VectorEnvWrapper", "make", "utils"]


class SyncVectorEnv(vector.SyncVectorEnv, VectorEnv):  # type: ignore[misc]  # a batch is an environment in 0.29
    """Environments one after the other.

    Args:
        env_fns: one function for each lane, which makes its environment.
        observation_space, action_space: of one lane; None for those of the first.
        copy: whether every call returns observations of its own.
    """

    def __init__(
        self,
        env_fns: Iterable[Callable[[], core.Env[Any, Any]]],
        observation_space: Space[Any] | None = None,
        action_space: Space[Any] | None = None,
        copy: bool = True,
    ) -> None:
        vector.SyncVectorEnv.__init__(
            self, env_fns, copy, _mode(observation_space, env_fns := list(env_fns)), AutoresetMode.SAME_STEP
        )
        _set_action_space(self, action_space)


class AsyncVectorEnv(vector.AsyncVectorEnv, VectorEnv):  # type: ignore[misc]  # likewise
    """Environments in processes of their own; the arguments are those of 0.29, whose ``worker`` is not supported."""

    def __init__(
        self,
        env_fns: Sequence[Callable[[], core.Env[Any, Any]]],
        observation_space: Space[Any] | None = None,
        action_space: Space[Any] | None = None,
        shared_memory: bool = True,
        copy: bool = True,
        context: str | None = None,
        daemon: bool = True,
        worker: None = None,
    ) -> None:
        env_fns = list(env_fns)
        vector.AsyncVectorEnv.__init__(
            self,
            env_fns,
            shared_memory,
            copy,
            context,
            daemon,
            worker,
            _mode(observation_space, env_fns),
            AutoresetMode.SAME_STEP,
        )
        _set_action_space(self, action_space)


def _mode(space: Space[Any] | None, env_fns: list[Any]) -> Any:
    return "same" if space is None else (batch_space(space, len(env_fns)), space)


def _set_action_space(envs: Any, space: Space[Any] | None) -> None:
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
