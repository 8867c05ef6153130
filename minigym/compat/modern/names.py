"""Small names of the original that programs import for annotations, or from inside its environments."""

from typing import Any, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.envs.rendered import reset_bounds
from minigym.spaces import GraphInstance

T = TypeVar("T")
T_cov = TypeVar("T_cov", covariant=True)  # noqa: PLC0105  # the name it has
IntType = TypeVar("IntType", bound=np.integer)
MaskNDArray: TypeAlias = NDArray[np.int8]
FlatType: TypeAlias = NDArray[Any] | dict[str, Any] | tuple[Any, ...] | GraphInstance


def maybe_parse_reset_bounds(
    options: dict[str, Any] | None, default_low: float, default_high: float
) -> tuple[float, float]:
    """``options["low"]`` and ``options["high"]`` of a reset, where given, in place of the defaults."""
    return reset_bounds(options, default_low, default_high)


def verify_number_and_cast(x: Any) -> float:
    """``x`` as a float; InvalidParameter (a ValueError) if it is no number."""
    try:
        return float(x)
    except (TypeError, ValueError):
        raise error.InvalidParameter(f"expected a number, got {x!r} of type {type(x).__name__}") from None
