"""What the terminal shows in place of pictures: arrows on a map, bars, a sparkline, and figures in columns.

Each has an ASCII form, for where the output's encoding has no other signs.
"""

import textwrap
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

WIDTH = 80
_BAR = 40  # characters of the longest bar
_LISTED_STATES = 40
_SPARKS = 40  # characters of the longest sparkline


class Glyphs(NamedTuple):
    arrows: str  # of the actions Left, Down, Right, Up
    undecided: str
    bar: str  # what a full character of a bar looks like, after its eighths
    heights: str  # of a sparkline, from the lowest to the highest


_UNICODE = Glyphs("←↓→↑", "·", "▏▎▍▌▋▊▉█", "▁▂▃▄▅▆▇█")
_ASCII = Glyphs("<v>^", ".", "#", "_.-~=+*#")


def glyphs_of(encoding: str) -> Glyphs:
    try:
        "".join(_UNICODE).encode(encoding)
    except UnicodeEncodeError:
        return _ASCII
    return _UNICODE


def encodable(report: str, encoding: str) -> str:
    """A name in the report may hold anything: what cannot be shown becomes a question mark."""
    return report.encode(encoding, errors="replace").decode(encoding)


def lake(rows: Sequence[str], actions: NDArray[np.int64], tied: NDArray[np.int64], glyphs: Glyphs) -> list[str]:
    """The map with an arrow on every tile where a move is chosen."""
    num_columns = len(rows[0])
    if num_columns > WIDTH - 2:
        return [f"  The map is {num_columns} columns wide, too wide to be shown here."]
    roomy = 3 * num_columns <= WIDTH - 2
    lines, some_tied, some_undecided = [], False, False
    for row, letters in enumerate(rows):
        cells = []
        for column, letter in enumerate(letters):
            state = row * num_columns + column
            if letter in "HG":
                cells.append(f" {letter} " if roomy else letter)
                continue
            undecided = tied[state] == len(glyphs.arrows)
            sign = glyphs.undecided if undecided else glyphs.arrows[actions[state]]
            mark = "*" if tied[state] > 1 and not undecided else " "
            cells.append(f"{'S' if letter == 'S' else ' '}{sign}{mark}" if roomy else sign)
            some_tied |= mark == "*"
            some_undecided |= undecided
        lines.append(("  " + "".join(cells)).rstrip())
    signs = "S start, H hole, G goal" if roomy else "H hole, G goal"
    if some_tied:
        signs += ", * another action is valued the same" if roomy else ", of equals the first"
    if some_undecided:
        signs += (
            f", {glyphs.undecided} all are" if some_tied else f", {glyphs.undecided} all actions are valued the same"
        )
    return [*lines, *textwrap.wrap(f"({signs})", WIDTH - 2, initial_indent="  ", subsequent_indent="  ")]


def table(actions: NDArray[np.int64], tied: NDArray[np.int64], terminal: NDArray[np.bool_]) -> list[str]:
    shown = min(len(actions), _LISTED_STATES)
    cells = []
    for state in range(shown):
        choice = "end" if terminal[state] else f"{actions[state]}{'*' if tied[state] > 1 else ''}"
        cells.append(f"{state}: {choice}")
    lines = columns(cells)
    if shown < len(actions):
        lines.append(f"  ... and {len(actions) - shown:,} more states")
    if (tied[:shown] > 1)[~terminal[:shown]].any():
        lines.append("  (* another action is valued the same)")
    return lines


def sparkline(curve: NDArray[np.float64], low: float, high: float, glyphs: Glyphs) -> str:
    """A curve in one line, from ``low`` at the bottom to ``high`` at the top."""
    shown = curve[np.unique(np.linspace(0, len(curve) - 1, _SPARKS).round().astype(int))]
    levels = np.clip((shown - low) / ((high - low) or 1.0), 0, 1) * (len(glyphs.heights) - 1)
    return "".join(glyphs.heights[level] for level in levels.round().astype(int))


def figures(rows: Sequence[tuple[str, float | str]], decimals: int = 6) -> list[str]:
    return [f"  {label:<58}{value if isinstance(value, str) else figure(value, decimals):>12}" for label, value in rows]


def columns(cells: Sequence[str]) -> list[str]:
    """Short texts in as many columns as fit."""
    width = max(map(len, cells)) + 3
    per_line = max(1, (WIDTH - 2) // width)
    return [
        ("  " + "".join(cell.ljust(width) for cell in cells[first : first + per_line])).rstrip()
        for first in range(0, len(cells), per_line)
    ]


def figure(value: float, decimals: int) -> str:
    """Exact figures are given to six decimals (policies on lakes differ in the third), sampled ones to three."""
    return f"{value:.{decimals}f}" if abs(value) < 10 else f"{value:.{max(1, decimals - 2)}f}"


def bar(share: float, signs: str) -> str:
    full, eighths = divmod(round(share * _BAR * len(signs)), len(signs))
    return signs[-1] * full + (signs[eighths - 1] if eighths else "")
