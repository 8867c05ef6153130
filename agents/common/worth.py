"""The exact worth of many policies on one table, for learning curves: a figure depends on its own policy alone.

A seed's curve must be the same alone or among a hundred, to the last bit, and that of a sum may depend on how many are
computed side by side. So each policy has products of its own. Where many are the same it is enough to ask once, and
greedy policies often are: between seeds, and from one checkpoint to the next.
"""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents import planning
from agents.common.acting import exploring_policy
from agents.planning.model import DENSE_STATES, going_on, model_of
from minigym import MDP

_CACHED = 2**14  # numbers in the matrices of a block: what the processor's cache holds


def figures(
    mdp: MDP, q_values: NDArray[np.float64], limit: int, gamma: float, epsilons: NDArray[np.float64] | None
) -> dict[str, NDArray[np.float64]]:
    """The checkpoints' figures (seeds, C), as :func:`agents.common.tabular.learn` returns them.

    Args:
        mdp: the table.
        q_values: (C, seeds, S, A).
        limit, gamma: the time limit and the discount.
        epsilons: (C,), or None where exploration is by noise.
    """
    best, place = distinct(q_values == q_values.max(axis=-1, keepdims=True))
    greedy = planning.greedy_policy(best)  # n of them; seed i at checkpoint c has that at place[c, i]
    found = {
        "exact_success": return_within(mdp, greedy, limit)[place],
        "exact_return": discounted_return(mdp, greedy, gamma)[place],
    }
    if epsilons is not None:  # who explores alike has the same greedy policy at the same checkpoint
        pairs = place + len(greedy) * np.arange(len(place))[:, None]
        once, place = np.unique(pairs, return_inverse=True)
        checkpoint, number = np.divmod(once, len(greedy))
        exploring = exploring_policy(greedy[number], epsilons[checkpoint])
        found["exploring_success"] = return_within(mdp, exploring, limit)[place.reshape(pairs.shape)]
    return {name: figure.T for name, figure in found.items()}


def distinct(tables: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Tables (..., S, A) without repetition, (n, S, A), and the place in there of each of them, (...)."""
    shape = tables.shape[-2:]
    places: dict[bytes, int] = {}
    place = [places.setdefault(table.tobytes(), len(places)) for table in tables.reshape(-1, *shape)]
    return np.frombuffer(b"".join(places), tables.dtype).reshape(-1, *shape), np.reshape(place, tables.shape[:-2])


def return_within(mdp: MDP, policies: NDArray[np.float64], horizon: int) -> Any:
    """(n, S, A) probabilities to the expected undiscounted returns (n,) from ``mdp.initial`` within the horizon."""
    if mdp.num_states > DENSE_STATES:  # a dense matrix for each policy would be too large
        return planning.policy_return(mdp, policies, horizon=horizon)
    values = [np.linalg.matrix_power(step, horizon)[:, :-1, -1] for step in _steps(mdp, policies)]
    return _expected(np.concatenate(values), mdp.initial[~mdp.terminal])


def discounted_return(mdp: MDP, policies: NDArray[np.float64], gamma: float) -> Any:
    """(n, S, A) probabilities to the expected discounted returns (n,) from ``mdp.initial``, without a limit."""
    if mdp.num_states > DENSE_STATES or gamma == 1:
        starts = np.flatnonzero(mdp.initial)  # elsewhere a value may be infinite, and 0 times that is NaN
        return _expected(planning.policy_value(mdp, policies, gamma=gamma)[:, starts], mdp.initial[starts])
    values = [
        np.linalg.solve(np.eye(step.shape[1] - 1) - gamma * step[:, :-1, :-1], step[:, :-1, -1:])[..., 0]
        for step in _steps(mdp, policies)
    ]
    return _expected(np.concatenate(values), mdp.initial[~mdp.terminal])


def _steps(mdp: MDP, policies: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
    """One step under each policy as a matrix, (x, 1) -> (P x + r, 1), block by block; its power is as many steps.

    Terminal states have no place in it: nothing is earned there, and a start there is none.
    """
    model, states = model_of(mdp), np.flatnonzero(~mdp.terminal)
    going = going_on(model).reshape(*model.reward.shape, -1)[states][..., states]
    outcome = np.concatenate([going, model.reward[states][..., None]], axis=-1)
    size = len(states) + 1
    for block in np.array_split(policies, math.ceil(len(policies) * size**2 / _CACHED)):
        step = np.zeros((len(block), size, size))
        np.matmul(block[:, states, None], outcome, out=step[:, :-1, None])
        step[:, -1, -1] = 1.0
        yield step


def _expected(values: NDArray[np.float64], probability: NDArray[np.float64]) -> Any:
    """(n, S) to (n,). The product with a vector would do it, but its last bit depends on how many rows there are."""
    return np.multiply(values, probability, order="C").sum(axis=-1)
