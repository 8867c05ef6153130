"""``gym.utils`` and ``gymnasium.utils``: coloured text, and pickling by constructor arguments."""

from typing import Any

__all__ = ["EzPickle", "colorize"]

# ANSI (ECMA-48) foreground colours; a background is 10 more.
_COLORS = ("gray", "red", "green", "yellow", "blue", "magenta", "cyan", "white", "crimson")
color2num = {name: 30 + index for index, name in enumerate(_COLORS)}


def colorize(string: str, color: str, bold: bool = False, highlight: bool = False) -> str:
    """``string`` between terminal codes for a colour.

    Args:
        string: the text.
        color: gray, red, green, yellow, blue, magenta, cyan, white or crimson.
        bold: whether to thicken it.
        highlight: whether to colour the background instead.
    """
    codes = str(color2num[color] + 10 * highlight) + ";1" * bold
    return f"\x1b[{codes}m{string}\x1b[0m"


class EzPickle:
    """An object that is pickled as its constructor's arguments, and made anew when unpickled."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._ezpickle_args = args
        self._ezpickle_kwargs = kwargs

    def __getstate__(self) -> dict[str, Any]:
        return {"_ezpickle_args": self._ezpickle_args, "_ezpickle_kwargs": self._ezpickle_kwargs}

    def __setstate__(self, state: dict[str, Any]) -> None:
        made = type(self)(*state["_ezpickle_args"], **state["_ezpickle_kwargs"])
        self.__dict__.update(made.__dict__)
