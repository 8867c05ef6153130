"""``gymnasium.utils.step_api_compatibility``: what ``step`` returns, in today's form and in that before gym 0.26.

The old form has one flag, ``done``, and says in ``info["TimeLimit.truncated"]`` whether a time limit alone ended the
episode. That key is put into the info, or taken out of it, in place.
"""

from typing import Any

import numpy as np

__all__ = [
    "DoneStepType",
    "TerminatedTruncatedStepType",
    "convert_to_done_step_api",
    "convert_to_terminated_truncated_step_api",
    "step_api_compatibility",
]

# (observation, reward, done, info), or the same of a batch, whose infos are a dict, or a list with one for each lane.
DoneStepType = tuple[Any, Any, Any, Any]
# (observation, reward, terminated, truncated, info), likewise.
TerminatedTruncatedStepType = tuple[Any, Any, Any, Any, Any]

_KEY = "TimeLimit.truncated"


def convert_to_terminated_truncated_step_api(
    step_returns: DoneStepType | TerminatedTruncatedStepType, is_vector_env: bool = False
) -> TerminatedTruncatedStepType:
    """A step in today's form, with ``terminated`` and ``truncated``.

    Args:
        step_returns: what ``step`` returned, in either form.
        is_vector_env: whether it is that of a batch.

    Raises:
        AssertionError: if it consists of neither four nor five things.
        TypeError: if the infos of a batch are neither dict nor list.
    """
    if len(step_returns) == 5:
        return step_returns
    observation, reward, done, info = _checked(step_returns)
    if not is_vector_env:
        limit = info.pop(_KEY, False)
        return observation, reward, done and not limit, done and limit, info
    limits = (
        np.array([each.pop(_KEY, False) for each in info])
        if _has_infos_in_a_list(info)
        else info.pop(_KEY, np.zeros(len(done), np.bool_))
    )
    return observation, reward, np.logical_and(done, np.logical_not(limits)), np.logical_and(done, limits), info


def convert_to_done_step_api(
    step_returns: TerminatedTruncatedStepType | DoneStepType, is_vector_env: bool = False
) -> DoneStepType:
    """A step in the old form, with ``done``; arguments and errors as above."""
    if len(step_returns) == 4:
        return step_returns
    observation, reward, terminated, truncated, info = _checked(step_returns)
    if not is_vector_env:
        if terminated or truncated:
            info[_KEY] = truncated and not terminated
        return observation, reward, terminated or truncated, info
    if _has_infos_in_a_list(info):
        for each, is_terminated, is_truncated in zip(info, terminated, truncated, strict=True):
            if is_terminated or is_truncated:
                each[_KEY] = is_truncated and not is_terminated
    elif np.any(terminated) or np.any(truncated):
        info[_KEY] = np.logical_and(truncated, np.logical_not(terminated))
    return observation, reward, np.logical_or(terminated, truncated), info


def step_api_compatibility(
    step_returns: TerminatedTruncatedStepType | DoneStepType,
    output_truncation_bool: bool = True,
    is_vector_env: bool = False,
) -> TerminatedTruncatedStepType | DoneStepType:
    """A step in the form asked for: today's if ``output_truncation_bool``, else the old one."""
    convert = convert_to_terminated_truncated_step_api if output_truncation_bool else convert_to_done_step_api
    return convert(step_returns, is_vector_env)


def _checked(step_returns: Any) -> Any:
    if len(step_returns) not in (4, 5):
        raise AssertionError(
            "step must return (observation, reward, terminated, truncated, info), or in the old form (observation, "
            f"reward, done, info); got {len(step_returns)} things"
        )
    return step_returns


def _has_infos_in_a_list(info: Any) -> bool:
    """Whether each lane of a batch has an info of its own; False for one dict."""
    if not isinstance(info, (dict, list)):
        raise TypeError(
            f"the infos of a batch must be a dict, or a list with a dict for each lane, got {info!r} of type "
            f"{type(info).__name__}"
        )
    return isinstance(info, list)
