"""Finitely many integers in a row."""

import reprlib
from collections.abc import Sequence
from typing import Any, NoReturn

import numpy as np
from numpy.typing import DTypeLike, NDArray

from minigym import error
from minigym.spaces import _checks
from minigym.spaces.space import Space

# What Generator.choice allows the probabilities to miss 1 by is 1.5e-8; a little less, so that the message is ours.
_SUM_TOLERANCE = 1e-8


class Discrete(Space[np.integer[Any]]):
    """The ``n`` integers ``start, start + 1, ..., start + n - 1``.

    Args:
        n: how many there are, at least 1.
        seed: see :class:`Space`.
        start: the first of them.
        dtype: the integer dtype of the samples.

    Raises:
        InvalidParameter: if ``n`` is not a positive integer, ``start`` not an integer, ``dtype`` no integer type.
        InvalidBound: if ``dtype`` cannot hold ``n`` or the last integer.
    """

    dtype: np.dtype[Any]

    def __init__(
        self,
        n: int | np.integer[Any],
        seed: int | np.random.Generator | None = None,
        start: int | np.integer[Any] = 0,
        dtype: DTypeLike = np.int64,
    ) -> None:
        count, first = _checks.integer("Discrete: n", n), _checks.integer("Discrete: start", start)
        if count <= 0:
            raise error.InvalidParameter(f"Discrete: n must be positive, got {count}")
        super().__init__((), _checks.dtype("Discrete", dtype, "iu", "np.int64"), seed)
        limits = np.iinfo(self.dtype)
        # n is held in this dtype too, as an attribute and as the exclusive end of the draw.
        if first < limits.min or max(first + count - 1, count) > limits.max:
            raise error.InvalidBound(
                f"Discrete: {self.dtype} holds {limits.min} .. {limits.max}, but n={count}, start={first} needs "
                f"{first} .. {first + count - 1} and n itself; write a wider dtype, for instance dtype=np.int64"
            )
        self._range = range(first, first + count)
        self._n: np.integer[Any] = self.dtype.type(count)
        self._start: np.integer[Any] = self.dtype.type(first)

    @property
    def n(self) -> np.integer[Any]:
        """How many integers there are, in the space's dtype."""
        return self._n

    @property
    def start(self) -> np.integer[Any]:
        """The first integer, in the space's dtype."""
        return self._start

    @property
    def is_np_flattenable(self) -> bool:
        """True: one-hot."""
        return True

    def sample(
        self, mask: NDArray[np.int8] | None = None, probability: NDArray[np.float64] | None = None
    ) -> np.integer[Any]:
        """Draw one of the integers, uniformly unless told otherwise.

        Args:
            mask: (n,) int8, 1 where an integer may be drawn and 0 where not; ``start`` is returned if none may.
            probability: (n,) float64, the probability of each integer; sums to 1.

        Returns:
            A NumPy scalar of the space's dtype.

        Raises:
            InvalidParameter: if both are given, or one has the wrong type, shape, dtype or entries.
            InvalidProbability: if a probability lies outside [0, 1] or they do not sum to 1.
        """
        if mask is None and probability is None:
            drawn: np.integer[Any] = self._start + self.np_random.integers(self._n, dtype=self.dtype.type)
            return drawn
        _checks.not_both(mask, probability)
        count = len(self._range)
        if mask is not None:
            _checks.mask(mask, (count,))
            allowed = np.flatnonzero(mask)
            index = self.np_random.choice(allowed) if allowed.size else 0
        else:
            _checks.distribution(probability, count, _SUM_TOLERANCE)
            index = self.np_random.choice(count, p=probability)
        steered: np.integer[Any] = self._start + self.dtype.type(index)
        return steered

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is one of the integers: an int (bools included, as in the reference), or a NumPy integer or
        0-d integer array whose dtype casts safely to the space's. Floats are not, even 1.0.
        """
        if isinstance(x, int):
            return int(x) in self._range  # int(): on a subclass such as IntEnum, `in` would search one by one
        if isinstance(x, (np.integer, np.ndarray)) and x.shape == ():
            # The comparison alone would be redundant, but is ten times faster than can_cast.
            safe = x.dtype == self.dtype or (x.dtype.kind in "iu" and np.can_cast(x.dtype, self.dtype))
            return safe and int(x) in self._range
        return False

    def checked(self, action: Any) -> int:
        """``action`` as a Python int, for an environment's ``step``.

        Raises:
            InvalidAction: for anything that :meth:`contains` does not accept.
        """
        if type(action) is int and action in self._range:  # most calls: one membership test, no more
            return action
        if not self.contains(action):
            self._refuse(action)
        return int(action)

    def _refuse(self, action: Any) -> NoReturn:
        try:
            value = action.item()  # NumPy arrays and scalars, torch tensors, where they hold one number
        except (AttributeError, RuntimeError, TypeError, ValueError):
            value = action
        first, last = self._range[0], self._range[-1]
        if isinstance(value, (int, float)) and first <= value <= last and value == int(value):
            advice = "int(action)" if getattr(action, "shape", ()) == () else "int(action.item())"
        else:
            advice = "for instance env.action_space.sample()"
        came = reprlib.repr(action)  # shortened: a whole image would bury the message
        if isinstance(action, np.ndarray):
            came = f"an array of shape {action.shape} and dtype {action.dtype}"
        raise error.InvalidAction(
            f"expected an action in {self}, an integer from {first} to {last}, got {came} of type "
            f"{type(action).__name__}; write {advice}"
        )

    def to_jsonable(self, sample_n: Sequence[np.integer[Any]]) -> list[int]:
        """A batch of samples as a list of ints."""
        return [int(sample) for sample in sample_n]

    def from_jsonable(self, sample_n: Sequence[int]) -> list[np.integer[Any]]:
        """The batch in the space's dtype again."""
        return [self.dtype.type(sample) for sample in sample_n]

    def __repr__(self) -> str:
        start = f", start={self._start}" if self._start != 0 else ""
        dtype = f", dtype={self.dtype}" if self.dtype != np.int64 else ""
        return f"Discrete({self._n}{start}{dtype})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Discrete) and self._range == other._range and self.dtype == other.dtype

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change
