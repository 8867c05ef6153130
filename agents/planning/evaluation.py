"""What a given policy is really worth, exactly (Sutton and Barto, section 4.1).

A policy's worth within a time limit and its discounted value without one are two different numbers, so each function
says which it computes. A policy is (S,) integers, an action for each state, or (S, A) floats, a probability for each
action.
"""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.planning.checks import (
    checked_epsilon,
    checked_gamma,
    checked_horizon,
    checked_mdp,
    checked_targets,
    probabilities,
)
from agents.planning.graph import reaching
from agents.planning.iteration import evaluate, is_swept, unwatched
from agents.planning.methods import Goal
from agents.planning.model import Model, going_on, model_from, model_of, soft
from agents.planning.sweeps import compiled, policy_sweep
from agents.planning.undiscounted import undiscounted
from minigym import MDP


def policy_return(mdp: MDP, policy: ArrayLike, *, horizon: int) -> Any:
    """The exact expected return of a policy from ``mdp.initial``, undiscounted, in at most ``horizon`` steps.

    On a lake whose only reward is 1 for the goal, it is the probability of success.

    Args:
        mdp: the table.
        policy: (S,) integers or (S, A) floats. With leading axes, as many policies side by side.
        horizon: the time limit, in steps.

    Returns:
        A float, or a float64 array of the leading axes.
    """
    weights = probabilities(checked_mdp(mdp), policy)
    returns = _returns_within(model_of(mdp), weights.reshape(-1, *weights.shape[-2:]), checked_horizon(horizon))
    starts = np.multiply(returns, mdp.initial, order="C").sum(axis=-1)  # not @: its last bit depends on the others
    return float(starts[0]) if weights.ndim == 2 else starts.reshape(weights.shape[:-2])


def policy_value(mdp: MDP, policy: ArrayLike, *, gamma: float) -> NDArray[np.float64]:
    """The exact expected discounted return of a policy from each state, without a limit: (..., S) float64.

    Args:
        mdp: the table.
        policy: as in :func:`policy_return`.
        gamma: the discount, in [0, 1]. With 1 a value is infinite where rewards go on for ever, NaN where they also
            differ in sign.
    """
    gamma = checked_gamma(gamma)
    weights = probabilities(checked_mdp(mdp), policy)
    model = model_of(mdp)
    policies = weights.reshape(-1, *weights.shape[-2:])
    matrix = None if is_swept(model) or gamma == 1 else going_on(model)
    if isinstance(matrix, np.ndarray):  # learning curves ask for hundreds of small policies
        transition = np.einsum("nsa,sat->nst", policies, matrix.reshape(*model.reward.shape, -1))
        reward = np.einsum("nsa,sa->ns", policies, model.reward)
        values = np.linalg.solve(np.eye(mdp.num_states) - gamma * transition, reward[..., None])
    else:
        values = np.array([evaluate(model, each, gamma)[0] for each in policies])
    return values.reshape(weights.shape[:-1])


def hitting_probability(mdp: MDP, targets: ArrayLike, policy: ArrayLike | None = None) -> NDArray[np.float64]:
    """(S,): the probability that an episode from each state ever enters one of the targets, without a limit.

    Args:
        mdp: the table.
        targets: the states, by their numbers or as (S,) bools. From a target itself the probability is 1.
        policy: (S,) integers or (S, A) floats; None for the largest probability that any policy has.
    """
    chosen = checked_targets(checked_mdp(mdp), targets)
    enters = chosen[mdp.next_state]
    model = model_from(mdp, enters, mdp.terminated | enters, mdp.terminal | chosen)
    if policy is not None:
        values, _ = evaluate(model, probabilities(mdp, policy), 1.0)
    else:
        # Where the targets cannot be reached, all is over.
        reaches, _ = reaching(model, (model.reward > 0).any(axis=1), np.ones_like(model.may_end))
        over = model.table.over | ~reaches
        model = Model(model.table._replace(over=over), model.may_end | over[:, None], model.reward_size)
        values, _, _ = undiscounted(model, "policy_iteration", 0.0, Goal(1e-12, np.inf), unwatched, 1.0)
    return np.where(chosen, 1.0, np.clip(values, 0.0, 1.0))


def expected_steps(mdp: MDP, policy: ArrayLike) -> NDArray[np.float64]:
    """(S,): the expected number of steps until an episode ends; infinite where it may go on for ever.

    Args:
        mdp: the table.
        policy: (S,) integers or (S, A) floats.
    """
    weights = probabilities(checked_mdp(mdp), policy)
    return evaluate(model_of(mdp).rewarding(1.0), weights, 1.0)[0]


def greedy_policy(q_values: ArrayLike) -> NDArray[np.float64]:
    """(..., S, A) action values to (..., S, A) probabilities: all on the largest, shared evenly by equals."""
    q_values = np.asarray(q_values)
    best = q_values == q_values.max(axis=-1, keepdims=True)
    return best / best.sum(axis=-1, keepdims=True)


def soft_policy(policy: NDArray[np.integer[Any]], num_actions: int, epsilon: float) -> NDArray[np.float64]:
    """(S, A) probabilities: the action of ``policy`` (S,), but with probability epsilon a uniformly random one."""
    return soft(np.asarray(policy), num_actions, checked_epsilon(epsilon))


def _returns_within(model: Model, weights: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """(n, S): the undiscounted expected returns of n policies (n, S, A) within the horizon, from each state."""
    if is_swept(model):
        values, into = np.zeros((2, len(weights), len(model.reward)))
        for own, other, each in zip(values, into, weights, strict=True):
            now, then = own, other
            for _ in range(horizon):
                compiled(policy_sweep)(now, then, each, model.table, 1.0, False)
                now, then = then, now
            own[:] = now
        return values
    # The policies stand last, (S, A, n), so that one matrix product serves all of them. The sums over actions are
    # written out: with einsum the last bit of a policy's return depends on how many stand beside it.
    weights = np.ascontiguousarray(np.moveaxis(weights, 0, -1))
    matrix = going_on(model)
    actions = range(weights.shape[1])
    reward: NDArray[np.float64] = sum(weights[:, action] * model.reward[:, action, None] for action in actions)
    returns = np.zeros_like(reward)
    for _ in range(horizon):
        following = (matrix @ returns).reshape(weights.shape)
        returns = reward + sum(weights[:, action] * following[:, action] for action in actions)
    return np.ascontiguousarray(returns.T)
