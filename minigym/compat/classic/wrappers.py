"""``gym.wrappers``: the time limit that ``make`` adds, and the old wrappers that need nothing but NumPy."""

import copy
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym.compat.classic import space_utils, spaces
from minigym.compat.classic.core import ActionWrapper, ObservationWrapper, RewardWrapper, Wrapper

__all__ = [
    "ClipAction",
    "FilterObservation",
    "FlattenObservation",
    "FrameStack",
    "LazyFrames",
    "OrderEnforcing",
    "RecordEpisodeStatistics",
    "RescaleAction",
    "TimeAwareObservation",
    "TimeLimit",
    "TransformObservation",
    "TransformReward",
]


class TimeLimit(Wrapper):
    """Ends an episode after ``_max_episode_steps`` steps, which notebooks assign.

    The step that reaches the limit has ``info["TimeLimit.truncated"]``: whether it was the limit alone that ended it.
    """

    def __init__(self, env: Any, max_episode_steps: int | None = None) -> None:
        super().__init__(env)
        if self.env.spec is not None:
            if max_episode_steps is None:
                max_episode_steps = self.env.spec.max_episode_steps
            self.env.spec.max_episode_steps = max_episode_steps
        self._max_episode_steps: Any = max_episode_steps
        self._elapsed_steps: int | None = None

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        assert self._elapsed_steps is not None, "step() needs an episode: call reset() first"
        observation, reward, done, info = self.env.step(action)
        self._elapsed_steps += 1
        if self._elapsed_steps >= self._max_episode_steps:
            info["TimeLimit.truncated"] = not done
            done = True
        return observation, reward, done, info

    def reset(self, **kwargs: Any) -> Any:
        self._elapsed_steps = 0
        return self.env.reset(**kwargs)


class OrderEnforcing(Wrapper):
    """Refuses to step before the first reset."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self._has_reset = False

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        assert self._has_reset, "step() needs an episode: call reset() first"
        return super().step(action)

    def reset(self, **kwargs: Any) -> Any:
        self._has_reset = True
        return self.env.reset(**kwargs)


class TransformObservation(ObservationWrapper):
    """Observations become ``f(observation)``."""

    def __init__(self, env: Any, f: Callable[[Any], Any]) -> None:
        super().__init__(env)
        assert callable(f), f"f must be a function of the observation, got {f!r}"
        self.f = f

    def observation(self, observation: Any) -> Any:
        return self.f(observation)


class TransformReward(RewardWrapper):
    """Rewards become ``f(reward)``."""

    def __init__(self, env: Any, f: Callable[[Any], Any]) -> None:
        super().__init__(env)
        assert callable(f), f"f must be a function of the reward, got {f!r}"
        self.f = f

    def reward(self, reward: Any) -> Any:
        return self.f(reward)


class FlattenObservation(ObservationWrapper):
    """Observations become vectors; that of a Discrete is one-hot."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.observation_space = space_utils.flatten_space(env.observation_space)

    def observation(self, observation: Any) -> Any:
        return space_utils.flatten(self.env.observation_space, observation)


class FilterObservation(ObservationWrapper):
    """Of a Dict observation, only the keys named; None for all."""

    def __init__(self, env: Any, filter_keys: Any = None) -> None:
        super().__init__(env)
        inner = env.observation_space
        assert isinstance(inner, spaces.Dict), f"FilterObservation needs a Dict observation space, got {inner}"
        self._keys = tuple(inner.spaces if filter_keys is None else filter_keys)
        missing = [key for key in self._keys if key not in inner.spaces]
        if missing:
            raise ValueError(f"the observation has no {missing}, only {list(inner.spaces)}")
        kept = [(key, copy.deepcopy(space)) for key, space in inner.spaces.items() if key in self._keys]
        self.observation_space = spaces.Dict(kept)

    def observation(self, observation: Any) -> Any:
        return type(observation)([(key, value) for key, value in observation.items() if key in self._keys])


class TimeAwareObservation(ObservationWrapper):
    """A flat Box observation with the number of steps so far appended."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        inner = env.observation_space
        assert isinstance(inner, spaces.Box), f"TimeAwareObservation needs a Box observation space, got {inner}"
        self.observation_space = spaces.Box(np.append(inner.low, 0.0), np.append(inner.high, np.inf), dtype=np.float32)
        self.t = 0

    def observation(self, observation: Any) -> Any:
        return np.append(observation, self.t)

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        self.t += 1
        return super().step(action)

    def reset(self, **kwargs: Any) -> Any:
        self.t = 0
        return super().reset(**kwargs)


class LazyFrames:
    """Several frames that share memory with other stacks until somebody makes an array of them."""

    def __init__(self, frames: list[NDArray[Any]]) -> None:
        self.frame_shape = tuple(frames[0].shape)
        self.shape = (len(frames), *self.frame_shape)
        self.dtype = frames[0].dtype
        self._frames = frames

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.stack(self._frames).astype(self.dtype if dtype is None else dtype, copy=False)

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, index: Any) -> NDArray[Any]:
        return self._frames[index] if isinstance(index, int) else np.stack(self._frames[index])


class FrameStack(Wrapper):
    """Observations become the last ``num_stack`` ones, as :class:`LazyFrames`; the first stands for those before it."""

    def __init__(self, env: Any, num_stack: int) -> None:
        super().__init__(env)
        self.num_stack = num_stack
        self.frames: deque[NDArray[Any]] = deque(maxlen=num_stack)
        inner = env.observation_space
        low, high = (np.repeat(bound[np.newaxis], num_stack, axis=0) for bound in (inner.low, inner.high))
        self.observation_space = spaces.Box(low, high, dtype=inner.dtype)

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        observation, reward, done, info = self.env.step(action)
        self.frames.append(observation)
        return LazyFrames(list(self.frames)), reward, done, info

    def reset(self, **kwargs: Any) -> Any:
        self.frames.extend([self.env.reset(**kwargs)] * self.num_stack)
        return LazyFrames(list(self.frames))


class RecordEpisodeStatistics(Wrapper):
    """The step that ends an episode has ``info["episode"]``: return "r", length "l", seconds since the start "t"."""

    def __init__(self, env: Any, deque_size: int = 100) -> None:
        super().__init__(env)
        self._started = time.perf_counter()
        self.episode_return, self.episode_length = 0.0, 0
        self.return_queue: deque[float] = deque(maxlen=deque_size)
        self.length_queue: deque[int] = deque(maxlen=deque_size)

    def reset(self, **kwargs: Any) -> Any:
        self.episode_return, self.episode_length = 0.0, 0
        return self.env.reset(**kwargs)

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        observation, reward, done, info = self.env.step(action)
        self.episode_return += reward
        self.episode_length += 1
        if done:
            seconds = round(time.perf_counter() - self._started, 6)
            info = {**info, "episode": {"r": self.episode_return, "l": self.episode_length, "t": seconds}}
            self.return_queue.append(self.episode_return)
            self.length_queue.append(self.episode_length)
            self.episode_return, self.episode_length = 0.0, 0
        return observation, reward, done, info


class ClipAction(ActionWrapper):
    """Actions are clipped to the Box of the environment."""

    def __init__(self, env: Any) -> None:
        assert isinstance(env.action_space, spaces.Box), f"ClipAction needs a Box, got {env.action_space}"
        super().__init__(env)

    def action(self, action: Any) -> Any:
        return np.clip(action, self.action_space.low, self.action_space.high)


class RescaleAction(ActionWrapper):
    """The Box of actions becomes [a, b], and an action is stretched to the environment's own."""

    def __init__(self, env: Any, a: Any, b: Any) -> None:
        inner: Any = env.action_space
        assert isinstance(inner, spaces.Box), f"RescaleAction needs a Box, got {inner}"
        assert np.less_equal(a, b).all(), f"expected a <= b, got {a} and {b}"
        super().__init__(env)
        self.a, self.b = (np.full(inner.low.shape, bound, inner.dtype) for bound in (a, b))
        self.action_space = spaces.Box(self.a, self.b, dtype=inner.dtype)

    def action(self, action: Any) -> Any:
        inside = np.all(action >= self.a) and np.all(action <= self.b)
        assert inside, f"the action must lie between {self.a} and {self.b}, got {action}"
        low, high = self.env.action_space.low, self.env.action_space.high
        return np.clip(low + (high - low) * ((action - self.a) / (self.b - self.a)), low, high)
