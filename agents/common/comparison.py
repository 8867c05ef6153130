"""Runs as results: the figures that a claim names, with their intervals, of one agent or of several side by side."""

import textwrap
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np

from agents.common import statistics
from agents.common.scoring import reached, scores
from agents.common.statistics import Interval
from agents.common.terminal import WIDTH
from agents.common.wording import count_of_seeds, listed, quantity, world
from minigym import error

if TYPE_CHECKING:
    from agents.common.plotting import Picture
    from agents.common.run import Run

Runs: TypeAlias = "Run | Sequence[Run]"


class Summary(NamedTuple):
    """What is claimed of an agent. Each interval holds with 95 %."""

    name: str
    score: str
    """What the scores are, in words."""
    seeds: int
    """Of all environments together."""
    solved: Interval | None
    """The share of seeds solved, exact binomial interval; None where an environment has no threshold."""
    threshold: str
    """What counts as solved, in words."""
    median: Interval
    percentile_5: Interval
    mean: Interval
    iqm: Interval
    """The interquartile mean; it hides failures."""
    steps: Interval | None
    """Steps to the threshold of the median seed, infinite where half of the seeds never reached it; None where there
    is no threshold, or where there are several environments."""
    seconds: Interval | None
    """The same in seconds since the training of all seeds together began."""
    never: int
    """Seeds that never reached the threshold within their budget."""

    def __str__(self) -> str:
        title = f"{self.name}, {count_of_seeds(self.seeds)}: {self.score}"
        return "\n".join([*textwrap.wrap(title, WIDTH), *self.lines()])

    def _repr_html_(self) -> str:
        from agents.common import notebook

        return notebook.text(str(self))

    def lines(self) -> list[str]:
        """A line for each figure, at most 80 columns wide."""
        lines = [f"  {'':<28}{'estimate':>12}   95 % interval"]
        if self.solved is not None:
            lines.append(_line(f"share solved ({self.threshold})", self.solved))
        lines += [_line(_NAMES[name], getattr(self, name), seeds=self.seeds) for name in statistics.STATISTICS]
        if self.steps is not None and self.seconds is not None:
            lines += [
                _line("steps until solved, median", self.steps, seeds=self.seeds, count=True),
                _line("seconds, all seeds together", self.seconds, seeds=self.seeds, digits=2),
            ]
            if self.never:
                lines.append(f"  ({self.never} of {count_of_seeds(self.seeds)} never got there, and count as infinite)")
        return lines


_NAMES = {"median": "median", "percentile_5": "5th percentile", "mean": "mean", "iqm": "IQM (hides failures)"}


class Comparison(NamedTuple):
    """Several agents on the same environments."""

    runs: dict[str, list["Run"]]
    summaries: dict[str, Summary]
    improvement: dict[tuple[str, str], Interval]
    """(first, second): the probability that a seed of the first scores higher than one of the second, ties half."""

    def plot(self) -> "Picture":
        """The learning curves with their intervals, and how the last scores are distributed."""
        from agents.common import plotting

        return plotting.comparison(self.runs)

    def _repr_html_(self) -> str:
        from agents.common import notebook

        return notebook.with_picture(str(self), self.plot, "comparison")

    def __str__(self) -> str:
        summaries = list(self.summaries.values())
        lines = [
            *textwrap.wrap(f"{listed(list(self.summaries))}: {summaries[0].score}", WIDTH),
            f"  {'':<42}{'estimate':>12}   95 % interval",
        ]
        if all(summary.solved is not None for summary in summaries):
            lines.append(f"share of seeds solved ({summaries[0].threshold})")
            lines += [_line(summary.name, summary.solved, width=42) for summary in summaries if summary.solved]
        for name in statistics.STATISTICS:
            lines.append(_NAMES[name])
            lines += [_line(each.name, getattr(each, name), seeds=each.seeds, width=42) for each in summaries]
        if all(summary.steps is not None for summary in summaries):
            lines.append("steps until solved, median of all seeds (infinite where never)")
            lines += [
                _line(each.name, each.steps, seeds=each.seeds, width=42, count=True) for each in summaries if each.steps
            ]
        lines.append("probability that a seed of the first is better than one of the second")
        for (first, second), interval in self.improvement.items():
            fewest = min(self.summaries[first].seeds, self.summaries[second].seeds)
            lines.append(_line(f"{first} > {second}", interval, seeds=fewest, width=42))
        return "\n".join(lines)


def summarize(runs: Runs, name: str | None = None) -> Summary:
    """The figures that a result is claimed with, of one run or of one agent's runs on several environments.

    Args:
        runs: a run; or several of one agent, each on another environment. Their scores are pooled, so that they must
            be on one scale: probabilities of success.
        name: of the agent in tables; None for the agent's own.
    """
    runs = _listed_runs(runs)
    first = runs[0]
    if len(runs) > 1 and not all(run.environment.return_is_success for run in runs):
        raise error.InvalidParameter(
            "the returns of several environments are only comparable where all are probabilities of success, and "
            f"those of {listed(sorted({run.environment.name for run in runs}))} are not; summarize each run by itself"
        )
    pooled = [scores(run) for run in runs]
    solved = [run.solved for run in runs]
    steps = seconds = None
    never = 0
    if len(runs) == 1 and solved[0] is not None:
        times = reached(first)
        steps, seconds = statistics.bootstrap(times.steps), statistics.bootstrap(times.seconds)
        never = times.never
    count = sum(map(len, pooled))
    known = [each for each in solved if each is not None]
    return Summary(
        name=name or first.agent,
        score=_described(runs),
        seeds=count,
        solved=statistics.share(sum(int(each.sum()) for each in known), count) if len(known) == len(runs) else None,
        threshold=_threshold(runs),
        steps=steps,
        seconds=seconds,
        never=never,
        **{statistic: statistics.bootstrap(pooled, statistic) for statistic in statistics.STATISTICS},
    )


def compare(runs: Sequence[Runs] | Mapping[str, Runs]) -> Comparison:
    """Several agents, or one with several settings, on the same environments.

    Args:
        runs: a list with a run for each agent, or a dict that gives each a name: ``{"alpha 0.1": run, ...}``.
            Instead of a run, a list of runs of the agent on several environments, in the same order for all.

    Returns:
        The figures with their intervals. ``print`` it, or look at ``plot()``.
    """
    if isinstance(runs, Mapping):
        named = {name: _listed_runs(given) for name, given in runs.items()}
    else:
        named = _named([_listed_runs(given) for given in runs])
    if len(named) < 2:
        raise error.InvalidParameter(f"to compare takes at least two runs, got {len(named)}; write compare([one, two])")
    worlds = {name: [_world(run) for run in own] for name, own in named.items()}
    first, *others = worlds.items()
    for name, own in others:
        if own != first[1]:
            raise error.InvalidParameter(
                f"runs can be compared on the same environments within the same limits, in the same order, but "
                f"{first[0]} ran on {listed([run.environment.name for run in named[first[0]]])} and {name} on "
                f"{listed([run.environment.name for run in named[name]])}, or their arguments or limits differ"
            )
    return Comparison(
        runs=named,
        summaries={name: summarize(own, name) for name, own in named.items()},
        improvement={
            (one, two): statistics.probability_of_improvement(
                [scores(run) for run in named[one]], [scores(run) for run in named[two]]
            )
            for one, two in combinations(named, 2)
        },
    )


def _listed_runs(runs: Runs) -> list["Run"]:
    from agents.common.run import Run

    given = [runs] if isinstance(runs, Run) else list(runs)
    for run in given:
        if not isinstance(run, Run):
            raise error.InvalidParameter(
                f"a run is what agents.train or agents.load returns, got {run!r} of type {type(run).__name__}"
            )
    if not given:
        raise error.InvalidParameter("there is no run to summarize: the list is empty")
    return given


def _named(runs: Sequence[list["Run"]]) -> dict[str, list["Run"]]:
    """Named by their agents, numbered where an agent comes more than once."""
    counts, seen = Counter(own[0].agent for own in runs), Counter[str]()
    named = {}
    for own in runs:
        agent = own[0].agent
        seen[agent] += 1
        named[agent if counts[agent] == 1 else f"{agent} ({seen[agent]})"] = own
    return named


def _world(run: "Run") -> tuple[object, ...]:
    """What must be equal for scores to be comparable."""
    environment = run.environment
    table = (
        None if environment.mdp is None else environment.mdp.probability.tobytes() + environment.mdp.reward.tobytes()
    )
    name = environment.name if environment.mdp is None else None  # one table is one world, however it was given
    kwargs = repr(sorted(environment.kwargs.items())) if environment.mdp is None else None
    return name, kwargs, environment.horizon, table


def _described(runs: Sequence["Run"]) -> str:
    how = "exact" if all(run.final_exact_return is not None for run in runs) else "in test episodes"
    names = list(dict.fromkeys(run.environment.name for run in runs))
    horizons = list(dict.fromkeys(run.environment.horizon for run in runs))
    if len(runs) == 1:
        where = world(runs[0].environment)
    else:
        where = listed(names) if len(names) > 1 else f"{len(runs)} variants of {names[0]}"
    limits = " or ".join(f"{steps:,}" for steps in horizons)
    return f"{quantity(runs[0].environment)} on {where} within {limits} steps, {how}"


def _threshold(runs: Sequence["Run"]) -> str:
    thresholds = {run.environment.reward_threshold for run in runs}
    return f"from {thresholds.pop():g}" if len(thresholds) == 1 and None not in thresholds else "each its threshold"


def _line(
    label: str,
    interval: Interval | None,
    *,
    seeds: int = 0,
    width: int = 28,
    count: bool = False,
    digits: int | None = None,
) -> str:
    """A figure; the interval of a bootstrap, of so many ``seeds``, is that of a single one only in name."""
    assert interval is not None

    def shown(value: float) -> str:
        if np.isinf(value):
            return "never"
        if count:
            return f"{value:,.0f}"
        if digits is not None:
            return f"{value:.{digits}f}"
        return f"{value:.6f}" if abs(value) < 10 else f"{value:.2f}"

    between = "none of one seed" if seeds == 1 else f"{shown(interval.low)} to {shown(interval.high)}"
    return f"  {label[:width]:<{width}}{shown(interval.estimate):>12}   {between}"
