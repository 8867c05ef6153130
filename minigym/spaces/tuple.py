"""Several spaces side by side, by position."""

from collections.abc import Iterable, Sequence
from typing import Any, overload

import numpy as np

from minigym import error
from minigym.spaces import _checks
from minigym.spaces.space import Space, subseeds


class Tuple(Space[tuple[Any, ...]], Sequence[Space[Any]]):
    """Tuples whose i-th part is a value of the i-th space. It is itself a sequence of its spaces.

    Args:
        spaces: the spaces, in order.
        seed: see :meth:`seed`; or a generator, from which one seed for each space is drawn.

    Raises:
        InvalidParameter: if ``spaces`` is no sequence, or one of them is not a Space.
    """

    dtype: None

    def __init__(self, spaces: Iterable[Space[Any]], seed: Any = None) -> None:
        if not isinstance(spaces, Iterable):
            raise error.InvalidParameter(f"Tuple takes a sequence of spaces, got {spaces!r}; write Tuple([{spaces!r}])")
        self.spaces: tuple[Space[Any], ...] = tuple(spaces)
        for index, space in enumerate(self.spaces):
            _checks.space(f"Tuple: part {index}", space)
        super().__init__(seed=seed)
        if isinstance(seed, np.random.Generator):  # the reference leaves the parts to chance here
            self.seed(subseeds(seed, len(self.spaces)))

    @property
    def is_np_flattenable(self) -> bool:
        """Whether every part can be written as a flat array."""
        return all(space.is_np_flattenable for space in self.spaces)

    def seed(self, seed: int | Sequence[Any] | None = None) -> tuple[Any, ...]:
        """Start the streams of all spaces anew.

        Args:
            seed: an integer, from whose stream one seed for each space is drawn; or a list or tuple with the seed of
                each space; or None for fresh entropy in each.

        Returns:
            What the ``seed`` of each space returned.

        Raises:
            InvalidSeed: for any other seed, or a sequence of another length.
        """
        if seed is None:
            return tuple(space.seed() for space in self.spaces)
        if not isinstance(seed, (tuple, list)):
            super().seed(seed)  # type: ignore[arg-type]  # refuses whatever is no integer
            seed = subseeds(self.np_random, len(self.spaces))
        if len(seed) != len(self.spaces):
            raise error.InvalidSeed(
                f"Tuple has {len(self.spaces)} spaces and needs one seed for each, got {len(seed)}: {seed!r}"
            )
        return tuple(space.seed(part) for space, part in zip(self.spaces, seed, strict=True))

    def sample(
        self, mask: tuple[Any, ...] | None = None, probability: tuple[Any, ...] | None = None
    ) -> tuple[Any, ...]:
        """Draw a value from each space.

        Args:
            mask: a tuple with a mask (or None) for each space.
            probability: a tuple with probabilities (or None) for each space.

        Raises:
            InvalidParameter: if both are given, or one is no tuple of the right length.
        """
        _checks.not_both(mask, probability)
        if mask is not None:
            return tuple(space.sample(mask=part) for space, part in self._paired("mask", mask))
        if probability is not None:
            return tuple(space.sample(probability=part) for space, part in self._paired("probability", probability))
        return tuple(space.sample() for space in self.spaces)

    def _paired(self, name: str, steering: Any) -> Iterable[tuple[Space[Any], Any]]:
        if not isinstance(steering, tuple) or len(steering) != len(self.spaces):
            raise error.InvalidParameter(
                f"{name} must be a tuple with one entry (or None) for each of the {len(self.spaces)} spaces, "
                f"got {steering!r}"
            )
        return zip(self.spaces, steering, strict=True)

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a tuple (or a list or array) with one value of each space."""
        if isinstance(x, np.ndarray) and x.ndim == 0:  # has no length
            return False
        return (
            isinstance(x, (tuple, list, np.ndarray))
            and len(x) == len(self.spaces)
            and all(space.contains(part) for space, part in zip(self.spaces, x, strict=True))
        )

    def to_jsonable(self, sample_n: Sequence[tuple[Any, ...]]) -> list[Any]:
        """A batch of samples as one list for each space, holding that space's part of every sample."""
        return [space.to_jsonable([sample[i] for sample in sample_n]) for i, space in enumerate(self.spaces)]

    def from_jsonable(self, sample_n: Sequence[Any]) -> list[tuple[Any, ...]]:
        """The batch as tuples again."""
        columns = [space.from_jsonable(column) for space, column in zip(self.spaces, sample_n, strict=True)]
        return list(zip(*columns, strict=True))

    @overload
    def __getitem__(self, index: int) -> Space[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Space[Any], ...]: ...
    def __getitem__(self, index: int | slice) -> Space[Any] | tuple[Space[Any], ...]:
        return self.spaces[index]

    def __len__(self) -> int:
        return len(self.spaces)

    def __repr__(self) -> str:
        return f"Tuple({', '.join(str(space) for space in self.spaces)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tuple) and self.spaces == other.spaces

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change
