"""``gym.logger``: messages above a threshold, printed or given as warnings."""

import sys

from minigym import logger
from minigym.compat.install import at_least
from minigym.compat.utils import colorize

DEBUG = 10
INFO = 20
WARN = 30
ERROR = 40
DISABLED = 50

MIN_LEVEL = WARN


def set_level(level: int) -> None:
    """Show messages of this level and above."""
    global MIN_LEVEL  # noqa: PLW0603  # a module is what the old interface keeps its level in
    MIN_LEVEL = level


setLevel = set_level  # noqa: N816  # the older name, which most notebooks use


def debug(msg: str, *args: object) -> None:
    """Print for whoever looks for a mistake."""
    if MIN_LEVEL <= DEBUG:
        _print("DEBUG", msg, args)


def info(msg: str, *args: object) -> None:
    """Print what is going on."""
    if MIN_LEVEL <= INFO:
        _print("INFO", msg, args)


def warn(msg: str, *args: object, category: type[Warning] | None = None, stacklevel: int = 1) -> None:
    """Warn at the first line outside minigym; ``stacklevel`` is taken for the sake of old calls."""
    if MIN_LEVEL <= WARN:
        logger.warn(colorize(f"WARN: {_text(msg, args)}", "yellow"), category or UserWarning)


def deprecation(msg: str, *args: object) -> None:
    """Warn that something still works but has a successor."""
    warn(msg, *args, category=DeprecationWarning)


def error(msg: str, *args: object) -> None:
    """Print that something went wrong."""
    if MIN_LEVEL <= ERROR:
        _print("ERROR", msg, args, "red")


def _text(msg: str, args: tuple[object, ...]) -> str:
    return msg % args if args else msg


def _print(level: str, msg: str, args: tuple[object, ...], color: str | None = None) -> None:
    line = f"{level}: {_text(msg, args)}"
    # To the standard output before 0.21.
    print(line if color is None else colorize(line, color), file=sys.stderr if at_least("0.21") else sys.stdout)
