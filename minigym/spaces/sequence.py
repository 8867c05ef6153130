"""Values of one space in a row, any number of them."""

from collections import abc
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.spaces import _checks, _parts, _stacking
from minigym.spaces.space import Space

_STOP = 0.25  # the chance that a sequence ends after the item just drawn; so 4 items on average


class Sequence(Space[Any]):
    """Tuples of any length whose items are all values of one space; stacked, such items as one value.

    A stacked Sequence keeps the space of a stack of one item as ``stacked_feature_space``.

    Args:
        space: the space of the items, kept as ``feature_space``.
        seed: see :meth:`seed`; or a generator, from which the lengths are drawn and the items' space is seeded.
        stack: whether values hold their items stacked: arrays along a new first axis, Tuples and Dicts part by part.

    Raises:
        InvalidParameter: if ``space`` is not a Space.
    """

    dtype: None
    stacked_feature_space: Space[Any]

    def __init__(self, space: Space[Any], seed: Any = None, stack: bool = False) -> None:
        _checks.space("Sequence: space", space)
        self.feature_space = space
        self.stack = stack
        if stack:
            from minigym.spaces.batching import batch_space  # here, since it knows Sequences as well

            self.stacked_feature_space = batch_space(space, 1)
        super().__init__(seed=seed)
        if isinstance(seed, np.random.Generator):
            _parts.seed_from(seed, [space])

    @property
    def is_np_flattenable(self) -> bool:
        """False: the length is not fixed."""
        return False

    def seed(self, seed: int | abc.Sequence[Any] | None = None) -> tuple[Any, Any]:
        """Start the streams of this space, which draws lengths, and of its items' space anew.

        Args:
            seed: an integer, from whose stream the seed of the items' space is drawn; or a list or tuple with both
                seeds; or None for fresh entropy in each.

        Returns:
            What each ``seed`` returned.

        Raises:
            InvalidSeed: for any other seed, or a sequence of another length.
        """
        own, items = _parts.seeds("Sequence", 1, seed)
        return super().seed(own), self.feature_space.seed(items)

    def sample(self, mask: tuple[Any, Any] | None = None, probability: tuple[Any, Any] | None = None) -> Any:
        """Draw a length, then that many items. The length is geometric, 4 on average, unless told otherwise.

        Args:
            mask: the length, an integer, an array of integers to draw it from, or None; and a mask (or None) for the
                items, the same for all.
            probability: the length likewise, and the items' probabilities.

        Returns:
            A tuple of items; of a stacked Sequence, the items as one value.

        Raises:
            InvalidParameter: if both are given, or one is no such pair.
        """
        _checks.not_both(mask, probability)
        if mask is not None:
            length, steering = self._steered_length("mask", mask)
            items = tuple(self.feature_space.sample(mask=steering) for _ in range(length))
        elif probability is not None:
            length, steering = self._steered_length("probability", probability)
            items = tuple(self.feature_space.sample(probability=steering) for _ in range(length))
        else:
            items = tuple(self.feature_space.sample() for _ in range(self.generate_sample_length(None, None)))
        return _stacking.stack(self.feature_space, items) if self.stack else items

    def _steered_length(self, name: str, steering: Any) -> tuple[int, Any]:
        if not isinstance(steering, tuple) or len(steering) != 2:
            raise error.InvalidParameter(
                f"{name} must be a tuple of a length and a {name} for the items, either of which may be None, "
                f"got {steering!r}"
            )
        return self.generate_sample_length(steering[0], name), steering[1]

    def generate_sample_length(
        self, length_mask: int | np.integer[Any] | NDArray[np.integer[Any]] | None, mask_type: str | None
    ) -> int:
        """The length of the next sample.

        Args:
            length_mask: the length, or a one-dimensional array of lengths to draw one from, or None.
            mask_type: "mask" or "probability", for the error message.

        Raises:
            InvalidParameter: if ``length_mask`` is something else or holds a negative number.
        """
        if length_mask is None:
            return int(self.np_random.geometric(_STOP))
        if not isinstance(length_mask, np.ndarray):
            length_mask = _checks.integer(f"the length in {mask_type}", length_mask)
            if length_mask < 0:
                raise error.InvalidParameter(f"the length in {mask_type} must not be negative, got {length_mask}")
            return length_mask
        if length_mask.dtype.kind not in "iu" or length_mask.ndim != 1 or not length_mask.size or length_mask.min() < 0:
            raise error.InvalidParameter(
                f"the lengths in {mask_type} must be a one-dimensional array of integers >= 0, got {length_mask!r}; "
                "write for instance np.array([1, 2])"
            )
        return int(self.np_random.choice(length_mask))

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a tuple (of a stacked Sequence: a stack) of values of the items' space."""
        if not self.stack:
            return isinstance(x, tuple) and all(self.feature_space.contains(item) for item in x)
        try:
            items = _stacking.unstack(self.feature_space, x)
        except (TypeError, LookupError, ValueError):
            return False
        return all(self.feature_space.contains(item) for item in items)

    def to_jsonable(self, sample_n: abc.Sequence[Any]) -> Any:
        """A batch of samples as one list of items each; stacks of Tuples or Dicts by part."""
        if self.stack:
            return _stacking.to_jsonable(self.feature_space, sample_n)
        return [self.feature_space.to_jsonable(sample) for sample in sample_n]

    def from_jsonable(self, sample_n: Any) -> list[Any]:
        """The batch again."""
        if self.stack:
            return _stacking.from_jsonable(self.feature_space, sample_n)
        return [tuple(self.feature_space.from_jsonable(sample)) for sample in sample_n]

    def __repr__(self) -> str:
        return f"Sequence({self.feature_space}, stack={self.stack})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and self.feature_space == other.feature_space and self.stack == other.stack

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change
