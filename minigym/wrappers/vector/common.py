"""The wrapper that counts the returns of a batch."""

import time
from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import ActType, AutoresetMode, ObsType, VectorEnv, VectorWrapper, autoreset_mode_of


class RecordEpisodeStatistics(VectorWrapper[ObsType, ActType, NDArray[Any]]):
    """Puts return, length and duration of an episode into the infos of its last step, and keeps the latest ones.

    ``infos[stats_key] = {"r": undiscounted returns, "l": steps, "t": seconds}``, arrays over the lanes, 0 where the
    lane's episode goes on; ``infos["_" + stats_key]`` says where it ended. The reset step of next-step autoreset counts
    in no episode.

    Args:
        env: the batch to watch.
        buffer_length: how many episodes ``return_queue``, ``length_queue`` and ``time_queue`` remember.
        stats_key: the key in the infos.
    """

    def __init__(
        self, env: VectorEnv[ObsType, ActType, NDArray[Any]], buffer_length: int = 100, stats_key: str = "episode"
    ) -> None:
        super().__init__(env)
        self._stats_key = stats_key
        self._autoreset_mode = autoreset_mode_of(env)
        self.episode_count = 0
        self.episode_start_times = np.zeros(self.num_envs)  # s, on the performance counter
        self.episode_returns = np.zeros(self.num_envs)
        self.episode_lengths = np.zeros(self.num_envs, np.int64)
        self.prev_dones = np.zeros(self.num_envs, np.bool_)
        self.time_queue: deque[float] = deque(maxlen=buffer_length)
        self.return_queue: deque[float] = deque(maxlen=buffer_length)
        self.length_queue: deque[int] = deque(maxlen=buffer_length)

    def reset(  # positional too, as in Gymnasium
        self, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        # The reference forgets the mask here, and with it what the other lanes have gathered.
        self._begin((options or {}).get("reset_mask", np.ones(self.num_envs, np.bool_)))
        return result

    def step(
        self, actions: ActType
    ) -> tuple[ObsType, NDArray[Any], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        if self._autoreset_mode is AutoresetMode.SAME_STEP:
            # Lanes that ended have been reset already, and this is their first step. The reference takes it for a
            # reset step, and every episode but the first comes out one step short.
            self._begin(self.prev_dones)
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        playing = ~self.prev_dones
        self._begin(self.prev_dones)
        self.episode_returns[playing] += rewards[playing]
        self.episode_lengths[playing] += 1
        dones = terminations | truncations
        if dones.any():
            if self._stats_key in infos or f"_{self._stats_key}" in infos:
                raise error.InvalidParameter(
                    f"the infos already have the key {self._stats_key!r}: is it wrapped twice, or each lane too? "
                    'Choose another one with stats_key="..."'
                )
            seconds = np.round(time.perf_counter() - self.episode_start_times, 6)
            infos[self._stats_key] = {
                "r": np.where(dones, self.episode_returns, 0.0),
                "l": np.where(dones, self.episode_lengths, 0),
                "t": np.where(dones, seconds, 0.0),
            }
            infos[f"_{self._stats_key}"] = dones
            self.time_queue.extend(seconds[dones])
            self.return_queue.extend(self.episode_returns[dones])
            self.length_queue.extend(self.episode_lengths[dones])
            self.episode_count += int(dones.sum())
        self.prev_dones = dones.copy()  # the caller may change its own
        return observations, rewards, terminations, truncations, infos

    def _begin(self, lanes: NDArray[np.bool_]) -> None:
        """Begin an episode in these lanes."""
        self.episode_start_times[lanes] = time.perf_counter()
        self.episode_returns[lanes] = 0
        self.episode_lengths[lanes] = 0
        self.prev_dones[lanes] = False
