"""``gym.utils.seeding``: a Mersenne twister, seeded with a hash of the seed.

Seeds were hashed so that neighbouring ones (0, 1, 2, ...) start unrelated streams.
"""

import hashlib
import os
from typing import Any

import numpy as np

from minigym import error
from minigym.seeding import checked_seed


def np_random(seed: int | None = None) -> tuple[np.random.RandomState, int]:
    """A generator and the seed it was made from.

    Args:
        seed: any non-negative integer, NumPy's too; None to draw one from the system's entropy.
    """
    used = create_seed(None if seed is None else checked_seed(seed))
    hashed = hash_seed(used)
    words = [hashed]
    while words[-1] >= 2**32:  # 32-bit words, the lowest first
        words[-1:] = [words[-1] % 2**32, words[-1] // 2**32]
    rng = np.random.RandomState()
    rng.seed(words)
    return rng, used


def hash_seed(seed: int | None = None, max_bytes: int = 8) -> int:
    """The first bytes, little-endian, of the SHA-512 of the seed's decimal digits."""
    digits = str(create_seed(max_bytes=max_bytes) if seed is None else seed)
    return int.from_bytes(hashlib.sha512(digits.encode()).digest()[:max_bytes], "little")


def create_seed(a: Any = None, max_bytes: int = 8) -> int:
    """A seed of at most ``max_bytes`` bytes: from the system's entropy, from a text, or from an integer."""
    if a is None:
        return int.from_bytes(os.urandom(max_bytes), "little")
    if isinstance(a, str):
        text = a.encode()
        return int.from_bytes((text + hashlib.sha512(text).digest())[:max_bytes], "little")
    if isinstance(a, (int, np.integer)):
        reduced: int = int(a) % 2 ** (8 * max_bytes)
        return reduced
    raise error.InvalidSeed(f"a seed is made from an integer, a text or None, got {a!r} of type {type(a).__name__}")
