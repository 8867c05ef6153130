"""The texts of the command line as what they stand for."""

import ast
import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from minigym import error

_EXAMPLES = {"--env-kwargs": "map_name=8x8", "--hyperparameters": "episodes=5000"}


def seeds(text: str) -> int | list[int]:
    """A number of seeds from "20"; the seeds themselves from "7,8,9", or one from "7,"."""
    try:
        if "," in text:
            return [int(part) for part in text.split(",") if part.strip()]
        return int(text)
    except ValueError:
        raise error.InvalidSeed(f"--seeds takes a number of seeds (20) or the seeds (7,8,9), got {text!r}") from None


def values(option: str, pairs: Sequence[str]) -> dict[str, Any]:
    """``name=value`` pairs; a value that is no Python literal is a text, and ``@file`` the lines of a file."""
    named = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or not name.isidentifier():
            raise error.InvalidParameter(f"{option} takes NAME=VALUE, such as {_EXAMPLES[option]}; got {pair!r}")
        if value.startswith("@"):
            named[name] = _lines(option, pair, Path(value[1:]))
            continue
        try:
            named[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            named[name] = value
    return named


def _lines(option: str, pair: str, path: Path) -> list[str]:
    """The lines of a text file, such as a map that is too large for a command line."""
    try:
        return path.read_text().split()
    except (OSError, UnicodeDecodeError) as problem:
        raise error.InvalidParameter(f"{option} {pair}: the file cannot be read: {problem}") from None


def peeked(option: str, args: Sequence[str]) -> str | None:
    """The value of an option among arguments that nobody has read yet; None where it is not there."""
    for position, argument in enumerate(args):
        name, equals, value = argument.partition("=")
        if name == option and equals:
            return value
        if name == option and position + 1 < len(args):
            return args[position + 1]
    return None


def new_directory(agent: str, env: str) -> Path:
    stem = re.sub(r"[^\w.-]+", "_", f"{agent}-{env}")
    return next(path for n in itertools.count(1) if not (path := Path("runs") / f"{stem}-{n}").exists())
