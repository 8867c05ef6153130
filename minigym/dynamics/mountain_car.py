"""The physics of a car in a valley, too weak to drive straight out of it, written once for every engine.

Moore (1990), "Efficient memory-based learning for robot control", with the numbers of Sutton and Barto, "Reinforcement
learning: an introduction", second edition, example 10.1. The road's height at position x is sin(3 x) but for a
factor, so gravity pulls the car to the left in proportion to cos(3 x). ``step`` and ``reached`` are plain arithmetic
and import nothing numeric.
"""

from typing import Any, NamedTuple

from minigym import error
from minigym.dynamics.checks import finite_number
from minigym.dynamics.world import Number, Numbers, Ops, World


class Params(NamedTuple):
    """The physical parameters. Numbers only, so that every engine can take them in."""

    min_position: float = -1.2  # m, where a wall stops the car
    max_position: float = 0.6  # m
    max_speed: float = 0.07  # m/step, in both directions
    goal_position: float = 0.5  # m
    goal_velocity: float = 0.0  # m/step, the least velocity at the goal with which the car has reached it
    force: float = 0.001  # m/step^2, the acceleration by the motor, either way
    gravity: float = 0.0025  # m/step^2, the acceleration by the slope where it is steepest


START_BOUNDS = (-0.6, -0.4)  # m, of the position: between what an episode starts


def step(
    position: Number, velocity: Number, push: Number, cosine: Number, params: Params, ops: Ops
) -> tuple[Number, Number]:
    """The state one step later.

    Args:
        position, velocity: the car's (m, m/step), positive to the right.
        push: the acceleration by the motor (m/step^2), positive to the right.
        cosine: of ``3 * position``, from the caller's own library.
        params: the physical parameters.
        ops: its ``where`` is used.

    Returns:
        The next ``(position, velocity)``.
    """
    low, high, max_speed, _, _, _, gravity = params
    where = ops.where
    # The order of operations is the reference's: so the results equal Gymnasium's to the last bit.
    velocity = velocity + (push + cosine * (-gravity))
    velocity = where(velocity < -max_speed, -max_speed, velocity)
    velocity = where(velocity > max_speed, max_speed, velocity)
    position = position + velocity
    position = where(position < low, low, position)
    position = where(position > high, high, position)
    # Only the wall on the left stops the car; on the right it stands still with its velocity, as in the reference.
    velocity = where((position == low) & (velocity < 0.0), 0.0, velocity)
    return position, velocity


def reached(position: Number, velocity: Number, params: Params) -> Number:
    """Whether the car is at the goal or beyond it, and fast enough.

    ``&`` and not ``and``: the same line then serves arrays.
    """
    return (position >= params.goal_position) & (velocity >= params.goal_velocity)


def checked_params(params: Params) -> Params:
    """``params`` as Python floats; InvalidParameter names the first one that no such car can have.

    Everything must be finite, the largest speed above 0, the force not below, and the positions in order. Gravity may
    be zero or push uphill; a goal that cannot be reached makes an episode without an end.
    """
    checked = Params._make(map(finite_number, Params._fields, params))
    if checked.max_speed <= 0:
        raise error.InvalidParameter(
            f"max_speed must be above 0, got {params.max_speed!r}; the classic car has "
            f"max_speed={Params._field_defaults['max_speed']}"
        )
    if checked.force < 0:
        raise error.InvalidParameter(
            f"force must be at least 0, got {params.force!r}; the classic car has "
            f"force={Params._field_defaults['force']}"
        )
    if checked.min_position >= checked.max_position:
        raise error.InvalidParameter(
            f"min_position must be below max_position, got {params.min_position!r} and {params.max_position!r}; to "
            "move both on a made environment, set the one first that leaves room for the other"
        )
    return checked


def observation_bounds(params: Params) -> tuple[Numbers, Numbers]:
    """The lowest and the highest observation."""
    return (params.min_position, -params.max_speed), (params.max_position, params.max_speed)


# For the batch engines, which see a whole episode through functions.


def _start(uniforms: Numbers, low: float, high: float, params: Params, ops: Ops) -> Numbers:
    (uniform,) = uniforms
    return low + (high - low) * uniform, 0.0 * uniform  # a zero for each lane


def _cosine(state: Numbers, params: Params, ops: Ops) -> Numbers:
    return (ops.cos(3.0 * state[0]),)


def _transition(
    state: Numbers, action: Number, values: Numbers, uniforms: Numbers, params: Params, ops: Ops
) -> tuple[Numbers, Number, Any, Numbers]:
    # (action - 1) * force, also for actions without a sign, and in the precision of the parameters.
    push = ops.where(action == 2, params.force, ops.where(action == 0, -params.force, 0.0))
    position, velocity = step(state[0], state[1], push, values[0], params, ops)
    return (position, velocity), -1.0, reached(position, velocity, params), ()


def world(params: Params) -> World:
    """Mountain car for the batch engines."""
    return World(
        start=_start,
        transition=_transition,
        params=params,
        state_size=2,
        start_draws=1,
        start_bounds=START_BOUNDS,
        prepare=_cosine,
        prepare_size=1,
        observation_bounds=observation_bounds,
        check_params=checked_params,
    )
