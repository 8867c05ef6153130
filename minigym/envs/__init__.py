"""The environments: one small file each, for random numbers, bookkeeping and calls into ``minigym.dynamics``."""

from minigym.envs import cart_pole, frozen_lake, tabular
from minigym.envs.cart_pole import CartPoleEnv
from minigym.envs.frozen_lake import FrozenLakeEnv
from minigym.envs.tabular import TabularEnv

__all__ = ["CartPoleEnv", "FrozenLakeEnv", "TabularEnv", "cart_pole", "frozen_lake", "tabular"]
