"""Ids and what they stand for: ``register``, ``make``, ``make_vec``, ``spec``, ``registry``, ``pprint_registry``."""

import copy
import difflib
import importlib
import inspect
from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any

import numpy as np

from minigym import error, logger, vector
from minigym.core import AutoresetMode, Env, EnvSpec, VectorEnv, WrapperSpec, parse_env_id
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


class VectorizeMode(Enum):
    """How :func:`make_vec` makes a batch."""

    SYNC = "sync"
    """The environments one after the other: :class:`minigym.vector.SyncVectorEnv`."""

    ASYNC = "async"
    """Each in a process of its own: :class:`minigym.vector.AsyncVectorEnv`."""

    VECTOR_ENTRY_POINT = "vector_entry_point"
    """What the registration named as ``vector_entry_point``: a class that computes the whole batch at once."""

    @classmethod
    def _missing_(cls, value: object) -> "VectorizeMode":
        raise error.InvalidParameter(
            f"vectorization_mode must be None or one of {', '.join(repr(mode.value) for mode in cls)}, got {value!r}"
        )


def make_vec(
    id: str | EnvSpec,
    num_envs: int = 1,
    vectorization_mode: VectorizeMode | str | None = None,
    vector_kwargs: dict[str, Any] | None = None,
    wrappers: Sequence[Callable[[Env[Any, Any]], Env[Any, Any]]] | None = None,
    **kwargs: Any,
) -> VectorEnv[Any, Any, Any]:
    """Make a batch of a registered environment.

    Args:
        id: an id, as :func:`make` takes it, or an :class:`EnvSpec`, also the ``spec`` of another batch, which it then
            makes anew.
        num_envs: how many lanes.
        vectorization_mode: "sync", "async" or "vector_entry_point" (see :class:`VectorizeMode`); None for the
            ``vector_entry_point`` where one is registered, else "sync".
        vector_kwargs: arguments of the batch, for instance ``{"autoreset_mode": "SameStep"}``.
        wrappers: what to put around each lane, innermost first; only with "sync" and "async".
        kwargs: arguments of :func:`make` for each lane, for instance ``max_episode_steps=50`` or ``gravity=1.6``.

    Returns:
        The batch; its ``spec`` says how to make it again.

    Raises:
        UnregisteredEnv, DeprecatedEnv, TypeError: as :func:`make` does.
        InvalidParameter: for another mode, or a ``num_envs`` below 1.
        Error: if the mode does not go with the registration or with the other arguments.
    """
    described = copy.deepcopy(id if isinstance(id, EnvSpec) else spec(id))
    # The spec of a batch carries the arguments of make_vec among its kwargs, and they win, as in the reference.
    arguments, described.kwargs = described.kwargs, {}
    num_envs = arguments.pop("num_envs", num_envs)
    vectorization_mode = arguments.pop("vectorization_mode", vectorization_mode)
    vector_kwargs = arguments.pop("vector_kwargs", vector_kwargs) or {}
    wrappers = arguments.pop("wrappers", wrappers) or ()
    arguments.update(kwargs)
    if isinstance(num_envs, bool) or not isinstance(num_envs, (int, np.integer)) or num_envs < 1:
        raise error.InvalidParameter(f"num_envs must be a positive integer, got {num_envs!r}")
    if vectorization_mode is None:
        mode = VectorizeMode.SYNC if described.vector_entry_point is None else VectorizeMode.VECTOR_ENTRY_POINT
    else:
        mode = VectorizeMode(vectorization_mode)
    if mode is VectorizeMode.VECTOR_ENTRY_POINT:
        envs = _make_batch(described, num_envs, vector_kwargs, wrappers, arguments)
    else:
        kind: Any = vector.AsyncVectorEnv if mode is VectorizeMode.ASYNC else vector.SyncVectorEnv
        envs = _make_lanes(kind, described, num_envs, vector_kwargs, wrappers, arguments)
    described.kwargs = dict(arguments)
    if num_envs != 1:
        described.kwargs["num_envs"] = num_envs
    described.kwargs["vectorization_mode"] = mode.value
    if vector_kwargs:
        described.kwargs["vector_kwargs"] = vector_kwargs
    if wrappers:
        described.kwargs["wrappers"] = wrappers
    envs.unwrapped.spec = described
    if not isinstance(envs.metadata.get("autoreset_mode"), AutoresetMode):
        logger.warn(
            f'{envs} does not say when it resets its lanes: set metadata["autoreset_mode"] to a '
            "minigym.vector.AutoresetMode"
        )
    return envs


def _make_lanes(
    kind: Callable[..., VectorEnv[Any, Any, Any]],
    described: EnvSpec,
    num_envs: int,
    vector_kwargs: dict[str, Any],
    wrappers: Sequence[Callable[[Env[Any, Any]], Env[Any, Any]]],
    arguments: dict[str, Any],
) -> VectorEnv[Any, Any, Any]:
    """A batch of environments that ``make`` makes one by one."""
    if described.entry_point is None:
        raise error.Error(
            f"{described.id} has no single environment, only batches: it was registered without entry_point; "
            'write vectorization_mode="vector_entry_point"'
        )
    if "backend" in vector_kwargs:
        raise error.Error(
            f"there are no batch engines yet, so vector_kwargs may not choose backend={vector_kwargs['backend']!r}; "
            f"leave it out for {kind.__name__}"
        )
    _check_arguments(kind.__name__, kind, vector_kwargs)

    def make_lane() -> Env[Any, Any]:
        env = make(described, **copy.deepcopy(arguments))
        for wrapper in wrappers:
            env = wrapper(env)
        return env

    return kind([make_lane] * num_envs, **vector_kwargs)


def _make_batch(
    described: EnvSpec,
    num_envs: int,
    vector_kwargs: dict[str, Any],
    wrappers: Sequence[Callable[[Env[Any, Any]], Env[Any, Any]]],
    arguments: dict[str, Any],
) -> VectorEnv[Any, Any, Any]:
    """The batch of ``vector_entry_point``, which takes no lane apart."""
    if described.vector_entry_point is None:
        raise error.Error(
            f"{described.id} was registered without vector_entry_point; leave vectorization_mode out, or write "
            'vectorization_mode="sync"'
        )
    for name, unwanted in (
        ("vector_kwargs", vector_kwargs),
        ("wrappers", wrappers),
        ("additional_wrappers", described.additional_wrappers),
    ):
        if unwanted:
            raise error.Error(
                f'vectorization_mode="vector_entry_point" takes no {name}, got {unwanted!r}; its arguments are the '
                'keyword arguments of make_vec, and vectorization_mode="sync" wraps the lanes'
            )
    if described.max_episode_steps is not None:
        arguments.setdefault("max_episode_steps", described.max_episode_steps)
    entry_point = described.vector_entry_point
    creator = _load(entry_point) if isinstance(entry_point, str) else entry_point
    _check_arguments(described.id, creator, {"num_envs": num_envs, **arguments})
    envs: VectorEnv[Any, Any, Any] = creator(num_envs=num_envs, **arguments)
    if not isinstance(envs, VectorEnv):
        raise TypeError(
            f"the vector_entry_point of {described.id} must make a minigym.vector.VectorEnv, got {envs!r} of type "
            f"{type(envs).__name__}"
        )
    return envs


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
