"""``gym.error``: minigym's exceptions under the names of the time, and those that only the old interface raises."""

from minigym.error import (
    CustomSpaceError,
    DependencyNotInstalled,
    DeprecatedEnv,
    Error,
    InvalidAction,
    ResetNeeded,
    UnregisteredEnv,
    UnsupportedMode,
)

__all__ = [
    "CustomSpaceError",
    "DependencyNotInstalled",
    "DeprecatedEnv",
    "Error",
    "InvalidAction",
    "InvalidFrame",
    "ResetNeeded",
    "Unregistered",
    "UnregisteredEnv",
    "UnsupportedMode",
]

Unregistered = UnregisteredEnv  # its base class of the time, under which nothing else was ever raised


class InvalidFrame(Error):  # noqa: N818  # the name it had
    """What ``render`` returned is no frame."""
