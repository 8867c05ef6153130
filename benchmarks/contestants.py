"""What is timed: each contestant makes its environments, and plays a chunk of steps of them.

Actions are made beforehand, several arrays that take turns, so that a chunk measures the environment and not how
actions are drawn. Resets belong to it: before the clock runs, lanes are stepped until their episodes have drifted
apart.
"""

import importlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

TASKS = ("CartPole-v1", "FrozenLake-v1")
WARM_UP_STEPS = 48  # the episodes of random play last 22 (CartPole) and 8 (FrozenLake) steps on average
LEAST_CHUNKS = 3
FEW, MANY = 2**14, 2**17  # lane-steps in a chunk: of what takes microseconds each, and of what takes nanoseconds
SCANNED_STEPS = 128  # in one rollout or scan
LARGEST = 2**20


class Chunk(NamedTuple):
    """What the clock runs around."""

    steps: int  # of every lane
    play: Callable[[], Any]


@dataclass(frozen=True)
class Contestant:
    """One way to step environments, and where it takes part."""

    name: str
    packages: str
    """What must be installed besides minigym, separated by spaces; the last one is asked for GPUs."""
    setup: Callable[[str, int], Chunk]
    """``setup(env_id, num_envs)``."""
    largest: int = LARGEST
    """The largest batch; 1 where a single environment is stepped."""
    tasks: tuple[str, ...] = TASKS
    all_cores: bool = False
    device: str = "cpu"


def measure(name: str, env_id: str, num_envs: int, seconds: float) -> float:
    """Seconds a lane-step: the fastest chunk of ``seconds``, since noise only ever adds time."""
    contestant = next(one for one in CONTESTANTS if one.name == name)
    steps, play = contestant.setup(env_id, num_envs)
    for _ in range(max(2, -(-WARM_UP_STEPS // steps))):
        play()
    fastest, chunks, end = float("inf"), 0, time.perf_counter() + seconds
    while (start := time.perf_counter()) < end or chunks < LEAST_CHUNKS:
        play()
        fastest = min(fastest, time.perf_counter() - start)
        chunks += 1
    return fastest / (steps * num_envs)


def has_cuda(package: str) -> bool:
    """Whether ``package``, torch or jax, finds a GPU."""
    if package == "jax":
        import jax

        return any(device.platform == "gpu" for device in jax.devices())
    import torch

    return torch.cuda.is_available()


def _actions(env_id: str, num_envs: int, lane_steps: int, dtype: Any = np.int64) -> list[Any]:
    """Random actions, arrays (num_envs,): as many as make up a chunk, and several in any case."""
    number = {"CartPole-v1": 2, "FrozenLake-v1": 4}[env_id]
    return list(np.random.default_rng(0).integers(number, size=(max(8, lane_steps // num_envs), num_envs), dtype=dtype))


def _stepping(step: Callable[[Any], Any], actions: list[Any], wait: Callable[[], Any] | None = None) -> Chunk:
    def play() -> None:
        for action in actions:
            step(action)
        if wait is not None:
            wait()

    return Chunk(len(actions), play)


def _step_loop(library: str, env_id: str, num_envs: int) -> Chunk:
    """``make(env_id)``, stepped and reset as its users do it."""
    env = importlib.import_module(library).make(env_id)
    actions = np.ravel(_actions(env_id, 1, FEW)).tolist()
    env.reset(seed=0)

    def play() -> None:
        for action in actions:
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()

    return Chunk(len(actions), play)


def _made_batch(library: str, mode: str, lane_steps: int, env_id: str, num_envs: int) -> Chunk:
    """``make_vec`` as minigym and Gymnasium have it."""
    envs = importlib.import_module(library).make_vec(env_id, num_envs=num_envs, vectorization_mode=mode)
    envs.reset(seed=0)
    return _stepping(envs.step, _actions(env_id, num_envs, lane_steps))


def _engine(vector_kwargs: dict[str, Any], lane_steps: int, env_id: str, num_envs: int) -> Chunk:
    """A batch engine of minigym; the number of threads is that of the cores if it says "all"."""
    import minigym
    from benchmarks.machine import cores

    if vector_kwargs.get("num_threads") == "all":
        vector_kwargs = {**vector_kwargs, "num_threads": cores()}
    envs = minigym.make_vec(env_id, num_envs=num_envs, vector_kwargs=vector_kwargs)
    envs.reset(seed=0)
    return _stepping(envs.step, _actions(env_id, num_envs, lane_steps))


def _rollout(env_id: str, num_envs: int) -> Chunk:
    """Whole rollouts of random play, which returns all that happened."""
    import minigym

    envs = minigym.make_vec(env_id, num_envs=num_envs, vector_kwargs={"backend": "numba"})
    envs.reset(seed=0)
    steps = scanned_steps(num_envs)
    return Chunk(steps, lambda: envs.rollout("random", steps))


def _torch(vector_kwargs: dict[str, Any], env_id: str, num_envs: int) -> Chunk:
    """Tensors in and out, of the device."""
    import torch

    import minigym

    device = vector_kwargs["device"]
    envs = minigym.make_vec(env_id, num_envs=num_envs, vector_kwargs={"backend": "torch", **vector_kwargs})
    envs.reset(seed=0)
    actions = [torch.as_tensor(action, device=device) for action in _actions(env_id, num_envs, FEW)]
    return _stepping(envs.step, actions, torch.cuda.synchronize if device == "cuda" else None)


def _envpool(num_threads: int | None, env_id: str, num_envs: int) -> Chunk:
    """envpool, synchronous; its actions are int32. Without a number, a thread a core."""
    import envpool

    from benchmarks.machine import cores

    envs = envpool.make_gymnasium(env_id, num_envs=num_envs, num_threads=num_threads or cores(), seed=0)
    envs.reset()
    return _stepping(envs.step, _actions(env_id, num_envs, FEW, np.int32))


def _gymnax(scanned: bool, env_id: str, num_envs: int) -> Chunk:
    """Under jit and vmap: a call a step, awaited at the chunk's end, or one ``lax.scan`` that keeps all outputs."""
    import gymnax
    import jax
    import jax.numpy as jnp

    env, params = gymnax.make({"FrozenLake-v1": "FrozenLake-misc"}.get(env_id, env_id))

    def step(carry: Any, action: Any) -> Any:
        key, state = carry
        key, used = jax.random.split(key)
        observation, state, *outputs, _ = jax.vmap(env.step, in_axes=(0, 0, 0, None))(
            jax.random.split(used, num_envs), state, action, params
        )
        return (key, state), (observation, *outputs)

    key = jax.random.key(0)
    _, state = jax.vmap(env.reset, in_axes=(0, None))(jax.random.split(key, num_envs), params)
    steps = scanned_steps(num_envs)
    actions = _actions(env_id, num_envs, steps * num_envs if scanned else FEW, np.int32)
    held: dict[str, Any] = {"carry": (key, state)}
    if scanned:
        stacked, scan = jnp.stack(actions), jax.jit(partial(jax.lax.scan, step))

        def play_scan() -> None:
            held["carry"], _ = jax.block_until_ready(scan(held["carry"], stacked))

        return Chunk(steps, play_scan)
    jitted = jax.jit(step)

    def play_one(action: Any) -> None:
        held["carry"], held["outputs"] = jitted(held["carry"], action)

    return _stepping(play_one, [jnp.asarray(action) for action in actions], lambda: jax.block_until_ready(held))


def scanned_steps(num_envs: int) -> int:
    """Fewer for the largest batches, whose outputs are gigabytes."""
    return max(8, min(SCANNED_STEPS, 2**22 // num_envs))


CONTESTANTS = (
    Contestant("minigym make", "", partial(_step_loop, "minigym"), 1),
    Contestant("Gymnasium make", "gymnasium", partial(_step_loop, "gymnasium"), 1),
    Contestant("minigym Numba", "numba", partial(_engine, {"backend": "numba"}, MANY)),
    Contestant("minigym Numba, copy=False", "numba", partial(_engine, {"backend": "numba", "copy": False}, MANY)),
    Contestant(
        "minigym Numba, all cores",
        "numba",
        partial(_engine, {"backend": "numba", "num_threads": "all"}, MANY),
        all_cores=True,
    ),
    Contestant("minigym Numba, rollout", "numba", _rollout),
    Contestant("minigym NumPy", "", partial(_engine, {"backend": "numpy"}, FEW), 16_384),
    Contestant("minigym SyncVectorEnv", "", partial(_made_batch, "minigym", "sync", FEW), 1_024),
    Contestant("minigym torch", "torch", partial(_torch, {"device": "cpu"})),
    Contestant("minigym torch, GPU", "torch", partial(_torch, {"device": "cuda"}), device="cuda"),
    Contestant(
        "minigym torch, GPU, compiled", "torch", partial(_torch, {"device": "cuda", "compile": True}), device="cuda"
    ),
    Contestant("Gymnasium SyncVectorEnv", "gymnasium", partial(_made_batch, "gymnasium", "sync", FEW), 1_024),
    Contestant(
        "Gymnasium CartPoleVectorEnv",
        "gymnasium",
        partial(_made_batch, "gymnasium", "vector_entry_point", MANY),
        131_072,
        tasks=("CartPole-v1",),
    ),
    Contestant("envpool", "envpool", partial(_envpool, 1), 16_384),
    Contestant("envpool, all cores", "envpool", partial(_envpool, None), 16_384, all_cores=True),
    Contestant("gymnax, jitted", "gymnax jax", partial(_gymnax, False), 131_072),
    Contestant("gymnax, scanned", "gymnax jax", partial(_gymnax, True), 131_072),
    Contestant("gymnax, scanned, GPU", "gymnax jax", partial(_gymnax, True), device="cuda"),
)
