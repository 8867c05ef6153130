"""``gymnasium.envs.registration`` of 0.29: ids, with automatic resets and with environments of the old interface."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, fields, replace
from types import ModuleType
from typing import Any

from minigym import core, error
from minigym.compat.profile_029 import logger, wrappers
from minigym.core import WrapperSpec, parse_env_id
from minigym.core.spec import get_env_id
from minigym.registration import ids
from minigym.registration.ids import load_env_creator
from minigym.registration.making import Manner, make_env

__all__ = [
    "EnvSpec",
    "WrapperSpec",
    "find_highest_version",
    "get_env_id",
    "load_env_creator",
    "make",
    "parse_env_id",
    "pprint_registry",
    "register",
    "register_envs",
    "registry",
    "spec",
]


@dataclass(eq=False)
class EnvSpec(core.EnvSpec):
    """How to make an environment; ``autoreset`` and ``apply_api_compatibility`` are gone in 1.0."""

    autoreset: bool = False
    apply_api_compatibility: bool = False

    def make(self, **kwargs: Any) -> Any:
        """The environment."""
        return make(self, **kwargs)

    def to_json(self) -> str:
        described = json.loads(super().to_json())
        return json.dumps({name: described[name] for name in _ORDER if name in described})

    @staticmethod
    def from_json(json_env_spec: str) -> "EnvSpec":
        try:
            described = json.loads(json_env_spec)
            added = {name: described.pop(name) for name in ("autoreset", "apply_api_compatibility")}
        except (TypeError, ValueError, LookupError, AttributeError) as problem:
            raise error.InvalidParameter(
                f"expected the JSON text that EnvSpec.to_json() writes, got {json_env_spec!r}: {problem!r}"
            ) from problem
        return _of_029(core.EnvSpec.from_json(json.dumps(described)), **added)

    def pprint(
        self, disable_print: bool = False, include_entry_points: bool = False, print_all: bool = False
    ) -> str | None:
        text = super().pprint(True, include_entry_points, print_all)
        assert text is not None  # as asked for
        text, wrappers, rest = text.partition("\nadditional_wrappers=")
        text, checker, value = text.partition("\ndisable_env_checker=")
        if print_all or self.autoreset:
            text += f"\nautoreset={self.autoreset}"
        if print_all or self.apply_api_compatibility:
            value += f"\napplied_api_compatibility={self.apply_api_compatibility}"
        text += checker + value + wrappers + rest
        if disable_print:
            return text
        print(text)
        return None

    def __repr__(self) -> str:
        return f"EnvSpec({', '.join(f'{name}={getattr(self, name)!r}' for name in _ORDER)})"


# The order of the fields in 0.29; that of the class puts those of its base first.
_ORDER = (
    "id",
    "entry_point",
    "reward_threshold",
    "nondeterministic",
    "max_episode_steps",
    "order_enforce",
    "autoreset",
    "disable_env_checker",
    "apply_api_compatibility",
    "kwargs",
    "namespace",
    "name",
    "version",
    "additional_wrappers",
    "vector_entry_point",
)


def _of_029(described: core.EnvSpec, **changes: Any) -> EnvSpec:
    """The spec with the two fields that 1.0 has dropped, as given or False."""
    own = {one.name: getattr(described, one.name) for one in fields(described) if one.init}
    return EnvSpec(**{**own, **changes})


registry: dict[str, core.EnvSpec] = {}

_MANNER = Manner(
    logger.warn,
    wrappers.PassiveEnvChecker,
    wrappers.OrderEnforcing,
    wrappers.TimeLimit,
    wrappers.HumanRendering,
    wrappers.RenderCollection,
)


def register(
    id: str,
    entry_point: Callable[..., Any] | str | None = None,
    reward_threshold: float | None = None,
    nondeterministic: bool = False,
    max_episode_steps: int | None = None,
    order_enforce: bool = True,
    autoreset: bool = False,
    disable_env_checker: bool = False,
    apply_api_compatibility: bool = False,
    additional_wrappers: tuple[WrapperSpec, ...] = (),
    vector_entry_point: Callable[..., Any] | str | None = None,
    kwargs: dict[str, Any] | None = None,
) -> None:
    """Give an environment an id; as ``minigym.register``, and:

    Args:
        autoreset: whether ``make`` adds :class:`AutoResetWrapper`.
        apply_api_compatibility: whether the environment has the old interface of four values.
    """
    if autoreset:
        logger.warn("autoreset=True is gone in 1.0: wrap the environment in gymnasium.wrappers.AutoResetWrapper")
    ids.add(
        registry,
        EnvSpec(
            id=id,
            entry_point=entry_point,
            reward_threshold=reward_threshold,
            nondeterministic=nondeterministic,
            max_episode_steps=max_episode_steps,
            order_enforce=order_enforce,
            disable_env_checker=disable_env_checker,
            kwargs={} if kwargs is None else kwargs,
            additional_wrappers=tuple(additional_wrappers),
            vector_entry_point=vector_entry_point,
            autoreset=autoreset,
            apply_api_compatibility=apply_api_compatibility,
        ),
    )


def make(
    id: str | core.EnvSpec,
    max_episode_steps: int | None = None,
    autoreset: bool | None = None,
    apply_api_compatibility: bool | None = None,
    disable_env_checker: bool | None = None,
    **kwargs: Any,
) -> Any:
    """Make an environment; as ``minigym.make``, and:

    Args:
        autoreset: whether to add :class:`AutoResetWrapper`; None for what was registered.
        apply_api_compatibility: whether it has the old interface; None for what was registered.
    """
    described = ids.find(registry, id) if isinstance(id, str) else id
    if not isinstance(described, EnvSpec):
        raise error.InvalidParameter(f"expected an id or a gymnasium.envs.registration.EnvSpec, got {id!r}")
    latest = find_highest_version(described.namespace, described.name)
    if isinstance(id, str) and described.version is not None and latest is not None and described.version < latest:
        logger.deprecation(f"{described.id} is outdated; the latest version is v{latest}")
    entry_point = described.entry_point
    if described.apply_api_compatibility if apply_api_compatibility is None else apply_api_compatibility:
        logger.warn("apply_api_compatibility is gone in 1.0: derive the environment from gymnasium.Env")
        described = replace(described, entry_point=_adapted(described))
    env: Any = make_env(described, max_episode_steps, disable_env_checker, kwargs, _MANNER)
    inside = env.unwrapped
    inside.spec = _of_029(inside.spec, entry_point=entry_point)  # it says what stands there without wrappers
    if isinstance(inside, wrappers.EnvCompatibility):
        inside.spec.kwargs.pop("render_mode", None)
        inside.env.spec = inside.spec
    _forget_specs(env)
    if described.autoreset if autoreset is None else autoreset:
        logger.warn("autoreset=True is gone in 1.0: wrap the environment in gymnasium.wrappers.AutoResetWrapper")
        env = _within(env, described)
    return env


def _within(env: Any, described: EnvSpec) -> Any:
    """:class:`AutoResetWrapper` where 0.29 puts it, around the time limit but beneath all other wrappers."""
    outer = []
    while isinstance(env, core.Wrapper) and not isinstance(env, _OWN):
        outer.append(env)
        env = env.env
    env = wrappers.AutoResetWrapper(env)
    for wrapper in reversed(outer):
        wrapper.env = env
        env = wrapper
    return env


_OWN = (wrappers.PassiveEnvChecker, wrappers.OrderEnforcing, wrappers.TimeLimit)


def _forget_specs(env: Any) -> None:
    """Let each wrapper describe itself anew, upon the spec that the environment has now."""
    while isinstance(env, core.Wrapper):
        env._cached_spec = None
        env = env.env


def _adapted(described: EnvSpec) -> Callable[..., Any]:
    """What makes the environment inside :class:`EnvCompatibility`, which alone is told how to render."""
    point = described.entry_point
    if point is None:
        raise error.Error(f"{described.id} was registered without entry_point")
    creator = load_env_creator(point) if isinstance(point, str) else point

    def adapted(render_mode: str | None = None, **arguments: Any) -> Any:
        return wrappers.EnvCompatibility(creator(**arguments), render_mode)

    if hasattr(creator, "metadata"):
        adapted.metadata = creator.metadata  # type: ignore[attr-defined]  # where the render modes are looked up
    return adapted


def spec(env_id: str) -> core.EnvSpec:
    """What an id stands for."""
    return ids.find(registry, env_id)


def find_highest_version(ns: str | None, name: str) -> int | None:
    """The latest registered version of a name in a namespace."""
    return ids.highest_version(registry, ns, name)


def register_envs(env_module: ModuleType) -> None:
    """Nothing: a line that uses the module whose import registers environments."""


def pprint_registry(
    print_registry: dict[str, core.EnvSpec] | None = None,
    *,
    num_cols: int = 3,
    exclude_namespaces: Iterable[str] | None = None,
    disable_print: bool = False,
) -> str | None:
    """Print the registered ids."""
    text = ids.listing(registry if print_registry is None else print_registry, num_cols, exclude_namespaces)
    if disable_print:
        return text
    print(text)
    return None
