"""FrozenLake: cross the ice from the start to the goal without falling into a hole."""

import difflib
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error, seeding
from minigym.dynamics.frozen_lake import MAPS, build_mdp, checked_map, goal_is_reachable
from minigym.envs.tabular import TabularEnv

_MOST_MAPS = 10_000  # the reference draws for ever; so many take seconds


class FrozenLakeEnv(TabularEnv):
    """A lake of ice with holes in it, on which moves may slip.

    Actions: ``Discrete(4)``: 0 Left, 1 Down, 2 Right, 3 Up. At the border a move stays where it is. On slippery ice a
    move goes where it aims with probability ``success_rate``, by default one time in three, and otherwise to one of
    the two sides; it never goes back.
    Observation: ``Discrete(rows * columns)``: the tile, ``row * columns + column``, a Python int.

    Start: a tile S, each with the same probability.
    Reward: ``reward_schedule``: 1 for arriving at the goal, 0 for a hole, 0 for any other tile.
    End: terminated in a hole or at the goal; further steps stay there, with reward 0. ``make`` truncates after 100
    steps (4x4) or 200 (8x8).
    Info: ``{"prob": p}``, the probability of the outcome drawn; after a reset always 1.
    Arguments: ``render_mode`` None, "ansi" (text), "rgb_array" (a frame) or "human" (a window); ``desc``, the map, rows
    of the letters S, F (frozen), H (hole), G, which wins over ``map_name``, "4x4" or "8x8" (both None: a random 8x8
    map); ``is_slippery``, whether moves slip at all; ``success_rate``; ``reward_schedule``, the rewards for arriving at
    a goal, at a hole, and elsewhere.
    Source: the environment of the same name in OpenAI Gym (2016) and Gymnasium; the same draws from the same seed.
    Versions: v1 has today's thresholds (0.70, 0.85); v0 those of gym up to 0.18 (0.78, 0.99), which no policy reaches
    within the time limit (the optimum there is 0.744190 on the 4x4 lake).
    """

    window_title = "Frozen Lake"
    metadata = {"render_modes": ["human", "ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(
        self,
        render_mode: str | None = None,
        desc: Sequence[str] | None = None,
        map_name: str | None = "4x4",
        is_slippery: bool = True,
        success_rate: float = 1.0 / 3.0,
        reward_schedule: Sequence[float] = (1, 0, 0),
    ) -> None:
        if desc is None:
            desc = generate_random_map() if map_name is None else _named_map(map_name)
        self.desc = self._checked_map(desc)
        self.nrow, self.ncol = self.desc.shape
        super().__init__(build_mdp(self.desc, is_slippery, success_rate, reward_schedule), render_mode)
        self.reward_range = (min(reward_schedule), max(reward_schedule))
        self._slips = f"slippery, a move goes where it aims with probability {success_rate:.3g}"
        if not is_slippery:
            self._slips = "firm ice"

    def _checked_map(self, desc: Any) -> NDArray[np.bytes_]:
        return checked_map(desc)

    @property
    def executed_action(self) -> int | None:
        """The direction in which the last step really moved, 0 .. 3; None before the first step of an episode."""
        if self.lastaction is None or self.mdp.probability.shape[2] == 1:
            return self.lastaction
        return (self.lastaction + self._last_outcome - 1) % 4  # the outcomes are a - 1, a, a + 1

    def _text(self) -> str | None:
        from minigym.render import frozen_lake_text

        return None if self.s is None else frozen_lake_text(self.desc, self.s, self.lastaction)

    def _frame(self) -> NDArray[np.uint8] | None:
        from minigym.render import frozen_lake_frame

        if self.s is None:
            return None
        return frozen_lake_frame(self.desc, self.s, self.lastaction, self.executed_action)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.nrow}x{self.ncol}, {self._slips}>"


def generate_random_map(size: int = 8, p: float = 0.8, seed: int | None = None) -> list[str]:
    """A random square map on which the goal can be reached from the start.

    Args:
        size: rows and columns, at least 2.
        p: the probability that a tile is frozen rather than a hole, above 0.
        seed: any non-negative integer, or None for the system's entropy.

    Returns:
        The rows, with S at the top left and G at the bottom right: the same map as Gymnasium's from the same seed.
    """
    if not isinstance(size, (int, np.integer)) or size < 2:
        raise error.InvalidParameter(f"size must be an integer of at least 2, got {size!r}")
    if not isinstance(p, Real) or not 0.0 < p <= 1.0:
        raise error.InvalidProbability(
            f"p must be above 0 and at most 1, got {p!r}; with p=0.8 one tile in five is a hole"
        )
    rng, _ = seeding.np_random(seed)
    for _ in range(_MOST_MAPS):  # the same generator draws again until there is a path
        tiles = np.where(rng.random((size, size)) < p, b"F", b"H")
        tiles[0, 0], tiles[-1, -1] = b"S", b"G"
        if goal_is_reachable(tiles):
            return ["".join(row) for row in tiles.astype(str).tolist()]
    raise error.InvalidProbability(
        f"none of {_MOST_MAPS:,} random maps of size {size} with p={p} had a path to the goal; take a larger p (on "
        "large maps there is hardly ever a path below 0.6) or a smaller size"
    )


def _named_map(map_name: Any) -> tuple[str, ...]:
    try:
        return MAPS[map_name]
    except (KeyError, TypeError):
        close = difflib.get_close_matches(str(map_name), MAPS, n=1)
        hint = f"did you mean {close[0]!r}?" if close else 'give your own map as desc=["SF", "FG"]'
        raise error.InvalidParameter(
            f"there is no map named {map_name!r}, only {' and '.join(map(repr, MAPS))}; {hint}"
        ) from None
