"""What several wrappers compute."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger
from minigym.core import Env, VectorEnv
from minigym.spaces import Box, Space
from minigym.spaces.batching import batch_space
from minigym.wrappers._statistics import RunningMeanStd, update_mean_var_count_from_moments
from minigym.wrappers._zeros import create_zero_array

__all__ = ["RunningMeanStd", "create_zero_array", "rescale_box", "update_mean_var_count_from_moments"]

Number: TypeAlias = float | np.integer[Any] | np.floating[Any]


class SingleEnv(Env[Any, Any]):
    """One lane of a batch as far as its spaces go: what the wrapper that changes lane by lane is put around."""

    def __init__(self, envs: VectorEnv[Any, Any, Any]) -> None:
        self.observation_space = envs.single_observation_space
        self.action_space = envs.single_action_space


def checked_space(wrapper: Any, env: Any, name: str, *kinds: type[Any]) -> Any:
    """The space ``name`` of ``env``, which must be one of ``kinds`` for the ``wrapper`` to work."""
    space = getattr(env, name, None)
    if not isinstance(space, kinds):
        raise error.InvalidParameter(
            f"{type(wrapper).__name__} needs an environment whose {name} is a "
            f"{' or '.join(kind.__name__ for kind in kinds)}, got {env!r} with {space!r}"
        )
    return space


def check_function(wrapper: Any, func: Any) -> None:
    """``func`` must be callable."""
    if not callable(func):
        raise error.InvalidParameter(
            f"{type(wrapper).__name__} needs a function of one argument as func, got {func!r} of type "
            f"{type(func).__name__}; write for instance lambda value: value"
        )


def check_new_space(wrapper: Any, name: str, space: Any) -> None:
    """``space`` must be a Space, or None where the wrapper keeps that of its environment."""
    if space is not None and not isinstance(space, Space):
        raise error.InvalidParameter(
            f"{type(wrapper).__name__} needs a minigym.spaces.Space as {name}, or None for the environment's own; got "
            f"{space!r} of type {type(space).__name__}"
        )


def set_batch_spaces(wrapper: Any, kind: str, batch: Space[Any] | None, single: Space[Any] | None) -> None:
    """Set the spaces of a vector wrapper that came as arguments, and warn if the one is not a batch of the other.

    Args:
        wrapper: the wrapper.
        kind: "observation" or "action".
        batch: the space of all lanes; None for a batch of ``single``, or for the environment's own if both are None.
        single: the space of one lane; None for the environment's own.
    """
    check_new_space(wrapper, f"{kind}_space", batch)
    check_new_space(wrapper, f"single_{kind}_space", single)
    if single is not None:
        setattr(wrapper, f"single_{kind}_space", single)
    expected = batch_space(getattr(wrapper, f"single_{kind}_space"), wrapper.num_envs)
    if batch is not None or single is not None:
        setattr(wrapper, f"{kind}_space", expected if batch is None else batch)
    if getattr(wrapper, f"{kind}_space") != expected:
        logger.warn(
            f"{wrapper}: {kind}_space should be a batch of single_{kind}_space, {expected}, but is "
            f"{getattr(wrapper, f'{kind}_space')}; give both"
        )


def rescale_box(
    box: Box, new_min: Number | NDArray[Any], new_max: Number | NDArray[Any]
) -> tuple[Box, Callable[[Any], Any], Callable[[Any], Any]]:
    """The straight line that maps each coordinate of ``box`` to other bounds.

    Args:
        box: the Box to map from.
        new_min: the lower bound of every coordinate, or an array of ``box.shape`` with that of each; infinite exactly
            where ``box.low`` is.
        new_max: the upper bounds likewise. A coordinate with one bound is shifted; one with none stays.

    Returns:
        The new Box, in the dtype of ``box``; a function from values of ``box`` to its values, but for the rounding; and
        the way back, which leads every value of the new Box into ``box``.

    Raises:
        InvalidParameter: if ``box`` is no Box of numbers; a bound is no number, or an array of another shape; or the
            dtype of ``box`` cannot hold the factors, as when integers would have to be halved.
        InvalidBound: if an infinite bound meets another one, or an interval, old or new, has no width.
    """
    if not isinstance(box, Box) or box.dtype.kind == "b":
        raise error.InvalidParameter(f"only a Box of numbers can be rescaled, got {box!r}")
    low, high = _bounds("minimum", new_min, box.low), _bounds("maximum", new_max, box.high)
    if not ((low < high) & (box.low < box.high)).all():  # written so that NaN fails
        raise error.InvalidBound(
            "every coordinate needs a lower bound below its upper one, before and after; got the new bounds "
            f"{low} and {high} for {box}"
        )
    new_box = rounded_box(low, high, box.dtype)
    has_low, has_high = np.isfinite(low), np.isfinite(high)
    both = has_low & has_high
    # These lines round where the reference rounds: the widths in long double, the rest in the dtype of the box.
    width = box.high[both].astype(np.longdouble) - box.low[both].astype(np.longdouble)
    exact_low, exact_high = (end.astype(np.int64) if end.dtype.kind in "iu" else end for end in (low, high))
    new_width = exact_high[both] - exact_low[both]  # in narrower integers the difference could wrap
    factor, shift = np.ones(box.shape, box.dtype), np.zeros(box.shape, box.dtype)
    with np.errstate(over="ignore"):  # the check below says it
        factor[both] = new_width / width
        shift[has_high & ~has_low] = high[has_high & ~has_low] - box.high[has_high & ~has_low]
        shift[has_low] = factor[has_low] * -box.low[has_low] + low[has_low]
    lost = factor[both] * width != new_width if box.dtype.kind in "iu" else factor[both] == 0
    if lost.any() or not (np.isfinite(factor) & np.isfinite(shift)).all():
        raise error.InvalidParameter(
            f"values of {box} cannot be rescaled to {new_box} in {box.dtype}, which does not hold the factors "
            f"{new_width / width}; change the dtype first, for instance with DtypeObservation(env, np.float32)"
        )
    return new_box, partial(_along, factor, shift), partial(_back, factor, shift, box, new_box)


def _along(factor: NDArray[Any], shift: NDArray[Any], values: Any) -> Any:
    return factor * values + shift


def _back(factor: NDArray[Any], shift: NDArray[Any], box: Box, new_box: Box, values: Any) -> Any:
    if box.dtype.kind == "u":
        # Their shift wraps around, and only arithmetic in their own type wraps back: what comes as whole floats, for
        # instance from another wrapper like this one, is taken for what it says.
        whole = np.asarray(values).astype(box.dtype)
        values = whole if (whole == values).all() else values
    results = (values - shift) / factor
    # Rounding may carry what lies within the new bounds a last digit beyond the old ones; the reference lets it.
    with np.errstate(over="ignore"):
        rounded = np.asarray(values, box.dtype) if box.dtype.kind == "f" else values
    inside = (new_box.low <= rounded) & (rounded <= new_box.high)
    return np.where(inside, np.clip(results, box.low, box.high), results)[()]


def _bounds(name: str, given: Any, old: NDArray[Any]) -> NDArray[Any]:
    """The new bounds as an array, infinite where the old ones are."""
    is_number = isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool)
    bounds = np.full(old.shape, given) if is_number else given
    if not isinstance(bounds, np.ndarray) or bounds.dtype.kind not in "iuf" or bounds.shape != old.shape:
        raise error.InvalidParameter(
            f"the new {name} must be a number, or a NumPy array of numbers of shape {old.shape}, got {given!r} of type "
            f"{type(given).__name__}"
        )
    if ((bounds != old) & (np.isinf(bounds) | np.isinf(old))).any():
        raise error.InvalidBound(
            f"where a coordinate has no bound, the new {name} must be infinite too, and only there; "
            f"got {given!r} for {old}"
        )
    return bounds


def rounded_box(low: NDArray[Any], high: NDArray[Any], dtype: np.dtype[Any]) -> Box:
    """The Box with these bounds, rounded to ``dtype`` without the warning that a Box gives of bounds that change."""

    def rounded(bounds: NDArray[Any]) -> NDArray[Any]:
        if dtype.kind != "f":
            return bounds
        with np.errstate(over="ignore"):
            nearest = bounds.astype(dtype)
        return np.where(np.isinf(nearest), bounds, nearest)  # what does not fit stays, for the Box to refuse

    return Box(rounded(low), rounded(high), low.shape, dtype)
