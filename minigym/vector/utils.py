"""Batching: the space of many values of a space, and arrays that hold such a batch.

A batch of Box, Discrete, MultiDiscrete or MultiBinary values is one array with an axis more; of Tuple or Dict values, a
tuple or dict of such batches; of values of any other space, a tuple of the values.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, TypeGuard

import numpy as np

from minigym import error
from minigym.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, Tuple
from minigym.spaces.utils import is_space_dtype_shape_equiv

__all__ = [
    "batch_differing_spaces",
    "batch_space",
    "checked_actions",
    "concatenate",
    "create_empty_array",
    "is_space_dtype_shape_equiv",
    "iterate",
]

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
    low, high = (np.array(bounds) for bounds in zip(*map(_bounds, parts), strict=True))
    return Box(low, high, dtype=first.dtype, seed=seed)


def _bounds(space: Box | MultiDiscrete | MultiBinary) -> tuple[Any, Any]:
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
    """Arrays with room for ``n`` values of ``space``; None where such a batch is no array.

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
    return None


def checked_actions(space: Space[Any], actions: Any) -> Any:
    """``actions`` as a batch of the batched ``space``: integers in its dtype, floats as they came.

    Floats stay because the reference passes them on as they are, and a float64 action gives other last digits than its
    float32 rounding; the bounds are those of the rounding.

    Raises:
        InvalidAction: if the shape is wrong, an action lies outside its bounds or is NaN, or floats come where integers
            are expected (even 1.0, as the single environments have it).
    """
    if isinstance(space, Dict):
        if not isinstance(actions, Mapping) or actions.keys() != space.keys():
            raise error.InvalidAction(f"expected a dict with the keys {list(space.keys())}, got {_shown(actions)}")
        return {key: checked_actions(part, actions[key]) for key, part in space.spaces.items()}
    if isinstance(space, Tuple):
        if not isinstance(actions, (tuple, list)) or len(actions) != len(space):
            raise error.InvalidAction(f"expected a tuple of {len(space)} parts, got {_shown(actions)}")
        return tuple(checked_actions(part, batch) for part, batch in zip(space.spaces, actions, strict=True))
    if isinstance(space, (Box, MultiDiscrete)):
        return _checked_array(space, actions)
    if not space.contains(actions):
        raise error.InvalidAction(f"expected an action in {space}, got {_shown(actions)}")
    return actions


def _checked_array(space: Box | MultiDiscrete, actions: Any) -> Any:
    integers = space.dtype.kind in "iub"
    try:
        array = np.asarray(actions)
    except (TypeError, ValueError, RuntimeError):  # ragged lists; tensors on a GPU, or with a gradient
        raise error.InvalidAction(
            f"expected actions that make an array of shape {space.shape}, got {_shown(actions)}"
        ) from None
    kinds, words = ("iub", "integers") if integers else ("fiub", "numbers")
    if array.shape != space.shape or array.dtype.kind not in kinds:
        raise error.InvalidAction(
            f"expected {words} in an array of shape {space.shape}, one action for each of the {space.shape[0]} lanes, "
            f"got shape {array.shape} and dtype {array.dtype}; write for instance envs.action_space.sample()"
            + (" or actions.astype(int)" if array.dtype.kind == "f" and integers else "")
        )
    rounded = array
    if not integers:
        with np.errstate(over="ignore"):  # what is too large becomes inf, which is then compared
            rounded = array.astype(space.dtype)
    low, high = _bounds(space)
    inside = (low <= rounded) & (rounded <= high)
    if not inside.all():
        where = tuple(np.argwhere(~inside)[0].tolist())
        raise error.InvalidAction(
            f"lane {where[0]}: expected an action from {low[where]} to {high[where]}, got {array[where]}"
            + (f" in entry {list(where[1:])}" if where[1:] else "")
        )
    return array.astype(space.dtype, copy=False) if integers else array


def _shown(actions: Any) -> str:
    text = repr(actions)
    return f"{text if len(text) <= 80 else text[:77] + '...'} of type {type(actions).__name__}"


def _check_space(function: str, space: Any) -> None:
    if not isinstance(space, Space):
        raise TypeError(f"{function} takes a minigym.spaces.Space, got {space!r} of type {type(space).__name__}")
