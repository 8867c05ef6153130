"""Warnings that minigym gives: one place, so that they all look alike and point at the user's line."""

import os
import sys
import warnings

# Frames inside minigym are skipped, so that the warning names the line of the user's own program.
_PACKAGE = os.path.join(os.path.dirname(__file__), "")


def warn(message: str, category: type[Warning] = UserWarning) -> None:
    """Warn at the first line outside minigym that led here."""
    warnings.warn(message, category, stacklevel=_user_level())


def deprecation(message: str) -> None:
    """Warn that something still works but has a successor."""
    warn(message, DeprecationWarning)


def _user_level() -> int:
    """The ``stacklevel``, counted from ``warn``'s caller's view, of the first frame outside minigym."""
    level, frame = 1, sys._getframe(1)  # frame: warn()
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
