"""``gym.core``: environments and wrappers before 0.26. None of these classes derives from minigym's modern ones.

Other packages tell an old environment from a new one by its class.
"""

from types import TracebackType
from typing import Any, Self

from minigym import error
from minigym.compat.classic import spaces

__all__ = ["ActionWrapper", "Env", "GoalEnv", "ObservationWrapper", "RewardWrapper", "Wrapper"]


class Env:
    """An environment: ``reset()`` -> observation, ``step(action)`` -> (observation, reward, done, info)."""

    metadata: dict[str, Any] = {"render.modes": []}  # noqa: RUF012  # a class attribute, as it was
    reward_range: tuple[float, float] = (-float("inf"), float("inf"))
    spec: Any = None
    action_space: Any = None
    observation_space: Any = None

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        """Play one action."""
        raise NotImplementedError

    def reset(self) -> Any:
        """Begin an episode."""
        raise NotImplementedError

    def render(self, mode: str = "human") -> Any:
        """Show the state; a subclass hands modes that it does not know up to here."""
        modes = self.metadata.get("render.modes", [])
        raise NotImplementedError(f"{self} cannot render in the mode {mode!r}; use one of {modes}")

    def close(self) -> None:
        """Release windows and files. A second call does nothing."""

    def seed(self, seed: int | None = None) -> Any:
        """Start the random numbers anew; returns the seeds used, as a list."""

    @property
    def unwrapped(self) -> "Env":
        """The environment itself, beneath all wrappers."""
        return self

    def __str__(self) -> str:
        return f"<{type(self).__name__} instance>" if self.spec is None else f"<{type(self).__name__}<{self.spec.id}>>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class GoalEnv(Env):
    """An environment whose observation is a Dict of ``observation``, ``achieved_goal`` and ``desired_goal``."""

    def reset(self) -> Any:
        """Check the observation space; a subclass calls this first."""
        keys = {"observation", "achieved_goal", "desired_goal"}
        space = self.observation_space
        if not isinstance(space, spaces.Dict) or not keys <= space.spaces.keys():
            raise error.Error(f"a GoalEnv needs a Dict with the keys {', '.join(sorted(keys))}, got {space}")

    def compute_reward(self, achieved_goal: Any, desired_goal: Any, info: dict[str, Any]) -> Any:
        """The reward as a function of where one is and where one was to go."""
        raise NotImplementedError


def _forwarded(name: str) -> Any:
    """An attribute that is the environment's until the wrapper sets its own."""
    own = f"_{name}"
    return property(
        lambda self: self.__dict__[own] if own in self.__dict__ else getattr(self.env, name),
        lambda self, value: self.__dict__.__setitem__(own, value),
    )


class Wrapper(Env):
    """An environment around another one; public attributes of the inner one are forwarded."""

    def __init__(self, env: Any) -> None:
        self.env = env

    def __getattr__(self, name: str) -> Any:
        # "env" itself is missing while a wrapper is being copied or unpickled: without this line, endless recursion.
        if name.startswith("_") or name == "env":
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}, and private ones are not forwarded")
        return getattr(self.env, name)

    action_space = _forwarded("action_space")
    observation_space = _forwarded("observation_space")
    reward_range = _forwarded("reward_range")
    metadata = _forwarded("metadata")

    @property
    def spec(self) -> Any:
        return self.env.spec

    @property
    def unwrapped(self) -> Env:
        inner: Env = self.env.unwrapped
        return inner

    @classmethod
    def class_name(cls) -> str:
        """The wrapper's name."""
        return cls.__name__

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        result: tuple[Any, Any, bool, dict[str, Any]] = self.env.step(action)
        return result

    def reset(self, **kwargs: Any) -> Any:
        return self.env.reset(**kwargs)

    def render(self, mode: str = "human", **kwargs: Any) -> Any:
        return self.env.render(mode, **kwargs)

    def close(self) -> None:
        self.env.close()

    def seed(self, seed: int | None = None) -> Any:
        return self.env.seed(seed)

    def compute_reward(self, achieved_goal: Any, desired_goal: Any, info: dict[str, Any]) -> Any:
        """The inner GoalEnv's."""
        return self.env.compute_reward(achieved_goal, desired_goal, info)

    def __str__(self) -> str:
        return f"<{type(self).__name__}{self.env}>"

    def __repr__(self) -> str:
        return str(self)


class ObservationWrapper(Wrapper):
    """Changes every observation; a subclass implements ``observation``."""

    def reset(self, **kwargs: Any) -> Any:
        return self.observation(self.env.reset(**kwargs))

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        observation, reward, done, info = self.env.step(action)
        return self.observation(observation), reward, done, info

    def observation(self, observation: Any) -> Any:
        """The observation that the agent gets to see."""
        raise NotImplementedError


class RewardWrapper(Wrapper):
    """Changes every reward; a subclass implements ``reward``."""

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        observation, reward, done, info = self.env.step(action)
        return observation, self.reward(reward), done, info

    def reward(self, reward: Any) -> Any:
        """The reward that the agent gets."""
        raise NotImplementedError


class ActionWrapper(Wrapper):
    """Changes every action; a subclass implements ``action``."""

    def step(self, action: Any) -> tuple[Any, Any, bool, dict[str, Any]]:
        result: tuple[Any, Any, bool, dict[str, Any]] = self.env.step(self.action(action))
        return result

    def action(self, action: Any) -> Any:
        """The action that the environment gets."""
        raise NotImplementedError

    def reverse_action(self, action: Any) -> Any:
        """The agent's action that becomes this one."""
        raise NotImplementedError
