"""Seeds of the spaces that draw from a stream of their own and from those of their parts: Sequence, Graph, OneOf."""

import copy
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigym import error, seeding
from minigym.spaces.space import Space, subseeds


def seeds(space: str, count: int, seed: Any) -> Sequence[Any]:
    """One seed for the space itself, then one for each of its ``count`` parts.

    Args:
        space: the name of the space, for the error message.
        count: the number of parts.
        seed: an integer, which seeds the space and from whose stream the seeds of the parts are drawn; or a list or
            tuple of all the seeds; or None for fresh entropy in each.

    Raises:
        InvalidSeed: for any other seed, or a sequence of another length.
    """
    if seed is None:
        return [None] * (count + 1)
    if not isinstance(seed, (tuple, list)):
        rng, used = seeding.np_random(seed)
        return [used, *subseeds(rng, count)]
    if len(seed) != count + 1:
        raise error.InvalidSeed(
            f"{space} needs one seed for itself and one for each of its {count} parts, got {len(seed)}: {seed!r}"
        )
    return seed


def seed_from(generator: np.random.Generator, parts: Sequence[Space[Any]]) -> None:
    """Seed the parts of a space whose own stream is ``generator``, which stays where it is: a fresh
    ``default_rng(3)`` does what the seed 3 does. (The reference leaves the parts to chance.)
    """
    for part, seed in zip(parts, subseeds(copy.deepcopy(generator), len(parts)), strict=True):
        part.seed(seed)
