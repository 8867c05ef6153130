"""Wrappers around batches of environments."""

from minigym.wrappers.vector.common import RecordEpisodeStatistics

__all__ = ["RecordEpisodeStatistics"]
