"""The engine that needs NumPy alone: the functions of a world on arrays, one NumPy Generator a lane.

It is there for correctness, not for speed: its sines are the C library's, one by one, so that they equal those of the
single environment on every platform, which NumPy's own need not.
"""

import math
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import seeding
from minigym.core import AutoresetMode
from minigym.dynamics.world import Ops, World
from minigym.vector.engine import ArrayEngine, Outputs, Settings


def _one_by_one(function: Callable[[float], float]) -> Callable[[Any], Any]:
    def of_all(numbers: Any) -> NDArray[np.float64]:
        # math refuses infinity; a pole that is about to be reset may have got there.
        return np.array(
            [function(number) if math.isfinite(number) else math.nan for number in np.ravel(numbers).tolist()]
        )

    return of_all


def _search(values: NDArray[np.float64], x: Any) -> Any:
    return np.searchsorted(values, x, side="right")


OPS = Ops(sin=_one_by_one(math.sin), cos=_one_by_one(math.cos), where=np.where, search=_search)


class NumpyEngine(ArrayEngine):
    """All lanes in one array operation after the other."""

    def __init__(self, world: World, settings: Settings, checked: Callable[[Any], NDArray[np.int64]]) -> None:
        super().__init__(world, settings, checked)
        self._params = world.params
        self._state = np.zeros((world.state_size, settings.num_envs), np.int64 if world.is_discrete else np.float64)
        self._elapsed = np.zeros(settings.num_envs, np.int64)
        self._over = np.zeros(settings.num_envs, np.bool_)
        self._generators: list[Any] = [None] * settings.num_envs

    def set_params(self, params: Any) -> None:
        self._params = params

    @property
    def state(self) -> NDArray[Any]:
        return self._state

    @property
    def over(self) -> NDArray[np.bool_]:
        return self._over.copy()

    @property
    def elapsed(self) -> NDArray[Any]:
        return self._elapsed

    def streams(self) -> NDArray[np.uint64]:
        return np.array([seeding.words_of(generator)[:4] for generator in self._generators])

    def restore(self, elapsed: NDArray[np.int64], streams: NDArray[np.uint64]) -> None:
        self._elapsed[:], self._over[:] = elapsed, elapsed < 0
        self._generators = [seeding.generator_from(words) for words in streams]

    def generators(self) -> tuple[np.random.Generator, ...]:
        return tuple(deepcopy(self._generators))

    def _seed(self, mask: NDArray[np.bool_], seeds: Sequence[int] | NDArray[np.uint64]) -> None:
        for lane in np.flatnonzero(mask).tolist():
            self._generators[lane], _ = seeding.np_random(seeds[lane])

    def _begin(self, mask: NDArray[np.bool_], low: float, high: float) -> None:
        if mask.any():
            uniforms = self._drawn(mask, self.world.start_draws)[:, mask]
            params = self._params
            if not self.world.has_tables:
                params = params._make(number[mask] if np.ndim(number) else number for number in params)
            state = self.world.start(tuple(uniforms), low, high, params, OPS)
            self._state[:, mask] = np.stack(np.broadcast_arrays(*state))
            self._elapsed[mask] = 0
            self._over[mask] = False

    def _drawn(self, mask: NDArray[np.bool_], count: int) -> NDArray[np.float64]:
        """(count, num_envs): what the streams of the lanes of ``mask`` give next; 0 in the other lanes."""
        uniforms = np.zeros((count, self.settings.num_envs))
        if count:
            for lane in np.flatnonzero(mask).tolist():
                uniforms[:, lane] = self._generators[lane].random(count)
        return uniforms

    def _observe(self, observations: NDArray[Any]) -> None:
        self._write_observations(observations, tuple(self._state))

    def _write_observations(self, observations: NDArray[Any], state: tuple[Any, ...]) -> None:
        numbers = state if self.world.observe is None else self.world.observe(state, OPS)
        if not self.settings.observation_size:
            observations[...] = numbers[0]
            return
        with np.errstate(over="ignore"):  # beyond float32 is inf, as in the single environment
            for index, number in enumerate(numbers):
                observations[:, index] = number

    def _advance(self, actions: NDArray[np.int64], outputs: Outputs) -> int:
        world, settings = self.world, self.settings
        if actions.min() < 0 or actions.max() >= settings.num_actions:
            return -1
        begun = self._over.copy()  # only in the next-step mode is there any
        uniforms = tuple(self._drawn(~begun, world.step_draws))
        state = tuple(self._state)
        # Lanes that begin anew go along, to no effect; what they, or poles out of control, overflow is no error.
        with np.errstate(all="ignore"):
            values = () if world.prepare is None else world.prepare(state, self._params, OPS)
            state, reward, terminated, numbers = world.transition(state, actions, values, uniforms, self._params, OPS)
        self._elapsed += 1
        terminated = terminated & ~begun
        truncated = (self._elapsed >= settings.limit) & ~begun
        self._state = np.where(begun, self._state, np.stack(np.broadcast_arrays(*state)))
        outputs.rewards[...] = np.where(begun, 0.0, reward)
        outputs.terminations[...], outputs.truncations[...] = terminated, truncated
        for row, number in zip(self._rows(outputs.infos), numbers, strict=True):
            row[...] = number
        self._over = terminated | truncated
        if settings.mode is AutoresetMode.SAME_STEP:
            begun = self._over.copy()
            self._write_observations(outputs.finals[0], tuple(self._state))
            if world.infos:
                outputs.finals[1][...] = outputs.infos
        for row, value in zip(self._rows(outputs.infos), world.infos.values(), strict=True):
            row[begun] = value
        if settings.mode is not AutoresetMode.DISABLED:
            self._begin(begun, *(world.start_bounds or (0.0, 0.0)))
        self._observe(outputs.observations)
        return int(begun.sum())
