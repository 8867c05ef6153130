"""The physics of a pole hinged on a cart, written once for every engine.

Barto, Sutton and Anderson (1983), "Neuronlike adaptive elements that can solve difficult learning control
problems", in the frictionless form of Florian (2007), "Correct equations for the dynamics of the cart-pole
system", equations 23 and 24. ``step`` and ``failed`` are plain arithmetic and import nothing numeric, so Python floats,
NumPy arrays, torch tensors and Numba all run this very code.
"""

from typing import Any, NamedTuple

from minigym import error
from minigym.dynamics.checks import finite_number
from minigym.dynamics.world import Number, Numbers, Ops, World


class Params(NamedTuple):
    """The physical parameters. Numbers only, so that every engine can take them in."""

    gravity: float = 9.8  # m/s^2
    masscart: float = 1.0  # kg
    masspole: float = 0.1  # kg
    length: float = 0.5  # m, HALF the pole's length: from the hinge to its centre of mass
    force_mag: float = 10.0  # N, the push of either action
    tau: float = 0.02  # s, between two states
    theta_threshold_radians: float = 0.20943951023931953  # rad, 12 degrees
    x_threshold: float = 2.4  # m
    semi_implicit: bool = False  # False: Euler; True: semi-implicit Euler


START_BOUNDS = (-0.05, 0.05)  # of each number of the state, in its unit: between what an episode starts


def step(
    x: Number,
    x_dot: Number,
    theta: Number,
    theta_dot: Number,
    force: Number,
    sin_theta: Number,
    cos_theta: Number,
    params: Params,
) -> tuple[Number, Number, Number, Number]:
    """The state ``params.tau`` seconds later, under a constant force.

    Args:
        x, x_dot: the cart's position (m) and velocity (m/s), positive to the right.
        theta, theta_dot: the pole's angle (rad) from upright, positive to the right, and its velocity (rad/s).
        force: the push on the cart (N), positive to the right.
        sin_theta, cos_theta: of ``theta``, from the caller's own library.
        params: the physical parameters.

    Returns:
        The next ``(x, x_dot, theta, theta_dot)``.
    """
    # Unpacked once: twelve look-ups by name would take a third of the scalar step's time.
    gravity, masscart, masspole, length, _, tau, _, _, semi_implicit = params
    # The order of operations is the reference's, and squares are products (v ** 2 rounds differently): with both
    # the results equal Gymnasium's to the last bit. Masses are summed here, at every step, because a stored
    # total goes stale when somebody changes a mass.
    total_mass = masspole + masscart
    polemass_length = masspole * length
    temp = (force + polemass_length * (theta_dot * theta_dot) * sin_theta) / total_mass
    theta_acc = (gravity * sin_theta - cos_theta * temp) / (
        length * (4.0 / 3.0 - masspole * (cos_theta * cos_theta) / total_mass)
    )
    x_acc = temp - polemass_length * theta_acc * cos_theta / total_mass

    if semi_implicit:  # the positions move with the new velocities
        x_dot = x_dot + tau * x_acc
        x = x + tau * x_dot
        theta_dot = theta_dot + tau * theta_acc
        theta = theta + tau * theta_dot
    else:  # the positions move with the old ones
        x = x + tau * x_dot
        x_dot = x_dot + tau * x_acc
        theta = theta + tau * theta_dot
        theta_dot = theta_dot + tau * theta_acc
    return x, x_dot, theta, theta_dot


def failed(x: Number, theta: Number, params: Params) -> Number:
    """Whether the cart left its track or the pole fell. A state exactly on a limit has not failed.

    ``|`` and not ``or``: the same line then serves arrays.
    """
    return (abs(x) > params.x_threshold) | (abs(theta) > params.theta_threshold_radians)


INTEGRATORS = ("euler", "semi-implicit")  # the names of semi_implicit=False and True


def is_semi_implicit(name: str) -> bool:
    """What ``Params.semi_implicit`` is for an integrator's name; InvalidParameter for an unknown one."""
    if name not in INTEGRATORS:
        raise error.InvalidParameter(f"kinematics_integrator must be 'euler' or 'semi-implicit', got {name!r}")
    return name == "semi-implicit"


_POSITIVE = ("masscart", "masspole", "length", "tau", "theta_threshold_radians", "x_threshold")


def checked_params(params: Params) -> Params:
    """``params`` as Python floats; InvalidParameter names the first one that no pole can have.

    Everything must be finite; masses, lengths, the time step and the limits above 0, the force not below. Gravity may
    be zero or point upwards.
    """
    checked: dict[str, Any] = {}
    for name, value in params._asdict().items():
        if name == "semi_implicit":
            if not isinstance(value, bool):  # an array of one a lane would be asked for its truth
                raise error.InvalidParameter(f"semi_implicit must be one bool for all lanes, got {value!r}")
            continue
        number = finite_number(name, value)
        if (name in _POSITIVE and number <= 0) or (name == "force_mag" and number < 0):
            default = Params._field_defaults[name]
            raise error.InvalidParameter(
                f"{name} must be {'at least' if name == 'force_mag' else 'above'} 0, got {value!r}; "
                f"the classic pole has {name}={default}"
            )
        checked[name] = number
    return params._replace(**checked)


def observation_bounds(params: Params) -> tuple[Numbers, Numbers]:
    """The lowest and the highest observation: twice the limits, so that a failing step's still lies inside."""
    x, theta, infinity = params.x_threshold * 2, params.theta_threshold_radians * 2, float("inf")
    return (-x, -infinity, -theta, -infinity), (x, infinity, theta, infinity)


# For the batch engines, which see a whole episode through functions.


def _start(uniforms: Numbers, low: float, high: float, params: Params, ops: Ops) -> Numbers:
    x, x_dot, theta, theta_dot = uniforms
    width = high - low
    return low + width * x, low + width * x_dot, low + width * theta, low + width * theta_dot


def _sine_and_cosine(state: Numbers, params: Params, ops: Ops) -> Numbers:
    return ops.sin(state[2]), ops.cos(state[2])


def _advance(state: Numbers, action: Number, values: Numbers, params: Params, ops: Ops) -> tuple[Numbers, Any]:
    x, x_dot, theta, theta_dot = state
    force = ops.where(action == 1, params.force_mag, -params.force_mag)
    next_state = step(x, x_dot, theta, theta_dot, force, values[0], values[1], params)
    return next_state, failed(next_state[0], next_state[2], params)


def _transition(
    state: Numbers, action: Number, values: Numbers, uniforms: Numbers, params: Params, ops: Ops
) -> tuple[Numbers, Number, Any, Numbers]:
    next_state, terminated = _advance(state, action, values, params, ops)
    return next_state, 1.0, terminated, ()


def _sutton_barto_transition(
    state: Numbers, action: Number, values: Numbers, uniforms: Numbers, params: Params, ops: Ops
) -> tuple[Numbers, Number, Any, Numbers]:
    next_state, terminated = _advance(state, action, values, params, ops)
    return next_state, ops.where(terminated, -1.0, 0.0), terminated, ()


def world(params: Params, sutton_barto_reward: bool = False) -> World:
    """Cart-pole for the batch engines. No step follows the one that fails, so its reward needs no memory.

    Args:
        params: the physical parameters.
        sutton_barto_reward: 0 for a step, and -1 for the one that fails; otherwise 1 for every step.
    """
    return World(
        start=_start,
        transition=_sutton_barto_transition if sutton_barto_reward else _transition,
        params=params,
        state_size=4,
        start_draws=4,
        start_bounds=START_BOUNDS,
        prepare=_sine_and_cosine,
        prepare_size=2,
        observation_bounds=observation_bounds,
        check_params=checked_params,
    )
