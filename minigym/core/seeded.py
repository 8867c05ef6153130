"""What has a random stream of its own."""

import numpy as np

from minigym import seeding


class Seeded:
    """The stream of an environment, or of a batch: where no reset has seeded it, it begins at the first use."""

    _np_random: np.random.Generator | None = None
    _np_random_seed: int | None = None

    @property
    def np_random(self) -> np.random.Generator:
        """The stream; made from the system's entropy where no reset has seeded it. A batch whose lanes have a stream
        each gives the tuple of them.
        """
        if self._np_random is None:
            self._np_random, self._np_random_seed = seeding.np_random()
        return self._np_random

    @np_random.setter
    def np_random(self, generator: np.random.Generator) -> None:
        self._np_random = generator
        self._np_random_seed = -1  # the seed of a foreign generator is not known

    @property
    def np_random_seed(self) -> int | None:
        """The seed of ``np_random``, -1 where the generator was set from outside; likewise the tuple of the lanes'."""
        if self._np_random_seed is None:
            self._np_random, self._np_random_seed = seeding.np_random()
        return self._np_random_seed
