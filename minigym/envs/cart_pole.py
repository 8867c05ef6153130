"""CartPole: keep a pole upright by pushing the cart that it is hinged on."""

from math import cos, sin
from struct import Struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger
from minigym.dynamics import cart_pole
from minigym.dynamics.cart_pole import Params, failed, step
from minigym.dynamics.world import World
from minigym.envs.rendered import PhysicsEnv, parameter, reset_bounds
from minigym.spaces import Discrete

_CLASSIC = Params()
_FLOAT32 = np.dtype(np.float32)
_empty, _pack_into = np.empty, Struct("4f").pack_into  # as globals: a look-up less in every step


class CartPoleEnv(PhysicsEnv):
    """A pole hinged on a cart that moves along a track without friction.

    Actions: ``Discrete(2)``: 0 pushes the cart to the left, 1 to the right, with ``force_mag``.
    Observation: ``Box`` (4,) float32, the state cast from float64:

    | | quantity | low | high | the episode ends beyond |
    |---|---|---|---|---|
    | 0 | cart position (m) | -4.8 | 4.8 | +-2.4 |
    | 1 | cart velocity (m/s) | -inf | inf | |
    | 2 | pole angle (rad) | -0.418879 | 0.418879 | +-0.2094395 (12 degrees) |
    | 3 | pole angular velocity (rad/s) | -inf | inf | |

    Start: each number uniform in [-0.05, 0.05], or within ``reset(options={"low": ..., "high": ...})``.
    Reward: 1 for every step, the last one included; with ``sutton_barto_reward`` 0, and -1 for the step that fails.
    End: terminated beyond the limits in the table; ``make`` truncates after 500 steps (v1) or 200 (v0). Steps after
    the end give reward 0 (-1 with ``sutton_barto_reward``) and one warning. Info: empty.
    Arguments: ``render_mode`` None, "rgb_array" (a frame) or "human" (a window); ``kinematics_integrator`` "euler"
    (positions move with the old velocities) or "semi-implicit" (the new ones); ``gravity`` to ``x_threshold``, in the
    units of :class:`minigym.dynamics.cart_pole.Params`. They are also attributes that may be set, as may ``state``.
    Source: Barto, Sutton and Anderson (1983); equations 23 and 24 of Florian (2007).
    Versions: v1 has the threshold 475, v0 195.
    """

    window_title = "CartPole"
    metadata = {"render_modes": ["human", "rgb_array"], "render_fps": 50}  # noqa: RUF012  # as in Gymnasium

    gravity, masscart, masspole, length, force_mag, tau, theta_threshold_radians, x_threshold = map(
        parameter, Params._fields[:8]
    )
    kinematics_integrator = property(
        lambda env: cart_pole.INTEGRATORS[env._params.semi_implicit],
        lambda env, name: env._set_params(semi_implicit=cart_pole.is_semi_implicit(name)),
    )

    def __init__(
        self,
        sutton_barto_reward: bool = False,
        render_mode: str | None = None,
        kinematics_integrator: str = "euler",
        gravity: float = _CLASSIC.gravity,
        masscart: float = _CLASSIC.masscart,
        masspole: float = _CLASSIC.masspole,
        length: float = _CLASSIC.length,
        force_mag: float = _CLASSIC.force_mag,
        tau: float = _CLASSIC.tau,
        theta_threshold_radians: float = _CLASSIC.theta_threshold_radians,
        x_threshold: float = _CLASSIC.x_threshold,
    ) -> None:
        self.render_mode = self._checked_render_mode(render_mode)
        self.sutton_barto_reward = sutton_barto_reward
        self.action_space = self._actions = Discrete(2)
        self._params = Params(gravity, masscart, masspole, length, force_mag, tau, theta_threshold_radians, x_threshold)
        self.kinematics_integrator = kinematics_integrator
        self._state: tuple[float, float, float, float] | None = None
        self._last_action: int | None = None
        self._failures = 0  # steps of this episode that ended beyond the limits; a second one means a missing reset

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        low, high = reset_bounds(options, *cart_pole.START_BOUNDS)
        super().reset(seed=seed)
        start = self.np_random.uniform(low, high, size=4)
        self._state = tuple(start.tolist())
        self._last_action, self._failures = None, 0
        if self.render_mode == "human":
            self.render()
        return start.astype(_FLOAT32), {}

    def step(self, action: Any) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        if type(action) is not int or not 0 <= action <= 1:  # spares the common case a call
            action = self._actions.checked(action)
        try:
            x, x_dot, theta, theta_dot = self._state  # type: ignore[misc]  # None is what the except clause is for
        except TypeError:
            raise error.ResetNeeded("step() needs a state: call reset() first") from None
        params = self._params
        force = params.force_mag if action == 1 else -params.force_mag
        # math's sine and not NumPy's: on single floats it is ten times faster, and gives the same bits.
        x, x_dot, theta, theta_dot = step(x, x_dot, theta, theta_dot, force, sin(theta), cos(theta), params)
        terminated = failed(x, theta, params)
        self._state, self._last_action = (x, x_dot, theta, theta_dot), action
        reward = self._reward(terminated) if terminated or self.sutton_barto_reward else 1.0
        if self.render_mode and self.render_mode == "human":  # None is told apart more quickly than compared
            self.render()
        observation = _empty(4, _FLOAT32)
        # The cast of np.array(state, float32), which would make the whole step a tenth slower; inf beyond float32 too.
        _pack_into(observation, 0, x, x_dot, theta, theta_dot)  # type: ignore[arg-type]  # an array is a buffer
        return observation, reward, terminated, False, {}

    def _reward(self, terminated: bool) -> float:
        """The reward of a failing step, of a step after that, or of any step under ``sutton_barto_reward``."""
        if not terminated:
            return 0.0
        self._failures += 1
        if self._failures == 2:
            logger.warn("step() was called after the episode had terminated; call reset() to begin the next one")
        return -1.0 if self.sutton_barto_reward else float(self._failures == 1)

    @property
    def world(self) -> World:
        """The same physics as functions, for the batch engines."""
        return cart_pole.world(self._params, self.sutton_barto_reward)

    def _frame(self) -> NDArray[np.uint8] | None:
        from minigym.render import cart_pole_frame

        state = self._state
        return None if state is None else cart_pole_frame(state[0], state[2], self._params, self._last_action)
