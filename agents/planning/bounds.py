"""How far the values can be from the true ones: proofs, not changes that have become small.

Every bound comes from one fact. The backup T of Bellman's equation is monotone, so that T(v + c h) <= Tv + gamma c P h,
where P h is the largest expectation of h >= 0 (S,) that an action allows. If |Tv - v| <= c (h - gamma P h) at every
state, then v + c h >= T(v + c h) >= T T(v + c h) >= ... and these go down to v*; with the same from below,
|v - v*| <= c h. Any h will do, whatever it came from, as long as ``h - gamma P h`` is computed and positive:

- h = 1 gives the usual |Tv - v| / (1 - gamma) (Puterman 1994, theorem 6.3.1);
- h = |v| ** share, share < 1, is small where the values are: the bound is relative. Where rewards are not negative,
  gamma P h <= gamma (P |v|) ** share <= gamma ** (1 - share) h, since that power is concave;
- at gamma = 1, h is the expected number of steps.

The rounding of Tv itself is added to |Tv - v|.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.planning.graph import end_components
from agents.planning.model import Model, expectation, magnitudes, q_values, scipy_sparse, soft_best
from agents.planning.sweeps import compiled, dawdling_sweep, optimal_sweep

TINY = 1e-300  # where numbers begin to lose digits
_UNIT = 2.0**-52
_TIED = 1e-9  # actions worse than the best by a larger share of the sums are not tied
_MOST_DAWDLING = 10_000  # sweeps
_PATIENCE, _SOLVED_GROUPS = 300, 20_000  # sweeps before equations are solved instead, for so many groups at most


def share_of(values: NDArray[np.float64]) -> float:
    """The power of |v| that gives the smallest relative bound: 1 - 1/n for values e**n times apart."""
    sizes = np.abs(values[np.abs(values) > TINY])
    return 1 - 1 / max(2.0, float(np.log(sizes.max()) - np.log(sizes.min()))) if sizes.size else 0.5


def rounding(model: Model, values: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """(S,): how far a computed backup can be from the exact one: a unit for each operation."""
    operations = 2 * model.table.probability.shape[2] + model.reward.shape[1] + 6
    sizes = magnitudes(model, np.abs(values), gamma).max(axis=1)
    return operations * (_UNIT * np.maximum(sizes, np.abs(values)) + np.where(sizes > 0, 5e-324, 0.0))


def discounted_error(
    model: Model, values: NDArray[np.float64], weights: NDArray[np.float64], gamma: float, epsilon: float
) -> NDArray[np.float64]:
    """(S,): how far ``values`` (S,) can be from the optimal ones, and from those of the policy (S, A); gamma < 1."""
    q = q_values(model, values, gamma)
    residual = np.maximum(np.abs(soft_best(q, epsilon) - values), np.abs((weights * q).sum(axis=1) - values))
    residual += rounding(model, values, gamma)
    residual[model.table.over] = 0.0

    def proven(heights: NDArray[np.float64]) -> NDArray[np.float64]:
        unit = _operations(model) * _UNIT * heights
        slack = heights - gamma * soft_best(expectation(model, heights), epsilon) * (1 + 4 * _UNIT) - unit
        return _times(_largest_ratio(residual, slack), heights)

    # Not 1 - gamma for the slack of h = 1: a row of the table may sum to a little more than 1.
    error = proven(np.where(model.table.over, 0.0, 1.0))
    sizes = np.abs(values)
    if sizes.max() > TINY:
        error = np.minimum(error, proven((sizes / sizes.max()) ** share_of(values)))
    error[model.table.over] = 0.0
    return error


def policy_error(
    model: Model, values: NDArray[np.float64], weights: NDArray[np.float64], steps: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(S,): how far ``values`` can be from those of a policy (S, A) at gamma = 1 that takes about ``steps`` (S,)."""
    residual = np.abs((weights * q_values(model, values, 1.0)).sum(axis=1) - values) + rounding(model, values, 1.0)
    slack = steps - (weights * expectation(model, steps)).sum(axis=1) - _operations(model) * _UNIT * steps
    residual[model.table.over] = 0.0
    ratio = _largest_ratio(residual, slack)
    return np.where(model.table.over, 0.0, _times(ratio, steps))


def undiscounted_error(
    model: Model,
    values: NDArray[np.float64],
    weights: NDArray[np.float64],
    steps: NDArray[np.float64],
    epsilon: float,
    ceiling: float,
) -> NDArray[np.float64]:
    """(S,): the same as :func:`discounted_error` for gamma = 1, against the best of the policies that end for certain.

    ``steps`` (S,) are about those that the policy (S, A) takes. From below its own value is the proof. From above, h
    is the longest time that an episode can be kept going without a loss. Where it can be kept for ever, in an end
    component, all states have the same value, and count as one (Haddad and Monmege 2018, "Interval iteration").
    No value is above ``ceiling`` either. Infinite where neither gives a bound.
    """
    over = model.table.over
    below = policy_error(model, values, weights, steps)
    slack = _TIED * magnitudes(model, np.abs(values), 1.0).max(axis=1, keepdims=True)
    tied = q_values(model, values, 1.0) >= values[:, None] - slack
    tied[over] = False
    if epsilon > 0:  # every action is taken sometimes, and so every episode ends
        component, inside, tied = np.arange(len(values)), np.zeros_like(tied), np.ones_like(tied)
    else:
        component, inside = end_components(model, tied)
        if (model.reward_size[inside] != 0).any():
            return _below_ceiling(model, values, below, np.inf, ceiling)
    highest = np.full(len(values), -np.inf)
    np.maximum.at(highest, component, values)
    raised = np.where(over, 0.0, highest[component])
    longest = _longest(model, component, tied & ~inside, epsilon)
    if longest is None:
        return _below_ceiling(model, values, below, np.inf, ceiling)
    # raised + c h >= T(raised + c h), action by action; with epsilon, of the mixtures
    gain = q_values(model, raised, 1.0)
    fall = longest[:, None] - expectation(model, longest) - _operations(model) * _UNIT * longest[:, None]
    if epsilon > 0:
        gain = soft_best(gain, epsilon)[:, None]
        fall = longest[:, None] - soft_best(expectation(model, longest), epsilon)[:, None]
        fall -= _operations(model) * _UNIT * longest[:, None]
        inside = inside[:, :1]
    gain += rounding(model, raised, 1.0)[:, None] - raised[:, None]
    binding = ~inside & ~over[:, None]
    gain, fall = gain[binding], fall[binding]
    ratio = _largest_ratio(np.maximum(gain[fall > 0], 0.0), fall[fall > 0])
    if not np.isfinite(ratio) or not (gain <= ratio * fall).all():
        return _below_ceiling(model, values, below, np.inf, ceiling)
    above = (raised - values) + _times(ratio, longest)
    return _below_ceiling(model, values, below, above, ceiling)


def _below_ceiling(
    model: Model, values: NDArray[np.float64], below: NDArray[np.float64], above: Any, ceiling: float
) -> NDArray[np.float64]:
    above = np.minimum(above, np.maximum(ceiling - values, 0.0) * (1 + 4 * _UNIT))
    return np.where(model.table.over, 0.0, np.maximum(below, above))


def _longest(
    model: Model, component: NDArray[np.int64], moves: NDArray[np.bool_], epsilon: float
) -> NDArray[np.float64] | None:
    """(S,): about the longest expected time that these (S, A) moves can take; None where it is too long.

    A quarter of a step short of the fixed point, each move still takes three quarters of a step from it.
    """
    steps = np.where(model.table.over, 0.0, 1.0)
    table = model.rewarding(1.0).table
    for sweep in range(_MOST_DAWDLING):
        down = sweep % 2 == 0
        if epsilon > 0:
            policy = np.zeros(len(steps), dtype=np.int64)
            change, _ = compiled(optimal_sweep)(steps, steps, policy, moves, table, 1.0, epsilon, down)
        else:
            change = compiled(dawdling_sweep)(steps, component, moves, table, down)
            if sweep == _PATIENCE and len(np.unique(component[moves.any(axis=1)])) <= _SOLVED_GROUPS:
                return _longest_solved(model, component, moves)
        if change <= 0.25:
            return np.where(model.table.over, 0.0, steps[component])
    return None


def _longest_solved(model: Model, component: NDArray[np.int64], moves: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """The same by policy iteration over the groups: for times of many thousand steps."""
    sparse, table = scipy_sparse(), model.table
    state, action = np.nonzero(moves)
    active, group = np.unique(component[state], return_inverse=True)
    number = np.full(len(component), -1)
    number[active] = np.arange(len(active))
    following = number[component[table.next_state[state, action]]]
    share = np.where(table.terminated[state, action], 0.0, table.probability[state, action])
    resting = np.where((following < 0) & ~table.over[table.next_state[state, action]], share, 0.0).sum(axis=1)
    row = np.broadcast_to(np.arange(len(state))[:, None], share.shape)
    kept = following >= 0
    matrix = sparse.csr_array((share[kept], (row[kept], following[kept])), shape=(len(state), len(active)))
    time = 1.0 + resting  # where nothing moves, h is 1
    chosen = np.unique(group, return_index=True)[1]
    for _ in range(_MOST_DAWDLING):
        system = sparse.csc_array(sparse.eye_array(len(active)) - matrix[chosen])
        longest = np.atleast_1d(sparse.linalg.spsolve(system, time[chosen]))
        if not (np.isfinite(longest).all() and (longest > 0).all()):
            return None
        taken = time + matrix @ longest
        order = np.lexsort((taken, group))
        best = order[np.r_[np.flatnonzero(np.diff(group[order])), len(order) - 1]]
        if (taken[best] <= longest * (1 + 1e-9)).all():
            steps = np.where(table.over, 0.0, 1.0)
            known = number[component] >= 0
            steps[known] = longest[number[component[known]]]
            return np.where(table.over, 0.0, steps)
        chosen = np.where(taken[best] > longest * (1 + 1e-9), best, chosen)
    return None


def _operations(model: Model) -> int:
    return 2 * model.table.probability.shape[2] + model.reward.shape[1] + 6


def _largest_ratio(residual: NDArray[np.float64], slack: NDArray[np.float64]) -> float:
    """The smallest c for which residual <= c slack everywhere; infinite where there is none."""
    counts = residual > 0
    if not counts.any():
        return 0.0
    if not ((slack >= 0).all() and (slack[counts] > 0).all()):  # where nothing is wrong, 0 <= c slack is still asked
        return np.inf
    return float((residual[counts] / slack[counts]).max()) * (1 + 4 * _UNIT)


def _times(ratio: float, heights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The product c h, rounded up; infinite everywhere, even where h is 0, if there is no such c."""
    return ratio * (1 + 4 * _UNIT) * heights if np.isfinite(ratio) else np.full_like(heights, np.inf)
