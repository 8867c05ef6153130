"""``gymnasium.logger`` of 0.29: messages above a threshold."""

import sys

from minigym import logger
from minigym.compat.modern import logger as modern
from minigym.compat.utils import colorize

__all__ = [
    "DEBUG",
    "DISABLED",
    "ERROR",
    "INFO",
    "WARN",
    "debug",
    "deprecation",
    "error",
    "info",
    "min_level",
    "setLevel",
    "set_level",
    "warn",
]

DEBUG = 10
INFO = 20
WARN = 30
ERROR = 40
DISABLED = 50

min_level = 30


def set_level(level: int) -> None:
    """Show messages of this level and above."""
    global min_level  # noqa: PLW0603  # a module is what the original keeps its level in
    min_level = level
    modern.min_level = level  # that of the checks, which both profiles share


setLevel = set_level  # noqa: N816  # the older name


def debug(msg: str, *args: object) -> None:
    """Print for whoever looks for a mistake."""
    if min_level <= DEBUG:
        print(f"DEBUG: {msg % args}", file=sys.stderr)


def info(msg: str, *args: object) -> None:
    """Print what is going on."""
    if min_level <= INFO:
        print(f"INFO: {msg % args}", file=sys.stderr)


def warn(msg: str, *args: object, category: type[Warning] | None = None, stacklevel: int = 1) -> None:
    """Warn at the first line outside minigym; ``stacklevel`` is taken for the sake of the original's callers."""
    if min_level <= WARN:
        logger.warn(colorize(f"WARN: {msg % args}", "yellow"), category or UserWarning)


def deprecation(msg: str, *args: object) -> None:
    """Warn that something still works but has a successor."""
    warn(msg, *args, category=DeprecationWarning)


def error(msg: str, *args: object) -> None:
    """Print that something went wrong."""
    if min_level <= ERROR:
        print(colorize(f"ERROR: {msg % args}", "red"), file=sys.stderr)
