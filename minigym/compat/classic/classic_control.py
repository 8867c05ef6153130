"""``gym.envs.classic_control``: the pole of its time, around ``minigym.dynamics.cart_pole``."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.compat.classic import logger, seeding
from minigym.compat.classic.core import Env
from minigym.compat.classic.spaces import Box, Discrete
from minigym.compat.derived_masses import DerivedMasses
from minigym.compat.install import at_least
from minigym.compat.old_numbers import pole_step
from minigym.dynamics import cart_pole
from minigym.dynamics.cart_pole import Params
from minigym.render import Window, cart_pole_frame

__all__ = ["CartPoleEnv"]


class CartPoleEnv(DerivedMasses, Env):
    """A pole hinged on a cart. The physical parameters are attributes; a change is in force at the next step."""

    metadata = {"render.modes": ["human", "rgb_array"], "video.frames_per_second": 50}  # noqa: RUF012  # as it was

    _said_no_window = False  # once a process is enough

    def __init__(self) -> None:
        for name, value in Params()._asdict().items():
            if name != "semi_implicit":
                setattr(self, name, value)
        self.kinematics_integrator = "euler"  # any other name is semi-implicit
        large = np.finfo(np.float32).max
        high = np.array([self.x_threshold * 2, large, self.theta_threshold_radians * 2, large], np.float32)
        self.action_space = Discrete(2)
        self.observation_space = Box(-high, high, dtype=np.float32)
        self.seed()
        self.viewer: Window | None = None
        self.state: Any = None
        self.steps_beyond_done: int | None = None
        self._dtype = np.float32 if at_least("0.20") else np.float64
        self._last_action: int | None = None

    gravity: float
    masscart: float
    masspole: float
    length: float
    force_mag: float
    tau: float
    theta_threshold_radians: float
    x_threshold: float

    def _params(self) -> Params:
        semi_implicit = self.kinematics_integrator != "euler"
        return Params._make((*(getattr(self, name) for name in Params._fields[:8]), semi_implicit))

    def seed(self, seed: int | None = None) -> list[int]:
        self.np_random, used = seeding.np_random(seed)
        return [used]

    def reset(self) -> NDArray[np.floating[Any]]:
        self.state = self.np_random.uniform(-0.05, 0.05, size=(4,))
        self.steps_beyond_done = self._last_action = None
        return np.array(self.state, self._dtype)

    def step(self, action: Any) -> tuple[NDArray[np.floating[Any]], float, bool, dict[str, Any]]:
        assert self.action_space.contains(action), f"{action!r} of {type(action)} is no action; write 0 or 1"
        if self.state is None:
            raise error.ResetNeeded("step() needs a state: call reset() first")
        params = self._params()
        self.state = pole_step(self.state, params.force_mag if action == 1 else -params.force_mag, params)
        self._last_action = int(action)
        done = bool(cart_pole.failed(self.state[0], self.state[2], params))
        return np.array(self.state, self._dtype), self._reward(done), done, {}

    def _reward(self, done: bool) -> float:
        """1 for every step up to the one that fails, 0 for those after it."""
        if not done:
            return 1.0
        if self.steps_beyond_done is None:
            self.steps_beyond_done = 0
            return 1.0
        if self.steps_beyond_done == 0:
            logger.warn("step() was called after the episode was done; call reset() to begin the next one")
        self.steps_beyond_done += 1
        return 0.0

    def render(self, mode: str = "human") -> Any:
        """A window for "human" (returns whether there is one), a frame of 400 x 600 for "rgb_array"."""
        if mode not in self.metadata["render.modes"]:
            super().render(mode)
        if self.state is None:
            return None
        frame = cart_pole_frame(float(self.state[0]), float(self.state[2]), self._params(), self._last_action)
        return frame if mode == "rgb_array" else self._show(frame)

    def _show(self, frame: NDArray[np.uint8]) -> bool:
        if CartPoleEnv._said_no_window:
            return False
        if self.viewer is None:
            self.viewer = Window("CartPole", self.metadata["video.frames_per_second"])
        try:
            self.viewer.show(frame)
        except (error.UnsupportedMode, error.DependencyNotInstalled) as problem:
            CartPoleEnv._said_no_window = True
            logger.warn(f'render() shows nothing here, and the program goes on without ("rgb_array" works): {problem}')
            return False
        return True

    def close(self) -> None:
        if self.viewer is not None:
            self.viewer.close()
            self.viewer = None
