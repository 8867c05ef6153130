"""What every space has in common: a shape, a dtype, a random stream."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import DTypeLike

from minigym import seeding

T_co = TypeVar("T_co", covariant=True)


class Space(Generic[T_co]):
    """A set of possible values, which can be drawn from and asked what it contains.

    Subclasses implement :meth:`sample`, :meth:`contains` and ``is_np_flattenable``. Spaces compare by value, and
    therefore (like lists) have no hash; a bare ``Space`` compares and hashes by identity.

    Args:
        shape: the shape of the values, if they are arrays.
        dtype: their dtype, if they have one.
        seed: a non-negative integer, or a generator to draw from; None draws a seed from entropy at the first use.

    Raises:
        InvalidSeed: for any other seed.
    """

    dtype: np.dtype[Any] | None

    def __init__(
        self,
        shape: Sequence[int] | None = None,
        dtype: DTypeLike | None = None,
        seed: Any = None,
    ) -> None:
        self._shape = None if shape is None else tuple(shape)
        self.dtype = None if dtype is None else np.dtype(dtype)
        self._np_random: np.random.Generator | None = None
        if isinstance(seed, np.random.Generator):
            self._np_random = seed
        elif seed is not None:
            self.seed(seed)

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The shape of the values; None if they are not arrays."""
        return self._shape

    @property
    def np_random(self) -> np.random.Generator:
        """The generator behind :meth:`sample`, made at the first use."""
        if self._np_random is None:
            self._np_random, _ = seeding.np_random()
        return self._np_random

    @property
    def is_np_flattenable(self) -> bool:
        """Whether every value can be written as one flat array of fixed length."""
        raise NotImplementedError

    def seed(self, seed: int | None = None) -> Any:
        """Start the random stream anew.

        Args:
            seed: a non-negative integer, or None for one from entropy; Tuple and Dict also take one for each child.

        Returns:
            The seed that was used, a Python int; Tuple and Dict return a tuple or a dict, one entry for each child.

        Raises:
            InvalidSeed: for any other seed.
        """
        self._np_random, used = seeding.np_random(seed)
        return used

    def sample(self, mask: Any = None, probability: Any = None) -> T_co:
        """Draw a value; ``mask`` or ``probability`` steers the draw where the space allows it."""
        raise NotImplementedError

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a value of this space; ``x in space`` is the same."""
        raise NotImplementedError

    def __contains__(self, x: Any) -> bool:
        return self.contains(x)

    def to_jsonable(self, sample_n: Sequence[T_co]) -> Any:
        """A batch of values in types that ``json`` can write."""
        return list(sample_n)

    def from_jsonable(self, sample_n: Any) -> list[T_co]:
        """The batch that :meth:`to_jsonable` was given."""
        return list(sample_n)


def subseeds(rng: np.random.Generator, count: int) -> list[int]:
    """One seed for each child of a Tuple or Dict: uniform over [0, 2**31 - 1), the reference's draw."""
    seeds: list[int] = rng.integers(2**31 - 1, size=count).tolist()
    return seeds
