"""Batches of environments: every lane is an environment."""

import importlib
from typing import TYPE_CHECKING, Any

from minigym.core import (
    AutoresetMode,
    VectorActionWrapper,
    VectorEnv,
    VectorObservationWrapper,
    VectorRewardWrapper,
    VectorWrapper,
)
from minigym.vector import utils
from minigym.vector.sync_vector_env import SyncVectorEnv

if TYPE_CHECKING:
    from minigym.vector.async_vector_env import AsyncVectorEnv
    from minigym.vector.batch_env import (
        BatchEnv,
        CartPoleVectorEnv,
        FrozenLakeVectorEnv,
        MountainCarVectorEnv,
        TabularVectorEnv,
    )
    from minigym.vector.rollout import LinearPolicy, Rollout

__all__ = [
    "AsyncVectorEnv",
    "AutoresetMode",
    "BatchEnv",
    "CartPoleVectorEnv",
    "FrozenLakeVectorEnv",
    "LinearPolicy",
    "MountainCarVectorEnv",
    "Rollout",
    "SyncVectorEnv",
    "TabularVectorEnv",
    "VectorActionWrapper",
    "VectorEnv",
    "VectorObservationWrapper",
    "VectorRewardWrapper",
    "VectorWrapper",
    "utils",
]


_LATE = {
    "AsyncVectorEnv": "async_vector_env",
    "BatchEnv": "batch_env",
    "CartPoleVectorEnv": "batch_env",
    "FrozenLakeVectorEnv": "batch_env",
    "MountainCarVectorEnv": "batch_env",
    "TabularVectorEnv": "batch_env",
    "LinearPolicy": "rollout",
    "Rollout": "rollout",
}


def __getattr__(name: str) -> Any:
    """Load the rest at its first use: multiprocessing alone takes a third of the time of ``import minigym``."""
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"minigym.vector.{_LATE[name]}"), name)
