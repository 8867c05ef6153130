"""Ids and what they stand for, in a registry that the caller names: a dict from ids to specs."""

import difflib
import importlib
from collections.abc import Callable, Iterable, Mapping, MutableMapping, Sequence
from typing import Any

import numpy as np

from minigym import error, logger
from minigym.core import EnvSpec, WrapperSpec, parse_env_id
from minigym.core.spec import get_env_id


def add(specs: MutableMapping[str, EnvSpec], new: EnvSpec) -> None:
    """Put a spec into the registry; one of the same id is replaced, with a warning.

    Raises:
        RegistrationError: if a field of the spec has a value that could not be made an environment of, or versioned
            and unversioned ids of one name would mix.
    """
    _check(new)
    for other in _of_name(specs, new.namespace, new.name):
        if (other.version is None) != (new.version is None):
            raise error.RegistrationError(
                f"{new.id} cannot be registered beside {other.id}: either all ids of one name carry a version or none "
                "does, since an id without a version means the latest"
            )
    if new.id in specs:
        logger.warn(f"{new.id} was registered before; the new registration replaces it")
    specs[new.id] = new


def _check(new: EnvSpec) -> None:
    if new.entry_point is None and new.vector_entry_point is None:
        raise error.RegistrationError(
            f'{new.id} needs an entry_point (or a vector_entry_point), for instance entry_point="my_module:MyEnv"'
        )
    limit, wrappers = new.max_episode_steps, new.additional_wrappers
    is_limit = isinstance(limit, (int, np.integer)) and not isinstance(limit, bool) and limit > 0
    for name, fits, expected in (
        ("entry_point", _is_entry_point(new.entry_point), 'a class, a function or "module:attribute"'),
        ("vector_entry_point", _is_entry_point(new.vector_entry_point), 'a class, a function or "module:attribute"'),
        ("max_episode_steps", limit is None or is_limit, "a positive integer, or None for no limit"),
        ("kwargs", isinstance(new.kwargs, dict), "a dict of the environment's arguments"),
        (
            "additional_wrappers",
            isinstance(wrappers, tuple) and all(isinstance(wrapper, WrapperSpec) for wrapper in wrappers),
            "a tuple of WrapperSpecs, such as minigym.wrappers.RecordEpisodeStatistics.wrapper_spec()",
        ),
    ):
        if not fits:
            raise error.RegistrationError(f"{new.id}: {name} must be {expected}, got {getattr(new, name)!r}")


def _is_entry_point(entry_point: Any) -> bool:
    if isinstance(entry_point, str):
        return entry_point.count(":") == 1
    return entry_point is None or callable(entry_point)


def find(specs: Mapping[str, EnvSpec], env_id: str) -> EnvSpec:
    """What an id stands for; "module:Name-v0" imports the module first.

    An id without a version means the latest one, with a UserWarning.

    Raises:
        NamespaceNotFound, NameNotFound, VersionNotFound: (all UnregisteredEnv) for an unknown id, with a suggestion.
        DeprecatedEnv: for a version older than the latest, or for any version of what was registered without.
        ModuleNotFoundError: if there is no such module.
        Error: for a malformed id.
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
    latest = highest_version(specs, namespace, name)
    if version is None and latest is not None:
        logger.warn(f"{plain_id!r} names no version; using the latest, {plain_id}-v{latest}")
        version = latest
    plain_id = get_env_id(namespace, name, version)  # without leading zeros: v01 means v1
    if plain_id not in specs:
        raise _not_found(specs, plain_id)
    return specs[plain_id]


def highest_version(specs: Mapping[str, EnvSpec], namespace: str | None, name: str) -> int | None:
    """The latest version of a name; None where it has none."""
    versions = (other.version for other in _of_name(specs, namespace, name))
    return max((version for version in versions if version is not None), default=None)


def _of_name(specs: Mapping[str, EnvSpec], namespace: str | None, name: str) -> list[EnvSpec]:
    return [described for described in specs.values() if (described.namespace, described.name) == (namespace, name)]


def _not_found(specs: Mapping[str, EnvSpec], env_id: str) -> error.UnregisteredEnv | error.DeprecatedEnv:
    """The most specific thing that is wrong with an id that is not in the registry."""
    namespace, name, version = parse_env_id(env_id)
    namespaces = {described.namespace for described in specs.values() if described.namespace is not None}
    if namespace is not None and namespace not in namespaces:
        hint = did_you_mean(namespace, namespaces) or "import the package that registers it first"
        return error.NamespaceNotFound(f"no environment is registered in the namespace {namespace!r}; {hint}")
    names = {described.name for described in specs.values() if described.namespace == namespace}
    if name not in names:
        hint = did_you_mean(name, names) or "minigym.pprint_registry() lists what there is"
        return error.NameNotFound(f"no environment is named {name!r}; {hint}")
    latest = highest_version(specs, namespace, name)
    if latest is None:
        return error.DeprecatedEnv(f"there is no version v{version} of {name}; there is one without a version")
    versions = sorted(other.version for other in _of_name(specs, namespace, name) if other.version is not None)
    known = ", ".join(f"v{number}" for number in versions)
    missing = f"there is no version v{version} of {name}"
    if version is not None and version < latest:
        return error.DeprecatedEnv(f"{missing}, and later ones have replaced it; there is {known}")
    return error.VersionNotFound(f"{missing}; there is {known}")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A question that names the closest of the known words; nothing where none is close."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"did you mean {close[0]!r}?" if close else ""


def listing(specs: Mapping[str, EnvSpec], num_cols: int, exclude_namespaces: Iterable[str] | None) -> str:
    """The ids as a text, in groups and columns laid out as Gymnasium's are."""
    groups: dict[str | None, list[str]] = {}
    for described in specs.values():
        groups.setdefault(_group(described), []).append(described.id)
    left_out = () if exclude_namespaces is None else tuple(exclude_namespaces)
    width = max((len(described.name) for described in specs.values()), default=0)
    return "\n".join(
        f"===== {group} =====\n" + _columns(sorted(ids), num_cols, width)
        for group, ids in groups.items()
        if group not in left_out
    )


def _group(described: EnvSpec) -> str | None:
    """The namespace; without one, the part of the entry point's module that says what kind of environment it is."""
    if described.namespace is not None or not isinstance(described.entry_point, str):
        return described.namespace
    modules = described.entry_point.partition(":")[0].split(".")
    return modules[min(2, len(modules) - 1)] if len(modules) > 1 else described.name


def _columns(ids: Sequence[str], num_cols: int, width: int) -> str:
    rows = [ids[first : first + num_cols] for first in range(0, len(ids), num_cols)]
    return "\n".join(" ".join(env_id.ljust(width) for env_id in row).rstrip(" ") for row in rows)


def load_env_creator(name: str) -> Callable[..., Any]:
    """What "module:attribute" names, usually an environment's class.

    Raises:
        RegistrationError: if the text has another form.
        ModuleNotFoundError, AttributeError: if there is no such module, or nothing of that name in it.
    """
    module, separator, attribute = name.partition(":")
    if not separator:
        raise error.RegistrationError(f'an entry point must look like "module:attribute", got {name!r}')
    loaded: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    return loaded
