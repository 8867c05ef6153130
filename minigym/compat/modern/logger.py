"""``gymnasium.logger``: warnings above a threshold."""

from minigym import logger
from minigym.compat.utils import colorize

__all__ = ["ERROR", "WARN", "deprecation", "error", "min_level", "warn"]

WARN = 30
ERROR = 40

min_level = 30  # programs set it: gymnasium.logger.min_level = gymnasium.logger.ERROR


def warn(msg: str, *args: object, category: type[Warning] | None = None, stacklevel: int = 1) -> None:
    """Warn at the first line outside minigym; ``stacklevel`` is taken for the sake of the original's callers."""
    if min_level <= WARN:
        logger.warn(colorize(f"WARN: {msg % args}", "yellow"), category or UserWarning)


def deprecation(msg: str, *args: object) -> None:
    """Warn that something still works but has a successor."""
    warn(msg, *args, category=DeprecationWarning)


def error(msg: str, *args: object) -> None:
    """Warn that something went wrong."""
    if min_level <= ERROR:
        logger.warn(colorize(f"ERROR: {msg % args}", "red"))
