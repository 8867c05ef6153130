"""Scoring a policy: greedy episodes on the test stream, and exact values where there is a table."""

import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from typing import Any

import numpy as np
from numpy.typing import NDArray

from agents.common import streams
from agents.common.environment import Environment
from agents.common.lanes import Lanes, lanes_of
from minigym import MDP, error

EPISODES = 100
SELECT_EPISODES = 20
"""Of each seed at each checkpoint of a network, on the select stream: always the same ones."""
FEWEST_SCORES = 10  # below, an interval says little: it takes the mean as normally distributed


def play_test_episodes(
    environment: Environment, policies: Sequence[Callable[[Any], Any]], seeds: Sequence[int], episodes: int = EPISODES
) -> NDArray[np.float64]:
    """The undiscounted returns of each seed's policy in its own test episodes, within the time limit.

    Args:
        environment: where to play.
        policies: one for each seed: a batch of observations -> a batch of actions.
        seeds: the run seeds; episode i of a seed is the same episode whatever the number of episodes.
        episodes: how many for each seed.

    Returns:
        (seeds, episodes).
    """
    if environment.has_engine and environment.mdp is None:  # to load one costs more than a table's short episodes
        with closing(lanes_of(environment, seeds, episodes, streams.TEST)) as lanes:
            return first_returns(lanes, _each_its_own(policies), environment.horizon)
    # All episodes of a seed advance side by side, so that a network sees one batch a step.
    envs = [environment.make() for _ in range(episodes)]
    try:
        returns = [
            _returns(envs, policy, streams.integers(seed, streams.TEST, episodes), environment.horizon)
            for seed, policy in zip(seeds, policies, strict=True)
        ]
    finally:
        for env in envs:
            env.close()
    return np.array(returns).reshape(len(seeds), episodes)


def first_returns(
    lanes: Lanes, act: Callable[[NDArray[Any], NDArray[np.bool_]], NDArray[np.int64]], longest: int
) -> NDArray[np.float64]:
    """(S, L): the undiscounted return of each lane's first episode, or of its first ``longest`` steps.

    Args:
        lanes: where to play.
        act: observations (S, L, ...), and which lanes still play, (S, L) -> actions (S, L); those of the others count
            for nothing.
        longest: how many steps at most.
    """
    returns, playing = np.zeros(lanes.shape), np.ones(lanes.shape, np.bool_)
    for _ in range(longest):
        transition = lanes.step(act(lanes.observation, playing))
        returns += np.where(playing, transition.reward, 0.0)
        playing &= ~(transition.terminated | transition.truncated)
        if not playing.any():
            break
    return returns


def _each_its_own(
    policies: Sequence[Callable[[Any], Any]],
) -> Callable[[NDArray[Any], NDArray[np.bool_]], NDArray[np.int64]]:
    """What lets each seed's policy choose for those of its lanes that still play."""

    def act(observations: NDArray[Any], playing: NDArray[np.bool_]) -> NDArray[np.int64]:
        actions = np.zeros(playing.shape, np.int64)
        for index, policy in enumerate(policies):
            own = playing[index]
            if own.any():
                actions[index, own] = policy(observations[index, own])
        return actions

    return act


def _returns(
    envs: Sequence[Any], policy: Callable[[Any], Any], episode_seeds: Sequence[int], longest: int
) -> NDArray[np.float64]:
    returns = np.zeros(len(envs))
    observations = [env.reset(seed=seed)[0] for env, seed in zip(envs, episode_seeds, strict=True)]
    playing = list(range(len(envs)))
    for _ in range(longest):
        actions = np.asarray(policy(np.array([observations[lane] for lane in playing]))).tolist()
        going_on = []
        for lane, action in zip(playing, actions, strict=True):
            observations[lane], reward, terminated, truncated, _ = envs[lane].step(action)
            returns[lane] += reward
            if not (terminated or truncated):
                going_on.append(lane)
        playing = going_on
        if not playing:
            break
    return returns


def lower_bound(scores: NDArray[np.float64]) -> float:
    """The lower end of the two-sided 95 % interval of the mean: mean - t s / sqrt(n), Student's t.

    The bound takes the mean as normally distributed, which n = 100 bounded returns nearly make it. Where all scores
    are equal it is their value.

    Args:
        scores: (n,), at least ``FEWEST_SCORES`` of them.
    """
    n = len(scores)
    if n < FEWEST_SCORES:
        raise error.InvalidParameter(f"an interval needs at least {FEWEST_SCORES} scores, got {n}")
    try:
        from scipy.special import stdtrit  # the quantile of Student's t; scipy.stats would take a second to import
    except ImportError as missing:
        raise error.DependencyNotInstalled(
            'an interval needs SciPy, which is not installed: pip install "minigym[agents]"'
        ) from missing
    return float(scores.mean() - stdtrit(n - 1, 0.975) * scores.std(ddof=1) / math.sqrt(n))


def exact_returns(
    environment: Environment, arrays: Mapping[str, NDArray[Any]], policies: Sequence[Callable[[Any], Any]]
) -> NDArray[np.float64] | None:
    """(seeds,): each greedy policy's exact undiscounted return within the limit; None where there is no table."""
    if environment.mdp is None:
        return None
    from agents import planning

    probabilities = action_probabilities(environment.mdp, arrays, policies)
    return planning.policy_return(environment.mdp, probabilities, horizon=environment.horizon)


def random_play(environment: Environment) -> float:
    """The exact undiscounted return of uniformly random moves within the limit, of an environment with a table."""
    from agents import planning

    mdp = environment.mdp
    assert mdp is not None
    uniform = np.full((mdp.num_states, mdp.num_actions), 1 / mdp.num_actions)
    return float(planning.policy_return(mdp, uniform, horizon=environment.horizon))


def action_probabilities(
    mdp: MDP, arrays: Mapping[str, NDArray[Any]], policies: Sequence[Callable[[Any], Any]]
) -> NDArray[np.float64]:
    """(seeds, S, A): the greedy policies as tables; actions that a table of values ties share the probability."""
    if "q_values" in arrays:
        from agents import planning

        return planning.greedy_policy(arrays["q_values"])
    states = np.arange(mdp.num_states)
    return np.array([np.eye(mdp.num_actions)[np.asarray(policy(states))] for policy in policies])
