"""Several spaces side by side, by name."""

from collections import OrderedDict
from collections.abc import Iterator, KeysView, Mapping, Sequence
from typing import Any

import numpy as np

from minigym import error
from minigym.spaces import _checks
from minigym.spaces.space import Space, subseeds


class Dict(Space[dict[str, Any]], Mapping[str, Space[Any]]):
    """Dicts whose entry under each key is a value of the space under that key. It is itself a mapping of its spaces,
    save that ``in`` asks for values, not for keys: write ``key in space.keys()``.

    Args:
        spaces: a mapping, whose keys are sorted unless it is an OrderedDict or they cannot be compared; or a sequence
            of (key, space) pairs, whose order is kept. The order decides which seed each space is given.
        seed: see :meth:`seed`; or a generator, from which one seed for each space is drawn.
        **spaces_kwargs: more spaces, after those.

    Raises:
        InvalidParameter: if ``spaces`` is none of these, a keyword repeats one of its keys, or a value is not a Space.
    """

    dtype: None

    def __init__(
        self,
        spaces: Mapping[str, Space[Any]] | Sequence[tuple[str, Space[Any]]] | None = None,
        seed: Any = None,
        **spaces_kwargs: Space[Any],
    ) -> None:
        self.spaces: dict[str, Space[Any]] = _ordered(spaces)
        for key, space in spaces_kwargs.items():
            if key in self.spaces:
                raise error.InvalidParameter(f"Dict: the key {key!r} stands in `spaces` and among the keywords")
            self.spaces[key] = space
        for key, space in self.spaces.items():
            _checks.space(f"Dict: the value of {key!r}", space)
        super().__init__(seed=seed)
        if isinstance(seed, np.random.Generator):  # the reference leaves the parts to chance here
            self.seed(self._one_each(subseeds(seed, len(self.spaces))))

    @property
    def is_np_flattenable(self) -> bool:
        """Whether every part can be written as a flat array."""
        return all(space.is_np_flattenable for space in self.spaces.values())

    def seed(self, seed: int | dict[str, Any] | None = None) -> dict[str, Any]:
        """Start the streams of all spaces anew.

        Args:
            seed: an integer, from whose stream one seed for each space is drawn; or a dict with the seed of each
                space; or None for fresh entropy in each.

        Returns:
            What the ``seed`` of each space returned, by key.

        Raises:
            InvalidSeed: for any other seed, or a dict with other keys.
        """
        if seed is None:
            return {key: space.seed() for key, space in self.spaces.items()}
        if not isinstance(seed, dict):
            super().seed(seed)
            seed = self._one_each(subseeds(self.np_random, len(self.spaces)))
        if seed.keys() != self.spaces.keys():
            raise error.InvalidSeed(
                f"Dict needs one seed for each of its keys {list(self.spaces)}, got seeds for {list(seed)}"
            )
        return {key: self.spaces[key].seed(part) for key, part in seed.items()}

    def _one_each(self, seeds: Sequence[int]) -> dict[str, Any]:
        return dict(zip(self.spaces, seeds, strict=True))

    def sample(self, mask: dict[str, Any] | None = None, probability: dict[str, Any] | None = None) -> dict[str, Any]:
        """Draw a value from each space.

        Args:
            mask: a dict with a mask (or None) for each key.
            probability: a dict with probabilities (or None) for each key.

        Raises:
            InvalidParameter: if both are given, or one is no dict with the right keys.
        """
        _checks.not_both(mask, probability)
        if mask is not None:
            self._check_keys("mask", mask)
            return {key: space.sample(mask=mask[key]) for key, space in self.spaces.items()}
        if probability is not None:
            self._check_keys("probability", probability)
            return {key: space.sample(probability=probability[key]) for key, space in self.spaces.items()}
        return {key: space.sample() for key, space in self.spaces.items()}

    def _check_keys(self, name: str, steering: Any) -> None:
        if not isinstance(steering, dict) or steering.keys() != self.spaces.keys():
            raise error.InvalidParameter(
                f"{name} must be a dict with an entry (or None) for each of the keys {list(self.spaces)}, "
                f"got {steering!r}"
            )

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a dict with the same keys, in any order, and a value of each space."""
        return (
            isinstance(x, dict)
            and x.keys() == self.spaces.keys()
            and all(space.contains(x[key]) for key, space in self.spaces.items())
        )

    def to_jsonable(self, sample_n: Sequence[dict[str, Any]]) -> dict[str, Any]:
        """A batch of samples as one list for each key, holding that key's part of every sample."""
        return {key: space.to_jsonable([sample[key] for sample in sample_n]) for key, space in self.spaces.items()}

    def from_jsonable(self, sample_n: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The batch as dicts again."""
        columns = [space.from_jsonable(sample_n[key]) for key, space in self.spaces.items()]
        return [dict(zip(self.spaces, parts, strict=True)) for parts in zip(*columns, strict=True)]

    def keys(self) -> KeysView[str]:
        """The keys. (Mapping's own view would ask ``key in self``, which asks for values.)"""
        return self.spaces.keys()

    def __getitem__(self, key: str) -> Space[Any]:
        return self.spaces[key]

    def __setitem__(self, key: str, value: Space[Any]) -> None:
        _checks.space(f"Dict: the value of {key!r}", value)
        self.spaces[key] = value

    def __iter__(self) -> Iterator[str]:
        return iter(self.spaces)

    def __len__(self) -> int:
        return len(self.spaces)

    def __repr__(self) -> str:
        return f"Dict({', '.join(f'{key!r}: {space}' for key, space in self.spaces.items())})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Dict) and self.spaces == other.spaces

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change


def _ordered(spaces: Any) -> dict[str, Space[Any]]:
    """The spaces as a new dict in the order that decides their seeds."""
    if spaces is None:
        return {}
    if isinstance(spaces, Mapping) and not isinstance(spaces, OrderedDict):
        try:
            return dict(sorted(spaces.items()))
        except TypeError:  # keys of types that do not compare
            return dict(spaces.items())
    try:
        return dict(spaces)
    except (TypeError, ValueError):
        raise error.InvalidParameter(
            f"Dict: spaces must be a dict or a sequence of (key, space) pairs, got {spaces!r}; "
            'write for instance Dict({"position": Box(-1, 1)})'
        ) from None
