"""Spaces: what an action or an observation may be, with draws equal to Gymnasium's from the same seed."""

from minigym.spaces import utils
from minigym.spaces.box import Box
from minigym.spaces.dict import Dict
from minigym.spaces.discrete import Discrete
from minigym.spaces.graph import Graph, GraphInstance
from minigym.spaces.multi_binary import MultiBinary
from minigym.spaces.multi_discrete import MultiDiscrete
from minigym.spaces.one_of import OneOf
from minigym.spaces.sequence import Sequence
from minigym.spaces.space import Space
from minigym.spaces.text import Text
from minigym.spaces.tuple import Tuple
from minigym.spaces.utils import flatdim, flatten, flatten_space, unflatten

__all__ = [
    "Box",
    "Dict",
    "Discrete",
    "Graph",
    "GraphInstance",
    "MultiBinary",
    "MultiDiscrete",
    "OneOf",
    "Sequence",
    "Space",
    "Text",
    "Tuple",
    "flatdim",
    "flatten",
    "flatten_space",
    "unflatten",
    "utils",
]
