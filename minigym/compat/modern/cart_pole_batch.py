"""The original's own batch of poles, which draws all its resets from one generator."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.compat.derived_masses import DerivedMasses
from minigym.compat.modern.envs import WrongActionError
from minigym.core import AutoresetMode, RenderFrame, VectorEnv
from minigym.dynamics import cart_pole
from minigym.dynamics.cart_pole import Params
from minigym.envs.rendered import reset_bounds
from minigym.spaces import Box, Discrete
from minigym.vector.utils import batch_space


class CartPoleVectorEnv(DerivedMasses, VectorEnv[NDArray[np.float32], NDArray[Any], NDArray[Any]]):
    """Poles side by side, with the numbers of ``gymnasium.make_vec("CartPole-v1", ...)``.

    Unlike minigym's own batches, a lane here is not an environment with a seed of its own: one generator draws the
    first numbers of all lanes, then the second ones of all lanes, and so on. Autoreset is next-step.
    """

    metadata = {"render_modes": ["rgb_array"], "render_fps": 50, "autoreset_mode": AutoresetMode.NEXT_STEP}  # noqa: RUF012
    screen_width, screen_height = 600, 400  # pixels

    gravity: float
    force_mag: float
    tau: float
    theta_threshold_radians: float
    x_threshold: float

    def __init__(
        self,
        num_envs: int = 1,
        max_episode_steps: int = 500,
        render_mode: str | None = None,
        sutton_barto_reward: bool = False,
    ) -> None:
        for name, value in Params()._asdict().items():
            if name != "semi_implicit":
                setattr(self, name, value)
        self.kinematics_integrator = "euler"  # any other name is semi-implicit
        self.num_envs = num_envs
        self.max_episode_steps = max_episode_steps
        self.render_mode = render_mode
        self._sutton_barto_reward = sutton_barto_reward
        high = np.array([self.x_threshold * 2, np.inf, self.theta_threshold_radians * 2, np.inf], np.float32)
        self.single_action_space = Discrete(2)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self.single_observation_space = Box(-high, high, dtype=np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.low, self.high = cart_pole.START_BOUNDS
        self.state: NDArray[np.float64] | None = None  # (4, num_envs)
        self.steps = np.zeros(num_envs, np.int32)
        self.prev_done = np.zeros(num_envs, np.bool_)

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        super().reset(seed=seed)
        self.low, self.high = reset_bounds(options, *cart_pole.START_BOUNDS)
        self.state = self.np_random.uniform(self.low, self.high, size=(4, self.num_envs))
        self.steps = np.zeros(self.num_envs, np.int32)
        self.prev_done = np.zeros(self.num_envs, np.bool_)
        return self.state.T.astype(np.float32), {}

    def step(
        self, action: NDArray[Any]
    ) -> tuple[NDArray[np.float32], NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        if not self.action_space.contains(action):
            raise WrongActionError(f"expected actions in {self.action_space}, got {action!r} of type {type(action)}")
        if self.state is None:
            raise error.ResetNeeded("step() needs a state: call reset() first")
        params = Params._make(
            (*(getattr(self, name) for name in Params._fields[:8]), self.kinematics_integrator != "euler")
        )
        force = np.where(action == 1, params.force_mag, -params.force_mag)
        x, x_dot, theta, theta_dot = self.state
        state = cart_pole.step(x, x_dot, theta, theta_dot, force, np.sin(theta), np.cos(theta), params)
        self.state = np.stack(state)
        terminated = cart_pole.failed(self.state[0], self.state[2], params)
        self.steps += 1
        truncated = self.steps >= self.max_episode_steps
        reward = -terminated.astype(np.float32) if self._sutton_barto_reward else np.ones(self.num_envs, np.float32)
        # The lanes that ended in the step before begin anew, whatever they have just done.
        begun = self.prev_done
        self.state[:, begun] = self.np_random.uniform(self.low, self.high, size=(4, begun.sum()))
        self.steps[begun] = 0
        reward[begun] = 0.0
        terminated[begun] = False
        truncated[begun] = False
        self.prev_done = terminated | truncated
        return self.state.T.astype(np.float32), reward, terminated, truncated, {}

    def render(self) -> tuple[RenderFrame | list[RenderFrame] | None, ...] | None:
        """A frame a lane."""
        from minigym.render import cart_pole_frame

        if self.render_mode is None or self.state is None:
            return None
        params = Params()._replace(length=self.length, x_threshold=self.x_threshold)
        return tuple(cart_pole_frame(float(x), float(theta), params, None) for x, _, theta, _ in self.state.T)
