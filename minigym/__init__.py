"""minigym: the environments of the reinforcement-learning textbook, rebuilt from scratch without Gym."""

from minigym import dynamics, envs, error, logger, render, seeding, spaces, wrappers
from minigym.core import ActionWrapper, Env, EnvSpec, ObservationWrapper, RewardWrapper, Wrapper, WrapperSpec
from minigym.dynamics.mdp import MDP
from minigym.envs.tabular import TabularEnv
from minigym.registration import make, pprint_registry, register, registry, spec
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
    "Wrapper",
    "WrapperSpec",
    "dynamics",
    "envs",
    "error",
    "logger",
    "make",
    "pprint_registry",
    "register",
    "registry",
    "render",
    "seeding",
    "spaces",
    "spec",
    "wrappers",
]
