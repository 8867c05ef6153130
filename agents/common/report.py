"""The report in the terminal: what was learned and how good it is, at most 80 columns wide."""

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from agents.common import comparison, evaluation
from agents.common.diagnosis import diagnose
from agents.common.environment import Environment
from minigym import error

if TYPE_CHECKING:
    from agents.common.run import Run
    from agents.planning import Plan

WIDTH = 80
_BAR = 40  # characters of the longest bar
_LISTED_STATES = 40
_SPARKS = 40  # characters of the longest sparkline


class _Glyphs(NamedTuple):
    arrows: str  # of the actions Left, Down, Right, Up
    undecided: str
    bar: str  # what a full character of a bar looks like, after its eighths
    heights: str  # of a sparkline, from the lowest to the highest


_UNICODE = _Glyphs("←↓→↑", "·", "▏▎▍▌▋▊▉█", "▁▂▃▄▅▆▇█")
_ASCII = _Glyphs("<v>^", ".", "#", "_.-~=+*#")


def text(run: "Run", directory: Path | None = None, encoding: str = "utf-8") -> str:
    """The report.

    Args:
        run: what to report.
        directory: where it was saved, if it was.
        encoding: of the place that will show it; ASCII signs are used where it has no arrows and bars.
    """
    glyphs = _glyphs(encoding)
    sections = [_header(run), _by_tenth(run, glyphs)]
    if "exact_success" in run.learned.checkpoints:
        sections.append(_sparkline(run, glyphs))
    if run.environment.mdp is not None:
        sections += [_greedy_policy(run, glyphs), _exact(run)]
    sections.append(_test_episodes(run))
    if len(run.seeds) > 1:
        sections.append(_statistics(run))
    findings = diagnose(run)
    if findings:
        sections.append(str(findings).splitlines())
    if directory is not None:
        sections.append([f"Saved in {directory}", f"To see it play: python -m agents watch {directory}"])
    report = "\n\n".join("\n".join(lines) for lines in sections) + "\n"
    return _encodable(report, encoding)


def evaluation_text(run: "Run", scores: NDArray[np.float64], encoding: str = "utf-8") -> str:
    """What ``evaluate`` says: the mean of each seed's test episodes, with its 95 % interval.

    Args:
        run: the run.
        scores: (seeds, episodes), the returns.
        encoding: of the place that will show it.
    """
    episodes = scores.shape[1]
    lines = textwrap.wrap(
        f"{run.agent} on {run.environment.name}: {_quantity(run.environment).lower()} in {episodes:,} greedy test "
        f"episodes a seed, {_within(run.environment)}",
        WIDTH,
    )
    cells = []
    for seed, own in zip(run.seeds, scores, strict=True):
        mean = float(own.mean())
        cell = f"seed {seed}: {_figure(mean, 3)}"
        if episodes >= evaluation.FEWEST_SCORES:
            low = evaluation.lower_bound(own)
            high = 2 * mean - low
            if run.environment.return_is_success:  # the normal approximation knows nothing of the ends
                low, high = max(low, 0.0), min(high, 1.0)
            cell += f" ({_figure(low, 3)} to {_figure(high, 3)})"
        cells.append(cell)
    lines += _columns(cells)
    if episodes >= evaluation.FEWEST_SCORES:
        lines.append("  (in brackets the 95 % interval of the mean)")
    lines += _figures([("mean over all seeds", float(scores.mean()))], decimals=3)
    if run.final_exact_return is not None:
        lines += _figures([("the same, exact", float(run.final_exact_return.mean()))])
    return _encodable("\n".join(lines) + "\n", encoding)


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
    title = f"Best policy for {environment.name}"
    if epsilon > 0:
        title = f"Best policy that explores with epsilon {epsilon:g} for {environment.name}"
    if clocked:
        title += f", {horizon:,} steps to go (later it changes)"
    if environment.rows is not None:
        lines = [title, *_lake(environment.rows, actions, tied, _glyphs(encoding))]
    else:
        lines = [f"{title} (state: action)", *_table(actions, tied, mdp.terminal)]
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
        weights = planning.soft_policy(actions, mdp.num_actions, epsilon)
        worth = planning.policy_return(mdp, weights, horizon=environment.horizon)
        rows.append((f"its {_quantity(environment).lower()}, {_within(environment)}, exact", worth))
        if gamma == 1:
            steps = float(planning.expected_steps(mdp, weights)[mdp.initial > 0] @ mdp.initial[mdp.initial > 0])
            rows.append(("expected steps of an episode, without a limit", steps))
    return _encodable("\n".join([*lines, *_figures(rows)]) + "\n", encoding)


def _glyphs(encoding: str) -> _Glyphs:
    try:
        "".join(_UNICODE).encode(encoding)
    except UnicodeEncodeError:
        return _ASCII
    return _UNICODE


def _encodable(report: str, encoding: str) -> str:
    """A name in the report may hold anything: what cannot be shown becomes a question mark."""
    return report.encode(encoding, errors="replace").decode(encoding)


def _header(run: "Run") -> list[str]:
    learned = run.learned
    episodes = [len(returns) for returns in learned.episode_returns]
    work = (
        f"{_range(episodes)} episodes and {_range(learned.steps.tolist())} steps a seed, {_seconds(run.seconds)} in all"
    )
    lines = [f"{run.agent} on {run.environment.name}, {_seeds(run.seeds)}", work]
    if not learned.finished:
        lines.append("Stopped early by Ctrl-C: everything below is about the training up to there.")
    return [wrapped for line in lines for wrapped in textwrap.wrap(line, WIDTH)]


def _by_tenth(run: "Run", glyphs: _Glyphs) -> list[str]:
    means, unit = tenths(run)
    if np.isnan(means).all():
        return ["No episode ended in training."]
    what = _quantity(run.environment)
    low = min(0.0, float(np.nanmin(means)))
    high = 1.0 if run.environment.return_is_success else float(np.nanmax(means))
    lines = [f"{what} while training (exploring), by tenth of the {unit}, mean over seeds"]
    for tenth, mean in enumerate(means):
        if np.isnan(mean):
            lines.append(f"  {tenth + 1:2}/10  no episode ended")
        else:
            bar = _bar((mean - low) / (high - low) if high > low else 0.0, glyphs.bar)
            lines.append(f"  {tenth + 1:2}/10  {_figure(mean, 3):>8}  {bar}".rstrip())
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


def _sparkline(run: "Run", glyphs: _Glyphs) -> list[str]:
    """The learning curve in one line: the median over seeds of the greedy policy's exact worth, at checkpoints."""
    curve = np.median(run.exact_success, axis=0)
    curve = curve[np.isfinite(curve)]  # rewards that go on without a limit can sum to anything
    if not curve.size:
        return ["The greedy policy has no finite worth."]
    success = run.environment.return_is_success
    low, high = (0.0, 1.0) if success else (float(curve.min()), float(curve.max()))
    shown = curve[np.unique(np.linspace(0, len(curve) - 1, _SPARKS).round().astype(int))]
    levels = np.clip((shown - low) / ((high - low) or 1.0), 0, 1) * (len(glyphs.heights) - 1)
    signs = "".join(glyphs.heights[level] for level in levels.round().astype(int))
    whose = ", median of seeds" if len(run.seeds) > 1 else ""
    what = f"{_quantity(run.environment)} of the greedy policy, exact{whose}, over the checkpoints"
    return [what, f"  {signs}  {_figure(curve[0], 3)} to {_figure(curve[-1], 3)}, at best {_figure(curve.max(), 3)}"]


def _greedy_policy(run: "Run", glyphs: _Glyphs) -> list[str]:
    mdp = run.environment.mdp
    assert mdp is not None
    one = {name: array[:1] for name, array in run.learned.arrays.items()}
    probabilities = evaluation.action_probabilities(mdp, one, [run.policy(0)])[0]
    tied = (probabilities > 0).sum(axis=1)
    title = f"Greedy policy of seed {run.seeds[0]}"
    actions = probabilities.argmax(axis=1)
    if run.environment.rows is not None:
        return [title, *_lake(run.environment.rows, actions, tied, glyphs)]
    return [f"{title} (state: action)", *_table(actions, tied, mdp.terminal)]


def _lake(rows: Sequence[str], actions: NDArray[np.int64], tied: NDArray[np.int64], glyphs: _Glyphs) -> list[str]:
    """The map with an arrow on every tile where a move is chosen."""
    num_columns = len(rows[0])
    if num_columns > WIDTH - 2:
        return [f"  The map is {num_columns} columns wide, too wide to be shown here."]
    roomy = 3 * num_columns <= WIDTH - 2
    lines, some_tied, some_undecided = [], False, False
    for row, letters in enumerate(rows):
        cells = []
        for column, letter in enumerate(letters):
            state = row * num_columns + column
            if letter in "HG":
                cells.append(f" {letter} " if roomy else letter)
                continue
            undecided = tied[state] == len(glyphs.arrows)
            sign = glyphs.undecided if undecided else glyphs.arrows[actions[state]]
            mark = "*" if tied[state] > 1 and not undecided else " "
            cells.append(f"{'S' if letter == 'S' else ' '}{sign}{mark}" if roomy else sign)
            some_tied |= mark == "*"
            some_undecided |= undecided
        lines.append(("  " + "".join(cells)).rstrip())
    signs = "S start, H hole, G goal" if roomy else "H hole, G goal"
    if some_tied:
        signs += ", * another action is valued the same" if roomy else ", of equals the first"
    if some_undecided:
        signs += (
            f", {glyphs.undecided} all are" if some_tied else f", {glyphs.undecided} all actions are valued the same"
        )
    return [*lines, *textwrap.wrap(f"({signs})", WIDTH - 2, initial_indent="  ", subsequent_indent="  ")]


def _table(actions: NDArray[np.int64], tied: NDArray[np.int64], terminal: NDArray[np.bool_]) -> list[str]:
    shown = min(len(actions), _LISTED_STATES)
    cells = []
    for state in range(shown):
        choice = "end" if terminal[state] else f"{actions[state]}{'*' if tied[state] > 1 else ''}"
        cells.append(f"{state}: {choice}")
    lines = _columns(cells)
    if shown < len(actions):
        lines.append(f"  ... and {len(actions) - shown:,} more states")
    if (tied[:shown] > 1)[~terminal[:shown]].any():
        lines.append("  (* another action is valued the same)")
    return lines


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
    lines = [f"{_quantity(run.environment)} of the greedy policy {_within(run.environment)}, exact", *_figures(rows)]
    if "exact_return" in run.learned.checkpoints:
        lines += [
            f"Return of the greedy policy discounted by {run.config.gamma:g}, without a limit, exact",
            *_figures([(f"seed {run.seeds[0]}", run.exact_return[0, -1]), ("optimal", optimum.discounted)]),
        ]
    if optimum.clock_aware == 0 and run.environment.return_is_success:
        lines.append(
            f"No policy can succeed {_within(run.environment)}: the way is longer. Train with another limit, in Python "
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
    what = _quantity(run.environment)
    lines = [f"{what} in {scores.shape[1]} greedy test episodes a seed, {_within(run.environment)}"]
    if run.environment.mdp is not None:  # the exact figures above say it better
        return [*lines, *_figures([("mean over all seeds", float(scores.mean()))], decimals=3)]
    lines += _columns(
        [f"seed {seed}: {_figure(mean, 3)}" for seed, mean in zip(run.seeds, scores.mean(axis=1), strict=True)]
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
        return textwrap.wrap(str(missing), WIDTH)
    return [f"{len(run.seeds)} seeds: {summary.score}", *summary.lines()]


def _quantity(environment: Environment) -> str:
    return "Success" if environment.return_is_success else "Return"


def _within(environment: Environment) -> str:
    if environment.max_episode_steps is None:
        return f"cut after {environment.horizon:,} steps"
    return f"within {environment.horizon:,} steps"


def _figures(rows: Sequence[tuple[str, float | str]], decimals: int = 6) -> list[str]:
    return [
        f"  {label:<58}{value if isinstance(value, str) else _figure(value, decimals):>12}" for label, value in rows
    ]


def _columns(cells: Sequence[str]) -> list[str]:
    """Short texts in as many columns as fit."""
    width = max(map(len, cells)) + 3
    per_line = max(1, (WIDTH - 2) // width)
    return [
        ("  " + "".join(cell.ljust(width) for cell in cells[first : first + per_line])).rstrip()
        for first in range(0, len(cells), per_line)
    ]


def _bound(error: float) -> str:
    return f"{error:.1e}" if np.isfinite(error) else "not proven"


def _figure(value: float, decimals: int) -> str:
    """Exact figures are given to six decimals (policies on lakes differ in the third), sampled ones to three."""
    return f"{value:.{decimals}f}" if abs(value) < 10 else f"{value:.{max(1, decimals - 2)}f}"


def _bar(share: float, signs: str) -> str:
    full, eighths = divmod(round(share * _BAR * len(signs)), len(signs))
    return signs[-1] * full + (signs[eighths - 1] if eighths else "")


def _of(count: int, among: Sequence[object] | NDArray[np.generic]) -> str:
    return f"{count} of {len(among)} seed{'s' if len(among) > 1 else ''}"


def _range(numbers: Sequence[int]) -> str:
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _seconds(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _seeds(seeds: Sequence[int]) -> str:
    if len(seeds) == 1:
        return f"seed {seeds[0]}"
    if list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{len(seeds)} seeds ({seeds[0]} to {seeds[-1]})"
    return f"{len(seeds)} seeds ({', '.join(map(str, seeds))})"
