"""Values of one space held together as one value: what a stacked Sequence draws.

Arrays and numbers are stacked along a new first axis, Tuples and Dicts part by part. Values of the other spaces, which
have no common shape, stay side by side in a tuple.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigym.spaces.box import Box
from minigym.spaces.dict import Dict
from minigym.spaces.discrete import Discrete
from minigym.spaces.multi_binary import MultiBinary
from minigym.spaces.multi_discrete import MultiDiscrete
from minigym.spaces.space import Space
from minigym.spaces.tuple import Tuple


def stack(space: Space[Any], values: Sequence[Any]) -> Any:
    """``values`` of ``space`` as one value."""
    if isinstance(space, Tuple):
        return tuple(stack(part, [value[i] for value in values]) for i, part in enumerate(space.spaces))
    if isinstance(space, Dict):
        return {key: stack(part, [value[key] for value in values]) for key, part in space.spaces.items()}
    if isinstance(space, (Box, Discrete, MultiBinary, MultiDiscrete)):
        # The shape is written out for the stack of no values.
        return np.asarray(values, dtype=space.dtype).reshape(len(values), *(space.shape or ()))
    return tuple(values)


def unstack(space: Space[Any], stacked: Any) -> list[Any]:
    """The values that :func:`stack` was given; TypeError, LookupError or ValueError where ``stacked`` is no stack."""
    if isinstance(space, Tuple):
        columns = [unstack(part, stacked[i]) for i, part in enumerate(space.spaces)]
        return list(zip(*columns, strict=True))
    if isinstance(space, Dict):
        columns = [unstack(part, stacked[key]) for key, part in space.spaces.items()]
        return [dict(zip(space.spaces, parts, strict=True)) for parts in zip(*columns, strict=True)]
    return list(stacked)


def to_jsonable(space: Space[Any], stacks: Sequence[Any]) -> Any:
    """A batch of stacks in types that ``json`` can write: by part, as Tuple and Dict write theirs."""
    if isinstance(space, Tuple):
        return [to_jsonable(part, [stacked[i] for stacked in stacks]) for i, part in enumerate(space.spaces)]
    if isinstance(space, Dict):
        return {key: to_jsonable(part, [stacked[key] for stacked in stacks]) for key, part in space.spaces.items()}
    if isinstance(space, (Box, Discrete, MultiBinary, MultiDiscrete)):
        return [np.asarray(stacked).tolist() for stacked in stacks]
    return [space.to_jsonable(stacked) for stacked in stacks]


def from_jsonable(space: Space[Any], written: Any) -> list[Any]:
    """The batch of stacks again."""
    if isinstance(space, Tuple):
        return list(zip(*(from_jsonable(part, written[i]) for i, part in enumerate(space.spaces)), strict=True))
    if isinstance(space, Dict):
        columns = [from_jsonable(part, written[key]) for key, part in space.spaces.items()]
        return [dict(zip(space.spaces, parts, strict=True)) for parts in zip(*columns, strict=True)]
    if isinstance(space, (Box, Discrete, MultiBinary, MultiDiscrete)):
        return [stack(space, stacked) for stacked in written]
    return [tuple(space.from_jsonable(stacked)) for stacked in written]
