"""Batching: the space of many values of a space, and arrays that hold such a batch.

A batch of Box, Discrete, MultiDiscrete or MultiBinary values is one array with an axis more; of Tuple or Dict values, a
tuple or dict of such batches; of values of any other space, a tuple of the values.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from copy import deepcopy
from typing import Any, TypeGuard

import numpy as np

from minigym import error
from minigym.spaces.box import Box
from minigym.spaces.dict import Dict
from minigym.spaces.discrete import Discrete
from minigym.spaces.graph import Graph, GraphInstance
from minigym.spaces.multi_binary import MultiBinary
from minigym.spaces.multi_discrete import MultiDiscrete
from minigym.spaces.one_of import OneOf
from minigym.spaces.sequence import Sequence as SequenceSpace
from minigym.spaces.space import Space
from minigym.spaces.text import Text
from minigym.spaces.tuple import Tuple

_Array = (Box, Discrete, MultiDiscrete, MultiBinary)


def _is_array(space: Any) -> TypeGuard[Box | Discrete | MultiDiscrete | MultiBinary]:
    return isinstance(space, _Array)


def batch_space(space: Space[Any], n: int = 1) -> Space[Any]:
    """The space of batches of ``n`` values of ``space``.

    Its random stream starts where that of ``space`` stands, and then runs on its own.
    """
    _check_space("batch_space", space)
    if n < 1:
        raise error.InvalidParameter(f"batch_space: a batch holds at least one value, got n={n}")
    if _is_array(space) or isinstance(space, (Tuple, Dict)):
        return batch_differing_spaces([space] * n)
    # Copies with streams of their own: the one space n times would draw every value from one stream, which moves on
    # when somebody draws a single value from it. The draw of the seeds is the reference's.
    batch = Tuple([deepcopy(space) for _ in range(n)])
    batch.seed(deepcopy(space.np_random).integers(0, 10**8, n).tolist())
    return batch


def batch_differing_spaces(spaces: Sequence[Space[Any]]) -> Space[Any]:
    """The space of batches whose i-th value is one of ``spaces[i]``, spaces of one kind with different bounds.

    Its random stream starts where that of the first space stands, and then runs on its own.

    Raises:
        InvalidParameter: if there is no space, or they differ in kind, shape, dtype or keys.
    """
    parts: list[Any] = list(spaces)
    if not parts:
        raise error.InvalidParameter("batch_differing_spaces needs at least one space, got none")
    first = parts[0]
    for lane, space in enumerate(parts):
        _check_space("batch_differing_spaces", space)
        if not _compatible(first, space):
            raise error.InvalidParameter(
                "spaces of one batch must have the same kind, shape and keys, and a dtype in common; "
                f"space 0 is {first}, space {lane} is {space}"
            )
    if isinstance(first, Tuple):
        return Tuple([batch_differing_spaces(column) for column in zip(*(part.spaces for part in parts), strict=True)])
    if isinstance(first, Dict):
        return Dict({key: batch_differing_spaces([part[key] for part in parts]) for key in first})
    if not _is_array(first):
        return Tuple([deepcopy(part) for part in parts])
    seed = deepcopy(first.np_random)
    if isinstance(first, Discrete):
        dtype = max((part.dtype for part in parts), key=lambda dtype: dtype.itemsize)
        starts = np.array([part.start for part in parts])
        return MultiDiscrete(np.array([part.n for part in parts]), dtype=dtype, seed=seed, start=starts)
    low, high = (np.array(ends) for ends in zip(*map(bounds, parts), strict=True))
    return Box(low, high, dtype=first.dtype, seed=seed)


def bounds(space: Box | MultiDiscrete | MultiBinary) -> tuple[Any, Any]:
    """The least and the greatest value of each entry."""
    if isinstance(space, MultiDiscrete):
        return space.start, space.start + (space.nvec - 1)  # - 1 first: what follows the greatest may not fit the dtype
    if isinstance(space, MultiBinary):
        return np.zeros(space.shape, space.dtype), np.ones(space.shape, space.dtype)
    return space.low, space.high


def _compatible(space_1: Space[Any], space_2: Space[Any]) -> bool:
    """Whether the two may stand in one batch, as far as this shows without looking at their parts."""
    if type(space_1) is not type(space_2):
        return False
    if isinstance(space_1, Dict) and isinstance(space_2, Dict):
        return space_1.keys() == space_2.keys()
    if isinstance(space_1, Tuple) and isinstance(space_2, Tuple):
        return len(space_1) == len(space_2)
    if isinstance(space_1, Discrete) or not _is_array(space_1):
        return True  # of several integer types the widest is taken; what makes no array makes a tuple
    return space_1.shape == space_2.shape and space_1.dtype == space_2.dtype


def iterate(space: Space[Any], items: Any) -> Iterator[Any]:
    """The single values in ``items``, a batch from the batched ``space``.

    Raises:
        TypeError: if ``space`` is Discrete, which is no batch, or ``items`` is none.
        CustomSpaceError: for a space whose batches minigym does not know.
    """
    _check_space("iterate", space)
    if isinstance(space, Discrete):
        raise TypeError(f"{space} is the space of a single value, which cannot be iterated over; batch_space makes one")
    if _is_array(space):
        return iter(items)
    if isinstance(space, Tuple):
        if all(_is_array(part) or isinstance(part, (Tuple, Dict)) for part in space.spaces):
            columns = [iterate(part, items[i]) for i, part in enumerate(space.spaces)]
            return zip(*columns, strict=True)
        return iter(items)  # a batch of another kind: the tuple of the values
    if isinstance(space, Dict):
        columns = [iterate(part, items[key]) for key, part in space.spaces.items()]
        return (dict(zip(space.spaces, values, strict=True)) for values in zip(*columns, strict=True))
    raise error.CustomSpaceError(
        f"a batch of {type(space).__name__} values is a tuple: iterate over batch_space(space, n), which is a Tuple"
    )


def concatenate(space: Space[Any], items: Iterable[Any], out: Any) -> Any:
    """Write values of ``space`` into the arrays of ``out``, which :func:`create_empty_array` makes.

    Returns:
        The batch: ``out`` itself, or for Tuple and Dict a new tuple or dict of its arrays, or a tuple of the values.
    """
    _check_space("concatenate", space)
    if _is_array(space):
        return np.stack(list(items), axis=0, out=out)
    if isinstance(space, Tuple):
        items = list(items)
        return tuple(concatenate(part, [item[i] for item in items], out[i]) for i, part in enumerate(space.spaces))
    if isinstance(space, Dict):
        items = list(items)
        return {key: concatenate(part, [item[key] for item in items], out[key]) for key, part in space.spaces.items()}
    return tuple(items)


def create_empty_array(space: Space[Any], n: int = 1, fn: Callable[..., Any] = np.zeros) -> Any:
    """Arrays with room for ``n`` values of ``space``.

    Of Text, Sequence, Graph and OneOf, which have no arrays, a tuple of ``n`` small values: the shortest text, the
    empty sequence (a stack of one item), a graph of one node and one edge, and ``()`` for a OneOf. None for a space
    that minigym does not know.

    Args:
        space: the space of a single value.
        n: how many values.
        fn: makes an array from a shape and the keyword ``dtype``, for instance ``np.zeros`` or ``np.empty``.
    """
    _check_space("create_empty_array", space)
    if _is_array(space):
        return fn((n, *(space.shape or ())), dtype=space.dtype)
    if isinstance(space, Tuple):
        return tuple(create_empty_array(part, n, fn) for part in space.spaces)
    if isinstance(space, Dict):
        return {key: create_empty_array(part, n, fn) for key, part in space.spaces.items()}
    return _small_values(space, n, fn)


def _small_values(space: Space[Any], n: int, fn: Callable[..., Any]) -> Any:
    """What :func:`create_empty_array` makes of a space whose batches are no arrays."""
    if isinstance(space, Text):
        return (space.characters[:1] * space.min_length,) * n
    if isinstance(space, SequenceSpace) and space.stack:
        return tuple(create_empty_array(space.feature_space, 1, fn) for _ in range(n))
    if isinstance(space, (SequenceSpace, OneOf)):
        return ((),) * n
    if isinstance(space, Graph):
        return tuple(_empty_graph(space, fn) for _ in range(n))
    return None


def _empty_graph(space: Graph, fn: Callable[..., Any]) -> GraphInstance:
    nodes = create_empty_array(space.node_space, 1, fn)
    if space.edge_space is None:
        return GraphInstance(nodes, None, None)
    return GraphInstance(nodes, create_empty_array(space.edge_space, 1, fn), fn((1, 2), dtype=np.int64))


def _check_space(function: str, space: Any) -> None:
    if not isinstance(space, Space):
        raise TypeError(f"{function} takes a minigym.spaces.Space, got {space!r} of type {type(space).__name__}")
