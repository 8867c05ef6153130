"""Wrappers: environments around environments."""

from minigym.wrappers import vector
from minigym.wrappers.common import OrderEnforcing, PassiveEnvChecker, RecordEpisodeStatistics, TimeLimit

__all__ = ["OrderEnforcing", "PassiveEnvChecker", "RecordEpisodeStatistics", "TimeLimit", "vector"]
