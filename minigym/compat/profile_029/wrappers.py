"""``gymnasium.wrappers`` of 0.29: today's wrappers under its names and with its arguments, and those it had besides."""

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym import wrappers as modern
from minigym.compat.modern import passive_env_checker
from minigym.compat.modern.step_api_compatibility import (
    convert_to_terminated_truncated_step_api,
    step_api_compatibility,
)
from minigym.compat.profile_029 import logger
from minigym.compat.profile_029.core import ActionWrapper, Env, ObservationWrapper, RewardWrapper, Wrapper
from minigym.compat.profile_029.statistics import NormalizeObservation, NormalizeReward, RecordEpisodeStatistics
from minigym.core import EnvSpec, RecordConstructorArgs
from minigym.render.video import capped_cubic_video_schedule
from minigym.spaces import Box
from minigym.spaces import Dict as DictSpace

__all__ = [
    "AutoResetWrapper",
    "ClipAction",
    "EnvCompatibility",
    "FilterObservation",
    "FlattenObservation",
    "FrameStack",
    "HumanRendering",
    "LazyFrames",
    "NormalizeObservation",
    "NormalizeReward",
    "OrderEnforcing",
    "PassiveEnvChecker",
    "RecordEpisodeStatistics",
    "RecordVideo",
    "RenderCollection",
    "RescaleAction",
    "StepAPICompatibility",
    "TimeAwareObservation",
    "TimeLimit",
    "TransformObservation",
    "TransformReward",
    "VectorListInfo",
    "capped_cubic_video_schedule",
]

# The same as today, but for what they hand down. -------------------------------------------------------------------


def _given(**arguments: Any) -> dict[str, Any]:
    """What ``reset`` hands down: an environment whose own has no ``options`` serves as long as nobody asks for some."""
    return {name: value for name, value in arguments.items() if value is not None}


class TimeLimit(modern.TimeLimit[Any, Any], Wrapper[Any, Any]):
    """Sets ``truncated`` from the ``max_episode_steps``-th step on."""

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        self._target = self.env
        self._elapsed_steps = 0
        return self.env.reset(**_given(**kwargs))


class OrderEnforcing(modern.OrderEnforcing[Any, Any], Wrapper[Any, Any]):
    """Refuses ``step`` and ``render`` before the first ``reset``."""

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        self._has_reset = True
        return self.env.reset(**_given(**kwargs))


class PassiveEnvChecker(modern.PassiveEnvChecker[Any, Any], Wrapper[Any, Any]):
    """Looks at the first ``reset``, ``step`` and ``render``."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        passive_env_checker.check_action_space(env.action_space)
        passive_env_checker.check_observation_space(env.observation_space)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        given = _given(**kwargs)
        if self.checked_reset:
            return self.env.reset(**given)
        self.checked_reset = True
        result: tuple[Any, dict[str, Any]] = passive_env_checker.env_reset_passive_checker(self.env, **given)
        return result

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        if self.checked_step:
            return self.env.step(action)
        self.checked_step = True
        result: tuple[Any, Any, bool, bool, dict[str, Any]] = passive_env_checker.env_step_passive_checker(
            self.env, action
        )
        return result

    def render(self) -> Any:
        if self.checked_render:
            return self.env.render()
        self.checked_render = True
        return passive_env_checker.env_render_passive_checker(self.env)


class HumanRendering(modern.HumanRendering[Any, Any], Wrapper[Any, Any]):
    """Shows frames in a window."""


class RenderCollection(modern.RenderCollection[Any, Any], Wrapper[Any, Any]):
    """Gathers what the environment renders."""


class FlattenObservation(modern.FlattenObservation[Any, Any, Any], Wrapper[Any, Any]):
    """Observations as flat arrays."""


class RecordVideo(modern.RecordVideo[Any, Any], Wrapper[Any, Any]):
    """Records videos; a finished episode ends its video at once.

    Args:
        env, video_folder, episode_trigger, step_trigger, video_length, name_prefix: as today.
        disable_logger: whether to keep quiet about what was written.
    """

    def __init__(
        self,
        env: Any,
        video_folder: str,
        episode_trigger: Callable[[int], bool] | None = None,
        step_trigger: Callable[[int], bool] | None = None,
        video_length: int = 0,
        name_prefix: str = "rl-video",
        disable_logger: bool = False,
    ) -> None:
        super().__init__(
            env,
            video_folder,
            episode_trigger,
            step_trigger,
            video_length,
            name_prefix,
            disable_logger=True,  # there was a progress bar
        )

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        result = super().step(action)
        if self.recording and self.video_length == float("inf") and (result[2] or result[3]):
            self.stop_recording()
        return result


# Other arguments, or other results, than today. --------------------------------------------------------------------


class TransformObservation(ObservationWrapper, RecordConstructorArgs):
    """Observations through a function; the observation space stays."""

    def __init__(self, env: Any, f: Callable[[Any], Any]) -> None:
        RecordConstructorArgs.__init__(self, _disable_deepcopy=True, f=f)
        super().__init__(env)
        assert callable(f), f"expected a function, got {f!r}"
        self.f = f

    def observation(self, observation: Any) -> Any:
        return self.f(observation)


class TransformReward(RewardWrapper, RecordConstructorArgs):
    """Rewards through a function."""

    def __init__(self, env: Any, f: Callable[[Any], Any]) -> None:
        RecordConstructorArgs.__init__(self, _disable_deepcopy=True, f=f)
        super().__init__(env)
        assert callable(f), f"expected a function, got {f!r}"
        self.f = f

    def reward(self, reward: Any) -> Any:
        return self.f(reward)


class ClipAction(ActionWrapper, RecordConstructorArgs):
    """Actions clipped to the action space, which stays as it is."""

    def __init__(self, env: Any) -> None:
        assert isinstance(env.action_space, Box), f"expected a Box as action space, got {env.action_space}"
        RecordConstructorArgs.__init__(self)
        super().__init__(env)

    def action(self, action: Any) -> Any:
        space: Any = self.action_space
        return np.clip(action, space.low, space.high)


class RescaleAction(ActionWrapper, RecordConstructorArgs):
    """Actions from ``min_action`` to ``max_action``, stretched to the environment's bounds."""

    def __init__(self, env: Any, min_action: Any, max_action: Any) -> None:
        space = env.action_space
        assert isinstance(space, Box), f"expected a Box as action space, got {space}"
        assert np.less_equal(min_action, max_action).all(), (min_action, max_action)
        RecordConstructorArgs.__init__(self, min_action=min_action, max_action=max_action)
        super().__init__(env)
        self.min_action = np.zeros(space.shape, space.dtype) + min_action
        self.max_action = np.zeros(space.shape, space.dtype) + max_action
        self.action_space = Box(min_action, max_action, space.shape, space.dtype)

    def action(self, action: Any) -> Any:
        assert np.all(np.greater_equal(action, self.min_action)), (action, self.min_action)
        assert np.all(np.less_equal(action, self.max_action)), (action, self.max_action)
        space: Any = self.env.action_space
        low, high = space.low, space.high
        stretched = low + (high - low) * ((action - self.min_action) / (self.max_action - self.min_action))
        return np.clip(stretched, low, high)


class FilterObservation(ObservationWrapper, RecordConstructorArgs):
    """Some of the keys of a Dict observation; None for all."""

    def __init__(self, env: Any, filter_keys: Sequence[str] | None = None) -> None:
        RecordConstructorArgs.__init__(self, filter_keys=filter_keys)
        super().__init__(env)
        space = env.observation_space
        if not isinstance(space, DictSpace):
            raise error.InvalidParameter(f"FilterObservation needs Dict observations, got {space}")
        self._filter_keys = tuple(space.spaces if filter_keys is None else filter_keys)
        if missing := set(self._filter_keys) - space.spaces.keys():
            raise error.InvalidParameter(f"there are no observations {sorted(missing)}, only {list(space.spaces)}")
        self.observation_space = DictSpace(
            [(key, one) for key, one in space.spaces.items() if key in self._filter_keys]
        )

    def observation(self, observation: Any) -> Any:
        return type(observation)([(key, value) for key, value in observation.items() if key in self._filter_keys])


class TimeAwareObservation(ObservationWrapper, RecordConstructorArgs):
    """Observations with the number of steps so far behind, as float64."""

    def __init__(self, env: Any) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        space = env.observation_space
        assert isinstance(space, Box), f"expected a Box as observation space, got {space}"
        assert space.dtype == np.float32, f"expected float32 observations, got {space.dtype}"
        self.observation_space = Box(np.append(space.low, 0.0), np.append(space.high, np.inf), dtype=np.float32)
        self.t = 0

    def observation(self, observation: Any) -> Any:
        return np.append(observation, self.t)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        self.t = 0
        return super().reset(**kwargs)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        self.t += 1
        return super().step(action)


# No longer there today. ----------------------------------------------------------------------------------------------


class LazyFrames:
    """Frames that become one array when they are read, so that stacks can share them."""

    __slots__ = ("_frames", "dtype", "frame_shape", "lz4_compress", "shape")

    def __init__(self, frames: list[Any], lz4_compress: bool = False) -> None:
        if lz4_compress:
            raise error.InvalidParameter("minigym does not compress frames; leave out lz4_compress=True")
        self.frame_shape = tuple(frames[0].shape)
        self.shape = (len(frames), *self.frame_shape)
        self.dtype = frames[0].dtype
        self.lz4_compress = lz4_compress
        self._frames = frames

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        stacked: NDArray[Any] = self[:]
        return stacked if dtype is None else stacked.astype(dtype)

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, which: int | slice) -> Any:
        return self._frames[which] if isinstance(which, int) else np.stack(self._frames[which], axis=0)

    def __eq__(self, other: object) -> Any:
        return self.__array__() == other

    __hash__ = None  # type: ignore[assignment]  # what compares element by element has none


class FrameStack(ObservationWrapper, RecordConstructorArgs):
    """The last ``num_stack`` observations, the oldest first, as :class:`LazyFrames`."""

    def __init__(self, env: Any, num_stack: int, lz4_compress: bool = False) -> None:
        RecordConstructorArgs.__init__(self, num_stack=num_stack, lz4_compress=lz4_compress)
        super().__init__(env)
        self.num_stack = num_stack
        self.lz4_compress = lz4_compress
        self.frames: deque[Any] = deque(maxlen=num_stack)
        space: Any = self.observation_space
        low, high = (np.repeat(bound[np.newaxis], num_stack, axis=0) for bound in (space.low, space.high))
        self.observation_space = Box(low, high, dtype=space.dtype)

    def observation(self, observation: Any) -> LazyFrames:
        return LazyFrames(list(self.frames), self.lz4_compress)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(**kwargs)
        self.frames.extend([observation] * self.num_stack)
        return self.observation(None), info

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.frames.append(observation)
        return self.observation(None), reward, terminated, truncated, info


class AutoResetWrapper(Wrapper[Any, Any], RecordConstructorArgs):
    """Resets within the last step of an episode, whose observation and info stand in the info."""

    def __init__(self, env: Any) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        if terminated or truncated:
            last, last_info = observation, info
            observation, info = self.env.reset()
            info = {**info, "final_observation": last, "final_info": last_info}
        return observation, reward, terminated, truncated, info

    def _described(self, spec: EnvSpec) -> EnvSpec:
        return replace(spec, autoreset=True)  # type: ignore[call-arg]  # a field of the spec of 0.29


class StepAPICompatibility(Wrapper[Any, Any], RecordConstructorArgs):
    """Steps of five values, or of four with ``output_truncation_bool=False``."""

    def __init__(self, env: Any, output_truncation_bool: bool = True) -> None:
        RecordConstructorArgs.__init__(self, output_truncation_bool=output_truncation_bool)
        super().__init__(env)
        self.is_vector_env = bool(getattr(env.unwrapped, "is_vector_env", False))
        self.output_truncation_bool = output_truncation_bool
        if not output_truncation_bool:
            logger.deprecation("steps of four values are those of the old interface")

    def step(self, action: Any) -> Any:
        return step_api_compatibility(self.env.step(action), self.output_truncation_bool, self.is_vector_env)


class EnvCompatibility(Env[Any, Any]):
    """An environment of the old interface (4-tuples, ``seed``, ``render(mode)``) as one of today's."""

    def __init__(self, old_env: Any, render_mode: str | None = None) -> None:
        logger.deprecation("apply_api_compatibility is gone in 1.0")
        self.env = old_env
        self.metadata = getattr(old_env, "metadata", {"render_modes": []})
        self.render_mode = render_mode
        self.reward_range = getattr(old_env, "reward_range", None)
        self.spec = getattr(old_env, "spec", None)
        self.observation_space = old_env.observation_space
        self.action_space = old_env.action_space

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        if seed is not None:
            self.env.seed(seed)
        if self.render_mode == "human":
            self.render()
        return self.env.reset(), {}

    def step(self, action: Any) -> Any:
        observation, reward, done, info = self.env.step(action)
        if self.render_mode == "human":
            self.render()
        return convert_to_terminated_truncated_step_api((observation, reward, done, info))

    def render(self) -> Any:
        return self.env.render(mode=self.render_mode)

    def close(self) -> None:
        self.env.close()

    def __str__(self) -> str:
        return f"<{type(self).__name__}{self.env}>"


class VectorListInfo(Wrapper[Any, Any], RecordConstructorArgs):
    """The infos of a batch as a list of dicts, one a lane."""

    def __init__(self, env: Any) -> None:
        assert getattr(env.unwrapped, "is_vector_env", False), f"expected a batch of environments, got {env}"
        RecordConstructorArgs.__init__(self)
        super().__init__(env)

    def reset(self, **kwargs: Any) -> Any:
        observation, infos = self.env.reset(**kwargs)
        return observation, self._listed(infos)

    def step(self, action: Any) -> Any:
        observation, reward, terminated, truncated, infos = self.env.step(action)
        return observation, reward, terminated, truncated, self._listed(infos)

    def _listed(self, infos: dict[str, Any]) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = [{} for _ in range(self.env.get_wrapper_attr("num_envs"))]
        for key in sorted(infos, key=lambda key: key != "episode"):  # the statistics come first
            values = infos[key]
            for lane in np.flatnonzero(infos.get(f"_{key}", ())):
                is_nested = isinstance(values, dict)
                listed[lane][key] = {name: part[lane] for name, part in values.items()} if is_nested else values[lane]
        return listed
