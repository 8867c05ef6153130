"""Q-learning: learn what each action is worth, from experience alone, and act on what is learned so far.

Watkins (1989); Sutton and Barto (2018), section 6.5. One table of values (S, A) a seed. The loop that plays the
episodes is :func:`agents.common.tabular.play`; it calls :func:`update` after every step.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from agents.common import tabular
from agents.common.checks import check
from agents.common.progress import Progress
from agents.common.registry import did_you_mean
from agents.common.run import Learned
from minigym import error

Decay = Literal["geometric", "linear"]
Exploration = Literal["epsilon_greedy", "noise"]


@dataclass(frozen=True)
class Config:
    """The hyperparameters. The defaults are the recipe for the slippery 4x4 lake."""

    episodes: int = 20_000  # of each seed
    gamma: float = 0.99  # discount of the next step's value
    initial_alpha: float = 0.5  # step size in the first episode
    final_alpha: float = 0.01  # and in the last: with a constant one the values never settle
    alpha_decay: Decay = "geometric"  # the way between them
    exploration: Exploration = "epsilon_greedy"  # or "noise": act greedily on values with decaying normal noise
    initial_epsilon: float = 1.0  # probability of a random action in the first episode ...
    final_epsilon: float = 0.05  # ... and in the last, linear in between (epsilon_greedy)
    noise_decay: float = 10.0  # the noise in episode i, from 0, is a normal number / (i / noise_decay + 1) (noise)
    initial_q: float = 0.0  # first value of every action; above any return it makes all be tried (section 2.6)
    checkpoints: int = 50  # exact evaluations during training; Ctrl-C stops at the next one

    def __post_init__(self) -> None:
        for name in ("episodes", "checkpoints"):
            check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in ("gamma", "initial_alpha", "final_alpha", "initial_epsilon", "final_epsilon"):
            check(name, getattr(self, name), 0 <= getattr(self, name) <= 1, "between 0 and 1")
        if self.alpha_decay == "geometric":
            for name in ("initial_alpha", "final_alpha"):
                value = getattr(self, name)
                check(name, value, value > 0, "above 0 where the decay is geometric (or write alpha_decay='linear')")
        check("noise_decay", self.noise_decay, 0 < self.noise_decay < math.inf, "positive and finite")
        check("initial_q", self.initial_q, math.isfinite(self.initial_q), "finite")
        for name, valid in (("alpha_decay", get_args(Decay)), ("exploration", get_args(Exploration))):
            value = getattr(self, name)
            if value not in valid:
                raise error.InvalidParameter(f"there is no {name} {value!r}; {did_you_mean(value, valid)}")

    def alphas(self) -> NDArray[np.float64]:
        """(episodes,), the step size of each episode."""
        between = np.geomspace if self.alpha_decay == "geometric" else np.linspace
        return between(self.initial_alpha, self.final_alpha, self.episodes)

    def epsilons(self) -> NDArray[np.float64]:
        """(episodes,), the probability of a random action in each episode."""
        return np.linspace(self.initial_epsilon, self.final_epsilon, self.episodes)

    def noise_scales(self) -> NDArray[np.float64]:
        """(episodes,), the standard deviation of the noise in each episode."""
        return 1 / (np.arange(self.episodes) / self.noise_decay + 1)


def update(q_values, state, action, reward, next_state, terminated, alpha, gamma):
    """Equation 6.8: Q(S, A) <- Q(S, A) + alpha [R + gamma max_a Q(S', a) - Q(S, A)].

    After the end nothing follows, so the value of a terminal S' is 0. A time limit is no such end.
    """
    target = reward
    if not terminated:
        target += gamma * q_values[next_state].max()
    q_values[state, action] += alpha * (target - q_values[state, action])


def train(make_env: Callable[[], Any], config: Config, seeds: Sequence[int], progress: Progress) -> Learned:
    """Train on every seed.

    Args:
        make_env: makes an environment with a table (``env.mdp``).
        config: the hyperparameters.
        seeds: the runs; a seed gives the same run alone or among others.
        progress: what is told how far the training is, and tells when to stop.

    Returns:
        ``arrays["q_values"]`` (seeds, S, A), and the learning curves: see :func:`agents.common.tabular.learn`.
    """
    if config.exploration == "noise":
        choose, explorations = tabular.noisy_greedy, config.noise_scales()
    else:
        choose, explorations = tabular.epsilon_greedy, config.epsilons()
    return tabular.learn(
        make_env,
        seeds,
        progress,
        choose=choose,
        update=update,
        gamma=config.gamma,
        alphas=config.alphas(),
        explorations=explorations,
        initial_q=config.initial_q,
        checkpoints=config.checkpoints,
    )


def policy(arrays: Mapping[str, NDArray[np.float64]], index: int) -> Callable[[Any], Any]:
    """The greedy policy of the ``index``-th seed: an observation -> an action, an array of them -> an array."""
    q_values = arrays["q_values"][index]
    return lambda observation: tabular.greedy_action(q_values, observation)
