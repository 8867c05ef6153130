"""Wrappers that change the observation."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigym import error
from minigym.core import ActType, Env, ObservationWrapper, ObsType, RecordConstructorArgs, WrapperObsType
from minigym.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, Tuple, flatten, flatten_space
from minigym.wrappers import _bins, utils

# The functions below are partial applications of functions that have a name, not lambdas, so that a wrapped environment
# can be pickled where the environment can.


class TransformObservation(ObservationWrapper[WrapperObsType, ActType, ObsType], RecordConstructorArgs):
    """Passes every observation through a function.

    Args:
        env: the environment to wrap.
        func: takes an observation, returns the one that the agent gets to see.
        observation_space: the space of what ``func`` returns; None if that is the environment's own.

    Raises:
        InvalidParameter: if ``func`` cannot be called, or ``observation_space`` is no space.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        func: Callable[[Any], Any],
        observation_space: Space[Any] | None,
    ) -> None:
        utils.check_function(self, func)
        utils.check_new_space(self, "observation_space", observation_space)
        RecordConstructorArgs.__init__(self, func=func, observation_space=observation_space)
        super().__init__(env)
        if observation_space is not None:
            self.observation_space = observation_space
        self.func = func

    def observation(self, observation: ObsType) -> Any:
        return self.func(observation)


class FilterObservation(TransformObservation[WrapperObsType, ActType, ObsType]):
    """Keeps some parts of a Dict or Tuple observation.

    Args:
        env: an environment with Dict or Tuple observations.
        filter_keys: the parts to keep, in the order in which a Tuple is to have them: keys of a Dict, or indices of a
            Tuple, those below 0 counted from the end.

    Raises:
        TypeError: if ``filter_keys`` is no list, tuple or other sequence.
        InvalidParameter: if a key or index is missing in the space, none is left, an index comes twice, or the
            observations are neither Dicts nor Tuples.
    """

    def __init__(self, env: Env[ObsType, ActType], filter_keys: Sequence[str | int]) -> None:
        if not isinstance(filter_keys, Sequence):
            raise TypeError(
                f"filter_keys must be a list or a tuple, got {filter_keys!r} of type {type(filter_keys).__name__}; "
                'write for instance ["position"] or [0]'
            )
        space = utils.checked_space(self, env, "observation_space", Dict, Tuple)
        keys: tuple[Any, ...] = tuple(filter_keys)
        is_dict = isinstance(space, Dict)
        kind, known = (str, [*space.spaces]) if is_dict else (int, [*range(-len(space), len(space))])
        if not keys or any(not isinstance(key, kind) or key not in known for key in keys):
            raise error.InvalidParameter(
                f"filter_keys must hold at least one of {known}, and nothing else, to filter {space}; "
                f"got {filter_keys!r}"
            )
        if not is_dict and len(set(keys)) < len(keys):
            raise error.InvalidParameter(f"filter_keys must hold no index of a Tuple twice, got {filter_keys!r}")
        RecordConstructorArgs.__init__(self, filter_keys=filter_keys)
        parts = {key: space[key] for key in keys}
        filtered = Dict(parts) if is_dict else Tuple(list(parts.values()))
        super().__init__(env, partial(_items if is_dict else _entries, keys), filtered)
        self.filter_keys = filter_keys


def _items(keys: tuple[Any, ...], observation: Any) -> dict[Any, Any]:
    return {key: observation[key] for key in keys}


def _entries(keys: tuple[Any, ...], observation: Any) -> tuple[Any, ...]:
    return tuple(observation[key] for key in keys)


class FlattenObservation(TransformObservation[WrapperObsType, ActType, ObsType]):
    """Flattens every observation: see :func:`minigym.spaces.flatten` for what comes out of which space.

    Args:
        env: the environment to wrap.

    Raises:
        InvalidParameter, CustomSpaceError: if the observation space has no flat form.
    """

    def __init__(self, env: Env[ObsType, ActType]) -> None:
        space = utils.checked_space(self, env, "observation_space", Space)
        RecordConstructorArgs.__init__(self)
        super().__init__(env, partial(flatten, space), flatten_space(space))


class GrayscaleObservation(TransformObservation[WrapperObsType, ActType, ObsType]):
    """Makes pictures gray: 0.2125 of the red, 0.7154 of the green and 0.0721 of the blue, rounded down.

    (The luma of ITU-R BT.709.)

    Args:
        env: an environment with pictures as observations, (height, width, 3) uint8.
        keep_dim: whether the gray pictures have the shape (height, width, 1); else (height, width).

    Raises:
        InvalidParameter: if the observations are no such pictures, with bounds 0 and 255.
    """

    def __init__(self, env: Env[ObsType, ActType], keep_dim: bool = False) -> None:
        space = utils.checked_space(self, env, "observation_space", Box)
        is_picture = space.dtype == np.uint8 and len(space.shape) == 3 and space.shape[2] == 3
        if not is_picture or (space.low != 0).any() or (space.high != 255).any():
            raise error.InvalidParameter(
                "GrayscaleObservation needs pictures as observations, Box(0, 255, (height, width, 3), np.uint8), got "
                f"{space}"
            )
        RecordConstructorArgs.__init__(self, keep_dim=keep_dim)
        gray = Box(0, 255, (*space.shape[:2], 1) if keep_dim else space.shape[:2], np.uint8)
        super().__init__(env, partial(_gray, gray.shape), gray)
        self.keep_dim = keep_dim


def _gray(shape: tuple[int, ...], picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    gray: NDArray[np.float64] = (picture * np.array([0.2125, 0.7154, 0.0721])).sum(axis=-1)
    return gray.astype(np.uint8).reshape(shape)


class ReshapeObservation(TransformObservation[WrapperObsType, ActType, ObsType]):
    """Gives array observations another shape of the same size, row by row.

    Args:
        env: an environment with Box observations.
        shape: the new shape, a tuple of positive integers.

    Raises:
        InvalidParameter: if the observations are no arrays, or ``shape`` is no such tuple or has another size.
    """

    def __init__(self, env: Env[ObsType, ActType], shape: tuple[int, ...]) -> None:
        space = utils.checked_space(self, env, "observation_space", Box)
        lengths = shape if isinstance(shape, tuple) else (None,)
        are_lengths = all(isinstance(n, (int, np.integer)) and not isinstance(n, bool) and n > 0 for n in lengths)
        if not are_lengths or np.prod(lengths) != space.low.size:
            raise error.InvalidParameter(
                f"ReshapeObservation needs a tuple of positive integers with the product {space.low.size} as shape, to "
                f"reshape {space}; got {shape!r}"
            )
        RecordConstructorArgs.__init__(self, shape=shape)
        reshaped = Box(space.low.reshape(shape), space.high.reshape(shape), shape, space.dtype)
        super().__init__(env, partial(_reshaped, shape), reshaped)
        self.shape = shape


def _reshaped(shape: tuple[int, ...], observation: Any) -> NDArray[Any]:
    return np.reshape(observation, shape)


class RescaleObservation(TransformObservation[WrapperObsType, ActType, ObsType]):
    """Maps array observations to other bounds, each coordinate along a straight line.

    Args:
        env: an environment with Box observations.
        min_obs: the new lower bound of every coordinate, or an array with that of each; infinite exactly where the
            observations have none.
        max_obs: the new upper bounds likewise. A coordinate with one bound is shifted; one with none stays.

    Raises:
        InvalidParameter, InvalidBound: see :func:`minigym.wrappers.utils.rescale_box`.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        min_obs: utils.Number | NDArray[Any],
        max_obs: utils.Number | NDArray[Any],
    ) -> None:
        space = utils.checked_space(self, env, "observation_space", Box)
        rescaled, along, _ = utils.rescale_box(space, min_obs, max_obs)
        RecordConstructorArgs.__init__(self, min_obs=min_obs, max_obs=max_obs)
        super().__init__(env, along, rescaled)


class DtypeObservation(TransformObservation[WrapperObsType, ActType, ObsType]):
    """Gives observations another dtype.

    Args:
        env: an environment with Box, Discrete, MultiDiscrete or MultiBinary observations. What is no MultiDiscrete
            becomes a Box; a Discrete one of shape (), whose upper bound is one too high, as in the reference.
        dtype: the new dtype, an integer one for a MultiDiscrete.

    Raises:
        InvalidParameter: if the observations are of another kind, or ``dtype`` is no dtype of numbers.
        InvalidBound: if ``dtype`` cannot hold them.
    """

    def __init__(self, env: Env[ObsType, ActType], dtype: DTypeLike) -> None:
        space = utils.checked_space(self, env, "observation_space", Box, Discrete, MultiBinary, MultiDiscrete)
        kind = Box(0, 1, (), dtype).dtype  # which refuses what is no dtype of numbers
        changed: Space[Any]
        if isinstance(space, Box):
            low, high = space.low, space.high
            if kind.kind in "iub" and space.dtype.kind == "f":
                whole = np.ceil if kind.kind == "b" else np.trunc  # what becomes of the observations: 0.5 is True
                low, high = whole(low), whole(high)
            changed = utils.rounded_box(low, high, kind)
        elif isinstance(space, Discrete):
            changed = Box(int(space.start), int(space.start) + int(space.n), (), kind)
        elif isinstance(space, MultiBinary):
            changed = Box(0, 1, space.shape, kind)
        else:
            changed = MultiDiscrete(space.nvec, kind, start=space.start)
        RecordConstructorArgs.__init__(self, dtype=dtype)
        super().__init__(env, kind.type, changed)
        self.dtype = dtype


class DiscretizeObservation(TransformObservation[WrapperObsType, ActType, ObsType]):
    """Divides the range of each coordinate of an array observation into bins of equal width, and gives their numbers.

    Args:
        env: an environment with Box observations of shape (n,), bounded on both sides.
        bins: how many bins each coordinate has; a tuple of n integers, or one for all.
        multidiscrete: whether an observation is the array of its n bins' numbers; else it is one integer, the number
            of the cell that these bins meet in, the last coordinate running fastest.

    Raises:
        InvalidParameter: if the observations are no such arrays, or ``bins`` is no such tuple.
    """

    def __init__(self, env: Env[ObsType, ActType], bins: int | tuple[int, ...], multidiscrete: bool = False) -> None:
        space = utils.checked_space(self, env, "observation_space", Box)
        self.bins = _bins.counts(self, space, bins)
        RecordConstructorArgs.__init__(self, bins=bins, multidiscrete=multidiscrete)
        self.multidiscrete = multidiscrete
        self.low, self.high, self.n_dims = space.low, space.high, len(self.bins)
        self.bin_edges = [edges[1:-1] for edges in _bins.edges(space, self.bins)]
        super().__init__(env, self._number, _bins.space(self.bins, multidiscrete))

    def _number(self, observation: NDArray[Any]) -> NDArray[np.int64] | int:
        # The reference's margin at the upper bound. It makes a difference only where a bin is narrower than it.
        inside = np.clip(observation, self.low, self.high - 1e-8)
        pairs = zip(self.bin_edges, inside, strict=True)
        numbers = [np.searchsorted(edges, x, side="right") for edges, x in pairs]
        number = _bins.number(self.observation_space, self.bins, numbers)
        return number if self.multidiscrete else int(number)

    def revert_observation(self, obs: Any) -> tuple[NDArray[Any], NDArray[Any]]:
        """The lower and the upper ends of the bins that an observation names, each (n,) in the environment's dtype.

        Raises:
            InvalidParameter: if ``obs`` is no observation.
        """
        numbers = _bins.numbers(self.observation_space, self.bins, obs)
        if numbers is None:
            raise error.InvalidParameter(f"expected an observation in {self.observation_space}, got {obs!r}")
        space: Any = self.env.observation_space
        edges = _bins.edges(space, self.bins)
        lows, highs = ([ends[number + k] for ends, number in zip(edges, numbers, strict=True)] for k in (0, 1))
        return np.array(lows, space.dtype), np.array(highs, space.dtype)
