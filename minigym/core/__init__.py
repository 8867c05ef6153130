"""Environments, batches of them, wrappers around either, and how they are described."""

from minigym.core.env import (
    ActionWrapper,
    ActType,
    Env,
    ObservationWrapper,
    ObsType,
    RenderFrame,
    RewardWrapper,
    Wrapper,
    WrapperActType,
    WrapperObsType,
)
from minigym.core.spec import EnvSpec, RecordConstructorArgs, WrapperSpec, parse_env_id
from minigym.core.vector import ArrayType, AutoresetMode, VectorEnv, autoreset_mode_of
from minigym.core.vector_wrapper import (
    VectorActionWrapper,
    VectorObservationWrapper,
    VectorRewardWrapper,
    VectorWrapper,
)

__all__ = [
    "ActType",
    "ActionWrapper",
    "ArrayType",
    "AutoresetMode",
    "Env",
    "EnvSpec",
    "ObsType",
    "ObservationWrapper",
    "RecordConstructorArgs",
    "RenderFrame",
    "RewardWrapper",
    "VectorActionWrapper",
    "VectorEnv",
    "VectorObservationWrapper",
    "VectorRewardWrapper",
    "VectorWrapper",
    "Wrapper",
    "WrapperActType",
    "WrapperObsType",
    "WrapperSpec",
    "autoreset_mode_of",
    "parse_env_id",
]
