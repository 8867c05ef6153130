"""Batches made of a spec."""

import copy
from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

import numpy as np

from minigym import error, logger, vector
from minigym.core import AutoresetMode, Env, EnvSpec, VectorEnv
from minigym.registration.ids import load_env_creator
from minigym.registration.making import Manner, check_arguments


class VectorizeMode(Enum):
    """How :func:`make_vec` makes a batch."""

    ASYNC = "async"
    """Each environment in a process of its own: :class:`minigym.vector.AsyncVectorEnv`."""

    SYNC = "sync"
    """One after the other: :class:`minigym.vector.SyncVectorEnv`."""

    VECTOR_ENTRY_POINT = "vector_entry_point"
    """What the registration named as ``vector_entry_point``: a class that computes the whole batch at once."""

    @classmethod
    def _missing_(cls, value: object) -> "VectorizeMode":
        raise error.InvalidParameter(
            f"vectorization_mode must be None or one of {', '.join(repr(mode.value) for mode in cls)}, got {value!r}"
        )


def make_batch(
    described: EnvSpec,
    num_envs: int,
    vectorization_mode: VectorizeMode | str | None,
    vector_kwargs: dict[str, Any] | None,
    wrappers: Sequence[Callable[[Env[Any, Any]], Env[Any, Any]]] | None,
    kwargs: dict[str, Any],
    make: Callable[..., Env[Any, Any]],
    manner: Manner,
) -> VectorEnv[Any, Any, Any]:
    """The batch of a spec; see :func:`minigym.make_vec`.

    Args:
        described: the spec, which stays as it is.
        num_envs, vectorization_mode, vector_kwargs, wrappers, kwargs: as ``minigym.make_vec`` has them.
        make: makes the environment of one lane, from the spec and the keyword arguments.
        manner: how strictly.
    """
    described = copy.deepcopy(described)
    # The spec of a batch carries the arguments of make_vec among its kwargs, and they win, as in the reference.
    arguments, described.kwargs = described.kwargs, {}
    num_envs = arguments.pop("num_envs", num_envs)
    vectorization_mode = arguments.pop("vectorization_mode", vectorization_mode)
    vector_kwargs = arguments.pop("vector_kwargs", vector_kwargs) or {}
    wrappers = arguments.pop("wrappers", wrappers) or ()
    arguments.update(kwargs)
    if isinstance(num_envs, bool) or not isinstance(num_envs, (int, np.integer)) or num_envs < 1:
        raise error.InvalidParameter(f"num_envs must be a positive integer, got {num_envs!r}")
    if vectorization_mode is not None:
        mode = VectorizeMode(vectorization_mode)
    elif described.vector_entry_point is None or (
        manner.chooses_engine and described.entry_point is not None and (wrappers or described.additional_wrappers)
    ):
        mode = VectorizeMode.SYNC
    else:
        mode = VectorizeMode.VECTOR_ENTRY_POINT
    if mode is VectorizeMode.VECTOR_ENTRY_POINT:
        envs = _engine(described, num_envs, vector_kwargs, wrappers, arguments, manner)
    else:
        kind: Any = vector.AsyncVectorEnv if mode is VectorizeMode.ASYNC else vector.SyncVectorEnv
        envs = _lanes(kind, described, num_envs, vector_kwargs, wrappers, arguments, make)
    recorded = dict(arguments)  # another dict, since env_fns go on using the first
    if num_envs != 1:
        recorded["num_envs"] = num_envs
    recorded["vectorization_mode"] = mode.value
    if vector_kwargs:
        recorded["vector_kwargs"] = vector_kwargs
    if wrappers:
        recorded["wrappers"] = wrappers
    envs.unwrapped.spec = replace(described, kwargs=recorded)
    if not isinstance(envs.metadata.get("autoreset_mode"), AutoresetMode):
        logger.warn(
            f'{envs} does not say when it resets its lanes: set metadata["autoreset_mode"] to a '
            "minigym.vector.AutoresetMode"
        )
    return envs


def _lanes(
    kind: Callable[..., VectorEnv[Any, Any, Any]],
    described: EnvSpec,
    num_envs: int,
    vector_kwargs: dict[str, Any],
    wrappers: Sequence[Callable[[Env[Any, Any]], Env[Any, Any]]],
    arguments: dict[str, Any],
    make: Callable[..., Env[Any, Any]],
) -> VectorEnv[Any, Any, Any]:
    """A batch of environments that ``make`` makes one by one."""
    if described.entry_point is None:
        raise error.Error(
            f"{described.id} has no single environment, only batches: it was registered without entry_point; "
            'write vectorization_mode="vector_entry_point"'
        )
    if "backend" in vector_kwargs:
        raise error.Error(
            f"a {kind.__name__} of {described.id} steps single environments, and has no backend, got "
            f"{vector_kwargs['backend']!r}; "
            + (
                "leave it out, since there is no batch engine for this id"
                if described.vector_entry_point is None
                else "leave out vectorization_mode and wrappers for a batch engine"
            )
        )
    check_arguments(kind.__name__, kind, vector_kwargs)

    def make_lane() -> Env[Any, Any]:
        env = make(described, **copy.deepcopy(arguments))
        for wrapper in wrappers:
            env = wrapper(env)
        return env

    return kind([make_lane] * num_envs, **vector_kwargs)


def _engine(
    described: EnvSpec,
    num_envs: int,
    vector_kwargs: dict[str, Any],
    wrappers: Sequence[Callable[[Env[Any, Any]], Env[Any, Any]]],
    arguments: dict[str, Any],
    manner: Manner,
) -> VectorEnv[Any, Any, Any]:
    """The batch of ``vector_entry_point``, which takes no lane apart."""
    if described.vector_entry_point is None:
        raise error.Error(
            f"{described.id} was registered without vector_entry_point; leave vectorization_mode out, or write "
            'vectorization_mode="sync"'
        )
    if described.max_episode_steps is not None:
        arguments.setdefault("max_episode_steps", described.max_episode_steps)  # recorded, as in the reference
    arguments = dict(arguments)  # the caller records its own
    if manner.chooses_engine:
        arguments.update(vector_kwargs)
        vector_kwargs = {}
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
    entry_point = described.vector_entry_point
    creator = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
    check_arguments(described.id, creator, {"num_envs": num_envs, **arguments})
    envs: VectorEnv[Any, Any, Any] = creator(num_envs=num_envs, **arguments)
    if not isinstance(envs, VectorEnv):
        raise TypeError(
            f"the vector_entry_point of {described.id} must make a minigym.vector.VectorEnv, got {envs!r} of type "
            f"{type(envs).__name__}"
        )
    return envs
