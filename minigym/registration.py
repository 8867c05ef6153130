"""Ids and what they stand for: ``register``, ``make``, ``spec``, ``registry``, ``pprint_registry``."""

import copy
import difflib
import importlib
import inspect
from collections.abc import Callable, Iterable
from typing import Any

from minigym import error, logger
from minigym.core import Env, EnvSpec, WrapperSpec, parse_env_id
from minigym.wrappers import OrderEnforcing, PassiveEnvChecker, TimeLimit

registry: dict[str, EnvSpec] = {}


def register(
    id: str,
    entry_point: Callable[..., Env[Any, Any]] | str | None = None,
    reward_threshold: float | None = None,
    nondeterministic: bool = False,
    max_episode_steps: int | None = None,
    order_enforce: bool = True,
    disable_env_checker: bool = False,
    additional_wrappers: tuple[WrapperSpec, ...] = (),
    vector_entry_point: Callable[..., Any] | str | None = None,
    kwargs: dict[str, Any] | None = None,
) -> None:
    """Give an environment an id under which ``make`` finds it.

    Args:
        id: ``[namespace/]name[-vN]``, for instance "CartPole-v1" or "mylab/Maze-v0".
        entry_point: a class or function that returns the environment, or "module:attribute" to import it from.
        reward_threshold: the mean return from which the task counts as solved.
        nondeterministic: whether it varies even from the same seed.
        max_episode_steps: the time limit that ``make`` sets; None for no limit.
        order_enforce: whether ``make`` refuses a step before the first reset.
        disable_env_checker: whether ``make`` leaves out :class:`minigym.wrappers.PassiveEnvChecker`.
        additional_wrappers: wrappers to put around the result, innermost first.
        vector_entry_point: likewise for a batch of environments.
        kwargs: default arguments of the entry point.

    Raises:
        Error: for a malformed id.
        RegistrationError: without an entry point, or if versioned and unversioned ids of one name would mix.
    """
    if entry_point is None and vector_entry_point is None:
        raise error.RegistrationError(
            f'{id} needs an entry_point (or a vector_entry_point), for instance entry_point="my_module:MyEnv"'
        )
    new = EnvSpec(
        id=id,
        entry_point=entry_point,
        reward_threshold=reward_threshold,
        nondeterministic=nondeterministic,
        max_episode_steps=max_episode_steps,
        order_enforce=order_enforce,
        disable_env_checker=disable_env_checker,
        kwargs={} if kwargs is None else kwargs,
        additional_wrappers=additional_wrappers,
        vector_entry_point=vector_entry_point,
    )
    for other in _versions(new.namespace, new.name):
        if (other.version is None) != (new.version is None):
            raise error.RegistrationError(
                f"{id} cannot be registered beside {other.id}: either all ids of one name carry a version or none "
                "does, since an id without a version means the latest"
            )
    if id in registry:
        logger.warn(f"{id} was registered before; the new registration replaces it")
    registry[id] = new


def make(
    id: str | EnvSpec,
    max_episode_steps: int | None = None,
    disable_env_checker: bool | None = None,
    **kwargs: Any,
) -> Env[Any, Any]:
    """Make a registered environment, with its checks and its time limit around it.

    Args:
        id: an id such as "FrozenLake-v1"; "module:Name-v0" imports the module first; or an :class:`EnvSpec`.
        max_episode_steps: another time limit than the registered one; -1 for none.
        disable_env_checker: whether to leave out PassiveEnvChecker; None for what was registered.
        kwargs: arguments of the environment, for instance ``render_mode="rgb_array"`` or ``gravity=1.6``.

    Returns:
        The environment inside (from the inside) PassiveEnvChecker, OrderEnforcing, TimeLimit and what the
        registration adds.

    Raises:
        NamespaceNotFound, NameNotFound, VersionNotFound: (all UnregisteredEnv) for an unknown id, with a suggestion.
        DeprecatedEnv: for a version older than any registered one.
        TypeError: for an argument that the environment does not take.
    """
    described = id if isinstance(id, EnvSpec) else spec(id)
    entry_point = described.entry_point
    if entry_point is None:
        raise error.Error(
            f"{described.id} has no single environment, only batches: it was registered without entry_point"
        )
    creator = _load(entry_point) if isinstance(entry_point, str) else entry_point
    arguments = {**copy.deepcopy(described.kwargs), **kwargs}
    _check_arguments(described.id, creator, arguments)
    env = creator(**arguments)
    if not isinstance(env, Env):
        raise TypeError(
            f"{described.id} must make a minigym.Env, got {env!r} of type {type(env).__name__}; "
            "derive your class from minigym.Env"
        )
    # The innermost spec says what stands there without wrappers; each wrapper adds itself to it.
    env.unwrapped.spec = EnvSpec(
        id=described.id,
        entry_point=entry_point,
        reward_threshold=described.reward_threshold,
        nondeterministic=described.nondeterministic,
        order_enforce=False,
        disable_env_checker=True,
        kwargs=arguments,
        vector_entry_point=described.vector_entry_point,
    )
    if not (described.disable_env_checker if disable_env_checker is None else disable_env_checker):
        env = PassiveEnvChecker(env)
    if described.order_enforce:
        env = OrderEnforcing(env)
    limit = described.max_episode_steps if max_episode_steps is None else max_episode_steps
    if limit is not None and limit != -1:
        env = TimeLimit(env, limit)
    for wrapper in described.additional_wrappers:
        if wrapper.kwargs is None:
            raise ValueError(
                f"the wrapper {wrapper.name} of {described.id} cannot be made again: its arguments are unknown"
            )
        env = _load(wrapper.entry_point)(env=env, **wrapper.kwargs)
    return env


def spec(env_id: str) -> EnvSpec:
    """What an id stands for; the errors and warnings of :func:`make`.

    An id without a version means the latest one, with a UserWarning; an outdated version gets a
    DeprecationWarning.
    """
    module, _, plain_id = env_id.rpartition(":") if isinstance(env_id, str) else ("", "", env_id)
    if module:
        try:
            importlib.import_module(module)
        except ModuleNotFoundError as missing:
            raise ModuleNotFoundError(
                f"{missing}: {env_id!r} asks to import {module!r} first, which should register {plain_id!r}"
            ) from missing
    namespace, name, version = parse_env_id(plain_id)
    versions = [other.version for other in _versions(namespace, name) if other.version is not None]
    latest = max(versions, default=None)
    if version is None and latest is not None:
        logger.warn(f"{plain_id!r} names no version; using the latest, {plain_id}-v{latest}")
        return registry[f"{plain_id}-v{latest}"]
    if version is not None:  # v01 means v1
        plain_id = f"{plain_id.rpartition('-v')[0]}-v{version}"
    if plain_id in registry:
        if version is not None and latest is not None and version < latest:
            logger.deprecation(f"{plain_id} is outdated; the latest version is v{latest}")
        return registry[plain_id]
    raise _not_found(plain_id, namespace, name, version, versions)


def pprint_registry(
    print_registry: dict[str, EnvSpec] | None = None,
    *,
    num_cols: int = 3,
    exclude_namespaces: Iterable[str] | None = None,
    disable_print: bool = False,
) -> str | None:
    """Print the registered ids, grouped by the module that each comes from.

    Args:
        print_registry: the ids to print; None for :data:`registry`.
        num_cols: ids a line.
        exclude_namespaces: groups to leave out.
        disable_print: return the text instead of printing it.
    """
    groups: dict[str, list[str]] = {}
    for described in (registry if print_registry is None else print_registry).values():
        module = described.entry_point.partition(":")[0] if isinstance(described.entry_point, str) else ""
        group = described.namespace or module.rpartition(".")[2] or "others"
        groups.setdefault(group, []).append(described.id)
    lines = []
    for group, ids in groups.items():
        if group in (exclude_namespaces or ()):
            continue
        lines.append(f"===== {group} =====")
        width = max(map(len, ids)) + 2
        for first in range(0, len(ids), num_cols):
            lines.append("".join(id.ljust(width) for id in sorted(ids)[first : first + num_cols]).rstrip())
    text = "\n".join(lines)
    if disable_print:
        return text
    print(text)
    return None


def _versions(namespace: str | None, name: str) -> list[EnvSpec]:
    return [described for described in registry.values() if (described.namespace, described.name) == (namespace, name)]


def _not_found(
    env_id: str, namespace: str | None, name: str, version: int | None, versions: list[int]
) -> error.UnregisteredEnv | error.DeprecatedEnv:
    """The most specific thing that is wrong with an id that is not in the registry."""
    namespaces = {described.namespace for described in registry.values() if described.namespace is not None}
    if namespace is not None and namespace not in namespaces:
        hint = _did_you_mean(namespace, namespaces) or "import the package that registers it first"
        return error.NamespaceNotFound(f"no environment is registered in the namespace {namespace!r}; {hint}")
    names = {described.name for described in registry.values() if described.namespace == namespace}
    if name not in names:
        hint = _did_you_mean(name, names) or "minigym.pprint_registry() lists what there is"
        return error.NameNotFound(f"no environment is named {name!r}; {hint}")
    known = ", ".join(f"v{number}" for number in sorted(versions)) or "one without a version"
    if versions and version is not None and version < min(versions):
        return error.DeprecatedEnv(f"{env_id} is older than every registered version of {name}; there is {known}")
    return error.VersionNotFound(f"there is no version v{version} of {name}; there is {known}")


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else ""


def _load(entry_point: str) -> Callable[..., Any]:
    """What "module:attribute" names."""
    module, separator, attribute = entry_point.partition(":")
    if not separator:
        raise error.RegistrationError(f'an entry point must look like "module:attribute", got {entry_point!r}')
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return loaded


def _check_arguments(env_id: str, creator: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Refuse arguments that the environment does not take, before it is half made."""
    parameters = inspect.signature(creator).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for name in arguments:
        if name not in parameters:
            hint = _did_you_mean(name, parameters) or f"it takes {', '.join(parameters) or 'none'}"
            raise TypeError(f"{env_id} takes no argument {name!r}; {hint}")


def _register_builtin() -> None:
    # The thresholds of v0 are those of gym up to 0.18, of v1 those of Gymnasium.
    for name, map_name, steps, thresholds in (
        ("FrozenLake", "4x4", 100, (0.78, 0.70)),
        ("FrozenLake8x8", "8x8", 200, (0.99, 0.85)),
    ):
        for version, threshold in enumerate(thresholds):
            register(
                f"{name}-v{version}",
                entry_point="minigym.envs.frozen_lake:FrozenLakeEnv",
                reward_threshold=threshold,
                max_episode_steps=steps,
                kwargs={"map_name": map_name},
            )
    for version, steps, threshold in ((0, 200, 195.0), (1, 500, 475.0)):
        register(
            f"CartPole-v{version}",
            entry_point="minigym.envs.cart_pole:CartPoleEnv",
            reward_threshold=threshold,
            max_episode_steps=steps,
        )


_register_builtin()
