"""Which states can be reached from which, and where an episode can be kept from ending for ever."""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.planning.model import DENSE_STATES, Model, scipy_sparse
from agents.planning.sweeps import compiled, reaching_sweep


def reaching(
    model: Model, targets: NDArray[np.bool_], allowed: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.int64]]:
    """(S,): the states from which the allowed (S, A) actions can lead to ``targets`` (S,); and (S,) such actions."""
    reaches, policy = targets.copy(), np.zeros(len(targets), dtype=np.int64)
    for sweep in itertools.count():
        if not compiled(reaching_sweep)(reaches, policy, allowed, model.table, sweep % 2 == 0):
            return reaches, policy
    raise AssertionError


def ending_policy(model: Model) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A policy (S,) under which an episode can end wherever any policy lets it, and the states (S,) where that is so.

    From the end backwards: a state joins with an action that may lead to one that joined before. From each of them
    there is then a positive probability to end within S steps, so that the episode ends sooner or later.
    """
    can_end, policy = reaching(model, model.may_end.any(axis=1), np.ones_like(model.may_end))
    return np.where(model.may_end.any(axis=1), model.may_end.argmax(axis=1), policy), can_end


def end_components(model: Model, allowed: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where the allowed (S, A) actions can keep an episode for ever (de Alfaro 1997, maximal end components).

    Returns:
        (S,): the number of each state's component, which it may have for itself. (S, A): the actions that surely
        stay in their component; from each of its states they can lead to each other one.
    """
    table = model.table
    inside = allowed & ~model.may_end
    while True:
        component = _strong_components(model, inside)
        stays = inside.copy()
        for outcome in range(table.probability.shape[2]):
            leaves = component[table.next_state[:, :, outcome]] != component[:, None]
            stays &= ~(leaves & (table.probability[:, :, outcome] > 0))
        if (stays == inside).all():
            return component, inside
        inside = stays


def _strong_components(model: Model, moves: NDArray[np.bool_]) -> NDArray[np.int64]:
    """(S,): the number of each state's strongly connected component in the graph of these (S, A) moves."""
    table = model.table
    num_states = len(moves)
    possible = moves[:, :, None] & (table.probability > 0)
    source, following = np.nonzero(possible)[0], table.next_state[possible]
    if num_states > DENSE_STATES:
        sparse: Any = scipy_sparse()
        ones = np.ones(len(source), dtype=np.int8)
        edges = sparse.csr_array((ones, (source.astype(np.int32), following)), shape=(num_states, num_states))
        component: NDArray[np.int64] = sparse.csgraph.connected_components(edges, connection="strong")[1]
        return component.astype(np.int64)
    reaches = np.eye(num_states)
    reaches[source, following] = 1.0
    for _ in range(num_states.bit_length()):  # paths of up to 2, 4, 8, ... moves
        reaches = ((reaches @ reaches) > 0).astype(np.float64)
    return (reaches * reaches.T).argmax(axis=1)
