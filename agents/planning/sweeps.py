"""The loops over all states, written as the book writes them. Numba compiles these very functions.

Without Numba, or with ``NUMBA_DISABLE_JIT=1``, they run as Python and give the same numbers, slowly.
"""

from collections.abc import Callable
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigym.vector.batch_env import has_numba


class Table(NamedTuple):
    """What a sweep reads. The first two are the MDP's own arrays: a table of millions of outcomes is not copied."""

    probability: NDArray[np.float64]  # (S, A, K)
    next_state: NDArray[np.int32]  # (S, A, K)
    terminated: NDArray[np.bool_]  # (S, A, K)
    reward: NDArray[np.float64]  # (S, A), expected
    over: NDArray[np.bool_]  # (S,), where all is over: nothing is earned, and no sweep changes a value


def action_value(state, action, values, table, gamma):
    """What an action is worth where ``values`` (S,) follow (equation 4.6); nothing follows an end."""
    following = 0.0
    for outcome in range(table.probability.shape[2]):
        if not table.terminated[state, action, outcome]:
            following += table.probability[state, action, outcome] * values[table.next_state[state, action, outcome]]
    return table.reward[state, action] + gamma * following


def larger_share(largest_share, change, value):
    """The larger of that and ``change`` as a share of ``value``, infinite for a change to 0."""
    if value == 0:
        return np.inf if change > 0 else largest_share
    return change / abs(value) if change > largest_share * abs(value) else largest_share


def optimal_sweep(values, into, policy, allowed, table, gamma, epsilon, descending):
    """Every state takes the worth of its best allowed action (section 4.4), noted in ``policy`` (S,), into ``into``.

    Where ``into`` (S,) is ``values`` itself, a state already sees what those before it took (Gauss-Seidel). With
    epsilon, the best action is taken with probability 1 - epsilon, and any action with probability epsilon.

    Returns:
        The largest change, absolute and as a share of the new value.
    """
    num_states, num_actions = table.reward.shape
    largest, largest_share = 0.0, 0.0
    for place in range(num_states):
        state = num_states - 1 - place if descending else place
        if table.over[state]:
            continue
        best, total = -np.inf, 0.0
        for action in range(num_actions):
            worth = action_value(state, action, values, table, gamma)
            total += worth
            if allowed[state, action] and worth > best:
                best = worth
                policy[state] = action
        if epsilon > 0:
            best = (1 - epsilon) * best + epsilon * (total / num_actions)
        change = abs(best - values[state])
        into[state] = best
        largest = max(largest, change)
        largest_share = larger_share(largest_share, change, best)
    return largest, largest_share


def policy_sweep(values, into, weights, table, gamma, descending):
    """The same for a policy (S, A), the probability of each action (section 4.1)."""
    num_states, num_actions = table.reward.shape
    largest, largest_share = 0.0, 0.0
    for place in range(num_states):
        state = num_states - 1 - place if descending else place
        if table.over[state]:
            continue
        worth = 0.0
        for action in range(num_actions):
            if weights[state, action] > 0:
                worth += weights[state, action] * action_value(state, action, values, table, gamma)
        change = abs(worth - values[state])
        into[state] = worth
        largest = max(largest, change)
        largest_share = larger_share(largest_share, change, worth)
    return largest, largest_share


def reaching_sweep(reaches, policy, allowed, table, descending):
    """Each state joins those that reach (S,) if an allowed action may lead to one of them: how many did.

    ``policy`` (S,) notes the action that leads there most probably.
    """
    num_states, num_actions = allowed.shape
    joined = 0
    for place in range(num_states):
        state = num_states - 1 - place if descending else place
        if reaches[state] or table.over[state]:
            continue
        most = 0.0
        for action in range(num_actions):
            if allowed[state, action]:
                there = 0.0
                for outcome in range(table.probability.shape[2]):
                    if (
                        not table.terminated[state, action, outcome]
                        and reaches[table.next_state[state, action, outcome]]
                    ):
                        there += table.probability[state, action, outcome]
                if there > most:
                    most = there
                    policy[state] = action
        if most > 0:
            reaches[state] = True
            joined += 1
    return joined


def dawdling_sweep(steps, group, moves, table, descending):
    """Each group of states takes the longest time that one of its moves (S, A) promises, 1 + sum p steps.

    ``steps`` (S,) stands at a group's number, and ``group`` (S,) is the number of each state's.

    Returns:
        The largest change.
    """
    num_states, num_actions = moves.shape
    largest = 0.0
    for place in range(num_states):
        state = num_states - 1 - place if descending else place
        for action in range(num_actions):
            if moves[state, action]:
                longest = 1.0
                for outcome in range(table.probability.shape[2]):
                    if not table.terminated[state, action, outcome]:
                        following = steps[group[table.next_state[state, action, outcome]]]
                        longest += table.probability[state, action, outcome] * following
                change = longest - steps[group[state]]
                if change > 0:
                    steps[group[state]] = longest
                    largest = max(largest, change)
    return largest


@cache
def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """The sweep as machine code, kept on disk for the next process; as it stands where Numba is missing."""
    if not has_numba():
        return function
    from minigym.vector.compiling import digest, kernel

    return kernel(function, digest(function))
