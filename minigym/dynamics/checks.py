"""What every world asks of its parameters."""

from numbers import Real
from typing import Any

from minigym import error


def finite_number(name: str, value: Any) -> float:
    """``value`` as a Python float; InvalidParameter, which says ``name``, for what is no finite number."""
    if isinstance(value, bool) or not isinstance(value, Real):  # float() would take True and "1.6" as well
        raise error.InvalidParameter(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
    number = float(value)
    if not -float("inf") < number < float("inf"):  # false for NaN as well
        raise error.InvalidParameter(f"{name} must be finite, got {value!r}")
    return number
