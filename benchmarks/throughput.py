"""How many environment steps a second: minigym and its peers, in turn, each in a process of its own.

The contestants of a task take turns, so that a busy minute of the machine hits them alike; within a process the fastest
of many chunks counts, since noise only ever adds time, and each has the same time to find a quiet moment. The tables
show medians over the turns, what the goals ask for, and how far memory bandwidth is.
"""

import shlex
import sys
import tempfile
import time
from dataclasses import asdict, replace
from pathlib import Path

from tqdm import tqdm

from benchmarks import roofline
from benchmarks.contestants import CONTESTANTS, SCANNED_STEPS, TASKS, Contestant, scanned_steps
from benchmarks.goals import GOALS, judge
from benchmarks.machine import cores, describe_machine, not_installed
from benchmarks.process import MeasurementError, in_own_process
from benchmarks.report import NOTES, Row, goal_table, origin, speed_table, write

SIZES = (64, 1_024, 16_384, 131_072, 1_048_576)


def entries(task: str, sizes: tuple[int, ...], names: tuple[str, ...] = ()) -> list[tuple[Contestant, int]]:
    """Who takes part in a task with which batch sizes; ``names`` are parts of the contestants' names."""
    return [
        (one, lanes)
        for one in CONTESTANTS
        if task in one.tasks and (not names or any(name in one.name for name in names))
        for lanes in ((1,) if one.largest == 1 else sizes)
        if lanes <= one.largest
    ]


def why_missing(contestant: Contestant) -> str:
    """Why a contestant cannot take part here, "" if it can."""
    if missing := not_installed(contestant.packages):
        return missing
    if contestant.all_cores and cores() == 1:
        return "there is one core only"
    if contestant.device == "cuda" and not _has_cuda(contestant.packages.split()[-1]):
        return "no CUDA device"
    return ""


_gpu_of: dict[str, bool] = {}


def _has_cuda(package: str) -> bool:
    if package not in _gpu_of:
        try:
            _gpu_of[package] = in_own_process("benchmarks.contestants:has_cuda", package)
        except MeasurementError:
            _gpu_of[package] = False
    return _gpu_of[package]


def measure(
    task: str, taking_part: list[tuple[Contestant, int]], repeats: int, seconds: float, environment: dict[str, str]
) -> list[Row]:
    """Each of ``taking_part`` in turn, ``repeats`` times; who fails once is not asked again."""
    missing = {one.name: why_missing(one) for one, _ in taking_part}
    rows = {
        (one, lanes): Row(
            task, one.name, lanes, why=missing[one.name], status="missing" if missing[one.name] else "measured"
        )
        for one, lanes in taking_part
    }
    for turn in range(repeats):
        for one, lanes in tqdm(taking_part, desc=f"{task}, turn {turn + 1} of {repeats}", disable=None):
            row = rows[one, lanes]
            if row.why:
                continue
            try:
                taken = in_own_process(
                    "benchmarks.contestants:measure",
                    *(one.name, task, lanes, seconds),
                    all_cores=one.all_cores,
                    environment={"JAX_PLATFORMS": one.device, **environment},
                )
            except MeasurementError as error:
                rows[one, lanes] = Row(task, one.name, lanes, status="failed", why=str(error))
            else:
                rows[one, lanes] = replace(row, turns=(*row.turns, taken * 1e9))
    return list(rows.values())


def main(
    repeats: int = 5,
    seconds: float = 0.3,
    sizes: tuple[int, ...] = SIZES,
    tasks: tuple[str, ...] = TASKS,
    contestants: tuple[str, ...] = (),
    output_dir: Path | None = None,
    quick: bool = False,
) -> None:
    """Measure environment steps a second, minigym and its peers in the same run.

    Args:
        repeats: how many turns each contestant gets.
        seconds: how long each turn goes on making chunks.
        sizes: batch sizes.
        tasks: ids of environments.
        contestants: parts of the names of those that take part; by default all do.
        output_dir: where to write throughput.md and throughput.json; by default they are only printed.
        quick: one short turn of 64 and 1,024 lanes, to see that everything runs. Its figures mean nothing.
    """
    if quick:
        repeats, seconds, sizes = 1, 0.02, (64, 1_024)
    _check(repeats, seconds, sizes, tasks)
    command = _command(repeats, seconds, sizes, tasks, contestants)
    began = time.perf_counter()
    machine = describe_machine()
    bandwidths = roofline.bandwidths(seconds, roofline.NEAR if quick else None)
    traffics = {task: roofline.traffic(task) for task in tasks}
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as cache:  # so that JAX compiles once for all turns
        environment = {"JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0"}
        for task in tasks:
            rows += measure(task, entries(task, sizes, contestants), repeats, seconds, environment)
    costs = {(row.task, row.contestant, row.lanes): row.median for row in rows if row.turns}
    verdicts = [judge(goal, costs) for goal in GOALS if goal.task in tasks]
    parts = [
        "# Throughput",
        *(f"## {task}\n\n{speed_table(task, rows)}" for task in tasks),
        NOTES.format(rollout_steps=_rollout_steps(sizes)),
        f"## Goals\n\n{goal_table(verdicts)}",
        f"## Roofline\n\n{roofline.roofline_table(bandwidths, traffics, costs)}",
        roofline.gpu_line(costs, seconds),
    ]
    print("\n\n".join(parts))
    if output_dir is not None:
        machine["minutes"] = f"{(time.perf_counter() - began) / 60:.1f}"
        document = {
            "command": command,
            "machine": machine,
            "unit": "nanoseconds a lane-step",
            "rows": [asdict(row) | ({"median": row.median, "spread": row.spread} if row.turns else {}) for row in rows],
            "goals": [asdict(verdict) | {"verdict": verdict.word.strip("*")} for verdict in verdicts],
            "bandwidths": [asdict(one) for one in bandwidths],
            "traffic": {task: asdict(moved) for task, moved in traffics.items()},
        }
        write(output_dir, "throughput", document, "\n\n".join([parts[0], origin(command, machine), *parts[1:]]))


def _check(repeats: int, seconds: float, sizes: tuple[int, ...], tasks: tuple[str, ...]) -> None:
    if repeats < 1 or seconds <= 0 or not sizes or min(sizes) < 2:
        sys.exit(
            f"--repeats and --seconds must be positive and --sizes at least 2, got {repeats}, {seconds} and {sizes}"
        )
    if wrong := set(tasks) - set(TASKS):
        sys.exit(f"--tasks must be among {', '.join(TASKS)}, got {', '.join(sorted(wrong))}")


def _command(
    repeats: int, seconds: float, sizes: tuple[int, ...], tasks: tuple[str, ...], contestants: tuple[str, ...]
) -> str:
    """The command line that asks for this run."""
    lists = {"sizes": map(str, sizes), "tasks": tasks, "contestants": (shlex.quote(name) for name in contestants)}
    options = [f"--{name} {' '.join(values)}" for name, values in lists.items() if name != "contestants" or contestants]
    return " ".join([f"python -m benchmarks throughput --repeats {repeats} --seconds {seconds}", *options])


def _rollout_steps(sizes: tuple[int, ...]) -> str:
    """How many steps a rollout has, for the notes."""
    fewer = [f"{scanned_steps(size)} of {size:,} lanes" for size in sizes if scanned_steps(size) < SCANNED_STEPS]
    return f"{SCANNED_STEPS} steps" + (f" ({', '.join(fewer)})" if fewer else "")
