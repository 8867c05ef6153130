"""The wrappers that ``make`` puts around every environment, and those that begin episodes and count returns."""

import time
from collections import deque
from dataclasses import replace
from typing import Any, SupportsFloat

import numpy as np

from minigym import error, logger
from minigym.core import ActType, Env, EnvSpec, ObsType, RecordConstructorArgs, RenderFrame, Wrapper
from minigym.spaces import Space


class TimeLimit(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Sets ``truncated`` from the ``max_episode_steps``-th step of an episode on.

    ``terminated`` stays what the environment says, so that both flags can be true; only ``terminated`` means that
    nothing follows (Pardo et al. 2018, "Time limits in reinforcement learning").
    """

    def __init__(self, env: Env[ObsType, ActType], max_episode_steps: int) -> None:
        is_integer = isinstance(max_episode_steps, (int, np.integer)) and not isinstance(max_episode_steps, bool)
        if not is_integer or max_episode_steps < 1:
            raise error.InvalidParameter(
                f"max_episode_steps must be a positive integer, got {max_episode_steps!r}; "
                "make(id, max_episode_steps=-1) leaves the limit out"
            )
        RecordConstructorArgs.__init__(self, max_episode_steps=int(max_episode_steps))
        super().__init__(env)
        self._max_episode_steps = int(max_episode_steps)
        self._elapsed_steps: int | None = None
        self._target: Env[ObsType, ActType] = env

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        target: Any = self.env
        while target._inert:  # looked at anew for every episode, since env.env may have been replaced
            target = target.env
        result: tuple[ObsType, dict[str, Any]] = target.reset(seed=seed, options=options)
        self._target = target
        self._elapsed_steps = 0
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        elapsed_steps = self._elapsed_steps
        if elapsed_steps is None:
            raise error.ResetNeeded("step() needs an episode: call reset() first")
        result = self._target.step(action)
        self._elapsed_steps = elapsed_steps = elapsed_steps + 1
        if elapsed_steps >= self._max_episode_steps:
            observation, reward, terminated, _, info = result
            return observation, reward, terminated, True, info
        return result

    def _described(self, spec: EnvSpec) -> EnvSpec:
        return replace(spec, max_episode_steps=self._max_episode_steps)


class OrderEnforcing(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Refuses ``step`` and ``render`` before the first ``reset``."""

    def __init__(self, env: Env[ObsType, ActType], disable_render_order_enforcing: bool = False) -> None:
        RecordConstructorArgs.__init__(self, disable_render_order_enforcing=disable_render_order_enforcing)
        super().__init__(env)
        self._has_reset = False
        self._disable_render_order_enforcing = disable_render_order_enforcing

    @property
    def has_reset(self) -> bool:
        """Whether the environment was reset at least once."""
        return self._has_reset

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        self._has_reset = True
        self._inert = type(self) is OrderEnforcing  # a subclass may do more
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        if not self._has_reset:
            raise error.ResetNeeded("step() needs an episode: call reset() first")
        return self.env.step(action)

    def render(self) -> RenderFrame | list[RenderFrame] | None:
        if not (self._has_reset or self._disable_render_order_enforcing):
            raise error.ResetNeeded(
                "render() needs an episode: call reset() first (or wrap with disable_render_order_enforcing=True)"
            )
        return self.env.render()

    def _described(self, spec: EnvSpec) -> EnvSpec:
        return replace(spec, order_enforce=True)


class PassiveEnvChecker(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Looks at the first ``reset``, ``step`` and ``render`` and says what breaks the interface; changes nothing.

    A result of the wrong form raises an error; a value that only looks wrong gets a warning.
    """

    def __init__(self, env: Env[ObsType, ActType]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        for name in ("action_space", "observation_space"):
            space = getattr(env, name, None)
            if not isinstance(space, Space):
                raise TypeError(
                    f"{type(env).__name__}.{name} must be a minigym.spaces.Space, got {space!r}; set it in __init__, "
                    f"for instance self.{name} = minigym.spaces.Discrete(2)"
                )
        self.checked_reset = self.checked_step = self.checked_render = False

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        if not self.checked_reset:
            name = type(self.env).__name__
            if not isinstance(result, tuple) or len(result) != 2:
                raise TypeError(f"{name}.reset() must return (observation, info), got {result!r}")
            observation, info = result
            self._check_observation(observation, "reset")
            if not isinstance(info, dict):
                raise TypeError(f"{name}.reset() must return an info dict, got {info!r}")
            self.checked_reset = True
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        result = self.env.step(action)
        if not self.checked_step:
            self._check_step(result)
            self.checked_step = True
            self._inert = self.checked_reset and type(self) is PassiveEnvChecker  # a subclass may do more
        return result

    def render(self) -> RenderFrame | list[RenderFrame] | None:
        result = self.env.render()
        if not self.checked_render:
            name, modes = type(self.env).__name__, self.env.metadata.get("render_modes")
            if self.env.render_mode is not None and self.env.render_mode not in (modes or ()):
                logger.warn(f"{name} renders in the mode {self.env.render_mode!r}, but its metadata names only {modes}")
            if modes and "render_fps" not in self.env.metadata:
                logger.warn(f'{name}.metadata has no "render_fps": a video or a window cannot know its speed')
            self.checked_render = True
        return result

    def _check_step(self, result: Any) -> None:
        name = type(self.env).__name__
        if not isinstance(result, tuple) or len(result) != 5:
            raise TypeError(
                f"{name}.step() must return (observation, reward, terminated, truncated, info), got {result!r}"
            )
        observation, reward, terminated, truncated, info = result
        self._check_observation(observation, "step")
        for flag_name, flag in (("terminated", terminated), ("truncated", truncated)):
            if not isinstance(flag, (bool, np.bool_)):
                logger.warn(f"{name}.step() should return {flag_name} as a bool, got {flag!r} of {type(flag).__name__}")
        try:
            finite = bool(np.isfinite(reward))
        except (TypeError, ValueError):
            raise TypeError(f"{name}.step() must return a number as reward, got {reward!r}") from None
        if not finite:
            logger.warn(f"{name}.step() returned the reward {reward!r}, which is not finite")
        if not isinstance(info, dict):
            raise TypeError(f"{name}.step() must return an info dict, got {info!r}")

    def _check_observation(self, observation: Any, method: str) -> None:
        if not self.env.observation_space.contains(observation):
            logger.warn(
                f"{type(self.env).__name__}.{method}() returned an observation that lies outside its observation space "
                f"{self.env.observation_space}: {observation!r}"
            )

    def _described(self, spec: EnvSpec) -> EnvSpec:
        return replace(spec, disable_env_checker=False)


class Autoreset(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Begins the next episode by itself: the step after the end ignores its action and resets the environment.

    That step returns the first observation and the info of the reset, reward 0.0 and both flags False: as a batch does
    with ``AutoresetMode.NEXT_STEP``.
    """

    def __init__(self, env: Env[ObsType, ActType]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        self.autoreset = False  # whether the next step resets

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        self.autoreset = False
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        if self.autoreset:
            observation, info = self.env.reset()
            self.autoreset = False
            return observation, 0.0, False, False, info
        result = self.env.step(action)
        self.autoreset = result[2] or result[3]
        return result


class RecordEpisodeStatistics(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Puts return, length and duration of an episode into the info of its last step, and keeps the latest ones.

    ``info[stats_key] = {"r": undiscounted return, "l": steps, "t": seconds since the reset}``.

    Args:
        env: the environment to watch.
        buffer_length: how many episodes ``return_queue``, ``length_queue`` and ``time_queue`` remember.
        stats_key: the key in the info.
    """

    def __init__(self, env: Env[ObsType, ActType], buffer_length: int = 100, stats_key: str = "episode") -> None:
        RecordConstructorArgs.__init__(self, buffer_length=buffer_length, stats_key=stats_key)
        super().__init__(env)
        self._stats_key = stats_key
        self.episode_count = 0
        self.episode_start_time = -1.0  # s, on the performance counter; -1 before the first reset
        self.episode_returns = 0.0
        self.episode_lengths = 0
        self.time_queue: deque[float] = deque(maxlen=buffer_length)
        self.return_queue: deque[float] = deque(maxlen=buffer_length)
        self.length_queue: deque[int] = deque(maxlen=buffer_length)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        self.episode_start_time = time.perf_counter()
        self.episode_returns = 0.0
        self.episode_lengths = 0
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.episode_returns += reward  # type: ignore[operator]  # a number, whichever kind
        self.episode_lengths += 1
        if terminated or truncated:
            if self._stats_key in info:
                raise error.Error(
                    f"the info already has the key {self._stats_key!r}: is the environment wrapped twice? "
                    'Choose another one with stats_key="..."'
                )
            seconds = round(time.perf_counter() - self.episode_start_time, 6)
            info[self._stats_key] = {"r": self.episode_returns, "l": self.episode_lengths, "t": seconds}
            self.time_queue.append(seconds)
            self.return_queue.append(self.episode_returns)
            self.length_queue.append(self.episode_lengths)
            self.episode_count += 1
            self.episode_start_time = time.perf_counter()
        return observation, reward, terminated, truncated, info
