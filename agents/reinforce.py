"""REINFORCE with a baseline: play whole episodes, then make what went better than expected more likely.

Williams (1992), "Simple statistical gradient-following algorithms for connectionist reinforcement learning"; Sutton and
Barto (2018), section 13.4, the box "REINFORCE with baseline". One network has both heads, a logit for each action and
the baseline, the value of the state. An update learns from one episode in each of L lanes.

The box weighs step t by gamma^t, as the gradient of the discounted return from the start demands. That weight is
dropped here, as nearly everywhere: with it a step late in an episode, where the pole falls, would hardly count.

A truncated episode has no return: what may follow is estimated by the value of its last observation. A world that
always truncates is learned by nothing else.

Every array has a leading axis of S seeds: independent runs advance side by side, and each draws from streams of its
own. A seed learns until its steps are spent, and is left as it is while others still play.
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
from agents.common.checkpoints import Arrays, Streams
from agents.common.checks import check
from agents.common.encoding import Encoding, encoding
from agents.common.environment import Environment
from agents.common.lanes import Lanes, lanes_of
from agents.common.progress import Progress
from agents.common.run import Acting, Learned
from agents.common.threads import torch_threads
from minigym import error

try:
    import torch
except ModuleNotFoundError as missing:
    raise error.DependencyNotInstalled('reinforce needs PyTorch; write: pip install "minigym[deep]"') from missing

from agents.common.actor_critic import drawn, entropy, heads, sampled, taken
from agents.common.deep import greedy, greedy_policy, learned, mean_loss
from agents.common.networks import Generators, Learner, Network, orthogonal
from agents.common.selection import Selection

ACTIVATION = torch.tanh


@dataclass(frozen=True)
class Config:
    """The hyperparameters. The defaults are the recipe for CartPole-v1."""

    total_steps: int = 1_000_000  # environment steps of each seed; the last batch may go beyond
    hidden_sizes: tuple[int, ...] = (32, 32)  # width of each hidden layer
    gamma: float = 0.99  # discount of the next step's value
    episodes: int = 8  # whole episodes in each update, one in each lane
    learning_rate: float = 5e-3  # Adam's, at first; it falls linearly to 0
    value_coefficient: float = 0.5  # weight of the baseline's squared error
    entropy_coefficient: float = 0.0  # weight of the entropy, which rewards an undecided policy
    max_gradient_norm: float = 0.5  # a longer gradient is shortened to this
    standardise: bool = True  # advantages of each update, to mean 0 and standard deviation 1
    reward_scale: float = 0.1  # rewards are learned as so much smaller, or values near 100 drown the shared network
    checkpoints: int = 20  # greedy scores on the select stream during training

    def __post_init__(self) -> None:
        for name in ("total_steps", "episodes", "checkpoints"):
            check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        check("gamma", self.gamma, 0 <= self.gamma <= 1, "between 0 and 1")
        for name in ("learning_rate", "max_gradient_norm", "reward_scale"):
            check(name, getattr(self, name), 0 < getattr(self, name) < math.inf, "positive and finite")
        for name in ("value_coefficient", "entropy_coefficient"):
            check(name, getattr(self, name), 0 <= getattr(self, name) < math.inf, "at least 0 and finite")
        check("hidden_sizes", self.hidden_sizes, all(width >= 1 for width in self.hidden_sizes), "widths of at least 1")


class Episodes(NamedTuple):
    """An episode in each of L lanes of each seed that plays; T steps is the longest one."""

    observation: torch.Tensor  # (S, T, L, inputs) float32
    action: torch.Tensor  # (S, T, L) int64
    reward: torch.Tensor  # (S, T, L) float32
    playing: torch.Tensor  # (S, T, L) bool, False after the end: what follows counts for nothing
    last_observation: torch.Tensor  # (S, L, inputs) float32
    terminated: torch.Tensor  # (S, L) bool; otherwise truncated


def play(
    network: Network,
    theta: torch.Tensor,
    lanes: Lanes,
    encode: Encoding,
    playing: NDArray[np.bool_],
    longest: int,
    generators: Generators,
) -> Episodes:
    """Let the policy play an episode, or ``longest`` steps of it, in each of the lanes that are ``playing``, (S, L)."""
    uniform = np.array([generator.random((longest, playing.shape[1]), np.float32) for generator in generators])
    terminated = np.zeros_like(playing)
    last_observation = np.zeros((*playing.shape, encode.inputs), np.float32)
    steps = []
    for step in range(longest):
        observation = encode(lanes.observation)
        log_probabilities, _ = heads(network, theta, torch.from_numpy(observation))
        action = drawn(log_probabilities, torch.from_numpy(uniform[:, step])).numpy()
        transition = lanes.step(action, counted=playing)
        steps.append((observation, action, transition.reward.astype(np.float32), playing))
        ends = playing & (transition.terminated | transition.truncated | (step == longest - 1))
        last_observation[ends] = encode(transition.next_observation[ends])
        terminated |= ends & transition.terminated
        playing = playing & ~ends
        if not playing.any():
            break
    arrays = (np.stack(one, axis=1) for one in zip(*steps, strict=True))
    return Episodes(*map(torch.from_numpy, (*arrays, last_observation, terminated)))


def returns(episodes: Episodes, last_value: torch.Tensor, gamma: float, scale: float) -> torch.Tensor:
    """(S, T, L): G_t = scale R_t+1 + gamma G_t+1; 0 follows a termination, ``last_value`` (S, L) a truncation."""
    result = torch.zeros_like(episodes.reward)
    following = last_value * ~episodes.terminated
    for step in reversed(range(result.shape[1])):
        now = scale * episodes.reward[:, step] + gamma * following
        following = torch.where(episodes.playing[:, step], now, following)
        result[:, step] = following
    return result


def loss(
    network: Network, theta: torch.Tensor, episodes: Episodes, target: torch.Tensor, config: Config
) -> torch.Tensor:
    """(S,): the mean over the steps played of -(G - v) ln pi(A | S), and of the baseline's squared error (G - v)^2."""
    log_probabilities, value = heads(network, theta, episodes.observation.flatten(1, 2))
    weight = episodes.playing.flatten(1, 2).float()
    weight = weight / weight.sum(dim=1, keepdim=True).clamp(min=1.0)  # a seed that played nothing has no loss
    target = target.flatten(1, 2)
    advantage = (target - value).detach()
    if config.standardise:
        mean = (weight * advantage).sum(dim=1, keepdim=True)
        spread = (weight * (advantage - mean).square()).sum(dim=1, keepdim=True).sqrt()
        advantage = (advantage - mean) / (spread + 1e-8)
    error_squared = (value - target).square()
    result = config.value_coefficient * error_squared - advantage * taken(
        log_probabilities, episodes.action.flatten(1, 2)
    )
    if config.entropy_coefficient > 0:
        result = result - config.entropy_coefficient * entropy(log_probabilities)
    return (weight * result).sum(dim=1)


def train(environment: Environment, config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """The box, for all seeds side by side.

    Returns the last network, each seed's best one on the select stream, and checkpoints of "greedy_return".
    """
    generators = [streams.generator(seed, streams.AGENT) for seed in seeds]
    encode = encoding("reinforce", environment)
    network = Network((encode.inputs, *config.hidden_sizes, encode.actions + 1), ACTIVATION)
    act = greedy(network, encode)
    total, steps = config.total_steps, np.zeros(len(seeds), np.int64)
    with torch_threads(len(seeds)), closing(lanes_of(environment, seeds, config.episodes)) as lanes:
        learner = Learner(network.initial(generators, orthogonal), config.max_gradient_norm, epsilon=1e-5)
        selection = Selection(environment, seeds, total, config.checkpoints)
        parts = {  # not the lanes, which begin anew in each batch
            "steps": Arrays(taken=steps),
            "record": lanes.record,
            "learner": learner,
            "selection": selection,
            "streams": Streams(generators),
        }

        done = progress.checkpoint.restore(parts)
        counted = np.minimum(steps, total)  # what goes beyond the budget is no progress
        progress.start(total * len(seeds), "step", begin=int(counted.sum()))
        while counted.min() < total and not progress.stop:
            lanes.begin(done)
            left = np.maximum(0.0, 1 - steps[:, None] / total).astype(np.float32)
            playing = np.broadcast_to(left > 0, lanes.shape)
            with torch.no_grad():
                longest = environment.horizon
                episodes = play(network, learner.theta, lanes, encode, playing, longest, generators)
                _, last_value = heads(network, learner.theta, episodes.last_observation)
                target = returns(episodes, last_value, config.gamma, config.reward_scale)
            losses = loss(network, learner.theta, episodes, target, config)
            learner.update(losses, config.learning_rate * torch.from_numpy(left))
            done += 1
            steps += episodes.playing.sum(dim=(1, 2)).numpy()
            before, counted = counted, np.minimum(steps, total)
            selection.look(steps, learner.theta, act)
            progress.update(
                int((counted - before).sum()),
                return_=lanes.record.recent,
                greedy=selection.recent,
                loss=partial(mean_loss, learner, losses),
            )
            progress.checkpoint.keep(done, parts)
        progress.checkpoint.keep(done, parts, last=True)
        return learned(network, learner, selection, lanes.record, encode, steps, finished=counted.min() == total)


def policy(arrays: Mapping[str, NDArray[Any]], index: int) -> Callable[[Any], Any]:
    """The greedy policy of the ``index``-th seed: an observation -> the likeliest action, a batch -> an array."""
    return greedy_policy(arrays, index, ACTIVATION, others=1)


def acting(arrays: Mapping[str, NDArray[Any]], index: int, config: Config, generator: np.random.Generator) -> Acting:
    """The ``index``-th seed's policy as it acts in training: it draws from its probabilities."""
    return sampled(arrays, index, ACTIVATION, generator)
