"""One seed, one stream: PCG64 seeded through SeedSequence, the stream of ``numpy.random.default_rng(seed)``."""

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


def words_of(generator: np.random.Generator) -> NDArray[np.uint64]:
    """Where a generator of PCG64 stands: its state and increment, the high word first, and the half word it keeps.

    Returns:
        (6,) uint64, from which :func:`generator_from` makes a generator that goes on to the bit.

    Raises:
        InvalidParameter: for another kind of generator.
    """
    state = generator.bit_generator.state
    if state["bit_generator"] != "PCG64":
        raise error.InvalidParameter(f"expected a generator of PCG64, got one of {state['bit_generator']}")
    words = (*divmod(state["state"]["state"], 2**64), *divmod(state["state"]["inc"], 2**64))
    return np.array([*words, state["has_uint32"], state["uinteger"]], np.uint64)


def generator_from(words: Sequence[int] | NDArray[np.uint64]) -> np.random.Generator:
    """The generator that stood where :func:`words_of` says; the last two words may be missing, for no half word."""
    high, low, step_high, step_low, has_half, half = [*map(int, words), 0, 0][:6]
    bits = np.random.PCG64(0)
    place: Any = {"state": high << 64 | low, "inc": step_high << 64 | step_low}
    bits.state = {"bit_generator": "PCG64", "state": place, "has_uint32": has_half, "uinteger": half}
    return np.random.Generator(bits)


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
