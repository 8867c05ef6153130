"""From a state of the frozen lake to a frame.

A cell's picture depends on little (its tile, its glints, whether and how the agent stands on it), so each is drawn
once and kept; a frame is a copy of the map's picture with one cell replaced.
"""

from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from minigym.dynamics.frozen_lake import DOWN
from minigym.render import lake_art
from minigym.render.canvas import Canvas

Picture = NDArray[np.uint8]  # (height, width, 3)

_LARGEST_CELL, _LARGEST_FRAME = 64, 512  # pixels; the reference's frame sizes
_SMALL_CELL = 24  # pixels; up to here the agent stands in a spotlight


def frozen_lake_frame(
    tiles: NDArray[np.bytes_], state: int, last_action: int | None, executed_action: int | None
) -> Picture:
    """The map with the agent on it, (H, W, 3) uint8, at most 64 pixels a tile and 512 in all, as in Gymnasium.

    Cells are square: where a map is longer than it is wide, or the other way round, and larger than 8 tiles, snow
    fills what is left of the frame.

    Args:
        tiles: (nrow, ncol) single bytes.
        state: the agent's tile, ``row * ncol + column``.
        last_action: where the agent wanted to go, and now faces; None before the first move.
        executed_action: where the ice carried it; if it differs from ``last_action``, an arrow under the agent
            shows it. None if unknown.
    """
    nrow, ncol = tiles.shape
    row, column = divmod(state, ncol)
    frame = _board(tiles.tobytes(), nrow, ncol).copy()
    tops, lefts = _grid(nrow, ncol)
    top, bottom, left, right = tops[row], tops[row + 1], lefts[column], lefts[column + 1]
    frame[top:bottom, left:right] = _cell(
        tiles[row, column],
        _variant(row, column),
        bottom - top,
        right - left,
        DOWN if last_action is None else last_action,
        None if executed_action == last_action else executed_action,
    )
    return frame


@lru_cache(maxsize=64)
def _grid(nrow: int, ncol: int) -> tuple[list[int], list[int]]:
    """The pixels at which the rows begin (and the last ends), and the same for the columns.

    Cells need not have a whole number of pixels: 56 and 57 take turns where 512 pixels hold 9 cells.
    """
    height, width = _frame_size(nrow, ncol)
    cell = min(height / nrow, width / ncol)
    top, left = (height - nrow * cell) / 2, (width - ncol * cell) / 2
    return (
        [round(top + row * cell) for row in range(nrow + 1)],
        [round(left + column * cell) for column in range(ncol + 1)],
    )


def _frame_size(nrow: int, ncol: int) -> tuple[int, int]:
    return min(_LARGEST_CELL * nrow, _LARGEST_FRAME), min(_LARGEST_CELL * ncol, _LARGEST_FRAME)


@lru_cache(maxsize=16)  # at 768 KiB each
def _board(letters: bytes, nrow: int, ncol: int) -> Picture:
    """The map without the agent."""
    tops, lefts = _grid(nrow, ncol)
    board = np.empty((*_frame_size(nrow, ncol), 3), dtype=np.uint8)
    board[:] = lake_art.SNOW
    edge = max(1, (lefts[1] - lefts[0]) // 16)
    shore = Canvas(board)
    shore.box(lefts[0] - edge, tops[0] - edge, lefts[-1] + edge, tops[-1] + edge, lake_art.SNOW_SHADE)
    for row, (top, bottom) in enumerate(pairwise(tops)):
        for column, (left, right) in enumerate(pairwise(lefts)):
            tile = letters[row * ncol + column : row * ncol + column + 1]
            board[top:bottom, left:right] = _cell(tile, _variant(row, column), bottom - top, right - left)
    board.setflags(write=False)
    return board


def _variant(row: int, column: int) -> int:
    """Which glints a cell shows: like a knight's move, so that equal ones do not line up."""
    return (row * 2 + column * 3 + row // 2) % lake_art.ICE_VARIANTS


@lru_cache(maxsize=1024)  # at most 12 KiB each
def _cell(
    tile: bytes, variant: int, height: int, width: int, facing: int | None = None, slipped: int | None = None
) -> Picture:
    """One cell; with the agent on it, if ``facing`` is not None, and with an arrow, if it ``slipped``."""
    picture = np.empty((height, width, 3), dtype=np.uint8)
    size = min(height, width)
    cell = Canvas(picture, origin=((width - size) / 2, (height - size) / 2), scale=size)
    lake_art.ice(cell, variant)
    if tile == b"G" and facing is not None:
        lake_art.goal_disc(cell)
    elif tile in lake_art.TILES:
        lake_art.TILES[tile](cell)
    if tile == b"H" and facing is not None:
        lake_art.cracks(cell)
    if facing is not None and tile not in b"HG" and size <= _SMALL_CELL:
        lake_art.spotlight(cell)
    if slipped is not None:
        lake_art.slip(cell, slipped)
    if facing is not None:
        _agent(cell if slipped is None else cell.inset(0.14, 0.14, 0.72), tile, facing)
    _bevel(picture)
    picture.setflags(write=False)
    return picture


def _agent(cell: Canvas, tile: bytes, facing: int) -> None:
    if tile == b"H":
        lake_art.swimmer(cell)
    elif tile == b"G":  # the agent and, before it, its gift: both are seen
        lake_art.penguin(cell.inset(0.02, 0.04, 0.84), facing)
        lake_art.gift(cell.inset(0.50, 0.50, 0.48))
    else:
        lake_art.penguin(cell, facing)


def _bevel(picture: Picture) -> None:
    """One whole pixel along each edge, lit from the upper left: crisp seams at every size of cell."""
    picture[:1] = picture[:, :1] = lake_art.ICE_LIGHT
    picture[-1:] = picture[:, -1:] = lake_art.ICE_SHADE
