"""The report in the terminal: what was learned and how good it is, at most 80 columns wide."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from agents.common import comparison, evaluation, scoring, terminal, wording
from agents.common.diagnosis import diagnose
from agents.common.environment import Environment
from agents.common.terminal import Glyphs, glyphs_of
from agents.common.wording import quantity, within, world
from minigym import error

if TYPE_CHECKING:
    from agents.common.run import Run
    from agents.planning import Plan


def text(run: "Run", directory: Path | None = None, encoding: str = "utf-8") -> str:
    """The report.

    Args:
        run: what to report.
        directory: where it was saved, if it was.
        encoding: of the place that will show it; ASCII signs are used where it has no arrows and bars.
    """
    glyphs = glyphs_of(encoding)
    sections = [_header(run), _by_tenth(run, glyphs)]
    if "exact_success" in run.learned.checkpoints:
        sections.append(_sparkline(run, glyphs))
    if run.environment.mdp is not None:
        sections += [_greedy_policy(run, glyphs), _exact(run)]
    elif run.environment.reward_threshold is not None:
        sections.append(_as_courses_count(run))
    sections.append(_test_episodes(run))
    if len(run.seeds) > 1:
        sections.append(_statistics(run))
    findings = diagnose(run)
    if findings:
        sections.append(str(findings).splitlines())
    if directory is not None:
        sections.append([f"Saved in {directory}", f"To see it play: python -m agents watch {directory}"])
    report = "\n\n".join("\n".join(lines) for lines in sections) + "\n"
    return terminal.encodable(report, encoding)


def evaluation_text(
    run: "Run",
    greedy: NDArray[np.float64],
    acting: NDArray[np.float64] | None = None,
    words: str = "",
    encoding: str = "utf-8",
) -> str:
    """What ``evaluate`` says: the mean of each seed's test episodes, with its 95 % interval.

    Args:
        run: the run.
        greedy: (seeds, episodes), the returns of the greedy policy.
        acting: the same of the policy as it acts in training, in the same worlds; None leaves it out.
        words: how that policy acts.
        encoding: of the place that will show it.
    """
    episodes = f"{greedy.shape[1]:,}"
    title = f"{run.agent} on {world(run.environment)}: {quantity(run.environment)} in {episodes}"
    lines = textwrap.wrap(f"{title} greedy test episodes a seed, {within(run.environment)}", terminal.WIDTH)
    lines += _means(run, greedy)
    if run.final_exact_return is not None:
        lines += terminal.figures([("the same, exact", float(run.final_exact_return.mean()))])
    if acting is not None:
        lines += [
            "",
            *textwrap.wrap(f"The same {episodes} episodes as the policy acts in training, {words}", terminal.WIDTH),
        ]
        lines += _means(run, acting)
    return terminal.encodable("\n".join(lines) + "\n", encoding)


def _means(run: "Run", scores: NDArray[np.float64]) -> list[str]:
    """The mean of each seed's episodes (seeds, episodes), with its 95 % interval where there are enough, and of all."""
    known, cells = scores.shape[1] >= evaluation.FEWEST_SCORES, []
    for seed, own in zip(run.seeds, scores, strict=True):
        mean = float(own.mean())
        cell = f"seed {seed}: {terminal.figure(mean, 3)}"
        if known:
            low = evaluation.lower_bound(own)
            high = 2 * mean - low
            if run.environment.return_is_success:  # the normal approximation knows nothing of the ends
                low, high = max(low, 0.0), min(high, 1.0)
            cell += f" ({terminal.figure(low, 3)} to {terminal.figure(high, 3)})"
        cells.append(cell)
    lines = terminal.columns(cells)
    if known:
        lines.append("  (in brackets the 95 % interval of the mean)")
    return [*lines, *terminal.figures([("mean over all seeds", float(scores.mean()))], decimals=3)]


def plan_text(
    environment: Environment,
    plan: "Plan",
    gamma: float,
    horizon: int | None,
    encoding: str = "utf-8",
    epsilon: float = 0.0,
) -> str:
    """What ``solve`` says: the best policy, its value, and what it is worth within the time limit.

    Args:
        environment: the environment, with a table.
        plan: its solution.
        gamma: the discount of the plan.
        horizon: the limit of the plan, if it has one.
        encoding: of the place that will show it.
        epsilon: the probability of a random action that the plan allows for.
    """
    from agents import planning

    mdp = environment.mdp
    assert mdp is not None
    clocked = horizon is not None
    actions, values = (plan.policy[0], plan.values[0]) if clocked else (plan.policy, plan.values)
    tied = np.ones_like(actions)  # with nothing: a plan has settled every tie
    title = f"Best policy for {world(environment)}"
    if epsilon > 0:
        title = f"Best policy that explores with epsilon {epsilon:g} for {world(environment)}"
    if clocked:
        title += f", {horizon:,} steps to go (later it changes)"
    if environment.rows is None:
        title += " (state: action)"
        choices = terminal.table(actions, tied, mdp.terminal)
    else:
        choices = terminal.lake(environment.rows, actions, tied, glyphs_of(encoding))
    lines = [*textwrap.wrap(title, terminal.WIDTH), *choices]
    discount = "undiscounted" if gamma == 1 else f"discounted by {gamma:g}"
    limit = f"within {horizon:,} steps" if clocked else "without a limit"
    rows: list[tuple[str, float | str]] = [
        (f"value of the start, {discount}, {limit}", float(values @ mdp.initial)),
        (
            "its error is proven to be at most",
            _bound(float(np.broadcast_to(plan.errors, plan.values.shape)[0].max()))
            if clocked
            else _bound(float(plan.errors @ mdp.initial)),
        ),
    ]
    if not clocked:
        rows.append(("and that of any state, as a share of its value", _bound(plan.relative_error_bound)))
        weights = planning.soft_policy(actions, mdp.num_actions, epsilon)
        worth = planning.policy_return(mdp, weights, horizon=environment.horizon)
        rows.append((f"its {quantity(environment)}, {within(environment)}, exact", worth))
        if gamma == 1:
            steps = float(planning.expected_steps(mdp, weights)[mdp.initial > 0] @ mdp.initial[mdp.initial > 0])
            rows.append(("expected steps of an episode, without a limit", steps))
    return terminal.encodable("\n".join([*lines, *terminal.figures(rows)]) + "\n", encoding)


def _header(run: "Run") -> list[str]:
    learned = run.learned
    episodes = [len(returns) for returns in learned.episode_returns]
    work = (
        f"{_range(episodes)} episodes and {_range(learned.steps.tolist())} steps a seed, {_seconds(run.seconds)} in all"
    )
    lines = [f"{run.agent} on {world(run.environment)}, {_seeds(run.seeds)}", work]
    if not learned.finished:
        lines.append("Stopped early by Ctrl-C: everything below is about the training up to there.")
    return [wrapped for line in lines for wrapped in textwrap.wrap(line, terminal.WIDTH)]


def _by_tenth(run: "Run", glyphs: Glyphs) -> list[str]:
    means, unit = tenths(run)
    if np.isnan(means).all():
        return ["No episode ended in training."]
    what = quantity(run.environment).capitalize()
    low = min(0.0, float(np.nanmin(means)))
    high = 1.0 if run.environment.return_is_success else float(np.nanmax(means))
    lines = [f"{what} while training (exploring), by tenth of the {unit}, mean over seeds"]
    for tenth, mean in enumerate(means):
        if np.isnan(mean):
            lines.append(f"  {tenth + 1:2}/10  no episode ended")
        else:
            bar = terminal.bar((mean - low) / (high - low) if high > low else 0.0, glyphs.bar)
            lines.append(f"  {tenth + 1:2}/10  {terminal.figure(mean, 3):>8}  {bar}".rstrip())
    return lines


def tenths(run: "Run") -> tuple[NDArray[np.float64], str]:
    """The mean return by tenth of training, over seeds (10,), and what the tenths are of.

    An agent whose budget is in episodes is cut by episodes, one whose budget is in steps by steps; an episode counts
    where it ended. NaN where no episode of any seed did.
    """
    unit = "episodes" if hasattr(run.config, "episodes") else "steps"
    means = np.full((len(run.seeds), 10), np.nan)
    for index, (returns, lengths) in enumerate(
        zip(run.learned.episode_returns, run.learned.episode_lengths, strict=True)
    ):
        if unit == "episodes":
            tenth = np.arange(len(returns)) * 10 // max(1, len(returns))
        else:
            tenth = np.minimum(np.cumsum(lengths) * 10 // max(1, run.steps[index]), 9)
        count = np.bincount(tenth, minlength=10)
        total = np.bincount(tenth, weights=returns, minlength=10)
        means[index] = np.divide(total, count, out=np.full(10, np.nan), where=count > 0)
    known = ~np.isnan(means)
    sums, counts = np.where(known, means, 0).sum(axis=0), known.sum(axis=0)
    return np.divide(sums, counts, out=np.full(10, np.nan), where=counts > 0), unit


def _as_courses_count(run: "Run") -> list[str]:
    """The mean of 100 training episodes, and after how many of them it first reached the threshold."""
    window, threshold, many = scoring.WINDOW, run.environment.reward_threshold, len(run.seeds) > 1
    means = [scoring.moving_mean(own, window) for own in run.episode_returns if len(own) >= window]
    if not means:
        return [f"No seed had {window} training episodes, by whose mean courses call it solved."]
    survives = all(map(np.array_equal, run.episode_returns, run.learned.episode_lengths))
    what = "survival, in steps" if survives else "return"
    lines = [f"Training episodes as courses count them (exploring){', median and range of seeds' if many else ''}"]
    lines.append(_spread(f"mean {what}: the last {window} episodes", [own[-1] for own in means]))
    lines.append(_spread(f"the best {window} in a row", [own.max() for own in means]))
    after = scoring.solved_after(run)
    solved = int(np.isfinite(after).sum())
    hundred = f"consecutive training episodes with a mean return of at least {threshold:g}"
    if solved == 0:
        verdict = f"not solved{' by any seed' if many else ''}: there were no {window} {hundred}"
    elif many:
        lines.append(_spread("solved after so many episodes", after, decimals=0))
        verdict = f"solved by {_of(solved, after)}: there the first {window} {hundred} ended"
    else:
        verdict = f"solved after {after[0]:.0f} episodes: the first {window} {hundred} ended there"
    lines += textwrap.wrap(verdict, terminal.WIDTH, initial_indent="  ", subsequent_indent="  ")
    if solved:
        lines.append(f"  (a course that counts only the episodes before those {window} prints {window} less)")
    return lines


def _spread(label: str, values: Sequence[float] | NDArray[np.float64], decimals: int = 1) -> str:
    """A line with a figure; of several seeds with their median and their range."""

    def shown(value: float) -> str:
        return f"{value:,.{decimals}f}" if np.isfinite(value) else "never"

    line = f"  {label:<48}{shown(float(np.median(values))):>8}"
    return line if len(values) == 1 else f"{line}   {shown(min(values))} to {shown(max(values))}"


def _sparkline(run: "Run", glyphs: Glyphs) -> list[str]:
    """The learning curve in one line: the median over seeds of the greedy policy's exact worth, at checkpoints."""
    curve = np.median(run.exact_success, axis=0)
    curve = curve[np.isfinite(curve)]  # rewards that go on without a limit can sum to anything
    if not curve.size:
        return ["The greedy policy has no finite worth."]
    success = run.environment.return_is_success
    signs = terminal.sparkline(curve, *((0.0, 1.0) if success else (curve.min(), curve.max())), glyphs)
    whose = ", median of seeds" if len(run.seeds) > 1 else ""
    what = f"{quantity(run.environment).capitalize()} of the greedy policy, exact{whose}, over the checkpoints"
    first, last, best = (terminal.figure(value, 3) for value in (curve[0], curve[-1], curve.max()))
    return [
        what,
        f"  {signs}  {first} to {last}, at best {best}",
    ]


def _greedy_policy(run: "Run", glyphs: Glyphs) -> list[str]:
    mdp = run.environment.mdp
    assert mdp is not None
    one = {name: array[:1] for name, array in run.learned.arrays.items()}
    probabilities = evaluation.action_probabilities(mdp, one, [run.policy(0)])[0]
    tied = (probabilities > 0).sum(axis=1)
    title = f"Greedy policy of seed {run.seeds[0]}"
    actions = probabilities.argmax(axis=1)
    if run.environment.rows is not None:
        return [title, *terminal.lake(run.environment.rows, actions, tied, glyphs)]
    return [f"{title} (state: action)", *terminal.table(actions, tied, mdp.terminal)]


def _exact(run: "Run") -> list[str]:
    """The exact worth of the greedy policies beside what is possible."""
    assert run.final_exact_return is not None
    optimum, returns = run.optimum, run.final_exact_return
    rows = [(f"seed {run.seeds[0]}", returns[0])]
    if len(returns) > 1:
        rows += [("median of all seeds", float(np.median(returns))), ("worst seed", float(returns.min()))]
    rows += [
        ("best stationary policy found", optimum.stationary),
        ("best with a clock (its moves depend on the steps left)", optimum.clock_aware),
        ("random play", evaluation.random_play(run.environment)),
    ]
    lines = [
        f"{quantity(run.environment).capitalize()} of the greedy policy {within(run.environment)}, exact",
        *terminal.figures(rows),
    ]
    if "exact_return" in run.learned.checkpoints:
        lines += [
            f"Return of the greedy policy discounted by {run.config.gamma:g}, without a limit, exact",
            *terminal.figures([(f"seed {run.seeds[0]}", run.exact_return[0, -1]), ("optimal", optimum.discounted)]),
        ]
    if optimum.clock_aware == 0 and run.environment.return_is_success:
        lines.append(
            f"No policy can succeed {within(run.environment)}: the way is longer. Train with another limit, in Python "
            "env=lambda: minigym.make(..., max_episode_steps=...)."
        )
    else:
        reached = int((returns >= optimum.stationary - 1e-9 * abs(optimum.stationary)).sum())  # but for rounding
        lines.append(f"The best stationary policy's value is reached by {_of(reached, returns)}.")
    if run.solved is not None:
        lines.append(
            f"Solved (at least {run.environment.reward_threshold:g}): {_of(int(run.solved.sum()), run.solved)}."
        )
    return lines


def _test_episodes(run: "Run") -> list[str]:
    scores = run.final_scores
    what = quantity(run.environment).capitalize()
    lines = [f"{what} in {scores.shape[1]} greedy test episodes a seed, {within(run.environment)}"]
    if run.environment.mdp is not None:  # the exact figures above say it better
        return [*lines, *terminal.figures([("mean over all seeds", float(scores.mean()))], decimals=3)]
    lines += terminal.columns(
        [f"seed {seed}: {terminal.figure(mean, 3)}" for seed, mean in zip(run.seeds, scores.mean(axis=1), strict=True)]
    )
    if run.solved is not None:
        lines.append(
            f"Solved (lower 95 % bound of the mean at least {run.environment.reward_threshold:g}): "
            f"{_of(int(run.solved.sum()), run.solved)}."
        )
    return lines


def _statistics(run: "Run") -> list[str]:
    try:
        summary = comparison.summarize(run)
    except error.DependencyNotInstalled as missing:  # no reason to lose the rest of the report
        return textwrap.wrap(str(missing), terminal.WIDTH)
    return [*textwrap.wrap(f"{len(run.seeds)} seeds: {summary.score}", terminal.WIDTH), *summary.lines()]


def _bound(error: float) -> str:
    return f"{error:.1e}" if np.isfinite(error) else "not proven"


def _of(count: int, among: Sequence[object] | NDArray[np.generic]) -> str:
    return f"{count} of {wording.count_of_seeds(len(among))}"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) == 1:
        return wording.seeds(seeds)
    if list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{wording.seeds(seeds)} ({seeds[0]} to {seeds[-1]})"
    return f"{wording.seeds(seeds)} ({', '.join(map(str, seeds))})"
