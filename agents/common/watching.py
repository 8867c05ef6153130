"""Playing what was learned for somebody to see: in a window, or as text where none can be opened."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

import minigym
from agents.common import streams
from agents.common.environment import Environment
from minigym import error

if TYPE_CHECKING:
    from agents.common.run import Run


def watch(run: "Run", index: int, episodes: int) -> None:
    """Play test episodes of ``seeds[index]`` with their pictures, and print the returns."""
    episode_seeds = streams.integers(run.seeds[index], streams.TEST, episodes)
    returns: list[float] = []
    try:
        with _rendered(run.environment) as env:
            for episode_seed in episode_seeds:
                returns.append(_play(env, run.policy(index), episode_seed, run.environment.horizon))
                print(f"episode {len(returns)}: return {returns[-1]:g}")
    except error.WindowClosed:
        print("The window was closed.")
    if len(returns) > 1:
        print(f"mean return of {len(returns)} episodes: {np.mean(returns):g}")


def _rendered(environment: Environment) -> Any:
    """The environment in a window; as text where none can be opened, after saying so."""
    if environment.given_as != "id":
        environment.make()  # says why, where it cannot
        return minigym.TabularEnv(environment.mdp, render_mode="ansi")
    env = minigym.make(environment.name, **{**environment.kwargs, "render_mode": "human"})
    try:
        env.reset()  # opens the window
        return env
    except error.UnsupportedMode:
        reason = "there is no display to open a window on"
    except error.DependencyNotInstalled as missing:
        reason = str(missing)
    env.close()
    if "ansi" not in env.metadata["render_modes"]:
        raise error.UnsupportedMode(
            f"{reason}, and {environment.name} cannot be shown as text; run it where there is a display, or on a "
            "virtual one (xvfb-run python -m agents watch ...)"
        )
    print(f"Shown as text, since {reason}.")
    return minigym.make(environment.name, **{**environment.kwargs, "render_mode": "ansi"})


def _play(env: Any, policy: Callable[[Any], Any], seed: int, longest: int) -> float:
    """The return of one episode, with its pictures."""
    observation, _ = env.reset(seed=seed)
    _show_text(env)
    total = 0.0
    for _ in range(longest):
        observation, reward, terminated, truncated, _ = env.step(np.asarray(policy(observation)).tolist())
        _show_text(env)
        total += float(reward)
        if terminated or truncated:
            break
    return total


def _show_text(env: Any) -> None:
    if env.render_mode == "ansi":
        print(env.render())
        if sys.stdout.isatty():
            time.sleep(1 / env.metadata["render_fps"])
