"""Spaces and their values as flat arrays, which is what networks take.

Each function dispatches on the class of its first argument; ``flatten.register(MySpace)`` and the like teach them
another one. Where there is no flat array of fixed length, since a Graph or Sequence is among the parts, the structure
stays and each part is made as flat as it can be.
"""

import math
import operator
from functools import singledispatch
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.spaces import _stacking
from minigym.spaces.box import Box
from minigym.spaces.dict import Dict
from minigym.spaces.discrete import Discrete
from minigym.spaces.graph import Graph, GraphInstance
from minigym.spaces.multi_binary import MultiBinary
from minigym.spaces.multi_discrete import MultiDiscrete
from minigym.spaces.one_of import OneOf
from minigym.spaces.sequence import Sequence
from minigym.spaces.space import Space
from minigym.spaces.text import Text
from minigym.spaces.tuple import Tuple

# How long the flat array is ------------------------------------------------------------------------------------------


@singledispatch
def flatdim(space: Space[Any]) -> int:
    """The length of the flat arrays that :func:`flatten` makes of the values of ``space``.

    Raises:
        InvalidParameter: if there is no such length, since ``space`` is or holds a Graph or a Sequence.
        CustomSpaceError: if ``space`` is none of minigym's.
    """
    _unknown("flatdim", space)


@flatdim.register(Graph)
@flatdim.register(Sequence)
def _flatdim_unfixed(space: Graph | Sequence) -> int:
    _check_flattenable(space)
    raise AssertionError  # it never is


@flatdim.register(Box)
@flatdim.register(MultiBinary)
def _flatdim_array(space: Box | MultiBinary) -> int:
    return math.prod(space.shape)


@flatdim.register
def _flatdim_discrete(space: Discrete) -> int:
    return int(space.n)


@flatdim.register
def _flatdim_multi_discrete(space: MultiDiscrete) -> int:
    return int(space.nvec.sum())


@flatdim.register
def _flatdim_text(space: Text) -> int:
    return space.max_length


@flatdim.register(Tuple)
@flatdim.register(Dict)
def _flatdim_parts(space: Tuple | Dict) -> int:
    _check_flattenable(space)
    return sum(flatdim(part) for part in _parts(space))


@flatdim.register
def _flatdim_one_of(space: OneOf) -> int:
    _check_flattenable(space)
    return 1 + max(flatdim(part) for part in space.spaces)


# Values --------------------------------------------------------------------------------------------------------------


@singledispatch
def flatten(space: Space[Any], x: Any) -> Any:
    """A value as a flat array, or as flat as it can be.

    Args:
        space: the space that ``x`` is a value of.
        x: the value.

    Returns:
        - Box, MultiBinary: (flatdim,) in the space's dtype, row by row.
        - Discrete: one-hot, (n,) in the space's dtype; MultiDiscrete: one after the other, (sum of nvec,).
        - Text: (max_length,) int32, the characters' indices, then the number of characters as padding.
        - Tuple, Dict: their parts one after the other, in the dtype that holds all; a tuple or dict of the flat parts
          if there is no flat array of fixed length.
        - OneOf: the index, then the value, padded with its own first entry.
        - Graph: a GraphInstance with one row for each node and edge.
        - Sequence: a tuple of the flat items; of a stacked one, their stack.

    Raises:
        InvalidParameter: if ``x`` cannot be a value of ``space``.
        CustomSpaceError: if ``space`` is none of minigym's.
    """
    _unknown("flatten", space)


@flatten.register(Box)
@flatten.register(MultiBinary)
def _flatten_array(space: Box | MultiBinary, x: Any) -> NDArray[Any]:
    return np.asarray(x, dtype=space.dtype).flatten()


@flatten.register
def _flatten_discrete(space: Discrete, x: Any) -> NDArray[Any]:
    try:
        index = operator.index(x) - int(space.start)
    except TypeError:
        _refuse(space, x)
    if not 0 <= index < space.n:
        _refuse(space, x)
    one_hot = np.zeros(space.n, dtype=space.dtype)
    one_hot[index] = 1
    return one_hot


@flatten.register
def _flatten_multi_discrete(space: MultiDiscrete, x: Any) -> NDArray[Any]:
    value = np.asarray(x)
    if value.shape != space.shape or value.dtype.kind not in "iu":
        _refuse(space, x)
    counts, first, entries = (array.ravel().tolist() for array in (space.nvec, space.start, value))
    one_hot = np.zeros(sum(counts), dtype=space.dtype)
    offset = 0
    for count, smallest, entry in zip(counts, first, entries, strict=True):
        if not smallest <= entry < smallest + count:
            _refuse(space, x)
        one_hot[offset + entry - smallest] = 1
        offset += count
    return one_hot


@flatten.register
def _flatten_text(space: Text, x: Any) -> NDArray[np.int32]:
    if not isinstance(x, str) or len(x) > space.max_length:
        _refuse(space, x)
    indices = np.full(space.max_length, len(space.character_set), dtype=np.int32)
    indices[: len(x)] = [space.character_index(character) for character in x]
    return indices


@flatten.register
def _flatten_tuple(space: Tuple, x: Any) -> Any:
    if len(x) != len(space):
        _refuse(space, x)
    flat = tuple(flatten(part, value) for part, value in zip(space.spaces, x, strict=True))
    return _joined(space, flat) if space.is_np_flattenable else flat


@flatten.register
def _flatten_dict(space: Dict, x: Any) -> Any:
    if any(key not in x for key in space.spaces):
        _refuse(space, x)
    flat = {key: flatten(part, x[key]) for key, part in space.spaces.items()}
    return _joined(space, tuple(flat.values())) if space.is_np_flattenable else flat


@flatten.register
def _flatten_one_of(space: OneOf, x: Any) -> NDArray[Any]:
    length = flatdim(space) - 1  # without the index
    index, value = x
    flat = flatten(space.spaces[index], value)
    padding = np.full(length - flat.size, flat[0] if flat.size else 0, dtype=flat.dtype)
    return np.concatenate([[index], flat, padding])


@flatten.register
def _flatten_graph(space: Graph, x: GraphInstance) -> GraphInstance:
    edges = None if space.edge_space is None or x.edges is None else _flat_rows(space.edge_space, x.edges)
    return GraphInstance(_flat_rows(space.node_space, x.nodes), edges, x.edge_links)


@flatten.register
def _flatten_sequence(space: Sequence, x: Any) -> Any:
    items = _stacking.unstack(space.feature_space, x) if space.stack else x
    flat = tuple(flatten(space.feature_space, item) for item in items)
    return _stacking.stack(flatten_space(space.feature_space), flat) if space.stack else flat


def _flat_rows(space: Box | Discrete, values: NDArray[Any]) -> NDArray[Any]:
    """A row for each of the values."""
    rows = [flatten(space, value) for value in values]
    return np.array(rows, dtype=space.dtype).reshape(len(values), flatdim(space))


# Values back again ---------------------------------------------------------------------------------------------------


@singledispatch
def unflatten(space: Space[Any], x: Any) -> Any:
    """The value of which :func:`flatten` made ``x``.

    Args:
        space: the space of the value, not the flat one.
        x: what :func:`flatten` returned.

    Raises:
        InvalidParameter: if ``x`` has the wrong length or type, or should be one-hot and is not. (Not all values of
            the flat space come from a value of ``space``.)
        CustomSpaceError: if ``space`` is none of minigym's.
    """
    _unknown("unflatten", space)


@unflatten.register(Box)
@unflatten.register(MultiBinary)
def _unflatten_array(space: Box | MultiBinary, x: Any) -> NDArray[Any]:
    return _checked(space, x).astype(space.dtype, copy=False).reshape(space.shape)


@unflatten.register
def _unflatten_discrete(space: Discrete, x: Any) -> Any:
    ones = np.flatnonzero(_checked(space, x))
    if not ones.size:
        _refuse_flat(space, x, "a one-hot array")
    return space.start + space.dtype.type(ones[0])  # the first, where there are several, as in the reference


@unflatten.register
def _unflatten_multi_discrete(space: MultiDiscrete, x: Any) -> NDArray[Any]:
    flat = _checked(space, x)
    counts = space.nvec.ravel().astype(np.int64)
    ends = counts.cumsum()
    ones = np.flatnonzero(flat)
    if ones.size != counts.size or (ones < ends - counts).any() or (ones >= ends).any():
        _refuse_flat(space, x, "one-hot arrays one after the other")
    result: NDArray[Any] = (ones - (ends - counts)).astype(space.dtype).reshape(space.shape) + space.start
    return result


@unflatten.register
def _unflatten_text(space: Text, x: Any) -> str:
    indices = _checked(space, x).astype(np.int64)  # among the floats of a Tuple or Dict they are floats too
    return "".join(space.character_list[index] for index in indices if index < len(space.character_list))


@unflatten.register
def _unflatten_tuple(space: Tuple, x: Any) -> tuple[Any, ...]:
    if space.is_np_flattenable:
        x = _split(space, x)
    elif not isinstance(x, tuple) or len(x) != len(space):
        _refuse_flat(space, x, f"a tuple of {len(space)}")
    return tuple(unflatten(part, flat) for part, flat in zip(space.spaces, x, strict=True))


@unflatten.register
def _unflatten_dict(space: Dict, x: Any) -> dict[str, Any]:
    if space.is_np_flattenable:
        x = dict(zip(space.spaces, _split(space, x), strict=True))
    elif not isinstance(x, dict) or x.keys() != space.spaces.keys():
        _refuse_flat(space, x, f"a dict with the keys {list(space.spaces)}")
    return {key: unflatten(part, x[key]) for key, part in space.spaces.items()}


@unflatten.register
def _unflatten_one_of(space: OneOf, x: Any) -> tuple[np.int64, Any]:
    flat = _checked(space, x)
    index = np.int64(flat[0])
    part = space.spaces[index]
    return index, unflatten(part, flat[1 : 1 + flatdim(part)])


@unflatten.register
def _unflatten_graph(space: Graph, x: GraphInstance) -> GraphInstance:
    edges = None if space.edge_space is None or x.edges is None else _from_flat_rows(space.edge_space, x.edges)
    return GraphInstance(_from_flat_rows(space.node_space, x.nodes), edges, x.edge_links)


@unflatten.register
def _unflatten_sequence(space: Sequence, x: Any) -> Any:
    flats = _stacking.unstack(flatten_space(space.feature_space), x) if space.stack else x
    items = tuple(unflatten(space.feature_space, flat) for flat in flats)
    return _stacking.stack(space.feature_space, items) if space.stack else items


def _from_flat_rows(space: Box | Discrete, rows: NDArray[Any]) -> Any:
    return _stacking.stack(space, [unflatten(space, row) for row in rows])


# Spaces --------------------------------------------------------------------------------------------------------------


@singledispatch
def flatten_space(space: Space[Any]) -> Any:
    """The space of the flat values of ``space``: a Box of :func:`flatdim` entries, or a Tuple, Dict, Graph or Sequence
    of Boxes where there is no flat array of fixed length.

    Not all its values are flat values: a Box draws arrays that are not one-hot.

    Raises:
        InvalidParameter: if ``space`` is or holds an empty Tuple or Dict.
        CustomSpaceError: if ``space`` is none of minigym's.
    """
    _unknown("flatten_space", space)


@flatten_space.register
def _flatten_space_box(space: Box) -> Box:
    return Box(space.low.flatten(), space.high.flatten(), dtype=space.dtype)


@flatten_space.register(Discrete)
@flatten_space.register(MultiBinary)
@flatten_space.register(MultiDiscrete)
def _flatten_space_binary(space: Discrete | MultiBinary | MultiDiscrete) -> Box:
    return Box(0, 1, (flatdim(space),), space.dtype)


@flatten_space.register
def _flatten_space_text(space: Text) -> Box:
    return Box(0, len(space.character_set), (space.max_length,), np.int32)


@flatten_space.register
def _flatten_space_tuple(space: Tuple) -> Box | Tuple:
    flat = [flatten_space(part) for part in space.spaces]
    return _joined_boxes(space, flat) if space.is_np_flattenable else Tuple(flat)


@flatten_space.register
def _flatten_space_dict(space: Dict) -> Box | Dict:
    flat = {key: flatten_space(part) for key, part in space.spaces.items()}
    return _joined_boxes(space, list(flat.values())) if space.is_np_flattenable else Dict(flat)


@flatten_space.register
def _flatten_space_one_of(space: OneOf) -> Box:
    flat = [flatten_space(part) for part in space.spaces]
    # A Tuple's or Dict's dtype, None, counts as float64 here, as in the reference; a Text's is that of its indices.
    dtype = np.result_type(*(np.int32 if isinstance(part, Text) else part.dtype for part in space.spaces))
    low = np.full(flatdim(space), min((box.low.min() for box in flat if box.low.size), default=0), dtype)
    high = np.full(flatdim(space), max((box.high.max() for box in flat if box.high.size), default=0), dtype)
    low[0], high[0] = 0, len(space) - 1
    return Box(low, high, dtype=dtype)


@flatten_space.register
def _flatten_space_graph(space: Graph) -> Graph:
    edge_space = None if space.edge_space is None else flatten_space(space.edge_space)
    return Graph(flatten_space(space.node_space), edge_space)


@flatten_space.register
def _flatten_space_sequence(space: Sequence) -> Sequence:
    return Sequence(flatten_space(space.feature_space), stack=space.stack)


# Two spaces ----------------------------------------------------------------------------------------------------------


@singledispatch
def is_space_dtype_shape_equiv(space_1: Space[Any], space_2: Space[Any]) -> bool:
    """Whether values of both spaces fit into the same arrays: their kinds, shapes and dtypes are equal, part by part;
    bounds and counts do not matter. Texts must have the same greatest length and the same characters.

    Raises:
        CustomSpaceError: if ``space_1`` is none of minigym's spaces.
    """
    _unknown("is_space_dtype_shape_equiv", space_1)


@is_space_dtype_shape_equiv.register(Box)
@is_space_dtype_shape_equiv.register(Discrete)
@is_space_dtype_shape_equiv.register(MultiBinary)
@is_space_dtype_shape_equiv.register(MultiDiscrete)
def _equivalent_arrays(space_1: Space[Any], space_2: Space[Any]) -> bool:
    return type(space_1) is type(space_2) and space_1.shape == space_2.shape and space_1.dtype == space_2.dtype


@is_space_dtype_shape_equiv.register
def _equivalent_texts(space_1: Text, space_2: Space[Any]) -> bool:
    return (
        isinstance(space_2, Text)
        and space_1.max_length == space_2.max_length
        and space_1.character_set == space_2.character_set
    )


@is_space_dtype_shape_equiv.register
def _equivalent_dicts(space_1: Dict, space_2: Space[Any]) -> bool:
    return (
        isinstance(space_2, Dict)
        and space_1.keys() == space_2.keys()
        and all(is_space_dtype_shape_equiv(part, space_2[key]) for key, part in space_1.spaces.items())
    )


@is_space_dtype_shape_equiv.register(Tuple)
@is_space_dtype_shape_equiv.register(OneOf)
def _equivalent_parts(space_1: Tuple | OneOf, space_2: Space[Any]) -> bool:
    return (
        isinstance(space_2, Tuple if isinstance(space_1, Tuple) else OneOf)
        and len(space_1) == len(space_2)
        and all(map(is_space_dtype_shape_equiv, space_1.spaces, space_2.spaces))
    )


@is_space_dtype_shape_equiv.register
def _equivalent_graphs(space_1: Graph, space_2: Space[Any]) -> bool:
    if not isinstance(space_2, Graph) or not is_space_dtype_shape_equiv(space_1.node_space, space_2.node_space):
        return False
    if space_1.edge_space is None or space_2.edge_space is None:
        return space_1.edge_space is space_2.edge_space
    return is_space_dtype_shape_equiv(space_1.edge_space, space_2.edge_space)


@is_space_dtype_shape_equiv.register
def _equivalent_sequences(space_1: Sequence, space_2: Space[Any]) -> bool:
    return (
        isinstance(space_2, Sequence)
        and space_1.stack is space_2.stack
        and is_space_dtype_shape_equiv(space_1.feature_space, space_2.feature_space)
    )


# What the above share ------------------------------------------------------------------------------------------------


def _parts(space: Tuple | Dict) -> list[Space[Any]]:
    return list(space.spaces.values()) if isinstance(space, Dict) else list(space.spaces)


def _joined(space: Space[Any], flat: tuple[NDArray[Any], ...]) -> NDArray[Any]:
    """The flat values of the parts of ``space`` one after the other."""
    if not flat:
        raise error.InvalidParameter(f"{space} is empty, and nothing says which dtype its flat array should have")
    return np.concatenate(flat)


def _joined_boxes(space: Space[Any], flat: list[Box]) -> Box:
    low, high = (_joined(space, tuple(getattr(box, bound) for box in flat)) for bound in ("low", "high"))
    return Box(low, high, dtype=low.dtype)


def _split(space: Tuple | Dict, x: Any) -> list[NDArray[Any]]:
    """The flat values of the parts of ``space``."""
    ends = np.cumsum([flatdim(part) for part in _parts(space)])
    return np.split(_checked(space, x), ends)[:-1]  # after the last end nothing is left


def _check_flattenable(space: Space[Any]) -> None:
    if not space.is_np_flattenable:
        raise error.InvalidParameter(
            f"{space} has no flat array of fixed length, since it is or holds a Graph or a Sequence; "
            "flatten and flatten_space keep the structure around these"
        )


def _checked(space: Space[Any], x: Any) -> NDArray[Any]:
    """``x`` as a flat array of the right length."""
    flat = np.asarray(x).reshape(-1)
    if flat.size != flatdim(space):
        _refuse_flat(space, x, f"an array of length {flatdim(space)}")
    return flat


def _refuse(space: Space[Any], x: Any) -> NoReturn:
    raise error.InvalidParameter(f"expected a value of {space} to flatten, got {x!r} of type {type(x).__name__}")


def _refuse_flat(space: Space[Any], x: Any, expected: str) -> NoReturn:
    raise error.InvalidParameter(
        f"{expected} was expected for {space}, got {x!r}; "
        "not every value of the flat space comes from one of this space"
    )


def _unknown(function: str, space: Any) -> NoReturn:
    raise error.CustomSpaceError(
        f"{function} knows minigym's ten spaces, got {space!r} of type {type(space).__name__}; for a space of your own "
        f"write {function}.register({type(space).__name__})(your function)"
    )
