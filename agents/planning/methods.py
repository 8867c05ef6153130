"""The methods of chapter 4 for a discount below 1, or with a horizon (Sutton and Barto 2018)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.planning import bounds
from agents.planning.iteration import EXACT, MOST_SWEEPS, Change, Watch, evaluate, settle, unwatched
from agents.planning.model import (
    DENSE_STATES,
    TIE,
    Model,
    first_best,
    lossless,
    magnitudes,
    q_values,
    soft,
    soft_best,
)
from agents.planning.sweeps import compiled, optimal_sweep, policy_sweep
from minigym import error
from minigym.vector.batch_env import has_numba

EVALUATION_SWEEPS = 10  # of modified policy iteration, between two improvements
_ROUGH = Change(np.inf, 1e-2)  # the first policy of policy iteration on a large table is greedy for values this rough
_ATTEMPTS = 4


class Goal(NamedTuple):
    """How exact the values must be at every state; infinite where that does not matter."""

    absolute: float
    relative: float

    def is_met(self, values: NDArray[np.float64], errors: NDArray[np.float64]) -> bool:
        """Whether these errors (S,), proven for ``values`` (S,), are small enough."""
        return bool((errors <= self.absolute).all() and relative(values, errors) <= self.relative)

    def change(self, values: NDArray[np.float64], gamma: float) -> Change:
        """The change of a last sweep that proves it (see :mod:`agents.planning.bounds`), but for rounding."""
        share = bounds.share_of(values)
        steps = (1 - gamma ** (1 - share)) * np.exp(-1)
        return Change(self.absolute * (1 - gamma) / 8, self.relative * steps / 8)


def relative(values: NDArray[np.float64], errors: NDArray[np.float64]) -> float:
    """The largest error as a share of the true value, which is at least |v| - error; infinite where that may be 0."""
    wrong = errors > 0
    least = np.abs(values[wrong]) - errors[wrong]
    if not wrong.any():
        return 0.0
    return float((errors[wrong] / least).max()) if (least > 0).all() else np.inf


def discounted(
    model: Model, method: str, gamma: float, epsilon: float, goal: Goal, watch: Watch
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """The values (S,), policy (S,) and proven errors (S,) at a discount below 1.

    However the optimal values were found, the values returned are those of the policy returned: it is evaluated, and
    the bound is for both. If that does not prove what was asked for, everything is done once more, more exactly.
    """
    values, policy = np.zeros(len(model.reward)), model.reward.argmax(axis=1)
    best: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]] | None = None
    for attempt in range(_ATTEMPTS):
        exacter, tie = 10.0 ** (-2 * attempt), max(TIE * 10.0 ** (-2 * attempt), 1e-14)
        aim = Goal(goal.absolute * exacter, goal.relative * exacter)
        values, policy = _optimal(model, method, values, policy, gamma, epsilon, aim, tie, watch)
        policy = lossless(model, values, gamma, tie)[0].argmax(axis=1)  # ties go to the first action
        weights = soft(policy, model.reward.shape[1], epsilon)
        values, _ = evaluate(model, weights, gamma, values, aim.change(values, gamma), watch)
        errors = bounds.discounted_error(model, values, weights, gamma, epsilon)
        if best is not None and errors.max() >= best[2].max() and relative(values, errors) >= relative(*best[::2]):
            break  # float64 can do no better
        best = values.copy(), policy, errors
        if goal.is_met(values, errors):
            break
    assert best is not None
    return best


def _optimal(
    model: Model,
    method: str,
    values: NDArray[np.float64],
    policy: NDArray[np.int64],
    gamma: float,
    epsilon: float,
    goal: Goal,
    tie: float,
    watch: Watch,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Values (S,) near the optimal ones, and a policy (S,), from those of the last attempt on."""
    if method == "policy_iteration":
        if has_numba() and len(values) > DENSE_STATES and not values.any():
            values, policy = sweep_to(model, "gauss_seidel", values, gamma, epsilon, _ROUGH, watch)
        limit = goal.change(values, gamma)
        return policy_iteration(model, policy, gamma, epsilon, start=values, limit=limit, watch=watch, feigned=tie)
    largest = np.abs(model.reward).max()
    if np.isfinite(goal.absolute) and gamma > 0 and largest > 0:
        # n sweeps from v = 0 leave an error of at most gamma**n / (1 - gamma) times the largest reward.
        most = np.log(goal.absolute * (1 - gamma) / largest) / np.log(gamma)
        if most > MOST_SWEEPS:
            raise error.InvalidParameter(
                f"{method.replace('_', ' ')} may need {int(most):,} sweeps at gamma={gamma}; use "
                "method='policy_iteration'"
            )
    if np.isfinite(goal.relative) and not values.any():  # how far apart the values are says how exact it must be
        values, policy = sweep_to(model, method, values, gamma, epsilon, _ROUGH, watch)
    return sweep_to(model, method, values, gamma, epsilon, goal.change(values, gamma), watch)


def sweep_to(
    model: Model,
    method: str,
    values: NDArray[np.float64],
    gamma: float,
    epsilon: float,
    limit: Change,
    watch: Watch = unwatched,
    allowed: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Value iteration (section 4.4), Gauss-Seidel (section 4.5) or modified policy iteration (section 4.6).

    From ``values`` (S,) until a sweep changes less than ``limit``.
    """
    now, other = values.copy(), values.copy()
    policy = np.zeros(len(values), dtype=np.int64)
    if allowed is None:
        allowed = np.ones(model.reward.shape, dtype=np.bool_)

    def in_place(down: bool) -> tuple[float, float]:
        return compiled(optimal_sweep)(now, now, policy, allowed, model.table, gamma, epsilon, down)

    def from_copy(down: bool) -> tuple[float, float]:
        nonlocal now, other
        if has_numba():
            change = compiled(optimal_sweep)(now, other, policy, allowed, model.table, gamma, epsilon, down)
        else:
            change = _array_sweep(model, now, other, policy, gamma, epsilon)
        now, other = other, now
        return change

    def improve_and_evaluate(down: bool) -> tuple[float, float]:
        change = in_place(down)
        weights = soft(policy, model.reward.shape[1], epsilon)
        for sweep in range(EVALUATION_SWEEPS):
            compiled(policy_sweep)(now, now, weights, model.table, gamma, sweep % 2 == 0)
        return change

    sweep = {
        "value_iteration": from_copy,
        "gauss_seidel": in_place,
        "modified_policy_iteration": improve_and_evaluate,
    }[method]
    settle(sweep, limit, watch, (lambda: now) if gamma < 1 else None)
    return now, policy


def _array_sweep(
    model: Model,
    values: NDArray[np.float64],
    into: NDArray[np.float64],
    policy: NDArray[np.int64],
    gamma: float,
    epsilon: float,
) -> tuple[float, float]:
    """:func:`~agents.planning.sweeps.optimal_sweep` from ``values`` to another array, for all states at once."""
    q = q_values(model, values, gamma)
    policy[:] = q.argmax(axis=1)
    into[:] = np.where(model.table.over, values, soft_best(q, epsilon))
    change = np.abs(into - values)
    changed = change > 0
    if not changed.any():
        return 0.0, 0.0
    share = np.divide(change, np.abs(into), out=np.full_like(change, np.inf), where=into != 0)
    return float(change.max()), float(share[changed].max())


def policy_iteration(
    model: Model,
    policy: NDArray[np.int64],
    gamma: float,
    epsilon: float = 0.0,
    allowed: NDArray[np.bool_] | None = None,
    start: NDArray[np.float64] | None = None,
    limit: Change = EXACT,
    watch: Watch = unwatched,
    feigned: float = TIE,
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The best values and a best policy among the ``allowed`` (S, A) actions, from a first policy on (section 4.3).

    An action is changed only for one that is better by more than rounding could feign (that share of the sums that its
    worth comes from), and a policy that comes back ends the loop: rounding feigned more. At gamma = 1 the first of the
    two has a second use: a first policy that ends
    for certain is followed only by others that do, as long as returns are bounded. For if a new policy could stay in
    some set of states for ever, either some change there gained something, so that its reward per step there is
    positive; or nothing was changed there, and the old policy would have stayed there, too (Bertsekas and Tsitsiklis
    1991, "An analysis of stochastic shortest path problems").
    """
    states, num_actions = np.arange(len(policy)), model.reward.shape[1]
    values, tried = start, set()
    while True:
        tried.add(hash(policy.tobytes()))
        values, sizes = evaluate(model, soft(policy, num_actions, epsilon), gamma, values, limit, watch)
        if not np.isfinite(values).all():
            state = int(np.argmin(np.isfinite(values)))
            raise error.InvalidParameter(
                f"at gamma=1 the return from state {state} has no limit: an episode can go on earning there for ever; "
                "give a gamma below 1, or a horizon"
            )
        q = q_values(model, values, gamma)
        better = q > q[states, policy, None] + feigned * magnitudes(model, sizes, gamma)
        if allowed is not None:
            better &= allowed
        improved = np.where(better.any(axis=1), np.where(better, q, -np.inf).argmax(axis=1), policy)
        if hash(improved.tobytes()) in tried:
            return values, policy
        policy = improved


def backward_induction(
    model: Model, gamma: float, epsilon: float, horizon: int, watch: Watch = unwatched
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Bellman's optimality equation, solved from the last step to the first; with (horizon + 1, 1) proven errors."""
    num_states = len(model.reward)
    if (horizon + 1) * num_states > 2**28:
        raise MemoryError(
            f"a plan for {horizon:,} steps and {num_states:,} states would hold {(horizon + 1) * num_states:,} values; "
            "use a shorter horizon, or none"
        )
    values = np.zeros((horizon + 1, num_states))
    policy = np.zeros((horizon, num_states), dtype=np.int64)
    errors = np.zeros((horizon + 1, 1))
    for step in reversed(range(horizon)):
        following = values[step + 1]
        values[step] = soft_best(q_values(model, following, gamma), epsilon)
        policy[step] = first_best(model, following, gamma)
        # What the policy loses against the best is at most the slack within which actions count as equal.
        taken = (soft(policy[step], model.reward.shape[1], epsilon) * q_values(model, following, gamma)).sum(axis=1)
        lost = float(np.abs(values[step] - taken).max())
        errors[step] = gamma * errors[step + 1] + float(bounds.rounding(model, following, gamma).max()) + lost
        watch(0.0)
    return values, policy, errors
