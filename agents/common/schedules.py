"""The hyperparameters that tabular agents share, and what they become from episode to episode."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from agents.common.checks import check
from agents.common.registry import did_you_mean
from minigym import error

Decay = Literal["geometric", "linear"]
Exploration = Literal["epsilon_greedy", "noise"]


@dataclass(frozen=True)
class TabularConfig:
    """What every tabular agent can be told. Each agent's own Config has its recipe as the defaults."""

    episodes: int = 20_000  # of each seed
    gamma: float = 0.99  # discount of the next step's value
    initial_alpha: float = 0.5  # step size in the first episode
    final_alpha: float = 0.01  # and in the last: with a constant one the values never settle
    alpha_decay: Decay = "geometric"  # the way between them
    initial_epsilon: float = 1.0  # probability of a random action in the first episode ...
    final_epsilon: float = 0.05  # ... and in the last
    epsilon_decay: Decay = "linear"  # the way between them
    initial_q: float = 0.0  # first value of every action; above any return it makes all be tried (section 2.6)
    checkpoints: int = 50  # exact evaluations during training; Ctrl-C stops at one of the next

    def __post_init__(self) -> None:
        for name in ("episodes", "checkpoints"):
            check(name, getattr(self, name), getattr(self, name) >= 1, "at least 1")
        for name in ("gamma", "initial_alpha", "final_alpha", "initial_epsilon", "final_epsilon"):
            check(name, getattr(self, name), 0 <= getattr(self, name) <= 1, "between 0 and 1")
        for rate in ("alpha", "epsilon"):
            decay = getattr(self, f"{rate}_decay")
            check_choice(f"{rate}_decay", decay, get_args(Decay))
            for name in (f"initial_{rate}", f"final_{rate}"):
                value = getattr(self, name)
                advice = f"above 0 where the decay is geometric (or write {rate}_decay='linear')"
                check(name, value, value > 0 or decay == "linear", advice)
        check("initial_q", self.initial_q, math.isfinite(self.initial_q), "finite")

    def alphas(self) -> NDArray[np.float64]:
        """(episodes,), the step size of each episode."""
        return _between(self.initial_alpha, self.final_alpha, self.alpha_decay, self.episodes)

    def epsilons(self) -> NDArray[np.float64]:
        """(episodes,), the probability of a random action in each episode."""
        return _between(self.initial_epsilon, self.final_epsilon, self.epsilon_decay, self.episodes)


@dataclass(frozen=True)
class NoisyConfig(TabularConfig):
    """For agents that need not know how probable their own actions are, and so may explore by noise as well."""

    exploration: Exploration = "epsilon_greedy"  # or "noise": act greedily on values with decaying normal noise
    noise_decay: float = 10.0  # the noise in episode i, from 0, is a normal number / (i / noise_decay + 1) (noise)

    def __post_init__(self) -> None:
        super().__post_init__()
        check("noise_decay", self.noise_decay, 0 < self.noise_decay < math.inf, "positive and finite")
        check_choice("exploration", self.exploration, get_args(Exploration))

    def noise_scales(self) -> NDArray[np.float64]:
        """(episodes,), the standard deviation of the noise in each episode."""
        return 1 / (np.arange(self.episodes) / self.noise_decay + 1)


def check_choice(name: str, value: str, valid: tuple[str, ...]) -> None:
    """Refuse a hyperparameter that is none of the ``valid`` ones."""
    if value not in valid:
        raise error.InvalidParameter(f"there is no {name} {value!r}; {did_you_mean(value, valid)}")


def _between(first: float, last: float, decay: Decay, episodes: int) -> NDArray[np.float64]:
    spaced = np.geomspace if decay == "geometric" else np.linspace
    return spaced(first, last, episodes)
