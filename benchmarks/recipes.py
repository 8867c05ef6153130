"""What the recipes of the networks reach: fresh seeds, the last policy and the best one, here and in other worlds.

The recipes were tuned on run seeds of 1,000 and above, and then frozen; the claim is one run on the seeds 0 to 99.
Every recipe has a file of its own with each seed's figures; the table is made of the files that are there.
"""

import dataclasses
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

import agents
from agents.common import evaluation, scoring
from agents.common.environment import Environment, describe
from agents.common.files import write_atomically
from agents.common.run import Run
from agents.common.statistics import share
from benchmarks.machine import describe_machine
from benchmarks.report import number

AGENTS = ("dqn", "reinforce", "ppo")
POLE, LAKE = "CartPole", "FrozenLake"
WORLDS: dict[str, tuple[str, dict[str, Any]]] = {
    "CartPole-v1": ("CartPole-v1", {}),
    "CartPole-v0": ("CartPole-v0", {}),
    "FrozenLake-v1": ("FrozenLake-v1", {}),
    "FrozenLake-v1 firm": ("FrozenLake-v1", {"is_slippery": False}),
    "FrozenLake8x8-v1": ("FrozenLake8x8-v1", {}),
}
# Worlds that the policies were not trained in; on the lake the share of moves that go where they should is 1/3.
ELSEWHERE: dict[str, dict[str, dict[str, Any]]] = {
    POLE: {
        "half the length": {"length": 0.25},
        "twice the length": {"length": 1.0},
        "pole 5 x as heavy": {"masspole": 0.5},
        "cart 3 x as heavy": {"masscart": 3.0},
        "half the force": {"force_mag": 5.0},
        "twice the force": {"force_mag": 20.0},
        "gravity of the moon": {"gravity": 1.62},
        "twice the gravity": {"gravity": 19.6},
    },
    LAKE: {
        "firm": {"is_slippery": False},
        "0.8 as meant": {"success_rate": 0.8},
        "0.5 as meant": {"success_rate": 0.5},
        "1/3 as meant": {},
    },
}
LONG, LONG_EPISODES = 10_000, 10  # steps of a long episode, and how many each seed plays
COLLAPSED = 0.9  # of the threshold: a later checkpoint below this counts as a collapse


@dataclass(frozen=True)
class Evidence:
    """What one recipe reached; lists have an entry for each seed."""

    agent: str
    world: str
    hyperparameters: dict[str, Any]
    seeds: list[int]
    threshold: float
    environment_steps: list[int]
    seconds: float
    """Of the training of all seeds together."""
    last: list[float]
    """The last policy: exact return within the limit where there is a table, else the mean of 100 test episodes."""
    last_solved: list[bool]
    best: list[float]
    """The same of the policy of the best checkpoint on the select stream."""
    best_solved: list[bool]
    steps_to_threshold: list[float | None]
    """The first checkpoint whose 20 episodes on the select stream reach the threshold in the mean; None for never."""
    seconds_to_threshold: list[float | None]
    collapsed: list[bool]
    """Whether, after that checkpoint, a later one fell below nine tenths of the threshold."""
    elsewhere: dict[str, list[float]]
    """The last policy in worlds that it was not trained in, measured likewise, of a pole in 20 episodes."""
    long: list[float] | None
    """Of a pole: the mean steps in 10 episodes of at most 10,000."""
    machine: dict[str, str]


def measure(agent: str, world: str, seeds: Sequence[int], hyperparameters: Mapping[str, Any]) -> Evidence:
    """Train the recipe on the seeds, and look at what was learned."""
    machine = describe_machine()
    env, kwargs = WORLDS[world]
    run = agents.train(agent, env, seeds, env_kwargs=kwargs, **hyperparameters)
    assert run.solved is not None
    first = scoring.reached(run)
    curve, steps = run.learned.checkpoints["greedy_return"], run.learned.checkpoints["steps"]
    later = steps > first.steps[:, None]
    best, best_solved = _scores(run, run.environment, evaluation.EPISODES, best=True)
    elsewhere, long = {}, None
    kind = POLE if env.startswith(POLE) else LAKE
    for name, changed in ELSEWHERE[kind].items():
        other = describe(env, changed)
        elsewhere[name] = _listed(_scores(run, other, evaluation.SELECT_EPISODES)[0])
    if kind == POLE:
        other = describe(env, {"max_episode_steps": LONG})
        long = _listed(_scores(run, other, LONG_EPISODES)[0])
    return Evidence(
        agent=agent,
        world=world,
        hyperparameters=dataclasses.asdict(run.config),
        seeds=list(run.seeds),
        threshold=first.threshold,
        environment_steps=run.steps.tolist(),
        seconds=run.seconds,
        last=_listed(scoring.scores(run)),
        last_solved=run.solved.tolist(),
        best=_listed(best),
        best_solved=best_solved,
        steps_to_threshold=_listed_or_none(first.steps),
        seconds_to_threshold=_listed_or_none(first.seconds),
        collapsed=(later & (curve < COLLAPSED * first.threshold)).any(axis=1).tolist(),
        elsewhere=elsewhere,
        long=long,
        machine=machine,
    )


def _scores(run: Run, environment: Environment, episodes: int, best: bool = False) -> tuple[Any, list[bool]]:
    """Each seed's worth in an environment, and whether it reaches the threshold there, as ``run.solved`` has it."""
    policies = [run.policy(index, best=best) for index in range(len(run.seeds))]
    exact = evaluation.exact_returns(environment, {}, policies)
    threshold = run.environment.reward_threshold
    if exact is not None:
        return exact, (exact >= threshold - 1e-9).tolist()
    played = evaluation.play_test_episodes(environment, policies, run.seeds, episodes)
    return played.mean(axis=1), [bool(evaluation.lower_bound(own) >= threshold) for own in played]


def _listed(values: Any) -> list[float]:
    return [round(float(value), 6) for value in values]


def _listed_or_none(values: Any) -> list[float | None]:
    return [round(float(value), 2) if np.isfinite(value) else None for value in values]


def tables(evidence: Sequence[Evidence]) -> str:
    """Everything as Markdown."""
    return "\n\n".join(
        [_recipes(evidence), *(text for kind in (POLE, LAKE) if (text := _worlds(evidence, kind)) is not None)]
    )


def _recipes(evidence: Sequence[Evidence]) -> str:
    lines = [
        "| recipe | steps a seed | s a seed | solved, last policy | at least (95 %) | median, 5th percentile, worst "
        "| solved, best policy | steps to the threshold, median (90 % of seeds) | s to it, one process | fell again |",
        "|---|---:|---:|---:|---:|---|---:|---:|---:|---:|",
    ]
    for one in evidence:
        count, solved = len(one.seeds), sum(one.last_solved)
        steps = [np.inf if value is None else value for value in one.steps_to_threshold]
        seconds = [np.inf if value is None else value for value in one.seconds_to_threshold]
        digits = 1 if one.world.startswith(POLE) else 4
        worth = [f"{np.quantile(one.last, share_below):.{digits}f}" for share_below in (0.5, 0.05, 0.0)]
        cells = [
            f"`{one.agent}`, {one.world}",
            f"{np.mean(one.environment_steps):,.0f}",
            number(one.seconds / count),
            f"{solved} of {count}",
            f"{share(solved, count).low:.1%}",
            ", ".join(worth),
            f"{sum(one.best_solved)} of {count}",
            f"{_quantile(steps, 0.5)} ({_quantile(steps, 0.9)})",
            _quantile(seconds, 0.5),
            f"{sum(one.collapsed)} of {count}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _worlds(evidence: Sequence[Evidence], kind: str) -> str | None:
    evidence = [one for one in evidence if one.world.startswith(kind)]
    if not evidence:
        return None
    names = list(ELSEWHERE[kind])
    columns = [*names, *(["10,000 steps"] if kind == POLE else [])]
    lines = [f"| median over seeds (5th percentile), in | {' | '.join(columns)} |", f"|---|{'---:|' * len(columns)}"]
    digits = 0 if kind == POLE else 3
    for one in evidence:
        values = [one.elsewhere[name] for name in names] + ([one.long] if one.long is not None else [])
        cells = [f"{np.median(own):,.{digits}f} ({np.quantile(own, 0.05):,.{digits}f})" for own in values]
        lines.append(f"| `{one.agent}`, {one.world} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _quantile(values: Sequence[float], share_below: float) -> str:
    value = float(np.quantile(values, share_below, method="higher"))
    return "never" if np.isinf(value) else f"{value:,.0f}"


def main(
    agent: tuple[str, ...] = AGENTS,
    world: tuple[str, ...] = tuple(WORLDS),
    seeds: int = 100,
    first_seed: int = 0,
    output_dir: Path | None = None,
) -> None:
    """Train the recipes on fresh seeds, and show what they reach; all of them take about an hour on two cores.

    Args:
        agent: which agents; none to make the table of the files that are there.
        world: which environments.
        seeds: how many run seeds.
        first_seed: the first of them; the recipes were tuned on seeds from 1,000 on.
        output_dir: where to write recipes/AGENT-WORLD.json and recipes.md; by default the table is only printed.
    """
    unknown = [name for name in (*agent, *world) if name not in AGENTS and name not in WORLDS]
    if unknown or seeds < 1:
        sys.exit(f"expected agents of {', '.join(AGENTS)}, worlds of {', '.join(WORLDS)}, got {unknown}, {seeds} seeds")
    evidence = []
    for one_agent in agent:
        for one_world in world:
            started = time.monotonic()
            found = measure(one_agent, one_world, range(first_seed, first_seed + seeds), {})
            evidence.append(found)
            print(f"{one_agent} on {one_world}: {time.monotonic() - started:.0f} s", file=sys.stderr)
            if output_dir is not None:
                _write(output_dir, found)
    if output_dir is not None:
        evidence = _all_of(output_dir)
        text = (
            "`python -m benchmarks recipes --output-dir benchmarks/results`, each line on the commit and machine that "
            f"its file in `recipes/` names.\n\n{tables(evidence)}\n"
        )
        write_atomically(output_dir / "recipes.md", lambda file: file.write(text.encode()))
    print(tables(evidence))


def _write(output_dir: Path, found: Evidence) -> None:
    directory = output_dir / "recipes"
    directory.mkdir(parents=True, exist_ok=True)
    # One line a figure of all seeds: readable, and small in a diff.
    lines = (f"  {json.dumps(name)}: {json.dumps(value)}" for name, value in dataclasses.asdict(found).items())
    path = directory / f"{found.agent}-{found.world.replace(' ', '-')}.json"
    text = "{\n" + ",\n".join(lines) + "\n}\n"
    write_atomically(path, lambda file: file.write(text.encode()))


def _all_of(output_dir: Path) -> list[Evidence]:
    found = [Evidence(**json.loads(path.read_text())) for path in sorted((output_dir / "recipes").glob("*.json"))]
    return sorted(found, key=lambda one: (AGENTS.index(one.agent), list(WORLDS).index(one.world)))
