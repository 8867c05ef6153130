"""How far a step is from what the memory allows: the bandwidth that there is, and the bytes that a step must move."""

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.machine import cores, last_level_cache
from benchmarks.process import MeasurementError, in_own_process

LANES = 2**20
NEAR = 2**26  # bytes of an array; source and target make up about the memory of LANES lanes
_WORD = 8  # bytes of a number in an engine's memory


@dataclass(frozen=True)
class Bandwidth:
    """Bytes a second that a copy reads and writes, taken together."""

    where: str
    core: float
    all_cores: float


@dataclass(frozen=True)
class Traffic:
    """Bytes that one lane-step must read and write at least."""

    reads: float
    writes: float
    resets: float
    """Lane-steps that begin an episode, as a share."""


def copy_bandwidth(nbytes: int, threads: int, seconds: float) -> float:
    """Bytes a second of copying one array of ``nbytes`` into another, the fastest of many times."""
    source, target = np.ones(nbytes // _WORD), np.zeros(nbytes // _WORD)
    parts = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))

    def copy(part: tuple[Any, Any]) -> None:
        np.copyto(*part)

    with ThreadPoolExecutor(threads) as pool:
        play: Callable[[], Any] = (lambda: copy(parts[0])) if threads == 1 else (lambda: list(pool.map(copy, parts)))
        return 2 * nbytes / _fastest(play, seconds)


def gpu_bandwidth(nbytes: int, seconds: float) -> float:
    """The same on the GPU."""
    import torch

    source, target = (
        torch.ones(nbytes, dtype=torch.uint8, device="cuda"),
        torch.zeros(nbytes, dtype=torch.uint8, device="cuda"),
    )

    def copy() -> None:
        target.copy_(source)
        torch.cuda.synchronize()

    return 2 * nbytes / _fastest(copy, seconds)


def _fastest(play: Callable[[], Any], seconds: float) -> float:
    play()
    fastest, end = float("inf"), time.perf_counter() + seconds
    while (start := time.perf_counter()) < end or fastest == float("inf"):
        play()
        fastest = min(fastest, time.perf_counter() - start)
    return fastest


def traffic(env_id: str) -> Traffic:
    """Count a step of the Numba engine, from the declaration of the environment's world.

    It reads the state, the steps of the episode and the action; it writes the state and the steps, observation, reward,
    two flags and the infos. A random stream is four words, of which two are written: touched by every step that draws,
    else by the steps that begin an episode.
    """
    import minigym

    env = minigym.make(env_id)
    world = env.unwrapped.world  # type: ignore[attr-defined]
    resets = reset_share(env_id)
    drawing = 1.0 if world.step_draws else resets if world.start_draws else 0.0
    observation = int(np.prod(env.observation_space.shape)) * env.observation_space.dtype.itemsize
    reads = _WORD * (world.state_size + 2) + drawing * 4 * _WORD
    outputs = observation + _WORD + 2 + _WORD * len(world.infos)
    return Traffic(reads, _WORD * (world.state_size + 1) + outputs + drawing * 2 * _WORD, resets)


def reset_share(env_id: str) -> float:
    """How many of the lane-steps of random play begin an episode."""
    import minigym

    envs = minigym.make_vec(env_id, num_envs=512)
    envs.reset(seed=0)
    envs.rollout("random", 100, seed=0)  # until the episodes have drifted apart
    return float(envs.rollout("random", 400).resets.mean())


def bandwidths(seconds: float, far: int | None = None) -> list[Bandwidth]:
    """Of arrays as large as a batch of ``LANES``, and of some that no cache holds; each in a process of its own."""
    cache = last_level_cache()
    far = far or max(2**29, 2 * cache)
    measured = []
    for nbytes in (NEAR, far):
        size = f"{2 * nbytes / 2**20:,.0f} MiB"
        level = "cache size unknown" if not cache else "in the last-level cache" if 2 * nbytes <= cache else "in memory"
        one = in_own_process("benchmarks.roofline:copy_bandwidth", nbytes, 1, seconds)
        many = in_own_process("benchmarks.roofline:copy_bandwidth", nbytes, cores(), seconds, all_cores=True)
        measured.append(Bandwidth(f"{size} {level}", one, many))
    return measured


def roofline_table(
    measured: Sequence[Bandwidth], traffics: Mapping[str, Traffic], costs: Mapping[tuple[str, str, int], float]
) -> str:
    """The bandwidths, and each engine's distance to the limit that they set for ``LANES`` lanes."""
    lines = ["| copy, bytes read and written | one core | all cores |", "|---|---:|---:|"]
    lines += [f"| {one.where} | {one.core / 1e9:.1f} GB/s | {one.all_cores / 1e9:.1f} GB/s |" for one in measured]
    lines += [
        "",
        f"| {LANES:,} lanes | bytes a lane-step | "
        + " | ".join(f"limit by {one.where} | distance" for one in measured)
        + " | measured |",
        f"|---|---:|{'---:|---:|' * len(measured)}---:|",
    ]
    for task, moved in traffics.items():
        for name in ("minigym Numba", "minigym Numba, copy=False", "minigym Numba, all cores"):
            cost = costs.get((task, name, LANES))
            cells = []
            for one in measured:
                limit = (moved.reads + moved.writes) / (one.all_cores if "all cores" in name else one.core) * 1e9
                cells += [f"{limit:.2f} ns", f"{cost / limit:.1f} x" if cost else ""]
            lines.append(
                f"| {task}, {name} | {moved.reads:.1f} read + {moved.writes:.1f} written | {' | '.join(cells)} "
                f"| {f'{cost:.2f} ns' if cost else 'not measured'} |"
            )
    return "\n".join(lines)


def gpu_line(costs: Mapping[tuple[str, str, int], float], seconds: float) -> str:
    """The same for CartPole's tensors on the GPU; DESIGN asks for half of the bandwidth."""
    names = ("minigym torch, GPU", "minigym torch, GPU, compiled")
    found = [
        cost
        for (task, name, lanes), cost in costs.items()
        if task == "CartPole-v1" and lanes == LANES and name in names
    ]
    if not found:
        return "GPU: not measured."
    try:
        bandwidth = in_own_process("benchmarks.roofline:gpu_bandwidth", 2**30, seconds)
    except MeasurementError as error:
        return f"GPU: the bandwidth could not be measured, {error}."
    # Read: state, steps, whether over, action. Written: the first three, observation, reward, two flags.
    moved = (16 + 8 + 1 + 8) + (16 + 8 + 1 + 16 + 4 + 2)
    limit = moved / bandwidth * 1e9
    return (
        f"GPU: CartPole-v1 of {LANES:,} lanes moves {moved} bytes a lane-step at least; a copy reads and writes "
        f"{bandwidth / 1e9:,.0f} GB/s, so the limit is {limit:.4f} ns. Measured: {min(found):.4f} ns, "
        f"{limit / min(found):.0%} of what the bandwidth allows (asked: 50 %)."
    )
