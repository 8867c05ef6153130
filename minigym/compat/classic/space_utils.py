"""``gym.spaces.utils``: any space as a flat vector.

Before 0.18 most became float32; since then types are kept. From 0.20 on a MultiDiscrete is one-hot, part by part.
"""

from collections import OrderedDict
from typing import Any

import numpy as np

from minigym.compat.classic.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, Tuple
from minigym.compat.install import at_least

__all__ = ["flatdim", "flatten", "flatten_space", "unflatten"]


def flatdim(space: Space) -> int:
    """How many numbers :func:`flatten` makes of an element."""
    sizes = _one_hot_sizes(space)
    if sizes is not None:
        return int(sum(sizes))
    parts = _parts(space)
    if parts is None:
        return int(np.prod(_leaf(space).shape))
    return sum(flatdim(part) for part in parts.values())


def flatten(space: Space, x: Any) -> Any:
    """An element as a vector; that of a Discrete is one-hot."""
    sizes = _one_hot_sizes(space)
    if sizes is not None:
        one_hot = np.zeros(sum(sizes), dtype=_dtype(space))
        one_hot[_starts(sizes) + np.ravel(x)] = 1
        return one_hot
    parts = _parts(space)
    if parts is None:
        return np.asarray(x, dtype=_dtype(space)).flatten()
    return np.concatenate([flatten(part, x[key]) for key, part in parts.items()])


def unflatten(space: Space, x: Any) -> Any:
    """The element that :func:`flatten` made the vector of."""
    sizes = _one_hot_sizes(space)
    if sizes is not None:
        numbers = np.flatnonzero(x) - _starts(sizes)
        return int(numbers[0]) if isinstance(space, Discrete) else numbers.astype(space.dtype).reshape(space.shape)
    parts = _parts(space)
    if parts is None:
        return np.asarray(x, dtype=_dtype(space)).reshape(_leaf(space).shape)
    ends = np.cumsum([flatdim(part) for part in parts.values()])
    vectors = np.split(x, ends[:-1])
    elements = OrderedDict((key, unflatten(parts[key], v)) for key, v in zip(parts, vectors, strict=True))
    return tuple(elements.values()) if isinstance(space, Tuple) else elements


def flatten_space(space: Space) -> Box:
    """The Box that the flattened elements lie in."""
    parts = _parts(space)
    if parts is not None:
        boxes = [flatten_space(part) for part in parts.values()]
        low, high = (np.concatenate([getattr(box, bound) for box in boxes]) for bound in ("low", "high"))
        return Box(low, high, dtype=low.dtype)
    dtype = space.dtype if at_least("0.18") else np.float32
    if isinstance(space, Box):
        return Box(space.low.flatten(), space.high.flatten(), dtype=dtype)
    if isinstance(space, MultiDiscrete) and _one_hot_sizes(space) is None:
        return Box(np.zeros(space.nvec.size), space.nvec.flatten(), dtype=dtype)
    return Box(0, 1, shape=(flatdim(space),), dtype=dtype)


def _one_hot_sizes(space: Space) -> list[int] | None:
    """The lengths of the one-hot pieces that an element becomes; None if it is not one-hot."""
    if isinstance(space, Discrete):
        return [space.n]
    if isinstance(space, MultiDiscrete) and at_least("0.20"):
        sizes: list[int] = space.nvec.ravel().tolist()
        return sizes
    return None


def _starts(sizes: list[int]) -> Any:
    return np.cumsum([0, *sizes[:-1]])


def _dtype(space: Space) -> Any:
    if at_least("0.18"):
        return space.dtype
    return np.float32 if isinstance(space, (Box, Discrete)) else None


def _parts(space: Space) -> dict[Any, Space] | None:
    """The parts of a Tuple (by number) or Dict; None for another space."""
    if isinstance(space, Tuple):
        return dict(enumerate(space.spaces))
    return space.spaces if isinstance(space, Dict) else None


def _leaf(space: Space) -> Any:
    if isinstance(space, (Box, MultiBinary, MultiDiscrete)):
        return space
    raise NotImplementedError(f"only gym's own spaces can be flattened, got {space} of type {type(space).__name__}")
