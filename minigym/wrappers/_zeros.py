"""The value of a space that is nearest to nothing."""

from functools import singledispatch
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.spaces import (
    Box,
    Dict,
    Discrete,
    Graph,
    GraphInstance,
    MultiBinary,
    MultiDiscrete,
    OneOf,
    Sequence,
    Space,
    Text,
    Tuple,
)


@singledispatch
def create_zero_array(space: Space[Any]) -> Any:
    """The value of ``space`` that is nearest to zero: of each coordinate the number nearest to 0 that its bounds allow.

    Of a Discrete or a MultiDiscrete it is ``start``, of a Text or a Sequence a shortest one, of a Graph one with a
    single node and a single edge, of a OneOf the one in its first space. ``create_zero_array.register(MySpace)`` as a
    decorator teaches it another kind.

    Raises:
        TypeError: if ``space`` is no space.
        CustomSpaceError: if it is of an unknown kind.
    """
    if not isinstance(space, Space):
        raise TypeError(f"create_zero_array takes a minigym.spaces.Space, got {space!r} of type {type(space).__name__}")
    raise error.CustomSpaceError(
        f"create_zero_array does not know {type(space).__name__}; teach it with "
        f"@create_zero_array.register({type(space).__name__}) above a function of the space"
    )


@create_zero_array.register
def _of_box(space: Box) -> NDArray[Any]:
    zeros = np.zeros(space.shape, space.dtype)
    return np.where(space.low > 0, space.low, np.where(space.high < 0, space.high, zeros))


@create_zero_array.register
def _of_discrete(space: Discrete) -> np.integer[Any]:
    return space.start


@create_zero_array.register
def _of_multi_discrete(space: MultiDiscrete) -> NDArray[np.integer[Any]]:
    return np.array(space.start, space.dtype)


@create_zero_array.register
def _of_multi_binary(space: MultiBinary) -> NDArray[np.int8]:
    return np.zeros(space.shape, space.dtype)


@create_zero_array.register
def _of_tuple(space: Tuple) -> tuple[Any, ...]:
    return tuple(create_zero_array(part) for part in space.spaces)


@create_zero_array.register
def _of_dict(space: Dict) -> dict[str, Any]:
    return {key: create_zero_array(part) for key, part in space.spaces.items()}


@create_zero_array.register
def _of_text(space: Text) -> str:
    return space.characters[:1] * space.min_length


@create_zero_array.register
def _of_sequence(space: Sequence) -> Any:
    return create_zero_array(space.stacked_feature_space) if space.stack else ()


@create_zero_array.register
def _of_graph(space: Graph) -> GraphInstance:
    nodes = np.expand_dims(create_zero_array(space.node_space), 0)
    if space.edge_space is None:
        return GraphInstance(nodes, None, None)
    return GraphInstance(nodes, np.expand_dims(create_zero_array(space.edge_space), 0), np.zeros((1, 2), np.int64))


@create_zero_array.register
def _of_one_of(space: OneOf) -> tuple[int, Any]:
    return 0, create_zero_array(space.spaces[0])
