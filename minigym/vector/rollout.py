"""Whole rollouts: what they are asked for, and what they return."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minigym import error


class LinearPolicy(NamedTuple):
    """Plays the action with the highest score ``observation @ weights + bias``, the first of equals."""

    weights: Any  # (observation size, actions), real numbers
    bias: Any  # (actions,)


Policy: TypeAlias = str | NDArray[Any] | LinearPolicy | Callable[[Any], Any]


class Rollout(NamedTuple):
    """What happened in ``num_steps`` steps (T) of ``num_envs`` lanes (N), in the order in which it happened.

    Step t of lane i leads from ``observations[t, i]`` to ``next_observations[t, i]``. Where ``resets[t, i]`` is True
    the step only began the next episode (autoreset "NextStep"): its action was not played, its reward is 0, and
    nothing is to be learned from it.
    """

    observations: Any  # (T, N, ...) what the policy saw
    actions: Any  # (T, N) int64
    rewards: Any  # (T, N) float64
    next_observations: Any  # (T, N, ...) where the step led: at the end of an episode its last observation
    terminations: Any  # (T, N) bool
    truncations: Any  # (T, N) bool
    resets: Any  # (T, N) bool


def checked_policy(policy: Any, num_actions: int, num_states: int | None, observation_size: int) -> tuple[str, Any]:
    """The kind of a policy, "random", "table", "linear" or "function", and the policy in arrays that a kernel takes.

    Args:
        policy: what :meth:`minigym.vector.BatchEnv.rollout` was given.
        num_actions: how many actions there are.
        num_states: how many observations, where they are numbered; else None.
        observation_size: the numbers of an observation, where they are not.

    Raises:
        InvalidParameter: for anything else, or for arrays that do not fit the environment.
    """
    if isinstance(policy, str):
        if policy != "random":
            raise error.InvalidParameter(f'the only policy with a name is "random", got {policy!r}')
        return "random", None
    if isinstance(policy, LinearPolicy):
        weights, bias = np.array(policy.weights, np.float64), np.array(policy.bias, np.float64)
        if num_states is not None or weights.shape != (observation_size, num_actions) or bias.shape != (num_actions,):
            expected = (
                "observations that are vectors" if num_states is not None else f"({observation_size}, {num_actions})"
            )
            raise error.InvalidParameter(
                f"a LinearPolicy needs weights (observation size, actions) and a bias (actions,), here {expected} and "
                f"({num_actions},); got shapes {weights.shape} and {bias.shape}"
            )
        if not (np.isfinite(weights).all() and np.isfinite(bias).all()):
            raise error.InvalidParameter("the weights and the bias of a LinearPolicy must be finite")
        return "linear", (weights, bias)
    if isinstance(policy, (np.ndarray, list)):
        table = np.array(policy)
        if num_states is None or table.shape != (num_states,) or table.dtype.kind not in "iu":
            expected = "observations that are numbered states" if num_states is None else f"shape ({num_states},)"
            raise error.InvalidParameter(
                f"a table policy is an array of integers, one action for each state: expected {expected}, got shape "
                f"{table.shape} and dtype {table.dtype}"
            )
        wrong = (table < 0) | (table >= num_actions)
        if wrong.any():
            state = int(np.argmax(wrong))
            raise error.InvalidParameter(
                f"a table policy holds actions 0 .. {num_actions - 1}, got {table[state]} for state {state}"
            )
        return "table", table.astype(np.int64)
    if callable(policy):
        return "function", policy
    raise error.InvalidParameter(
        'a policy is "random", an array with an action for each state, a minigym.vector.LinearPolicy, or a function '
        f"from the observations of all lanes to their actions; got {policy!r} of type {type(policy).__name__}"
    )


def best_scores(
    observations: NDArray[Any], weights: NDArray[np.float64], bias: NDArray[np.float64]
) -> NDArray[np.int64]:
    """The actions of a :class:`LinearPolicy`, summed up in the order of the observation's numbers, as kernels do it."""
    scores = np.broadcast_to(bias, (len(observations), len(bias))).copy()
    for index, row in enumerate(weights):
        scores += observations[:, index, None].astype(np.float64) * row
    actions: NDArray[np.int64] = scores.argmax(axis=1)
    return actions


def action_streams(seed: int, num_envs: int) -> list[np.random.Generator]:
    """The streams of uniformly random actions, one a lane: they meet no stream of an environment, whatever its seed."""
    return [
        np.random.Generator(np.random.PCG64(np.random.SeedSequence(seed, spawn_key=(lane,))))
        for lane in range(num_envs)
    ]
