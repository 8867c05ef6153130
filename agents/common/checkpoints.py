"""A training that can go on where it was: all that it consists of, kept in one file of plain arrays.

A learner names its parts, and each part makes arrays of itself and goes on from them (:class:`Part`). The file is
replaced as a whole, so that a kill at any instant leaves the last one. Loading it reads numbers: it is opened without
pickle, so that a file from somewhere else cannot execute anything.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from agents.common.files import read_arrays, write_arrays
from minigym import error, logger, seeding

INTERVAL = 60.0
"""Seconds between two checkpoints: what a kill can cost."""
OBSERVED = 10.0
"""Seconds between two occasions to see how a training goes."""
FORMAT = 1  # raised whenever a checkpoint of the old kind can no longer be read
_LEFT = "it is left as it is; move it away, and the training starts over"


class CheckpointError(error.Error):
    """A checkpoint cannot be gone on from; it is left as it is."""


class Part(Protocol):
    """Something that a training consists of."""

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that it is, as arrays without objects."""

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go on from a snapshot."""


class Streams:
    """The random numbers of an agent, one generator a seed, as a :class:`Part`."""

    def __init__(self, generators: Sequence[np.random.Generator]) -> None:
        self._generators = generators

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """(seeds, 6) words."""
        return {"words": np.array([seeding.words_of(generator) for generator in self._generators])}

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """In place: whoever holds one of the generators goes on with it."""
        for generator, words in zip(self._generators, snapshot["words"], strict=True):
            generator.bit_generator.state = seeding.generator_from(words).bit_generator.state


class Arrays:
    """Arrays of a training that are changed in place, as a :class:`Part`."""

    def __init__(self, **arrays: NDArray[Any]) -> None:
        self._arrays = arrays

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """Copies of them."""
        return {name: array.copy() for name, array in self._arrays.items()}

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """In place: whoever holds one of the arrays goes on with it."""
        for name, array in self._arrays.items():
            array[:] = snapshot[name]


class Checkpoint:
    """The file of a training, or none.

    Args:
        path: the file; None keeps nothing.
        config: the text of the run's ``config.json``: a checkpoint of another run is refused.
        interval: seconds between two checkpoints, by default ``INTERVAL``; the last whole step is kept in any case.
        observe: called with the parts every ``OBSERVED`` seconds, to show how the training goes; None for nobody.
    """

    def __init__(
        self,
        path: Path | None = None,
        config: str = "",
        interval: float | None = None,
        observe: Callable[[Mapping[str, Part]], None] | None = None,
    ) -> None:
        self._path, self._config, self._observe = path, config, observe
        self._interval = INTERVAL if interval is None else interval
        self._latest = self._began = self._observed = time.monotonic()

    @property
    def exists(self) -> bool:
        """Whether there is one to go on from."""
        return self._path is not None and self._path.exists()

    @property
    def seconds(self) -> float:
        """Wall-clock time of the training, that before the file was written included."""
        return time.monotonic() - self._began

    def restore(self, parts: Mapping[str, Part]) -> int:
        """Let the parts go on from the file; how far it was, and 0 where there is no file.

        Raises:
            CheckpointError: where the file is damaged, foreign, or of another run. It is left as it is, and nothing
                of it is gone on from.
        """
        if not self.exists:
            return 0
        arrays = self._read()
        for name, part in parts.items():
            prefix = f"{name}/"
            own = {key.removeprefix(prefix): value for key, value in arrays.items() if key.startswith(prefix)}
            try:
                part.restore(own)
            except error.Error:  # it says itself what is wrong
                raise
            except Exception as problem:
                raise CheckpointError(
                    f"{self._path} does not fit this training: what it holds of the {name} cannot be gone on from "
                    f"({problem!r}); {_LEFT}"
                ) from problem
        self._began = time.monotonic() - float(arrays["seconds"])
        return int(arrays["done"])

    def keep(self, done: int, parts: Mapping[str, Part], last: bool = False) -> None:
        """Write the file if it is time to, or if this is the ``last`` occasion; between, let the training be seen."""
        if self._observe is not None and time.monotonic() - self._observed >= OBSERVED:
            self._observe(parts)
            self._observed = time.monotonic()
        if self._path is None or not (last or time.monotonic() - self._latest >= self._interval):
            return
        arrays: dict[str, NDArray[Any]] = {
            f"{name}/{key}": value for name, part in parts.items() for key, value in part.snapshot().items()
        }
        arrays |= {"done": np.array(done), "seconds": np.array(self.seconds)}
        arrays |= {"config": np.array(self._config), "format": np.array(FORMAT)}
        try:
            write_arrays(self._path, arrays, compressed=False)
        except OSError as problem:  # a full disk must not end the training
            logger.warn(f"no checkpoint could be written to {self._path}: {problem}; the training goes on")
        self._latest = time.monotonic()

    def discard(self) -> None:
        """Remove the file: the training is over, and its results are kept elsewhere."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def _read(self) -> dict[str, NDArray[Any]]:
        assert self._path is not None
        try:
            arrays = read_arrays(self._path)
            written_as, config = arrays["format"].item(), arrays["config"].item()
        except Exception as problem:  # damaged bytes make zipfile and NumPy raise nearly anything
            raise CheckpointError(
                f"{self._path} is damaged, cut short, or no checkpoint of minigym's ({problem!r}); {_LEFT}"
            ) from None
        if written_as != FORMAT:
            raise CheckpointError(
                f"{self._path} was written in format {written_as}, and this version of minigym reads format {FORMAT}; "
                "resume it with the version named in config.json"
            )
        if config != self._config:
            raise CheckpointError(
                f"{self._path} belongs to another run: it was written under another config.json; put that one back"
            )
        return arrays
