"""Ids and what they stand for: ``register``, ``make``, ``make_vec``, ``spec``, ``registry``, ``pprint_registry``.

The work is done in :mod:`~minigym.registration.ids`, :mod:`~minigym.registration.making` and
:mod:`~minigym.registration.batches`, whose functions are told the registry and how strict to be. Here are minigym's own
registry and its own strictness; ``minigym.compat`` has others.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from types import ModuleType
from typing import Any

from minigym import logger
from minigym.core import Env, EnvSpec, VectorEnv, WrapperSpec, parse_env_id
from minigym.core.spec import get_env_id
from minigym.registration import batches, ids, making
from minigym.registration.batches import VectorizeMode
from minigym.registration.ids import load_env_creator

__all__ = [
    "EnvSpec",
    "VectorizeMode",
    "WrapperSpec",
    "current_namespace",
    "find_highest_version",
    "get_env_id",
    "load_env_creator",
    "make",
    "make_vec",
    "namespace",
    "parse_env_id",
    "pprint_registry",
    "register",
    "register_envs",
    "registry",
    "spec",
]

registry: dict[str, EnvSpec] = {}

# minigym's own manner; the stand-in for Gymnasium runs this file again, over a registry of its own, and sets another.
_manner = making.Manner()

_namespace: ContextVar[str | None] = ContextVar("namespace", default=None)


def __getattr__(name: str) -> Any:
    """``current_namespace``: the one that :func:`namespace` has set, None outside."""
    if name == "current_namespace":
        return _namespace.get()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


@contextmanager
def namespace(ns: str) -> Iterator[None]:
    """Inside the block every ``register`` puts its id into the namespace ``ns``."""
    before = _namespace.set(ns)
    try:
        yield
    finally:
        _namespace.reset(before)


def register(
    id: str,
    entry_point: Callable[..., Env[Any, Any]] | str | None = None,
    reward_threshold: float | None = None,
    nondeterministic: bool = False,
    max_episode_steps: int | None = None,
    order_enforce: bool = True,
    disable_env_checker: bool = False,
    additional_wrappers: Sequence[WrapperSpec] = (),
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
        RegistrationError: without an entry point, for an argument of another kind, or if versioned and unversioned ids
            of one name would mix.
    """
    own, name, version = parse_env_id(id)
    around = _namespace.get()
    new = EnvSpec(
        id=get_env_id(own if around is None else around, name, version),
        entry_point=entry_point,
        reward_threshold=reward_threshold,
        nondeterministic=nondeterministic,
        max_episode_steps=max_episode_steps,
        order_enforce=order_enforce,
        disable_env_checker=disable_env_checker,
        kwargs={} if kwargs is None else kwargs,
        additional_wrappers=tuple(additional_wrappers),
        vector_entry_point=vector_entry_point,
    )
    ids.add(registry, new)


def register_envs(env_module: ModuleType) -> None:
    """Nothing: a line that uses the module whose import registers environments, so that tools keep the import."""


def make(
    id: str | EnvSpec,
    max_episode_steps: int | None = None,
    disable_env_checker: bool | None = None,
    **kwargs: Any,
) -> Env[Any, Any]:
    """Make a registered environment, with its checks and its time limit around it.

    Args:
        id: an id such as "FrozenLake-v1"; "module:Name-v0" imports the module first; or an :class:`EnvSpec`, also the
            ``spec`` of another environment, which it then makes anew, with its wrappers.
        max_episode_steps: another time limit than the registered one; -1 for none.
        disable_env_checker: whether to leave out PassiveEnvChecker; None for what was registered.
        kwargs: arguments of the environment, for instance ``render_mode="rgb_array"`` or ``gravity=1.6``.

    Returns:
        The environment inside (from the inside) PassiveEnvChecker, OrderEnforcing, TimeLimit and what the
        registration adds; then HumanRendering for ``render_mode="human"`` where the environment only has frames, or
        RenderCollection for "rgb_array_list" or "ansi_list".

    Raises:
        NamespaceNotFound, NameNotFound, VersionNotFound: (all UnregisteredEnv) for an unknown id, with a suggestion.
        DeprecatedEnv: for a version that later ones have replaced.
        UnsupportedMode: for a render mode that the environment's metadata do not name, where they name any.
        InvalidMetadata: if they are no dict.
        InvalidParameter: (a ValueError) if a wrapper's arguments are not known, or the entry point wraps in another
            way than the spec says.
        TypeError: for an argument that the environment does not take.
    """
    described = id if isinstance(id, EnvSpec) else _found_for_making(id)
    return making.make_env(described, max_episode_steps, disable_env_checker, kwargs, _manner)


EnvSpec._make = make


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
            ``vector_entry_point`` where one is registered and no wrappers go around each lane, else "sync".
        vector_kwargs: arguments of the batch, for instance ``{"autoreset_mode": "SameStep"}``, or, for a batch engine
            (:class:`minigym.vector.BatchEnv`), ``{"backend": "numba", "num_threads": 2}``.
        wrappers: what to put around each lane, innermost first; only with "sync" and "async".
        kwargs: arguments of :func:`make` for each lane, for instance ``max_episode_steps=50`` or ``gravity=1.6``. A
            batch engine takes arrays of one number a lane for physical parameters.

    Returns:
        The batch; whichever engine computes it, lane i is the environment seeded with seed + i (tensors of the backend
        "torch" excepted); its ``spec`` says how to make it again.

    Raises:
        UnregisteredEnv, DeprecatedEnv, UnsupportedMode, TypeError: as :func:`make` does.
        InvalidParameter: for another mode, or a ``num_envs`` below 1.
        Error: if the mode does not go with the registration or with the other arguments.
    """
    described = id if isinstance(id, EnvSpec) else _found_for_making(id)
    return batches.make_batch(described, num_envs, vectorization_mode, vector_kwargs, wrappers, kwargs, make, _manner)


def _found_for_making(env_id: str) -> EnvSpec:
    described = spec(env_id)
    latest = find_highest_version(described.namespace, described.name)
    if described.version is not None and latest is not None and described.version < latest:
        logger.deprecation(f"{described.id} is outdated; the latest version is v{latest}")
    return described


def spec(env_id: str) -> EnvSpec:
    """What an id stands for, with the errors of :func:`make`.

    An id without a version means the latest one, with a UserWarning; "module:Name-v0" imports the module first.
    """
    return ids.find(registry, env_id)


def find_highest_version(ns: str | None, name: str) -> int | None:
    """The latest registered version of a name in a namespace; None where it has none."""
    return ids.highest_version(registry, ns, name)


def pprint_registry(
    print_registry: dict[str, EnvSpec] | None = None,
    *,
    num_cols: int = 3,
    exclude_namespaces: Iterable[str] | None = None,
    disable_print: bool = False,
) -> str | None:
    """Print the registered ids, in groups: by namespace, or by the module that they come from.

    Args:
        print_registry: the ids to print; None for :data:`registry`.
        num_cols: ids a line.
        exclude_namespaces: groups to leave out.
        disable_print: return the text instead of printing it.
    """
    text = ids.listing(registry if print_registry is None else print_registry, num_cols, exclude_namespaces)
    if disable_print:
        return text
    print(text)
    return None


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
                vector_entry_point="minigym.vector.batch_env:FrozenLakeVectorEnv",
                reward_threshold=threshold,
                max_episode_steps=steps,
                kwargs={"map_name": map_name},
            )
    for version, steps, threshold in ((0, 200, 195.0), (1, 500, 475.0)):
        register(
            f"CartPole-v{version}",
            entry_point="minigym.envs.cart_pole:CartPoleEnv",
            vector_entry_point="minigym.vector.batch_env:CartPoleVectorEnv",
            reward_threshold=threshold,
            max_episode_steps=steps,
        )
    register(
        "MountainCar-v0",
        entry_point="minigym.envs.mountain_car:MountainCarEnv",
        vector_entry_point="minigym.vector.batch_env:MountainCarVectorEnv",
        reward_threshold=-110.0,
        max_episode_steps=200,
    )


_register_builtin()
