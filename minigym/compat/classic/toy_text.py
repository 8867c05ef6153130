"""``gym.envs.toy_text``: the table environments of their time, around ``minigym.dynamics.frozen_lake``."""

import sys
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.compat.classic import seeding
from minigym.compat.classic.core import Env
from minigym.compat.classic.spaces import Discrete
from minigym.compat.old_numbers import lake_table
from minigym.dynamics import frozen_lake
from minigym.dynamics.frozen_lake import DOWN, LEFT, RIGHT, UP, build_mdp, goal_is_reachable
from minigym.render import frozen_lake_text

__all__ = [
    "DOWN",
    "LEFT",
    "MAPS",
    "RIGHT",
    "UP",
    "DiscreteEnv",
    "FrozenLakeEnv",
    "categorical_sample",
    "generate_random_map",
]

# A dict of lists of its own, which notebooks extend.
MAPS = {name: list(rows) for name, rows in frozen_lake.MAPS.items()}


def categorical_sample(prob_n: Any, np_random: np.random.RandomState) -> np.int64:
    """An index drawn with the given probabilities: the first whose running sum exceeds one uniform number."""
    index: np.int64 = (np.cumsum(np.asarray(prob_n)) > np_random.rand()).argmax()
    return index


class DiscreteEnv(Env):
    """An environment that follows a table, and has a state from its construction on.

    Args:
        nS, nA: the numbers of states and actions.
        P: ``P[state][action] = [(probability, next state, reward, done), ...]``; changes to it take effect.
        isd: (nS,) where an episode starts.
    """

    def __init__(self, nS: int, nA: int, P: Any, isd: Any) -> None:
        self.P = P
        self.isd = isd
        self.lastaction: Any = None
        self.nS = nS
        self.nA = nA
        self.action_space = Discrete(nA)
        self.observation_space = Discrete(nS)
        self.seed()
        self.s: Any = categorical_sample(self.isd, self.np_random)

    def seed(self, seed: int | None = None) -> list[int]:
        self.np_random, used = seeding.np_random(seed)
        return [used]

    def reset(self) -> int:
        self.s = categorical_sample(self.isd, self.np_random)
        self.lastaction = None
        return int(self.s)

    def step(self, a: Any) -> tuple[int, Any, bool, dict[str, Any]]:
        if isinstance(a, np.ndarray):  # what np.argmax and networks hand out; an array is no key of P
            a = a.item()
        transitions = self.P[self.s][a]
        drawn = categorical_sample([transition[0] for transition in transitions], self.np_random)
        probability, self.s, reward, done = transitions[drawn]
        self.lastaction = a
        return int(self.s), reward, done, {"prob": probability}


class FrozenLakeEnv(DiscreteEnv):
    """The frozen lake: ``P`` with 1/3 three times on slippery ice, drawn as text.

    Args:
        desc: the map, rows of the letters S, F, H, G; any other letter is frozen.
        map_name: a key of ``MAPS``, where ``desc`` is None; a random 8x8 map where both are.
        is_slippery: whether moves slip.
    """

    metadata = {"render.modes": ["human", "ansi"]}  # noqa: RUF012  # a class attribute, as it was

    def __init__(self, desc: Any = None, map_name: str | None = "4x4", is_slippery: bool = True) -> None:
        if desc is None:
            desc = generate_random_map() if map_name is None else MAPS[map_name]
        self.desc: NDArray[np.bytes_] = np.asarray(desc, dtype="c")
        if not (self.desc == b"S").any():
            raise error.InvalidMap(f"the map has no start: put an S where an episode begins, got {desc}")
        self.nrow, self.ncol = self.desc.shape
        self.reward_range = (0, 1)
        mdp = build_mdp(self.desc, is_slippery, reward_schedule=(1.0, 0.0, 0.0))
        P = lake_table(mdp, self.desc, is_slippery)
        super().__init__(mdp.num_states, 4, P, mdp.initial.copy())

    def render(self, mode: str = "human") -> str | None:
        if mode not in self.metadata["render.modes"]:
            super().render(mode)
        last_action = None if self.lastaction is None else int(self.lastaction)
        text = frozen_lake_text(self.desc, int(self.s), last_action)
        if mode == "ansi":
            return text
        sys.stdout.write(text)
        return None


def generate_random_map(size: int = 8, p: float = 0.8) -> list[str]:
    """A random square map on which the goal can be reached; a tile is frozen with probability ``p``.

    It draws from NumPy's global generator, so that ``np.random.seed`` gives the original's map.
    """
    p = min(1, p)
    while True:
        tiles = np.random.choice(["F", "H"], (size, size), p=[p, 1 - p])
        tiles[0, 0], tiles[-1, -1] = "S", "G"
        if goal_is_reachable(tiles.astype("S1")):
            return ["".join(row) for row in tiles]
