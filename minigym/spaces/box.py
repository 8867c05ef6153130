"""Arrays between bounds, each bound finite or not."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigym import error, logger
from minigym.spaces import _checks
from minigym.spaces.space import Space


class Box(Space[NDArray[Any]]):
    """Arrays of one shape and dtype, every coordinate in its interval ``[low, high]``.

    Args:
        low: the lower bound of every coordinate, or an array with that of each; ``-inf`` where there is none.
        high: the upper bounds likewise; ``inf`` where there is none.
        shape: the shape of the values; None for that of ``low`` or ``high``, (1,) where both are numbers.
        dtype: the dtype of the values, float, integer or bool.
        seed: see :class:`Space`.

    Attributes:
        low: the lower bounds in the space's shape and dtype; where a signed integer has no bound, the dtype's least.
        high: the upper bounds likewise.
        bounded_below: bool of the space's shape, where ``low`` was finite.
        bounded_above: likewise for ``high``.

    Raises:
        InvalidParameter: if ``shape`` or ``dtype`` makes no sense.
        InvalidBound: if a bound is NaN, no number, infinite to the wrong side, of another shape, more than ``dtype``
            can hold (an unsigned integer holds no infinity, an integer no fraction), or if ``low > high`` anywhere.

    A ``UserWarning`` tells of array bounds that change when they are rounded to ``dtype``.
    """

    dtype: np.dtype[Any]

    def __init__(
        self,
        low: float | NDArray[Any],
        high: float | NDArray[Any],
        shape: Sequence[int] | None = None,
        dtype: DTypeLike = np.float32,
        seed: int | np.random.Generator | None = None,
    ) -> None:
        box_dtype = _checks.dtype("Box", dtype, "fiub", "np.float32")
        self._shape: tuple[int, ...] = _shape_of(low, high, shape)
        super().__init__(self._shape, box_dtype, seed)
        self.low, self.bounded_below = _bound("low", low, self._shape, box_dtype)
        self.high, self.bounded_above = _bound("high", high, self._shape, box_dtype)
        wrong = self.low > self.high
        if wrong.any():
            label, index = _first(wrong)
            raise error.InvalidBound(
                f"Box: low must not exceed high, got low{label}={self.low[index]} and high{label}={self.high[index]}"
            )

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the values."""
        return self._shape

    @property
    def is_np_flattenable(self) -> bool:
        """True: all axes in a row."""
        return True

    def is_bounded(self, manner: str = "both") -> bool:
        """Whether every coordinate has a finite bound ``"below"``, ``"above"`` or on ``"both"`` sides."""
        below, above = bool(self.bounded_below.all()), bool(self.bounded_above.all())
        answers = {"both": below and above, "below": below, "above": above}
        if manner not in answers:
            raise error.InvalidParameter(f'manner must be "both", "below" or "above", got {manner!r}')
        return answers[manner]

    def sample(self, mask: None = None, probability: None = None) -> NDArray[Any]:
        """Draw every coordinate independently, from the distribution that its bounds suggest.

        Both finite: uniform. One finite: that bound and an exponential of mean 1 beyond it. None: standard normal.
        Integers are these draws rounded down (the uniform one up to ``high + 1``); as in the reference, a signed
        integer type's two least and two greatest values are not drawn unless the bounds leave nothing else.

        Args:
            mask: must be None, a Box takes none.
            probability: must be None likewise.

        Returns:
            An array of the space's shape and dtype.

        Raises:
            InvalidParameter: if a mask or probability is given.
            InvalidBound: if ``high - low`` exceeds what float64 can hold.
        """
        if mask is not None or probability is not None:
            raise error.InvalidParameter("a Box takes no mask and no probability; within a Tuple or Dict write None")
        low, high = self.low, self.high if self.dtype.kind == "f" else _successor(self.high)
        below, above = self.bounded_below, self.bounded_above
        rng = self.np_random
        sample = np.empty(self._shape)
        # The order of these four draws is the reference's.
        at = ~below & ~above
        sample[at] = rng.normal(size=np.count_nonzero(at))
        at = below & ~above
        sample[at] = rng.exponential(size=np.count_nonzero(at)) + low[at]
        at = ~below & above
        sample[at] = -rng.exponential(size=np.count_nonzero(at)) + high[at]
        at = below & above
        try:
            with np.errstate(over="ignore"):  # the exception says it
                sample[at] = rng.uniform(low[at], high[at])
        except OverflowError:
            raise error.InvalidBound(
                f"{self} is too wide to draw from: high - low exceeds float64; write inf where there is no bound"
            ) from None
        return sample.astype(self.dtype) if self.dtype.kind == "f" else self._integers(sample)

    def _integers(self, sample: NDArray[np.float64]) -> NDArray[Any]:
        """The draws rounded down, within the dtype and the bounds."""
        if self.dtype.kind == "b":
            return np.floor(sample).astype(self.dtype)
        limits = np.iinfo(self.dtype)
        margin = 2 if self.dtype.kind == "i" else 0
        # The greatest float64 that still rounds down to the limit: float(limits.max) itself may be one too many.
        greatest = np.nextafter(float(limits.max - margin) + 1, 0)
        whole = np.floor(sample.clip(limits.min + margin, greatest)).astype(self.dtype)
        # The reference clips to the bounds for int64 alone, and draws values outside narrow boxes of other types.
        clipped: NDArray[Any] = whole.clip(self.low, self.high)
        return clipped

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is an array of the space's shape, of a dtype that casts safely to the space's, within the
        bounds. What is no array is first made one of the space's dtype, with a warning.
        """
        if not isinstance(x, np.ndarray):
            if not isinstance(x, np.generic):  # a NumPy scalar is what a Box of shape () may draw
                logger.warn(
                    f"a {type(x).__name__} is read as an array of dtype {self.dtype} to see whether a Box contains it; "
                    f"write np.array(..., dtype=np.{self.dtype})"
                )
            try:
                x = np.asarray(x, dtype=self.dtype)
            except (OverflowError, TypeError, ValueError):
                return False
        if x.shape != self._shape or not (x.dtype == self.dtype or np.can_cast(x.dtype, self.dtype)):
            return False
        inside = (self.low <= x) & (x <= self.high)
        return bool(np.count_nonzero(inside) == inside.size)  # inside.all() takes longer on small arrays

    def to_jsonable(self, sample_n: Sequence[NDArray[Any]]) -> list[Any]:
        """A batch of samples as nested lists of numbers."""
        return [sample.tolist() for sample in sample_n]

    def from_jsonable(self, sample_n: Sequence[Any]) -> list[NDArray[Any]]:
        """The batch as arrays of the space's dtype again."""
        return [np.asarray(sample, dtype=self.dtype).reshape(self._shape) for sample in sample_n]

    def __repr__(self) -> str:
        return f"Box({_short(self.low)}, {_short(self.high)}, {self._shape}, {self.dtype})"

    def __eq__(self, other: object) -> bool:
        """Bounds compare with np.allclose's tolerance, as in the reference."""
        return (
            isinstance(other, Box)
            and self._shape == other._shape
            and self.dtype == other.dtype
            and np.allclose(self.low, other.low)
            and np.allclose(self.high, other.high)
        )

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change


def _shape_of(low: Any, high: Any, shape: Any) -> tuple[int, ...]:
    """The shape that was given, else that of the bounds."""
    if shape is not None:
        return _checks.shape("Box", shape)
    shapes = {bound.shape for bound in (low, high) if isinstance(bound, np.ndarray)}
    if len(shapes) == 2:
        raise error.InvalidBound(f"Box: low and high must have the same shape, got {low.shape} and {high.shape}")
    return shapes.pop() if shapes else (1,)


def _bound(name: str, given: Any, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """``low`` or ``high`` as an array of ``shape`` and ``dtype``, and where it is finite."""
    exact = _numbers(name, given, shape)
    infinity = -np.inf if name == "low" else np.inf
    bounded = np.asarray(exact != infinity)
    _refuse(name, exact, np.isnan(exact) | (exact == -infinity), f"must be a number or {infinity}")
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            bound = exact.astype(dtype)
        _refuse(name, exact, np.isinf(bound) & bounded, f"must fit into {dtype}; write {infinity} or a wider dtype")
        if isinstance(given, np.ndarray) and (bound != exact).any():
            logger.warn(f"Box: rounding to {dtype} changes {name}; write {name}.astype(np.{dtype}) if that is meant")
        return bound, bounded
    smallest, largest = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    if dtype.kind != "i":
        _refuse(name, exact, ~bounded, f"must be finite for the dtype {dtype}")
    # `< largest + 1`: that power of two is a float64, which largest need not be.
    fits = (exact >= smallest) & (exact < largest + 1) & (np.floor(exact) == exact)
    _refuse(name, exact, bounded & ~fits, f"must be an integer from {smallest} to {largest} for the dtype {dtype}")
    bound = np.where(bounded, exact, 0).astype(dtype)
    bound[~bounded] = smallest if name == "low" else largest
    return bound, bounded


def _numbers(name: str, given: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """``given`` as a new array of ``shape``, its values unchanged: integers, or float64 or longer."""
    is_array = isinstance(given, np.ndarray)
    is_number = isinstance(given, (int, float, np.integer, np.floating)) and not isinstance(given, bool)
    exact = np.array(given if is_array or is_number else None)  # a None, like an int beyond 64 bits, makes an object
    if exact.dtype.kind not in "fiub":
        raise error.InvalidBound(
            f"Box: {name} must be a number of at most 64 bits or a NumPy array of them, got {given!r} of type "
            f"{type(given).__name__}; write for instance {name}=0.0 or {name}=np.array([0.0, 0.0])"
        )
    if exact.dtype.kind == "b":
        exact = exact.astype(np.int8)
    elif exact.dtype.kind == "f":
        exact = exact.astype(np.promote_types(exact.dtype, np.float64))
    if is_array and exact.shape != shape:
        raise error.InvalidBound(f"Box: {name} must have the shape {shape}, got {exact.shape}")
    return exact if is_array else np.full(shape, exact)


def _successor(high: NDArray[Any]) -> NDArray[Any]:
    """``high + 1`` in 64 bits; where that would wrap, ``high``, since the two are one as float64."""
    wide = high.astype(np.uint64 if high.dtype == np.uint64 else np.int64)
    result: NDArray[Any] = wide + (wide < np.iinfo(wide.dtype).max)
    return result


def _refuse(name: str, bound: NDArray[Any], wrong: Any, rule: str) -> None:
    if wrong.any():
        label, index = _first(wrong)
        raise error.InvalidBound(f"Box: {name}{label} {rule}, got {bound[index]}")


def _first(wrong: NDArray[np.bool_]) -> tuple[str, tuple[int, ...]]:
    """Where the first wrong coordinate is, as a message shows it and as an index."""
    index = tuple(np.argwhere(wrong)[0].tolist())
    return str(list(index)) if index else "", index


def _short(bound: NDArray[Any]) -> str:
    """One number where all are equal, else the array."""
    if bound.size and bound.min() == bound.max():
        return str(bound.min())
    return str(bound)
