"""The physics of a pole hinged on a cart, written once for every engine.

Barto, Sutton and Anderson (1983), "Neuronlike adaptive elements that can solve difficult learning control
problems", in the frictionless form of Florian (2007), "Correct equations for the dynamics of the cart-pole
system", equations 23 and 24. ``step`` and ``failed`` are plain arithmetic and import nothing numeric, so Python floats,
NumPy arrays, torch tensors and Numba all run this very code.
"""

from numbers import Real
from typing import Any, NamedTuple

from minigym import error

# A scalar engine passes floats, a batched one arrays of one float a lane: the arithmetic is the same.
Number = Any


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
            continue
        if isinstance(value, bool) or not isinstance(value, Real):  # float() would take True and "1.6" as well
            raise error.InvalidParameter(f"{name} must be a number, got {value!r} of type {type(value).__name__}")
        number = float(value)
        if not -float("inf") < number < float("inf"):  # false for NaN as well
            raise error.InvalidParameter(f"{name} must be finite, got {value!r}")
        if (name in _POSITIVE and number <= 0) or (name == "force_mag" and number < 0):
            default = Params._field_defaults[name]
            raise error.InvalidParameter(
                f"{name} must be {'at least' if name == 'force_mag' else 'above'} 0, got {value!r}; "
                f"the classic pole has {name}={default}"
            )
        checked[name] = number
    return params._replace(**checked)
