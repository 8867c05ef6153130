"""Batches of environments: every lane is an environment."""

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

__all__ = [
    "AsyncVectorEnv",
    "AutoresetMode",
    "SyncVectorEnv",
    "VectorActionWrapper",
    "VectorEnv",
    "VectorObservationWrapper",
    "VectorRewardWrapper",
    "VectorWrapper",
    "utils",
]


def __getattr__(name: str) -> Any:
    """Load AsyncVectorEnv at its first use: multiprocessing takes a third of the time of ``import minigym``."""
    if name == "AsyncVectorEnv":
        from minigym.vector.async_vector_env import AsyncVectorEnv

        return AsyncVectorEnv
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
