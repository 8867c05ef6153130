"""``gymnasium.envs`` of 0.29: the environments with the numbers of that time."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym.compat.modern import envs as modern
from minigym.compat.modern.envs import (
    DOWN,
    LEFT,
    MAPS,
    RIGHT,
    UP,
    TupleState,
    WrongActionError,
    categorical_sample,
    generate_random_map,
    is_valid,
)
from minigym.compat.old_numbers import lake_table, pole_step
from minigym.compat.profile_029.core import Env
from minigym.dynamics.cart_pole import failed
from minigym.spaces import Box

__all__ = [
    "DOWN",
    "LEFT",
    "MAPS",
    "RIGHT",
    "UP",
    "CartPoleEnv",
    "FrozenLakeEnv",
    "MountainCarEnv",
    "categorical_sample",
    "generate_random_map",
    "is_valid",
]


class FrozenLakeEnv(modern.FrozenLakeEnv, Env[Any, Any]):
    """The frozen lake with 1/3 three times on slippery ice, and float rewards."""

    def __init__(
        self, render_mode: str | None = None, desc: Any = None, map_name: str | None = "4x4", is_slippery: bool = True
    ) -> None:
        super().__init__(render_mode, desc, map_name, is_slippery, reward_schedule=(1.0, 0.0, 0.0))
        self.reward_range = (0, 1)
        self.P = lake_table(self.mdp, self.desc, is_slippery)


class MountainCarEnv(modern.MountainCarEnv, Env[Any, Any]):
    """The car; its numbers are today's."""

    def __init__(self, render_mode: str | None = None, goal_velocity: float = 0) -> None:
        super().__init__(render_mode, goal_velocity)


class CartPoleEnv(TupleState, modern.CartPoleEnv, Env[Any, Any]):
    """The pole, whose velocities are bounded by the largest float32, and squared as powers."""

    def __init__(self, render_mode: str | None = None) -> None:
        super().__init__(render_mode=render_mode)

    def _set_params(self, **changes: Any) -> None:
        super()._set_params(**changes)
        large = np.finfo(np.float32).max
        high = np.where(np.isinf(self.observation_space.high), large, self.observation_space.high)  # type: ignore[attr-defined]
        self.observation_space = Box(-high, high, dtype=np.float32)

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        if not self.action_space.contains(action):
            raise WrongActionError(f"expected an action in {self.action_space}, got {action!r} of type {type(action)}")
        assert self.state is not None, "step() needs an episode: call reset() first"
        params = self._params
        state = pole_step(self.state, params.force_mag if action == 1 else -params.force_mag, params)
        self._state, self._lent, self._last_action, self._is_stepped = state, None, int(action), True
        terminated = bool(failed(state[0], state[2], params))
        reward = self._reward(terminated) if terminated else 1.0
        if self.render_mode == "human":
            self.render()
        return np.array(state, np.float32), reward, terminated, False, {}
