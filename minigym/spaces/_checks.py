"""What several spaces check about their arguments, so that all say it in the same words."""

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.spaces.space import Space

_KINDS = {"iu": "an integer type", "fiub": "a float, integer or bool type"}


def dtype(space: str, value: Any, kinds: str, example: str) -> np.dtype[Any]:
    """``value`` as a NumPy dtype whose kind is among ``kinds``."""
    try:
        result: np.dtype[Any] = np.dtype(value)
        if value is not None and result.kind in kinds:  # np.dtype(None) is float64
            return result
    except TypeError:  # names no dtype at all
        pass
    raise error.InvalidParameter(
        f"{space}: dtype must be {_KINDS[kinds]}, got {value!r}; write for instance dtype={example}"
    )


def integer(what: str, value: Any) -> int:
    """``value`` as a Python int: every integer type passes; floats and bools do not."""
    try:
        if isinstance(value, (bool, np.bool_)):
            raise TypeError
        return operator.index(value)
    except TypeError:
        whole = isinstance(value, (float, np.floating)) and value.is_integer()
        raise error.InvalidParameter(
            f"{what} must be an integer, got {value!r} of type {type(value).__name__}"
            + (f"; write {int(value)}" if whole else "")
        ) from None


def integer_array(what: str, value: Any) -> NDArray[np.integer[Any]]:
    """``value`` as a fresh integer array with at least one axis."""
    try:
        array = np.array(value)
    except ValueError:
        raise error.InvalidParameter(f"{what} must have rows of equal length, got {value!r}") from None
    if array.dtype.kind not in "iu" or array.ndim == 0:
        raise error.InvalidParameter(
            f"{what} must be a list or an array of integers, got {value!r}; write for instance [3, 2]"
        )
    return array


def shape(space: str, value: Any) -> tuple[int, ...]:
    """``value`` as a tuple of non-negative Python ints."""
    if not isinstance(value, Iterable):
        raise error.InvalidParameter(f"{space}: shape must be a tuple of integers, got {value!r}; write ({value!r},)")
    result = tuple(integer(f"{space}: every entry of shape", length) for length in value)
    if any(length < 0 for length in result):
        raise error.InvalidParameter(f"{space}: no entry of shape may be negative, got {result}")
    return result


def space(what: str, value: Any) -> None:
    """``value`` must be a Space."""
    if not isinstance(value, Space):
        raise error.InvalidParameter(f"{what} must be a Space, got {value!r} of type {type(value).__name__}")


def not_both(mask: Any, probability: Any) -> None:
    """A draw is steered by a mask or by probabilities."""
    if mask is not None and probability is not None:
        raise error.InvalidParameter("sample takes a mask or a probability, not both; leave one of them None")


def mask(value: Any, shape: tuple[int, ...], largest: int = 1) -> None:
    """``value`` must be an int8 array of ``shape`` that holds 0 .. ``largest`` (the reference's strictness)."""
    _array("mask", value, shape, np.dtype(np.int8))
    if ((value < 0) | (value > largest)).any():
        allowed = {1: "0 (forbidden) and 1 (allowed)", 2: "0, 1 (that value) and 2 (either)"}[largest]
        raise error.InvalidParameter(f"a mask may hold {allowed}, got {value.tolist()}")


def probability(value: Any, shape: tuple[int, ...]) -> None:
    """``value`` must be a float64 array of ``shape`` with entries in [0, 1]."""
    _array("probability", value, shape, np.dtype(np.float64))
    if not ((value >= 0) & (value <= 1)).all():  # written so that NaN fails
        raise error.InvalidProbability(f"every probability must lie in [0, 1], got {value.tolist()}")


def distribution(value: Any, length: int, tolerance: float) -> None:
    """``value`` must be (length,) float64 probabilities that sum to 1 within ``tolerance``."""
    probability(value, (length,))
    if not abs(value.sum() - 1) <= tolerance:
        raise error.InvalidProbability(
            f"the probabilities must sum to 1, got {value.tolist()} with the sum {value.sum()}; "
            "write probability / probability.sum()"
        )


def _array(name: str, value: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    if isinstance(value, np.ndarray):
        if value.shape == shape and value.dtype == dtype:
            return
        came = f"shape {value.shape} and dtype {value.dtype}"
    else:
        came = f"{value!r} of type {type(value).__name__}"
    raise error.InvalidParameter(
        f"{name} must be a NumPy array of shape {shape} and dtype {dtype}, got {came}; "
        f"write np.array(..., dtype=np.{dtype})"
    )
