"""Spaces, and values of spaces, of one library as those of the other: of minigym as Gymnasium's, and back.

Both have the same ten classes, with the same arguments and attributes; so nothing here needs to import Gymnasium.
"""

import copy
from types import ModuleType
from typing import Any

import numpy as np

from minigym import error

KINDS = "Box", "Dict", "Discrete", "Graph", "MultiBinary", "MultiDiscrete", "OneOf", "Sequence", "Text", "Tuple"


def twin(space: Any, theirs: ModuleType, ours: ModuleType, memo: dict[int, Any] | None = None) -> Any:
    """``space``, whose class is in ``theirs``, as one of the classes in ``ours``.

    Its random streams stand where those of ``space`` stand, so that both draw the same values, and then run on their
    own. Parts or streams that occur twice in ``space`` do so in its twin.

    Args:
        space: the space.
        theirs, ours: ``minigym.spaces`` and ``gymnasium.spaces``, or the other way round.
        memo: what has been copied already, by ``id``.

    Raises:
        CustomSpaceError: if ``space`` or a part of it is of no kind that both libraries know.
    """
    memo = {} if memo is None else memo
    if id(space) in memo:
        return memo[id(space)]
    name = next((name for name in KINDS if isinstance(space, getattr(theirs, name))), None)
    if name is None:
        raise error.CustomSpaceError(
            f"expected a space of one of the kinds {', '.join(KINDS)} in {theirs.__name__}, got {space!r} of type "
            f"{type(space).__name__}; other kinds have no counterpart in {ours.__name__}"
        )

    def again(part: Any) -> Any:
        return None if part is None else twin(part, theirs, ours, memo)

    kind = getattr(ours, name)
    match name:
        case "Box":
            result = kind(space.low, space.high, dtype=space.dtype)  # both libraries copy the bounds
            # Where an integer has no bound, the least or greatest number of its dtype stands in `low` or `high`.
            # (Gymnasium's flags of a Box without axes may be no arrays.)
            result.bounded_below, result.bounded_above = np.array(space.bounded_below), np.array(space.bounded_above)
        case "Dict":  # pairs keep their order, the keys of a dict would be sorted
            result = kind([(key, again(part)) for key, part in space.spaces.items()])
        case "Discrete":
            result = kind(int(space.n), start=int(space.start), dtype=space.dtype)
        case "Graph":
            result = kind(again(space.node_space), again(space.edge_space))
        case "MultiBinary":
            result = kind(space.n)
        case "MultiDiscrete":
            result = kind(space.nvec, dtype=space.dtype, start=space.start)
        case "Sequence":
            result = kind(again(space.feature_space), stack=space.stack)
        case "Text":  # as a string, since a set would forget the order that draws go by
            charset = "".join(space.character_list)
            result = kind(space.max_length, min_length=space.min_length, charset=charset)
        case _:  # "OneOf", "Tuple"
            result = kind([again(part) for part in space.spaces])
    result._np_random = copy.deepcopy(space._np_random, memo)
    memo[id(space)] = result
    return result


def has_graphs(space: Any) -> bool:
    """Whether values of the space hold graphs: the only values that have a class of each library's own."""
    parts = getattr(space, "spaces", ())
    return (
        hasattr(space, "node_space")
        or any(map(has_graphs, parts.values() if isinstance(parts, dict) else parts))
        or (hasattr(space, "feature_space") and has_graphs(space.feature_space))
    )


def with_graphs(value: Any, kind: Any) -> Any:
    """The value with every graph in it, however deep in tuples, dicts and arrays of objects, of the class ``kind``."""
    if isinstance(value, tuple):
        return kind(*value) if hasattr(value, "edge_links") else tuple(with_graphs(part, kind) for part in value)
    if isinstance(value, dict):
        return {key: with_graphs(part, kind) for key, part in value.items()}
    if isinstance(value, np.ndarray) and value.dtype == object:
        result = np.empty_like(value)
        for index in np.ndindex(value.shape):
            result[index] = with_graphs(value[index], kind)
        return result
    return value
