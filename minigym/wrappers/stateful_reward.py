"""Wrappers that change the reward by what came before it."""

from typing import Any, SupportsFloat

import numpy as np

from minigym.core import ActType, Env, ObsType, RecordConstructorArgs, Wrapper
from minigym.wrappers._statistics import Freezable, RunningMeanStd, check_number


class NormalizeReward(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs, Freezable):
    """Divides every reward by the standard deviation of the discounted returns; it becomes a float64.

    ``discounted_reward`` is the sum of the rewards so far, discounted by ``gamma`` for each step since, and
    ``return_rms`` their statistics (a :class:`RunningMeanStd`), updated at every step while ``update_running_mean`` is
    True. As in the reference a step that terminates counts its own reward alone, which also stays for the next
    episode; and neither a truncation nor a reset begins a new sum.

    Args:
        env: the environment to wrap.
        gamma: the discount, from 0 to 1.
        epsilon: is added to the variance, so that it cannot be 0.

    Raises:
        InvalidParameter: if ``gamma`` or ``epsilon`` is no such number.
    """

    def __init__(self, env: Env[ObsType, ActType], gamma: float = 0.99, epsilon: float = 1e-8) -> None:
        check_number(self, "gamma", gamma, 1)
        check_number(self, "epsilon", epsilon, np.inf)
        RecordConstructorArgs.__init__(self, gamma=gamma, epsilon=epsilon)
        super().__init__(env)
        self.return_rms = RunningMeanStd(shape=())
        self.discounted_reward = np.array([0.0])
        self.gamma = gamma
        self.epsilon = epsilon

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.discounted_reward = self.discounted_reward * self.gamma * (1 - terminated) + float(reward)
        if self._update_running_mean:
            self.return_rms.update(self.discounted_reward)
        # The mean is not taken away: that would change which policies are best.
        normalized = reward / np.sqrt(self.return_rms.var + self.epsilon)
        return observation, normalized, terminated, truncated, info
