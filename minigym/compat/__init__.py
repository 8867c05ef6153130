"""minigym seen from outside: as the old Gym (``install``, ``classic``), inside the real Gymnasium (``gymnasium``)."""

import importlib
from typing import Any


def __getattr__(name: str) -> Any:
    """Load ``minigym.compat.gymnasium`` at its first use."""
    if name == "gymnasium":
        return importlib.import_module("minigym.compat.gymnasium")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
