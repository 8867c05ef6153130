"""From a world's functions to machine code, and to the disk.

This is the only file of minigym that imports Numba.
"""

# mypy: allow-untyped-calls
# Numba's own functions have no types.

import contextlib
import hashlib
import pickle
from collections.abc import Callable
from functools import cache
from types import CellType, CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np


@cache
def compiled(function: Callable[..., Any]) -> Any:
    """``function`` compiled, and with it every function of Python that it names.

    A compiled function cannot call a plain one, so a copy is compiled whose globals and closure hold the compiled ones.
    """
    import numba

    if not _is_plain(function):
        return function
    names = {
        name: compiled(value)
        for name in _names(function.__code__)
        if _is_plain(value := function.__globals__.get(name))
    }
    cells = tuple(CellType(compiled(cell.cell_contents)) for cell in function.__closure__ or ())
    code, defaults = function.__code__, function.__defaults__
    copy = FunctionType(code, {**function.__globals__, **names}, function.__name__, defaults, cells)
    # Compiled code finds what it calls by name, and a process counts its functions from 1 to tell those of one name
    # apart. Two kernels from the disk, compiled in two processes, would call each other's: the digest tells them apart.
    copy.__qualname__ = f"{function.__qualname__}.{digest(function)}"
    # Division by zero gives inf, as in NumPy: to raise an exception would put a branch into every loop that divides.
    return numba.njit(nogil=True, error_model="numpy")(copy)


def _is_plain(value: Any) -> bool:
    """Whether it is a function of Python, and none of Numba's own, which it knows how to compile."""
    return isinstance(value, FunctionType) and not (value.__module__ or "").startswith("numba.")


def digest(*parts: Any) -> str:
    """A name for what these functions compute, and the constants and functions that they use, however deep.

    Numba finds a compiled function on disk by the date of the file it stands in, and would not notice that a function
    it calls, in another file, was changed.
    """
    hasher = hashlib.sha256()
    seen: set[int] = set()

    def add(value: Any) -> None:
        if _is_plain(value):
            if id(value) not in seen:
                seen.add(id(value))
                add_code(value.__code__)
                add(value.__defaults__)
                names = _names(value.__code__)
                for name in names:
                    used = value.__globals__.get(name)
                    add(used)
                    if isinstance(used, ModuleType):  # what may be used of it: all names that are also its
                        add(tuple(getattr(used, attribute, None) for attribute in names))
                for cell in value.__closure__ or ():
                    add(cell.cell_contents)
        elif isinstance(value, tuple):
            hasher.update(b"(")
            for item in value:
                add(item)
        elif hasattr(value, "py_func"):  # compiled already
            add(value.py_func)
        elif isinstance(value, (ModuleType, type)) or callable(value):  # whose text may hold an address
            hasher.update(getattr(value, "__name__", type(value).__name__).encode())
            hasher.update(repr(getattr(value, "_fields", None)).encode())  # the order of a NamedTuple's numbers
        elif isinstance(value, np.ndarray):
            hasher.update(repr((value.dtype, value.shape)).encode() + value.tobytes())
        else:
            hasher.update(repr(value).encode() + b";")

    def add_code(code: CodeType) -> None:
        hasher.update(code.co_code + repr((code.co_names, code.co_varnames, code.co_freevars)).encode())
        for place, constant in enumerate(code.co_consts):
            if isinstance(constant, CodeType):
                add_code(constant)
            elif place or not isinstance(constant, str):  # the docstring comes first, and computes nothing
                add(constant)

    for part in parts:
        add(part)
    return hasher.hexdigest()[:20]


def _names(code: CodeType) -> tuple[str, ...]:
    """The names that a function, and the functions inside it, look up."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return code.co_names + tuple(name for names in inner for name in names)


def kernel(function: Callable[..., Any], world_digest: str) -> Any:
    """A kernel: ``function`` compiled, and kept on disk for the next process under the digest of its world.

    Where nothing can be written (a full or read-only disk), or what was written is damaged, it is compiled anew.
    """
    from numba.core import caching

    class DigestCache(caching.FunctionCache):
        """Numba's own files, but told apart by the digest, where Numba would pickle the closure.

        Each digest has an index of its own: with a common one, two processes that save different kernels at the
        same time could exchange them.
        """

        def __init__(self) -> None:
            super().__init__(function)
            self._cache_file = caching.IndexDataCacheFile(
                cache_path=self._cache_path,
                filename_base=f"{self._impl.filename_base}.{world_digest}",
                source_stamp=self._impl.locator.get_source_stamp(),
            )

        def _index_key(self, sig: Any, codegen: Any) -> Any:
            return sig, codegen.magic_tuple(), world_digest

        def load_overload(self, sig: Any, target_context: Any) -> Any:
            try:
                return super().load_overload(sig, target_context)
            except Exception:  # whatever a damaged file makes of the unpickling
                return None

        def save_overload(self, sig: Any, data: Any) -> None:
            with contextlib.suppress(OSError, pickle.PicklingError):
                super().save_overload(sig, data)

    dispatcher = compiled(function)
    with contextlib.suppress(RuntimeError, OSError):  # no directory can be written to
        dispatcher._cache = DigestCache()
    return dispatcher


@cache
def array_of(dtype: np.dtype[Any]) -> Any:
    """A compiled function ``(words, place)``: the one-dimensional array whose address and length stand there.

    An array that is passed costs a call 0.1 microseconds, and a table has seven of them: as much as a step of all 64
    lanes. So their addresses lie in the batch's memory. The engine holds the arrays for as long as that memory.
    """
    from numba import carray, from_dtype, types  # type: ignore[attr-defined]  # its types are incomplete
    from numba.extending import intrinsic

    pointer_type = types.CPointer(from_dtype(dtype))

    @intrinsic
    def pointer_to(typing_context: Any, address: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(pointer_type))

        return pointer_type(address), generate

    def array(words, place):  # type: ignore[no-untyped-def]
        size = np.int64(words[place + np.uint64(1)])
        return carray(pointer_to(words[place]), (size,))  # type: ignore[call-arg]  # Numba adds the context

    return compiled(array)
