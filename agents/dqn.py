"""Deep Q-networks: Q-learning with a neural network, a replay memory and a target network.

Mnih et al. (2015), "Human-level control through deep reinforcement learning", Nature 518, algorithm 1; with double
Q-learning, van Hasselt, Guez and Silver (2016), "Deep reinforcement learning with double Q-learning", equation 4; and
n-step returns, Sutton and Barto (2018), section 7.1, uncorrected as in Hessel et al. (2018), "Rainbow".

Every array has a leading axis of S seeds: independent runs advance side by side, so that one product of matrices
serves them all. Nothing passes from one seed to another, and each draws from streams of its own.
"""

import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.common import streams
from agents.common.checks import check
from agents.common.progress import Progress
from agents.common.run import Learned
from agents.common.threads import one_torch_thread
from minigym import error, spaces

try:
    import torch
except ModuleNotFoundError as missing:
    raise error.DependencyNotInstalled('dqn needs PyTorch; write: pip install "minigym[deep]"') from missing


Tensors = Sequence[torch.Tensor]
Generators = Sequence[np.random.Generator]  # one a seed


@dataclass(frozen=True)
class Config:
    """The hyperparameters. The defaults are the recipe for CartPole-v1."""

    total_steps: int = 50_000  # environment steps of each seed
    hidden_sizes: tuple[int, ...] = (64, 64)  # width of each hidden layer
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
    final_epsilon: float = 0.05  # and when the exploration is over
    exploration_fraction: float = 0.16  # share of total_steps during which epsilon falls

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


def initial_parameters(sizes: Sequence[int], generators: Generators) -> list[torch.Tensor]:
    """Layer by layer a weight (S, inputs, outputs) and a bias (S, 1, outputs), uniform in +-1/sqrt(inputs).

    ``sizes`` are the network's inputs, the width of each hidden layer, and the number of actions.
    """
    parameters = []
    for inputs, outputs in itertools.pairwise(sizes):
        bound = 1 / math.sqrt(inputs)
        for rows in (inputs, 1):
            values = np.array([generator.uniform(-bound, bound, (rows, outputs)) for generator in generators])
            parameters.append(torch.from_numpy(values.astype(np.float32)).requires_grad_())
    return parameters


def q_values(parameters: Tensors, observations: torch.Tensor) -> torch.Tensor:
    """Q(observation, .) of every action: (S, B, inputs) -> (S, B, actions); each seed meets its own parameters."""
    values = torch.baddbmm(parameters[1], observations, parameters[0])  # bias + observations @ weight, in one pass
    for weight, bias in zip(parameters[2::2], parameters[3::2], strict=True):
        values = torch.baddbmm(bias, values.relu(), weight)
    return values


class Batch(NamedTuple):
    """What an update learns from: stretches of up to n steps, B of each seed."""

    observation: torch.Tensor  # (S, B, inputs) float32, where the stretch begins
    action: torch.Tensor  # (S, B) int64, the first one
    reward: torch.Tensor  # (S, B) float32, the discounted sum of the stretch's rewards
    next_observation: torch.Tensor  # (S, B, inputs) float32, where the stretch ends
    discount: torch.Tensor  # (S, B) float32, of the value there: gamma^(its steps), or 0 if it terminated there


class Replay:
    """The last ``capacity`` steps of each seed. All seeds step together, so their rows fill together."""

    def __init__(self, seeds: int, capacity: int, inputs: int) -> None:
        self._capacity, self._added, self._seed = capacity, 0, np.arange(seeds)[:, None]
        self._observation, self._next_observation = np.zeros((2, seeds, capacity, inputs), np.float32)
        self._action = np.zeros((seeds, capacity), np.int64)
        self._reward = np.zeros((seeds, capacity), np.float32)
        self._terminated, self._ended = np.zeros((2, seeds, capacity), np.bool_)

    def add(self, observation, action, reward, next_observation, terminated, truncated) -> None:
        """Store one step of each seed. ``next_observation`` is where it led, never the first of another episode."""
        row = self._added % self._capacity
        self._observation[:, row], self._next_observation[:, row] = observation, next_observation
        self._action[:, row], self._reward[:, row] = action, reward
        self._terminated[:, row], self._ended[:, row] = terminated, np.logical_or(terminated, truncated)
        self._added += 1

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


def loss(parameters: Tensors, target_parameters: Tensors, batch: Batch, double: bool) -> torch.Tensor:
    """(S,): each seed's mean squared distance to r + discount max_a Q_target(s', a), with s' the next observation.

    Double Q-learning takes Q_target(s', argmax_a Q(s', a)) instead: a value is then not chosen for its own error.
    The paper clips each error to [-1, 1]: a rare fall, which is wrong by tens, then pulls no more than any other step.
    On CartPole the falls are what there is to learn, so no error is clipped here.
    """
    with torch.no_grad():
        next_values = q_values(target_parameters, batch.next_observation)
        chooser = q_values(parameters, batch.next_observation) if double else next_values
        best = chooser.argmax(dim=-1, keepdim=True)
        target = batch.reward + batch.discount * next_values.gather(-1, best).squeeze(-1)
    values = q_values(parameters, batch.observation).gather(-1, batch.action.unsqueeze(-1)).squeeze(-1)
    return (values - target).square().mean(dim=-1)


def update(optimizer: torch.optim.Adam, losses: torch.Tensor) -> None:
    """One step down each seed's gradient: no parameter serves two seeds, so the sum's gradient is each seed's own.

    Adam works element by element, so one is S of them. (Gradient clipping would have to take a norm for each seed.)
    """
    optimizer.zero_grad()
    losses.sum().backward()
    optimizer.step()


def act(parameters: Tensors, observation: NDArray[np.float32], epsilon: float, generators: Generators) -> list[int]:
    """An epsilon-greedy action of each seed; ``observation`` is (S, inputs)."""
    with torch.no_grad():
        values = q_values(parameters, torch.from_numpy(observation).unsqueeze(1)).squeeze(1)
    return [
        int(generator.integers(values.shape[1])) if generator.random() < epsilon else best
        for generator, best in zip(generators, values.argmax(dim=1).tolist(), strict=True)
    ]


class Lane:
    """One seed's environment, from episode to episode."""

    def __init__(self, env: Any, seed: int) -> None:
        self.env, self._rewards = env, []
        self.returns, self.lengths = [], []
        self.observation, _ = env.reset(seed=streams.integers(seed, streams.TRAIN)[0])

    def step(self, action: int) -> tuple[Any, float, bool, bool]:
        """Play; ``self.observation`` is then where the next step begins."""
        transition = self.env.step(action)
        self.observation, reward, terminated, truncated, _ = transition
        self._rewards.append(float(reward))
        if terminated or truncated:
            self.returns.append(sum(self._rewards))
            self.lengths.append(len(self._rewards))
            self._rewards = []
            self.observation, _ = self.env.reset()
        return transition[:4]


@one_torch_thread()
def train(make_env: Callable[[], Any], config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Algorithm 1 of the paper, for all seeds side by side, each in an environment of its own.

    Returns the last network, the training episodes, and checkpoints of "training_return": the mean of the last 20.
    """
    lanes = [Lane(make_env(), seed) for seed in seeds]
    shape, inputs, num_actions = _sizes(lanes[0].env)
    generators = [streams.generator(seed, streams.AGENT) for seed in seeds]
    parameters = initial_parameters([inputs, *config.hidden_sizes, num_actions], generators)
    target_parameters = [parameter.detach().clone() for parameter in parameters]
    optimizer = torch.optim.Adam(parameters, fused=True)  # fused: one pass over memory instead of ten
    replay = Replay(len(seeds), min(config.replay_capacity, config.total_steps), inputs)
    updates, checkpoint_steps, checkpoint_returns = 0, [0], []

    progress.start(config.total_steps, "step")
    for step in range(1, config.total_steps + 1):
        observation = encode([lane.observation for lane in lanes], shape, inputs)
        action = act(parameters, observation, config.epsilon_at(step), generators)
        next_observation, reward, terminated, truncated = zip(*map(Lane.step, lanes, action), strict=True)
        replay.add(observation, action, reward, encode(next_observation, shape, inputs), terminated, truncated)

        if step >= config.learning_starts and (step - config.learning_starts) % config.update_interval == 0:
            optimizer.param_groups[0]["lr"] = config.learning_rate_at(step)
            batch = replay.sample(generators, config.batch_size, config.n_steps, config.gamma)
            update(optimizer, loss(parameters, target_parameters, batch, config.double))
            updates += 1
            if updates % config.target_interval == 0:
                target_parameters = [parameter.detach().clone() for parameter in parameters]

        stopped = progress.stop
        if step % max(1, config.total_steps // 100) == 0 or step == config.total_steps or stopped:
            training_return = [np.mean(lane.returns[-20:]) if lane.returns else np.nan for lane in lanes]
            progress.update(step - checkpoint_steps[-1], training_return=float(np.mean(training_return)))
            checkpoint_steps.append(step)
            checkpoint_returns.append(training_return)
        if stopped:
            break

    for lane in lanes:
        lane.env.close()
    learned = [parameter.detach().numpy() for parameter in parameters]
    return Learned(
        arrays=dict(zip(_names(len(learned)), learned, strict=True))
        | {"observation_shape": np.tile(np.array(shape, np.int64), (len(seeds), 1))},
        steps=np.full(len(seeds), step),
        episode_returns=[np.array(lane.returns, np.float64) for lane in lanes],
        episode_lengths=[np.array(lane.lengths, np.int64) for lane in lanes],
        checkpoints={"steps": np.array(checkpoint_steps[1:]), "training_return": np.array(checkpoint_returns).T},
        finished=step == config.total_steps,
    )


def policy(arrays: Mapping[str, NDArray[Any]], index: int) -> Callable[[Any], Any]:
    """The greedy policy of the ``index``-th seed: an observation -> an action, a batch of them -> an array."""
    parameters = [torch.tensor(arrays[name][index : index + 1]) for name in _names(len(arrays) - 1)]
    shape, inputs = tuple(arrays["observation_shape"][index]), parameters[0].shape[1]

    def greedy(observation: Any) -> Any:
        batch = encode(observation, shape, inputs)
        action = q_values(parameters, torch.from_numpy(batch)[None])[0].argmax(dim=1).numpy()
        return int(action[0]) if np.ndim(observation) == len(shape) else action

    return greedy


def encode(observations: Any, shape: tuple[int, ...], inputs: int) -> NDArray[np.float32]:
    """The network's inputs, (B, inputs), of one or more observations: a Box's flattened, a Discrete's one-hot."""
    rows = np.reshape(observations, (-1, inputs)) if shape else np.reshape(observations, (-1, 1)) == np.arange(inputs)
    return rows.astype(np.float32)


def _sizes(env: Any) -> tuple[tuple[int, ...], int, int]:
    """The shape of an observation (() where it is an integer), the network's inputs, the number of actions."""
    actions, observations = env.action_space, env.observation_space
    if isinstance(actions, spaces.Discrete) and actions.start == 0:
        if isinstance(observations, spaces.Discrete) and observations.start == 0:
            return (), int(observations.n), int(actions.n)
        if isinstance(observations, spaces.Box) and observations.shape:
            return observations.shape, math.prod(observations.shape), int(actions.n)
    raise error.InvalidParameter(
        "dqn needs actions from a Discrete and observations from a Discrete, both starting at 0, or from a Box with at "
        f"least one dimension, got actions from {actions}, observations from {observations}; convert them in a wrapper"
    )


def _names(count: int) -> list[str]:
    """The parameters' names in the arrays, in their order: weight_0, bias_0, weight_1, ..."""
    return [f"{'bias' if number % 2 else 'weight'}_{number // 2}" for number in range(count)]
