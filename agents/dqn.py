"""Deep Q-networks: Q-learning with a neural network, a replay memory and a target network.

Mnih et al. (2015), "Human-level control through deep reinforcement learning", Nature 518, algorithm 1; with double
Q-learning, van Hasselt, Guez and Silver (2016), "Deep reinforcement learning with double Q-learning", equation 4; and
n-step returns, Sutton and Barto (2018), section 7.1, uncorrected as in Hessel et al. (2018), "Rainbow".

Every array has a leading axis of S seeds: independent runs advance side by side, so that one product of matrices
serves them all. Nothing passes from one seed to another, and each draws from streams of its own.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.common import streams
from agents.common.checkpoints import Arrays, Streams
from agents.common.checks import check
from agents.common.encoding import encoding
from agents.common.environment import Environment
from agents.common.lanes import Transition, lanes_of
from agents.common.progress import Progress
from agents.common.run import Acting, Learned
from agents.common.threads import torch_threads
from minigym import error

try:
    import torch
except ModuleNotFoundError as missing:
    raise error.DependencyNotInstalled('dqn needs PyTorch; write: pip install "minigym[deep]"') from missing

from agents.common.deep import best_of, greedy, greedy_policy, learned, mean_loss, policy_of
from agents.common.networks import Generators, Learner, Network, uniform
from agents.common.selection import Selection

# The paper's rectifier has no slope below 0: at this learning rate half of the second layer was dead in the end, and
# one seed in a hundred never learned to stop a slow drift off the track.
ACTIVATION = partial(torch.nn.functional.leaky_relu, negative_slope=0.1)


@dataclass(frozen=True)
class Config:
    """The hyperparameters. The defaults are the recipe for CartPole-v1."""

    total_steps: int = 50_000  # environment steps of each seed
    hidden_sizes: tuple[int, ...] = (32, 32)  # width of each hidden layer
    gamma: float = 0.995  # discount of the next step's value; 0.99 left a few seeds drifting slowly off the track
    n_steps: int = 4  # rewards summed before a value takes over; with 1, the news of a fall travels slowly
    double: bool = True  # the online network chooses the action that the target network values
    learning_rate: float = 1e-2  # Adam's, at first; it falls linearly
    final_learning_rate: float = 0.0  # and at the end: the last policy then rests on many batches, not on a few
    batch_size: int = 128  # stretches of n_steps in one update
    replay_capacity: int = 50_000  # steps remembered; the oldest are forgotten first
    learning_starts: int = 1_000  # environment step after which the first update comes
    update_interval: int = 2  # environment steps between two updates
    target_interval: int = 32  # updates between two copies of the network into the target network
    initial_epsilon: float = 1.0  # probability of a random action, at first; it falls linearly
    final_epsilon: float = 0.3  # and when the exploration is over; with less, some seeds fall from rare starts
    exploration_fraction: float = 0.16  # share of total_steps during which epsilon falls
    checkpoints: int = 20  # greedy scores on the select stream during training

    def __post_init__(self) -> None:
        for name in (field.name for field in fields(self) if field.type is int):
            check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in ("learning_starts", "replay_capacity"):
            check(name, getattr(self, name), getattr(self, name) >= self.n_steps, f"at least n_steps={self.n_steps}")
        for name in ("gamma", "initial_epsilon", "final_epsilon", "exploration_fraction"):
            check(name, getattr(self, name), 0 <= getattr(self, name) <= 1, "between 0 and 1")
        widths, rate, final_rate = self.hidden_sizes, self.learning_rate, self.final_learning_rate
        check("hidden_sizes", widths, all(width >= 1 for width in widths), "widths of at least 1")
        check("learning_rate", rate, 0 < rate < math.inf, "positive and finite")
        check("final_learning_rate", final_rate, 0 <= final_rate <= rate, f"between 0 and learning_rate={rate}")
        starts, total = self.learning_starts, self.total_steps
        check("learning_starts", starts, starts <= total, f"at most total_steps={total}, or no update is ever made")

    def epsilon_at(self, step: int) -> float:
        """The probability of a random action at environment step ``step``, counted from 1."""
        passed = step / max(1.0, self.exploration_fraction * self.total_steps)
        return self.initial_epsilon + min(1.0, passed) * (self.final_epsilon - self.initial_epsilon)

    def learning_rate_at(self, step: int) -> float:
        """The learning rate of the update after environment step ``step``."""
        return self.learning_rate + (step - 1) / self.total_steps * (self.final_learning_rate - self.learning_rate)


TABLE_RECIPE = {
    "hidden_sizes": (32,),
    "gamma": 0.99,
    "n_steps": 1,  # a sum of rewards along random moves is not what a policy would get: on slippery ice that decides
    "learning_rate": 3e-3,
    "final_epsilon": 0.1,
    "exploration_fraction": 0.5,
}
"""What replaces the defaults where observations are states, as on the frozen lake."""


class Batch(NamedTuple):
    """What an update learns from: stretches of up to n steps, B of each seed."""

    observation: torch.Tensor  # (S, B, inputs) float32, where the stretch begins
    action: torch.Tensor  # (S, B) int64, the first one
    reward: torch.Tensor  # (S, B) float32, the discounted sum of the stretch's rewards
    next_observation: torch.Tensor  # (S, B, inputs) float32, where the stretch ends
    discount: torch.Tensor  # (S, B) float32, of the value there: gamma^(its steps), or 0 if it terminated there


class Replay:
    """The last ``capacity`` steps of each seed. All seeds step together, so their rows fill together."""

    _ROWS = "observation", "next_observation", "action", "reward", "terminated", "ended"

    def __init__(self, seeds: int, capacity: int, inputs: int) -> None:
        self._capacity, self._added, self._seed = capacity, 0, np.arange(seeds)[:, None]
        self._observation, self._next_observation = np.zeros((2, seeds, capacity, inputs), np.float32)
        self._action = np.zeros((seeds, capacity), np.int64)
        self._reward = np.zeros((seeds, capacity), np.float32)
        self._terminated, self._ended = np.zeros((2, seeds, capacity), np.bool_)

    def add(
        self,
        observation: NDArray[np.float32],
        action: NDArray[np.int64],
        transition: Transition,
        next_observation: NDArray[np.float32],
    ) -> None:
        """Store one step of each seed, (S, 1, ...) each; the observations are (S, 1, inputs)."""
        row = [self._added % self._capacity]
        self._observation[:, row], self._next_observation[:, row] = observation, next_observation
        self._action[:, row], self._reward[:, row] = action, transition.reward
        self._terminated[:, row] = transition.terminated
        self._ended[:, row] = transition.terminated | transition.truncated
        self._added += 1

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """As a part of a checkpoint: the rows that are filled."""
        size = min(self._added, self._capacity)
        return {name: getattr(self, f"_{name}")[:, :size] for name in self._ROWS} | {"added": np.array(self._added)}

    def restore(self, snapshot: dict[str, NDArray[Any]]) -> None:
        """Go on from a snapshot."""
        self._added = int(snapshot["added"])
        for name in self._ROWS:
            rows = snapshot[name]
            getattr(self, f"_{name}")[:, : rows.shape[1]] = rows

    def sample(self, generators: Generators, batch_size: int, n_steps: int, gamma: float) -> Batch:
        """Stretches drawn uniformly; one that meets the end of its episode stops there.

        Only ``terminated`` stops the bootstrap: that a time limit struck says nothing about the state it struck in.
        """
        size = min(self._added, self._capacity)
        beginnings = size - n_steps + 1  # the youngest rows do not have n steps yet
        age = np.array([generator.integers(beginnings, size=batch_size) for generator in generators])
        seed, first = self._seed, (self._added - size + age) % self._capacity  # age 0 is the oldest
        last, reward, discount = first, self._reward[seed, first], np.full(first.shape, gamma, np.float32)
        for _ in range(n_steps - 1):
            goes_on = ~self._ended[seed, last]
            last = (last + goes_on) % self._capacity
            reward = reward + goes_on * discount * self._reward[seed, last]
            discount = np.where(goes_on, gamma * discount, discount)
        discount[self._terminated[seed, last]] = 0
        observation, action = self._observation[seed, first], self._action[seed, first]
        arrays = observation, action, reward, self._next_observation[seed, last], discount
        return Batch(*map(torch.from_numpy, arrays))


def loss(network: Network, theta: torch.Tensor, target_theta: torch.Tensor, batch: Batch, double: bool) -> torch.Tensor:
    """(S,): each seed's mean squared distance to r + discount max_a Q_target(s', a), with s' the next observation.

    Double Q-learning takes Q_target(s', argmax_a Q(s', a)) instead: a value is then not chosen for its own error.
    The paper clips each error to [-1, 1]: a rare fall, which is wrong by tens, then pulls no more than any other step.
    On CartPole the falls are what there is to learn, so no error is clipped here.
    """
    with torch.no_grad():
        next_values = network(target_theta, batch.next_observation)
        chooser = network(theta, batch.next_observation) if double else next_values
        best = chooser.argmax(dim=-1, keepdim=True)
        target = batch.reward + batch.discount * next_values.gather(-1, best).squeeze(-1)
    values = network(theta, batch.observation).gather(-1, batch.action.unsqueeze(-1)).squeeze(-1)
    return (values - target).square().mean(dim=-1)


def explore(best: NDArray[np.int64], epsilon: float, num_actions: int, generators: Generators) -> NDArray[np.int64]:
    """The best actions (S, 1), each with probability epsilon replaced by a random one."""
    return np.array(
        [
            [int(generator.integers(num_actions)) if generator.random() < epsilon else action]
            for generator, (action,) in zip(generators, best.tolist(), strict=True)
        ]
    )


def train(environment: Environment, config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Algorithm 1 of the paper, for all seeds side by side, each in an environment of its own.

    Returns the last network, each seed's best one on the select stream, and checkpoints of "greedy_return".
    """
    generators = [streams.generator(seed, streams.AGENT) for seed in seeds]
    encode = encoding("dqn", environment)
    network = Network((encode.inputs, *config.hidden_sizes, encode.actions), ACTIVATION)
    act = greedy(network, encode)
    with torch_threads(len(seeds)), closing(lanes_of(environment, seeds, 1)) as lanes:
        learner = Learner(network.initial(generators, uniform))
        target_theta = learner.theta.detach().clone()
        replay = Replay(len(seeds), min(config.replay_capacity, config.total_steps), encode.inputs)
        selection = Selection(environment, seeds, config.total_steps, config.checkpoints)
        parts = {
            "lanes": lanes,
            "learner": learner,
            "target": Arrays(theta=target_theta.numpy()),
            "replay": replay,
            "selection": selection,
            "streams": Streams(generators),
        }

        step, losses = progress.checkpoint.restore(parts), torch.full((len(seeds),), math.nan)
        progress.start(config.total_steps * len(seeds), "step", begin=step * len(seeds))
        while step < config.total_steps and not progress.stop:
            step += 1
            observation = lanes.observation
            action = explore(act(learner.theta, observation), config.epsilon_at(step), encode.actions, generators)
            transition = lanes.step(action)
            replay.add(encode(observation), action, transition, encode(transition.next_observation))
            if step >= config.learning_starts and (step - config.learning_starts) % config.update_interval == 0:
                batch = replay.sample(generators, config.batch_size, config.n_steps, config.gamma)
                losses = loss(network, learner.theta, target_theta, batch, config.double)
                learner.update(losses, config.learning_rate_at(step))
                if learner.updates % config.target_interval == 0:
                    target_theta.copy_(learner.theta.detach())
            selection.look(step, learner.theta, act)
            progress.update(
                len(seeds),
                return_=lanes.record.recent,
                greedy=selection.recent,
                loss=partial(mean_loss, learner, losses),
            )
            progress.checkpoint.keep(step, parts)
        progress.checkpoint.keep(step, parts, last=True)
        steps = np.full(len(seeds), step)
        return learned(network, learner, selection, lanes.record, encode, steps, finished=step == config.total_steps)


def policy(arrays: Mapping[str, NDArray[Any]], index: int) -> Callable[[Any], Any]:
    """The greedy policy of the ``index``-th seed: an observation -> an action, a batch of them -> an array."""
    return greedy_policy(arrays, index, ACTIVATION)


def acting(arrays: Mapping[str, NDArray[Any]], index: int, config: Config, generator: np.random.Generator) -> Acting:
    """The ``index``-th seed's policy as it acts at the end of its training: it explores with the last epsilon."""

    def choose(values: torch.Tensor) -> NDArray[np.int64]:
        (best,), num_actions = best_of(values), values.shape[-1]
        return explore(best[:, None], config.final_epsilon, num_actions, [generator] * len(best)).T

    return Acting(policy_of(choose, arrays, index, ACTIVATION), f"exploring with epsilon {config.final_epsilon:g}")
