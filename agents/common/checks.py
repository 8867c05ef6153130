"""What the agents' Configs share."""

from typing import Any

from minigym import error


def check(name: str, value: Any, good: bool, expected: str) -> None:
    """Refuse a hyperparameter that is not ``good``."""
    if not good:
        raise error.InvalidParameter(f"{name} must be {expected}, got {value!r}")
