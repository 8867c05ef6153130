"""Checks of what is learned from what was met: discount, step size, budget, and the values themselves."""

import math

import numpy as np

from agents.common.diagnosis.case import FEW_SUCCESSES, Case, Finding, action_values, shortest_way

_LARGE_ALPHA = 0.05
_SMALL_ALPHA = 0.01  # a step size that was never larger needs hundreds of updates of every tile
_MOVES = 0.1  # of what learning can add: a greedy policy whose worth changes by more late in training wanders
_RISE = 0.05  # likewise: a curve that still gains more in the last fifth has not come to its end
_MOST_EPISODES = 10_000_000
_GAMMAS = (0.9, 0.95, 0.98, 0.99, 0.995, 0.998, 0.999, 0.9999)


def diverged(case: Case) -> Finding | None:
    """Whether a network's loss or gradient was infinite or no number: the seed was held still from there on."""
    seeds = np.flatnonzero(case.run.learned.arrays.get("diverged", np.zeros(len(case.run.seeds), np.bool_)))
    if not seeds.size:
        return None
    return Finding(
        "diverged",
        f"{case.of(seeds)} came to a loss or a gradient that is not finite; the network was held still from there on, "
        "and the other seeds went on.",
        f"Learn in smaller steps: learning_rate={case.run.config.learning_rate / 10:.0e}, say; and see that the "
        "observations and rewards are finite and not huge (minigym.wrappers.RescaleObservation, TransformReward).",
    )


def gamma_out_of_place(case: Case) -> Finding | None:
    """Whether learning would fail even if it found the perfect values for this discount."""
    if case.mdp is None:
        return None
    assert case.level is not None
    gamma = case.run.config.gamma
    worth = _worth_of_perfect(case, gamma)
    if worth >= case.level:
        return None
    way = shortest_way(case.mdp)
    others = [other for other in _GAMMAS if other > gamma] if gamma < 1 else list(reversed(_GAMMAS))
    worths = [_worth_of_perfect(case, other) for other in others]
    evidence = (
        f"Even the perfect values for gamma={gamma:g} lead to a greedy policy worth only {worth:.4g} within "
        f"{case.run.environment.horizon:,} steps (exact)."
    )
    if gamma < 1 and way is not None:
        evidence += f" The shortest way takes {way} steps: from the start its reward counts {gamma ** (way - 1):.2g}."
    elif gamma == 1:
        evidence += " Without a discount, moves that lead nowhere are valued like those that lead on."
    advice = "Try another gamma: agents.solve shows what each leads to."
    if max(worths, default=-math.inf) >= case.level:
        better = next(place for place, each in enumerate(worths) if each >= max(worths) - 1e-9)  # of equals the nearest
        advice = f"Write gamma={others[better]:g}: its perfect values lead to {worths[better]:.4g} (exact)."
    return Finding("gamma_too_small" if gamma < 1 else "gamma_too_large", evidence, advice)


def _worth_of_perfect(case: Case, gamma: float) -> float:
    """The exact return within the limit of the greedy policy on the optimal values, ties uniform as for learners."""
    from agents import planning

    assert case.mdp is not None
    worth, _ = action_values(case.mdp, planning.solve(case.mdp, gamma=gamma).values, gamma)
    largest = worth.max(axis=1, keepdims=True)
    tied = np.where(worth >= largest - 1e-9 * np.abs(largest), largest, worth)  # equal but for rounding
    policy = planning.greedy_policy(tied)
    return float(planning.policy_return(case.mdp, policy, horizon=case.run.environment.horizon))


def all_values_tied(case: Case) -> Finding | None:
    if "q_values" not in case.run.learned.arrays:
        return None
    q_values = case.run.q_values[case.failing]
    if case.mdp is not None:
        q_values = q_values[:, ~case.mdp.terminal]
    level = np.ptp(q_values, axis=2) == 0
    tied = case.failing[level.all(axis=1)]
    if not tied.size:
        return None
    value = q_values[level.all(axis=1)].ravel()[0]
    return Finding(
        "all_values_tied",
        f"In {case.of(tied)} all {q_values.shape[2]} actions are valued the same in each of {q_values.shape[1]} "
        f"states ({value:g} in the first): the greedy policy is random play.",
        "No reward has reached the values: see to it that one is met in training, and that alpha is above 0.",
    )


def alpha_too_large(case: Case) -> Finding | None:
    """Whether a single outcome can overturn what was learned, and the greedy policy wanders to the end."""
    config, curve = case.run.config, case.curve()
    if case.mdp is None or curve is None or not hasattr(config, "alphas"):
        return None
    if getattr(config, "step_size", "alpha") != "alpha":
        return None
    alpha = float(config.alphas()[max(0, min(map(len, case.run.episode_returns)) - 1)])
    late = curve[:, curve.shape[1] // 2 :]
    wandering = np.ptp(late, axis=1) > _MOVES * case.span
    if alpha < _LARGE_ALPHA or not wandering.any():
        return None
    worth, furthest = action_values(case.mdp, case.best_values, config.gamma)
    best = worth.max(axis=1, keepdims=True)
    behind = worth < best - 1e-9 * np.abs(best)
    deciding = behind.any(axis=1) & ~case.mdp.terminal
    lead = (best[:, 0] - np.where(behind, worth, -np.inf).max(axis=1))[deciding]
    jump = alpha * furthest[np.arange(len(worth)), worth.argmax(axis=1)][deciding]
    overturned = jump > lead
    if not overturned.any():
        return None
    return Finding(
        "alpha_too_large",
        f"At the end alpha is still {alpha:.3g}: in {overturned.sum()} of {len(lead)} states a single outcome can "
        f"overturn the best action (it moves the value by up to {jump[overturned].max():.2g}, and the lead is as "
        f"small as {lead[overturned].min():.2g}, exact). In {case.of(case.failing[wandering])} the worth of the greedy "
        f"policy still moved by {np.median(np.ptp(late[wandering], axis=1)):.2g} in the last half of the training.",
        "Let alpha fall to 0.01 or less by the end (final_alpha=0.01).",
    )


def budget_too_small(case: Case) -> Finding | None:
    evidence, wanted = [], 0.0
    episodes = min(case.episodes(index) for index in case.failing)
    if case.reached is not None:
        successes = np.array([int(case.reached[index].sum()) for index in case.failing])
        expected = None if case.goal_chance is None else case.goal_chance * episodes
        if (successes > 0).any() and np.median(successes) < FEW_SUCCESSES:
            evidence.append(
                f"In the median failing seed {np.median(successes):.0f} of {episodes:,} training episodes reached the "
                "goal: too few to learn every step of the way"
            )
            wanted = max(10.0 * episodes, 30 / (case.goal_chance or 1.0))
        elif not (successes > 0).any() and expected is not None and 0 < expected < 3:
            evidence.append(f"In {episodes:,} episodes random play reaches the goal {expected:.2g} times (exact)")
            wanted = 30 / (case.goal_chance or 1.0)
    rise, least = _late_rise(case)
    if rise > least:
        evidence.append(f"In the last fifth of the training the failing seeds still gained {rise:.3g} on average")
        wanted = max(wanted, 3.0 * episodes)
    if not evidence:
        return None
    if hasattr(case.run.config, "total_steps"):
        advice = f"Train longer: total_steps={3 * case.run.config.total_steps}, say."
    elif wanted < _MOST_EPISODES:
        advice = f"Train longer: episodes={_rounded(wanted)}, say."
    else:
        advice = "By chance the goal will not be found: start with a smaller map, or from values above any return."
    if not case.run.learned.finished:
        advice = f"The training was stopped early. {advice}"
    return Finding("budget_too_small", "; ".join(evidence) + ".", advice)


def _late_rise(case: Case) -> tuple[float, float]:
    """How much the failing seeds gained in the last fifth of the training, and what gain would be worth telling."""
    curve = case.curve()
    if curve is not None and case.mdp is not None:
        count = curve.shape[1]
        tenth = max(1, count // 10)
        before = curve[:, count - 3 * tenth : count - 2 * tenth].mean()
        # A policy that wanders up and down gains nothing: by chance the means differ by about this much.
        jitter = np.abs(np.diff(curve[:, count // 2 :], axis=1)).mean() / math.sqrt(len(curve))
        return float(curve[:, -tenth:].mean() - before), max(_RISE * case.span, 3 * float(jitter))
    threshold = case.run.environment.reward_threshold
    returns = [case.run.episode_returns[index] for index in case.failing if case.episodes(index) >= 20]
    if threshold is None or not returns:
        return 0.0, math.inf
    parts = np.array([[part.mean() for part in np.array_split(own, 10)] for own in returns]).mean(axis=0)
    return float(parts[-1] - parts[-3]), _RISE * max(float(threshold - parts[0]), 1e-9)


def values_unsettled(case: Case) -> Finding | None:
    """Whether the values are still far from the exact ones, near to the first, of a training without other trouble."""
    if case.mdp is None or "q_values" not in case.run.learned.arrays:
        return None
    learned = float(np.median(case.run.q_values[case.failing].max(axis=2) @ case.mdp.initial))
    exact, first = case.run.optimum.discounted, getattr(case.run.config, "initial_q", 0.0)
    rising = max(0.0, first) < exact and learned <= exact / 2
    falling = first > exact and learned >= exact + (first - exact) / 4
    if not (rising or falling):
        return None
    episodes = min(case.episodes(index) for index in case.failing)
    advice = f"Train longer: episodes={_rounded(3.0 * episodes)}, say; or with larger steps (initial_alpha)."
    if hasattr(case.run.config, "alphas") and case.run.config.alphas().max() < _SMALL_ALPHA:
        advice = f"Learn in larger steps: initial_alpha=0.5, say; it was {case.run.config.alphas().max():.2g} at most."
    return Finding(
        "budget_too_small",
        f"After {episodes:,} episodes the median failing seed values the start at {learned:.3g}, and the best policy "
        f"is worth {exact:.3g} from there (exact, discounted by {case.run.config.gamma:g}): "
        + ("the reward has not come all the way." if rising else f"the first value of {first:g} has not worn off."),
        advice,
    )


def learned_then_lost(case: Case) -> Finding | None:
    recorded = case.run.learned.checkpoints
    curves = recorded.get("exact_success", recorded.get("greedy_return"))
    level = case.level if case.level is not None else case.run.environment.reward_threshold
    if curves is None or level is None or not curves.shape[1]:
        return None
    peaks = np.nanmax(np.where(np.isnan(curves[case.failing]), -np.inf, curves[case.failing]), axis=1)
    lost = case.failing[peaks >= level]
    if len(lost) < len(case.failing) / 4:
        return None
    last = np.median(curves[lost, -1])
    return Finding(
        "learned_then_lost",
        f"{case.of(lost)} had a checkpoint worth {level:.4g} or more (the best, in the median, "
        f"{np.median(peaks[peaks >= level]):.4g}), and ended at {last:.4g}.",
        "Train longer, with a step size that falls to nearly 0: the last policy then rests on many episodes.",
    )


def unexplained() -> Finding:
    """What is said where no check found anything."""
    return Finding(
        "unexplained",
        "None of the causes that are looked for was found.",
        'Look at run.plot() and, on a lake, at run.plot("policy"); compare with the defaults of the agent.',
    )


def _rounded(count: float) -> int:
    """To one leading digit, upwards: a budget that somebody would write."""
    size = 10 ** max(0, math.floor(math.log10(max(count, 1))))
    return int(math.ceil(count / size) * size)
