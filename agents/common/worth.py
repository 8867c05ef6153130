"""The exact worth of many policies on one table, for learning curves: a figure depends on its own policy alone.

:func:`agents.planning.policy_return` multiplies all policies at once, and the last bit of a sum may then depend on how
many there are. A seed's curve must be the same alone or among a hundred, so here each policy has products of its own.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents import planning
from minigym import MDP

_DENSE_STATES = 100  # up to here a dense matrix for each policy is small enough


def return_within(mdp: MDP, policies: NDArray[np.float64], horizon: int) -> Any:
    """(..., S, A) probabilities to the expected undiscounted return (...) from ``mdp.initial`` within the horizon."""
    states = np.flatnonzero(~mdp.terminal)  # where all is over nothing is earned
    if len(states) > _DENSE_STATES:
        return planning.policy_return(mdp, policies, horizon=horizon)
    rows, actions, outcomes = np.ix_(states, range(mdp.num_actions), range(mdp.probability.shape[2]))
    place = np.zeros(mdp.num_states, np.int64)
    place[states] = np.arange(len(states))
    goes_on = np.where(mdp.terminated | mdp.terminal[mdp.next_state], 0.0, mdp.probability)
    going_on = np.zeros((len(states), mdp.num_actions, len(states)))
    np.add.at(going_on, (place[rows], actions, place[mdp.next_state[states]]), goes_on[rows, actions, outcomes])
    reward = (mdp.probability * mdp.reward)[states].sum(axis=2)
    # One step as a matrix, (x, 1) -> (P x + r, 1): its power is as many steps.
    step = np.zeros((*policies.shape[:-2], len(states) + 1, len(states) + 1))
    step[..., :-1, :-1] = np.einsum("...sa,sat->...st", policies[..., states, :], going_on)
    step[..., :-1, -1] = np.einsum("...sa,sa->...s", policies[..., states, :], reward)
    step[..., -1, -1] = 1.0
    # A start in a terminal state is none, by what "terminal" means.
    return np.linalg.matrix_power(step, horizon)[..., :-1, -1] @ mdp.initial[states]


def discounted_return(mdp: MDP, policies: NDArray[np.float64], gamma: float) -> Any:
    """(..., S, A) probabilities to the expected discounted return (...) from ``mdp.initial``, without a limit."""
    starts = np.flatnonzero(mdp.initial)  # elsewhere a value may be infinite, and 0 times that is NaN
    return planning.policy_value(mdp, policies, gamma=gamma)[..., starts] @ mdp.initial[starts]
