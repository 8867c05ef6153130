"""What the planners accept, and how they refuse the rest."""

import operator
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.common.registry import did_you_mean
from agents.planning.model import one_hot
from minigym import MDP, error

METHODS = ("policy_iteration", "value_iteration", "gauss_seidel", "modified_policy_iteration")


def checked_method(method: Any) -> str:
    """One of :data:`METHODS`."""
    if method not in METHODS:
        raise error.InvalidParameter(f"there is no method {method!r} to solve an MDP; {did_you_mean(method, METHODS)}")
    return str(method)


def checked_mdp(mdp: Any) -> MDP:
    """A table."""
    if not isinstance(mdp, MDP):
        raise error.InvalidParameter(
            f"planning needs a minigym.MDP, got {mdp!r} of type {type(mdp).__name__}; write env.mdp for an "
            "environment's table, or minigym.MDP.from_P(P) for one in Gym's form"
        )
    return mdp


def checked_gamma(gamma: Any) -> float:
    """A discount."""
    return _number("gamma", gamma, 1.0, "gamma=0.99")


def checked_epsilon(epsilon: Any) -> float:
    """A probability of exploring."""
    return _number("epsilon", epsilon, 1.0, "epsilon=0.1")


def checked_tolerance(name: str, tolerance: Any) -> float | None:
    """A largest error, or None."""
    if tolerance is None:
        return None
    if isinstance(tolerance, bool) or not isinstance(tolerance, Real) or not 0 < tolerance < np.inf:
        raise error.InvalidParameter(f"{name} must be a positive number or None, got {tolerance!r}; write {name}=1e-6")
    return float(tolerance)


def checked_horizon(horizon: Any) -> int:
    """A number of steps."""
    try:
        steps = 0 if isinstance(horizon, bool) else operator.index(horizon)
    except TypeError:
        steps = 0
    if steps < 1:
        raise error.InvalidParameter(
            f"horizon must be a positive number of steps, got {horizon!r}; write for instance horizon=100"
        )
    return steps


def checked_targets(mdp: MDP, targets: Any) -> NDArray[np.bool_]:
    """States, by their numbers or as (S,) bool, as the latter."""
    targets = np.asarray(targets)
    if targets.dtype.kind == "b" and targets.shape == (mdp.num_states,):
        return targets
    if targets.dtype.kind in "iu" and targets.size and ((targets >= 0) & (targets < mdp.num_states)).all():
        chosen = np.zeros(mdp.num_states, dtype=np.bool_)
        chosen[targets] = True
        return chosen
    raise error.InvalidParameter(
        f"targets must be states in 0 .. {mdp.num_states - 1}, or bools of the shape ({mdp.num_states},), got "
        f"{targets.tolist()!r:.60}; write for instance targets=[{mdp.num_states - 1}]"
    )


def probabilities(mdp: MDP, policy: ArrayLike) -> NDArray[np.float64]:
    """A policy in either form as probabilities (..., S, A)."""
    policy = np.asarray(policy)
    num_states, num_actions = mdp.num_states, mdp.num_actions
    if policy.dtype.kind in "iu" and policy.shape[-1:] == (num_states,):
        if not ((policy >= 0) & (policy < num_actions)).all():
            raise error.InvalidParameter(
                f"a policy's actions must lie in 0 .. {num_actions - 1}, got {policy.min()} .. {policy.max()}"
            )
        return one_hot(policy, num_actions)
    if policy.dtype.kind == "f" and policy.shape[-2:] == (num_states, num_actions):
        if not ((policy >= 0).all() and np.allclose(policy.sum(axis=-1), 1, rtol=0, atol=1e-8)):
            raise error.InvalidProbability("a policy's probabilities must be 0 or more and sum to 1 in every state")
        return policy.astype(np.float64)
    raise error.InvalidParameter(
        f"a policy must be integers of the shape ({num_states},), an action for each state, or floats of the shape "
        f"({num_states}, {num_actions}), probabilities; got an array {policy.shape} of dtype {policy.dtype}"
    )


def _number(name: str, value: Any, largest: float, example: str) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= value <= largest:
        raise error.InvalidParameter(f"{name} must be a number in [0, 1], got {value!r}; write for instance {example}")
    return float(value)
