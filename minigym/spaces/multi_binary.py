"""Arrays of zeros and ones."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.spaces import _checks
from minigym.spaces.space import Space


class MultiBinary(Space[NDArray[np.int8]]):
    """int8 arrays of zeros and ones, of one shape.

    Args:
        n: the length, or a sequence of the lengths of several axes; all at least 1. Kept as the attribute ``n``, an
            int or a tuple.
        seed: see :class:`Space`.

    Raises:
        InvalidParameter: if a length is not a positive integer.
    """

    dtype: np.dtype[np.int8]

    def __init__(
        self, n: int | Sequence[int] | NDArray[np.integer[Any]], seed: int | np.random.Generator | None = None
    ) -> None:
        self.n: int | tuple[int, ...]
        if isinstance(n, (Sequence, np.ndarray)):
            self.n = shape = _checks.shape("MultiBinary", n)
        else:
            self.n = _checks.integer("MultiBinary: n", n)
            shape = (self.n,)
        if any(length <= 0 for length in shape):
            raise error.InvalidParameter(f"MultiBinary: every length must be positive, got n={self.n}")
        super().__init__(shape, np.int8, seed)

    @property
    def shape(self) -> tuple[int, ...]:
        """``n`` as a tuple."""
        return self.n if isinstance(self.n, tuple) else (self.n,)

    @property
    def is_np_flattenable(self) -> bool:
        """True: all axes in a row."""
        return True

    def sample(
        self, mask: NDArray[np.int8] | None = None, probability: NDArray[np.float64] | None = None
    ) -> NDArray[np.int8]:
        """Draw an array, every entry a fair coin unless told otherwise.

        Args:
            mask: int8 of the space's shape: 0 and 1 set the entry, 2 leaves it to the coin.
            probability: float64 of the space's shape, the probability of a 1 in each entry.

        Returns:
            An int8 array of the space's shape.

        Raises:
            InvalidParameter: if both are given, or one has the wrong type, shape, dtype or entries.
            InvalidProbability: if a probability lies outside [0, 1].
        """
        _checks.not_both(mask, probability)
        if probability is not None:
            _checks.probability(probability, self.shape)
            return np.asarray(self.np_random.random(self.shape) <= probability, dtype=np.int8)
        if mask is not None:
            _checks.mask(mask, self.shape, largest=2)
        coins = self.np_random.integers(2, size=self.shape, dtype=np.int8)  # drawn whatever the mask says
        return coins if mask is None else np.where(mask == 2, coins, mask)

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is an array (or a list or tuple) of the space's shape that holds only 0 and 1, in any dtype."""
        if isinstance(x, Sequence):
            try:
                x = np.array(x)
            except ValueError:  # rows of unequal length
                return False
        return isinstance(x, np.ndarray) and x.shape == self.shape and bool(((x == 0) | (x == 1)).all())

    def to_jsonable(self, sample_n: Sequence[NDArray[np.int8]]) -> list[Any]:
        """A batch of samples as nested lists of ints."""
        return [sample.tolist() for sample in sample_n]

    def from_jsonable(self, sample_n: Sequence[Any]) -> list[NDArray[np.int8]]:
        """The batch as int8 arrays again."""
        return [np.array(sample, dtype=np.int8) for sample in sample_n]

    def __repr__(self) -> str:
        return f"MultiBinary({self.n})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, MultiBinary) and self.n == other.n

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change
