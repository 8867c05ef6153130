"""Pictures on the map of a lake: what each tile is worth, where the policy goes, and how often the agent was there."""

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, LogNorm, Normalize
from matplotlib.patches import Circle, Polygon
from numpy.typing import NDArray

from agents import planning
from agents.common import wording
from agents.common.plotting import style
from agents.common.plotting.style import Picture
from minigym import error
from minigym.dynamics.frozen_lake import MOVES
from minigym.render import lake_art
from minigym.render.canvas import Canvas

if TYPE_CHECKING:
    from agents.common.run import Run
    from agents.planning import Plan

_WARM = LinearSegmentedColormap.from_list("warm", ["#fffaf0", "#fde0ae", "#f7b267", "#e07a3f", "#a83f1d"])
_COOL = LinearSegmentedColormap.from_list("cool", ["#f3faf8", "#b9e0d6", "#6fbcae", "#2c8a80", "#0f524f"])
_UNSEEN = (0.93, 0.94, 0.95)  # of a tile on which the agent never stood
_TILE = 72  # pixels of a tile's picture
_MOST_TEXT, _MOST_ARROWS, _MOST_PIXELS = 10, 40, 1_500  # columns or rows up to which texts, and arrows, can be read
_TIP = 0.41  # how far from the middle the longest arrow reaches
_SOME = 0.02  # a smaller share of the seeds is not drawn


class _Board(NamedTuple):
    """Where the tiles lie on the picture: tile (row, column) is the square around it, rows downwards."""

    axes: Axes
    letters: NDArray[np.str_]  # (rows, columns)
    colours: NDArray[np.float64]  # (rows, columns, 3), of the tiles

    def open_tiles(self) -> list[tuple[int, int, int]]:
        """The state, row and column of every tile on which a move is chosen."""
        columns = self.letters.shape[1]
        places = np.argwhere((self.letters != "H") & (self.letters != "G")).tolist()
        return [(row * columns + column, row, column) for row, column in places]

    def ink(self, row: int, column: int) -> str:
        """A colour that can be read on this tile."""
        return "white" if self.colours[row, column] @ (0.299, 0.587, 0.114) < 0.55 else style.INK

    @property
    def readable(self) -> bool:
        """Whether there is room for texts."""
        return max(self.letters.shape) <= _MOST_TEXT

    @property
    def font(self) -> float:
        longest = max(self.letters.shape)
        return 8.5 if longest <= 5 else 7.0 if longest <= 8 else 6.0


def policy(run: "Run", index: int = 0) -> Picture:
    """What ``seeds[index]`` takes each tile to be worth, its greedy moves, and how often it was there.

    Several arrows on a tile are moves that it values the same; a dot means all four. The small number at the top is
    how many steps the seed began there, where the run counted them; the one at the bottom is the tile's value.
    """
    rows = _rows(run, "policy")
    q_values = run.q_values[_checked_index(run, index)]
    values = q_values.max(axis=1)
    board = _board(rows, values, _WARM, "value of the tile: the largest of its four", None)
    probabilities = planning.greedy_policy(q_values)
    _draw_moves(board, probabilities)
    _write(board, [f"{value:.3f}" for value in values], top=False)
    below = "greedy moves; a dot: all are valued the same"
    if board.readable:
        below = "greedy moves, and values below them"
        if "visits" in run.learned.arrays:
            _write(board, [_short(count) for count in run.learned.arrays["visits"][index].sum(axis=1)], top=True)
            below += "; above, the steps taken from there"
    style.title(board.axes, f"{run.agent} on {wording.world(run.environment)}, seed {run.seeds[index]}", _below(below))
    return _figure(board)


def plan(plan: "Plan") -> Picture:
    """What a plan of a lake takes each tile to be worth, and its moves; with a horizon, with all steps to go."""
    if plan.rows is None:
        raise error.InvalidParameter(
            "a plan is drawn on the map of a lake, and this one has none: it comes from agents.solve, of a lake; for a "
            "small table write agents.plot_mdp(mdp, plan.policy)"
        )
    values, moves, title = plan.values, plan.policy, "Best policy"
    if moves.ndim == 2:
        values, moves, title = values[0], moves[0], f"Best policy, {len(moves):,} steps to go"
    board = _board(plan.rows, values, _WARM, "value of the tile", None)
    _draw_moves(board, planning.soft_policy(moves, len(MOVES), 0.0))
    _write(board, [f"{value:.3f}" for value in values], top=False)
    style.title(board.axes, title, _below("moves, and values below them" if board.readable else "moves"))
    return _figure(board)


def policy_share(run: "Run") -> Picture:
    """The share of the seeds that choose each move, as the size of its arrow; a seed's ties share its vote."""
    rows = _rows(run, "policy_share")
    values = np.median(run.q_values.max(axis=2), axis=0)
    board = _board(rows, values, _WARM, "value of the tile, median of all seeds", None)
    shares = planning.greedy_policy(run.q_values).mean(axis=0)
    _draw_shares(board, np.where(shares < _SOME, 0.0, shares))
    _write(board, [f"{100 * share:.0f} %" for share in shares.max(axis=1)], top=False, side=1)
    style.title(
        board.axes,
        f"{run.agent} on {wording.world(run.environment)}, {wording.seeds(run.seeds)}",
        _below("the share of the seeds that choose each move" + ("; in numbers the largest" if board.readable else "")),
    )
    return _figure(board)


def visits(run: "Run", index: int | None = None) -> Picture:
    """How often each tile was visited in training, and how the steps from there divide among the moves.

    Args:
        run: the run, of an agent that counts its visits.
        index: of which seed; None for the mean of all.
    """
    rows = _rows(run, "visits")
    if "visits" not in run.learned.arrays:
        raise error.InvalidParameter(
            f"the visits of {run.agent} were not counted; it learned {', '.join(run.learned.arrays)}; write for "
            'instance run.plot("policy")'
        )
    given = run.learned.arrays["visits"]
    counts = given.mean(axis=0) if index is None else given[_checked_index(run, index)].astype(float)
    total = counts.sum(axis=1)
    most = max(float(total.max()), 10.0)
    least = max(float(np.min(total[total > 0], initial=most)), 1.0)
    decade = 10.0 ** math.floor(math.log10(min(least, most / 10)))
    board = _board(rows, total, _COOL, "steps taken from the tile", LogNorm(decade, most))
    _draw_shares(board, counts / np.maximum(total, 1.0)[:, None])
    _write(board, [_short(count) for count in total], top=True, side=-1)
    whose = (
        f"mean of {len(run.seeds)} seeds" if index is None and len(run.seeds) > 1 else f"seed {run.seeds[index or 0]}"
    )
    style.title(
        board.axes,
        f"Visits: {run.agent} on {wording.world(run.environment)}, {whose}",
        _below("the steps taken from each tile; arrows: how they divide among the moves"),
    )
    return _figure(board)


def _rows(run: "Run", kind: str) -> tuple[str, ...]:
    if run.environment.rows is None:
        raise error.InvalidParameter(
            f"{kind!r} is drawn on the map of a lake, and {run.environment.name} has none; for a small table write "
            "agents.plot_mdp(mdp, policy), for the learning curve run.plot()"
        )
    return run.environment.rows


def _checked_index(run: "Run", index: int) -> int:
    if not -len(run.seeds) <= index < len(run.seeds):
        raise IndexError(f"index counts the run's {len(run.seeds)} seeds from 0, got {index}")
    return index


def _board(
    rows: tuple[str, ...], worth: NDArray[np.float64], colormap: Colormap, label: str, norm: Normalize | None
) -> _Board:
    """The map: its open tiles in the colours of what they are worth, the others as the game shows them."""
    letters = np.array([list(row) for row in rows])
    shown = worth.reshape(letters.shape)
    is_open = (letters != "H") & (letters != "G")
    if norm is None:
        low, high = float(shown[is_open].min()), float(shown[is_open].max())
        norm = Normalize(min(low, 0.0), high if high > min(low, 0.0) else min(low, 0.0) + 1.0)
    colours = colormap(norm(shown))[..., :3]
    if isinstance(norm, LogNorm):
        colours[shown <= 0] = _UNSEEN
    longest = max(letters.shape)
    inch = min(1.25, 7.5 / longest)
    figure = style.picture(letters.shape[1] * inch + 1.6, letters.shape[0] * inch + 1.0)
    axes = figure.add_subplot()
    axes.imshow(
        _painted(letters, colours), extent=(-0.5, letters.shape[1] - 0.5, letters.shape[0] - 0.5, -0.5), aspect="equal"
    )
    axes.set_axis_off()
    bar = figure.colorbar(ScalarMappable(norm, colormap), ax=axes, shrink=0.8, pad=0.03, aspect=24)
    bar.set_label(label, color=style.INK)
    if isinstance(norm, LogNorm):
        bar.ax.yaxis.set_major_formatter(lambda count, _: _short(count))
        bar.ax.yaxis.set_minor_formatter("")
    bar.ax.tick_params(which="both", colors=style.GREY)
    bar.outline.set_edgecolor(style.PALE)
    board = _Board(axes, letters, colours)
    for row, column in np.argwhere(letters == "S").tolist() if longest <= _MOST_ARROWS else []:
        corners, ink = _square(row, column, 0.465), board.ink(row, column)
        axes.add_patch(Polygon(corners, fill=False, edgecolor=ink, linewidth=2, joinstyle="round"))
    return board


def _painted(letters: NDArray[np.str_], colours: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The tiles as pixels."""
    size = max(1, min(_TILE, _MOST_PIXELS // max(letters.shape)))
    pixels = np.repeat(np.repeat((colours * 255).round().astype(np.uint8), size, axis=0), size, axis=1)
    for row, column in np.argwhere((letters == "H") | (letters == "G")).tolist():
        tile = np.empty((size, size, 3), dtype=np.uint8)
        cell = Canvas(tile, scale=size)
        lake_art.ice(cell, 0)
        lake_art.TILES[letters[row, column].encode()](cell)
        pixels[row * size : (row + 1) * size, column * size : (column + 1) * size] = tile
    if size >= 8:  # a seam between the tiles
        pixels[::size] = pixels[:, ::size] = 255
    return pixels


def _square(row: int, column: int, half: float) -> list[tuple[float, float]]:
    return [(column + x * half, row + y * half) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


def _draw_moves(board: _Board, probabilities: NDArray[np.float64]) -> None:
    """The moves of one policy: one large arrow, or where several are as good a smaller one for each."""
    if max(board.letters.shape) > _MOST_ARROWS:
        return
    for state, row, column in board.open_tiles():
        moves = np.flatnonzero(probabilities[state])
        if len(moves) == len(MOVES):
            board.axes.add_patch(Circle((column, row), 0.06, color=board.ink(row, column), linewidth=0))
        elif len(moves) == 1:
            _arrow(board, row, column, int(moves[0]), -0.24, 0.48, 0.11)
        else:
            for action in moves:
                _arrow(board, row, column, int(action), 0.03, 0.25, 0.07)


def _draw_shares(board: _Board, shares: NDArray[np.float64]) -> None:
    """(S, A): the moves that are shared out, from the middle, each as large as its share; one that has all, across."""
    if max(board.letters.shape) > _MOST_ARROWS:
        return
    for state, row, column in board.open_tiles():
        for action in np.flatnonzero(shares[state]):
            share = shares[state, action]
            length = 0.10 + 0.26 * share
            start = -length / 2 if np.count_nonzero(shares[state]) == 1 else _TIP - 0.36
            _arrow(board, row, column, int(action), start, length, 0.03 + 0.10 * share)


def _arrow(board: _Board, row: int, column: int, action: int, start: float, length: float, width: float) -> None:
    """An arrow that begins ``start`` from the tile's middle; its head is a third of it."""
    down, right = MOVES[action]
    head, half = min(0.4 * length, 0.16), width / 2
    outline = (
        (start, half), (start + length - head, half), (start + length - head, 2.3 * half), (start + length, 0.0),
        (start + length - head, -2.3 * half), (start + length - head, -half), (start, -half),
    )  # fmt: skip
    points = [
        (column + along * right - across * down, row + along * down + across * right) for along, across in outline
    ]
    board.axes.add_patch(Polygon(points, closed=True, color=board.ink(row, column), linewidth=0))


def _write(board: _Board, texts: list[str], *, top: bool, side: int = 0) -> None:
    """A small text at the top or the bottom of every open tile, to the left (side=-1), in the middle, to the right."""
    if not board.readable:
        return
    for state, row, column in board.open_tiles():
        board.axes.text(
            column + 0.4 * side,
            row + (0.4 if side else 0.42) * (-1 if top else 1),
            texts[state],
            ha=("center", "right", "left")[side],
            va="top" if top else "bottom",
            fontsize=board.font,
            color=board.ink(row, column),
        )


def _short(count: float) -> str:
    """A count in few letters: 7, 940, 1.2k, 35k, 1.2M."""
    for size, letter in ((1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.1f}{letter}" if count < 10 * size else f"{count / size:.0f}{letter}"
    return f"{count:.0f}"


def _below(words: str) -> str:
    """The second line of a title."""
    return f"{words}; framed: the start"


def _figure(board: _Board) -> Picture:
    figure = board.axes.get_figure()
    assert isinstance(figure, Picture)
    return figure
