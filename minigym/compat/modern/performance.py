"""``gymnasium.utils.performance``: how often a second an environment can be stepped, made or drawn."""

import time
from collections.abc import Callable
from typing import Any

from minigym.core import Env

__all__ = ["benchmark_init", "benchmark_render", "benchmark_step"]


def benchmark_step(env: Env[Any, Any], target_duration: float = 5, seed: int | None = None) -> float:
    """Steps a second under random actions, the resets between episodes included.

    Args:
        env: the environment.
        target_duration: seconds to measure; it takes a little longer.
        seed: of the first reset; ``env.action_space`` draws on from wherever it is.
    """
    env.reset(seed=seed)
    env.action_space.sample()  # the first one may have to set up the stream

    def step() -> None:
        _, _, terminated, truncated, _ = env.step(env.action_space.sample())
        if terminated or truncated:
            env.reset()

    return _calls_a_second(step, target_duration)


def benchmark_init(
    env_lambda: Callable[[], Env[Any, Any]], target_duration: float = 5, seed: int | None = None
) -> float:
    """Environments a second, each made and reset; none is closed.

    Args:
        env_lambda: makes an environment.
        target_duration: seconds to measure; it takes a little longer.
        seed: of every reset.
    """
    return _calls_a_second(lambda: env_lambda().reset(seed=seed), target_duration)


def benchmark_render(env: Env[Any, Any], target_duration: float = 5) -> float:
    """Calls of ``env.render()`` a second.

    Args:
        env: the environment, after a reset; its render mode should not be "human", which draws in ``step``.
        target_duration: seconds to measure; it takes a little longer.
    """
    return _calls_a_second(env.render, target_duration)


def _calls_a_second(call: Callable[[], object], seconds: float) -> float:
    calls, elapsed = 0, 0.0
    start = time.perf_counter()
    while elapsed <= seconds:
        call()
        calls += 1
        elapsed = time.perf_counter() - start
    return calls / elapsed
