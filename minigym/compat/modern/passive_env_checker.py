"""``gymnasium.utils.passive_env_checker``: what an environment hands out, looked at while a program plays it.

What cannot work raises an error, of the class that the original raises; what only looks wrong gets a warning.
"""

import inspect
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

import numpy as np

from minigym import error
from minigym.compat.modern import logger
from minigym.core import Env
from minigym.spaces import Box, Dict, Discrete, MultiBinary, MultiDiscrete, Space, Tuple

__all__ = [
    "check_action_space",
    "check_obs",
    "check_observation_space",
    "check_space",
    "env_render_passive_checker",
    "env_reset_passive_checker",
    "env_step_passive_checker",
]

# The texts quote what the environment returned, and a "%" in it must not be read as the place of an argument.
give_warning = partial(logger.warn, "%s")
_deprecate = partial(logger.deprecation, "%s")

_LONGEST = 200  # characters

# (kind, what such a space must have, whether it has it)
_SPACE_RULES: tuple[tuple[type[Space[Any]], str, Callable[[Any], Any]], ...] = (
    (Discrete, "a positive n", lambda space: space.n > 0),
    (Discrete, "the shape ()", lambda space: space.shape == ()),
    (MultiDiscrete, "an nvec of its own shape", lambda space: space.nvec.shape == space.shape),
    (MultiDiscrete, "only positive numbers in nvec", lambda space: np.all(space.nvec > 0)),
    (MultiBinary, "only positive lengths in its shape", lambda space: np.all(np.asarray(space.shape) > 0)),
    (Tuple, "at least one part", lambda space: len(space.spaces) > 0),
    (Dict, "at least one part", lambda space: len(space.spaces) > 0),
)

# (kind of the space, what an observation from it should be, whether it is: of the space and the observation)
_OBSERVATION_RULES: tuple[tuple[type[Space[Any]], str, Callable[[Any, Any], bool]], ...] = (
    (Discrete, "an int or an np.int64", lambda _, obs: isinstance(obs, (int, np.int64))),
    (Box, "an array of its dtype", lambda space, obs: space.shape == () or _is_array_of(space.dtype, obs)),
    (MultiBinary, "an array", lambda _, obs: isinstance(obs, np.ndarray)),
    (MultiDiscrete, "an array", lambda _, obs: isinstance(obs, np.ndarray)),
    (Tuple, "a tuple", lambda _, obs: isinstance(obs, tuple)),
)

# By render mode: what render() should return, and whether it does.
_PICTURE_RULES: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "human": ("None", lambda picture: picture is None),
    "rgb_array": (
        "a (height, width, 3) array of np.uint8",
        lambda picture: _is_array_of(np.uint8, picture) and picture.ndim == 3 and picture.shape[2] == 3,
    ),
    "depth_array": ("a (height, width) array", lambda picture: isinstance(picture, np.ndarray) and picture.ndim == 2),
    "ansi": ("a str", lambda picture: isinstance(picture, str)),
    "ascii": ("a str", lambda picture: isinstance(picture, str)),
    "_list": ("a list", lambda picture: isinstance(picture, list)),  # whatever ends so
}

_FLAGS = {4: ("done",), 5: ("terminated", "truncated")}  # by the length of what step returns


def check_space(space: Space[Any], space_type: str, check_box_space_fn: Callable[[Box], None]) -> None:
    """Check that a space can be drawn from, and all spaces within it.

    Args:
        space: the space.
        space_type: what it is for, "action" or "observation".
        check_box_space_fn: what to do with each Box in it.

    Raises:
        TypeError: if it is no space.
        AssertionError: if it is empty, or contradicts itself.
    """
    if not isinstance(space, Space):
        raise TypeError(
            f"the {space_type} space must be a gymnasium.spaces.Space (one of gym's is none), got "
            f"{shown(space)}; write for instance self.{space_type}_space = gymnasium.spaces.Discrete(2)"
        )
    if isinstance(space, Box):
        check_box_space_fn(space)
    for kind, expected, holds in _SPACE_RULES:
        if isinstance(space, kind) and not holds(space):
            raise AssertionError(f"a {kind.__name__} as {space_type} space must have {expected}, got {shown(space)}")
    for part in parts(space):
        check_space(part, space_type, check_box_space_fn)


def _check_box(space_type: str, space: Box) -> None:
    for name, bound in (("low", space.low), ("high", space.high)):
        if bound.shape != space.shape:
            raise AssertionError(
                f"a Box as {space_type} space must have bounds of its own shape {space.shape}, got {name} of the "
                f"shape {bound.shape}"
            )
    if np.any(space.low == space.high):
        give_warning(f"the {space_type} space {space} leaves no choice where its low equals its high; is that meant?")
    elif space_type == "observation" and np.any(space.high < space.low):  # of actions the original says nothing
        give_warning(
            f"the observation space {space} contains nothing, since a low lies above its high; exchange the two"
        )


check_action_space = partial(check_space, space_type="action", check_box_space_fn=partial(_check_box, "action"))
check_observation_space = partial(
    check_space, space_type="observation", check_box_space_fn=partial(_check_box, "observation")
)


def check_obs(obs: Any, observation_space: Space[Any], method_name: str) -> None:
    """Warn of an observation that does not belong to its space.

    Args:
        obs: the observation.
        observation_space: where it should lie.
        method_name: what returned it, "reset" or "step".

    Raises:
        AssertionError: if its parts are not those of the Tuple or Dict.
    """

    def came() -> str:
        return f"{method_name}() returned {shown(obs)}"

    for kind, expected, holds in _OBSERVATION_RULES:
        if isinstance(observation_space, kind) and not holds(observation_space, obs):
            give_warning(f"an observation from {observation_space} should be {expected}, but {came()}")
    pairs: Iterable[tuple[Any, Space[Any]]] = ()
    if isinstance(observation_space, Tuple):
        length = len(observation_space.spaces)
        if len(obs) != length:
            raise AssertionError(f"an observation must have the {length} parts of {observation_space}, but {came()}")
        pairs = zip(obs, observation_space.spaces, strict=True)
    elif isinstance(observation_space, Dict):
        if not isinstance(obs, dict) or obs.keys() != observation_space.spaces.keys():
            raise AssertionError(
                f"an observation must be a dict with the keys {list(observation_space.spaces)}, but {came()}"
            )
        pairs = ((obs[key], space) for key, space in observation_space.spaces.items())
    for part, space in pairs:
        check_obs(part, space, method_name)
    try:
        if obs not in observation_space:
            give_warning(f"an observation must lie in {observation_space}, but {came()}")
    except Exception as problem:
        give_warning(
            f"an observation must lie in {observation_space}, but {came()}, and to see that failed: {problem!r}"
        )


def env_reset_passive_checker(env: Env[Any, Any], **kwargs: Any) -> Any:
    """Call ``env.reset(**kwargs)`` and check what it takes and returns.

    Returns:
        What the environment returned.

    Raises:
        AssertionError: if the info is no dict, or the observation has other parts than its space.
    """
    for name, purpose in (("seed", "start the random stream anew"), ("options", "choose how an episode begins")):
        if not takes(env, name):
            _deprecate(
                f"reset() must take the keyword {name}, with which a program can {purpose}; write "
                "def reset(self, *, seed=None, options=None)"
            )
    warn_of_default_seed(env)
    result: Any = env.reset(**kwargs)
    if isinstance(result, tuple) and len(result) == 2:
        observation, info = result
        check_obs(observation, env.observation_space, "reset")
        require_info(info, "reset")
    else:
        give_warning(f"reset() must return the tuple (observation, info), got {shown(result)}")
    return result


def env_step_passive_checker(env: Env[Any, Any], action: Any) -> Any:
    """Call ``env.step(action)`` and check what it returns; the action may lie outside the action space.

    Returns:
        What the environment returned.

    Raises:
        AssertionError: if it is no tuple, the info no dict, or the observation has other parts than its space.
        Error: if the tuple is of another length than 5, or 4 as in the old interface.
    """
    result: Any = env.step(action)
    if not isinstance(result, tuple):
        raise AssertionError(f"step() must return a tuple, got {shown(result)}")
    if len(result) not in _FLAGS:
        raise error.Error(f"step() must return (observation, reward, terminated, truncated, info), got {shown(result)}")
    if len(result) == 4:
        _deprecate(
            "step() returned four things, as in the old interface; instead of one done return terminated (nothing can "
            "follow) and truncated (something outside the task, such as a time limit, ended the episode)"
        )
    observation, reward, *flags, info = result
    for name, flag in zip(_FLAGS[len(result)], flags, strict=True):
        if not isinstance(flag, (bool, np.bool_)):
            give_warning(f"step() should return {name} as a bool, got {shown(flag)}; write bool({name})")
    check_obs(observation, env.observation_space, "step")
    if not _is_number(reward):
        give_warning(f"step() should return a float or an integer as reward, got {shown(reward)}; write float(reward)")
    elif not np.isfinite(reward):
        give_warning(f"step() should return a finite reward, got {shown(reward)}")
    require_info(info, "step")
    return result


def env_render_passive_checker(env: Env[Any, Any]) -> Any:
    """Call ``env.render()``, and check what it returns and what the metadata says about it.

    Returns:
        What the environment returned.

    Raises:
        AssertionError: if the metadata does not name the render mode, or its ``render_fps`` is not positive.
    """
    modes = env.metadata.get("render_modes")
    if modes is None:
        give_warning(
            'the metadata of the environment must name its render modes: write metadata = {"render_modes": [...]}'
        )
    else:
        if not isinstance(modes, (list, tuple)) or not all(isinstance(mode, str) for mode in modes):
            give_warning(f'metadata["render_modes"] should be a list of texts, got {shown(modes)}')
        if len(modes) > 0:
            _check_fps(env.metadata.get("render_fps"))
        if env.render_mode is not None and env.render_mode not in modes:
            raise AssertionError(
                f'the render_mode of the environment must be None or in metadata["render_modes"], which is {modes!r}, '
                f"got {shown(env.render_mode)}"
            )
    result = env.render()
    if env.render_mode is not None:
        _check_picture(env.render_mode, result)
    return result


def _check_fps(fps: Any) -> None:
    if not _is_number(fps):
        give_warning(
            f'metadata["render_fps"] should be the number of steps a second in a video or window, got {shown(fps)}'
        )
    elif not fps > 0:
        raise AssertionError(f'metadata["render_fps"] must be positive, got {shown(fps)}')


def _check_picture(mode: str, picture: Any) -> None:
    is_list = mode.endswith("_list")
    expected, holds = _PICTURE_RULES.get("_list" if is_list else mode, ("anything", lambda _: True))
    if not holds(picture):
        give_warning(f'render() in the mode "{mode}" should return {expected}, got {shown(picture)}')
    elif is_list:
        for each in picture:
            _check_picture(mode.removesuffix("_list"), each)


def require_info(info: Any, method: str) -> None:
    """AssertionError if what ``method`` returned as its info is no dict."""
    if not isinstance(info, dict):
        raise AssertionError(f"{method}() must return a dict as its info, got {shown(info)}")


def takes(env: Env[Any, Any], name: str) -> bool:
    """Whether ``env.reset`` can be given the keyword ``name``; of ``**kwargs`` only one of that name counts."""
    parameters = inspect.signature(env.reset).parameters
    rest = parameters.get("kwargs")
    return name in parameters or (rest is not None and rest.kind is inspect.Parameter.VAR_KEYWORD)


def warn_of_default_seed(env: Env[Any, Any]) -> None:
    """Warn if a reset without a seed would seed all the same."""
    seed = inspect.signature(env.reset).parameters.get("seed")
    if seed is not None and seed.default is not None:
        give_warning(f"reset() must leave the random stream alone where no seed is given: write seed=None, not {seed}")


def parts(space: Space[Any]) -> Iterable[Any]:
    """The spaces that a Tuple or Dict consists of; none for any other."""
    if isinstance(space, Dict):
        return space.spaces.values()
    return space.spaces if isinstance(space, Tuple) else ()


def shown(value: Any) -> str:
    """A value in a message: not too much of it, and its type with the module, since several libraries have a Box."""
    text, kind = repr(value), type(value)
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    return f"{text} of type {kind.__module__}.{kind.__qualname__}".replace("type builtins.", "type ")


def _is_array_of(dtype: Any, value: Any) -> bool:
    return isinstance(value, np.ndarray) and value.dtype == dtype


def _is_number(value: Any) -> bool:
    return np.dtype(type(value)).kind in "iuf"
