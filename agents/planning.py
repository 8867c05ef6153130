"""Exact planning on a table: the best that any agent could do, and what a given policy is really worth.

Sutton and Barto (2018), chapter 4. An outcome that terminates ends the sum of rewards: nothing is ever bootstrapped
from the state that it enters. A policy's worth within a time limit and its discounted value without one are two
different numbers, so each function says which it computes.
"""

import operator
from collections.abc import Sequence
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from agents.common.registry import did_you_mean
from minigym import MDP, error

METHODS = ("policy_iteration", "value_iteration")
_DENSE_STATES = 100  # up to here a dense solve is quicker than a sparse one, and needs no SciPy
_ERROR_BOUND = 1e-12  # of value iteration, in units of the largest expected reward, or of 1
_MOST_SWEEPS = 10_000_000
_TIE = 1e-10  # values that differ by this share of the sums they come from are taken for equal: it may be rounding
_CANDIDATE_GAMMAS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999)
_MANY_STATES = 1_000  # above, each plan takes seconds, and one candidate must do beside the discounted one
_MOST_SEARCHED = 30_000_000  # the cost of the single-state changes that are still tried, about a second a round


class Plan(NamedTuple):
    """The best values and a policy that reaches them.

    Without a horizon ``values`` is (S,) float64 and ``policy`` (S,) int64. With one they are (horizon + 1, S) and
    (horizon, S): row t holds after t steps, so row 0 has all steps to go and the last row of ``values`` is 0.
    """

    values: NDArray[np.float64]
    policy: NDArray[np.int64]


class Optimum(NamedTuple):
    """What is possible from ``mdp.initial``; a regret names which of the three it is against."""

    clock_aware: float
    """The best expected return within the limit, by a policy that also sees how many steps are left."""
    stationary: float
    """The same by the best policy found that does not: a state's action is always the same."""
    discounted: float
    """The best expected discounted return, without a limit."""


def solve(mdp: MDP, *, method: str = "policy_iteration", gamma: float = 0.99, horizon: int | None = None) -> Plan:
    """The best policy of an MDP; ties go to the first action.

    Args:
        mdp: the table.
        method: "policy_iteration" (exact, section 4.3) or "value_iteration" (section 4.4; the error is proven to be
            below 1e-12, or below 1e-12 of the largest expected reward where that is above 1).
        gamma: the discount, in [0, 1]. With 1 and no horizon, the best among the policies that end for certain (or
            come to rest where nothing can be earned), and among those the one with the fewest expected steps: many
            others tie in value at every single state and still never arrive.
        horizon: the steps of an episode: backward induction then gives the best policy for each number of steps to
            go, whichever the method. None for no limit.
    """
    gamma = _checked_gamma(gamma)
    if method not in METHODS:
        raise error.InvalidParameter(f"there is no method {method!r} to solve an MDP; {did_you_mean(method, METHODS)}")
    if horizon is not None:
        return _backward_induction(_model(mdp), gamma, _checked_horizon(horizon))
    if gamma == 1:
        if method == "value_iteration":
            raise error.InvalidParameter(
                "value iteration has no bound on its error at gamma=1 without a horizon; use "
                "method='policy_iteration', which solves that exactly, or give a horizon"
            )
        return _undiscounted(mdp)
    model = _model(mdp)
    if method == "value_iteration":
        values = _value_iteration(model, gamma)
    else:
        values, _ = _policy_iteration(model, model.reward.argmax(axis=1), gamma)
    return Plan(values, _first_best(model, values, gamma))


def policy_return(mdp: MDP, policy: ArrayLike, *, horizon: int) -> Any:
    """The exact expected return of a policy from ``mdp.initial``, undiscounted, in at most ``horizon`` steps.

    On a lake whose only reward is 1 for the goal, it is the probability of success.

    Args:
        mdp: the table.
        policy: (S,) integers, an action for each state, or (S, A) floats, a probability for each action. With
            leading axes, as many policies side by side.
        horizon: the time limit, in steps.

    Returns:
        A float, or a float64 array of the leading axes.
    """
    weights = _probabilities(mdp, policy)
    returns = _returns_within(_model(mdp), weights.reshape(-1, *weights.shape[-2:]), _checked_horizon(horizon))
    starts = returns @ mdp.initial
    return float(starts[0]) if weights.ndim == 2 else starts.reshape(weights.shape[:-2])


def policy_value(mdp: MDP, policy: ArrayLike, *, gamma: float) -> NDArray[np.float64]:
    """The exact expected discounted return of a policy from each state, without a limit: (..., S) float64.

    Args:
        mdp: the table.
        policy: as in :func:`policy_return`.
        gamma: the discount, in [0, 1]. With 1 a value is infinite where rewards go on for ever, NaN where they also
            differ in sign.
    """
    gamma = _checked_gamma(gamma)
    model = _model(mdp)
    weights = _probabilities(mdp, policy)
    policies = weights.reshape(-1, *weights.shape[-2:])
    if gamma < 1 and isinstance(model.going_on, np.ndarray):  # learning curves ask for hundreds of small policies
        transition = np.einsum("nsa,sat->nst", policies, model.going_on.reshape(*model.reward.shape, -1))
        reward = np.einsum("nsa,sa->ns", policies, model.reward)
        values = np.linalg.solve(np.eye(mdp.num_states) - gamma * transition, reward[..., None])
    else:
        values = np.array([_evaluate(model, each, gamma)[0] for each in policies])
    return values.reshape(weights.shape[:-1])


def greedy_policy(q_values: ArrayLike) -> NDArray[np.float64]:
    """(..., S, A) action values to (..., S, A) probabilities: all on the largest, shared evenly by equals."""
    q_values = np.asarray(q_values)
    best = q_values == q_values.max(axis=-1, keepdims=True)
    return best / best.sum(axis=-1, keepdims=True)


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
    discounted = solve(mdp, gamma=gamma)
    clock_aware = solve(mdp, gamma=1.0, horizon=horizon)
    candidates = _CANDIDATE_GAMMAS if mdp.num_states <= _MANY_STATES else _CANDIDATE_GAMMAS[-1:]
    plans = [discounted, *(solve(mdp, gamma=other) for other in candidates)]
    return Optimum(
        clock_aware=float(mdp.initial @ clock_aware.values[0]),
        stationary=_best_stationary(mdp, [plan.policy for plan in plans], horizon),
        discounted=float(mdp.initial @ discounted.values),
    )


class _Model(NamedTuple):
    """What planning needs of an MDP. States in which all is over earn nothing and lead nowhere."""

    going_on: Any
    """(S * A, S) array or CSR array: the probability of going on in each state; a row misses 1 by that of ending."""
    reward: NDArray[np.float64]
    """(S, A), the expected reward."""
    may_end: NDArray[np.bool_]
    """(S, A), whether the episode can end at once."""


def _model(mdp: MDP, never_ending: NDArray[np.bool_] | None = None) -> _Model:
    """The model of an MDP; ``never_ending`` (S,) states, too, are taken for its terminal ones."""
    num_states, num_actions, most = mdp.probability.shape
    # A terminal state's own rows tell what a step after the end would do, which no episode ever takes.
    over = mdp.terminal if never_ending is None else mdp.terminal | never_ending
    probability = np.where(over[:, None, None], 0.0, mdp.probability)
    goes_on = np.where(mdp.terminated, 0.0, probability).ravel()
    rows = np.repeat(np.arange(num_states * num_actions), most)
    columns = mdp.next_state.ravel()
    shape = (num_states * num_actions, num_states)
    if num_states <= _DENSE_STATES:
        going_on = np.zeros(shape)
        np.add.at(going_on, (rows, columns), goes_on)  # two outcomes may enter the same state
    else:
        going_on = _scipy_sparse().csr_array((goes_on, (rows, columns)), shape=shape)
    return _Model(
        going_on=going_on,
        reward=(probability * mdp.reward).sum(axis=2),
        may_end=((mdp.probability > 0) & mdp.terminated).any(axis=2) | over[:, None],
    )


def _q_values(model: _Model, values: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """(S, A): the worth of each action where ``values`` (S,) is the worth of what follows (equation 4.6)."""
    return model.reward + gamma * (model.going_on @ values).reshape(model.reward.shape)


def _magnitudes(model: _Model, sizes: NDArray[np.float64], gamma: float) -> NDArray[np.float64]:
    """(S, A): the size of the sums that an action's worth comes from, against which its rounding is measured.

    Local, not the largest of all states: on a wide lake the first steps are worth 1e-20, and matter all the same.
    """
    return np.abs(model.reward) + gamma * (model.going_on @ sizes).reshape(model.reward.shape)


def _first_best(model: _Model, values: NDArray[np.float64], gamma: float) -> NDArray[np.int64]:
    """(S,): the first of the actions that are best, but for rounding, where ``values`` (S,) follow."""
    q_values = _q_values(model, values, gamma)
    slack = _TIE * _magnitudes(model, np.abs(values), gamma).max(axis=1, keepdims=True)
    return (q_values >= q_values.max(axis=1, keepdims=True) - slack).argmax(axis=1)


def _backward_induction(model: _Model, gamma: float, horizon: int) -> Plan:
    """Bellman's optimality equation, solved from the last step to the first."""
    num_states = len(model.reward)
    values = np.zeros((horizon + 1, num_states))
    policy = np.zeros((horizon, num_states), dtype=np.int64)
    for step in reversed(range(horizon)):
        values[step] = _q_values(model, values[step + 1], gamma).max(axis=1)
        policy[step] = _first_best(model, values[step + 1], gamma)
    return Plan(values, policy)


def _value_iteration(model: _Model, gamma: float) -> NDArray[np.float64]:
    """Sweeps until the values are proven to lie within the error bound of the optimal ones, gamma < 1.

    The Bellman operator T shrinks distances by gamma, so |T v - v*| <= gamma / (1 - gamma) |T v - v|: a small
    change alone proves nothing when gamma is near 1 (Puterman 1994, theorem 6.3.1). For the same reason n sweeps
    from v = 0 leave an error of at most gamma**n / (1 - gamma) times the first change, which says beforehand how
    many are enough.
    """
    values = model.reward.max(axis=1)  # the first sweep
    first_change = np.abs(values).max()
    tolerance = _ERROR_BOUND * max(1.0, np.abs(model.reward).max())
    if gamma == 0 or first_change == 0:
        return values
    most_sweeps = int(np.ceil(np.log(tolerance * (1 - gamma) / first_change) / np.log(gamma)))
    if most_sweeps > _MOST_SWEEPS:
        raise error.InvalidParameter(
            f"value iteration may need {most_sweeps:,} sweeps at gamma={gamma}; use method='policy_iteration'"
        )
    for _ in range(most_sweeps):
        before, values = values, _q_values(model, values, gamma).max(axis=1)
        if gamma / (1 - gamma) * np.abs(values - before).max() <= tolerance:
            break
    return values


def _policy_iteration(
    model: _Model, policy: NDArray[np.int64], gamma: float, allowed: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The best values and a best policy among the ``allowed`` (S, A) actions, from a first policy on (section 4.3).

    An action is changed only for one that is better by more than rounding could feign, so the loop cannot go in
    circles. At gamma = 1 that has a second use: a first policy that ends for certain is followed only by others that
    do, as long as returns are bounded. For if a new policy could stay in some set of states for ever, either some
    change there gained something, so that its reward per step there is positive; or nothing was changed there, and
    the old policy would have stayed there, too (Bertsekas and Tsitsiklis 1991, "An analysis of stochastic shortest
    path problems").
    """
    states = np.arange(len(policy))
    while True:
        values, sizes = _evaluate(model, _one_hot(policy, model.reward.shape[1]), gamma)
        if not np.isfinite(values).all():
            state = int(np.argmin(np.isfinite(values)))
            raise error.InvalidParameter(
                f"at gamma=1 the return from state {state} has no limit: an episode can go on earning there for ever; "
                "give a gamma below 1, or a horizon"
            )
        q_values = _q_values(model, values, gamma)
        better = q_values > q_values[states, policy, None] + _TIE * _magnitudes(model, sizes, gamma)
        if allowed is not None:
            better &= allowed
        if not better.any():
            return values, policy
        policy = np.where(better.any(axis=1), np.where(better, q_values, -np.inf).argmax(axis=1), policy)


def _undiscounted(mdp: MDP) -> Plan:
    """The best policy at gamma = 1 among those that end for certain, and among equals the one that ends soonest.

    Many policies can tie at every single state and still be useless: on a lake, bumping into the bank for ever
    promises as much as walking on, since the state that it leads to is worth the same. So among the actions without
    loss the expected number of steps is then minimised, by the same policy iteration with a reward of -1 a step.
    """
    _, can_end = _ending_policy(_model(mdp))
    earning = ~can_end & ((mdp.probability > 0) & (mdp.reward != 0)).any(axis=(1, 2))
    if earning.any():
        raise error.InvalidParameter(
            f"gamma=1 needs episodes that end, but from state {int(earning.argmax())} none ever does, and there are "
            "rewards to earn for ever; give a gamma below 1, or a horizon"
        )
    model = _model(mdp, never_ending=~can_end)  # without rewards: getting stuck there is an end like any other
    first, _ = _ending_policy(model)
    values, policy = _policy_iteration(model, first, 1.0)
    slack = _TIE * _magnitudes(model, np.abs(values), 1.0).max(axis=1, keepdims=True)
    lossless = _q_values(model, values, 1.0) >= values[:, None] - slack
    _, policy = _policy_iteration(model._replace(reward=np.full_like(model.reward, -1.0)), policy, 1.0, lossless)
    return Plan(values, policy)


def _ending_policy(model: _Model) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """A policy (S,) under which an episode can end wherever any policy lets it, and the states (S,) where that is so.

    From the end backwards: a state joins with an action that may lead to one that joined before. From each of them
    there is then a positive probability to end within S steps, so that the episode ends sooner or later.
    """
    policy = model.may_end.argmax(axis=1)
    can_end = model.may_end.any(axis=1)
    while True:
        leads_there = (model.going_on @ can_end.astype(float)).reshape(model.may_end.shape) > 0
        joining = leads_there.any(axis=1) & ~can_end
        if not joining.any():
            return policy, can_end
        policy = np.where(joining, leads_there.argmax(axis=1), policy)
        can_end = can_end | joining


def _evaluate(
    model: _Model, weights: NDArray[np.float64], gamma: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The values (S,) of one policy (S, A), and the sizes (S,) that they would have if no reward were negative.

    v = r + gamma P v (equation 4.4), solved as linear equations. At gamma = 1 a value can be infinite, or NaN where
    positive and negative rewards go on for ever.
    """
    num_states, num_actions = weights.shape
    reward = (weights * model.reward).sum(axis=1)
    if isinstance(model.going_on, np.ndarray):
        transition = np.einsum("sa,sat->st", weights, model.going_on.reshape(num_states, num_actions, num_states))
    else:
        rows = np.repeat(np.arange(num_states), num_actions)
        columns = np.arange(num_states * num_actions)
        transition = _scipy_sparse().csr_array((weights.ravel(), (rows, columns))) @ model.going_on
    values, sizes = np.zeros((2, num_states))
    unknown = np.ones(num_states, dtype=np.bool_)
    if gamma == 1:
        earning = _reaching(transition, reward != 0)
        over = (model.may_end & (weights > 0)).any(axis=1) | ~earning
        for_ever = ~_reaching(transition, over)
        with np.errstate(invalid="ignore"):  # inf - inf is NaN, as it should be
            values[_reaching(transition, for_ever & (reward > 0))] += np.inf
            values[_reaching(transition, for_ever & (reward < 0))] -= np.inf
        unknown = earning & ~_reaching(transition, for_ever)
    sizes[~unknown] = np.abs(values[~unknown])
    if not unknown.any():
        return values, sizes
    matrix = transition[unknown][:, unknown]
    right_sides = np.stack([reward, np.abs(reward)], axis=1)[unknown]
    if isinstance(matrix, np.ndarray):
        solution = np.linalg.solve(np.eye(len(matrix)) - gamma * matrix, right_sides)
    else:
        sparse = _scipy_sparse()
        system = sparse.csc_array(sparse.eye_array(matrix.shape[0]) - gamma * matrix)
        solution = sparse.linalg.splu(system).solve(right_sides)
    values[unknown], sizes[unknown] = solution.T
    return values, sizes


def _reaching(transition: Any, targets: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(S,): the states from which ``targets`` (S,) can be reached, in any number of steps."""
    while True:
        more = targets | ((transition @ targets.astype(float)) > 0)
        if (more == targets).all():
            return targets
        targets = more


def _returns_within(model: _Model, weights: NDArray[np.float64], horizon: int) -> NDArray[np.float64]:
    """(n, S): the undiscounted expected returns of n policies (n, S, A) within the horizon, from each state."""
    # The policies stand last, (S, A, n), so that one matrix product serves all of them.
    weights = np.ascontiguousarray(np.moveaxis(weights, 0, -1))
    reward = np.einsum("san,sa->sn", weights, model.reward)
    returns = np.zeros_like(reward)
    for _ in range(horizon):
        returns = reward + np.einsum("san,san->sn", weights, (model.going_on @ returns).reshape(weights.shape))
    return returns.T


def _best_stationary(mdp: MDP, candidates: Sequence[NDArray[np.int64]], horizon: int) -> float:
    """The largest return within the limit that a search among stationary policies finds: see :func:`optimum`."""
    policies = np.array(candidates)
    returns = policy_return(mdp, policies, horizon=horizon)
    policy, best_return = policies[returns.argmax()], returns.max()
    # Every change: one state, not a terminal one, takes one of the other actions.
    state, shift = (index.ravel() for index in np.meshgrid(np.flatnonzero(~mdp.terminal), range(1, mdp.num_actions)))
    if state.size * mdp.num_states * mdp.num_actions * horizon > _MOST_SEARCHED:
        return float(best_return)
    while state.size:
        changed = np.tile(policy, (state.size, 1))
        changed[np.arange(state.size), state] = (policy[state] + shift) % mdp.num_actions
        returns = policy_return(mdp, changed, horizon=horizon)
        if returns.max() <= best_return + _TIE * abs(best_return):
            break
        policy, best_return = changed[returns.argmax()], returns.max()
    return float(best_return)


def _probabilities(mdp: MDP, policy: ArrayLike) -> NDArray[np.float64]:
    """A policy in either form as probabilities (..., S, A)."""
    policy = np.asarray(policy)
    num_states, num_actions = mdp.num_states, mdp.num_actions
    if policy.dtype.kind in "iu" and policy.shape[-1:] == (num_states,):
        if not ((policy >= 0) & (policy < num_actions)).all():
            raise error.InvalidParameter(
                f"a policy's actions must lie in 0 .. {num_actions - 1}, got {policy.min()} .. {policy.max()}"
            )
        return _one_hot(policy, num_actions)
    if policy.dtype.kind == "f" and policy.shape[-2:] == (num_states, num_actions):
        if not ((policy >= 0).all() and np.allclose(policy.sum(axis=-1), 1, rtol=0, atol=1e-8)):
            raise error.InvalidProbability("a policy's probabilities must be 0 or more and sum to 1 in every state")
        return policy.astype(np.float64)
    raise error.InvalidParameter(
        f"a policy must be integers of the shape ({num_states},), an action for each state, or floats of the shape "
        f"({num_states}, {num_actions}), probabilities; got an array {policy.shape} of dtype {policy.dtype}"
    )


def _one_hot(policy: NDArray[np.integer[Any]], num_actions: int) -> NDArray[np.float64]:
    """(..., S) actions to (..., S, A) probabilities."""
    return (policy[..., None] == np.arange(num_actions)).astype(np.float64)


def _checked_gamma(gamma: Any) -> float:
    if isinstance(gamma, bool) or not isinstance(gamma, Real) or not 0 <= gamma <= 1:
        raise error.InvalidParameter(f"gamma must be a number in [0, 1], got {gamma!r}; write for instance gamma=0.99")
    return float(gamma)


def _checked_horizon(horizon: Any) -> int:
    try:
        steps = 0 if isinstance(horizon, bool) else operator.index(horizon)
    except TypeError:
        steps = 0
    if steps < 1:
        raise error.InvalidParameter(
            f"horizon must be a positive number of steps, got {horizon!r}; write for instance horizon=100"
        )
    return steps


def _scipy_sparse() -> Any:
    """scipy.sparse with its solvers, loaded only for tables too large to be dense."""
    try:
        import scipy.sparse.linalg
    except ImportError as missing:
        raise error.DependencyNotInstalled(
            f"planning with more than {_DENSE_STATES} states needs SciPy, which is not installed: "
            'pip install "minigym[agents]"'
        ) from missing
    return scipy.sparse
