"""minigym: the environments of the reinforcement-learning textbook, rebuilt from scratch without Gym."""

from minigym import compat, dynamics, envs, error, logger, render, seeding, spaces, vector, wrappers
from minigym.compat.install import install_as_gym, install_as_gymnasium, uninstall_as_gym, uninstall_as_gymnasium
from minigym.core import (
    ActionWrapper,
    Env,
    EnvSpec,
    ObservationWrapper,
    RewardWrapper,
    VectorEnv,
    Wrapper,
    WrapperSpec,
)
from minigym.dynamics.mdp import MDP
from minigym.envs.tabular import TabularEnv
from minigym.registration import (
    VectorizeMode,
    make,
    make_vec,
    pprint_registry,
    register,
    register_envs,
    registry,
    spec,
)
from minigym.spaces import Space

__version__ = "0.1.0"

__all__ = [
    "MDP",
    "ActionWrapper",
    "Env",
    "EnvSpec",
    "ObservationWrapper",
    "RewardWrapper",
    "Space",
    "TabularEnv",
    "VectorEnv",
    "VectorizeMode",
    "Wrapper",
    "WrapperSpec",
    "compat",
    "dynamics",
    "envs",
    "error",
    "install_as_gym",
    "install_as_gymnasium",
    "logger",
    "make",
    "make_vec",
    "pprint_registry",
    "register",
    "register_envs",
    "registry",
    "render",
    "seeding",
    "spaces",
    "spec",
    "uninstall_as_gym",
    "uninstall_as_gymnasium",
    "vector",
    "wrappers",
]
