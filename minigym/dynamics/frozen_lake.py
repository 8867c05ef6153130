"""The frozen lake as a table: maps, their validation, and the MDP that a map stands for.

Tiles: S start, F frozen (safe), H hole (the episode ends), G goal (the episode ends). On slippery ice a move goes
where it aims with probability ``success_rate``, and to either side of that with half of the rest.
"""

from collections import deque
from collections.abc import Sequence
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error
from minigym.dynamics.mdp import MDP

LEFT, DOWN, RIGHT, UP = range(4)
ACTION_NAMES = ("Left", "Down", "Right", "Up")
MOVES = ((0, -1), (1, 0), (0, 1), (-1, 0))  # (rows, columns) of each action

MAPS: dict[str, tuple[str, ...]] = {
    "4x4": ("SFFF", "FHFH", "FFFH", "HFFG"),
    "8x8": ("SFFFFFFF", "FFFFFFFF", "FFFHFFFF", "FFFFFHFF", "FFFHFFFF", "FHHFFFHF", "FHFFHFHF", "FFFHFFFG"),
}
_TILES = "SFHG"
_DRAWN_ROWS, _DRAWN_COLUMNS = 20, 60  # an error draws no more of a map than fits a terminal


def checked_map(desc: Any) -> NDArray[np.bytes_]:
    """A map as an array of single bytes (rows, columns), after every check that a player would ask for.

    Args:
        desc: rows of letters: a list of strings (or of bytes, or of lists of letters), or an array of them.

    Raises:
        InvalidMap: naming row and column and drawing the map, if it is empty or ragged, holds an unknown
            letter, or has no start or no goal that can be reached.
    """
    rows = _rows(desc)
    if not rows or not rows[0]:
        raise error.InvalidMap(
            'a map must have at least one row and one column, got an empty one; write for instance desc=["SFG"]'
        )
    for row, letters in enumerate(rows):
        if len(letters) != len(rows[0]):
            raise error.InvalidMap(
                f"every row must be as long as row 0 ({len(rows[0])} tiles), but row {row} has {len(letters)}:\n"
                + draw_map(rows, row, min(len(letters), len(rows[0])))
            )
        for column, letter in enumerate(letters):
            if letter not in _TILES:
                raise error.InvalidMap(
                    f"row {row}, column {column}: {letter!r} is no tile; use S (start), F (frozen), H (hole) or "
                    f"G (goal):\n" + draw_map(rows, row, column)
                )
    tiles = np.array([list(letters) for letters in rows], dtype="S1")
    if not (tiles == b"S").any():
        raise error.InvalidMap("the map has no start: put an S where an episode begins:\n" + draw_map(rows))
    if not (tiles == b"G").any():
        raise error.InvalidMap("the map has no goal: put a G on it:\n" + draw_map(rows))
    if not goal_is_reachable(tiles):
        row, column = (int(index) for index in np.argwhere(tiles == b"S")[0])
        raise error.InvalidMap(
            f"no goal can be reached from the start at row {row}, column {column}: holes bar every path:\n"
            + draw_map(rows, row, column)
        )
    return tiles


def goal_is_reachable(tiles: NDArray[np.bytes_]) -> bool:
    """Whether a walk from some start to some goal exists that enters no hole (breadth-first search)."""
    nrow, ncol = tiles.shape
    letters = tiles.tobytes()  # one byte a tile, row after row
    seen = bytearray(letter in b"SH" for letter in letters)
    queue = deque(state for state, letter in enumerate(letters) if letter == ord("S"))
    while queue:
        state = queue.popleft()
        if letters[state] == ord("G"):
            return True
        row, column = divmod(state, ncol)
        for d_row, d_column in MOVES:
            next_row, next_column = row + d_row, column + d_column
            if 0 <= next_row < nrow and 0 <= next_column < ncol:
                neighbour = next_row * ncol + next_column
                if not seen[neighbour]:
                    seen[neighbour] = True
                    queue.append(neighbour)
    return False


def build_mdp(
    tiles: NDArray[np.bytes_],
    is_slippery: bool = True,
    success_rate: float = 1.0 / 3.0,
    reward_schedule: Sequence[float] = (1, 0, 0),
) -> MDP:
    """The MDP of a checked map. State ``row * ncol + column``; actions 0 Left, 1 Down, 2 Right, 3 Up.

    Args:
        tiles: (nrow, ncol) single bytes, from :func:`checked_map`.
        is_slippery: whether a move can go astray; if not, ``success_rate`` has no effect.
        success_rate: the probability that a move on slippery ice goes where it aims.
        reward_schedule: the rewards for arriving at a goal, at a hole, and at any other tile.

    Raises:
        InvalidProbability: if ``success_rate`` is no number in [0, 1].
        InvalidParameter: if ``reward_schedule`` is not three finite numbers.
    """
    _check_success_rate(success_rate)
    goal_reward, hole_reward, frozen_reward = _checked_schedule(reward_schedule)
    nrow, ncol = tiles.shape
    letters = tiles.ravel()
    states = np.arange(letters.size, dtype=np.int32)
    goal, hole = letters == b"G", letters == b"H"
    ends = goal | hole

    row, column = np.divmod(states, ncol)
    target = np.stack(  # (S, 4): where each move leads; at a border it stays
        [
            np.clip(row + d_row, 0, nrow - 1) * ncol + np.clip(column + d_column, 0, ncol - 1)
            for d_row, d_column in MOVES
        ],
        axis=1,
    )
    if is_slippery:
        side_rate = (1.0 - success_rate) / 2.0
        turns, rates = [-1, 0, 1], [side_rate, success_rate, side_rate]
    else:
        turns, rates = [0], [1.0]
    next_state = np.stack([np.roll(target, -turn, axis=1) for turn in turns], axis=2)
    next_state[ends] = states[ends, None, None]
    probability = np.broadcast_to(np.array(rates), next_state.shape).copy()
    probability[ends] = np.eye(1, len(rates))
    arrival = np.where(goal, goal_reward, np.where(hole, hole_reward, frozen_reward))
    reward = arrival[next_state]
    reward[ends] = 0
    num_outcomes = np.where(ends, 1, len(rates))
    starts = letters == b"S"
    return MDP(
        probability=probability,
        next_state=next_state,
        reward=reward,
        terminated=ends[next_state],
        initial=starts / starts.sum(),
        num_outcomes=np.repeat(num_outcomes[:, None], 4, axis=1),
    )


def draw_map(rows: Sequence[str], row: int | None = None, column: int | None = None) -> str:
    """The map with its row numbers and, below the tile named, a caret: for error messages."""
    top = 0 if row is None else max(0, min(row - _DRAWN_ROWS // 2, len(rows) - _DRAWN_ROWS))
    left = 0 if column is None else max(0, column - _DRAWN_COLUMNS // 2)
    lines = []
    for number, letters in list(enumerate(rows))[top : top + _DRAWN_ROWS]:
        lines.append(f"{number:>6}  {letters[left : left + _DRAWN_COLUMNS]}")
        if number == row and column is not None:
            lines.append(" " * (8 + column - left) + "^")
    if len(rows) > _DRAWN_ROWS or max(map(len, rows), default=0) > _DRAWN_COLUMNS:
        lines.append(f"        (a part of {len(rows)} rows)")
    return "\n".join(lines)


def _rows(desc: Any) -> list[str]:
    """The map's rows as strings, whichever of the accepted forms they came in."""
    if isinstance(desc, (str, bytes)) or not isinstance(desc, (Sequence, np.ndarray)):
        raise error.InvalidMap(
            f"a map must be a list of rows, got {desc!r} of type {type(desc).__name__}; write for instance "
            'desc=["SFF", "FHF", "FFG"]'
        )
    rows = []
    for number, row in enumerate(desc):
        if not isinstance(row, (str, bytes, Sequence, np.ndarray)):
            raise error.InvalidMap(f"row {number} of the map must be a string of letters, got {row!r}")
        rows.append("".join(_text(letter) for letter in ([row] if isinstance(row, (str, bytes)) else row)))
    return rows


def _text(letters: Any) -> str:
    return letters.decode("latin-1") if isinstance(letters, bytes) else str(letters)


def _check_success_rate(success_rate: float) -> None:
    if not isinstance(success_rate, Real) or not 0.0 <= success_rate <= 1.0:
        raise error.InvalidProbability(
            f"success_rate must be a number between 0 and 1, got {success_rate!r}; "
            "the classic lake has success_rate=1/3"
        )


def _checked_schedule(reward_schedule: Sequence[float]) -> NDArray[Any]:
    try:
        schedule = np.asarray(reward_schedule)
    except ValueError:
        schedule = np.empty(0)
    if schedule.shape != (3,) or schedule.dtype.kind not in "fiu" or not np.isfinite(schedule).all():
        raise error.InvalidParameter(
            "reward_schedule must be three finite numbers, for arriving at a goal, at a hole and elsewhere, got "
            f"{reward_schedule!r}; the classic lake has reward_schedule=(1, 0, 0)"
        )
    return schedule
