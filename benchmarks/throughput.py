"""How many environment steps a second: minigym and its peers, in turn, on one core.

Every figure comes from a process of its own. The contestants of a task take turns, so that a busy minute of the machine
hits them alike; within a
process the fastest of many chunks counts, since noise only ever adds time, and each has the same time to find a quiet
moment. The table
shows the median over the turns, the spread from the slowest to the fastest turn, and the ratio of the medians.
"""

import importlib
import json
import statistics
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import describe_machine


@dataclass(frozen=True)
class Task:
    """One kind of work, and the goal that DESIGN sets for minigym's speed relative to Gymnasium's."""

    env_id: str
    goal: float


@dataclass(frozen=True)
class Row:
    """What one contestant reached in one task, in microseconds a step."""

    task: str
    library: str
    median: float
    fastest: float
    slowest: float


TASKS = (Task("CartPole-v1", goal=3.5), Task("FrozenLake-v1", goal=6.0))
LIBRARIES = ("minigym", "gymnasium")


def step_loop(library: str, env_id: str, steps: int, seconds: float) -> float:
    """Seconds a step of ``make(env_id)`` under random actions, with its resets: the fastest chunk."""
    import numpy as np

    env = importlib.import_module(library).make(env_id)
    # Python ints made beforehand: the loop measures the environment, not the drawing of actions.
    actions = np.random.default_rng(0).integers(env.action_space.n, size=steps).tolist()
    env.reset(seed=0)
    fastest = float("inf")
    end = time.perf_counter() + seconds
    while (start := time.perf_counter()) < end:
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
        fastest = min(fastest, (time.perf_counter() - start) / steps)
    return fastest


def measure(task: Task, repeats: int, steps: int, seconds: float) -> list[Row]:
    """Each library in turn, ``repeats`` times."""
    turns: dict[str, list[float]] = {library: [] for library in LIBRARIES}
    for _ in range(repeats):
        for library in LIBRARIES:
            turns[library].append(_in_own_process(library, task.env_id, steps, seconds) * 1e6)
    return [
        Row(task.env_id, library, statistics.median(times), min(times), max(times)) for library, times in turns.items()
    ]


def table(rows: list[Row]) -> str:
    """The rows as Markdown, with each task's ratio and goal on minigym's line."""
    lines = [
        "| step loop of `make(...)` | library | us a step | spread | steps a second | ratio | goal |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for task in TASKS:
        ours, theirs = (row for row in rows if row.task == task.env_id)
        for row in (ours, theirs):
            ratio, goal = (f"{theirs.median / row.median:.2f} x", f">= {task.goal} x") if row is ours else ("1", "")
            lines.append(
                f"| {row.task} | {row.library} | {row.median:.3f} | {row.fastest:.3f} to {row.slowest:.3f} "
                f"| {1e6 / row.median:,.0f} | {ratio} | {goal} |"
            )
    return "\n".join(lines)


def main(repeats: int = 7, steps: int = 5_000, seconds: float = 1.5, output_dir: Path | None = None) -> None:
    """Measure environment steps a second, minigym and its peers in the same run.

    Args:
        repeats: how many turns each contestant gets.
        steps: environment steps in a chunk.
        seconds: how long each turn goes on making chunks.
        output_dir: where to write throughput.md and throughput.json; by default they are only printed.
    """
    if repeats < 1 or steps < 1 or seconds <= 0:
        sys.exit(f"--repeats, --steps and --seconds must be positive, got {repeats}, {steps} and {seconds}")
    rows = [row for task in TASKS for row in measure(task, repeats, steps, seconds)]
    text = table(rows)
    print(text)
    if output_dir is not None:
        machine = describe_machine()
        output_dir.mkdir(parents=True, exist_ok=True)
        document = {
            "machine": machine,
            "repeats": repeats,
            "steps": steps,
            "seconds": seconds,
            "rows": [asdict(row) for row in rows],
        }
        (output_dir / "throughput.json").write_text(json.dumps(document, indent=2) + "\n")
        facts = ", ".join(f"{name} {value}" for name, value in machine.items())
        command = f"python -m benchmarks throughput --repeats {repeats} --steps {steps} --seconds {seconds}"
        (output_dir / "throughput.md").write_text(f"`{command}`: {facts}\n\n{text}\n")


def _in_own_process(library: str, env_id: str, steps: int, seconds: float) -> float:
    """Seconds a step, measured by a fresh interpreter on one core."""
    code = f"from benchmarks.throughput import step_loop; print(step_loop({library!r}, {env_id!r}, {steps}, {seconds}))"
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        sys.exit(f"{library} could not be measured on {env_id}:\n{result.stderr}")
    return float(result.stdout)
