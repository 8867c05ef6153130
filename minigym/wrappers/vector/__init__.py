"""Wrappers around batches of environments."""

from minigym.wrappers.vector.common import RecordEpisodeStatistics
from minigym.wrappers.vector.dict_info_to_list import DictInfoToList
from minigym.wrappers.vector.rendering import HumanRendering, RecordVideo
from minigym.wrappers.vector.stateful_observation import NormalizeObservation
from minigym.wrappers.vector.stateful_reward import NormalizeReward
from minigym.wrappers.vector.vectorize_action import (
    ClipAction,
    RescaleAction,
    TransformAction,
    VectorizeTransformAction,
)
from minigym.wrappers.vector.vectorize_observation import (
    DtypeObservation,
    FilterObservation,
    FlattenObservation,
    GrayscaleObservation,
    RescaleObservation,
    ReshapeObservation,
    TransformObservation,
    VectorizeTransformObservation,
)
from minigym.wrappers.vector.vectorize_reward import ClipReward, TransformReward, VectorizeTransformReward

__all__ = [
    "ClipAction",
    "ClipReward",
    "DictInfoToList",
    "DtypeObservation",
    "FilterObservation",
    "FlattenObservation",
    "GrayscaleObservation",
    "HumanRendering",
    "NormalizeObservation",
    "NormalizeReward",
    "RecordEpisodeStatistics",
    "RecordVideo",
    "RescaleAction",
    "RescaleObservation",
    "ReshapeObservation",
    "TransformAction",
    "TransformObservation",
    "TransformReward",
    "VectorizeTransformAction",
    "VectorizeTransformObservation",
    "VectorizeTransformReward",
]
