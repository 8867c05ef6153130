"""Wrappers that change the observations of a batch by those that came before."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import ActType, AutoresetMode, ObsType, RecordConstructorArgs, VectorEnv, VectorObservationWrapper
from minigym.spaces import Box
from minigym.spaces.batching import batch_space
from minigym.wrappers._statistics import Freezable, RunningMeanStd, check_number, checked_shape


class NormalizeObservation(
    VectorObservationWrapper[NDArray[np.float32], ActType, NDArray[Any]], RecordConstructorArgs, Freezable
):
    """Shifts and scales every coordinate of the observations by the mean and the standard deviation of those so far.

    ``obs_rms`` are their statistics over all lanes (a :class:`~minigym.wrappers.utils.RunningMeanStd`), updated by
    every batch, before it is changed, while ``update_running_mean`` is True. The new observations are of float32,
    without bounds.

    Args:
        env: a batch in next-step autoreset whose observations are arrays or numbers.
        epsilon: is added to the variance, so that it cannot be 0.

    Raises:
        InvalidParameter: if the observations have no shape, ``epsilon`` is no number >= 0, or the batch resets its
            lanes in another way; and from ``reset``, if it is to reset only some lanes: the observations of the others
            would count twice.
    """

    def __init__(self, env: VectorEnv[ObsType, ActType, NDArray[Any]], epsilon: float = 1e-8) -> None:
        check_number(self, "epsilon", epsilon, np.inf)
        mode = env.metadata.get("autoreset_mode") if isinstance(env, VectorEnv) else None
        if mode in (AutoresetMode.SAME_STEP, AutoresetMode.DISABLED):
            raise error.InvalidParameter(
                f'NormalizeObservation needs a batch with autoreset_mode="NextStep", got {mode.value!r}: otherwise it '
                "would miss the last observations of the episodes, or count others twice"
            )
        RecordConstructorArgs.__init__(self, epsilon=epsilon)
        super().__init__(env)
        shape = checked_shape(self, "single observation space", env.single_observation_space)
        self.single_observation_space = Box(-np.inf, np.inf, shape, np.float32)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.obs_rms = RunningMeanStd(shape=shape, dtype=np.float32)
        self.epsilon = epsilon

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        mask = (options or {}).get("reset_mask", True)
        if not np.all(mask):
            raise error.InvalidParameter(
                f"NormalizeObservation resets all lanes or none, got reset_mask={mask!r}; leave the mask out"
            )
        return super().reset(seed=seed, options=options)

    def observations(self, observations: NDArray[Any]) -> NDArray[np.float32]:
        if self._update_running_mean:
            self.obs_rms.update(observations)
        normalized: NDArray[Any] = (observations - self.obs_rms.mean) / np.sqrt(self.obs_rms.var + self.epsilon)
        return normalized.astype(np.float32)
