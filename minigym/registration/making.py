"""An environment made of its spec: its arguments, how it is rendered, and what stands around it."""

import copy
import inspect
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from minigym import error, logger
from minigym.core import Env, EnvSpec, Wrapper
from minigym.registration.ids import did_you_mean, load_env_creator
from minigym.wrappers import HumanRendering, OrderEnforcing, PassiveEnvChecker, RenderCollection, TimeLimit


def refuse(message: str) -> None:
    """What becomes of a render mode that the environment does not have."""
    raise error.UnsupportedMode(message)


class Manner(NamedTuple):
    """How environments are made: strictly or not, and inside which wrappers. The defaults are minigym's own."""

    on_unknown_mode: Callable[[str], None] = refuse
    """Is told, in a sentence, that the environment does not have the render mode asked for, and raises an exception or
    lets it pass. (minigym refuses, Gymnasium warns.)"""

    checker: Callable[..., Env[Any, Any]] = PassiveEnvChecker
    order: Callable[..., Env[Any, Any]] = OrderEnforcing
    limit: Callable[..., Env[Any, Any]] = TimeLimit
    window: Callable[..., Env[Any, Any]] = HumanRendering
    collection: Callable[..., Env[Any, Any]] = RenderCollection

    chooses_engine: bool = True
    """Whether ``make_vec`` without a mode takes single environments where the arguments need them, and
    ``vector_kwargs`` reach the class that computes a whole batch. (In Gymnasium both are errors.)"""


def make_env(
    described: EnvSpec,
    max_episode_steps: int | None,
    disable_env_checker: bool | None,
    arguments: dict[str, Any],
    manner: Manner,
) -> Env[Any, Any]:
    """The environment of a spec; see :func:`minigym.make`.

    Args:
        described: the spec.
        max_episode_steps, disable_env_checker: as ``minigym.make`` has them.
        arguments: of the environment; they win over those of the spec.
        manner: how to make it.
    """
    entry_point = described.entry_point
    if entry_point is None:
        raise error.Error(
            f"{described.id} has no single environment, only batches: it was registered without entry_point"
        )
    creator = load_env_creator(entry_point) if isinstance(entry_point, str) else entry_point
    arguments = {**copy.deepcopy(described.kwargs), **arguments}
    renderer = _choose_rendering(described.id, creator, arguments, manner)
    check_arguments(described.id, creator, arguments)
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
    missing_wrappers = _beyond_its_own(described, env)
    if not (described.disable_env_checker if disable_env_checker is None else disable_env_checker):
        env = manner.checker(env)
    if described.order_enforce:
        env = manner.order(env)
    limit = described.max_episode_steps if max_episode_steps is None else max_episode_steps
    if limit is not None and limit != -1:
        env = manner.limit(env, limit)
    for wrapper in missing_wrappers:
        if wrapper.kwargs is None:
            raise error.InvalidParameter(
                f"the wrapper {wrapper.name} of {described.id} cannot be made again: its arguments are unknown, since "
                "it does not record them; derive it from minigym.core.RecordConstructorArgs as well"
            )
        env = load_env_creator(wrapper.entry_point)(env=env, **wrapper.kwargs)
    return env if renderer is None else renderer(env)


def _beyond_its_own(described: EnvSpec, env: Env[Any, Any]) -> Iterable[Any]:
    """The spec's wrappers but for those that the entry point has put around ``env`` itself.

    A spec that was read from an environment names those too, first of all; they must be the ones that are there.
    """
    own = () if env.spec is None else env.spec.additional_wrappers
    for named, made in zip(described.additional_wrappers, own, strict=False):
        if named != made:
            raise error.InvalidParameter(
                f"the entry point of {described.id} puts the wrapper {made} around its environment, where the spec "
                f"says {named}; leave out of additional_wrappers what the entry point adds"
            )
    return described.additional_wrappers[len(own) :]


def _choose_rendering(
    env_id: str, creator: Callable[..., Any], arguments: dict[str, Any], manner: Manner
) -> Callable[[Env[Any, Any]], Env[Any, Any]] | None:
    """The wrapper that gives a render mode which the environment lacks, made of one that it has.

    Changes ``render_mode`` among the arguments to that one.
    """
    modes = _render_modes(env_id, creator)
    mode = arguments.get("render_mode")
    if modes is None or mode is None or mode in modes:
        return None
    frames = [name for name in ("rgb_array", "rgb_array_list") if name in modes]
    if mode == "human" and frames:
        logger.warn(f"{env_id} has no window of its own: minigym.wrappers.HumanRendering shows its frames in one")
        arguments["render_mode"] = frames[0]
        return manner.window
    single = mode.removesuffix("_list") if isinstance(mode, str) else mode
    if single != mode and single in modes and single != "human":  # a window leaves nothing to collect
        arguments["render_mode"] = single
        return manner.collection
    if modes:
        manner.on_unknown_mode(
            f"{env_id} cannot be rendered in the mode {mode!r}; use one of {', '.join(map(repr, modes))}, or None for "
            'no pictures; an environment that can names the mode in metadata["render_modes"]'
        )
    else:
        logger.warn(f'{env_id} names no render mode in metadata["render_modes"], but was asked for {mode!r}')
    return None


def _render_modes(env_id: str, creator: Callable[..., Any]) -> list[Any] | None:
    """The modes that the creator's metadata name; None where they name none, or it has none, as a function."""
    metadata = getattr(creator, "metadata", None)
    # The metadata of a Wrapper's class is a property.
    if metadata is None or (isinstance(creator, type) and issubclass(creator, Wrapper)):
        return None
    if not isinstance(metadata, dict):
        raise error.InvalidMetadata(
            f"the metadata of {env_id} must be a dict, got {metadata!r} of type {type(metadata).__name__}; write for "
            'instance metadata = {"render_modes": ["rgb_array"], "render_fps": 30}'
        )
    modes = metadata.get("render_modes")
    if modes is None:
        logger.warn(f'the metadata of {env_id} do not name its "render_modes", only {list(metadata)}')
    elif not isinstance(modes, Iterable):
        logger.warn(f'metadata["render_modes"] of {env_id} should be a list of modes, got {modes!r}')
        return None
    return None if modes is None else list(modes)


def check_arguments(env_id: str, creator: Callable[..., Any], arguments: dict[str, Any]) -> None:
    """Refuse arguments that the environment does not take, before it is half made."""
    parameters = inspect.signature(creator).parameters
    if any(parameter.kind is inspect.Parameter.VAR_KEYWORD for parameter in parameters.values()):
        return
    for name in arguments:
        if name not in parameters:
            hint = did_you_mean(name, parameters) or f"it takes {', '.join(parameters) or 'none'}"
            raise TypeError(f"{env_id} takes no argument {name!r}; {hint}")
