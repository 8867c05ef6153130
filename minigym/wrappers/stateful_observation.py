"""Wrappers that make an observation of several, or of one and what came before it."""

from collections import deque
from copy import deepcopy
from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import ActType, Env, ObservationWrapper, ObsType, RecordConstructorArgs, Wrapper, WrapperObsType
from minigym.spaces import Box, Dict, Space, Tuple
from minigym.spaces import utils as space_utils
from minigym.spaces.batching import batch_space, concatenate, create_empty_array
from minigym.wrappers._statistics import Freezable, RunningMeanStd, check_number, checked_count, checked_shape
from minigym.wrappers._zeros import create_zero_array
from minigym.wrappers.common import TimeLimit

# What the wrappers keep for later steps are copies: an environment may change its arrays in place.


class DelayObservation(ObservationWrapper[ObsType, ActType, ObsType], RecordConstructorArgs):
    """Shows every observation some steps late.

    Until the first one is due, it shows the value that is nearest to zero
    (:func:`minigym.wrappers.utils.create_zero_array`).

    Args:
        env: the environment to wrap.
        delay: how many steps late.

    Raises:
        TypeError: if ``delay`` is no integer.
        InvalidParameter: if it is below 0.
    """

    def __init__(self, env: Env[ObsType, ActType], delay: int) -> None:
        self.delay = checked_count(self, "delay", delay, 0)
        RecordConstructorArgs.__init__(self, delay=self.delay)
        super().__init__(env)
        self.observation_queue: deque[ObsType] = deque()

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        self.observation_queue.clear()
        return self.observation(observation), info

    def observation(self, observation: ObsType) -> ObsType:
        self.observation_queue.append(deepcopy(observation))
        if len(self.observation_queue) > self.delay:
            return self.observation_queue.popleft()
        zero: ObsType = create_zero_array(self.observation_space)
        return zero


class TimeAwareObservation(ObservationWrapper[WrapperObsType, ActType, ObsType], RecordConstructorArgs):
    """Adds to every observation how many steps of the episode have been played.

    The time, an array of shape (1,), becomes an item of a Dict or the last part of a Tuple; any other observation
    becomes the dict ``{"obs": observation, "time": time}``.

    Args:
        env: an environment with a time limit, in its spec or as a ``TimeLimit`` among its wrappers.
        flatten: whether the whole is flattened: see :func:`minigym.spaces.flatten`.
        normalize_time: whether the time is a float32, 1 at the time limit; else it is the int32 number of steps.
        dict_time_key: the key of the time in a Dict observation.

    Raises:
        InvalidParameter: if there is no time limit, or the Dict has that key already.
        InvalidParameter, CustomSpaceError: if the observation space has no flat form, though ``flatten`` is True.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        flatten: bool = True,
        normalize_time: bool = False,
        *,
        dict_time_key: str = "time",
    ) -> None:
        RecordConstructorArgs.__init__(
            self, flatten=flatten, normalize_time=normalize_time, dict_time_key=dict_time_key
        )
        super().__init__(env)
        self.flatten = flatten
        self.normalize_time = normalize_time
        self.max_timesteps = _time_limit(env)
        self.timesteps = 0
        self._key = dict_time_key
        time_space = Box(0.0, 1.0) if normalize_time else Box(0, self.max_timesteps, dtype=np.int32)
        self._parts = self._with_time(env.observation_space, time_space)
        self.observation_space = space_utils.flatten_space(self._parts) if flatten else self._parts

    def _with_time(self, space: Space[Any], time_space: Box) -> Any:
        if isinstance(space, Dict):
            if self._key in space.spaces:
                raise error.InvalidParameter(
                    f"the observations already have the key {self._key!r}; choose another one for the time with "
                    'dict_time_key="..."'
                )
            return Dict({self._key: time_space, **space.spaces})
        if isinstance(space, Tuple):
            return Tuple((*space.spaces, time_space))
        return Dict(obs=space, time=time_space)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[WrapperObsType, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        self.timesteps = 0
        return self.observation(observation), info

    def step(self, action: ActType) -> tuple[WrapperObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.timesteps += 1
        return self.observation(observation), reward, terminated, truncated, info

    def observation(self, observation: Any) -> Any:
        time: NDArray[Any]
        if self.normalize_time:
            time = np.array([self.timesteps / self.max_timesteps], np.float32)
        else:
            time = np.array([self.timesteps], np.int32)
        inner = self.env.observation_space
        if isinstance(inner, Dict):
            observation = {self._key: time, **observation}
        elif isinstance(inner, Tuple):
            observation = (*observation, time)
        else:
            observation = {"obs": observation, "time": time}
        return space_utils.flatten(self._parts, observation) if self.flatten else observation


def _time_limit(env: Env[Any, Any]) -> int:
    """The most steps that an episode of ``env`` has."""
    if env.spec is not None and env.spec.max_episode_steps is not None:
        return env.spec.max_episode_steps
    layer = env
    while isinstance(layer, Wrapper):
        if isinstance(layer, TimeLimit):
            return layer._max_episode_steps
        layer = layer.env
    raise error.InvalidParameter(
        f"TimeAwareObservation needs an environment with a time limit, got {env}; write for instance "
        "TimeAwareObservation(TimeLimit(env, max_episode_steps=100))"
    )


class FrameStackObservation(Wrapper[WrapperObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Shows the latest observations together, the oldest first, as one batch: see ``minigym.vector.utils.batch_space``.

    Args:
        env: the environment to wrap.
        stack_size: how many observations.
        padding_type: what stands at the beginning of an episode where there are no earlier ones: "reset" for its first
            observation, "zero" for the value that is nearest to zero, or an observation.

    Raises:
        TypeError: if ``stack_size`` is no integer.
        InvalidParameter: if it is below 1, or ``padding_type`` is neither of the texts nor an observation.
        CustomSpaceError: if the observation space is of a kind that minigym does not know.
    """

    def __init__(self, env: Env[ObsType, ActType], stack_size: int, *, padding_type: str | ObsType = "reset") -> None:
        self.stack_size = checked_count(self, "stack_size", stack_size, 1)
        RecordConstructorArgs.__init__(self, stack_size=self.stack_size, padding_type=padding_type)
        super().__init__(env)
        self.padding_type = "_custom"
        self.padding_value: Any
        if isinstance(padding_type, str) and padding_type in ("reset", "zero"):
            self.padding_type = padding_type
            self.padding_value = create_zero_array(env.observation_space)
        elif env.observation_space.contains(padding_type):
            self.padding_value = deepcopy(padding_type)
        else:
            raise error.InvalidParameter(
                f'padding_type must be "reset", "zero" or an observation in {env.observation_space}, '
                f"got {padding_type!r}"
            )
        self.observation_space = batch_space(env.observation_space, self.stack_size)
        self.obs_queue: deque[Any] = deque([self.padding_value] * self.stack_size, maxlen=self.stack_size)
        self.stacked_obs = create_empty_array(env.observation_space, self.stack_size)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[WrapperObsType, dict[str, Any]]:
        observation, info = self.env.reset(seed=seed, options=options)
        first = deepcopy(observation)
        if self.padding_type == "reset":
            self.padding_value = first
        self.obs_queue.extend([self.padding_value] * (self.stack_size - 1))
        self.obs_queue.append(first)
        return self._stacked(), info

    def step(self, action: ActType) -> tuple[WrapperObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.obs_queue.append(deepcopy(observation))
        return self._stacked(), reward, terminated, truncated, info

    def _stacked(self) -> Any:
        return deepcopy(concatenate(self.env.observation_space, self.obs_queue, self.stacked_obs))


class NormalizeObservation(ObservationWrapper[NDArray[np.float32], ActType, ObsType], RecordConstructorArgs, Freezable):
    """Shifts and scales every coordinate of the observations by the mean and the standard deviation of those so far.

    ``obs_rms`` are their statistics (a :class:`RunningMeanStd`), updated by every observation, before it is changed,
    while ``update_running_mean`` is True. The new observations are of float32, without bounds.

    Args:
        env: an environment whose observations are arrays or numbers.
        epsilon: is added to the variance, so that it cannot be 0.

    Raises:
        InvalidParameter: if the observations have no shape, or ``epsilon`` is no number >= 0.
    """

    def __init__(self, env: Env[ObsType, ActType], epsilon: float = 1e-8) -> None:
        check_number(self, "epsilon", epsilon, np.inf)
        RecordConstructorArgs.__init__(self, epsilon=epsilon)
        super().__init__(env)
        shape = checked_shape(self, "observation space", env.observation_space)
        self.observation_space = Box(-np.inf, np.inf, shape, np.float32)
        self.obs_rms = RunningMeanStd(shape=shape, dtype=np.float32)
        self.epsilon = epsilon

    def observation(self, observation: Any) -> Any:
        if self._update_running_mean:
            self.obs_rms.update(np.array([observation]))
        return np.float32((observation - self.obs_rms.mean) / np.sqrt(self.obs_rms.var + self.epsilon))


class MaxAndSkipObservation(Wrapper[NDArray[Any], ActType, ObsType, ActType], RecordConstructorArgs):
    """Plays every action several times and shows, entry by entry, the maximum of the last two observations.

    For games that draw some things in every other frame alone (Mnih et al. 2015). The rewards are added up, to a float;
    flags and info are those of the last step. Where the episode ends before the last two steps, the observation is made
    of earlier ones, as in the reference: at the first one of an episode, of those that came before the reset.

    Args:
        env: an environment whose observations are arrays or numbers.
        skip: how often to play an action.

    Raises:
        TypeError: if ``skip`` is no integer.
        InvalidParameter: if it is below 2, or the observations have no shape.
    """

    def __init__(self, env: Env[ObsType, ActType], skip: int = 4) -> None:
        self._skip = checked_count(self, "skip", skip, 2)
        RecordConstructorArgs.__init__(self, skip=self._skip)
        super().__init__(env)
        shape = checked_shape(self, "observation space", env.observation_space)
        self._obs_buffer = np.zeros((2, *shape), env.observation_space.dtype)

    def step(self, action: ActType) -> tuple[NDArray[Any], SupportsFloat, bool, bool, dict[str, Any]]:
        total = 0.0
        for left in reversed(range(self._skip)):
            observation, reward, terminated, truncated, info = self.env.step(action)
            if left < 2:
                self._obs_buffer[1 - left] = observation
            total += float(reward)
            if terminated or truncated:
                break
        return np.max(self._obs_buffer, axis=0), total, terminated, truncated, info
