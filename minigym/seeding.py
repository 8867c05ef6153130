"""One seed, one stream: PCG64 seeded through SeedSequence, the stream of ``numpy.random.default_rng(seed)``."""

import operator
from typing import Any

import numpy as np

from minigym import error

RNG = RandomNumberGenerator = np.random.Generator


def np_random(seed: int | None = None) -> tuple[np.random.Generator, int]:
    """A fresh generator and the seed it was made from.

    Args:
        seed: any non-negative integer (NumPy's too), or None to draw one from the system's entropy.

    Returns:
        The generator, and the seed as a Python int (the entropy, where ``seed`` was None).

    Raises:
        InvalidSeed: for a negative number, a float, a bool or anything else.
    """
    seed_sequence = np.random.SeedSequence(None if seed is None else checked_seed(seed))
    entropy = seed_sequence.entropy
    assert isinstance(entropy, int)  # SeedSequence keeps an int as it came, and makes one from None
    return np.random.Generator(np.random.PCG64(seed_sequence)), entropy


def checked_seed(seed: Any) -> int:
    """``seed`` as a Python int; InvalidSeed says what is wrong with it otherwise."""
    try:
        if isinstance(seed, (bool, np.bool_)):  # True would pass for 1, and is always a mistake
            raise TypeError
        value = operator.index(seed)
    except TypeError:
        raise error.InvalidSeed(
            f"a seed must be a non-negative integer or None, got {seed!r} of type {type(seed).__name__}; "
            "write for instance seed=0"
        ) from None
    if value < 0:
        raise error.InvalidSeed(f"a seed must not be negative, got {value}; write for instance seed={-value}")
    return value
