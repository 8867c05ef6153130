"""minigym, speaking the interface of Gymnasium; ``minigym.compat.modern.surface`` says which name is which object."""

import sys

from minigym.compat.modern import surface

surface.populate(sys.modules[__name__])
