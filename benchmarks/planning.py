"""Planning on lakes from 4x4 to 1,000x1,000: our methods and their peers, each in a process of its own, in turn.

QuantEcon's DiscreteDP, pymdptoolbox and bettermdptools get the same table and the same gamma, in the form that each
asks for; turning it into that form is not timed, the import and a first solution of a small lake (compilation) neither.
What takes a moment is repeated in its process, and the best time counts: a single call of a millisecond says little.

How exact each is asked to be is not the same, since they ask in different ways; 1e-6 is the number that each is given.
Ours: no value is wrong by more than that share of it, proven. QuantEcon's modified policy iteration and pymdptoolbox's
value iteration: the policy is within it of the best one, absolutely (Puterman's rule: changes below about epsilon
(1 - gamma) / gamma, so 1e-9 at gamma 0.999). bettermdptools: no value changes by more than it in a sweep, so that the
error may be 1 / (1 - gamma) times that. Where a value is below 1, ours is asked for the most.

A peer that is not installed, runs out of memory or exceeds the time limit is named with the reason.
"""

import importlib.metadata
import math
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.machine import describe_machine
from benchmarks.process import MeasurementError, in_own_process
from benchmarks.report import origin, write

RELATIVE = 1e-6
SIZES = (4, 8, 30, 100, 300, 1000)
REPEATED_FOR = 1.0  # seconds, in which a solution is repeated
_PEERS = {"quantecon": 300, "pymdptoolbox": 100, "bettermdptools": 30}
"""The largest lake that each is asked to solve: dense tables and Python loops end early."""
_OURS = ("policy_iteration", "value_iteration", "gauss_seidel", "modified_policy_iteration")


@dataclass(frozen=True)
class Row:
    """What one contestant needed on one lake; ``note`` says why where it has no figures."""

    size: int
    solver: str
    seconds: float | None = None
    mebibytes: float | None = None
    start_value: float | None = None
    bound: float | None = None
    note: str = ""


def lake(size: int) -> Any:
    """The table of a lake whose goal can be reached with a probability worth computing."""
    from minigym.dynamics.frozen_lake import MAPS, build_mdp, checked_map
    from minigym.envs.frozen_lake import generate_random_map

    if size <= 8:
        return build_mdp(checked_map(MAPS[f"{size}x{size}"]))
    return build_mdp(checked_map(generate_random_map(size=size, p=0.99, seed=0)), success_rate=0.9)


def solver(name: str, mdp: Any, gamma: float) -> Callable[[], tuple[float, float | None]]:
    """A function that solves the table: the value of state 0, and the relative bound if there is one."""
    if name.startswith("minigym "):
        from agents import planning

        def ours() -> tuple[float, float | None]:
            plan = planning.solve(mdp, method=name.split()[1], gamma=gamma, relative_tolerance=RELATIVE)
            return float(plan.values[0]), plan.relative_error_bound

        return ours
    return {"quantecon": _quantecon, "pymdptoolbox": _mdptoolbox, "bettermdptools": _bettermdptools}[name](mdp, gamma)


def _parts(mdp: Any) -> tuple[Any, Any]:
    """(S, A) expected rewards, 0 after the end, and the CSR matrix of the transitions, terminal states absorbing."""
    reward = (mdp.probability * mdp.reward).sum(axis=2)
    reward[mdp.terminal] = 0.0
    return reward, mdp.sparse()


def _quantecon(mdp: Any, gamma: float) -> Callable[[], tuple[float, None]]:
    import numpy as np
    from quantecon.markov import DiscreteDP

    reward, matrix = _parts(mdp)
    num_states, num_actions = reward.shape
    state, action = (index.ravel() for index in np.indices((num_states, num_actions)))

    def solve() -> tuple[float, None]:
        problem = DiscreteDP(reward.ravel(), matrix, gamma, state, action)
        return float(problem.solve(method="mpi", epsilon=1e-6).v[0]), None

    return solve


def _mdptoolbox(mdp: Any, gamma: float) -> Callable[[], tuple[float, None]]:
    from mdptoolbox.mdp import ValueIteration
    from scipy.sparse import csr_matrix

    reward, matrix = _parts(mdp)
    moves = [csr_matrix(matrix[action :: mdp.num_actions]) for action in range(mdp.num_actions)]

    def solve() -> tuple[float, None]:
        problem = ValueIteration(moves, reward, gamma, epsilon=1e-6)
        problem.run()
        return float(problem.V[0]), None

    return solve


def _bettermdptools(mdp: Any, gamma: float) -> Callable[[], tuple[float, None]]:
    try:
        from bettermdptools.algorithms.planner import Planner
    except ModuleNotFoundError:  # up to version 0.4
        from algorithms.planner import Planner

    table = mdp.P

    def solve() -> tuple[float, None]:
        values, *_ = Planner(table).value_iteration(gamma=gamma, n_iters=100_000, theta=1e-6)
        return float(values[0]), None

    return solve


def measure_here(name: str, size: int, gamma: float) -> dict[str, float | None]:
    """The figures of one contestant: what a process of the benchmark returns."""
    solver(name, lake(8), gamma)()
    solve = solver(name, lake(size), gamma)
    seconds, started = math.inf, time.perf_counter()
    while seconds == math.inf or time.perf_counter() - started < REPEATED_FOR:
        began = time.perf_counter()
        value, bound = solve()
        seconds = min(seconds, time.perf_counter() - began)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {"seconds": seconds, "mebibytes": peak, "start_value": value, "bound": bound}


def table(rows: list[Row]) -> str:
    """The rows as Markdown."""
    lines = [
        "| lake | solver | seconds | states a second | peak MiB | value of the start | relative bound |",
        "|---|---|---:|---:|---:|---:|---:|",
    ]
    for row in rows:
        if row.seconds is None:
            lines.append(f"| {row.size}x{row.size} | {row.solver} | {row.note} | | | | |")
            continue
        bound = "none" if row.bound is None else f"{row.bound:.1e}"
        lines.append(
            f"| {row.size}x{row.size} | {row.solver} | {row.seconds:.4g} | {row.size**2 / row.seconds:,.0f} "
            f"| {row.mebibytes:,.0f} | {row.start_value:.9g} | {bound} |"
        )
    return "\n".join(lines)


def main(
    sizes: tuple[int, ...] = SIZES,
    gamma: float = 0.999,
    repeats: int = 3,
    limit: float = 1200.0,
    output_dir: Path | None = None,
) -> None:
    """Solve lakes of growing size, minigym and its peers in the same run.

    Args:
        sizes: the sides of the lakes; 4 and 8 are the classic ones.
        gamma: the discount, for all alike.
        repeats: how many turns each contestant gets, each a process on one core; the medians are shown.
        limit: seconds after which a turn is given up.
        output_dir: where to write planning.md and planning.json; by default they are only printed.
    """
    if repeats < 1 or limit <= 0 or not 0 < gamma < 1 or min(sizes) < 4:
        sys.exit("--repeats and --limit must be positive, --gamma in (0, 1), and --sizes 4, 8 or more")
    names = [f"minigym {method}" for method in _OURS] + list(_PEERS)
    rows = [row for size in sizes for row in _measure(names, size, gamma, repeats, limit)]
    text = table(rows)
    print(text)
    if output_dir is not None:
        machine = describe_machine()
        document = {"machine": machine, "gamma": gamma, "repeats": repeats, "rows": [asdict(row) for row in rows]}
        command = f"python -m benchmarks planning --gamma {gamma} --repeats {repeats}"
        write(output_dir, "planning", document, f"{origin(command, machine)}\n\n{text}")


def _measure(names: list[str], size: int, gamma: float, repeats: int, limit: float) -> list[Row]:
    """Each contestant in turn, ``repeats`` times; one that failed gets no second turn."""
    turns: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    failed: dict[str, str] = {}
    for name, largest in _PEERS.items():
        if not _is_installed(name):
            failed[name] = "not installed"
        elif size > largest:
            failed[name] = f"not tried above {largest}x{largest}"
    for _ in range(repeats):
        for name in names:
            if name not in failed:
                try:
                    figures = in_own_process("benchmarks.planning:measure_here", name, size, gamma, timeout=limit)
                except MeasurementError as problem:
                    failed[name] = f"failed: {problem}".replace("|", "/")[:90]
                else:
                    turns[name].append(figures)
    rows = []
    for name in names:
        if name in failed:
            rows.append(Row(size, name, note=failed[name]))
            continue
        seconds, mebibytes = (statistics.median(turn[key] for turn in turns[name]) for key in ("seconds", "mebibytes"))
        rows.append(Row(size, name, seconds, mebibytes, turns[name][0]["start_value"], turns[name][0]["bound"]))
    return rows


def _is_installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
