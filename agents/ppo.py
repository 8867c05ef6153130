"""Proximal policy optimisation: many careful steps on each batch of experience, then a new batch.

Schulman et al. (2017), "Proximal policy optimization algorithms", algorithm 1 with the clipped objective (equation 7),
and advantages by Schulman et al. (2016), "High-dimensional continuous control using generalized advantage estimation",
equation 16. One network has both heads, a logit for each action and the value of the state (equation 9).

Every array has a leading axis of S seeds: independent runs advance side by side, each in L lanes (the paper's N
actors), so that one product of matrices serves them all. Nothing passes from one seed to another, and each draws from
streams of its own.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.common import streams
from agents.common.checkpoints import Checkpoint
from agents.common.checks import check
from agents.common.encoding import encoding
from agents.common.environment import Environment
from agents.common.progress import Progress
from agents.common.run import Acting, Learned
from agents.common.threads import torch_threads
from minigym import error

try:
    import torch
except ModuleNotFoundError as missing:
    raise error.DependencyNotInstalled('ppo needs PyTorch; write: pip install "minigym[deep]"') from missing

from agents.common.actor_critic import drawn, entropy, heads, sampled, taken
from agents.common.deep import greedy, greedy_policy, learned, mean_loss
from agents.common.networks import Learner, Network, orthogonal
from agents.common.selection import Selection
from agents.common.tensor_lanes import TensorLanes, found_device, tensor_lanes

ACTIVATION = torch.tanh


@dataclass(frozen=True)
class Config:
    """The hyperparameters. The defaults are the recipe for CartPole-v1.

    On another ``device`` than "cpu" all seeds draw from one generator there, so a seed is another run among others
    than alone, and no checkpoints are kept: a run that is resumed starts over. No GPU was at hand: untested.
    """

    total_steps: int = 70_000  # environment steps of each seed, rounded down to whole batches
    hidden_sizes: tuple[int, ...] = (32, 32)  # width of each hidden layer
    gamma: float = 0.99  # discount of the next step's value
    gae_lambda: float = 0.95  # how far an advantage looks: 0 one step, 1 to the end of the episode
    lanes: int = 16  # environments of each seed
    batch_steps: int = 64  # steps of each lane in a batch
    epochs: int = 10  # passes through each batch
    minibatches: int = 1  # updates in each pass, on parts of the batch
    learning_rate: float = 3e-3  # Adam's, at first; it falls linearly to 0
    clip: float = 0.2  # how far an update may change the probability of an action: the ratio stays within 1 +- clip
    value_coefficient: float = 0.5  # weight of the value's squared error
    entropy_coefficient: float = 0.0  # weight of the entropy, which rewards an undecided policy
    max_gradient_norm: float = 0.5  # a longer gradient is shortened to this
    checkpoints: int = 20  # greedy scores on the select stream during training
    reward_scale: float = 0.1  # rewards are learned as so much smaller, or values near 100 drown the shared network
    device: str = "cpu"  # where all of it is computed; "cuda" for a GPU

    def __post_init__(self) -> None:
        for name in ("total_steps", "lanes", "batch_steps", "epochs", "minibatches", "checkpoints"):
            check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in ("gamma", "gae_lambda"):
            check(name, getattr(self, name), 0 <= getattr(self, name) <= 1, "between 0 and 1")
        for name in ("learning_rate", "clip", "max_gradient_norm", "reward_scale"):
            check(name, getattr(self, name), 0 < getattr(self, name) < math.inf, "positive and finite")
        for name in ("value_coefficient", "entropy_coefficient"):
            check(name, getattr(self, name), 0 <= getattr(self, name) < math.inf, "at least 0 and finite")
        check("hidden_sizes", self.hidden_sizes, all(width >= 1 for width in self.hidden_sizes), "widths of at least 1")
        size, total = self.batch_size, self.total_steps
        most = f"at most half of lanes * batch_steps = {size}, or an update has no two advantages to compare"
        check("minibatches", self.minibatches, 2 * self.minibatches <= size, most)
        least = f"at least lanes * batch_steps = {size}, or no update is ever made"
        check("total_steps", total, total >= size, least)

    @property
    def batch_size(self) -> int:
        """The steps of one batch."""
        return self.lanes * self.batch_steps

    @property
    def iterations(self) -> int:
        """How many batches there are."""
        return self.total_steps // self.batch_size


TABLE_RECIPE = {
    "total_steps": 300_000,  # a goal is found seldom, and many slips must be averaged
    "batch_steps": 256,
    "gae_lambda": 0.9,
    "entropy_coefficient": 0.003,
    "reward_scale": 1.0,
}
"""What replaces the defaults where observations are states, as on the frozen lake."""


class Batch(NamedTuple):
    """T steps of L lanes of each seed."""

    observation: torch.Tensor  # (S, T, L, inputs) float32
    action: torch.Tensor  # (S, T, L) int64
    reward: torch.Tensor  # (S, T, L) float32, scaled
    next_observation: torch.Tensor  # (S, T, L, inputs) float32, never the first of another episode
    terminated: torch.Tensor  # (S, T, L) bool
    ended: torch.Tensor  # (S, T, L) bool, terminated or truncated


class Samples(NamedTuple):
    """What an update learns from, B steps of each seed."""

    observation: torch.Tensor  # (S, B, inputs)
    action: torch.Tensor  # (S, B)
    log_probability: torch.Tensor  # (S, B), of the action when it was chosen
    advantage: torch.Tensor  # (S, B)
    value_target: torch.Tensor  # (S, B)


def play(network: Network, theta: torch.Tensor, lanes: TensorLanes, config: Config) -> Batch:
    """Let the policy play one batch."""
    steps = []
    uniform = lanes.uniform(config.batch_steps)
    for step in range(config.batch_steps):
        observation = lanes.observation
        log_probabilities, _ = heads(network, theta, observation)
        action = drawn(log_probabilities, uniform[:, step])
        next_observation, reward, terminated, truncated = lanes.step(action)
        reward = (config.reward_scale * reward).float()
        steps.append((observation, action, reward, next_observation, terminated, terminated | truncated))
    return Batch(*(torch.stack(one, dim=1) for one in zip(*steps, strict=True)))


def advantages(
    batch: Batch, value: torch.Tensor, next_value: torch.Tensor, gamma: float, gae_lambda: float
) -> torch.Tensor:
    """(S, T, L): A_t = delta_t + gamma lambda A_t+1, with delta_t = r_t + gamma V(s_t+1) - V(s_t) (equation 16).

    Only ``terminated`` makes V(s_t+1) zero; at a truncation it is that of the episode's last observation. At either
    the sum ends, for the step that follows belongs to another episode.
    """
    delta = batch.reward + gamma * next_value * ~batch.terminated - value
    result, following = torch.empty_like(delta), torch.zeros_like(delta[:, 0])
    for step in reversed(range(delta.shape[1])):
        following = delta[:, step] + gamma * gae_lambda * ~batch.ended[:, step] * following
        result[:, step] = following
    return result


def samples(network: Network, theta: torch.Tensor, batch: Batch, gamma: float, gae_lambda: float) -> Samples:
    """What the epochs on a batch learn from: everything in it that the old parameters decide."""

    def flat(array: torch.Tensor) -> torch.Tensor:
        return array.flatten(1, 2)

    log_probabilities, value = heads(network, theta, flat(batch.observation))
    _, next_value = heads(network, theta, flat(batch.next_observation))
    value = value.view_as(batch.reward)
    advantage = advantages(batch, value, next_value.view_as(value), gamma, gae_lambda)
    action = flat(batch.action)
    log_probability = taken(log_probabilities, action)
    return Samples(flat(batch.observation), action, log_probability, flat(advantage), flat(advantage + value))


def loss(network: Network, theta: torch.Tensor, part: Samples, config: Config) -> torch.Tensor:
    """(S,): -L^CLIP + c1 L^VF - c2 S of equation 9, with the advantages of each seed's part standardised."""
    log_probabilities, value = heads(network, theta, part.observation)
    ratio = (taken(log_probabilities, part.action) - part.log_probability).exp()
    spread, mean = torch.std_mean(part.advantage, dim=1, keepdim=True)
    advantage = (part.advantage - mean) / (spread + 1e-8)
    clipped = ratio.clamp(1 - config.clip, 1 + config.clip)
    objective = torch.minimum(ratio * advantage, clipped * advantage).mean(dim=1)  # equation 7
    result = config.value_coefficient * (value - part.value_target).square().mean(dim=1) - objective
    if config.entropy_coefficient > 0:
        result = result - config.entropy_coefficient * entropy(log_probabilities).mean(dim=1)
    return result


def minibatches(everything: Samples, count: int, permutations: Callable[[int], torch.Tensor]) -> list[Samples]:
    """The samples in ``count`` parts at random, of each seed its own; or, for one, as they are."""
    if count == 1:
        return [everything]
    seeds, size = everything.action.shape
    order = permutations(size)
    seed = torch.arange(seeds, device=order.device).unsqueeze(1)
    return [Samples(*(array[seed, part] for array in everything)) for part in order.tensor_split(count, dim=1)]


def train(environment: Environment, config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Algorithm 1 of the paper, for all seeds side by side.

    Returns the last network, each seed's best one on the select stream, and checkpoints of "greedy_return".
    """
    device = found_device(config.device)
    generators = [streams.generator(seed, streams.AGENT) for seed in seeds]
    total = config.iterations * config.batch_size
    encode = encoding("ppo", environment)
    network = Network((encode.inputs, *config.hidden_sizes, encode.actions + 1), ACTIVATION)
    act = greedy(network, encode)
    playing = tensor_lanes(environment, seeds, config.lanes, encode, generators, device)
    with torch_threads(len(seeds)), closing(playing) as lanes:
        learner = Learner(network.initial(generators, orthogonal, device), config.max_gradient_norm, epsilon=1e-5)
        selection = Selection(environment, seeds, total, config.checkpoints)
        checkpoint = progress.checkpoint if lanes.parts else Checkpoint()  # which keeps nothing
        parts = {**lanes.parts, "learner": learner, "selection": selection}

        done = checkpoint.restore(parts)
        progress.start(total * len(seeds), "step", begin=done * config.batch_size * len(seeds))
        while done < config.iterations and not progress.stop:
            learning_rate = config.learning_rate * (1 - done / config.iterations)
            with torch.no_grad():
                batch = play(network, learner.theta, lanes, config)
                everything = samples(network, learner.theta, batch, config.gamma, config.gae_lambda)
            for _ in range(config.epochs):
                for part in minibatches(everything, config.minibatches, lanes.permutations):
                    losses = loss(network, learner.theta, part, config)
                    learner.update(losses, learning_rate)
            done += 1
            selection.look(done * config.batch_size, learner.theta, act)
            progress.update(
                config.batch_size * len(seeds),
                return_=lanes.record.recent,
                greedy=selection.recent,
                loss=partial(mean_loss, learner, losses),
            )
            checkpoint.keep(done, parts)
        checkpoint.keep(done, parts, last=True)
        steps = np.full(len(seeds), done * config.batch_size)
        return learned(network, learner, selection, lanes.record, encode, steps, finished=done == config.iterations)


def policy(arrays: Mapping[str, NDArray[Any]], index: int) -> Callable[[Any], Any]:
    """The greedy policy of the ``index``-th seed: an observation -> the likeliest action, a batch -> an array."""
    return greedy_policy(arrays, index, ACTIVATION, others=1)


def acting(arrays: Mapping[str, NDArray[Any]], index: int, config: Config, generator: np.random.Generator) -> Acting:
    """The ``index``-th seed's policy as it acts in training: it draws from its probabilities."""
    return sampled(arrays, index, ACTIVATION, generator)
