"""``gym.envs.classic_control``: the pole and the car of their time, around ``minigym.dynamics``."""

import math
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
from minigym.dynamics import cart_pole, mountain_car
from minigym.dynamics.cart_pole import Params
from minigym.dynamics.world import SCALAR_OPS
from minigym.render import Window, cart_pole_frame, mountain_car_frame

__all__ = ["CartPoleEnv", "MountainCarEnv"]


class _ClassicControl(Env):
    """What both have: a stream of random numbers, a state, and pictures of it."""

    _title: str
    _said_no_window = False  # once a process is enough

    def __init__(self) -> None:
        self.seed()
        self.viewer: Window | None = None
        self.state: Any = None
        self._dtype = np.float32 if at_least("0.20") else np.float64
        self._last_action: int | None = None

    def seed(self, seed: int | None = None) -> list[int]:
        self.np_random, used = seeding.np_random(seed)
        return [used]

    def _check(self, action: Any) -> None:
        """Whether there is such an action, and a state to play it in."""
        last = self.action_space.n - 1
        assert self.action_space.contains(action), f"{action!r} of {type(action)} is no action; write 0 to {last}"
        if self.state is None:
            raise error.ResetNeeded("step() needs a state: call reset() first")

    def _frame(self) -> NDArray[np.uint8]:
        """The state as a picture, 400 x 600."""
        raise NotImplementedError

    def render(self, mode: str = "human") -> Any:
        """A window for "human" (returns whether there is one), a frame of 400 x 600 for "rgb_array"."""
        if mode not in self.metadata["render.modes"]:
            super().render(mode)
        if self.state is None:
            return None
        return self._frame() if mode == "rgb_array" else self._show(self._frame())

    def _show(self, frame: NDArray[np.uint8]) -> bool:
        if _ClassicControl._said_no_window:
            return False
        if self.viewer is None:
            self.viewer = Window(self._title, self.metadata["video.frames_per_second"])
        try:
            self.viewer.show(frame)
        except (error.UnsupportedMode, error.DependencyNotInstalled) as problem:
            _ClassicControl._said_no_window = True
            logger.warn(f'render() shows nothing here, and the program goes on without ("rgb_array" works): {problem}')
            return False
        return True

    def close(self) -> None:
        if self.viewer is not None:
            self.viewer.close()
            self.viewer = None


class CartPoleEnv(DerivedMasses, _ClassicControl):
    """A pole hinged on a cart. The physical parameters are attributes; a change is in force at the next step."""

    metadata = {"render.modes": ["human", "rgb_array"], "video.frames_per_second": 50}  # noqa: RUF012  # as it was

    _title = "CartPole"

    def __init__(self) -> None:
        super().__init__()
        for name, value in Params()._asdict().items():
            if name != "semi_implicit":
                setattr(self, name, value)
        self.kinematics_integrator = "euler"  # any other name is semi-implicit
        large = np.finfo(np.float32).max
        high = np.array([self.x_threshold * 2, large, self.theta_threshold_radians * 2, large], np.float32)
        self.action_space = Discrete(2)
        self.observation_space = Box(-high, high, dtype=np.float32)
        self.steps_beyond_done: int | None = None

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

    def reset(self) -> NDArray[np.floating[Any]]:
        self.state = self.np_random.uniform(-0.05, 0.05, size=(4,))
        self.steps_beyond_done = self._last_action = None
        return np.array(self.state, self._dtype)

    def step(self, action: Any) -> tuple[NDArray[np.floating[Any]], float, bool, dict[str, Any]]:
        self._check(action)
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

    def _frame(self) -> NDArray[np.uint8]:
        return cart_pole_frame(float(self.state[0]), float(self.state[2]), self._params(), self._last_action)


class MountainCarEnv(_ClassicControl):
    """A car in a valley. The physical parameters are attributes; a change is in force at the next step."""

    metadata = {"render.modes": ["human", "rgb_array"], "video.frames_per_second": 30}  # noqa: RUF012  # as it was

    _title = "MountainCar"

    def __init__(self, goal_velocity: float = 0) -> None:
        super().__init__()
        for name, value in mountain_car.Params(goal_velocity=goal_velocity)._asdict().items():
            setattr(self, name, value)
        self.low, self.high = np.array(mountain_car.observation_bounds(self._params()), np.float32)
        self.action_space = Discrete(3)
        self.observation_space = Box(self.low, self.high, dtype=np.float32)

    def _params(self) -> mountain_car.Params:
        return mountain_car.Params._make(getattr(self, name) for name in mountain_car.Params._fields)

    def reset(self) -> NDArray[np.floating[Any]]:
        self.state = np.array([self.np_random.uniform(-0.6, -0.4), 0.0])
        self._last_action = None
        return np.array(self.state, self._dtype)

    def step(self, action: Any) -> tuple[NDArray[np.floating[Any]], float, bool, dict[str, Any]]:
        self._check(action)
        params = self._params()
        position, velocity = (float(number) for number in self.state)
        push = (int(action) - 1) * params.force
        cosine = math.cos(3 * position)
        position, velocity = self.state = mountain_car.step(position, velocity, push, cosine, params, SCALAR_OPS)
        self._last_action = int(action)
        done = bool(mountain_car.reached(position, velocity, params))
        return np.array(self.state, self._dtype), -1.0, done, {}

    def _frame(self) -> NDArray[np.uint8]:
        return mountain_car_frame(float(self.state[0]), float(self.state[1]), self._params(), self._last_action)
