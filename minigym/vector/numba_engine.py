"""The engine for one or more processor cores: the kernels, and the memory that they work on."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import seeding
from minigym.dynamics.world import World
from minigym.vector.compiling import digest, kernel
from minigym.vector.engine import ArrayEngine, Outputs, Settings, any_seed
from minigym.vector.kernels import BLOCK, Shape, kernels, seed_choices
from minigym.vector.pcg64 import POOL_SIZE
from minigym.vector.rollout import Rollout


class NumbaEngine(ArrayEngine):
    """Compiled lanes, shared out among ``num_threads`` threads. Lanes never meet, so threads change no bit."""

    _pool: ThreadPoolExecutor | None = None
    _choices: NDArray[np.uint64] | None = None  # the streams of random actions

    def __init__(
        self, world: World, settings: Settings, checked: Callable[[Any], NDArray[np.int64]], num_threads: int
    ) -> None:
        super().__init__(world, settings, checked)
        self._num_threads = num_threads
        self._lay_out(world.params)

    def _lay_out(self, params: Any) -> None:
        """Choose the kernels and the places in the memory for such parameters."""
        world, settings = self.world, self.settings
        num_envs, tables, per_lane = settings.num_envs, None, False
        if world.has_tables:
            self._tables = params  # so that what the memory points to stays
            is_array = [isinstance(value, np.ndarray) for value in params]
            tables = tuple(value.dtype if own else None for value, own in zip(params, is_array, strict=True))
            words = [
                (value.ctypes.data, len(value)) if own else (value, 0)
                for value, own in zip(params, is_array, strict=True)
            ]
            rows = [np.array(words, np.uint64).ravel().view(np.float64)]
        else:
            numbers = [np.asarray(value, np.float64) for value in params]
            per_lane = any(number.ndim for number in numbers)
            rows = [np.broadcast_to(number, num_envs) for number in numbers] if per_lane else [np.array(numbers)]
        draws = world.start_draws, world.step_draws
        self._kernels = kernels(
            Shape(
                start=world.start,
                transition=world.transition,
                prepare=world.prepare,
                observe=world.observe,
                make_params=type(params),
                sizes=(world.state_size, world.prepare_size, *draws, len(world.infos), 0 if tables else len(params)),
                reset_infos=tuple(float(value) for value in world.infos.values()),
                is_discrete=world.is_discrete,
                observation_size=settings.observation_size,
                tables=tables,
                per_lane=per_lane,
                same_step=settings.same_step,
            )
        )
        self._step = self._kernels.step
        header = np.array([settings.limit, settings.num_actions, *(world.start_bounds or (0.0, 0.0))])
        begin = len(header) + sum(map(len, rows))
        self._memory = np.zeros(begin + (world.state_size + 5) * num_envs)
        self._memory[:begin] = np.concatenate([header, *rows])
        lanes = self._memory[begin:].reshape(-1, num_envs)
        self._state, self._streams, self._elapsed = lanes[:-5], lanes[-5:-1].view(np.uint64), lanes[-1]

    def set_params(self, params: Any) -> None:
        before = self._state, self._streams, self._elapsed
        self.world = self.world._replace(params=params)
        self._lay_out(params)
        for target, source in zip((self._state, self._streams, self._elapsed), before, strict=True):
            target[...] = source

    @property
    def state(self) -> NDArray[Any]:
        return self._state

    @property
    def over(self) -> NDArray[np.bool_]:
        over: NDArray[np.bool_] = self._elapsed < 0
        return over

    @property
    def elapsed(self) -> NDArray[Any]:
        elapsed: NDArray[Any] = self._elapsed
        return elapsed

    def streams(self) -> NDArray[np.uint64]:
        streams: NDArray[np.uint64] = self._streams.T
        return streams

    def restore(self, elapsed: NDArray[np.int64], streams: NDArray[np.uint64]) -> None:
        self._elapsed[:], self._streams[:] = elapsed, streams.T

    def generators(self) -> tuple[np.random.Generator, ...]:
        return tuple(map(seeding.generator_from, self.streams().tolist()))

    def _seed(self, mask: NDArray[np.bool_], seeds: Sequence[int] | NDArray[np.uint64]) -> None:
        if not isinstance(seeds, np.ndarray):
            if max(seeds) < 2**64:
                seeds = np.array(seeds, np.uint64)
            else:  # NumPy's own way, a lane at a time
                for lane in np.flatnonzero(mask).tolist():
                    state = np.random.PCG64(seeds[lane]).state["state"]
                    words = (word >> shift & 2**64 - 1 for word in (state["state"], state["inc"]) for shift in (64, 0))
                    self._streams[:, lane] = np.array(list(words), np.uint64)
                return
        self._on_all_lanes(self._kernels.seed, self._memory, mask, seeds)

    def _begin(self, mask: NDArray[np.bool_], low: float, high: float) -> None:
        self._on_all_lanes(self._kernels.reset, self._memory, mask, float(low), float(high))

    def _observe(self, observations: NDArray[Any]) -> None:
        self._on_all_lanes(self._kernels.observe, self._memory, observations)

    def _advance(self, actions: NDArray[np.int64], outputs: Outputs) -> int:
        if self._num_threads == 1:
            begun: int = self._step(0, len(actions), self._memory, actions, *outputs)
            return begun
        # Each thread looks at all actions, so that either all of them move or none.
        counts = self._on_all_lanes(self._step, self._memory, actions, *outputs)
        return -1 if counts[0] < 0 else sum(counts)

    def rollout(self, kind: str, policy: Any, num_steps: int, seed: int | None) -> Rollout:
        if kind == "function":
            return super().rollout(kind, policy, num_steps, seed)
        if kind == "random":
            self._seed_actions(seed)
            policy = self._choices
        played = self._new_rollout(num_steps)
        outputs = self._new_outputs()
        self._on_all_lanes(
            self._kernels.rollout[kind],
            self._memory,
            policy,
            *played,
            outputs.observations,
            outputs.infos,
            outputs.finals,
        )
        return played

    def _seed_actions(self, seed: int | None) -> None:
        if seed is None and self._choices is not None:
            return
        words = _words_of(any_seed() if seed is None else seed)
        # What SeedSequence makes of a seed and a spawn key: the seed filled up to the pool's size, then the key.
        entropy = np.array([*words, *[0] * (POOL_SIZE - len(words)), 0], np.uint64)
        self._choices = np.empty(4 * self.settings.num_envs, np.uint64)
        kernel(seed_choices, digest(seed_choices))(self._choices, entropy)

    def _on_all_lanes(self, function: Any, *arguments: Any) -> list[Any]:
        """Call a kernel for all lanes, on the threads that there are; what each call returns."""
        num_envs, threads = self.settings.num_envs, self._num_threads
        blocks = -(-num_envs // int(BLOCK))
        threads = min(threads, blocks)
        if threads == 1:
            return [function(0, num_envs, *arguments)]
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self._num_threads - 1)
        ends = [min(num_envs, blocks * thread // threads * int(BLOCK)) for thread in range(threads + 1)]
        others = [self._pool.submit(function, *part, *arguments) for part in pairwise(ends[1:])]
        return [function(0, ends[1], *arguments), *(other.result() for other in others)]

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()

    # Threads and machine code stay in their process: a copy gets its own.

    def __getstate__(self) -> dict[str, Any]:
        made_anew = ("_pool", "_kernels", "_step", "_tables", "_state", "_streams", "_elapsed")
        return {name: value for name, value in self.__dict__.items() if name not in made_anew}

    def __setstate__(self, state: dict[str, Any]) -> None:
        memory = state["_memory"]
        self.__dict__.update(state)
        self._lay_out(self.world.params)
        lanes = (self.world.state_size + 5) * self.settings.num_envs
        self._memory[-lanes:] = memory[-lanes:]  # not what stands before them: tables have other addresses now


def _words_of(seed: int) -> list[int]:
    """The 32-bit words of a seed, the lowest first."""
    words = [seed & 0xFFFFFFFF]
    while seed := seed >> 32:
        words.append(seed & 0xFFFFFFFF)
    return words
