"""What was measured, as rows, as Markdown and as files."""

import json
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.common.files import write_atomically
from benchmarks.goals import Verdict

NOTES = """\
Nanoseconds a step of one lane, resets included: the median over the turns and, in brackets, the spread from the fastest
to the slowest turn as a share of it. One core, but for "all cores" and "GPU". Column 1 is the step loop of a single
environment.

- **minigym** (Numba, NumPy, SyncVectorEnv): equal to Gymnasium's SyncVectorEnv bit for bit: a float64 state and a
  random stream of its own for each lane, float64 rewards, resets in the step after an episode's end. Every step returns
  new arrays, with `copy=False` the same ones again.
- **rollout** draws its random actions itself and keeps everything of all its {rollout_steps}. gymnax's **scanned** is
  one `lax.scan` of as many steps of prepared actions, and keeps observations, rewards and flags.
- **torch**: float32 state, one generator for all lanes.
- **Gymnasium CartPoleVectorEnv**: float64 state, float32 rewards, one generator for all lanes, so not the numbers of
  SyncVectorEnv.
- **envpool**: float32 outputs (FrozenLake: int32 observations), int32 actions, random numbers of its own, resets in the
  step after an episode's end. One thread beside the caller's, on the same core; with "all cores" a thread a core.
- **gymnax**: float32 state and outputs, keys split for every lane in every step, resets in the same step: a fresh start
  is computed for every lane in every step, needed or not. Its FrozenLake is `FrozenLake-misc`. Jitted steps are awaited
  at the end of a chunk, not one by one."""


@dataclass(frozen=True)
class Row:
    """What one contestant reached with one batch size."""

    task: str
    contestant: str
    lanes: int
    turns: tuple[float, ...] = ()
    """Nanoseconds a lane-step."""
    status: str = "measured"
    """Or "missing", or "failed"."""
    why: str = ""

    @property
    def median(self) -> float:
        """Over the turns."""
        return statistics.median(self.turns)

    @property
    def spread(self) -> float:
        """From the fastest to the slowest turn, as a share of the median."""
        return (max(self.turns) - min(self.turns)) / self.median


def origin(command: str, machine: Mapping[str, str]) -> str:
    """The line that says where the figures come from."""
    return f"`{command}`: {', '.join(f'{name} {value}' for name, value in machine.items())}"


def write(directory: Path, name: str, document: dict[str, Any], text: str) -> None:
    """The results as ``name``.json and ``name``.md, each of them whole or not at all."""
    directory.mkdir(parents=True, exist_ok=True)
    for file, contents in ((f"{name}.json", json.dumps(document, indent=2)), (f"{name}.md", text)):
        write_atomically(directory / file, lambda stream, text=contents: stream.write(f"{text}\n".encode()))


def number(value: float) -> str:
    """Three digits, and all of those before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def speed_table(task: str, rows: Sequence[Row]) -> str:
    """A line a contestant, a column a batch size; what could not be measured is named below."""
    rows = [row for row in rows if row.task == task]
    sizes = sorted({row.lanes for row in rows})
    header = " | ".join(f"{size:,}" for size in sizes)
    lines = [
        f"| {task}, ns a lane-step | {header} | best, million steps a second |",
        f"|---|{'---:|' * (len(sizes) + 1)}",
    ]
    for name in dict.fromkeys(row.contestant for row in rows):
        own = {row.lanes: row for row in rows if row.contestant == name}
        medians = [row.median for row in own.values() if row.turns]
        best = number(1e3 / min(medians)) if medians else ""
        lines.append(f"| {name} | {' | '.join(_cell(own.get(size)) for size in sizes)} | {best} |")
    return "\n".join([*lines, *_reasons(rows)])


def _reasons(rows: Sequence[Row]) -> list[str]:
    """A line for each reason why something was not measured, with everybody whom it kept out."""
    kept_out: dict[str, dict[str, list[str]]] = {}
    for row in rows:
        if row.why:
            kept_out.setdefault(f"{row.status}, {row.why}", {}).setdefault(row.contestant, []).append(f"{row.lanes:,}")
    lines = []
    for why, names in kept_out.items():
        everybody = "; ".join(f"{name} ({', '.join(lanes)})" for name, lanes in names.items())
        lines.append(f"- {why}: {everybody}")
    return ["", *lines] if lines else []


def _cell(row: Row | None) -> str:
    if row is None:
        return ""
    if not row.turns:
        return row.status
    return number(row.median) + (f" ({row.spread:.0%})" if len(row.turns) > 1 else "")


def goal_table(verdicts: Sequence[Verdict]) -> str:
    """A line a goal: the ratio, what was asked, and whether that was reached."""
    lines = [
        "| goal | this | against | ratio | asked | verdict | with copy=False |",
        "|---|---:|---:|---:|---:|---|---:|",
    ]
    for verdict in verdicts:
        goal = verdict.goal
        asked = f"{'<=' if goal.at_most else '>='} {goal.bound:g} x"
        cells = [
            f"{goal.task}: {goal.what}",
            "" if verdict.ours is None else f"{number(verdict.ours)} ns",
            "" if verdict.theirs is None else f"{number(verdict.theirs)} ns",
            "" if verdict.ratio is None else f"{number(verdict.ratio)} x",
            asked,
            verdict.word,
            "" if verdict.without_copies is None else f"{number(verdict.without_copies)} x",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
