"""Independent streams of random numbers, one for each purpose of each run.

Every stream comes from ``SeedSequence(seed, spawn_key=(purpose,))``: run 0's test episodes share nothing with its
training, nor with run 1. (Seeding runs with s and their environments with s + 1, s + 2, ... would: run 0's second
environment is then run 1's first.) A purpose draws from its generator or takes its integers, never both: they come
from the same words.
"""

from collections.abc import Sequence

import numpy as np

TRAIN, AGENT, SELECT, TEST = range(4)
"""Purposes: the training environment, the agent's own draws, choosing among checkpoints, the final score."""

ACTING = 1
"""The part of a test stream from which a policy draws that does not act greedily."""


def generator(seed: int, purpose: int, *part: int) -> np.random.Generator:
    """The stream of one purpose of run ``seed``; a ``part`` of it has a stream of its own."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(purpose, *part))))


def integers(seed: int, purpose: int, count: int = 1, *part: int) -> list[int]:
    """``count`` integers in [0, 2**64), to seed environments with; a longer list begins with the shorter one.

    ``part``, such as the number of an update, gives integers of its own.
    """
    return np.random.SeedSequence(seed, spawn_key=(purpose, *part)).generate_state(count, np.uint64).tolist()


def shared_integer(seeds: Sequence[int], purpose: int) -> int:
    """An integer in [0, 2**64) of all these runs together, where one generator draws for all of them."""
    return int(np.random.SeedSequence(tuple(seeds), spawn_key=(purpose,)).generate_state(1, np.uint64)[0])
