"""The lanes of a learner whose batches are tensors, and its chance: on the processor, or whole on another device.

On the processor each seed has streams of its own, and the lanes are those of ``lanes.py``. On a device the torch
engine steps the lanes of all seeds, and one generator there draws for all of them: nothing waits for the host but the
record of the episodes, and that only when somebody asks for it.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
import torch

from agents.common import streams
from agents.common.checkpoints import Part, Streams
from agents.common.encoding import Encoding
from agents.common.environment import Environment
from agents.common.lanes import Record, lanes_of
from agents.common.networks import Generators
from minigym import error

HOST = "cpu"
"""The name that keeps NumPy's lanes. torch's other name for the processor, "cpu:0", takes a device's way there."""


class Step(NamedTuple):
    """One step of all lanes, tensors (S, L, ...)."""

    next_observation: torch.Tensor  # (S, L, inputs), of an episode that ended its last one, never another's first
    reward: torch.Tensor
    terminated: torch.Tensor
    truncated: torch.Tensor


class TensorLanes(ABC):
    """L environments for each of S seeds, and the random numbers that a learner draws for them."""

    observation: torch.Tensor
    """(S, L, inputs) float32, where the next step begins, as a network sees it."""
    record: Record
    """The episodes that have ended so far."""
    parts: Mapping[str, Part] = {}
    """What of it a checkpoint holds; empty where there are no snapshots, and so no checkpoints."""

    @abstractmethod
    def step(self, actions: torch.Tensor) -> Step:
        """Play (S, L) actions; a lane whose episode ended begins another one."""

    @abstractmethod
    def uniform(self, steps: int) -> torch.Tensor:
        """Numbers in [0, 1), (S, steps, L) float32."""

    @abstractmethod
    def permutations(self, size: int) -> torch.Tensor:
        """The numbers below ``size`` in an order at random for each seed, (S, size)."""

    @abstractmethod
    def close(self) -> None:
        """Close the environments."""


class HostLanes(TensorLanes):
    """The lanes of ``lanes.py`` and the seeds' own streams; the tensors share their arrays' memory."""

    def __init__(
        self, environment: Environment, seeds: Sequence[int], per_seed: int, encode: Encoding, generators: Generators
    ) -> None:
        self._lanes = lanes_of(environment, seeds, per_seed)
        self._encode, self._generators = encode, generators
        self.record = self._lanes.record
        self.parts = {"lanes": self._lanes, "streams": Streams(generators)}

    @property
    def observation(self) -> torch.Tensor:  # type: ignore[override]  # read-only here
        return torch.from_numpy(self._encode(self._lanes.observation))

    def step(self, actions: torch.Tensor) -> Step:
        transition = self._lanes.step(actions.numpy())
        next_observation = self._encode(transition.next_observation)
        return Step(*map(torch.from_numpy, (next_observation, *transition[1:])))

    def uniform(self, steps: int) -> torch.Tensor:
        shape = (steps, self._lanes.shape[1])
        return torch.from_numpy(np.array([generator.random(shape, np.float32) for generator in self._generators]))

    def permutations(self, size: int) -> torch.Tensor:
        return torch.from_numpy(np.array([generator.permutation(size) for generator in self._generators]))

    def close(self) -> None:
        self._lanes.close()


class DeviceLanes(TensorLanes):
    """Lanes of the torch engine, and one generator for all seeds, on one device."""

    def __init__(
        self, environment: Environment, seeds: Sequence[int], per_seed: int, encode: Encoding, device: torch.device
    ) -> None:
        self._shape = (len(seeds), per_seed)
        self._encode, self._device = encode, device
        self._generator = torch.Generator(device)
        self._generator.manual_seed(streams.shared_integer(seeds, streams.AGENT))
        self._states = torch.arange(encode.inputs, device=device)
        self._record = Record(len(seeds))
        self._return = torch.zeros(self._shape, dtype=torch.float64, device=device)
        self._length = torch.zeros(self._shape, dtype=torch.int64, device=device)
        self._unrecorded: list[tuple[torch.Tensor, ...]] = []
        self._envs = environment.make_batch(math.prod(self._shape), backend="torch", device=device)
        observation, _ = self._envs.reset(seed=streams.shared_integer(seeds, streams.TRAIN))
        self.observation = self._inputs(observation)

    def step(self, actions: torch.Tensor) -> Step:
        observation, *flat, infos = self._envs.step(actions.flatten())
        self.observation = self._inputs(observation)
        reward, terminated, truncated = (part.view(self._shape) for part in flat)
        ended, total, length = terminated | truncated, self._return + reward, self._length + 1
        self._unrecorded.append((ended, total, length))
        self._return, self._length = torch.where(ended, 0.0, total), torch.where(ended, 0, length)
        return Step(self._inputs(infos["final_obs"]), reward, terminated, truncated)

    @property
    def record(self) -> Record:  # type: ignore[override]  # read-only here
        """The episodes that have ended so far; to bring them over waits for the device."""
        if self._unrecorded:
            ended, total, length = (torch.stack(one, dim=1) for one in zip(*self._unrecorded, strict=True))
            self._unrecorded = []
            first_of_next = ended.flatten(1).sum(dim=1).cumsum(dim=0)[:-1].cpu().numpy()
            for all_seeds, new in ((self._record.returns, total), (self._record.lengths, length)):
                for own, more in zip(all_seeds, np.split(new[ended].cpu().numpy(), first_of_next), strict=True):
                    own.extend(more.tolist())
        return self._record

    def uniform(self, steps: int) -> torch.Tensor:
        seeds, per_seed = self._shape
        return torch.rand((seeds, steps, per_seed), generator=self._generator, device=self._device)

    def permutations(self, size: int) -> torch.Tensor:
        keys = torch.rand((self._shape[0], size), generator=self._generator, device=self._device, dtype=torch.float64)
        return keys.argsort(dim=1)

    def close(self) -> None:
        self._envs.close()

    def _inputs(self, observations: torch.Tensor) -> torch.Tensor:
        """What ``Encoding`` makes of arrays, of tensors (S * L, ...)."""
        if not self._encode.shape:
            observations = observations.unsqueeze(-1) == self._states
        return observations.view(*self._shape, self._encode.inputs).to(torch.float32)


def tensor_lanes(
    environment: Environment,
    seeds: Sequence[int],
    per_seed: int,
    encode: Encoding,
    generators: Generators,
    device: torch.device,
) -> TensorLanes:
    """The lanes for a device."""
    if device == torch.device(HOST):
        return HostLanes(environment, seeds, per_seed, encode, generators)
    if not environment.has_engine:
        raise error.InvalidParameter(
            f"on a device minigym's torch engine plays, and {environment.name} has none: it needs the id of one of "
            f'minigym\'s own environments or an MDP, got device="{device}"; write device="{HOST}"'
        )
    return DeviceLanes(environment, seeds, per_seed, encode, device)


def found_device(name: str) -> torch.device:
    """The device of this name, which torch finds and which has random numbers; an error that says what to write else.

    A name is looked for here, where a training begins, and not in a Config: a run from a GPU must load anywhere.
    """
    if name.partition(":")[0] == "cuda" and not torch.cuda.is_available():
        raise error.InvalidParameter(f'torch finds no CUDA device, got device={name!r}; write device="{HOST}"')
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
        torch.Generator(device)
    except (RuntimeError, AssertionError) as wrong:  # AssertionError: this torch was built without it
        raise error.InvalidParameter(
            f'device must be "{HOST}", "cuda", "cuda:1" or another one that torch finds, got {name!r}: '
            f'{str(wrong).splitlines()[0]}; write device="{HOST}"'
        ) from wrong
    return device
