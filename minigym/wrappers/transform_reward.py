"""Wrappers that change the reward."""

from collections.abc import Callable
from functools import partial
from typing import Any, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import ActType, Env, ObsType, RecordConstructorArgs, RewardWrapper
from minigym.wrappers.utils import check_function


class TransformReward(RewardWrapper[ObsType, ActType], RecordConstructorArgs):
    """Passes every reward through a function.

    Args:
        env: the environment to wrap.
        func: takes a reward, returns the one that the agent gets.

    Raises:
        InvalidParameter: if ``func`` cannot be called.
    """

    def __init__(self, env: Env[ObsType, ActType], func: Callable[[Any], Any]) -> None:
        check_function(self, func)
        RecordConstructorArgs.__init__(self, func=func)
        super().__init__(env)
        self.func = func

    def reward(self, reward: SupportsFloat) -> Any:
        return self.func(reward)


class ClipReward(TransformReward[ObsType, ActType]):
    """Clips every reward; it becomes a NumPy number.

    Args:
        env: the environment to wrap.
        min_reward: the least reward; None for no lower bound.
        max_reward: the greatest reward; None for no upper bound.

    Raises:
        InvalidBound: if both are None, one is no number, or the least exceeds the greatest.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        min_reward: float | NDArray[Any] | None = None,
        max_reward: float | NDArray[Any] | None = None,
    ) -> None:
        low = -np.inf if min_reward is None else min_reward
        high = np.inf if max_reward is None else max_reward
        are_numbers = {np.asarray(low).dtype.kind, np.asarray(high).dtype.kind} <= set("fiub")
        # `<=` fails for NaN too.
        if (min_reward is None and max_reward is None) or not are_numbers or not np.all(low <= high):
            raise error.InvalidBound(
                "ClipReward needs a number as min_reward or max_reward, or both, the lower one first; got "
                f"min_reward={min_reward!r} and max_reward={max_reward!r}"
            )
        RecordConstructorArgs.__init__(self, min_reward=min_reward, max_reward=max_reward)
        super().__init__(env, partial(np.clip, a_min=min_reward, a_max=max_reward))
