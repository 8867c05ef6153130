"""What the processes of a batch share: memory for observations; and what they must not inherit.

The memory of an array is one ctypes array for all lanes. Tuple and Dict have a tuple or dict of such arrays, Text the
indices of its characters, OneOf the indices of its parts, and then the memory of each part.
"""

import ctypes
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.spaces import Box, Dict, Discrete, Graph, MultiBinary, MultiDiscrete, OneOf, Sequence, Space, Text, Tuple
from minigym.spaces.utils import flatten

_INDEX = np.dtype(np.int64)  # of a part of a OneOf
_CHARACTER = np.dtype(np.int32)


def create_shared_memory(space: Space[Any], n: int = 1, ctx: Any = None) -> Any:
    """Memory for ``n`` values of ``space`` that processes can share.

    Args:
        space: the space of a single value.
        n: how many values, one a lane.
        ctx: what makes processes: ``multiprocessing``, or one of its contexts; None for ``multiprocessing``.

    Raises:
        TypeError: for Graph and Sequence, whose values have no fixed size.
        CustomSpaceError: for a space that minigym does not know.
    """
    if ctx is None:
        import multiprocessing as ctx  # here, since it takes a third of the time of ``import minigym``
    if isinstance(space, Tuple):
        return tuple(create_shared_memory(part, n, ctx) for part in space.spaces)
    if isinstance(space, Dict):
        return {key: create_shared_memory(part, n, ctx) for key, part in space.spaces.items()}
    if isinstance(space, Text):
        return _array(ctx, _CHARACTER, n * space.max_length)
    if isinstance(space, OneOf):
        return (_array(ctx, _INDEX, n), *(create_shared_memory(part, n, ctx) for part in space.spaces))
    if isinstance(space, (Box, Discrete, MultiBinary, MultiDiscrete)):
        return _array(ctx, space.dtype, n * _size(space))
    if isinstance(space, (Graph, Sequence)):
        raise TypeError(f"values of {space} have no fixed size, so no memory can be shared; write shared_memory=False")
    raise _unknown("create_shared_memory", space)


def read_from_shared_memory(space: Space[Any], shared_memory: Any, n: int = 1) -> Any:
    """The values in memory that :func:`create_shared_memory` made, as one batch.

    Args:
        space, n: what the memory was made for.
        shared_memory: the memory.

    Returns:
        Arrays that change as the memory does, nested as the space is; tuples of what stands there now for Text and
        OneOf.
    """
    if isinstance(space, Tuple):
        return tuple(
            read_from_shared_memory(part, memory, n) for part, memory in zip(space.spaces, shared_memory, strict=True)
        )
    if isinstance(space, Dict):
        return {key: read_from_shared_memory(part, shared_memory[key], n) for key, part in space.spaces.items()}
    if isinstance(space, Text):
        characters = space.character_list
        rows = _view(shared_memory, _CHARACTER).reshape(n, space.max_length)
        # What fills a text up to the longest one has the index after the last character.
        return tuple("".join(characters[index] for index in row if index < len(characters)) for row in rows)
    if isinstance(space, OneOf):
        parts = [
            read_from_shared_memory(part, memory, n)
            for part, memory in zip(space.spaces, shared_memory[1:], strict=True)
        ]
        chosen = enumerate(_view(shared_memory[0], _INDEX))
        return tuple((index, _row(space.spaces[index], parts[index], lane)) for lane, index in chosen)
    if isinstance(space, (Box, Discrete, MultiBinary, MultiDiscrete)):
        return _view(shared_memory, space.dtype).reshape(n, *(space.shape or ()))
    raise _unknown("read_from_shared_memory", space)


def write_to_shared_memory(space: Space[Any], index: int, value: Any, shared_memory: Any) -> None:
    """Write the value of one lane into memory that :func:`create_shared_memory` made.

    Args:
        space: what the memory was made for.
        index: the lane.
        value: an element of ``space``; its numbers are cast to the dtype of the space.
        shared_memory: the memory.
    """
    if isinstance(space, Tuple):
        for part, part_value, memory in zip(space.spaces, value, shared_memory, strict=True):
            write_to_shared_memory(part, index, part_value, memory)
    elif isinstance(space, Dict):
        for key, part in space.spaces.items():
            write_to_shared_memory(part, index, value[key], shared_memory[key])
    elif isinstance(space, Text):
        _write(_view(shared_memory, _CHARACTER), index, space.max_length, flatten(space, value))
    elif isinstance(space, OneOf):
        chosen, part_value = value
        write_to_shared_memory(space.spaces[chosen], index, part_value, shared_memory[1 + chosen])
        _view(shared_memory[0], _INDEX)[index] = chosen
    elif isinstance(space, (Box, Discrete, MultiBinary, MultiDiscrete)):
        flat = np.asarray(value, dtype=space.dtype).ravel()
        _write(_view(shared_memory, space.dtype), index, _size(space), flat)
    else:
        raise _unknown("write_to_shared_memory", space)


def all_arrays(batch: Any) -> bool:
    """Whether a batch that was read consists of arrays, which change as the memory does."""
    if isinstance(batch, (tuple, dict)):
        return all(map(all_arrays, batch.values() if isinstance(batch, dict) else batch))
    return isinstance(batch, np.ndarray)


def _array(ctx: Any, dtype: np.dtype[Any], size: int) -> Any:
    # float16 has no name in C; the bits fit into another type of two bytes.
    kind = ctypes.c_uint16 if dtype == np.float16 else np.ctypeslib.as_ctypes_type(dtype)
    return ctx.Array(kind, size)


def _size(space: Space[Any]) -> int:
    return int(np.prod(space.shape or ()))


def _view(memory: Any, dtype: np.dtype[Any]) -> NDArray[Any]:
    return np.frombuffer(memory.get_obj(), dtype=dtype)


def _write(flat: NDArray[Any], index: int, size: int, value: NDArray[Any]) -> None:
    np.copyto(flat[index * size : (index + 1) * size], value)


def _row(space: Space[Any], batch: Any, lane: int) -> Any:
    """The value of one lane."""
    if isinstance(space, Tuple):
        return tuple(_row(part, column, lane) for part, column in zip(space.spaces, batch, strict=True))
    if isinstance(space, Dict):
        return {key: _row(part, batch[key], lane) for key, part in space.spaces.items()}
    return batch[lane]


def _unknown(function: str, space: Any) -> Exception:
    if isinstance(space, Space):
        return error.CustomSpaceError(
            f"{function} does not know how values of {space!r} of type {type(space).__name__} could be shared; write "
            "shared_memory=False"
        )
    return TypeError(f"{function} takes a minigym.spaces.Space, got {space!r} of type {type(space).__name__}")


@contextmanager
def clear_mpi_env_vars() -> Iterator[None]:
    """While it lasts, the environment variables by which MPI knows its processes are gone.

    A worker that inherited them and imports mpi4py would take itself for its parent, and hang.
    """
    removed = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith(("OMPI_", "PMI_"))}
    try:
        yield
    finally:
        os.environ.update(removed)
