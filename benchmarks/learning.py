"""How long it takes until networks have learned CartPole-v1: minigym's seeds side by side, and its peers.

Everybody plays a budget of environment steps to its end, on the same cores, and the contestants take turns: each turn
is a process of its own with seeds that no other turn has. The clock is the parent's, around the whole process: the
start of Python, imports, training, 20 checkpoints of 20 greedy episodes at equal distances, and 100 greedy test
episodes of the last policy. Before the first turn each contestant runs once with a tiny budget, so that what a first
run leaves behind (byte code, Numba's kernels, files in memory) is there, as it is for a user from the second run on.

One rule for all says when the threshold is reached: at the first checkpoint whose greedy episodes return it in the
mean. The seconds until there count from the start of the process, at the mean pace of the training. Whether it holds
is what the test episodes say.
"""

import math
import shlex
import statistics
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.goals import Cost, Costs, Goal, judge
from benchmarks.learners import AGENTS, LEARNERS, SB3, SB3_ALONE, SB3_BESIDE, TASK, THRESHOLD, Figures, Learner
from benchmarks.machine import describe_machine
from benchmarks.process import MeasurementError, in_own_process
from benchmarks.report import number, origin, write

WARM_UP = 0.02  # of the budget, the least that every agent can learn from
_TUNED_ON = 1_000  # the first seed of those that the recipes were tuned on
ASKED = {("dqn", 16): 1 / 5, ("ppo", 1): 1 / 5, ("ppo", 64): 1 / 20}
"""The goals: seconds a seed, as a share of Stable-Baselines3's, by agent and seeds side by side."""
UNWATCHED = ", without evaluations"
NOTES = f"""\
Medians over the turns. **s**: wall clock from the start of the process (or of the processes side by side) to its end:
imports, training, checkpoints and test episodes. **solved**: seeds of all turns whose last policy returns at least
{THRESHOLD:g} in the mean of 100 greedy test episodes. **to the threshold**: the first of 20 checkpoints whose 20 greedy
episodes return it in the mean, the median over the seeds; seconds from the start of the process, at the mean pace of
the training, and not divided by the seeds that train beside it. Each contestant ran once before, with a tiny budget,
so caches on disk are filled.

- **minigym**: `agents.train` with the recipes, as many seeds in one process as the column says.
- **{SB3}**: the settings tuned in its zoo, on the CPU. A thread a core is what torch does by itself. A process a core:
  as many processes at once, one thread each. It has no REINFORCE. Its evaluations are played in minigym's environments,
  side by side, which costs it less than its own way."""
SHARES = f"""\
Seconds a seed of minigym as a share of {SB3}'s: its quicker row of one process, evaluations included on both sides;
that of a process a core; and its quicker row with all its evaluations subtracted, while ours keep them."""


@dataclass(frozen=True)
class Turn:
    """What one contestant did once."""

    seconds: float
    seeds: list[int]
    processes: list[Figures]

    def every(self, name: str) -> list[Any]:
        """One of the figures, of all seeds."""
        return [value for figures in self.processes for value in getattr(figures, name)]


@dataclass
class Row:
    """A contestant's turns, and why there are no more."""

    learner: Learner
    turns: list[Turn] = field(default_factory=list)
    why: str = ""

    def every(self, name: str) -> list[Any]:
        """One of the figures, of all seeds of all turns."""
        return [value for turn in self.turns for value in turn.every(name)]

    @property
    def seconds_a_seed(self) -> float:
        """The median over the turns."""
        return statistics.median(turn.seconds / len(turn.seeds) for turn in self.turns)

    @property
    def unwatched(self) -> float | None:
        """The same without all evaluations, where they can be told apart: of one process with one seed."""
        evaluations = [figures.evaluation for turn in self.turns for figures in turn.processes]
        if self.learner.processes > 1 or None in evaluations:
            return None
        return statistics.median(
            turn.seconds - spent for turn, spent in zip(self.turns, evaluations, strict=True) if spent is not None
        )


def play(learner: Learner, number_of_turn: int, budget: float, limit: float) -> Turn:
    """Let the learner train once, from the start of its processes to the end of the last one."""
    count = learner.seeds * learner.processes
    seeds = [count * number_of_turn + index for index in range(count)]

    def train(process: int) -> Figures:
        own = seeds[process * learner.seeds :][: learner.seeds]
        figures = in_own_process(
            "benchmarks.learners:train",
            *(learner.who, learner.agent, own, budget, time.time()),
            all_cores=True,
            environment=learner.environment,
            timeout=limit,
        )
        return Figures(**figures)

    began = time.perf_counter()
    with ThreadPoolExecutor(learner.processes) as pool:
        processes = list(pool.map(train, range(learner.processes)))
    return Turn(time.perf_counter() - began, seeds, processes)


def measure(learners: list[Learner], repeats: int, budget: float, limit: float) -> Iterator[list[Row]]:
    """Each in turn, ``repeats`` times, after a warm-up; all rows after whatever was measured.

    Who fails is not asked again, and keeps the turns that it had.
    """
    rows = [Row(learner, why=learner.why_missing) for learner in learners]
    yield rows
    for turn in range(-1, repeats):
        for row in tqdm(rows, desc="warm-up" if turn < 0 else f"turn {turn + 1} of {repeats}", disable=None):
            if row.why:
                continue
            try:
                if turn < 0:
                    play(row.learner, 0, WARM_UP, limit)
                else:
                    row.turns.append(play(row.learner, turn, budget, limit))
            except MeasurementError as problem:
                row.why = f"failed: {problem}"
            yield rows


def costs(rows: list[Row]) -> Costs:
    """Seconds a seed, by agent, contestant and seeds side by side."""
    measured = [row for row in rows if row.turns]
    keys = [(row.learner.agent, row.learner.who, row.learner.seeds) for row in measured]
    found = {key: row.seconds_a_seed for key, row in zip(keys, measured, strict=True)}
    for (agent, who, seeds), row in zip(keys, measured, strict=True):
        if row.unwatched is not None:
            found[agent, who + UNWATCHED, seeds] = row.unwatched
    return found


def table(rows: list[Row]) -> str:
    """A line a contestant; why there are no figures, or not all of them, stands below."""
    lines = [
        f"| {TASK} | contestant | seeds | s | fastest to slowest | s a seed | steps a seed | solved "
        "| s to the threshold | steps to the threshold |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        cells = _cells(row) if row.turns else [_state(row), *[""] * 6]
        count = row.learner.seeds * row.learner.processes
        lines.append(f"| {row.learner.agent} | {row.learner.who} | {count} | {' | '.join(cells)} |")
    reasons = [f"- {row.learner.who}, {row.learner.agent}, {row.learner.seeds}: {row.why}" for row in rows if row.why]
    return "\n".join([*lines, *([""] if reasons else []), *reasons])


def _state(row: Row) -> str:
    """Of one that has no turns."""
    if not row.why:
        return "not yet"  # as a file says that was written before the run was over
    return "failed" if row.why.startswith("failed") else "missing"


def _cells(row: Row) -> list[str]:
    seconds = [turn.seconds for turn in row.turns]
    scores = row.every("scores")
    return [
        number(statistics.median(seconds)),
        f"{number(min(seconds))} to {number(max(seconds))}",
        number(row.seconds_a_seed),
        f"{statistics.mean(row.every('steps')):,.0f}",
        f"{sum(score >= THRESHOLD for score in scores)} of {len(scores)}",
        _median(row.every("seconds_to_threshold"), number),
        _median(row.every("steps_to_threshold"), lambda steps: f"{steps:,.0f}"),
    ]


def _median(values: list[float | None], shown: Any) -> str:
    """Over the seeds, where one that never came to the threshold is later than any other."""
    median = statistics.median_high(math.inf if value is None else value for value in values)
    return "never" if median == math.inf else shown(median)


def share_table(found: Costs) -> str:
    """Our seconds a seed beside those of Stable-Baselines3."""
    lines = [
        f"| agent | seeds | share of {SB3} | asked | verdict | of a process a core | of it without evaluations |",
        "|---|---:|---:|---:|---|---:|---:|",
    ]
    for agent, seeds in sorted({(agent, seeds) for agent, who, seeds in found if who == "minigym"}):
        asked = ASKED.get((agent, seeds))
        verdicts = [
            judge(
                Goal(agent, "", Cost(("minigym",), seeds), Cost(theirs, None), asked or math.inf, at_most=True), found
            )
            for theirs in (SB3_ALONE, (SB3_BESIDE,), tuple(who + UNWATCHED for who in SB3_ALONE))
        ]
        if all(verdict.ratio is None for verdict in verdicts):
            continue
        alone, beside, unwatched = ("" if one.ratio is None else f"{one.ratio:.3f}" for one in verdicts)
        bound, word = ("", "") if asked is None else (f"<= {asked:g}", verdicts[0].word)
        lines.append(f"| {agent} | {seeds} | {alone} | {bound} | {word} | {beside} | {unwatched} |")
    return "\n".join(lines)


def main(
    repeats: int = 5,
    budget: float = 1.0,
    agents: tuple[str, ...] = AGENTS,
    contestants: tuple[str, ...] = (),
    seeds: tuple[int, ...] = (1, 16, 64),
    limit: float = 3_600.0,
    output_dir: Path | None = None,
) -> None:
    """Measure how long networks take to learn CartPole-v1, minigym and its peers in the same run.

    Args:
        repeats: how many turns each contestant gets, each with seeds of its own.
        budget: the share of the usual environment steps that everybody gets; below 1 only to see that all runs.
        agents: among dqn, reinforce and ppo.
        contestants: parts of the names of those that take part; by default all do.
        seeds: how many of ours train side by side.
        limit: seconds after which a process is given up.
        output_dir: where to write learning.md and learning.json, after every turn; by default they are only printed.
    """
    taking_part = [
        learner
        for learner in LEARNERS
        if learner.agent in agents
        and (not contestants or any(name in learner.who for name in contestants))
        and (learner.who != "minigym" or learner.seeds in seeds)
    ]
    _check(taking_part, repeats, budget, agents, limit)
    options = f"--agents {' '.join(agents)} --seeds {' '.join(map(str, seeds))}"
    command = f"python -m benchmarks learning --repeats {repeats} --budget {budget:g} {options}"
    if contestants:
        command += f" --contestants {shlex.join(contestants)}"
    machine, text = describe_machine(), ""
    for rows in measure(taking_part, repeats, budget, limit):
        found = costs(rows)
        text = "\n\n".join([table(rows), NOTES, f"## Shares\n\n{SHARES}\n\n{share_table(found)}"])
        if output_dir is not None:
            document = {"command": command, "machine": machine, "rows": [_as_document(row) for row in rows]}
            write(output_dir, "learning", document, f"# Learning\n\n{origin(command, machine)}\n\n{text}")
    print(text)


def _as_document(row: Row) -> dict[str, Any]:
    figures = {"seconds_a_seed": row.seconds_a_seed, "without_evaluations": row.unwatched} if row.turns else {}
    return asdict(row) | figures


def _check(learners: list[Learner], repeats: int, budget: float, agents: tuple[str, ...], limit: float) -> None:
    if wrong := set(agents) - set(AGENTS):
        sys.exit(f"--agents must be among {', '.join(AGENTS)}, got {', '.join(sorted(wrong))}")
    if not learners:
        names = ", ".join(dict.fromkeys(learner.who for learner in LEARNERS if learner.agent in agents))
        sys.exit(f"--contestants must be parts of these names: {names}")
    if not WARM_UP <= budget <= 1 or limit <= 0:
        sys.exit(f"--budget must be between {WARM_UP} and 1 and --limit positive, got {budget} and {limit}")
    most = _TUNED_ON // max(learner.seeds * learner.processes for learner in learners)
    if not 1 <= repeats <= most:
        sys.exit(
            f"--repeats must be between 1 and {most}, since seeds from {_TUNED_ON} on were tuned on; got {repeats}"
        )
