"""Playing what was learned for somebody to see: in a window, as text where none can be opened, or in a video."""

import sys
import time
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import minigym
from agents.common import streams
from agents.common.environment import Environment
from agents.common.progress import Progress
from minigym import error
from minigym.render.video import VideoWriter

if TYPE_CHECKING:
    from agents.common.run import Run


def watch(run: "Run", index: int, episodes: int) -> None:
    """Play test episodes of ``seeds[index]`` with their pictures, and print the returns."""
    episode_seeds = streams.integers(run.seeds[index], streams.TEST, episodes)
    returns: list[float] = []
    try:
        with _rendered(run.environment) as env:
            for episode_seed in episode_seeds:
                returns.append(_play(env, run, index, episode_seed, partial(_show_text, env)))
                print(f"episode {len(returns)}: return {returns[-1]:g}")
    except error.WindowClosed:
        print("The window was closed.")
    if len(returns) > 1:
        print(f"mean return of {len(returns)} episodes: {np.mean(returns):g}")


class _StoppedError(Exception):
    """Ctrl-C, between two frames."""


def record(run: "Run", index: int, episodes: int, path: Path) -> bool:
    """Write a video of greedy test episodes of ``seeds[index]``, and print the returns.

    Args:
        run: the run.
        index: of which seed.
        episodes: how many.
        path: where; its name was checked by ``files.check_video``.

    Returns:
        False if Ctrl-C ended it early; what was played until then is in the video all the same.
    """
    episode_seeds = streams.integers(run.seeds[index], streams.TEST, episodes)
    finished, frames = False, 0
    with closing(_pictured(run.environment)) as env, Progress() as progress:
        fps = env.metadata["render_fps"]

        def film() -> None:
            nonlocal frames
            video.write(env.render())
            frames += 1
            if progress.stop:
                raise _StoppedError

        with VideoWriter(str(path), fps) as video:
            try:
                for number, episode_seed in enumerate(episode_seeds, start=1):
                    print(f"episode {number}: return {_play(env, run, index, episode_seed, film):g}")
                finished = True
            except _StoppedError:
                print("Stopped early by Ctrl-C.")
    print(f"The video is in {path} ({frames:,} frames, {frames / fps:.1f} s)")
    return finished


def _pictured(environment: Environment) -> Any:
    """The environment, as one that renders pictures without a screen."""
    if environment.given_as == "id":
        with closing(minigym.make(environment.name, **{**environment.kwargs, "render_mode": None})) as env:
            modes = env.metadata["render_modes"]
        if "rgb_array" in modes:
            return minigym.make(environment.name, **{**environment.kwargs, "render_mode": "rgb_array"})
        advice = "it can be watched: python -m agents watch DIR"
    else:
        env = environment.make()  # says why, where it cannot
        if env.render_mode == "rgb_array":
            return env
        env.close()
        modes = env.metadata["render_modes"]
        advice = 'let the callable that makes it ask for one with render_mode="rgb_array", where there is one'
    raise error.UnsupportedMode(
        f'a video needs an environment that renders pictures ("rgb_array"), and the render modes of {environment.name} '
        f"are {', '.join(modes) or 'none'}; {advice}"
    )


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


def _play(env: Any, run: "Run", index: int, seed: int, show: Callable[[], None]) -> float:
    """The return of one greedy episode; ``show`` is called at its beginning and after each step."""
    policy = run.policy(index)
    observation, _ = env.reset(seed=seed)
    show()
    total = 0.0
    for _ in range(run.environment.horizon):
        observation, reward, terminated, truncated, _ = env.step(np.asarray(policy(observation)).tolist())
        show()
        total += float(reward)
        if terminated or truncated:
            break
    return total


def _show_text(env: Any) -> None:
    if env.render_mode == "ansi":
        print(env.render())
        if sys.stdout.isatty():
            time.sleep(1 / env.metadata["render_fps"])
