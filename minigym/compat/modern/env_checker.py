"""``gymnasium.utils.env_checker``: an environment tried out on a few examples.

The verdict is the original's: an error of the same class, or a warning. The examples are few, so what passes may still
be wrong.
"""

import inspect
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.compat.modern.passive_env_checker import (
    check_action_space,
    check_observation_space,
    env_render_passive_checker,
    env_reset_passive_checker,
    env_step_passive_checker,
    give_warning,
    parts,
    require_info,
    shown,
    takes,
    warn_of_default_seed,
)
from minigym.core import Env
from minigym.spaces import Box, Space

__all__ = [
    "check_env",
    "check_reset_options",
    "check_reset_return_info_deprecation",
    "check_reset_return_type",
    "check_reset_seed_determinism",
    "check_seed_deprecation",
    "check_space_limit",
    "check_step_determinism",
    "data_equivalence",
]

_TOLERANCE = 1e-5  # relative and absolute, as the original has it


def data_equivalence(data_1: Any, data_2: Any, exact: bool = False) -> bool:
    """Whether two observations, infos or other nested data are of the same types and values.

    Args:
        data_1, data_2: dicts, lists, tuples and arrays of any depth; anything else is compared with ``==``.
        exact: whether the numbers in arrays must be equal; otherwise they may differ by 1e-5, relative or absolute.
    """
    if type(data_1) is not type(data_2):
        return False
    if isinstance(data_1, dict):
        return data_1.keys() == data_2.keys() and all(
            data_equivalence(value, data_2[key], exact) for key, value in data_1.items()
        )
    if isinstance(data_1, (tuple, list)):
        return len(data_1) == len(data_2) and all(
            data_equivalence(one, other, exact) for one, other in zip(data_1, data_2, strict=True)
        )
    if isinstance(data_1, np.ndarray):
        return (data_1.shape, data_1.dtype) == (data_2.shape, data_2.dtype) and _equal_arrays(data_1, data_2, exact)
    return bool(data_1 == data_2)


def _equal_arrays(one: NDArray[Any], other: NDArray[Any], exact: bool) -> bool:
    """The same for two arrays of one shape and dtype."""
    if one.dtype.kind == "O":
        return data_equivalence(one.ravel().tolist(), other.ravel().tolist(), exact)
    if exact or one.dtype.kind not in "biufc":  # a text is near no other
        return np.array_equal(one, other)
    return np.allclose(one, other, rtol=_TOLERANCE, atol=_TOLERANCE)


def check_reset_seed_determinism(env: Env[Any, Any]) -> None:
    """Check that a seed makes two resets equal, with what is drawn after them.

    Raises:
        AssertionError: if it does not, or ``reset`` takes no seed in spite of its signature.
        Error: if ``reset`` has no keyword ``seed``.
    """
    _require_keyword(env, "seed")
    try:
        _check_seeded_resets(env)
    except TypeError as problem:
        raise AssertionError(f"reset() has the keyword seed, but could not be called with it: {problem}") from problem
    warn_of_default_seed(env)


def _check_seeded_resets(env: Env[Any, Any]) -> None:
    resets: tuple[dict[str, Any], ...] = ({"seed": 123}, {}, {"seed": 123}, {}, {"seed": 456})
    observations, states = [], []
    for arguments in resets:
        observation, _ = env.reset(**arguments)
        if observation not in env.observation_space:
            raise AssertionError(
                f"reset() with {arguments} must return an observation in {env.observation_space}, got "
                f"{shown(observation)}"
            )
        generator = env.unwrapped._np_random
        if generator is None:
            raise AssertionError("reset() must seed np_random: begin it with super().reset(seed=seed)")
        observations.append(observation)
        states.append(generator.bit_generator.state)
    if env.spec is not None and env.spec.nondeterministic is False:
        _require_same("the observations of two resets with seed=123", observations[0], observations[2])
        _require_same("the observations of a reset after seed=123", observations[1], observations[3])
    if not data_equivalence(states[0], states[2], exact=True):
        raise AssertionError(
            "two resets with seed=123 must leave np_random in the same state: begin reset() with "
            "super().reset(seed=seed), and draw from np_random as often each time"
        )
    if data_equivalence(states[0], states[4], exact=True):
        raise AssertionError(
            "resets with seed=123 and seed=456 must leave np_random in different states: begin reset() with "
            "super().reset(seed=seed), and pass the seed on as it is"
        )


def check_reset_options(env: Env[Any, Any]) -> None:
    """Check that ``reset(options={})`` works.

    Raises:
        AssertionError: if it does not, in spite of the signature.
        Error: if ``reset`` has no keyword ``options``.
    """
    _require_keyword(env, "options")
    try:
        env.reset(options={})
    except TypeError as problem:
        raise AssertionError(f"reset() has the keyword options, but reset(options={{}}) failed: {problem}") from problem


def check_step_determinism(env: Env[Any, Any], seed: int = 123) -> None:
    """Check that the same seed and the same action lead to the same step.

    Args:
        env: an environment whose ``reset`` obeys the seed; one whose spec says ``nondeterministic`` always passes.
        seed: of the environment and of the action.

    Raises:
        AssertionError: if the steps differ, or one truncates the episode.
    """
    if env.spec is not None and env.spec.nondeterministic is True:
        return
    env.action_space.seed(seed)
    action = env.action_space.sample()
    results, states = [], []
    for _ in range(2):
        env.reset(seed=seed)
        observation, reward, terminated, truncated, info = env.step(action)
        results.append((observation, reward, terminated, truncated, info))
        generator: Any = env.unwrapped._np_random
        states.append(generator.bit_generator.state)
    if not data_equivalence(states[0], states[1], exact=True):
        raise AssertionError(
            "the same step after the same seed must leave np_random in the same state: draw all randomness from it, as "
            "often each time"
        )
    names = ("observation", "reward", "terminated", "truncated", "info")
    for name, first, second in zip(names, *results, strict=True):
        if name == "truncated":
            for flag in (first, second):
                if flag is not False:
                    raise AssertionError(f"the first step must return truncated as the bool False, got {shown(flag)}")
        else:
            _require_same(f"the {name} of a step after the same seed", first, second, exact=name == "terminated")


def check_reset_return_info_deprecation(env: Env[Any, Any]) -> None:
    """Warn if ``reset`` still asks whether to return an info."""
    if "return_info" in inspect.signature(env.reset).parameters:
        give_warning("reset() must return (observation, info) always: leave its argument return_info out")


def check_seed_deprecation(env: Env[Any, Any]) -> None:
    """Warn if the environment still has a method ``seed``."""
    if callable(getattr(env, "seed", None)):
        give_warning("nobody calls env.seed() any more: seed the environment in reset(seed=...), and leave seed() out")


def check_reset_return_type(env: Env[Any, Any]) -> None:
    """Check that ``reset()`` returns an observation in the space and an info.

    Raises:
        AssertionError: if it does not.
    """
    result: Any = env.reset()
    if not isinstance(result, tuple) or len(result) != 2:
        raise AssertionError(f"reset() must return the tuple (observation, info), got {shown(result)}")
    observation, info = result
    if observation not in env.observation_space:
        raise AssertionError(f"reset() must return an observation in {env.observation_space}, got {shown(observation)}")
    require_info(info, "reset")


def check_space_limit(space: Space[Any], space_type: str) -> None:
    """Warn of bounds that learners find hard: infinite ones, and for actions others than [-1, 1] or [0, 1].

    Args:
        space: the space; the Boxes within a Tuple or Dict are looked at too.
        space_type: what it is for, "action" or "observation".
    """
    if isinstance(space, Box):
        for name, bound, infinity in (("low", space.low, -np.inf), ("high", space.high, np.inf)):
            if np.any(bound == infinity):
                give_warning(f"the {space_type} space {space} is unbounded; write a finite {name} where there is one")
        if space_type == "action" and len(space.shape) == 1 and not _is_usual(space):
            give_warning(
                f"the action space {space} should reach from -1 to 1 or from 0 to 1, which learners find easiest; "
                "scale the actions in step(), or wrap the environment in gymnasium.wrappers.RescaleAction"
            )
    for part in parts(space):
        check_space_limit(part, space_type)


def check_env(
    env: Env[Any, Any], warn: bool | None = None, skip_render_check: bool = False, skip_close_check: bool = False
) -> None:
    """Check an environment: its spaces, then ``reset``, ``step``, ``render`` and ``close``.

    Args:
        env: the environment itself, without wrappers.
        warn: has no effect any more.
        skip_render_check: whether to leave out ``render``. Otherwise the environment is made once in each of its
            render modes, if its spec is known.
        skip_close_check: whether to leave out that a second ``close`` must do nothing.

    Raises:
        TypeError: if it, or one of its spaces, is of the wrong class.
        AttributeError: if it has no space.
        AssertionError: if it breaks any other rule.
        Error: if ``reset`` takes no seed or no options, or ``step`` returns a tuple of the wrong length.
    """
    if warn is not None:
        give_warning("the argument warn of check_env has no effect any more; leave it out")
    _check_class(env)
    for name, check in (("action", check_action_space), ("observation", check_observation_space)):
        if not hasattr(env, f"{name}_space"):
            raise AttributeError(
                f"{type(env).__name__} needs an {name} space; write for instance self.{name}_space = "
                "gymnasium.spaces.Discrete(2) in __init__"
            )
        space = getattr(env, f"{name}_space")
        check(space)
        check_space_limit(space, name)
    check_seed_deprecation(env)
    check_reset_return_info_deprecation(env)
    check_reset_return_type(env)
    check_reset_seed_determinism(env)
    check_reset_options(env)
    env_reset_passive_checker(env)
    env_step_passive_checker(env, env.action_space.sample())
    check_step_determinism(env)
    if not skip_render_check:
        _check_render_modes(env)
    if not skip_close_check and env.spec is not None:
        _check_second_close(env.spec.make())


def _check_class(env: Any) -> None:
    if not isinstance(env, Env):
        raise TypeError(
            f"check_env takes a gymnasium.Env (one of gym is none), got {shown(env)}; derive your class "
            "from gymnasium.Env"
        )
    if env.unwrapped is not env:
        give_warning(f"check_env looks at the wrappers of {env} too; check env.unwrapped to see what is its own")
    for library in ("jax", "torch"):
        if env.metadata.get(library, False):
            raise error.Error(
                f"check_env knows NumPy's arrays alone, and the metadata of {env} says that it speaks {library}: wrap "
                "it so that it takes and returns arrays of NumPy"
            )


def _check_render_modes(env: Env[Any, Any]) -> None:
    if env.render_mode is not None:
        env_render_passive_checker(env)
    if env.spec is None:
        give_warning(
            f"the render modes of {env} cannot be tried, since nothing says how to make it again: use gymnasium.make, "
            "or write skip_render_check=True"
        )
        return
    for mode in env.metadata["render_modes"]:
        made = env.spec.make(render_mode=mode)
        made.reset()
        env_render_passive_checker(made)
        made.close()  # not in a finally, where its own failure would hide what was found


def _check_second_close(env: Env[Any, Any]) -> None:
    env.close()
    try:
        env.close()
    except Exception as problem:
        give_warning(f"a second close() must do nothing, but it raised {problem!r}")


def _is_usual(space: Box) -> bool:
    """Whether every coordinate lies within [-1, 1], around 0 or from 0 on."""
    centred = (space.low == 0) | (np.abs(space.low) == np.abs(space.high))
    return bool(np.all(centred & (space.low >= -1) & (space.high <= 1)))


def _require_keyword(env: Env[Any, Any], name: str) -> None:
    if not takes(env, name):
        raise error.Error(f"reset() must take the keyword {name}: write def reset(self, *, seed=None, options=None)")


def _require_same(what: str, first: Any, second: Any, exact: bool = False) -> None:
    if not data_equivalence(first, second, exact):
        raise AssertionError(f"{what} must be equal, got {shown(first)} and {shown(second)}")
    if not data_equivalence(first, second, exact=True):
        give_warning(f"{what} are equal within {_TOLERANCE} only, got {shown(first)} and {shown(second)}")
