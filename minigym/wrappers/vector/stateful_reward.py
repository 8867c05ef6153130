"""Wrappers that change the rewards of a batch by what came before them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym.core import ActType, ObsType, RecordConstructorArgs, VectorEnv, VectorWrapper
from minigym.wrappers._statistics import Freezable, RunningMeanStd, check_number


class NormalizeReward(VectorWrapper[ObsType, ActType, NDArray[Any]], RecordConstructorArgs, Freezable):
    """Divides the rewards of all lanes by the standard deviation of the discounted returns.

    ``accumulated_reward``, (num_envs,) float32, is the sum of a lane's rewards so far, discounted by ``gamma`` for each
    step since, and ``return_rms`` the statistics of all of them (a :class:`~minigym.wrappers.utils.RunningMeanStd`),
    updated at every step while ``update_running_mean`` is True. The step after an episode's end changes neither.

    As in the reference a step that terminates counts its own reward alone, which also stays for the next episode, and a
    truncation does not begin a new sum. ``reset`` sets the sums of all lanes to 0, even where it resets only some. In
    same-step autoreset the first step of an episode is taken for the one that resets, and left out.

    Args:
        env: the batch to wrap.
        gamma: the discount, from 0 to 1.
        epsilon: is added to the variance, so that it cannot be 0.

    Raises:
        InvalidParameter: if ``gamma`` or ``epsilon`` is no such number.
    """

    def __init__(
        self, env: VectorEnv[ObsType, ActType, NDArray[Any]], gamma: float = 0.99, epsilon: float = 1e-8
    ) -> None:
        check_number(self, "gamma", gamma, 1)
        check_number(self, "epsilon", epsilon, np.inf)
        RecordConstructorArgs.__init__(self, gamma=gamma, epsilon=epsilon)
        super().__init__(env)
        self.return_rms = RunningMeanStd(shape=())
        self.accumulated_reward = np.zeros(self.num_envs, np.float32)
        self.gamma = gamma
        self.epsilon = epsilon
        self._prev_dones = np.zeros(self.num_envs, np.bool_)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        self.accumulated_reward[:] = 0
        self._prev_dones[:] = False
        return result

    def step(self, actions: ActType) -> tuple[ObsType, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        observations, rewards, terminations, truncations, infos = self.env.step(actions)
        playing = ~self._prev_dones
        if playing.any():
            going_on = 1 - terminations[playing]
            returns = self.accumulated_reward[playing] * self.gamma * going_on + rewards[playing]
            self.accumulated_reward[playing] = returns
            if self._update_running_mean:
                self.return_rms.update(self.accumulated_reward[playing])
        self._prev_dones = terminations | truncations
        return observations, self._scaled(rewards), terminations, truncations, infos

    def normalize(self, reward: Any) -> Any:
        """``reward`` divided likewise; while ``update_running_mean`` is True the statistics of the returns are updated
        by what all lanes have gathered.
        """
        if self._update_running_mean:
            self.return_rms.update(self.accumulated_reward)
        return self._scaled(reward)

    def _scaled(self, rewards: Any) -> Any:
        return rewards / np.sqrt(self.return_rms.var + self.epsilon)
