"""MountainCar: drive out of a valley by swinging up, with a motor too weak for the slope."""

from math import cos
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.dynamics import mountain_car
from minigym.dynamics.mountain_car import Params, reached, step
from minigym.dynamics.world import SCALAR_OPS, World
from minigym.envs.rendered import PhysicsEnv, parameter, reset_bounds
from minigym.spaces import Discrete

_CLASSIC = Params()
_FLOAT32 = np.dtype(np.float32)
_empty, _pack_into = np.empty, Struct("2f").pack_into  # as globals: a look-up less in every step


class MountainCarEnv(PhysicsEnv):
    """A car in a valley, whose motor is weaker than gravity on the slopes.

    Actions: ``Discrete(3)``: 0 pushes the car to the left, 1 lets it roll, 2 pushes it to the right, with ``force``.
    Observation: ``Box`` (2,) float32, the state cast from float64:

    | | quantity | low | high | the episode ends at |
    |---|---|---|---|---|
    | 0 | position (m) | -1.2 | 0.6 | 0.5 or beyond |
    | 1 | velocity (m/step) | -0.07 | 0.07 | |

    Both are clipped to these bounds, and the wall on the left stops the car.
    Start: at rest, at a position uniform in [-0.6, -0.4], or within ``reset(options={"low": ..., "high": ...})``.
    Reward: -1 for every step, so the best policy is the quickest.
    End: terminated at ``goal_position`` or beyond, if the velocity is at least ``goal_velocity``; ``make`` truncates
    after 200 steps. Steps after the end go on as if there was none. Info: empty.
    Arguments: ``render_mode`` None, "rgb_array" (a frame) or "human" (a window); ``goal_velocity``, and
    ``min_position`` to ``gravity``, in the units of :class:`minigym.dynamics.mountain_car.Params`. They are also
    attributes that may be set, as may ``state``.
    Source: Moore (1990); example 10.1 of Sutton and Barto, second edition.
    Versions: v0 has the threshold -110.
    """

    window_title = "MountainCar"
    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 30}  # noqa: RUF012  # as in Gymnasium

    min_position, max_position, max_speed, goal_position, goal_velocity, force, gravity = map(parameter, Params._fields)

    def __init__(
        self,
        render_mode: str | None = None,
        goal_velocity: float = _CLASSIC.goal_velocity,
        min_position: float = _CLASSIC.min_position,
        max_position: float = _CLASSIC.max_position,
        max_speed: float = _CLASSIC.max_speed,
        goal_position: float = _CLASSIC.goal_position,
        force: float = _CLASSIC.force,
        gravity: float = _CLASSIC.gravity,
    ) -> None:
        self.render_mode = self._checked_render_mode(render_mode)
        self.action_space = self._actions = Discrete(3)
        self._params = Params(min_position, max_position, max_speed, goal_position, goal_velocity, force, gravity)
        self._set_params()
        self._state: tuple[float, float] | None = None
        self._last_action: int | None = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        low, high = reset_bounds(options, *mountain_car.START_BOUNDS)
        super().reset(seed=seed)
        self._state = self.np_random.uniform(low, high), 0.0
        self._last_action = None
        if self.render_mode == "human":
            self.render()
        return np.array(self._state, _FLOAT32), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        if type(action) is not int or not 0 <= action <= 2:  # spares the common case a call
            action = self._actions.checked(action)
        try:
            position, velocity = self._state  # type: ignore[misc]  # None is what the except clause is for
        except TypeError:
            raise error.ResetNeeded("step() needs a state: call reset() first") from None
        params = self._params
        # math's cosine and not NumPy's: on single floats it is ten times faster, and gives the same bits.
        push, cosine = (action - 1) * params.force, cos(3 * position)
        position, velocity = self._state = step(position, velocity, push, cosine, params, SCALAR_OPS)
        self._last_action = action
        if self.render_mode and self.render_mode == "human":  # None is told apart more quickly than compared
            self.render()
        observation = _empty(2, _FLOAT32)
        # The cast of np.array(state, float32), which would make the whole step a third slower.
        _pack_into(observation, 0, position, velocity)  # type: ignore[arg-type]  # an array is a buffer
        return observation, -1.0, reached(position, velocity, params), False, {}

    @property
    def world(self) -> World:
        """The same physics as functions, for the batch engines."""
        return mountain_car.world(self._params)

    def _frame(self) -> NDArray[np.uint8] | None:
        from minigym.render import mountain_car_frame

        return None if self._state is None else mountain_car_frame(*self._state, self._params, self._last_action)
