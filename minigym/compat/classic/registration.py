"""``gym.envs.registration``: ids, what they stand for, and making them."""

import copy
import difflib
import importlib
import re
from collections.abc import Callable, ValuesView
from typing import Any

from minigym.compat.classic import error, logger
from minigym.compat.classic.wrappers import OrderEnforcing, TimeLimit
from minigym.compat.install import GYM, at_least

__all__ = ["EnvRegistry", "EnvSpec", "load", "make", "register", "registry", "spec"]

env_id_re = re.compile(r"^(?:[\w:-]+\/)?([\w:.-]+)-v(\d+)$")  # [namespace/]name-vN


def load(name: str) -> Any:
    """What "module:attribute" names."""
    module, _, attribute = name.partition(":")
    return getattr(importlib.import_module(module), attribute)


class EnvSpec:
    """What was registered under an id.

    Args:
        id: ``[namespace/]name-vN``.
        entry_point: a class or function, or "module:attribute"; None for an id that has gone.
        reward_threshold: the mean return from which the task counts as solved.
        nondeterministic: whether equal seeds may give different episodes.
        max_episode_steps: the time limit.
        order_enforce: whether stepping before the first reset is refused (from 0.21, where there is no time limit).
        kwargs: arguments for the entry point.
    """

    def __init__(
        self,
        id: str,
        entry_point: str | Callable[..., Any] | None = None,
        reward_threshold: float | None = None,
        nondeterministic: bool = False,
        max_episode_steps: int | None = None,
        order_enforce: bool = True,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.entry_point = entry_point
        self.reward_threshold = reward_threshold
        self.nondeterministic = nondeterministic
        self.max_episode_steps = max_episode_steps
        self.order_enforce = order_enforce
        self._kwargs = {} if kwargs is None else kwargs
        self._env_name = _name_of(id)

    def make(self, **kwargs: Any) -> Any:
        """The environment inside its time limit, where it has one."""
        if self.entry_point is None:
            raise error.Error(f"{self.id} was registered without entry_point, so there is nothing to make")
        creator = load(self.entry_point) if isinstance(self.entry_point, str) else self.entry_point
        described = copy.deepcopy(self)
        described._kwargs = {**self._kwargs, **kwargs}
        env = creator(**described._kwargs)
        env.unwrapped.spec = described
        if self.max_episode_steps is not None:
            return TimeLimit(env, self.max_episode_steps)
        return OrderEnforcing(env) if self.order_enforce and at_least("0.21") else env

    def __repr__(self) -> str:
        return f"EnvSpec({self.id})"


class EnvRegistry:
    """All ids; ``env_specs`` is a dict that notebooks edit."""

    def __init__(self) -> None:
        self.env_specs: dict[str, EnvSpec] = {}

    def make(self, path: str, **kwargs: Any) -> Any:
        """Make a registered environment; "module:Name-v0" imports the module first."""
        logger.info("Making new env: %s", f"{path} ({kwargs})" if kwargs else path)
        return self.spec(path).make(**kwargs)

    def all(self) -> ValuesView[EnvSpec]:
        """Everything registered."""
        return self.env_specs.values()

    def spec(self, path: str) -> EnvSpec:
        """What an id stands for."""
        module, _, id = path.rpartition(":")
        if module:
            try:
                importlib.import_module(module)
            except ModuleNotFoundError as missing:
                raise error.Error(f"{missing}: {path!r} asks to import {module!r} first, to register {id!r}") from None
        if id in self.env_specs:
            return self.env_specs[id]
        name = _name_of(id)
        versions = [other.id for other in self.all() if other._env_name == name]
        if versions:
            raise error.DeprecatedEnv(f"{id} is not registered; there is {', '.join(versions)}")
        close = difflib.get_close_matches(id, self.env_specs, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"there is {', '.join(self.env_specs)}"
        raise error.UnregisteredEnv(f"no environment is registered as {id!r}; {hint}")

    def register(self, id: str, **kwargs: Any) -> None:
        """Register an id; a second registration replaces the first, with a warning."""
        # Before 0.20 an error, which every second run of a notebook's cell met.
        if id in self.env_specs:
            logger.warn(f"{id} was registered before; the new registration replaces it")
        self.env_specs[id] = EnvSpec(id, **kwargs)


def _name_of(id: str) -> str:
    match = env_id_re.search(id)
    if match is None:
        raise error.Error(f'an id must look like "Name-v0" or "namespace/Name-v0", got {id!r}')
    return match.group(1)


registry = EnvRegistry()
register, make, spec = registry.register, registry.make, registry.spec

# v0 was there up to 0.18, v1 from 0.19 on; here both always are. The last release of 0.18 gave v0 the thresholds of v1.
_at_last = GYM.chosen() == "0.18"
for _name, _map, _steps, _thresholds in (
    ("FrozenLake", "4x4", 100, (0.70 if _at_last else 0.78, 0.70)),
    ("FrozenLake8x8", "8x8", 200, (0.85 if _at_last else 0.99, 0.85)),
):
    for _version, _threshold in enumerate(_thresholds):
        register(
            f"{_name}-v{_version}",
            entry_point="gym.envs.toy_text:FrozenLakeEnv",
            kwargs={"map_name": _map},
            max_episode_steps=_steps,
            reward_threshold=_threshold,
        )
for _version, _steps, _threshold in ((0, 200, 195.0), (1, 500, 475.0)):
    register(
        f"CartPole-v{_version}",
        entry_point="gym.envs.classic_control:CartPoleEnv",
        max_episode_steps=_steps,
        reward_threshold=_threshold,
    )
register(
    "MountainCar-v0",
    entry_point="gym.envs.classic_control:MountainCarEnv",
    max_episode_steps=200,
    reward_threshold=-110.0,
)
