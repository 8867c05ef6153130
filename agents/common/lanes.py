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
        self.returns: list[list[float]] = [[] for _ in seeds]
        self.lengths: list[list[int]] = [[] for _ in seeds]
        """Of each seed's finished episodes, in the order in which they ended."""
        self._return, self._length = np.zeros(self.shape), np.zeros(self.shape, np.int64)
        self._make(environment)
        self.begin()

    def begin(self, *part: int) -> None:
        """Begin an episode in every lane, from seeds of their own for each ``part``, such as the number of a batch."""
        words = [word for seed in self._seeds for word in streams.integers(seed, self._purpose, self.shape[1], *part)]
        self._return[:], self._length[:] = 0.0, 0
        self.observation = self._split(self._reset(words))
        """(S, L, ...), where the next step begins."""

    def step(self, actions: NDArray[np.int64]) -> Transition:
        """Play (S, L) actions; a lane whose episode ended begins another one."""
        *parts, observation = self._play(actions.ravel())
        self.observation = self._split(observation)
        transition = Transition(*map(self._split, parts))
        self._return += transition.reward
        self._length += 1
        for seed, lane in np.argwhere(transition.terminated | transition.truncated).tolist():
            self.returns[seed].append(float(self._return[seed, lane]))
            self.lengths[seed].append(int(self._length[seed, lane]))
            self._return[seed, lane], self._length[seed, lane] = 0.0, 0
        return transition

    def recent(self) -> dict[str, float]:
        """For a progress bar: the mean return of each seed's last 100 episodes, over the seeds that have any."""
        last = [np.mean(own[-100:]) for own in self.returns if own]
        return {"training_return": float(np.mean(last))} if last else {}

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """All that the lanes are: arrays without objects."""
        returns, lengths = map(np.concatenate, (self.returns, self.lengths))
        return {
            "episode_returns": returns.astype(np.float64),
            "episode_lengths": lengths.astype(np.int64),
            "episodes": np.array([len(own) for own in self.returns]),
            "return": self._return.copy(),
            "length": self._length.copy(),
            **self._worlds(),
        }

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go on from a snapshot of lanes of the same environment, seeds and number."""
        ends = np.cumsum(snapshot["episodes"])[:-1]
        self.returns = [own.tolist() for own in np.split(snapshot["episode_returns"], ends)]
        self.lengths = [own.tolist() for own in np.split(snapshot["episode_lengths"], ends)]
        self._return, self._length = snapshot["return"].copy(), snapshot["length"].copy()
        self.observation = self._split(self._restore_worlds(snapshot))

    def _split(self, array: NDArray[Any]) -> NDArray[Any]:
        return array.reshape(self.shape + array.shape[1:])

    @property
    @abstractmethod
    def env(self) -> Any:
        """Something that has the single environment's spaces: ``observation_space`` and ``action_space``."""

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
        self._envs, self._single = environment.make_batch(math.prod(self.shape)), environment.make()

    def _reset(self, seeds: list[int]) -> NDArray[Any]:
        return self._envs.reset(seed=seeds)[0]

    @property
    def env(self) -> Any:
        return self._single

    def close(self) -> None:
        self._envs.close()
        self._single.close()

    def _play(self, actions: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        observation, reward, terminated, truncated, infos = self._envs.step(actions)
        next_observation = observation
        if "final_obs" in infos:
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
    is all in ``np_random``, as it should be.
    """

    def _make(self, environment: Environment) -> None:
        self._envs = [environment.make() for _ in range(math.prod(self.shape))]

    def _reset(self, seeds: list[int]) -> NDArray[Any]:
        self._first_seeds = seeds
        self._before: list[NDArray[np.uint64] | None] = [None] * len(seeds)  # None: the episode began from the seed
        self._actions: list[list[int]] = [[] for _ in seeds]
        return np.array([env.reset(seed=seed)[0] for env, seed in zip(self._envs, seeds, strict=True)])

    @property
    def env(self) -> Any:
        return self._envs[0]

    def close(self) -> None:
        for env in self._envs:
            env.close()

    def _play(self, actions: NDArray[np.int64]) -> tuple[NDArray[Any], ...]:
        rows = []
        for lane, (env, action) in enumerate(zip(self._envs, actions.tolist(), strict=True)):
            next_observation, reward, terminated, truncated, _ = env.step(action)
            observation = next_observation
            self._actions[lane].append(action)
            if terminated or truncated:
                self._before[lane] = seeding.words_of(env.unwrapped.np_random)
                self._actions[lane] = []
                observation, _ = env.reset()
            rows.append((next_observation, float(reward), bool(terminated), bool(truncated), observation))
        return tuple(map(np.array, zip(*rows, strict=True)))

    def _worlds(self) -> dict[str, NDArray[Any]]:
        limit = max(map(len, self._actions))
        actions = np.full((len(self._envs), limit), -1)
        for row, own in zip(actions, self._actions, strict=True):
            row[: len(own)] = own
        unseeded = np.zeros(6, np.uint64)
        return {
            "streams": np.array([unseeded if words is None else words for words in self._before]),
            "from_seed": np.array([words is None for words in self._before]),
            "actions": actions,
            "observation": self.observation.copy(),
        }

    def _restore_worlds(self, snapshot: dict[str, NDArray[Any]]) -> NDArray[Any]:
        observations = []
        rows = zip(snapshot["streams"], snapshot["from_seed"].tolist(), snapshot["actions"].tolist(), strict=True)
        for lane, (words, from_seed, actions) in enumerate(rows):
            env = self._envs[lane]
            observation, _ = env.reset(seed=self._first_seeds[lane])
            if not from_seed:
                env.unwrapped.np_random.bit_generator.state = seeding.generator_from(words).bit_generator.state
                observation, _ = env.reset()
            played = [action for action in actions if action >= 0]
            for action in played:
                observation = env.step(action)[0]
            self._before[lane], self._actions[lane] = None if from_seed else words, played
            observations.append(observation)
        restored = np.array(observations)
        if not np.array_equal(restored.reshape(snapshot["observation"].shape), snapshot["observation"], equal_nan=True):
            raise error.InvalidParameter(
                "the environment does not play the same episode again from the same random numbers and actions, so a "
                "training in it cannot be resumed; its chance must all come from self.np_random"
            )
        return restored


def lanes_of(
    environment: Environment, seeds: Sequence[int], per_seed: int, purpose: int = streams.TRAIN
) -> "EngineLanes | SingleLanes":
    """Lanes by a batch engine where there is one, else one by one."""
    kind = EngineLanes if environment.has_engine else SingleLanes
    return kind(environment, seeds, per_seed, purpose)
