"""Wrappers that change the rewards of a batch."""

from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from minigym import error
from minigym.core import Env, VectorEnv, VectorRewardWrapper
from minigym.wrappers import transform_reward, utils

AnyVectorEnv = VectorEnv[Any, Any, Any]


class TransformReward(VectorRewardWrapper[Any, Any, NDArray[Any]]):
    """Passes every batch of rewards through a function.

    Args:
        env: the batch to wrap.
        func: takes the rewards of all lanes, (num_envs,) float64, returns those that the agent gets.

    Raises:
        InvalidParameter: if ``func`` cannot be called.
    """

    def __init__(self, env: AnyVectorEnv, func: Callable[[Any], Any]) -> None:
        super().__init__(env)
        utils.check_function(self, func)
        self.func = func

    def rewards(self, rewards: NDArray[Any]) -> Any:
        return self.func(rewards)


class VectorizeTransformReward(VectorRewardWrapper[Any, Any, NDArray[Any]]):
    """Changes the rewards of a batch lane by lane, as a wrapper around a single environment would.

    Args:
        env: the batch to wrap.
        wrapper: a TransformReward, or a class derived from it.
        kwargs: its arguments, without ``env``.

    Raises:
        InvalidParameter: if ``wrapper`` makes something else, or its own errors.
    """

    def __init__(
        self, env: AnyVectorEnv, wrapper: type[transform_reward.TransformReward[Any, Any]], **kwargs: Any
    ) -> None:
        super().__init__(env)
        self.wrapper = wrapper(Env(), **kwargs)
        if not isinstance(self.wrapper, transform_reward.TransformReward):
            raise error.InvalidParameter(
                f"{type(self).__name__} needs minigym.wrappers.TransformReward, or a class derived from it, as "
                f"wrapper; got {wrapper!r}"
            )

    def rewards(self, rewards: NDArray[Any]) -> NDArray[Any]:
        changed = rewards.copy()
        for lane, reward in enumerate(rewards):
            changed[lane] = self.wrapper.reward(reward)
        return changed


class ClipReward(VectorizeTransformReward):
    """Clips the reward of each lane: see :class:`minigym.wrappers.ClipReward`."""

    def __init__(
        self,
        env: AnyVectorEnv,
        min_reward: float | NDArray[Any] | None = None,
        max_reward: float | NDArray[Any] | None = None,
    ) -> None:
        super().__init__(env, transform_reward.ClipReward, min_reward=min_reward, max_reward=max_reward)
