"""Wrappers that change the actions of a batch on their way to the lanes."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import VectorActionWrapper, VectorEnv
from minigym.spaces import Space
from minigym.spaces.batching import batch_space, concatenate, create_empty_array, iterate
from minigym.wrappers import transform_action, utils

AnyVectorEnv = VectorEnv[Any, Any, Any]


class TransformAction(VectorActionWrapper[Any, Any, NDArray[Any]]):
    """Passes every batch of actions through a function.

    Args:
        env: the batch to wrap.
        func: takes the actions of all lanes, returns those that ``env`` gets.
        action_space: the space of what ``func`` takes; None for a batch of ``single_action_space``, or for that of
            ``env`` if this is None too.
        single_action_space: the space of one lane's part of it; None for that of ``env``.

    Raises:
        InvalidParameter: if ``func`` cannot be called, or a space is none.

    A ``UserWarning`` tells if the one space is not the batch of the other.
    """

    def __init__(
        self,
        env: AnyVectorEnv,
        func: Callable[[Any], Any],
        action_space: Space[Any] | None = None,
        single_action_space: Space[Any] | None = None,
    ) -> None:
        super().__init__(env)
        utils.check_function(self, func)
        utils.set_batch_spaces(self, "action", action_space, single_action_space)
        self.func = func

    def actions(self, actions: Any) -> Any:
        return self.func(actions)


class VectorizeTransformAction(VectorActionWrapper[Any, Any, NDArray[Any]]):
    """Changes the actions of a batch lane by lane, as a wrapper around a single environment would.

    Args:
        env: the batch to wrap.
        wrapper: a TransformAction, or a class derived from it.
        kwargs: its arguments, without ``env``.

    Raises:
        InvalidParameter: if ``wrapper`` makes something else, or its own errors.
    """

    def __init__(
        self, env: AnyVectorEnv, wrapper: type[transform_action.TransformAction[Any, Any, Any]], **kwargs: Any
    ) -> None:
        super().__init__(env)
        self.wrapper = wrapper(utils.SingleEnv(env), **kwargs)
        if not isinstance(self.wrapper, transform_action.TransformAction):
            raise error.InvalidParameter(
                f"{type(self).__name__} needs minigym.wrappers.TransformAction, or a class derived from it, as "
                f"wrapper; got {wrapper!r}"
            )
        self.single_action_space = self.wrapper.action_space
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self.same_out = self.action_space == env.action_space

    def actions(self, actions: Any) -> Any:
        changed = [self.wrapper.action(each) for each in iterate(self.action_space, actions)]
        if len(changed) != self.num_envs:
            raise error.InvalidAction(f"expected one action for each of the {self.num_envs} lanes, got {len(changed)}")
        single_space = self.env.single_action_space
        if not self.same_out:
            return concatenate(single_space, changed, create_empty_array(single_space, self.num_envs))
        # A batch of the same space keeps the dtype that it came in, as in the reference; but the caller's arrays stay.
        room = deepcopy(actions) if isinstance(actions, (dict, tuple)) else np.array(actions)
        return concatenate(single_space, changed, room)


class ClipAction(VectorizeTransformAction):
    """Clips the actions to the bounds of the lanes' action space: see :class:`minigym.wrappers.ClipAction`."""

    def __init__(self, env: AnyVectorEnv) -> None:
        super().__init__(env, transform_action.ClipAction)


class RescaleAction(VectorizeTransformAction):
    """Takes actions between other bounds: see :class:`minigym.wrappers.RescaleAction`."""

    def __init__(
        self, env: AnyVectorEnv, min_action: utils.Number | NDArray[Any], max_action: utils.Number | NDArray[Any]
    ) -> None:
        super().__init__(env, transform_action.RescaleAction, min_action=min_action, max_action=max_action)
