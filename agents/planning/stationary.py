"""What is possible at best: with a clock, without one, and discounted."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.planning.checks import checked_gamma, checked_horizon, checked_mdp
from agents.planning.evaluation import policy_return
from agents.planning.iteration import is_swept
from agents.planning.model import TIE, model_of, q_values
from agents.planning.solving import solve
from agents.planning.sweeps import compiled, optimal_sweep
from minigym import MDP

CANDIDATE_GAMMAS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999)
MANY_STATES = 1_000  # above, each plan takes a while, and one candidate must do beside the discounted one
MOST_SEARCHED = 30_000_000  # the cost of the single-state changes that are still tried, about a second a round


class Optimum(NamedTuple):
    """What is possible from ``mdp.initial``; a regret names which of the three it is against."""

    clock_aware: float
    """The best expected return within the limit, by a policy that also sees how many steps are left."""
    stationary: float
    """The same by the best policy found that does not: a state's action is always the same."""
    discounted: float
    """The best expected discounted return, without a limit."""


def optimum(mdp: MDP, *, horizon: int, gamma: float) -> Optimum:
    """The best possible returns from ``mdp.initial``.

    There is no efficient way to the best stationary policy within a limit (the limit makes the clock part of the
    state, and the policy may not look at it), so ``stationary`` is the best found: optimal policies for a spread of
    discounts, the best of them then improved by changes at a single state until none helps. On large tables (about
    200 states and more) that second part is left out.

    Args:
        mdp: the table.
        horizon: the time limit, in steps, for the first two.
        gamma: the discount, in [0, 1], for the third.
    """
    gamma, horizon = checked_gamma(gamma), checked_horizon(horizon)
    many = checked_mdp(mdp).num_states > MANY_STATES
    tolerance = 1e-9 if many else None
    plans = [solve(mdp, gamma=gamma, tolerance=tolerance)]
    for other in CANDIDATE_GAMMAS[-1:] if many else CANDIDATE_GAMMAS:
        # For a policy, not for its values: a rough bound is enough where an exact one takes long.
        plans.append(
            solve(mdp, gamma=other, method="gauss_seidel" if many else "policy_iteration", tolerance=tolerance)
        )
    return Optimum(
        clock_aware=_with_a_clock(mdp, horizon),
        stationary=_best_stationary(mdp, [plan.policy for plan in plans], horizon),
        discounted=float(mdp.initial @ plans[0].values),
    )


def _with_a_clock(mdp: MDP, horizon: int) -> float:
    """Backward induction that keeps only the last values: a plan for a large table may not fit in memory."""
    model, values, other = model_of(mdp), np.zeros(mdp.num_states), np.zeros(mdp.num_states)
    policy, allowed = np.zeros(mdp.num_states, dtype=np.int64), np.ones(model.reward.shape, dtype=np.bool_)
    for _ in range(horizon):
        if is_swept(model):
            compiled(optimal_sweep)(values, other, policy, allowed, model.table, 1.0, 0.0, False)
            values, other = other, values
        else:
            values = q_values(model, values, 1.0).max(axis=1)
    return float(mdp.initial @ values)


def _best_stationary(mdp: MDP, candidates: Sequence[NDArray[np.int64]], horizon: int) -> float:
    """The largest return within the limit that a search among stationary policies finds: see :func:`optimum`."""
    policies = np.array(candidates)
    returns = policy_return(mdp, policies, horizon=horizon)
    policy, best_return = policies[returns.argmax()], returns.max()
    # Every change: one state, not a terminal one, takes one of the other actions.
    state, shift = (index.ravel() for index in np.meshgrid(np.flatnonzero(~mdp.terminal), range(1, mdp.num_actions)))
    if state.size * mdp.num_states * mdp.num_actions * horizon > MOST_SEARCHED:
        return float(best_return)
    while state.size:
        changed = np.tile(policy, (state.size, 1))
        changed[np.arange(state.size), state] = (policy[state] + shift) % mdp.num_actions
        returns = policy_return(mdp, changed, horizon=horizon)
        if returns.max() <= best_return + TIE * abs(best_return):
            break
        policy, best_return = changed[returns.argmax()], returns.max()
    return float(best_return)
