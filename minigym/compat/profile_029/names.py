"""Small names of 0.29 that programs import for annotations and for checks."""

from typing import Any, Protocol, runtime_checkable

from minigym.compat.modern.env_checker import check_reset_seed_determinism as check_reset_seed
from minigym.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Space

__all__ = ["BaseGymSpaces", "LegacyEnv", "check_reset_seed"]

BaseGymSpaces = (Box, Discrete, MultiDiscrete, MultiBinary)


@runtime_checkable
class LegacyEnv(Protocol):
    """What :class:`EnvCompatibility` can be put around."""

    observation_space: Space[Any]
    action_space: Space[Any]

    def reset(self) -> Any:
        """The first observation."""

    def step(self, action: Any) -> tuple[Any, float, bool, dict[str, Any]]:
        """Observation, reward, done and info."""

    def render(self, mode: str | None = "human") -> Any:
        """What the mode says."""

    def close(self) -> None:
        """Release windows."""

    def seed(self, seed: int | None = None) -> Any:
        """Seed the random stream."""
