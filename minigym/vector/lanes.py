"""What SyncVectorEnv and AsyncVectorEnv agree on: the arguments of both, and what they mean for each lane."""

from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from typing import Any, NamedTuple, SupportsFloat, TypeAlias

import numpy as np
from numpy.typing import NDArray

from minigym import error, seeding
from minigym.core import AutoresetMode, Env
from minigym.spaces import Space
from minigym.vector.utils import batch_differing_spaces, batch_space, is_space_dtype_shape_equiv

EnvFn: TypeAlias = Callable[[], Env[Any, Any]]
ObservationMode: TypeAlias = str | tuple[Space[Any], Space[Any]]


class Step(NamedTuple):
    """What a step of one lane gives."""

    observation: Any
    reward: SupportsFloat
    terminated: bool
    truncated: bool
    info: dict[str, Any]
    final: dict[str, Any]  # "final_obs" and "final_info" where a lane was reset within the step, else empty


class Lane:
    """One environment, and when it is reset."""

    def __init__(self, env: Env[Any, Any], mode: AutoresetMode) -> None:
        self.env = env
        self.mode = mode
        self.ended = False  # whether its episode is over, and it was not reset since

    def reset(self, seed: int | None = None, options: dict[str, Any] | None = None) -> tuple[Any, dict[str, Any]]:
        """Begin an episode."""
        result = self.env.reset(seed=seed, options=options)
        self.ended = False
        return result

    def step(self, action: Any) -> Step:
        """Play the action; or begin the next episode, where the mode says so."""
        if self.ended and self.mode is AutoresetMode.NEXT_STEP:
            observation, info = self.reset()
            return Step(observation, 0.0, False, False, info, {})
        observation, reward, terminated, truncated, info = self.env.step(action)
        self.ended = bool(terminated or truncated)
        if not (self.ended and self.mode is AutoresetMode.SAME_STEP):
            return Step(observation, reward, terminated, truncated, info, {})
        # A copy, since an environment may write its next observation into the same array.
        final = {"final_obs": deepcopy(observation), "final_info": info}
        observation, info = self.reset()
        return Step(observation, reward, terminated, truncated, info, final)


def checked_env_fns(env_fns: Iterable[EnvFn]) -> tuple[EnvFn, ...]:
    """The functions that make the lanes' environments, at least one."""
    functions = tuple(env_fns)
    if not functions:
        raise error.InvalidParameter(
            "env_fns must hold at least one function that makes an environment, for instance "
            '[lambda: minigym.make("CartPole-v1")]'
        )
    for lane, function in enumerate(functions):
        if not callable(function):
            raise error.InvalidParameter(
                f"env_fns must hold functions that make an environment each, entry {lane} is {function!r} of type "
                f'{type(function).__name__}; write for instance [lambda: minigym.make("CartPole-v1")]'
            )
    return functions


def checked_env(lane: int, env: Any) -> Env[Any, Any]:
    """What ``env_fns[lane]`` made, which must be an environment."""
    if not isinstance(env, Env):
        raise error.InvalidParameter(
            f"env_fns[{lane}] must make a minigym.Env, got {env!r} of type {type(env).__name__}"
        )
    return env


def observation_spaces(mode: ObservationMode, spaces: Sequence[Space[Any]]) -> tuple[Space[Any], Space[Any]]:
    """The observation space of one lane and that of the batch.

    Args:
        mode: "same": all lanes have one space; "different": their bounds may differ, their shapes and dtypes not; or
            the two spaces themselves, that of the batch first.
        spaces: the lanes' observation spaces.
    """
    batch: Space[Any] | None
    if isinstance(mode, tuple) and len(mode) == 2 and all(isinstance(space, Space) for space in mode):
        batch, single = mode
    elif mode in ("same", "different"):
        batch, single = None, spaces[0]
    else:
        raise error.InvalidParameter(
            f'observation_mode must be "same", "different" or a tuple of two spaces, that of the batch and that of a '
            f"lane; got {mode!r}"
        )
    for lane, space in enumerate(spaces):
        if not (space == single if mode == "same" else is_space_dtype_shape_equiv(space, single)):
            raise error.InvalidParameter(
                f"observation_mode={mode!r}: the observation space of lane {lane} is {space}, but expected "
                + (
                    f'{single}; observation_mode="different" allows other bounds'
                    if mode == "same"
                    else f"the shape and dtype of {single}"
                )
            )
    if batch is None:
        batch = batch_space(single, len(spaces)) if mode == "same" else batch_differing_spaces(spaces)
    return single, batch


def check_action_spaces(spaces: Sequence[Space[Any]]) -> None:
    """All lanes must have one action space."""
    for lane, space in enumerate(spaces):
        if space != spaces[0]:
            raise error.InvalidParameter(
                f"all lanes must have the same action space; lane 0 has {spaces[0]}, lane {lane} has {space}"
            )


def lane_seeds(seed: Any, num_envs: int) -> list[int | None]:
    """The seed of each lane: ``seed + i``, or the entries of a list.

    Raises:
        InvalidSeed: if ``seed`` is a list of another length, or one of them is no seed. No lane has moved then.
    """
    if seed is None:
        return [None] * num_envs
    if isinstance(seed, (Sequence, np.ndarray)) and not isinstance(seed, str):
        if len(seed) != num_envs:
            raise error.InvalidSeed(f"a list of seeds needs one for each of the {num_envs} lanes, got {len(seed)}")
        return [None if one is None else seeding.checked_seed(one) for one in seed]
    first = seeding.checked_seed(seed)
    return [first + lane for lane in range(num_envs)]


def lane_options(
    options: dict[str, Any] | None, num_envs: int
) -> tuple[NDArray[np.bool_], list[dict[str, Any] | None]]:
    """Which lanes ``reset`` resets, and the options that each gets, a dict of its own."""
    if options is None:
        return np.ones(num_envs, np.bool_), [None] * num_envs
    others = {key: value for key, value in options.items() if key != "reset_mask"}
    return reset_mask(options, num_envs), [dict(others) for _ in range(num_envs)]


def reset_mask(options: dict[str, Any], num_envs: int) -> NDArray[np.bool_]:
    """Which lanes ``reset`` resets: ``options["reset_mask"]``, or all."""
    if "reset_mask" not in options:
        return np.ones(num_envs, np.bool_)
    mask = options["reset_mask"]
    if not isinstance(mask, np.ndarray) or mask.shape != (num_envs,) or mask.dtype != np.bool_:
        came = f"shape {mask.shape} and dtype {mask.dtype}" if isinstance(mask, np.ndarray) else repr(mask)
        raise error.InvalidParameter(
            f'options["reset_mask"] must be a bool array of shape ({num_envs},), got {came}; write for instance '
            "terminations | truncations"
        )
    if not mask.any():
        raise error.InvalidParameter(
            'options["reset_mask"] must be True somewhere; with no lane to reset, call nothing'
        )
    return mask


def check_running(ended: Sequence[bool]) -> None:
    """No lane may be stepped beyond its end where the caller resets."""
    if any(ended):
        raise error.ResetNeeded(
            f"the episodes of the lanes {np.flatnonzero(ended).tolist()} are over; with "
            'autoreset_mode="Disabled" call reset(options={"reset_mask": terminations | truncations}) first'
        )


def set_values(values: Any, num_envs: int) -> Sequence[Any]:
    """What ``set_attr`` sets in each lane: the entries of a list or tuple, or one value in all."""
    if not isinstance(values, (list, tuple)):
        return [values] * num_envs
    if len(values) != num_envs:
        raise error.InvalidParameter(
            f"set_attr takes one value for all lanes, or a list with one for each of the {num_envs}; got a "
            f"{type(values).__name__} of {len(values)}"
        )
    return values
