"""Arrays of integers, each with its own range."""

import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from minigym import error, logger
from minigym.spaces import _checks
from minigym.spaces.discrete import Discrete
from minigym.spaces.space import Space

# np.isclose's default, which is what the reference allows here; it then divides by the sum.
_SUM_TOLERANCE = 1e-8 + 1e-5


class MultiDiscrete(Space[NDArray[np.integer[Any]]]):
    """Integer arrays of shape ``nvec.shape`` whose entry i is one of ``start[i], ..., start[i] + nvec[i] - 1``.

    Args:
        nvec: how many values each entry has, all at least 1; a list or an integer array of any shape.
        dtype: the integer dtype of the samples.
        seed: see :class:`Space`.
        start: the first value of each entry, of ``nvec``'s shape; None for zeros.

    Raises:
        InvalidParameter: if ``nvec`` or ``start`` does not hold integers, an entry of ``nvec`` is not positive, the
            shapes differ, or ``dtype`` is no integer type.
        InvalidBound: if ``dtype`` cannot hold ``nvec`` or the last value of an entry.
    """

    dtype: np.dtype[Any]

    def __init__(
        self,
        nvec: ArrayLike,
        dtype: DTypeLike = np.int64,
        seed: int | np.random.Generator | None = None,
        start: ArrayLike | None = None,
    ) -> None:
        counts = _checks.integer_array("MultiDiscrete: nvec", nvec)
        first = np.zeros_like(counts) if start is None else _checks.integer_array("MultiDiscrete: start", start)
        if first.shape != counts.shape:
            raise error.InvalidParameter(
                f"MultiDiscrete: start must have nvec's shape {counts.shape}, got {first.shape}"
            )
        if (counts <= 0).any():
            raise error.InvalidParameter(f"MultiDiscrete: every entry of nvec must be positive, got {counts.tolist()}")
        super().__init__(counts.shape, _checks.dtype("MultiDiscrete", dtype, "iu", "np.int64"), seed)
        limits = np.iinfo(self.dtype)
        # In Python ints, which cannot overflow while they are checked for overflow.
        for count, smallest in zip(counts.ravel().tolist(), first.ravel().tolist(), strict=True):
            if smallest < limits.min or max(smallest + count - 1, count) > limits.max:
                raise error.InvalidBound(
                    f"MultiDiscrete: {self.dtype} holds {limits.min} .. {limits.max}, but nvec={count}, "
                    f"start={smallest} needs {smallest} .. {smallest + count - 1} and {count} itself; "
                    "write a wider dtype, for instance dtype=np.int64"
                )
        self.nvec: NDArray[np.integer[Any]] = counts.astype(self.dtype)
        self.start: NDArray[np.integer[Any]] = first.astype(self.dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of ``nvec``."""
        return self.nvec.shape

    @property
    def is_np_flattenable(self) -> bool:
        """True: one-hot, one entry after the other."""
        return True

    def sample(self, mask: Any = None, probability: Any = None) -> NDArray[np.integer[Any]]:
        """Draw an array, every entry uniform and independent unless told otherwise.

        Args:
            mask: a tuple, nested as ``nvec`` is, with an (n,) int8 array for each entry: 1 where a value may be drawn
                and 0 where not; an entry none of whose values may be drawn becomes its ``start``.
            probability: likewise, with (n,) float64 probabilities that sum to 1.

        Returns:
            An array of the space's shape and dtype.

        Raises:
            InvalidParameter: if both are given, or one has the wrong structure, type, shape, dtype or entries.
            InvalidProbability: if a probability lies outside [0, 1] or those of an entry do not sum to 1.
        """
        _checks.not_both(mask, probability)
        if mask is not None:
            indices = np.array(self._draw(_masked, mask, self.nvec))
        elif probability is not None:
            indices = np.array(self._draw(_weighted, probability, self.nvec))
        else:
            indices = self.np_random.random(self.shape) * self.nvec  # rounded down by astype
        sample: NDArray[np.integer[Any]] = indices.astype(self.dtype) + self.start
        return sample

    def _draw(
        self, draw: Callable[[np.random.Generator, Any, int], int], steering: Any, nvec: NDArray[np.integer[Any]]
    ) -> list[Any]:
        """An index for each entry of ``nvec``, nested as ``nvec`` is."""
        if not isinstance(steering, tuple) or len(steering) != len(nvec):
            raise error.InvalidParameter(
                f"a mask or probability for nvec={nvec.tolist()} must be a tuple of {len(nvec)}, got {steering!r}"
            )
        if nvec.ndim == 1:
            return [draw(self.np_random, part, int(count)) for part, count in zip(steering, nvec, strict=True)]
        return [self._draw(draw, part, row) for part, row in zip(steering, nvec, strict=True)]

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is an array (or a list or tuple) of the space's shape, of a dtype that casts safely to the
        space's, with every entry in its range.
        """
        if isinstance(x, Sequence):
            try:
                x = np.array(x)
            except ValueError:  # rows of unequal length
                return False
        return (
            isinstance(x, np.ndarray)
            and x.shape == self.shape
            and np.can_cast(x.dtype, self.dtype)
            # nvec - 1 first: the last value fits the dtype, the one after it may not.
            and bool(((self.start <= x) & (x <= self.start + (self.nvec - 1))).all())
        )

    def to_jsonable(self, sample_n: Sequence[NDArray[np.integer[Any]]]) -> list[Any]:
        """A batch of samples as nested lists of ints."""
        return [sample.tolist() for sample in sample_n]

    def from_jsonable(self, sample_n: Sequence[Any]) -> list[NDArray[np.integer[Any]]]:
        """The batch as arrays of the space's dtype again."""
        return [np.array(sample, dtype=self.dtype) for sample in sample_n]

    def __getitem__(self, index: Any) -> "Discrete | MultiDiscrete":
        """The space of one entry (a Discrete) or of several; its stream goes on, on its own, from where this one is."""
        nvec, start = self.nvec[index], self.start[index]
        kind = Discrete if nvec.ndim == 0 else MultiDiscrete
        return kind(nvec, start=start, dtype=self.dtype, seed=copy.deepcopy(self.np_random))

    def __len__(self) -> int:
        """The length of the first axis."""
        if self.nvec.ndim > 1:
            logger.warn(f"len() counts the first axis alone of the shape {self.shape}; nvec.size counts all entries")
        return len(self.nvec)

    def __repr__(self) -> str:
        start = f", start={self.start}" if self.start.any() else ""
        return f"MultiDiscrete({self.nvec}{start})"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, MultiDiscrete)
            and self.dtype == other.dtype
            and np.array_equal(self.nvec, other.nvec)
            and np.array_equal(self.start, other.start)
        )

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change


def _masked(rng: np.random.Generator, mask: Any, count: int) -> int:
    _checks.mask(mask, (count,))
    allowed = np.flatnonzero(mask)
    return int(rng.choice(allowed)) if allowed.size else 0


def _weighted(rng: np.random.Generator, probability: Any, count: int) -> int:
    _checks.distribution(probability, count, _SUM_TOLERANCE)
    return int(rng.choice(count, p=probability / probability.sum()))
