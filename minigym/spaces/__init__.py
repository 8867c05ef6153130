"""Spaces: what an action or an observation may be, with draws equal to Gymnasium's from the same seed."""

from minigym.spaces.box import Box
from minigym.spaces.dict import Dict
from minigym.spaces.discrete import Discrete
from minigym.spaces.multi_binary import MultiBinary
from minigym.spaces.multi_discrete import MultiDiscrete
from minigym.spaces.space import Space
from minigym.spaces.tuple import Tuple

__all__ = ["Box", "Dict", "Discrete", "MultiBinary", "MultiDiscrete", "Space", "Tuple"]
