"""Texts over a set of characters."""

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.spaces import _checks
from minigym.spaces.space import Space

alphanumeric: frozenset[str] = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")

# What Generator.choice allows the probabilities to miss 1 by is 1.5e-8; a little less, so that the message is ours.
_SUM_TOLERANCE = 1e-8


class Text(Space[str]):
    """Strings of ``min_length`` to ``max_length`` characters out of ``charset``.

    Args:
        max_length: the length of the longest texts.
        min_length: the length of the shortest.
        charset: the characters, as a string, whose order is kept, or as a set, which is sorted. (A set has another
            order in every process; the reference keeps that order, and so draws other texts from the same seed.)
        seed: see :class:`Space`.

    Raises:
        InvalidParameter: if a length is no integer, ``0 <= min_length <= max_length`` does not hold, ``charset`` holds
            anything but single characters, or is empty though ``min_length`` is not 0.
    """

    dtype: np.dtype[np.str_]

    def __init__(
        self,
        max_length: int,
        *,
        min_length: int = 1,
        charset: Iterable[str] = alphanumeric,
        seed: int | np.random.Generator | None = None,
    ) -> None:
        self.min_length = _checks.integer("Text: min_length", min_length)
        self.max_length = _checks.integer("Text: max_length", max_length)
        if not 0 <= self.min_length <= self.max_length:
            raise error.InvalidParameter(
                "Text: 0 <= min_length <= max_length must hold, "
                f"got min_length={self.min_length}, max_length={self.max_length}"
            )
        self._characters = _characters(charset)
        if not self._characters and self.min_length > 0:
            raise error.InvalidParameter(
                f"Text: texts of min_length={self.min_length} need characters, got an empty charset; write min_length=0"
            )
        self._indices = {character: np.int32(index) for index, character in enumerate(self._characters)}
        super().__init__(dtype=str, seed=seed)

    @property
    def character_list(self) -> tuple[str, ...]:
        """The characters, each once, in the order that masks and :meth:`character_index` go by."""
        return self._characters

    @property
    def character_set(self) -> frozenset[str]:
        """The characters as a set."""
        return frozenset(self._characters)

    @property
    def characters(self) -> str:
        """The characters as one string, sorted."""
        return "".join(sorted(self._characters))

    def character_index(self, char: str) -> np.int32:
        """The place of ``char`` in :attr:`character_list`.

        Raises:
            InvalidParameter: if it is not there.
        """
        if char not in self._indices:
            raise error.InvalidParameter(f"{char!r} is not among the characters of {self}")
        return self._indices[char]

    @property
    def is_np_flattenable(self) -> bool:
        """True: the characters' indices, filled up to the longest text."""
        return True

    def sample(
        self,
        mask: tuple[int | None, NDArray[np.int8] | None] | None = None,
        probability: tuple[int | None, NDArray[np.float64] | None] | None = None,
    ) -> str:
        """Draw a text: its length, then its characters, each uniformly unless told otherwise.

        Args:
            mask: the text's length and an int8 array with an entry for each of :attr:`character_list`, 1 where the
                character may be drawn and 0 where not; None in place of either leaves it to chance. The text is empty
                if no character may be drawn and ``min_length`` is 0.
            probability: likewise, with float64 probabilities that sum to 1.

        Raises:
            InvalidParameter: if both are given, one is no such pair, the length does not fit the space, or no
                character may be drawn though ``min_length`` is not 0.
            InvalidProbability: if a probability lies outside [0, 1] or they do not sum to 1.
        """
        _checks.not_both(mask, probability)
        count = len(self._characters)
        length, weights = None, None
        if mask is not None:
            length, weights = self._pair("mask", mask)
            if weights is not None:
                _checks.mask(weights, (count,))
                weights = weights / max(weights.sum(), 1)
        elif probability is not None:
            length, weights = self._pair("probability", probability)
            if weights is not None:
                _checks.distribution(weights, count, _SUM_TOLERANCE)
        if weights is None:
            weights = np.ones(count) / max(count, 1)
        if self.min_length > 0 and not weights.any():
            raise error.InvalidParameter(
                f"the mask forbids every character, but a text in {self} has at least {self.min_length}; "
                "allow one, or write min_length=0"
            )
        if length is None:  # drawn even where the text will be empty, as in the reference
            length = int(self.np_random.integers(self.min_length, self.max_length + 1))
        if not weights.any():
            return ""
        # Indices, not characters: in a NumPy array of strings "\0" would become "".
        return "".join(self._characters[index] for index in self.np_random.choice(count, size=length, p=weights))

    def _pair(self, name: str, steering: Any) -> tuple[int | None, Any]:
        if not isinstance(steering, tuple) or len(steering) != 2:
            raise error.InvalidParameter(
                f"{name} must be a tuple of a length and an array, either of which may be None, got {steering!r}"
            )
        length, weights = steering
        if length is not None:
            length = _checks.integer(f"the length in {name}", length)
            if not self.min_length <= length <= self.max_length:
                raise error.InvalidParameter(
                    f"the length in {name} must lie between {self.min_length} and {self.max_length}, got {length}"
                )
        return length, weights

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is a string of fitting length that holds the space's characters alone."""
        return (
            isinstance(x, str)
            and self.min_length <= len(x) <= self.max_length
            and all(character in self._indices for character in x)
        )

    def __repr__(self) -> str:
        return f"Text({self.min_length}, {self.max_length}, charset={self.characters})"

    def __eq__(self, other: object) -> bool:
        """The order of the characters does not matter, as in the reference."""
        return (
            isinstance(other, Text)
            and self.min_length == other.min_length
            and self.max_length == other.max_length
            and self.character_set == other.character_set
        )

    __hash__ = None  # type: ignore[assignment]  # as whatever compares by value and can change


def _characters(charset: Any) -> tuple[str, ...]:
    """The characters of ``charset``, each once."""
    if not isinstance(charset, Iterable) or not all(isinstance(c, str) and len(c) == 1 for c in charset):
        raise error.InvalidParameter(
            f'Text: charset must be a string or a set of single characters, got {charset!r}; write for instance "abc"'
        )
    return tuple(dict.fromkeys(sorted(charset) if isinstance(charset, (set, frozenset)) else charset))
