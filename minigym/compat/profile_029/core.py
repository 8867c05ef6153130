"""``gymnasium.core`` of 0.29: wrappers forward attributes, and a batch is an environment."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import core
from minigym.compat.profile_029 import logger
from minigym.spaces import Space
from minigym.vector.utils import batch_space

_FORWARDED = (
    "env.{0} was looked up in the environment beneath the wrapper, which 1.0 no longer does; write env.unwrapped.{0}, "
    "or env.get_wrapper_attr({0!r})"
)


class Env(core.Env[core.ObsType, core.ActType]):
    """An environment; ``reward_range`` says what a reward may be."""

    reward_range: Any = (-float("inf"), float("inf"))


class Wrapper(core.Wrapper[Any, Any, core.ObsType, core.ActType], Env[Any, Any]):
    """A wrapper that hands down what it does not have itself, with a warning."""

    _reward_range: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "env":  # "env" while a copy is being made
            raise AttributeError(f"private attributes such as {name!r} are not looked up beneath {type(self).__name__}")
        logger.warn(_FORWARDED.format(name))
        return getattr(self.env, name)

    # By dir(), since hasattr() would find what is forwarded, and warn of it.
    def has_wrapper_attr(self, name: str) -> bool:
        return name in dir(self) or self.env.has_wrapper_attr(name)

    def get_wrapper_attr(self, name: str) -> Any:
        return getattr(self, name) if name in dir(self) else self.env.get_wrapper_attr(name)

    def set_wrapper_attr(self, name: str, value: Any, *, force: bool = True) -> bool:
        """On this layer, wherever the attribute is: what ``envs.set_attr`` of 0.29 does to each lane."""
        if force or self.has_wrapper_attr(name):
            setattr(self, name, value)
            return True
        return False

    @property
    def reward_range(self) -> Any:
        """The wrapper's own range where it set one, else the environment's."""
        if self._reward_range is None:
            return getattr(self.env, "reward_range", Env.reward_range)
        logger.warn("reward_range is gone in 1.0")
        return self._reward_range

    @reward_range.setter
    def reward_range(self, reward_range: Any) -> None:
        self._reward_range = reward_range

    def __repr__(self) -> str:
        return str(self)


class ObservationWrapper(core.ObservationWrapper[Any, Any, Any], Wrapper[Any, Any]):
    """Changes every observation."""


class RewardWrapper(core.RewardWrapper[Any, Any], Wrapper[Any, Any]):
    """Changes every reward."""


class ActionWrapper(core.ActionWrapper[Any, Any, Any], Wrapper[Any, Any]):
    """Changes every action."""


class VectorEnv(core.VectorEnv[Any, Any, NDArray[Any]], Env[Any, Any]):  # type: ignore[misc]  # 0.29 says it is one
    """A batch, which any wrapper of 0.29 may stand around.

    Args:
        num_envs: how many lanes.
        observation_space, action_space: of one lane.
    """

    metadata: dict[str, Any] = {"render_modes": []}  # noqa: RUF012  # a class attribute, as in Gymnasium
    is_vector_env = True

    def __init__(self, num_envs: int, observation_space: Space[Any], action_space: Space[Any]) -> None:
        self.num_envs = num_envs
        self.observation_space = batch_space(observation_space, num_envs)
        self.action_space = batch_space(action_space, num_envs)
        self.single_observation_space = observation_space
        self.single_action_space = action_space

    def reset_async(self, seed: Any = None, options: Any = None) -> None:
        """Begin :meth:`reset`, which :meth:`reset_wait` ends."""

    def reset_wait(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the reset, whose ``seed`` and ``options`` it is told as well."""
        raise NotImplementedError(f"{self} does not implement reset_wait()")

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        self.reset_async(seed=seed, options=options)
        return self.reset_wait(seed=seed, options=options)

    def step_async(self, actions: Any) -> None:
        """Begin :meth:`step`, which :meth:`step_wait` ends."""

    def step_wait(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the step."""
        raise NotImplementedError(f"{self} does not implement step_wait()")

    def step(self, actions: Any) -> Any:
        self.step_async(actions)
        return self.step_wait()

    def call_async(self, name: str, *args: Any, **kwargs: Any) -> None:
        """Begin :meth:`call`, which :meth:`call_wait` ends."""

    def call_wait(self, *args: Any, **kwargs: Any) -> Any:
        """The result of the call."""

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """What each lane's method returns, or its attribute."""
        self.call_async(name, *args, **kwargs)
        return self.call_wait()

    def get_attr(self, name: str) -> Any:
        """Each lane's attribute; what a method returns without arguments."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute of each lane."""

    def _add_info(self, infos: dict[str, Any], info: dict[str, Any], env_num: int) -> dict[str, Any]:
        """Numbers make arrays of the first lane's type; everything else, dicts and arrays too, object arrays."""
        for key, value in info.items():
            if key not in infos:
                is_number = type(value) in (int, float, bool) or isinstance(value, np.number)
                infos[key] = np.zeros(self.num_envs, type(value)) if is_number else np.full(self.num_envs, None)
                infos[f"_{key}"] = np.zeros(self.num_envs, np.bool_)
            infos[key][env_num] = value
            infos[f"_{key}"][env_num] = True
        return infos

    def __repr__(self) -> str:
        name = "" if self.spec is None else f"{self.spec.id}, "
        return f"{type(self).__name__}({name}{self.num_envs})"


class VectorEnvWrapper(VectorEnv):
    """A batch around another one, which hands down what it does not have itself."""

    def __init__(self, env: VectorEnv) -> None:
        assert isinstance(env, VectorEnv), f"expected a gymnasium.vector.VectorEnv, got {env!r}"
        self.env = env

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "env":  # "env" while a copy is being made
            raise AttributeError(f"private attributes such as {name!r} are not looked up beneath {type(self).__name__}")
        logger.warn(_FORWARDED.format(name))
        return getattr(self.env, name)

    def reset_async(self, seed: Any = None, options: Any = None) -> None:
        self.env.reset_async(seed=seed, options=options)

    def reset_wait(self, *args: Any, **kwargs: Any) -> Any:
        return self.env.reset_wait(*args, **kwargs)

    def step_async(self, actions: Any) -> None:
        self.env.step_async(actions)

    def step_wait(self, *args: Any, **kwargs: Any) -> Any:
        return self.env.step_wait(*args, **kwargs)

    def call(self, name: str, *args: Any, **kwargs: Any) -> Any:
        return self.env.call(name, *args, **kwargs)

    def set_attr(self, name: str, values: Any) -> None:
        self.env.set_attr(name, values)

    def close(self, **kwargs: Any) -> None:
        self.env.close(**kwargs)

    def close_extras(self, **kwargs: Any) -> None:
        self.env.close_extras(**kwargs)

    @property
    def closed(self) -> bool:  # type: ignore[override]  # an attribute in VectorEnv
        """Whether the batch inside was closed."""
        return self.env.closed

    @property
    def unwrapped(self) -> Any:
        return self.env.unwrapped

    def __repr__(self) -> str:
        return f"<{type(self).__name__}, {self.env}>"
