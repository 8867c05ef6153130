"""The best policy without a discount and without a limit: among equals, the one with the fewest expected steps.

Many policies can tie at every single state and still be useless: on a lake, bumping into the bank for ever promises as
much as walking on, since the state that it leads to is worth the same. So among the actions without loss the expected
number of steps is then minimised: a stochastic shortest path (Bertsekas and Tsitsiklis 1991).
"""

import numpy as np
from numpy.typing import NDArray

from agents.planning import bounds
from agents.planning.graph import end_components, ending_policy, reaching
from agents.planning.iteration import Change, Watch, evaluate, is_swept
from agents.planning.methods import Goal, policy_iteration, relative, sweep_to
from agents.planning.model import TIE, Model, lossless, soft
from minigym import MDP, error

_SHARES = (1e-13, 1e-14, 1e-15)  # of its value, which the last sweep may change: one after the other, until proven
_TIES = (TIE, 1e-12, 1e-14)  # the same for equations: the share of the sums by which actions without loss may differ
_STEPS = Change(1e-9, np.inf)  # each step counts 1, so that the expected number of steps is as exact relatively


def without_traps(model: Model, mdp: MDP) -> Model:
    """The model in which the states from which no episode ever ends are ends themselves, if nothing is earned there."""
    _, can_end = ending_policy(model)
    can_end |= model.table.over
    earning = ~can_end & ((mdp.probability > 0) & (mdp.reward != 0)).any(axis=(1, 2))
    if earning.any():
        raise error.InvalidParameter(
            f"gamma=1 needs episodes that end, but from state {int(earning.argmax())} none ever does, and there are "
            "rewards to earn for ever; give a gamma below 1, or a horizon"
        )
    over = ~can_end | model.table.over
    return Model(
        model.table._replace(over=over),
        model.may_end | over[:, None],
        np.where(over[:, None], 0.0, model.reward_size),
    )


def ceiling_of(mdp: MDP) -> float:
    """What no value is above at gamma = 1: the largest reward, where a reward comes only with the end."""
    earns = (mdp.probability > 0) & (mdp.reward != 0)
    if (earns & ~mdp.terminated).any():
        return np.inf
    return max(0.0, float(mdp.reward[earns].max(initial=0.0)))


def undiscounted(
    model: Model, method: str, epsilon: float, goal: Goal, watch: Watch, ceiling: float = np.inf
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """The values (S,), none above ``ceiling``, policy (S,) and proven errors (S,) of a model :func:`without_traps`."""
    num_actions = model.reward.shape[1]
    first, _ = ending_policy(model)
    if method != "policy_iteration":
        _check_bounded(model)
    nothing_lost = (model.reward >= 0).all()  # then values go up from 0 to the optimal ones
    values = np.zeros(len(first)) if nothing_lost else evaluate(model, soft(first, num_actions, epsilon), 1.0)[0]
    best: tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]] | None = None
    steps: NDArray[np.float64] | None = None
    for share, narrower in zip(_SHARES, _TIES, strict=True):
        # Values by sweeps are less exact than that, and what ties on a wide lake would no longer do so.
        tie = TIE if is_swept(model) else narrower
        limit = Change(np.inf, share)
        if method != "policy_iteration":
            values, policy = sweep_to(model, method, values, 1.0, epsilon, limit, watch)
        else:
            policy = first
            if is_swept(model) and nothing_lost:
                # The greedy policy itself may never end, and policy iteration would take long to mend that.
                values, _ = sweep_to(model, "gauss_seidel", values, 1.0, epsilon, limit, watch)
                policy, steps = _soonest(model, values, epsilon, tie, watch, steps)
            values, policy = policy_iteration(model, policy, 1.0, epsilon, None, values, limit, watch, tie)
        policy, steps = _soonest(model, values, epsilon, tie, watch, steps)
        weights = soft(policy, num_actions, epsilon)
        values, _ = evaluate(model, weights, 1.0, values, limit, watch)
        errors = bounds.undiscounted_error(model, values, weights, steps, epsilon, ceiling)
        # By equations, a policy with another view of ties must be worth more for certain than its rounding.
        gain = 1.0 if is_swept(model) else 0.1
        if (
            best is not None
            and errors.max() >= gain * best[2].max()
            and relative(values, errors) >= gain * relative(*best[::2])
        ):
            break  # float64 can do no better
        best = values.copy(), policy, errors
        if goal.is_met(values, errors):
            break
    assert best is not None
    return best


def _soonest(
    model: Model,
    values: NDArray[np.float64],
    epsilon: float,
    tie: float,
    watch: Watch,
    guess: NDArray[np.float64] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Of the policies without loss the one (S,) that ends soonest, and its steps (S,), begun from ``guess`` (S,)."""
    num_actions = model.reward.shape[1]
    equal, _ = lossless(model, values, 1.0, tie)
    costly = model.rewarding(-1.0)
    if not is_swept(model):
        first = _ending_among(model, equal)
        steps, policy = policy_iteration(costly, first, 1.0, epsilon, equal)
        return policy, -steps
    # From far above, since from below each sweep would add no more than a step to a pool of states.
    far = np.where(model.table.over, 0.0, 10.0 * len(values))
    start = -(far if guess is None else np.minimum(far, guess))
    steps, _ = sweep_to(costly, "gauss_seidel", start, 1.0, epsilon, _STEPS, watch, equal)
    q = lossless(costly, steps, 1.0, 0.0)[1]
    q[~equal] = -np.inf
    policy = (q >= q.max(axis=1, keepdims=True) * (1 + TIE)).argmax(axis=1)
    steps, _ = evaluate(costly, soft(policy, num_actions, epsilon), 1.0, steps, _STEPS, watch)
    return policy, -steps


def _ending_among(model: Model, equal: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A policy (S,) of these (S, A) actions under which episodes end for certain."""
    ends = model.may_end & equal
    _, towards = reaching(model, ends.any(axis=1), equal)
    return np.where(ends.any(axis=1), ends.argmax(axis=1), towards)


def _check_bounded(model: Model) -> None:
    """Refuse a table in which sweeps might go on for ever; policy iteration finds out, and says so."""
    if not ((model.reward > 0) & ~model.may_end).any():
        return
    _, inside = end_components(model, np.ones_like(model.may_end))
    earning = (inside & (model.reward > 0)).any(axis=1)
    if earning.any():
        raise error.InvalidParameter(
            f"at gamma=1 an episode may go on earning for ever from state {int(earning.argmax())}, and sweeps "
            "would not come to an end; use method='policy_iteration', give a gamma below 1, or a horizon"
        )
