"""Checks of what an episode can meet: whether the goal is there, is reached, and is reached while exploring."""

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from agents.common.diagnosis.case import FEW_SUCCESSES, Case, Finding, shortest_way

_LOW_EPSILON = 0.05  # from here down, an agent explores next to nothing
_FEW_BY_CHANCE = 3  # successes that random play would have had: from here down, none may be bad luck
_LOW_NOISE = 0.1  # likewise, as a share of the largest value that there is to learn


def limit_too_short(case: Case) -> Finding:
    assert case.mdp is not None
    way, horizon = shortest_way(case.mdp), case.run.environment.horizon
    if way is None:
        return Finding(
            "goal_out_of_reach", "No way leads from the start to the goal, in any number of steps.", "Use another map."
        )
    return Finding(
        "limit_too_short",
        f"The shortest way to the goal takes {way} steps, and an episode is cut after {horizon}.",
        f"Raise the limit well above {way}: train on env=lambda: minigym.make(..., max_episode_steps={10 * way}).",
    )


def threshold_unreachable(case: Case) -> Finding | None:
    threshold = case.run.environment.reward_threshold
    if threshold is None or case.mdp is None or case.run.optimum.stationary >= threshold - 1e-9:
        return None
    optimum = case.run.optimum
    who = "No policy" if optimum.clock_aware < threshold - 1e-9 else "No stationary policy that was found"
    return Finding(
        "threshold_unreachable",
        f"{who} is worth the {threshold:g} that counts as solved: the best stationary one found is worth "
        f"{optimum.stationary:.4f}, the best with a clock {optimum.clock_aware:.4f} (exact, within "
        f"{case.run.environment.horizon:,} steps).",
        "Compare with run.optimum instead of the threshold, or raise the limit (max_episode_steps).",
    )


def goal_never_reached(case: Case) -> Finding | None:
    never = case.never_reached()
    if not never.size:
        return None
    episodes = max(case.episodes(index) for index in never)
    if case.reached is None:
        value = case.run.episode_returns[never[0]][0]
        evidence = f"In {case.of(never)} every one of up to {episodes:,} training episodes returned {value:g}"
    else:
        evidence = f"In {case.of(never)} none of up to {episodes:,} training episodes reached the goal"
    chance = case.goal_chance
    if chance is not None:
        evidence += (
            f"; random play gets there with probability {chance:.3g} an episode (exact), "
            f"{episodes * chance:.3g} times in {episodes:,}"
        )
    advice = "Explore more and longer (a larger final_epsilon)"
    if chance and episodes * chance < _FEW_BY_CHANCE:
        advice = f"Train longer: even pure exploration needs about {1 / chance:,.0f} episodes to meet the goal once"
    if hasattr(case.run.config, "initial_q"):
        advice += "; or start from values above any return (initial_q=1, say), so that everything is tried."
    else:
        advice += "; or make the goal easier to find at first."
    return Finding("goal_never_reached", evidence + ".", advice)


def exploration_spent(case: Case) -> Finding | None:
    degrees = _degrees(case)
    if degrees is None or case.reached is None:
        return None
    what, low, of_episode = degrees
    spent, explored, met, firsts = [], [], [], []
    for index in case.failing:
        hits, degree = case.reached[index], of_episode(index)
        if hits.sum() >= FEW_SUCCESSES and np.ptp(degree) == 0:
            continue  # it explores little, but for as long as it learns, and the goal is met: nothing was spent
        exploring = degree > low
        count = int(exploring.sum())
        if count <= len(hits) / 2 and hits[exploring].sum() < FEW_SUCCESSES:
            spent.append(index)
            explored.append(count)
            met.append(hits[exploring].sum())
            firsts.append(hits.argmax() + 1 if hits.any() else np.inf)
    if len(spent) < max(1.0, len(case.failing) / 4):
        return None
    first = float(np.median(firsts))
    since = "from the first episode on"
    if max(explored):
        since = f"after {np.median(explored):,.0f} of {case.episodes(spent[0]):,} episodes, "
        since += f"of which {np.median(met):.0f} had reached the goal"
    when = "the goal was never reached" if math.isinf(first) else f"the goal was first reached in episode {first:,.0f}"
    longer = "a slower decay, a higher start"
    if what == "epsilon":
        longer += ", or more episodes, over which epsilon falls"
    return Finding(
        "exploration_spent",
        f"In {case.of(np.array(spent))} {what} was {low:.2g} or less {since}; in the median of these seeds {when}.",
        f"Let the exploration last until the goal has been reached many times: {longer}.",
    )


def _degrees(case: Case) -> tuple[str, float, Callable[[int], NDArray[np.float64]]] | None:
    """What explores, when it is low, and its degree in each episode of a seed; None where that is unknown."""
    config, run = case.run.config, case.run
    if getattr(config, "exploration", None) == "noise":
        if case.mdp is None:
            return None
        largest = float(np.abs(case.best_values).max())
        return "the noise", _LOW_NOISE * largest, lambda index: config.noise_scales()[: case.episodes(index)]
    if hasattr(config, "epsilons"):
        return "epsilon", _LOW_EPSILON, lambda index: config.epsilons()[: case.episodes(index)]
    if hasattr(config, "epsilon_at"):
        ends = [np.cumsum(lengths) for lengths in run.learned.episode_lengths]
        return "epsilon", _LOW_EPSILON, lambda index: np.array([config.epsilon_at(step) for step in ends[index]])
    return None


def mostly_truncated(case: Case) -> Finding | None:
    limit = case.run.environment.max_episode_steps
    if limit is None:
        return None
    shares, pays = [], []
    for index in case.failing:
        lengths, returns = case.run.learned.episode_lengths[index], case.run.episode_returns[index]
        late = slice(len(lengths) // 2, None)
        cut = lengths[late] >= limit
        if case.reached is not None:  # the goal may be reached at the very last step
            cut &= ~case.reached[index][late]
        if len(cut):
            shares.append(cut.mean())
            pays.append(cut.any() and not cut.all() and returns[late][cut].mean() > returns[late][~cut].mean())
    if not shares or np.median(shares) <= 0.5 or np.mean(pays) > 0.5:  # where to last is the task, that is no trouble
        return None
    return Finding(
        "mostly_truncated",
        f"In the last half of the training {100 * float(np.median(shares)):.0f} % of the episodes of the median "
        f"failing seed were cut at the limit of {limit:,} steps without reaching an end.",
        "Raise the limit (max_episode_steps) while it learns, or explore more: the agent walks in circles.",
    )
