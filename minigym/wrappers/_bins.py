"""The bins that DiscretizeObservation and DiscretizeAction divide a Box into."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.spaces import Box, Discrete, MultiDiscrete, Space


def counts(wrapper: Any, box: Box, bins: Any) -> NDArray[np.int64]:
    """How many bins each coordinate of ``box`` gets: ``bins``, or the one integer for all."""
    name = type(wrapper).__name__
    with np.errstate(over="ignore"):
        bounded = np.isfinite(box.high * 1.0 - box.low * 1.0).all()  # * 1.0: bools have no difference
    if len(box.shape) != 1 or not box.low.size or not bounded:
        raise error.InvalidParameter(
            f"{name} needs a Box of shape (n,) with n of at least 1, bounded on both sides, got {box}"
        )
    is_one = isinstance(bins, (int, np.integer)) and not isinstance(bins, bool)
    each = np.full(box.shape, bins) if is_one else np.array(bins)
    if each.dtype.kind not in "iu" or each.shape != box.shape or (each < 1).any():
        raise error.InvalidParameter(
            f"{name} needs a positive integer as bins, or a tuple of {box.low.size} of them, got {bins!r}"
        )
    return each


def space(counts: NDArray[np.int64], multidiscrete: bool) -> Any:
    """The space of the bins' numbers, or of the number of the cell that they meet in."""
    cells = math.prod(counts.tolist())  # of Python ints, which cannot overflow
    if not multidiscrete and cells > np.iinfo(np.int64).max:
        raise error.InvalidParameter(
            f"{counts.tolist()} bins make {cells} cells, too many to number; write multidiscrete=True"
        )
    return MultiDiscrete(counts) if multidiscrete else Discrete(cells)


def edges(box: Box, counts: NDArray[np.int64]) -> list[NDArray[Any]]:
    """The ends of each coordinate's bins, (count + 1,)."""
    return [np.linspace(low, high, n + 1) for low, high, n in zip(box.low, box.high, counts, strict=True)]


def numbers(space: Space[Any], counts: NDArray[np.int64], value: Any) -> Any:
    """The bins that ``value`` of ``space`` names, one for each coordinate; None if it lies outside."""
    if not space.contains(value):
        return None
    return np.unravel_index(int(value), counts) if isinstance(space, Discrete) else np.asarray(value)


def number(space: Space[Any], counts: NDArray[np.int64], numbers: list[Any]) -> Any:
    """The value of ``space`` that names these bins: an int64, or an (n,) int64 array."""
    return np.ravel_multi_index(tuple(numbers), counts) if isinstance(space, Discrete) else np.array(numbers, np.int64)
