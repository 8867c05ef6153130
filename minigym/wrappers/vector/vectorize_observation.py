"""Wrappers that change the observations of a batch."""

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigym import error
from minigym.core import AutoresetMode, VectorEnv, VectorObservationWrapper, VectorWrapper, autoreset_mode_of
from minigym.spaces import Space
from minigym.spaces.batching import batch_space, concatenate, create_empty_array, iterate
from minigym.wrappers import transform_observation, utils

AnyVectorEnv = VectorEnv[Any, Any, Any]


class TransformObservation(VectorObservationWrapper[Any, Any, NDArray[Any]]):
    """Passes every batch of observations through a function.

    Args:
        env: the batch to wrap; it may not reset its lanes within a step.
        func: takes the observations of all lanes, returns those that the agent gets to see.
        observation_space: the space of what ``func`` returns; None for a batch of ``single_observation_space``, or for
            that of ``env`` if this is None too.
        single_observation_space: the space of one lane's part of it; None for that of ``env``.

    Raises:
        InvalidParameter: if the batch resets its lanes within a step, ``func`` cannot be called, or a space is none.

    A ``UserWarning`` tells if the one space is not the batch of the other.
    """

    def __init__(
        self,
        env: AnyVectorEnv,
        func: Callable[[Any], Any],
        observation_space: Space[Any] | None = None,
        single_observation_space: Space[Any] | None = None,
    ) -> None:
        super().__init__(env)
        utils.check_function(self, func)
        utils.set_batch_spaces(self, "observation", observation_space, single_observation_space)
        self.func = func

    def observations(self, observations: Any) -> Any:
        return self.func(observations)


class VectorizeTransformObservation(VectorObservationWrapper[Any, Any, NDArray[Any]]):
    """Changes the observations of a batch lane by lane, as a wrapper around a single environment would.

    Where the batch resets its lanes within a step, the last observations in ``infos["final_obs"]`` are changed too.

    Args:
        env: the batch to wrap.
        wrapper: a TransformObservation, or a class derived from it.
        kwargs: its arguments, without ``env``.

    Raises:
        InvalidParameter: if ``wrapper`` makes something else, or its own errors.
    """

    def __init__(
        self, env: AnyVectorEnv, wrapper: type[transform_observation.TransformObservation[Any, Any, Any]], **kwargs: Any
    ) -> None:
        VectorWrapper.__init__(self, env)  # not the direct parent's, which refuses resets within a step
        self.autoreset_mode = autoreset_mode_of(env)
        self.wrapper = wrapper(utils.SingleEnv(env), **kwargs)
        if not isinstance(self.wrapper, transform_observation.TransformObservation):
            raise error.InvalidParameter(
                f"{type(self).__name__} needs minigym.wrappers.TransformObservation, or a class derived from it, as "
                f"wrapper; got {wrapper!r}"
            )
        self.single_observation_space = self.wrapper.observation_space
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.same_out = self.observation_space == env.observation_space

    def step(self, actions: Any) -> tuple[Any, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        if self.autoreset_mode is AutoresetMode.SAME_STEP and "final_obs" in infos:
            final = np.full(self.num_envs, None)
            for lane in np.flatnonzero(infos["_final_obs"]):
                final[lane] = self.wrapper.observation(infos["final_obs"][lane])
            infos["final_obs"] = final
        return self.observations(observations), rewards, terminations, truncations, infos

    def observations(self, observations: Any) -> Any:
        changed = [self.wrapper.observation(each) for each in iterate(self.env.observation_space, observations)]
        # A batch of the same space keeps the dtype that it came in, as in the reference; but its arrays are new ones.
        single_space = self.single_observation_space
        room = deepcopy(observations) if self.same_out else create_empty_array(single_space, self.num_envs)
        return concatenate(single_space, changed, room)


class FilterObservation(VectorizeTransformObservation):
    """Keeps some parts of Dict or Tuple observations: see :class:`minigym.wrappers.FilterObservation`."""

    def __init__(self, env: AnyVectorEnv, filter_keys: Sequence[str | int]) -> None:
        super().__init__(env, transform_observation.FilterObservation, filter_keys=filter_keys)


class FlattenObservation(VectorizeTransformObservation):
    """Flattens the observation of each lane: see :class:`minigym.wrappers.FlattenObservation`."""

    def __init__(self, env: AnyVectorEnv) -> None:
        super().__init__(env, transform_observation.FlattenObservation)


class GrayscaleObservation(VectorizeTransformObservation):
    """Makes pictures gray: see :class:`minigym.wrappers.GrayscaleObservation`."""

    def __init__(self, env: AnyVectorEnv, keep_dim: bool = False) -> None:
        super().__init__(env, transform_observation.GrayscaleObservation, keep_dim=keep_dim)


class ReshapeObservation(VectorizeTransformObservation):
    """Gives the array of each lane another shape: see :class:`minigym.wrappers.ReshapeObservation`."""

    def __init__(self, env: AnyVectorEnv, shape: tuple[int, ...]) -> None:
        super().__init__(env, transform_observation.ReshapeObservation, shape=shape)


class RescaleObservation(VectorizeTransformObservation):
    """Maps array observations to other bounds: see :class:`minigym.wrappers.RescaleObservation`."""

    def __init__(
        self, env: AnyVectorEnv, min_obs: utils.Number | NDArray[Any], max_obs: utils.Number | NDArray[Any]
    ) -> None:
        super().__init__(env, transform_observation.RescaleObservation, min_obs=min_obs, max_obs=max_obs)


class DtypeObservation(VectorizeTransformObservation):
    """Gives observations another dtype: see :class:`minigym.wrappers.DtypeObservation`."""

    def __init__(self, env: AnyVectorEnv, dtype: DTypeLike) -> None:
        super().__init__(env, transform_observation.DtypeObservation, dtype=dtype)
