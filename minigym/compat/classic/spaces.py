"""``gym.spaces``: the six spaces with the draws, the texts and the lenience of their time."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym.compat.classic import seeding
from minigym.compat.install import at_least

__all__ = ["Box", "Dict", "Discrete", "MultiBinary", "MultiDiscrete", "Space", "Tuple"]


class Space:
    """A set of values that can be drawn from; its generator is made when it is first needed."""

    def __init__(self, shape: Sequence[int] | None = None, dtype: Any = None, seed: int | None = None) -> None:
        self.shape = None if shape is None else tuple(shape)
        self.dtype: Any = None if dtype is None else np.dtype(dtype)
        self._np_random: np.random.RandomState | None = None
        if seed is not None:
            self.seed(seed)

    @property
    def np_random(self) -> np.random.RandomState:
        """The space's own generator."""
        if self._np_random is None:
            self._np_random, _ = seeding.np_random()
        return self._np_random

    def seed(self, seed: Any = None) -> Any:
        """Start the draws anew; returns the seeds used, as a list."""
        self._np_random, used = seeding.np_random(seed)
        return [used]

    def sample(self) -> Any:
        """A random element."""
        raise NotImplementedError

    def contains(self, x: Any) -> bool:
        """Whether ``x`` is an element."""
        raise NotImplementedError

    def __contains__(self, x: Any) -> bool:
        return self.contains(x)

    def to_jsonable(self, sample_n: Any) -> Any:
        """Several elements in a form for JSON."""
        return sample_n

    def from_jsonable(self, sample_n: Any) -> Any:
        """The inverse of :meth:`to_jsonable`."""
        return sample_n

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self._equals(other)

    __hash__ = None  # type: ignore[assignment]  # as it was: what compares by value and can change has no hash

    def _equals(self, other: Any) -> bool:
        """Whether a space of the same class holds the same elements."""
        return self is other


class Discrete(Space):
    """The integers 0 .. n-1; a sample is a Python int."""

    def __init__(self, n: int, seed: int | None = None) -> None:
        assert n >= 0, f"n must not be negative, got {n}"
        self.n = n
        super().__init__((), np.int64, seed)

    def sample(self) -> int:
        return int(self.np_random.randint(self.n))

    def contains(self, x: Any) -> bool:
        if isinstance(x, (np.generic, np.ndarray)):  # NumPy integers and 0-d arrays pass
            if x.dtype.kind not in "iu" or x.shape != ():
                return False
            x = int(x)
        return isinstance(x, int) and 0 <= x < self.n

    def __repr__(self) -> str:
        return f"Discrete({self.n})"

    def _equals(self, other: Any) -> bool:
        return bool(self.n == other.n)


class Box(Space):
    """Arrays between ``low`` and ``high``, either of which may be infinite."""

    def __init__(
        self, low: Any, high: Any, shape: Sequence[int] | None = None, dtype: Any = np.float32, seed: int | None = None
    ) -> None:
        given = [np.shape(bound) for bound in (low, high) if not np.isscalar(bound)]
        shapes = given if shape is None else [tuple(shape), *given]
        if not shapes:
            raise ValueError("a Box needs a shape where low and high are numbers: write for instance shape=(3,)")
        assert all(other == shapes[0] for other in shapes), f"low, high and shape contradict each other: {shapes}"
        super().__init__(shapes[0], dtype, seed)
        self.low = np.full(shapes[0], low).astype(self.dtype)
        self.high = np.full(shapes[0], high).astype(self.dtype)
        self.bounded_below = -np.inf < self.low
        self.bounded_above = np.inf > self.high

    def is_bounded(self, manner: str = "both") -> bool:
        """Whether the bounds are finite: "below", "above" or "both"."""
        below, above = bool(np.all(self.bounded_below)), bool(np.all(self.bounded_above))
        return {"both": below and above, "below": below, "above": above}[manner]

    def sample(self) -> NDArray[Any]:
        rng, below, above = self.np_random, self.bounded_below, self.bounded_above
        high = self.high if self.dtype.kind == "f" else self.high.astype(np.int64) + 1
        sample = np.empty(self.low.shape)
        # One kind of coordinate after the other, in this order: that is what makes the draws the original's.
        free, from_low, to_high, between = ~below & ~above, below & ~above, ~below & above, below & above
        sample[free] = rng.normal(size=free.sum())
        sample[from_low] = rng.exponential(size=from_low.sum()) + self.low[from_low]
        sample[to_high] = -rng.exponential(size=to_high.sum()) + self.high[to_high]
        sample[between] = rng.uniform(self.low[between], high[between], size=between.sum())
        return (np.floor(sample) if self.dtype.kind == "i" else sample).astype(self.dtype)

    def contains(self, x: Any) -> bool:
        if not isinstance(x, np.ndarray):
            x = np.asarray(x, dtype=self.dtype if at_least("0.20") else None)
        castable = np.can_cast(x.dtype, self.dtype) if at_least("0.20") else True
        return bool(castable and x.shape == self.shape and np.all(x >= self.low) and np.all(x <= self.high))

    def to_jsonable(self, sample_n: Any) -> Any:
        return np.array(sample_n).tolist()

    def from_jsonable(self, sample_n: Any) -> Any:
        return [np.asarray(sample) for sample in sample_n]

    def __repr__(self) -> str:
        low, high = (self.low, self.high) if at_least("0.19") else (self.low.min(), self.high.max())
        return f"Box({low}, {high}, {self.shape}, {self.dtype})"

    def _equals(self, other: Any) -> bool:
        same_shape = self.shape == other.shape
        return bool(same_shape and np.allclose(self.low, other.low) and np.allclose(self.high, other.high))


class MultiBinary(Space):
    """Arrays of zeros and ones; ``n`` is their length or shape."""

    def __init__(self, n: Any, seed: int | None = None) -> None:
        self.n = n
        super().__init__(tuple(n) if isinstance(n, (tuple, list, np.ndarray)) else (n,), np.int8, seed)

    def sample(self) -> NDArray[np.int8]:
        sample: NDArray[np.int8] = self.np_random.randint(0, 2, size=self.n, dtype=np.int8)
        return sample

    def contains(self, x: Any) -> bool:
        x = np.asarray(x)
        return bool(x.shape == self.shape and ((x == 0) | (x == 1)).all())

    def to_jsonable(self, sample_n: Any) -> Any:
        return np.array(sample_n).tolist()

    def from_jsonable(self, sample_n: Any) -> Any:
        return [np.asarray(sample) for sample in sample_n]

    def __repr__(self) -> str:
        return f"MultiBinary({self.n})"

    def _equals(self, other: Any) -> bool:
        return bool(self.shape == other.shape)


class MultiDiscrete(Space):
    """Arrays of integers, the k-th from 0 .. ``nvec[k]`` - 1."""

    def __init__(self, nvec: Any, dtype: Any = np.int64, seed: int | None = None) -> None:
        assert (np.array(nvec) > 0).all(), f"every entry of nvec must be positive, got {nvec}"
        self.nvec: NDArray[Any] = np.asarray(nvec, dtype=dtype)
        super().__init__(self.nvec.shape, dtype, seed)

    def sample(self) -> NDArray[Any]:
        sample: NDArray[Any] = (self.np_random.random_sample(self.nvec.shape) * self.nvec).astype(self.dtype)
        return sample

    def contains(self, x: Any) -> bool:
        x = np.asarray(x)
        return bool(x.shape == self.shape and (x >= 0).all() and (x < self.nvec).all())

    def to_jsonable(self, sample_n: Any) -> Any:
        return [sample.tolist() for sample in sample_n]

    def from_jsonable(self, sample_n: Any) -> Any:
        return np.array(sample_n)

    def __len__(self) -> int:
        return len(self.nvec)

    def __repr__(self) -> str:
        return f"MultiDiscrete({self.nvec})"

    def _equals(self, other: Any) -> bool:
        return bool(np.array_equal(self.nvec, other.nvec))


class _Composite(Space):
    """What Tuple and Dict share: one seed becomes a seed for every part."""

    def _seed_parts(self, parts: list[Space], seed: Any) -> Any:
        if seed is None or not at_least("0.20"):  # every part the same seed, and no answer
            answers = [part.seed(seed) for part in parts]
            return [used for answer in answers for used in answer] if at_least("0.20") else None
        # The largest int64, not of the platform's int, so that Windows draws the same.
        used = Space.seed(self, seed)
        for part, subseed in zip(parts, self.np_random.choice(2**63 - 1, size=len(parts)).tolist(), strict=True):
            used += part.seed(subseed)[:1]
        return used


class Tuple(_Composite):
    """One element of each of several spaces."""

    def __init__(self, spaces: Sequence[Space], seed: Any = None) -> None:
        assert all(isinstance(space, Space) for space in spaces), f"a Tuple is made of spaces, got {spaces}"
        self.spaces = spaces
        super().__init__(None, None, seed)

    def seed(self, seed: Any = None) -> Any:
        if isinstance(seed, list):
            return [used for space, part in zip(self.spaces, seed, strict=True) for used in space.seed(part)]
        return self._seed_parts(list(self.spaces), seed)

    def sample(self) -> tuple[Any, ...]:
        return tuple(space.sample() for space in self.spaces)

    def contains(self, x: Any) -> bool:
        return (
            isinstance(x, (tuple, list))
            and len(x) == len(self.spaces)
            and all(space.contains(part) for space, part in zip(self.spaces, x, strict=True))
        )

    def to_jsonable(self, sample_n: Any) -> Any:
        return [space.to_jsonable([sample[k] for sample in sample_n]) for k, space in enumerate(self.spaces)]

    def from_jsonable(self, sample_n: Any) -> Any:
        columns = [space.from_jsonable(column) for space, column in zip(self.spaces, sample_n, strict=True)]
        return list(zip(*columns, strict=True))

    def __getitem__(self, index: Any) -> Any:
        return self.spaces[index]

    def __len__(self) -> int:
        return len(self.spaces)

    def __repr__(self) -> str:
        return f"Tuple({', '.join(map(str, self.spaces))})"

    def _equals(self, other: Any) -> bool:
        return bool(self.spaces == other.spaces)


class Dict(_Composite):
    """One element of each of several named spaces; the names of a plain dict are sorted."""

    def __init__(self, spaces: Any = None, seed: Any = None, **spaces_kwargs: Space) -> None:
        assert spaces is None or not spaces_kwargs, "write Dict({...}) or Dict(name=space), not both"
        given = spaces_kwargs if spaces is None else spaces
        if isinstance(given, dict) and not isinstance(given, OrderedDict):
            given = sorted(given.items())
        self.spaces: OrderedDict[str, Space] = OrderedDict(given)
        assert all(isinstance(space, Space) for space in self.spaces.values()), "the values of a Dict are spaces"
        super().__init__(None, None, seed)

    def seed(self, seed: Any = None) -> Any:
        if isinstance(seed, dict):
            return [used for key, part in seed.items() for used in self.spaces[key].seed(part)]
        return self._seed_parts(list(self.spaces.values()), seed)

    def sample(self) -> "OrderedDict[str, Any]":
        return OrderedDict((key, space.sample()) for key, space in self.spaces.items())

    def contains(self, x: Any) -> bool:
        return (
            isinstance(x, dict)
            and x.keys() == self.spaces.keys()
            and all(space.contains(x[key]) for key, space in self.spaces.items())
        )

    def to_jsonable(self, sample_n: Any) -> Any:
        return {key: space.to_jsonable([sample[key] for sample in sample_n]) for key, space in self.spaces.items()}

    def from_jsonable(self, sample_n: Any) -> Any:
        columns = [space.from_jsonable(sample_n[key]) for key, space in self.spaces.items()]
        return [dict(zip(self.spaces, row, strict=True)) for row in zip(*columns, strict=True)]

    def __getitem__(self, key: str) -> Space:
        return self.spaces[key]

    def __setitem__(self, key: str, space: Space) -> None:
        self.spaces[key] = space

    def __iter__(self) -> Iterator[str]:
        return iter(self.spaces)

    def __len__(self) -> int:
        return len(self.spaces)

    def keys(self) -> Any:
        """The names."""
        return self.spaces.keys()

    def values(self) -> Any:
        """The spaces."""
        return self.spaces.values()

    def items(self) -> Any:
        """The names and spaces."""
        return self.spaces.items()

    def __repr__(self) -> str:
        return f"Dict({', '.join(f'{key}:{space}' for key, space in self.spaces.items())})"

    def _equals(self, other: Any) -> bool:
        return bool(self.spaces == other.spaces)
