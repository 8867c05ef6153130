"""What stands on a frozen lake, drawn in fractions of a cell: (0, 0) is its upper left corner, (1, 1) its lower right.

A cell has between 16 and 64 pixels on most maps, so a feature that must be seen on every map is at least 0.06
of a cell wide, about one pixel at 16; finer ones only adorn large cells.
"""

from collections.abc import Callable

from minigym.dynamics.frozen_lake import DOWN, LEFT, MOVES, RIGHT
from minigym.render.canvas import Canvas, Point

SNOW = (246, 249, 252)
SNOW_SHADE = (214, 226, 238)
ICE = (207, 230, 245)
ICE_LIGHT = (235, 246, 253)
ICE_SHADE = (167, 203, 228)
WATER = (32, 84, 128)
WATER_DEEP = (14, 44, 78)
FEATHERS = (42, 51, 79)
FEATHERS_SHADE = (27, 34, 56)
WHITE = (255, 255, 255)
BEAK = (247, 148, 30)
SCARF = (221, 60, 66)
SCARF_SHADE = (170, 36, 46)
RUG = (38, 140, 124)
RUG_LIGHT = (240, 244, 222)
GOLD = (255, 200, 60)
GIFT = (204, 48, 62)
GIFT_SHADE = (158, 30, 46)
SPOTLIGHT = (255, 226, 92)
SLIP = (214, 30, 160)  # magenta: found nowhere else in the picture

# Two or three glints (start, end) a cell; neighbours show different ones, so that the ice does not look tiled.
_GLINTS: tuple[tuple[tuple[Point, Point], ...], ...] = (
    (((0.14, 0.38), (0.36, 0.16)), ((0.24, 0.44), (0.34, 0.34))),
    (((0.62, 0.88), (0.88, 0.62)), ((0.12, 0.22), (0.20, 0.14))),
    (((0.62, 0.30), (0.80, 0.12)), ((0.74, 0.34), (0.86, 0.22)), ((0.14, 0.84), (0.24, 0.74))),
    (((0.12, 0.78), (0.32, 0.58)), ((0.82, 0.86), (0.88, 0.80))),
)
ICE_VARIANTS = len(_GLINTS)


def ice(cell: Canvas, variant: int) -> None:
    """Ice with a few glints, over the whole cell."""
    cell.box(-0.5, -0.5, 1.5, 1.5, ICE)
    for start, end in _GLINTS[variant]:
        cell.line((start, end), 0.05, ICE_LIGHT, 0.6)


def start(cell: Canvas) -> None:
    """A rug with an S."""
    cell.box(0.08, 0.10, 0.92, 0.94, ICE_SHADE, round=0.16)  # its shadow
    cell.box(0.08, 0.07, 0.92, 0.91, RUG, round=0.16)
    cell.box(0.14, 0.13, 0.86, 0.85, RUG_LIGHT, round=0.11)
    cell.box(0.18, 0.17, 0.82, 0.81, RUG, round=0.08)
    letter = ((0.63, 0.36), (0.56, 0.30), (0.45, 0.30), (0.37, 0.36), (0.39, 0.44), (0.50, 0.485))
    mirrored = tuple((1 - x, 0.97 - y) for x, y in reversed(letter))  # an S looks the same upside down
    cell.line((*letter, *mirrored), 0.09, RUG_LIGHT)


def hole(cell: Canvas) -> None:
    """Dark water within a bright rim of broken ice."""
    cell.ellipse(0.50, 0.53, 0.46, 0.43, ICE_SHADE)
    cell.ellipse(0.50, 0.50, 0.46, 0.43, WHITE)
    cell.ellipse(0.50, 0.51, 0.40, 0.37, WATER)
    cell.ellipse(0.50, 0.56, 0.37, 0.31, WATER_DEEP)  # lower than the water: the wall of ice throws no shadow there
    cell.line(((0.30, 0.60), (0.44, 0.60)), 0.035, WATER)
    cell.line(((0.50, 0.72), (0.68, 0.72)), 0.035, WATER)


def goal(cell: Canvas) -> None:
    """A gift on a golden disc."""
    goal_disc(cell)
    gift(cell)


def goal_disc(cell: Canvas) -> None:
    """The golden disc that marks the goal, whether or not the agent stands on it."""
    cell.dots([(0.5, 0.5)], 0.46, GOLD, 0.35)
    cell.dots([(0.5, 0.5)], 0.37, GOLD, 0.55)


def spotlight(cell: Canvas) -> None:
    """A bright disc under the agent, to find it by where a cell is only some pixels wide."""
    cell.dots([(0.5, 0.5)], 0.5, WHITE)
    cell.dots([(0.5, 0.5)], 0.42, SPOTLIGHT)


def gift(cell: Canvas) -> None:
    """A wrapped box with a bow."""
    cell.ellipse(0.50, 0.83, 0.32, 0.06, FEATHERS, 0.25)  # its shadow
    cell.box(0.23, 0.44, 0.77, 0.83, GIFT, round=0.04)
    cell.box(0.23, 0.44, 0.77, 0.52, GIFT_SHADE)  # under the lid
    cell.box(0.19, 0.34, 0.81, 0.48, GIFT, round=0.04)
    cell.box(0.44, 0.34, 0.56, 0.83, GOLD)
    for side in (-1, 1):
        cell.line(((0.5, 0.34), (0.5 + side * 0.17, 0.19), (0.5 + side * 0.21, 0.30), (0.5, 0.34)), 0.07, GOLD)


def penguin(cell: Canvas, facing: int) -> None:
    """The agent: towards the viewer (down), from the side, or from behind (up); its beak points where it faces."""
    cell.ellipse(0.50, 0.89, 0.28, 0.07, FEATHERS_SHADE, 0.25)  # its shadow
    for side in (-1, 1):
        cell.ellipse(0.50 + side * 0.12, 0.88, 0.10, 0.05, BEAK)
    if facing == DOWN:
        _penguin_front(cell)
    elif facing in (LEFT, RIGHT):
        _penguin_side(cell, MOVES[facing][1])
    else:
        _penguin_back(cell)


def _penguin_front(cell: Canvas) -> None:
    _wings_and_body(cell)
    cell.ellipse(0.50, 0.68, 0.20, 0.19, WHITE)
    cell.dots(_pair(0.10, 0.36), 0.13, WHITE)
    _scarf(cell, tail=0.62)
    cell.dots(_pair(0.10, 0.33), 0.05, FEATHERS_SHADE)
    cell.polygon(((0.42, 0.41), (0.58, 0.41), (0.50, 0.53)), BEAK, grow=0.02)


def _penguin_side(cell: Canvas, side: int) -> None:
    """``side`` is 1 to the right and -1 to the left."""
    beak = [(0.5 + side * 0.20, 0.28), (0.5 + side * 0.43, 0.38), (0.5 + side * 0.20, 0.46)]
    cell.polygon(beak if side > 0 else beak[::-1], BEAK, grow=0.02)
    _body(cell)
    cell.ellipse(0.5 + side * 0.12, 0.68, 0.18, 0.19, WHITE)
    cell.dots([(0.5 + side * 0.13, 0.36)], 0.13, WHITE)
    cell.dots([(0.5 + side * 0.15, 0.33)], 0.05, FEATHERS_SHADE)
    cell.ellipse(0.5 - side * 0.08, 0.69, 0.09, 0.17, FEATHERS_SHADE)
    _scarf(cell, tail=0.5 - side * 0.18)


def _penguin_back(cell: Canvas) -> None:
    cell.polygon(((0.50, 0.03), (0.62, 0.22), (0.38, 0.22)), BEAK, grow=0.02)
    _wings_and_body(cell)
    _scarf(cell, tail=0.40)
    cell.ellipse(0.50, 0.86, 0.07, 0.05, FEATHERS_SHADE)  # its tail


def _wings_and_body(cell: Canvas) -> None:
    for side in (-1, 1):
        cell.line(((0.5 + side * 0.24, 0.58), (0.5 + side * 0.34, 0.76)), 0.12, FEATHERS_SHADE)
    _body(cell)


def _body(cell: Canvas) -> None:
    cell.ellipse(0.50, 0.67, 0.30, 0.23, FEATHERS)
    cell.dots([(0.50, 0.37)], 0.25, FEATHERS)
    cell.box(0.25, 0.37, 0.75, 0.62, FEATHERS, round=0.06)


def _scarf(cell: Canvas, tail: float) -> None:
    """Around the neck, one end hanging down at x = ``tail``."""
    cell.line(((tail, 0.60), (tail, 0.74)), 0.11, SCARF_SHADE)
    cell.line(((0.27, 0.57), (0.50, 0.60), (0.73, 0.57)), 0.10, SCARF)


def cracks(cell: Canvas) -> None:
    """Cracks around a hole that somebody fell into."""
    for crack in (
        ((0.16, 0.22), (0.09, 0.15), (0.10, 0.06)),
        ((0.84, 0.22), (0.91, 0.13), (0.98, 0.12)),
        ((0.85, 0.80), (0.93, 0.87), (0.92, 0.97)),
        ((0.15, 0.80), (0.07, 0.85), (0.04, 0.95)),
    ):
        cell.line(crack, 0.035, WATER)


def swimmer(cell: Canvas) -> None:
    """The agent in a hole: its head above a ring on the water, its eyes shut tight, drops around it."""
    cell.ellipse(0.50, 0.68, 0.34, 0.15, ICE_SHADE)
    cell.ellipse(0.50, 0.68, 0.31, 0.12, WATER)
    cell.ellipse(0.50, 0.67, 0.24, 0.07, FEATHERS)  # where the neck meets the water
    cell.dots([(0.50, 0.43)], 0.24, FEATHERS)
    cell.box(0.26, 0.43, 0.74, 0.67, FEATHERS, round=0.06)
    cell.dots(_pair(0.105, 0.44), 0.125, WHITE)
    for x, y in _pair(0.105, 0.42):
        for slope in (-0.05, 0.05):  # an X
            cell.line(((x - 0.05, y - slope), (x + 0.05, y + slope)), 0.035, FEATHERS_SHADE)
    cell.dots((*_pair(0.32, 0.38), *_pair(0.27, 0.22)), 0.035, ICE_LIGHT)
    cell.polygon(((0.43, 0.50), (0.57, 0.50), (0.50, 0.59)), BEAK, grow=0.02)


def slip(cell: Canvas, direction: int) -> None:
    """An arrow under the agent, from edge to edge: where the ice carried it, whatever it wanted."""
    down, right = MOVES[direction]

    def at(along: float, across: float) -> Point:
        """From the cell's centre, ``along`` the direction and ``across`` to the right of it."""
        return 0.5 + right * along - down * across, 0.5 + down * along + right * across

    head = (at(0.47, 0), at(0.30, 0.22), at(0.30, -0.22))
    trails = [(at(-0.45, across), at(0, across)) for across in (-0.12, 0.12)]
    for trail in trails:
        cell.line(trail, 0.13, WHITE)
    cell.polygon(head, WHITE, grow=0.035)
    for trail in trails:
        cell.line(trail, 0.08, SLIP)
    cell.polygon(head, SLIP)


def _pair(offset: float, y: float) -> tuple[Point, Point]:
    """Two points as far to the left and to the right of the cell's middle."""
    return (0.5 - offset, y), (0.5 + offset, y)


TILES: dict[bytes, Callable[[Canvas], None]] = {b"S": start, b"H": hole, b"G": goal}  # over the ice; F: nothing
