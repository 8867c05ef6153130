"""``gymnasium.utils.env_match``: two environments, played side by side."""

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from minigym.compat.modern.env_checker import data_equivalence
from minigym.compat.modern.passive_env_checker import shown
from minigym.core import Env

__all__ = ["check_environments_match"]

# By info_comparison: whether the infos a and b agree.
_INFOS_AGREE: dict[str, Callable[[Any, Any], bool]] = {
    "equivalence": data_equivalence,
    "superset": lambda a, b: a.keys() <= b.keys() and all(data_equivalence(a[key], b[key]) for key in a),
    "keys-equivalence": lambda a, b: a.keys() == b.keys(),
    "keys-superset": lambda a, b: a.keys() <= b.keys(),
    "skip": lambda a, b: True,
}


def check_environments_match(
    env_a: Env[Any, Any],
    env_b: Env[Any, Any],
    num_steps: int,
    seed: int = 0,
    skip_obs: bool = False,
    skip_rew: bool = False,
    skip_terminal: bool = False,
    skip_truncated: bool = False,
    skip_render: bool = False,
    info_comparison: str = "equivalence",
) -> None:
    """Check that two environments do the same from the same seed under the same random actions.

    Whenever one of them ends an episode, both begin anew, from the same seed.

    Args:
        env_a, env_b: the two environments.
        num_steps: how many steps to play; with 0 only a reset is compared.
        seed: of both environments and of the actions.
        skip_obs: whether not to compare the observations and their spaces.
        skip_rew, skip_terminal, skip_truncated: likewise the rewards and the two flags.
        skip_render: likewise the pictures, which there are unless an environment's render mode is None or "human".
        info_comparison: "equivalence": the infos are equal; "superset": ``env_b``'s has all that ``env_a``'s has;
            "keys-equivalence" and "keys-superset": likewise, of the keys alone; "skip": infos are not compared.

    Raises:
        AssertionError: at the first difference, or for another ``info_comparison``.
    """
    if info_comparison not in _INFOS_AGREE:
        raise AssertionError(f"info_comparison must be one of {list(_INFOS_AGREE)}, got {info_comparison!r}")
    no_picture = skip_render or any(env.unwrapped.render_mode in (None, "human") for env in (env_a, env_b))
    rules: dict[str, tuple[bool, Callable[[Any, Any], bool]]] = {  # (whether to skip it, what to ask of a and b)
        "action space": (False, operator.eq),
        "observation space": (skip_obs, operator.eq),
        "observation": (skip_obs, data_equivalence),
        "reward": (skip_rew, data_equivalence),
        "terminated": (skip_terminal, operator.eq),
        "truncated": (skip_truncated, operator.eq),
        "info": (False, _INFOS_AGREE[info_comparison]),
        "picture": (no_picture, np.array_equal),
    }

    def compare(when: str, result_a: dict[str, Any], result_b: dict[str, Any]) -> None:
        for name, a in result_a.items():
            skip, agree = rules[name]
            if not skip and not agree(a, b := result_b[name]):
                raise AssertionError(f"{when}, {name}: the environments must agree, got {shown(a)} and {shown(b)}")

    def spaces(env: Env[Any, Any]) -> dict[str, Any]:
        return {"action space": env.action_space, "observation space": env.observation_space}

    def reset(env: Env[Any, Any]) -> dict[str, Any]:
        observation, info = env.reset(seed=seed)
        return {"observation": observation, "info": info, "picture": None if no_picture else env.render()}

    def step(env: Env[Any, Any], action: Any) -> dict[str, Any]:
        names = ("observation", "reward", "terminated", "truncated", "info")
        result = dict(zip(names, env.step(action), strict=True))
        return {**result, "picture": None if no_picture else env.render()}

    compare("at the start", spaces(env_a), spaces(env_b))
    env_a.action_space.seed(seed)
    compare("after the first reset", reset(env_a), reset(env_b))
    for number in range(num_steps):
        action = env_a.action_space.sample()
        result_a, result_b = step(env_a, action), step(env_b, action)
        compare(f"in step {number}", result_a, result_b)
        if any(result[flag] for result in (result_a, result_b) for flag in ("terminated", "truncated")):
            compare(f"in the reset after step {number}", reset(env_a), reset(env_b))
