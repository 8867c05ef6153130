"""How a tabular agent acts on its values: the rules that choose, and what they are worth to a learner.

An agent has one table of values (S, A), or two (2, S, A) and acts on their sum. Functions without types are compiled
by Numba as they stand.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def worth(q_values, state, action):
    """Q(state, action), or Q1(state, action) + Q2(state, action) of two tables."""
    if q_values.ndim == 2:
        return q_values[state, action]
    return q_values[0, state, action] + q_values[1, state, action]


def best_action(q_values, state, generator):
    """One of the actions of the largest value, ties broken at random.

    To take the first of equals would mean to bump into the same wall for as long as nothing has been learned.
    """
    chosen, best, ties = 0, worth(q_values, state, 0), 1
    for action in range(1, q_values.shape[-1]):
        value = worth(q_values, state, action)
        if value > best:
            chosen, best, ties = action, value, 1
        elif value == best:
            ties += 1
            if generator.random() * ties < 1:  # the n-th of equals takes over with probability 1/n
                chosen = action
    return chosen


def epsilon_greedy(q_values, state, epsilon, generator):
    """Any action with probability epsilon, otherwise one of the best (section 2.2)."""
    if generator.random() < epsilon:
        return int(generator.random() * q_values.shape[-1])
    return best_action(q_values, state, generator)


def noisy_greedy(q_values, state, scale, generator):
    """The best action after normal noise was added to each value; the noise breaks every tie."""
    chosen, best = 0, -np.inf
    for action in range(q_values.shape[-1]):
        disturbed = worth(q_values, state, action) + scale * generator.standard_normal()
        if disturbed > best:
            chosen, best = action, disturbed
    return chosen


def largest(q_values, state):
    """max_a Q(state, a) of a table (S, A)."""
    best = q_values[state, 0]
    for action in range(1, q_values.shape[1]):
        best = max(best, q_values[state, action])
    return best


def expected_value(q_values, state, epsilon):
    """sum_a pi(a | state) Q(state, a) of a table (S, A), where pi is epsilon-greedy and its ties share probability."""
    num_actions = q_values.shape[1]
    best = largest(q_values, state)
    ties = 0
    for action in range(num_actions):
        if q_values[state, action] == best:
            ties += 1
    expected = 0.0
    for action in range(num_actions):
        probability = epsilon / num_actions
        if q_values[state, action] == best:
            probability += (1 - epsilon) / ties
        expected += probability * q_values[state, action]
    return expected


def exploring_policy(greedy: NDArray[np.float64], epsilon: ArrayLike) -> NDArray[np.float64]:
    """The probabilities (..., S, A) with which :func:`epsilon_greedy` takes each action.

    Args:
        greedy: (..., S, A), those of the greedy policy.
        epsilon: one for all, or an array of the leading axes.
    """
    share = np.asarray(epsilon, dtype=np.float64)[..., None, None]
    return (1 - share) * greedy + share / greedy.shape[-1]
