"""Sweeps until nothing changes any more, and the value of one policy (Sutton and Barto, section 4.1)."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.planning.graph import reaching
from agents.planning.model import Model, scipy_sparse, under_policy
from agents.planning.sweeps import compiled, policy_sweep
from minigym import error
from minigym.vector.batch_env import has_numba

SWEPT_STATES = 1_000  # above, sweeps are quicker than the solution of linear equations, and take less memory
MOST_SWEEPS = 10_000_000
_FLOOR = 2e-15  # a change of that share is rounding
_PATIENCE = 100  # sweeps whose changes are near the rounding, and no longer shrink
_LEAP_EVERY = 40  # sweeps

Watch = Callable[[float], None]
Sweep = Callable[[bool], tuple[float, float]]


class Change(NamedTuple):
    """How much the last sweep may change: a number of any size, and a share of the value."""

    absolute: float
    share: float


EXACT = Change(np.inf, 1e-14)


def unwatched(change: float) -> None:
    """What is told of each sweep where nobody looks on."""


def is_swept(model: Model) -> bool:
    """Whether its equations are solved by sweeps; without Numba those would be slower at any size."""
    return len(model.reward) > SWEPT_STATES and has_numba()


def settle(
    sweep: Sweep, limit: Change, watch: Watch = unwatched, current: Callable[[], NDArray[np.float64]] | None = None
) -> None:
    """Sweeps downwards and upwards by turns, until one changes less than ``limit``, or no more than rounding does.

    Where one fixed point attracts all values (gamma < 1), ``current`` says where they stand, and they may leap ahead.
    """
    largest, smallest, stalled = 0.0, np.inf, 0
    track: list[NDArray[np.float64]] = []
    for number in range(MOST_SWEEPS):
        if current is not None and number % _LEAP_EVERY in (_LEAP_EVERY - 5, _LEAP_EVERY - 3, _LEAP_EVERY - 1):
            track.append(current().copy())
            if len(track) == 3:
                leap(current(), *track)
                track.clear()
        change, share = sweep(number % 2 == 0)
        watch(share)
        if (change <= limit.absolute and share <= limit.share) or share <= _FLOOR:
            return
        if not np.isfinite(change):
            break
        largest = max(largest, change)
        if change <= 1e-11 * largest:
            stalled = stalled + 1 if change >= smallest else 0
            smallest = min(smallest, change)
            if stalled >= _PATIENCE:
                return
    raise error.InvalidParameter(
        f"the values still change after {number + 1:,} sweeps; use method='policy_iteration', a smaller gamma, or a "
        "larger tolerance"
    )


def leap(
    values: NDArray[np.float64], first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64]
) -> None:
    """Add to ``values`` (S,) all that is still to come, if at every state it shrinks by about the same factor.

    A geometric series (Aitken's extrapolation): where episodes are long and states mix well, all values are wrong by
    nearly the same number, which each sweep shrinks by gamma alone. Any values are as good a start for further sweeps,
    and the bound is proven for what they end with.
    """
    before, after = second - first, third - second
    size = float(before @ before)
    factor = float(before @ after) / size if size > 0 else 0.0
    if 0 < factor < 1 and (np.abs(after - factor * before) <= 0.1 * np.abs(after)).all():
        values += factor / (1 - factor) * after


def evaluate(
    model: Model,
    weights: NDArray[np.float64],
    gamma: float,
    start: NDArray[np.float64] | None = None,
    limit: Change = EXACT,
    watch: Watch = unwatched,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The values (S,) of one policy (S, A), and the sizes (S,) that they would have if no reward were negative.

    v = r + gamma P v (equation 4.4), solved as linear equations, or for a large table by sweeps from ``start`` (S,)
    until one changes less than ``limit``. At gamma = 1 a value can be infinite, or NaN where positive and negative
    rewards go on for ever.
    """
    swept = is_swept(model)
    moves = weights > 0
    transition = None if swept else under_policy(model, weights)

    def led_to(targets: NDArray[np.bool_]) -> NDArray[np.bool_]:
        return reaching(model, targets, moves)[0] if transition is None else _reaching(transition, targets)

    reward = (weights * model.reward).sum(axis=1)
    values, sizes = np.zeros((2, len(weights)))
    unknown = ~model.table.over
    if gamma == 1:
        earning = led_to(reward != 0)
        over = (model.may_end & moves).any(axis=1) | ~earning
        for_ever = ~led_to(over)
        if for_ever.any():
            with np.errstate(invalid="ignore"):  # inf - inf is NaN, as it should be
                values[led_to(for_ever & (reward > 0))] += np.inf
                values[led_to(for_ever & (reward < 0))] -= np.inf
        unknown = earning & ~led_to(for_ever)
    sizes[~unknown] = np.abs(values[~unknown])
    if not unknown.any():
        return values, sizes
    right_sides = np.stack([reward, (weights * model.reward_size).sum(axis=1)], axis=1)
    if transition is not None:
        solution = _solved(transition[unknown][:, unknown], right_sides[unknown], gamma)
        values[unknown], sizes[unknown] = solution[:, 0], np.abs(solution).max(axis=1)  # rounding can make a 0 negative
        return values, sizes
    known = model.table._replace(over=~unknown)
    values[unknown] = 0.0 if start is None else start[unknown]
    current = (lambda: values) if gamma < 1 else None
    settle(lambda down: compiled(policy_sweep)(values, values, weights, known, gamma, down), limit, watch, current)
    if (right_sides[:, 0] == right_sides[:, 1]).all() or (right_sides[:, 0] == -right_sides[:, 1]).all():
        return values, np.abs(values)
    known = known._replace(reward=model.reward_size)
    settle(lambda down: compiled(policy_sweep)(sizes, sizes, weights, known, gamma, down), Change(np.inf, 0.1))
    return values, sizes


def _solved(matrix: Any, right_sides: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """The solution of x = right_sides + gamma matrix x."""
    if isinstance(matrix, np.ndarray):
        return np.linalg.solve(np.eye(len(matrix)) - gamma * matrix, right_sides)
    sparse = scipy_sparse()
    system = sparse.csc_array(sparse.eye_array(matrix.shape[0]) - gamma * matrix)
    solution: NDArray[np.float64] = sparse.linalg.splu(system).solve(right_sides)
    return solution


def _reaching(transition: Any, targets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(S,): the states from which ``targets`` (S,) can be reached, in any number of steps."""
    while True:
        more = targets | ((transition @ targets.astype(float)) > 0)
        if (more == targets).all():
            return targets
        targets = more
