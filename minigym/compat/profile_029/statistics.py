"""The wrappers of 0.29 that keep statistics, around one environment or around a batch."""

import time
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.compat.profile_029.core import Wrapper
from minigym.core import RecordConstructorArgs
from minigym.wrappers.utils import RunningMeanStd

__all__ = ["NormalizeObservation", "NormalizeReward", "RecordEpisodeStatistics", "RunningMeanStd"]


class _EitherKind(Wrapper[Any, Any], RecordConstructorArgs):
    """A wrapper that treats one environment as a batch of one lane."""

    def __init__(self, env: Any) -> None:
        super().__init__(env)
        self.is_vector_env = bool(getattr(env.unwrapped, "is_vector_env", False))
        self.num_envs: int = env.unwrapped.num_envs if self.is_vector_env else 1


class RecordEpisodeStatistics(_EitherKind):
    """Puts return (float32), length (int32) and duration of an episode into the info of its last step.

    They are arrays over the lanes, of shape (1,) around one environment.

    Args:
        env: the environment or the batch.
        deque_size: how many episodes ``return_queue`` and ``length_queue`` remember.
    """

    def __init__(self, env: Any, deque_size: int = 100) -> None:
        RecordConstructorArgs.__init__(self, deque_size=deque_size)
        super().__init__(env)
        self.episode_count: int | np.integer[Any] = 0
        self.episode_start_times: Any = None
        self.episode_returns: Any = None
        self.episode_lengths: Any = None
        self.return_queue: deque[np.float32] = deque(maxlen=deque_size)
        self.length_queue: deque[np.int32] = deque(maxlen=deque_size)

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        result = self.env.reset(**kwargs)
        self.episode_start_times = np.full(self.num_envs, time.perf_counter(), np.float32)
        self.episode_returns = np.zeros(self.num_envs, np.float32)
        self.episode_lengths = np.zeros(self.num_envs, np.int32)
        return result

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        observations, rewards, terminations, truncations, infos = self.env.step(action)
        self.episode_returns += rewards
        self.episode_lengths += 1
        dones = np.logical_or(terminations, truncations)
        count = np.sum(dones)
        if count:
            if "episode" in infos or "_episode" in infos:
                raise error.InvalidParameter(
                    "the infos already have the key 'episode': is it wrapped twice, or each lane too?"
                )
            seconds = np.round(time.perf_counter() - self.episode_start_times, 6)
            infos["episode"] = {
                "r": np.where(dones, self.episode_returns, 0.0),
                "l": np.where(dones, self.episode_lengths, 0),
                "t": np.where(dones, seconds, 0.0),
            }
            if self.is_vector_env:
                infos["_episode"] = np.where(dones, True, False)
            self.return_queue.extend(self.episode_returns[dones])
            self.length_queue.extend(self.episode_lengths[dones])
            self.episode_count += count
            self.episode_lengths[dones] = 0
            self.episode_returns[dones] = 0
            self.episode_start_times[dones] = time.perf_counter()
        return observations, rewards, terminations, truncations, infos


class NormalizeObservation(_EitherKind):
    """Observations of mean 0 and variance 1 over all that came so far, in float64.

    Args:
        env: the environment or the batch.
        epsilon: is added to the variance.
    """

    def __init__(self, env: Any, epsilon: float = 1e-8) -> None:
        RecordConstructorArgs.__init__(self, epsilon=epsilon)
        super().__init__(env)
        space: Any = env.unwrapped.single_observation_space if self.is_vector_env else self.observation_space
        self.obs_rms = RunningMeanStd(shape=space.shape)
        self.epsilon = epsilon

    def reset(self, **kwargs: Any) -> tuple[Any, dict[str, Any]]:
        observation, info = self.env.reset(**kwargs)
        return self._normalized(observation), info

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        return self._normalized(observation), reward, terminated, truncated, info

    def _normalized(self, observation: Any) -> Any:
        return self.normalize(observation) if self.is_vector_env else self.normalize(np.array([observation]))[0]

    def normalize(self, obs: Any) -> NDArray[np.float64]:
        """Take in a batch of observations, and normalize it."""
        self.obs_rms.update(obs)
        normalized: NDArray[np.float64] = (obs - self.obs_rms.mean) / np.sqrt(self.obs_rms.var + self.epsilon)
        return normalized


class NormalizeReward(_EitherKind):
    """Rewards divided by the standard deviation of the discounted return so far.

    Args:
        env: the environment or the batch.
        gamma: the discount.
        epsilon: is added to the variance.
    """

    def __init__(self, env: Any, gamma: float = 0.99, epsilon: float = 1e-8) -> None:
        RecordConstructorArgs.__init__(self, gamma=gamma, epsilon=epsilon)
        super().__init__(env)
        self.return_rms = RunningMeanStd(shape=())
        self.returns = np.zeros(self.num_envs)
        self.gamma = gamma
        self.epsilon = epsilon

    def step(self, action: Any) -> tuple[Any, Any, Any, Any, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        rewards = reward if self.is_vector_env else np.array([reward])
        self.returns = self.returns * self.gamma * (1 - terminated) + rewards  # type: ignore[operator]  # bool or array
        rewards = self.normalize(rewards)
        return observation, rewards if self.is_vector_env else rewards[0], terminated, truncated, info

    def normalize(self, rews: Any) -> Any:
        """Take in the returns so far, and scale a batch of rewards."""
        self.return_rms.update(self.returns)
        return rews / np.sqrt(self.return_rms.var + self.epsilon)
