"""What the batch engines that work on NumPy's arrays share: outputs, infos, seeds and rollouts.

An engine has the arithmetic of a batch; its interface, with all checks of arguments, is
:class:`minigym.vector.BatchEnv`.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigym.core import AutoresetMode
from minigym.dynamics.world import World
from minigym.vector.lanes import check_running
from minigym.vector.rollout import Rollout, action_streams, best_scores

_INT64, _FLOAT64, _BOOL = np.dtype(np.int64), np.dtype(np.float64), np.dtype(np.bool_)
_empty = np.empty


class Settings(NamedTuple):
    """What an engine is told besides the world."""

    num_envs: int
    num_actions: int
    observation_size: int  # the numbers of an observation; 0 where it is a single integer
    observation_dtype: np.dtype[Any]
    mode: AutoresetMode
    limit: float  # the steps after which an episode is truncated; inf for never
    copy: bool  # whether every call returns arrays of its own

    @property
    def same_step(self) -> bool:
        """Whether an episode that ends begins anew in the same step."""
        return self.mode is AutoresetMode.SAME_STEP


class Outputs(NamedTuple):
    """The arrays that a step writes."""

    observations: NDArray[Any]
    rewards: NDArray[np.float64]
    terminations: NDArray[np.bool_]
    truncations: NDArray[np.bool_]
    infos: Any  # (infos * num_envs,) float64, or () where the world has none
    finals: Any  # with same-step autoreset the last observations of lanes that ended, and infos likewise; else ()


class ArrayEngine(ABC):
    """A batch of one world in NumPy arrays. A subclass computes.

    Args:
        world: the world, whose parameters may be arrays of one number a lane.
        settings: the rest.
        checked: makes valid actions (num_envs,) int64 of whatever a caller gave, or raises InvalidAction.
    """

    def __init__(self, world: World, settings: Settings, checked: Callable[[Any], NDArray[np.int64]]) -> None:
        self.world = world
        self.settings = settings
        self._checked = checked
        self._shape = (settings.num_envs,)
        self._same_step = settings.same_step
        self._observation_dtype = settings.observation_dtype
        size = settings.observation_size
        self._observation_shape = (settings.num_envs, size) if size else self._shape
        self._infos = [(key, f"_{key}", type(value)) for key, value in world.infos.items()]
        self._everywhere = np.ones(self._shape if world.infos else 0, _BOOL)
        self._caller_resets = settings.mode is AutoresetMode.DISABLED
        self._kept = None if settings.copy else self._new_outputs()
        self._seeds: int | list[int | None] | None = None  # of lane 0, where the others follow, or of each

    @abstractmethod
    def set_params(self, params: Any) -> None:
        """Put other parameters in force from the next step on."""

    @abstractmethod
    def _seed(self, mask: NDArray[np.bool_], seeds: Sequence[int] | NDArray[np.uint64]) -> None:
        """Begin the streams of the lanes of ``mask``; there is a seed for every lane."""

    @abstractmethod
    def _begin(self, mask: NDArray[np.bool_], low: float, high: float) -> None:
        """Begin an episode in the lanes of ``mask``."""

    @abstractmethod
    def _observe(self, observations: NDArray[Any]) -> None:
        """Write the observations of all lanes."""

    @abstractmethod
    def _advance(self, actions: NDArray[np.int64], outputs: Outputs) -> int:
        """Step all lanes, and count those that began an episode; -1, and nothing has moved, if an action is none."""

    @abstractmethod
    def generators(self) -> tuple[np.random.Generator, ...]:
        """The lanes' streams as they are now."""

    def close(self) -> None:  # noqa: B027  # most engines have nothing to release
        """Release what is no memory."""

    @property
    @abstractmethod
    def state(self) -> NDArray[Any]:
        """(state size, num_envs), the engine's own array."""

    @property
    @abstractmethod
    def over(self) -> NDArray[np.bool_]:
        """(num_envs,), the lanes whose episode is over."""

    @property
    @abstractmethod
    def elapsed(self) -> NDArray[Any]:
        """(num_envs,), the steps of each lane's episode; of no meaning where it is over."""

    @abstractmethod
    def streams(self) -> NDArray[np.uint64]:
        """(num_envs, 4), the words of each lane's PCG64: state and increment, the high one first."""

    @abstractmethod
    def restore(self, elapsed: NDArray[np.int64], streams: NDArray[np.uint64]) -> None:
        """Put back the steps, -1 where the episode is over, and the streams; the state is written to ``state``."""

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """The seed of each lane's stream; None where it was not seeded yet."""
        if isinstance(self._seeds, list):
            return tuple(self._seeds)
        if self._seeds is None:
            return (None,) * self.settings.num_envs
        return tuple(range(self._seeds, self._seeds + self.settings.num_envs))

    def reset(
        self, mask: NDArray[np.bool_], seed: int | list[int | None] | None, low: float, high: float
    ) -> tuple[NDArray[Any], dict[str, Any]]:
        """Begin an episode in the lanes of ``mask``. Streams that were never seeded begin anywhere."""
        if seed is None and self._seeds is None:
            seed = any_seed()
        if isinstance(seed, int):
            self._seed_from(seed, mask)
        elif seed is not None:
            chosen = [any_seed() if new is old is None else new for new, old in zip(seed, self.seeds, strict=True)]
            seeded = mask & np.array([one is not None for one in chosen])
            self._seeds = [
                new if renewed else old for new, old, renewed in zip(chosen, self.seeds, seeded, strict=True)
            ]
            self._seed(seeded, [one or 0 for one in chosen])
        self._begin(mask, low, high)
        observations = self.observe()
        infos: dict[str, Any] = {}
        for key, value in self.world.infos.items():
            infos[key], infos[f"_{key}"] = np.where(mask, value, 0), mask.copy()
        return observations, infos

    def observe(self) -> NDArray[Any]:
        """The observations of all lanes, as they are now."""
        observations = self._kept.observations if self._kept else self._new_observations()
        self._observe(observations)
        return observations

    def _seed_from(self, seed: int, mask: NDArray[np.bool_]) -> None:
        """Seed lane i of ``mask`` with ``seed + i``."""
        num_envs = self.settings.num_envs
        if mask.all():
            self._seeds = seed
        else:
            self._seeds = [seed + lane if mask[lane] else old for lane, old in enumerate(self.seeds)]
        if seed + num_envs <= 2**64:
            self._seed(mask, np.uint64(seed) + np.arange(num_envs, dtype=np.uint64))
        else:
            self._seed(mask, range(seed, seed + num_envs))

    def step(
        self, actions: Any
    ) -> tuple[NDArray[Any], NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_], dict[str, Any]]:
        """See :meth:`minigym.VectorEnv.step`."""
        # What the kernels take ("carray": contiguous, aligned, writable); it spares the usual case a call.
        if not (
            type(actions) is np.ndarray
            and actions.dtype is _INT64
            and actions.shape == self._shape
            and actions.flags.carray
        ):
            actions = self._checked(actions)
        if self._caller_resets:
            over = self.over
            if over.any():
                check_running(over.tolist())
        outputs = self._kept or self._new_outputs()
        begun = self._advance(actions, outputs)
        if begun < 0:
            self._checked(actions)  # which says what is wrong
        observations, rewards, terminations, truncations, numbers, finals = outputs
        infos: dict[str, Any] = {}
        ended = terminations | truncations if begun and finals else None
        # SyncVectorEnv's keys stand in the order in which its lanes bring them.
        if ended is not None and ended[0]:
            self._add_finals(infos, ended, finals)
        for row, (key, mask_key, kind) in zip(self._rows(numbers), self._infos, strict=True):
            # Those of resets may be integers, and stay so where all lanes were reset.
            infos[key] = row if begun < self._shape[0] else row.astype(kind)
            infos[mask_key] = self._everywhere.copy()
        if ended is not None and not ended[0]:
            self._add_finals(infos, ended, finals)
        return observations, rewards, terminations, truncations, infos

    def _add_finals(self, infos: dict[str, Any], ended: NDArray[np.bool_], finals: Any) -> None:
        """What the lanes that ended in this step showed last, before they were reset."""
        observations, numbers = finals
        last = np.full(self._shape, None)
        for lane in np.flatnonzero(ended).tolist():
            last[lane] = observations[lane].copy() if self.settings.observation_size else int(observations[lane])
        final_infos: dict[str, Any] = {}
        for row, key in zip(self._rows(numbers), self.world.infos, strict=True):
            final_infos[key], final_infos[f"_{key}"] = np.where(ended, row, 0.0), ended.copy()
        infos["final_obs"], infos["_final_obs"] = last, ended.copy()
        infos["final_info"], infos["_final_info"] = final_infos, ended.copy()

    def _rows(self, numbers: Any) -> Any:
        """The infos, one array a key."""
        if len(self._infos) > 1:
            return numbers.reshape(-1, self.settings.num_envs)
        return (numbers,) if self._infos else ()

    def _new_observations(self) -> NDArray[Any]:
        return _empty(self._observation_shape, self._observation_dtype)

    def _new_infos(self) -> Any:
        return _empty(len(self._infos) * self.settings.num_envs) if self._infos else ()

    def _new_outputs(self) -> Outputs:
        shape = self._shape
        arrays = (
            _empty(self._observation_shape, self._observation_dtype),
            _empty(shape, _FLOAT64),
            _empty(shape, _BOOL),
            _empty(shape, _BOOL),
            self._new_infos() if self._infos else (),
            (self._new_observations(), self._new_infos()) if self._same_step else (),
        )
        return tuple.__new__(Outputs, arrays)  # what Outputs(*arrays) does, in half the time, once a step

    # Rollouts.

    def rollout(self, kind: str, policy: Any, num_steps: int, seed: int | None) -> Rollout:
        """Play ``num_steps`` steps; ``kind`` and ``policy`` are those of :func:`checked_policy`."""
        choose: Callable[[NDArray[Any]], NDArray[np.int64]] = {
            "random": self._uniform_actions,
            "table": lambda observations: policy[observations],
            "linear": lambda observations: best_scores(observations, *policy),
            "function": lambda observations: self._checked(policy(observations.copy())),
        }[kind]
        if kind == "random":
            self._seed_actions(seed)
        played = self._new_rollout(num_steps)
        outputs = self._new_outputs()
        self._observe(outputs.observations)
        for time in range(num_steps):
            played.observations[time] = outputs.observations
            played.actions[time] = choose(played.observations[time])
            played.resets[time] = self.over
            self._advance(played.actions[time], outputs)
            self._keep(played, time, outputs)
        return played

    def _keep(self, played: Rollout, time: int, outputs: Outputs) -> None:
        """Write one step into the rollout."""
        played.rewards[time], played.terminations[time] = outputs.rewards, outputs.terminations
        played.truncations[time], played.next_observations[time] = outputs.truncations, outputs.observations
        if self.settings.same_step:
            ended = outputs.terminations | outputs.truncations
            played.next_observations[time, ended] = outputs.finals[0][ended]

    def _new_rollout(self, num_steps: int) -> Rollout:
        kept = self._kept_rollout
        if kept is not None and len(kept.rewards) == num_steps:
            return kept
        flat, whole = (num_steps, *self._shape), (num_steps, *self._observation_shape)
        dtype = self.settings.observation_dtype
        played = Rollout(
            observations=np.empty(whole, dtype),
            actions=np.empty(flat, np.int64),
            rewards=np.empty(flat),
            next_observations=np.empty(whole, dtype),
            terminations=np.empty(flat, np.bool_),
            truncations=np.empty(flat, np.bool_),
            resets=np.empty(flat, np.bool_),
        )
        if not self.settings.copy:
            self._kept_rollout = played
        return played

    _kept_rollout: Rollout | None = None
    _action_streams: list[np.random.Generator] | None = None

    def _seed_actions(self, seed: int | None) -> None:
        """Begin the streams of random actions anew; without a seed they run on."""
        if seed is not None or self._action_streams is None:
            self._action_streams = action_streams(any_seed() if seed is None else seed, self.settings.num_envs)

    def _uniform_actions(self, observations: NDArray[Any]) -> NDArray[np.int64]:
        assert self._action_streams is not None  # _seed_actions comes first
        uniforms = np.array([generator.random() for generator in self._action_streams])
        return (uniforms * self.settings.num_actions).astype(np.int64)


def any_seed() -> int:
    """A seed of 63 bits from the system's entropy, so that seed + i still has 64."""
    return int(np.random.SeedSequence().generate_state(1, np.uint64)[0] >> np.uint64(1))
