"""The environments: one small file each, for random numbers, bookkeeping and calls into ``minigym.dynamics``."""

from minigym.envs import cart_pole, frozen_lake, mountain_car, tabular
from minigym.envs.cart_pole import CartPoleEnv
from minigym.envs.frozen_lake import FrozenLakeEnv
from minigym.envs.mountain_car import MountainCarEnv
from minigym.envs.tabular import TabularEnv

__all__ = [
    "CartPoleEnv",
    "FrozenLakeEnv",
    "MountainCarEnv",
    "TabularEnv",
    "cart_pole",
    "frozen_lake",
    "mountain_car",
    "tabular",
]
