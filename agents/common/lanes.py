"""The environments that a network trains in: a few lanes for each seed, all stepped together.

An environment with a batch engine is stepped by it, any other one by one; the numbers are the same. Lane j of run
``seed`` begins with the j-th integer of the run's TRAIN stream, so a seed meets the same worlds alone or among others.

A snapshot is plain arrays, from which the lanes go on to the bit.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.common import streams
from agents.common.environment import Environment
from minigym import error, seeding


class Transition(NamedTuple):
    """One step of all lanes, (S, L, ...) each."""

    next_observation: NDArray[Any]
    """Where the step led: of an episode that ended its last observation, never the first of another one."""
    reward: NDArray[np.float64]
    terminated: NDArray[np.bool_]
    truncated: NDArray[np.bool_]


class Record:
    """Each seed's finished episodes, in the order in which they ended; a part of a checkpoint."""

    def __init__(self, seeds: int) -> None:
        self.returns: list[list[float]] = [[] for _ in range(seeds)]
        self.lengths: list[list[int]] = [[] for _ in range(seeds)]

    def recent(self) -> float:
        """For a progress bar: the mean return of each seed's last 100 episodes; NaN before all seeds have one."""
        return float(np.mean([np.mean(own[-100:]) if own else math.nan for own in self.returns]))

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All episodes end to end, and how many each seed has."""
        return {
            "episode_returns": np.concatenate(self.returns).astype(np.float64),
            "episode_lengths": np.concatenate(self.lengths).astype(np.int64),
            "episodes": np.array([len(own) for own in self.returns]),
        }

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go on from a snapshot."""
        ends = np.cumsum(snapshot["episodes"])[:-1]
        self.returns = [own.tolist() for own in np.split(snapshot["episode_returns"], ends)]
        self.lengths = [own.tolist() for own in np.split(snapshot["episode_lengths"], ends)]


class Lanes(ABC):
    """L environments for each of S seeds; a subclass steps them.

    Args:
        environment: which.
        seeds: the run seeds.
        per_seed: L.
        purpose: the stream that seeds the lanes.
    """

    def __init__(
        self, environment: Environment, seeds: Sequence[int], per_seed: int, purpose: int = streams.TRAIN
    ) -> None:
        self.shape = (len(seeds), per_seed)
        self._seeds, self._purpose = seeds, purpose
        self.record = Record(len(seeds))
        self._return, self._length = np.zeros(self.shape), np.zeros(self.shape, np.int64)
        self._make(environment)
        self.begin()

    def begin(self, *part: int) -> None:
        """Begin an episode in every lane, from seeds of their own for each ``part``, such as the number of a batch."""
        words = [word for seed in self._seeds for word in streams.integers(seed, self._purpose, self.shape[1], *part)]
        self._return[:], self._length[:] = 0.0, 0
        self.observation = self._split(self._reset(words))
        """(S, L, ...), where the next step begins."""

    def step(self, actions: NDArray[np.int64], counted: NDArray[np.bool_] | None = None) -> Transition:
        """Play (S, L) actions; a lane whose episode ended begins another one.

        Args:
            actions: one for each lane.
            counted: (S, L), the lanes whose episodes go on record; None for all.
        """
        *parts, observation = self._play(actions.ravel())
        self.observation = self._split(observation)
        transition = Transition(*map(self._split, parts))
        self._return += transition.reward
        self._length += 1
        for seed, lane in np.argwhere(transition.terminated | transition.truncated).tolist():
            if counted is None or counted[seed, lane]:
                self.record.returns[seed].append(float(self._return[seed, lane]))
                self.record.lengths[seed].append(int(self._length[seed, lane]))
            self._return[seed, lane], self._length[seed, lane] = 0.0, 0
        return transition

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that the lanes are: arrays without objects."""
        present = {"return": self._return.copy(), "length": self._length.copy()}
        return self.record.snapshot() | present | self._worlds()

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go on from a snapshot of lanes of the same environment, seeds and number."""
        self.observation = self._split(self._restore_worlds(snapshot))
        self.record.restore(snapshot)
        self._return, self._length = snapshot["return"].copy(), snapshot["length"].copy()

    def _split(self, array: NDArray[Any]) -> NDArray[Any]:
        return array.reshape(self.shape + array.shape[1:])

    @abstractmethod
    def close(self) -> None:
        """Close the environments."""

    @abstractmethod
    def _make(self, environment: Environment) -> None:
        """Make the lanes."""

    @abstractmethod
    def _reset(self, seeds: list[int]) -> NDArray[Any]:
        """Begin an episode in each of them; their first observations (S * L, ...)."""

    @abstractmethod
    def _play(self, actions: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        """The parts of a :class:`Transition`, (S * L, ...) each, and then where the next step begins."""

    @abstractmethod
    def _worlds(self) -> dict[str, NDArray[Any]]:
        """The lanes' part of the snapshot."""

    @abstractmethod
    def _restore_worlds(self, snapshot: dict[str, NDArray[Any]]) -> NDArray[Any]:
        """Restore it; where the next step begins."""


class EngineLanes(Lanes):
    """Lanes that a batch engine steps in one call."""

    def _make(self, environment: Environment) -> None:
        self._envs = environment.make_batch(math.prod(self.shape))

    def _reset(self, seeds: list[int]) -> NDArray[Any]:
        return self._envs.reset(seed=seeds)[0]

    def close(self) -> None:
        self._envs.close()

    def _play(self, actions: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        observation, reward, terminated, truncated, infos = self._envs.step(actions)
        next_observation = observation
        if "final_obs" in infos:  # only where an episode ended
            next_observation = observation.copy()
            for lane in np.flatnonzero(infos["_final_obs"]).tolist():
                next_observation[lane] = infos["final_obs"][lane]
        return next_observation, reward, terminated, truncated, observation

    def _worlds(self) -> dict[str, NDArray[Any]]:
        return self._envs.snapshot()

    def _restore_worlds(self, snapshot: dict[str, NDArray[Any]]) -> NDArray[Any]:
        return self._envs.restore(snapshot)


class SingleLanes(Lanes):
    """Lanes of single environments, minigym's or Gymnasium's.

    What such an environment holds cannot be copied without knowing it. A snapshot has the state of its random numbers
    before the present episode, and the actions since, which are played again: that needs an environment whose chance
    is all in ``np_random``, as it should be. Any other one trains all the same, and is refused by :meth:`restore`.
    """

    def _make(self, environment: Environment) -> None:
        self._envs = [environment.make() for _ in range(math.prod(self.shape))]

    def _reset(self, seeds: list[int]) -> NDArray[Any]:
        self._first_seeds = np.array(seeds, np.uint64)
        self._before = [_FROM_SEED] * len(seeds)
        self._actions: list[list[int]] = [[] for _ in seeds]
        return np.array([env.reset(seed=seed)[0] for env, seed in zip(self._envs, seeds, strict=True)])

    def close(self) -> None:
        for env in self._envs:
            env.close()

    def _play(self, actions: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        rows = []
        for lane, (env, action) in enumerate(zip(self._envs, actions.tolist(), strict=True)):
            observation, reward, terminated, truncated, _ = env.step(action)
            next_observation = np.array(observation)  # a copy: reset() may write into the same array
            self._actions[lane].append(action)
            if terminated or truncated:
                self._before[lane], self._actions[lane] = _random_state(env), []
                observation, _ = env.reset()
            rows.append((next_observation, float(reward), bool(terminated), bool(truncated), observation))
        return tuple(map(np.array, zip(*rows, strict=True)))

    def _worlds(self) -> dict[str, NDArray[Any]]:
        actions = np.full((len(self._envs), max(map(len, self._actions))), -1)
        for row, own in zip(actions, self._actions, strict=True):
            row[: len(own)] = own
        return {
            "seeds": self._first_seeds,
            "before": np.array(self._before),
            "actions": actions,
            "observation": self.observation.copy(),
        }

    def _restore_worlds(self, snapshot: dict[str, NDArray[Any]]) -> NDArray[Any]:
        self._first_seeds, self._before = snapshot["seeds"], list(snapshot["before"])
        self._actions = [[action for action in own if action >= 0] for own in snapshot["actions"].tolist()]
        episodes = zip(self._envs, self._first_seeds.tolist(), self._before, self._actions, strict=True)
        replayed = [_replayed(*episode) for episode in episodes]
        observation, total = np.array([one for one, _ in replayed]), np.array([total for _, total in replayed])
        if not (
            np.array_equal(self._split(observation), snapshot["observation"])
            and np.array_equal(self._split(total), snapshot["return"])
        ):
            raise _not_replayed()
        return observation


_FROM_SEED = np.array([1, 0, 0, 0, 0, 0], np.uint64)  # the episode began with reset(seed=...)
_UNKNOWN = np.array([2, 0, 0, 0, 0, 0], np.uint64)  # no words of PCG64 look like these two: their increment is odd


def _random_state(env: Any) -> NDArray[np.uint64]:
    try:
        return seeding.words_of(env.unwrapped.np_random)
    except (AttributeError, error.InvalidParameter):  # an environment that is not minigym's may have any, or none
        return _UNKNOWN


def _replayed(env: Any, seed: int, before: NDArray[np.uint64], actions: list[int]) -> tuple[Any, float]:
    """Play an episode again; where it leads, and what it paid."""
    observation, _ = env.reset(seed=seed)
    if not np.array_equal(before, _FROM_SEED):
        if np.array_equal(before, _UNKNOWN):
            raise _not_replayed()
        env.unwrapped.np_random.bit_generator.state = seeding.generator_from(before).bit_generator.state
        observation, _ = env.reset()
    total = 0.0
    for action in actions:
        observation, reward, *_ = env.step(action)
        total += float(reward)
    return np.array(observation), total


def _not_replayed() -> error.InvalidParameter:
    return error.InvalidParameter(
        "the environment does not play the same episode again from the same random numbers and actions, so a training "
        "in it cannot be resumed; all its chance must come from self.np_random, and reset(seed=...) must begin it anew"
    )


def lanes_of(environment: Environment, seeds: Sequence[int], per_seed: int, purpose: int = streams.TRAIN) -> Lanes:
    """Lanes by a batch engine where there is one, else one by one."""
    kind = EngineLanes if environment.has_engine else SingleLanes
    return kind(environment, seeds, per_seed, purpose)
