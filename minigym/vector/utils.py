"""What makes batches of spaces and values, and the check of a batch of actions."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from minigym import error
from minigym.spaces import Box, Dict, MultiDiscrete, Space, Tuple
from minigym.spaces.batching import (
    batch_differing_spaces,
    batch_space,
    bounds,
    concatenate,
    create_empty_array,
    iterate,
)
from minigym.spaces.utils import is_space_dtype_shape_equiv
from minigym.vector.processes import (
    clear_mpi_env_vars,
    create_shared_memory,
    read_from_shared_memory,
    write_to_shared_memory,
)

if TYPE_CHECKING:
    from minigym.vector.async_vector_env import CloudpickleWrapper

__all__ = [
    "CloudpickleWrapper",
    "batch_differing_spaces",
    "batch_space",
    "checked_actions",
    "clear_mpi_env_vars",
    "concatenate",
    "create_empty_array",
    "create_shared_memory",
    "is_space_dtype_shape_equiv",
    "iterate",
    "read_from_shared_memory",
    "write_to_shared_memory",
]


def __getattr__(name: str) -> Any:
    """Load CloudpickleWrapper at its first use, since multiprocessing comes with it."""
    if name == "CloudpickleWrapper":
        from minigym.vector.async_vector_env import CloudpickleWrapper

        return CloudpickleWrapper
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


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
    low, high = bounds(space)
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
