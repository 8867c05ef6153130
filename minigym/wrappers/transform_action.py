"""Wrappers that change the action on its way to the environment."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.core import ActionWrapper, ActType, Env, ObsType, RecordConstructorArgs, WrapperActType
from minigym.spaces import Box, Space
from minigym.wrappers import _bins, utils


class TransformAction(ActionWrapper[ObsType, WrapperActType, ActType], RecordConstructorArgs):
    """Passes every action through a function.

    Args:
        env: the environment to wrap.
        func: takes an action, returns the one that the environment gets.
        action_space: the space of what ``func`` takes; None if that is the environment's own.

    Raises:
        InvalidParameter: if ``func`` cannot be called, or ``action_space`` is no space.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        func: Callable[[Any], Any],
        action_space: Space[Any] | None,
    ) -> None:
        utils.check_function(self, func)
        utils.check_new_space(self, "action_space", action_space)
        RecordConstructorArgs.__init__(self, func=func, action_space=action_space)
        super().__init__(env)
        if action_space is not None:
            self.action_space = action_space
        self.func = func

    def action(self, action: WrapperActType) -> Any:
        return self.func(action)


class ClipAction(TransformAction[ObsType, WrapperActType, ActType]):
    """Takes any array of the action's shape, and clips it to the bounds of the environment's action space.

    Args:
        env: an environment with Box actions of floats or signed integers.

    Raises:
        InvalidParameter: if the actions are no arrays.
        InvalidBound: if they are unsigned, so that a space without bounds cannot hold them.
    """

    def __init__(self, env: Env[ObsType, ActType]) -> None:
        space = utils.checked_space(self, env, "action_space", Box)
        unbounded: Space[Any] = Box(-np.inf, np.inf, space.shape, space.dtype)
        RecordConstructorArgs.__init__(self)
        super().__init__(env, partial(np.clip, a_min=space.low, a_max=space.high), unbounded)


class RescaleAction(TransformAction[ObsType, WrapperActType, ActType]):
    """Takes actions between other bounds, and maps them to the environment's, each coordinate along a straight line.

    Args:
        env: an environment with Box actions.
        min_action: the new lower bound of every coordinate, or an array with that of each; infinite exactly where the
            environment's actions have none.
        max_action: the new upper bounds likewise. A coordinate with one bound is shifted; one with none stays.

    Raises:
        InvalidParameter, InvalidBound: see :func:`minigym.wrappers.utils.rescale_box`.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        min_action: utils.Number | NDArray[Any],
        max_action: utils.Number | NDArray[Any],
    ) -> None:
        space = utils.checked_space(self, env, "action_space", Box)
        rescaled, _, back = utils.rescale_box(space, min_action, max_action)
        RecordConstructorArgs.__init__(self, min_action=min_action, max_action=max_action)
        super().__init__(env, back, rescaled)


class DiscretizeAction(TransformAction[ObsType, WrapperActType, ActType]):
    """Divides the range of each coordinate of an array action into bins of equal width; an action names the bins.

    The environment gets the middle of each bin.

    Args:
        env: an environment with Box actions of shape (n,), bounded on both sides.
        bins: how many bins each coordinate has; a tuple of n integers, or one for all.
        multidiscrete: whether an action is the array of its n bins' numbers; else it is one integer, the number of the
            cell that these bins meet in, the last coordinate running fastest.

    Raises:
        InvalidParameter: if the actions are no such arrays, or ``bins`` is no such tuple.
    """

    def __init__(self, env: Env[ObsType, ActType], bins: int | tuple[int, ...], multidiscrete: bool = False) -> None:
        space = utils.checked_space(self, env, "action_space", Box)
        self.bins = _bins.counts(self, space, bins)
        RecordConstructorArgs.__init__(self, bins=bins, multidiscrete=multidiscrete)
        self.multidiscrete = multidiscrete
        self.low, self.high, self.n_dims = space.low, space.high, len(self.bins)
        self.bin_centers = [0.5 * (edges[:-1] + edges[1:]) for edges in _bins.edges(space, self.bins)]
        super().__init__(env, self._centers, _bins.space(self.bins, multidiscrete))

    def _centers(self, action: Any) -> NDArray[Any]:
        numbers = _bins.numbers(self.action_space, self.bins, action)
        if numbers is None:
            raise error.InvalidAction(f"expected an action in {self.action_space}, got {action!r}")
        chosen = [centers[number] for centers, number in zip(self.bin_centers, numbers, strict=True)]
        return np.array(chosen, self.env.action_space.dtype)

    def revert_action(self, action: Any) -> Any:
        """The action whose middle lies closest to an ``action`` of the environment, (n,): the way back."""
        numbers = [np.argmin(np.abs(centers - x)) for centers, x in zip(self.bin_centers, action, strict=True)]
        return _bins.number(self.action_space, self.bins, numbers)
