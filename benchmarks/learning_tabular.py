"""How fast Q-learning learns on FrozenLake-v1: minigym's seeds side by side, and the loop that people write, twice.

The same algorithm twice: a table, epsilon-greedy with ties broken at random, the same schedules, the same number of
episodes. Every figure comes from a process of its own, on one core; the contestants take turns. What counts is the
processor's time (another program that takes the core away would count double otherwise), of the fastest of several
trainings, after compilation. The table shows the median over the turns.
"""

import statistics
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.machine import describe_machine
from benchmarks.process import MeasurementError, in_own_process
from benchmarks.report import number, origin, write

GOAL = 250.0  # for learning alone, and for what agents.train does: with a learning curve
CONTESTANTS = ("minigym", "minigym, 50 exact checkpoints", "the same loop, tuned", "NumPy loop on Gymnasium")


@dataclass(frozen=True)
class Row:
    """What one contestant needs."""

    contestant: str
    median: float  # microseconds a step
    fastest: float
    slowest: float
    steps: float  # a seed, on average


def minigym_training(episodes: int, seeds: int, checkpoints: int) -> tuple[float, int]:
    """Seconds and environment steps of one training of all seeds."""
    import minigym
    from agents import q_learning
    from agents.common import tabular
    from agents.common.progress import Progress

    config = q_learning.Config(episodes=episodes, checkpoints=checkpoints)
    start = time.process_time()
    learned = tabular.learn(
        lambda: minigym.make("FrozenLake-v1"), config, range(seeds), Progress(), q_learning.RULE, threads=1
    )
    return time.process_time() - start, int(learned.steps.sum())


def numpy_training(episodes: int, seed: int, tuned: bool) -> tuple[float, int]:
    """The same of one seed, as a notebook has it; ``tuned``, without the two calls that draw an action slowly."""
    import gymnasium
    import numpy as np

    from agents.q_learning import Config

    config = Config(episodes=episodes)
    alphas, epsilons, gamma = config.alphas(), config.epsilons(), config.gamma
    env = gymnasium.make("FrozenLake-v1")
    rng = np.random.default_rng(seed)
    q_values = np.zeros((env.observation_space.n, env.action_space.n))
    steps = 0
    start = time.process_time()
    for episode in range(episodes):
        state, _ = env.reset(seed=seed if episode == 0 else None)
        over = False
        while not over:
            row = q_values[state]
            if rng.random() < epsilons[episode]:
                action = int(rng.random() * len(row)) if tuned else int(rng.integers(len(row)))
            else:
                best = np.flatnonzero(row == row.max())
                action = int(best[int(rng.random() * len(best))]) if tuned else int(rng.choice(best))
            next_state, reward, terminated, truncated, _ = env.step(action)
            target = reward if terminated else reward + gamma * q_values[next_state].max()
            q_values[state, action] += alphas[episode] * (target - q_values[state, action])
            state, over = next_state, terminated or truncated
            steps += 1
    return time.process_time() - start, steps


def turn(contestant: str, episodes: int, seeds: int, seconds: float) -> tuple[float, float]:
    """Microseconds a step of the fastest training, and steps a seed, of as many trainings as fit into ``seconds``."""
    if contestant.startswith("minigym"):
        checkpoints = 50 if "checkpoints" in contestant else 1
        minigym_training(episodes, seeds, checkpoints)  # compiles
    fastest, steps, trained = float("inf"), 0, 0
    end = time.process_time() + seconds
    while not trained or time.process_time() < end:
        if contestant.startswith("minigym"):
            needed, taken = minigym_training(episodes, seeds, checkpoints)
            trained += seeds
        else:
            needed, taken = numpy_training(episodes, seed=trained, tuned="tuned" in contestant)
            trained += 1
        fastest = min(fastest, needed / taken * 1e6)
        steps += taken
    return fastest, steps / trained


def measure(repeats: int, episodes: int, seeds: int, seconds: float) -> list[Row]:
    """Each contestant in turn, ``repeats`` times."""
    turns: dict[str, list[tuple[float, float]]] = {contestant: [] for contestant in CONTESTANTS}
    for _ in range(repeats):
        for contestant in CONTESTANTS:
            try:
                turns[contestant].append(
                    in_own_process("benchmarks.learning_tabular:turn", contestant, episodes, seeds, seconds)
                )
            except MeasurementError as error:
                sys.exit(f"{contestant} could not be measured: {error}")
    rows = []
    for contestant, results in turns.items():
        times = [time_a_step for time_a_step, _ in results]
        steps = statistics.mean(steps for _, steps in results)
        rows.append(Row(contestant, statistics.median(times), min(times), max(times), steps))
    return rows


def table(rows: list[Row], seeds: int) -> str:
    """The rows as Markdown; the loop's seconds for all seeds follow from the seeds that it was measured on."""
    lines = [
        f"| Q-learning on FrozenLake-v1, one core | us a step | spread | steps a seed | s for {seeds} seeds | ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    slowest = rows[-1].median
    for row in rows:
        goal = f" (goal {GOAL:g} x)" if row.contestant.startswith("minigym") else ""
        ratio = f"{number(slowest / row.median)} x{goal}" if row is not rows[-1] else "1"
        lines.append(
            f"| {row.contestant} | {row.median:.4f} | {row.fastest:.4f} to {row.slowest:.4f} | {row.steps:,.0f} "
            f"| {row.median * row.steps * seeds / 1e6:.3f} | {ratio} |"
        )
    return "\n".join(lines)


def main(
    repeats: int = 5, episodes: int = 2_000, seeds: int = 100, seconds: float = 3.0, output_dir: Path | None = None
) -> None:
    """Measure how fast Q-learning learns, minigym and the plain loop in the same run.

    Args:
        repeats: how many turns each contestant gets.
        episodes: of each seed.
        seeds: how many minigym trains side by side; the loop trains one after the other.
        seconds: how long each turn goes on, in time of the processor.
        output_dir: where to write learning_tabular.md and learning_tabular.json; by default they are only printed.
    """
    if repeats < 1 or episodes < 1 or seeds < 1 or seconds <= 0:
        sys.exit(f"all numbers must be positive, got {repeats=}, {episodes=}, {seeds=}, {seconds=}")
    rows = measure(repeats, episodes, seeds, seconds)
    text = table(rows, seeds)
    print(text)
    if output_dir is not None:
        machine = describe_machine()
        settings = {"repeats": repeats, "episodes": episodes, "seeds": seeds, "seconds": seconds}
        document = {"machine": machine, **settings, "rows": [asdict(row) for row in rows]}
        options = " ".join(f"--{name} {value}" for name, value in settings.items())
        command = f"python -m benchmarks learning-tabular {options}"
        write(output_dir, "learning_tabular", document, f"{origin(command, machine)}\n\n{text}")
