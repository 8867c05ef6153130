"""What the tests of the agents with networks share: small trainings, worlds with known answers, a stop on the way."""

import importlib

import numpy as np
import torch

import minigym
from agents.common.checkpoints import Checkpoint
from agents.common.environment import Environment, describe
from agents.common.progress import Progress
from minigym import spaces
from minigym.wrappers import TimeLimit

AGENTS = ("dqn", "ppo", "reinforce")
# Enough for every table here, in about a second. A linear network on one-hot states is a table.
SMALL = {
    "dqn": {"total_steps": 1_500, "batch_size": 64, "learning_rate": 0.1, "learning_starts": 64},
    "ppo": {"total_steps": 3_000, "lanes": 4, "batch_steps": 16, "epochs": 4, "learning_rate": 0.03},
    "reinforce": {"total_steps": 3_000, "episodes": 8, "learning_rate": 0.1},
}
for _settings in SMALL.values():
    _settings |= {"hidden_sizes": (), "gamma": 0.9, "checkpoints": 4}
for _agent in ("ppo", "reinforce"):
    SMALL[_agent] |= {"reward_scale": 1.0}


def make_pole(max_episode_steps=500):
    return minigym.make("CartPole-v1", max_episode_steps=max_episode_steps)


def table(P, limit=None):
    """What makes an environment of a table, with a time limit."""
    mdp = minigym.MDP.from_P(P)
    return lambda: minigym.TabularEnv(mdp) if limit is None else TimeLimit(minigym.TabularEnv(mdp), limit)


def train(agent, env, seeds=(1000, 1001), progress=None, **hyperparameters):
    """The agent's ``train``, with nothing around it."""
    module = importlib.import_module(f"agents.{agent}")
    environment = env if isinstance(env, Environment) else describe(env)
    return module.train(environment, module.Config(**hyperparameters), seeds, progress or Progress())


def choices(agent, learned, states):
    """What the policy of each seed does in these states, of which its network knows one-hot vectors."""
    module = importlib.import_module(f"agents.{agent}")
    policies = [module.policy(learned.arrays, index) for index in range(len(learned.steps))]
    return [policy(np.arange(states)).tolist() for policy in policies]


class KilledError(Exception):
    """Ends a training as a kill would, without a last checkpoint."""


class Stopping(Progress):
    """Asks the learner to stop at its ``updates``-th report; the checkpoint is kept in ``path``."""

    def __init__(self, path=None, updates=None, interval=np.inf):
        super().__init__(Checkpoint(path, "the run", interval))
        self.updates, self.dies_at = updates, None
        self.begin = self.reports = self.counted = 0

    def start(self, total, unit, begin=0):
        self.begin = begin

    def update(self, amount, **figures):
        self.counted += amount
        self.reports += 1
        self.stop = self.reports == self.updates
        if self.reports == self.dies_at:
            raise KilledError


def same(one, other):
    """Whether two results are equal to the bit."""
    lists = ("episode_returns", "episode_lengths")
    arrays = [(one.arrays[name], other.arrays[name]) for name in one.arrays.keys() | other.arrays.keys()] + [
        (one.checkpoints[name], other.checkpoints[name]) for name in one.checkpoints.keys() | other.checkpoints.keys()
    ]
    for name in lists:
        arrays += zip(getattr(one, name), getattr(other, name), strict=True)
    arrays.append((one.steps, other.steps))
    return one.finished == other.finished and all(
        left.dtype == right.dtype and left.shape == right.shape and left.tobytes() == right.tobytes()
        for left, right in arrays
    )


def generators(*seeds):
    """One for each seed."""
    return [np.random.default_rng(seed) for seed in seeds]


def plain_network(network, theta, seed, activation):
    """One seed's network as one writes it with ``torch.nn``."""
    layers = []
    for weight, bias in network.layers(theta.detach()):
        linear = torch.nn.Linear(*weight.shape[1:])
        with torch.no_grad():
            linear.weight.copy_(weight[seed].T)
            linear.bias.copy_(bias[seed, 0])
        layers += [linear, activation()]
    return torch.nn.Sequential(*layers[:-1])


def plain_theta(plain):
    """The parameters of such a network, laid end to end as in a row of theta."""
    linear = [layer for layer in plain if isinstance(layer, torch.nn.Linear)]
    return torch.cat([part.detach().ravel() for layer in linear for part in (layer.weight.T, layer.bias)])


class Odd(minigym.Env):
    """An environment of any spaces; its observations come from the space's own random numbers."""

    def __init__(self, observation_space=None, action_space=None):
        self.observation_space = spaces.Discrete(3) if observation_space is None else observation_space
        self.action_space = spaces.Discrete(2) if action_space is None else action_space

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.observation_space.seed(seed)
        return self.observation_space.sample(), {}

    def step(self, action):
        return self.observation_space.sample(), 1.0, bool(self.np_random.random() < 0.1), False, {}
