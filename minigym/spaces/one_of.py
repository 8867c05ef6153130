"""A value of one out of several spaces."""

from collections import abc
from typing import Any, overload

import numpy as np

from minigym import error
from minigym.spaces import _checks, _parts
from minigym.spaces.dict import Dict
from minigym.spaces.sequence import Sequence
from minigym.spaces.space import Space
from minigym.spaces.tuple import Tuple


class OneOf(Space[tuple[np.int64, Any]]):
    """Pairs (i, value), the value being one of the i-th space.

    Args:
        spaces: the spaces, in order; at least one.
        seed: see :meth:`seed`; or a generator, from which the space draws and its parts are seeded.

    Raises:
        InvalidParameter: if ``spaces`` is no sequence, is empty, or one of them is not a Space.
    """

    dtype: None

    def __init__(self, spaces: abc.Iterable[Space[Any]], seed: Any = None) -> None:
        if not isinstance(spaces, abc.Iterable):
            raise error.InvalidParameter(f"OneOf takes a sequence of spaces, got {spaces!r}; write OneOf([{spaces!r}])")
        self.spaces: tuple[Space[Any], ...] = tuple(spaces)
        if not self.spaces:
            raise error.InvalidParameter("OneOf needs at least one space to choose from, got none")
        for index, space in enumerate(self.spaces):
            _checks.space(f"OneOf: part {index}", space)
        super().__init__(seed=seed)
        if isinstance(seed, np.random.Generator):
            _parts.seed_from(seed, self.spaces)

    @property
    def is_np_flattenable(self) -> bool:
        """Whether every part can be written as a flat array."""
        return all(space.is_np_flattenable for space in self.spaces)

    def seed(self, seed: int | abc.Sequence[Any] | None = None) -> tuple[Any, ...]:
        """Start the streams of this space and of its parts anew.

        Args:
            seed: an integer, from whose stream the seeds of the parts are drawn; or a list or tuple with the seed of
                this space and then that of each part; or None for fresh entropy in each.

        Returns:
            What each ``seed`` returned, in that order.

        Raises:
            InvalidSeed: for any other seed, or a sequence of another length.
        """
        own, *parts = _parts.seeds("OneOf", len(self.spaces), seed)
        used = super().seed(own)
        return (used, *(space.seed(part) for space, part in zip(self.spaces, parts, strict=True)))

    def sample(
        self, mask: tuple[Any, ...] | None = None, probability: tuple[Any, ...] | None = None
    ) -> tuple[np.int64, Any]:
        """Draw one of the spaces, each with the same probability, and a value from it.

        Args:
            mask: a tuple with a mask (or None) for each space.
            probability: a tuple with probabilities (or None) for each space.

        Raises:
            InvalidParameter: if both are given, or one is no tuple of the right length.
        """
        _checks.not_both(mask, probability)
        for name, steering in (("mask", mask), ("probability", probability)):
            if steering is not None and (not isinstance(steering, tuple) or len(steering) != len(self.spaces)):
                raise error.InvalidParameter(
                    f"{name} must be a tuple with one entry (or None) for each of the {len(self.spaces)} spaces, "
                    f"got {steering!r}"
                )
        index = self.np_random.integers(len(self.spaces), dtype=np.int64)
        space = self.spaces[index]
        if mask is not None:
            return index, space.sample(mask=mask[index])
        if probability is not None:
            return index, space.sample(probability=probability[index])
        return index, space.sample()

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a tuple of an index, an int or np.int64, and a value of that space."""
        return (
            isinstance(x, tuple)
            and len(x) == 2
            and isinstance(x[0], (int, np.int64))
            and 0 <= int(x[0]) < len(self.spaces)
            and self.spaces[x[0]].contains(x[1])
        )

    def to_jsonable(self, sample_n: abc.Sequence[tuple[Any, Any]]) -> list[list[Any]]:
        """A batch of samples as [index, value] each."""
        return [[int(index), _written(self.spaces[index], value)] for index, value in sample_n]

    def from_jsonable(self, sample_n: abc.Sequence[Any]) -> list[tuple[np.int64, Any]]:
        """The batch as tuples again."""
        return [(np.int64(index), _read(self.spaces[index], value)) for index, value in sample_n]

    @overload
    def __getitem__(self, index: int) -> Space[Any]: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Space[Any], ...]: ...
    def __getitem__(self, index: int | slice) -> Space[Any] | tuple[Space[Any], ...]:
        return self.spaces[index]

    def __len__(self) -> int:
        return len(self.spaces)

    def __repr__(self) -> str:
        return f"OneOf({', '.join(str(space) for space in self.spaces)})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, OneOf) and self.spaces == other.spaces

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change


def _written(space: Space[Any], value: Any) -> Any:
    batch = space.to_jsonable([value])
    return batch if _is_written_by_part(space) else batch[0]


def _read(space: Space[Any], written: Any) -> Any:
    return space.from_jsonable(written if _is_written_by_part(space) else [written])[0]


def _is_written_by_part(space: Space[Any]) -> bool:
    """Whether ``space`` writes a batch as one entry for each part, not for each sample; the reference keeps the first
    entry in any case, and so loses all other parts.
    """
    if isinstance(space, Sequence) and space.stack:
        space = space.feature_space
    return isinstance(space, (Tuple, Dict))
