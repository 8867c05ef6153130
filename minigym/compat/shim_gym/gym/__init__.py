"""minigym, speaking the interface of gym 0.17 to 0.21; what it offers stands in ``minigym.compat.classic.surface``."""

import sys
from typing import Any

from minigym.compat.classic import surface

surface.populate(sys.modules[__name__])


def __getattr__(name: str) -> Any:
    raise AttributeError(surface.missing(name))
