"""The exact worth of many policies on one table, for learning curves: a figure depends on its own policy alone.

A seed's curve must be the same alone or among a hundred, to the last bit, and that of a sum may depend on how many are
computed side by side. So each policy has products of its own. Where many are the same it is enough to ask once, and
greedy policies often are: between seeds, and from one checkpoint to the next.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents import planning
from agents.planning.model import DENSE_STATES, going_on, model_of
from minigym import MDP


def distinct(tables: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Tables (..., S, A) without repetition, (n, S, A), and the place in there of each of them, (...)."""
    shape = tables.shape[-2:]
    places: dict[bytes, int] = {}
    place = [places.setdefault(table.tobytes(), len(places)) for table in tables.reshape(-1, *shape)]
    return np.frombuffer(b"".join(places), tables.dtype).reshape(-1, *shape), np.reshape(place, tables.shape[:-2])


def return_within(mdp: MDP, policies: NDArray[np.float64], horizon: int) -> Any:
    """(..., S, A) probabilities to the expected undiscounted return (...) from ``mdp.initial`` within the horizon."""
    if mdp.num_states > DENSE_STATES:  # a dense matrix for each policy would be too large
        return planning.policy_return(mdp, policies, horizon=horizon)
    model, states = model_of(mdp), np.flatnonzero(~mdp.terminal)  # where all is over nothing is earned
    policies, reward = policies[..., states, :], model.reward[states]
    going = going_on(model).reshape(*model.reward.shape, -1)[states][..., states]
    # One step as a matrix, (x, 1) -> (P x + r, 1): its power is as many steps.
    step = np.zeros((*policies.shape[:-2], len(states) + 1, len(states) + 1))
    step[..., :-1, :-1] = np.einsum("...sa,sat->...st", policies, going)
    step[..., :-1, -1] = np.einsum("...sa,sa->...s", policies, reward)
    step[..., -1, -1] = 1.0
    # A start in a terminal state is none, by what "terminal" means.
    return _expected(np.linalg.matrix_power(step, horizon)[..., :-1, -1], mdp.initial[states])


def discounted_return(mdp: MDP, policies: NDArray[np.float64], gamma: float) -> Any:
    """(..., S, A) probabilities to the expected discounted return (...) from ``mdp.initial``, without a limit."""
    starts = np.flatnonzero(mdp.initial)  # elsewhere a value may be infinite, and 0 times that is NaN
    return _expected(planning.policy_value(mdp, policies, gamma=gamma)[..., starts], mdp.initial[starts])


def _expected(values: NDArray[np.float64], probability: NDArray[np.float64]) -> Any:
    """(..., S) to (...): as a product with a vector it would be, but the last bit of that depends on the other rows."""
    return np.multiply(values, probability, order="C").sum(axis=-1)
