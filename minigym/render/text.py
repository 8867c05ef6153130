"""From a state to text, for terminals and logs (render mode "ansi")."""

import numpy as np
from numpy.typing import NDArray

from minigym.dynamics.frozen_lake import ACTION_NAMES

_RED_BACKGROUND, _PLAIN = "\x1b[41m", "\x1b[0m"  # ANSI (ECMA-48) colours


def frozen_lake_text(tiles: NDArray[np.bytes_], state: int, last_action: int | None) -> str:
    r"""The map with the agent's tile on red, byte for byte the text of Gym and Gymnasium.

    Args:
        tiles: (nrow, ncol) single bytes.
        state: the agent's tile, ``row * ncol + column``.
        last_action: its name stands on the first line as ``"  (Right)"``; None leaves that line empty.
    """
    row, column = divmod(state, tiles.shape[1])
    lines = ["".join(letters) for letters in tiles.astype("U1")]
    line = lines[row]
    lines[row] = f"{line[:column]}{_RED_BACKGROUND}{line[column]}{_PLAIN}{line[column + 1 :]}"
    title = "" if last_action is None else f"  ({ACTION_NAMES[last_action]})"
    return "\n".join([title, *lines]) + "\n"


def tabular_text(num_states: int, state: int, last_action: int | None) -> str:
    """One line for an MDP that has no map: ``"state 3 of 0 .. 15, after action 2"``."""
    line = f"state {state} of 0 .. {num_states - 1}"
    return line if last_action is None else f"{line}, after action {last_action}"
