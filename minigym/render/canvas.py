"""Anti-aliased shapes on a NumPy array: what pictures are drawn with, at any size, with nothing but NumPy.

Each shape is a signed distance: below 0 inside, above 0 outside. A pixel whose centre lies d pixels outside the edge is
covered by 0.5 - d of itself, between 0 and 1, which makes edges smooth and lets shapes move by fractions of a pixel.
Positions have x to the right and y DOWN, like the array's columns and rows.
"""

import math
from collections.abc import Callable, Sequence
from functools import reduce
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Colour = tuple[int, int, int]  # red, green, blue, 0 .. 255
Point = tuple[float, float]
Array = NDArray[np.floating[Any]]  # float32: half the memory to move, and far finer than a pixel
Distance = Callable[[Array, Array], Array]  # of x (1, W) and y (H, 1), in the canvas's unit


class Canvas:
    """A view on a picture in a unit of its own.

    Args:
        pixels: (height, width, 3) uint8, C-contiguous, painted in place.
        origin: the pixel position of the unit's (0, 0).
        scale: pixels a unit.
    """

    def __init__(self, pixels: NDArray[np.uint8], origin: Point = (0.0, 0.0), scale: float = 1.0) -> None:
        self.pixels = pixels
        self.origin = origin
        self.scale = scale

    def inset(self, x: float, y: float, size: float) -> "Canvas":
        """The same picture, in a unit ``size`` times this one, whose (0, 0) lies at this one's (x, y)."""
        origin = (self.origin[0] + x * self.scale, self.origin[1] + y * self.scale)
        return Canvas(self.pixels, origin, self.scale * size)

    def ellipse(self, x: float, y: float, radius_x: float, radius_y: float, colour: Colour, opacity: float = 1) -> None:
        """A filled ellipse around (x, y)."""

        def distance(px: Array, py: Array) -> Array:
            # First-order distance: (|p / r| - 1) over the length of its gradient; exact for circles.
            u, v = (px - x) / radius_x, (py - y) / radius_y
            level = _length(u, v)
            slope = _length(u / radius_x, v / radius_y) / np.maximum(level, 1e-9)
            return (level - 1) / np.maximum(slope, 1e-9)

        self._paint((x - radius_x, y - radius_y, x + radius_x, y + radius_y), distance, colour, opacity)

    def dots(self, centres: Sequence[Point], radius: float, colour: Colour, opacity: float = 1) -> None:
        """A filled circle around each of the points."""

        def distance(px: Array, py: Array) -> Array:
            return _smallest([_length(px - x, py - y) for x, y in centres]) - radius

        self._paint(_bounds(centres, radius), distance, colour, opacity)

    def box(
        self,
        left: float,
        top: float,
        right: float,
        bottom: float,
        colour: Colour,
        opacity: float = 1,
        *,
        round: float = 0,
    ) -> None:
        """A filled rectangle whose corners have the radius ``round``."""
        x, y = (left + right) / 2, (top + bottom) / 2
        half_width, half_height = (right - left) / 2 - round, (bottom - top) / 2 - round

        def distance(px: Array, py: Array) -> Array:
            dx, dy = np.abs(px - x) - half_width, np.abs(py - y) - half_height
            outside = _length(np.maximum(dx, 0), np.maximum(dy, 0))
            outside += np.minimum(np.maximum(dx, dy), 0)  # which is the distance inside
            return outside - round

        self._paint((left, top, right, bottom), distance, colour, opacity)

    def line(self, points: Sequence[Point], width: float, colour: Colour, opacity: float = 1) -> None:
        """A line through the points, with round ends and joints."""
        radius = width / 2

        def distance(px: Array, py: Array) -> Array:
            return _smallest([_to_segment(px, py, start, end) for start, end in pairwise(points)]) - radius

        self._paint(_bounds(points, radius), distance, colour, opacity)

    def polygon(self, points: Sequence[Point], colour: Colour, opacity: float = 1, *, grow: float = 0) -> None:
        """A filled CONVEX polygon, its corners in clockwise order as seen, each edge moved outwards by ``grow``."""
        edges = list(zip(points, [*points[1:], points[0]], strict=True))

        def distance(px: Array, py: Array) -> Array:
            # How far inside of each edge; the least of them counts.
            sides = [
                ((py - y0) * (x1 - x0) - (px - x0) * (y1 - y0)) / math.hypot(x1 - x0, y1 - y0)
                for (x0, y0), (x1, y1) in edges
            ]
            return -_smallest(sides) - grow

        # A corner of a grown polygon moves out by more than its edges; 3 times covers angles down to 40 degrees.
        self._paint(_bounds(points, 3 * grow), distance, colour, opacity)

    def ground(
        self, curve: Callable[[Array], Array], colour: Colour, opacity: float = 1, *, depth: float = math.inf
    ) -> None:
        """All across the picture, what lies below the curve y = curve(x), or a layer of it that is ``depth`` thick."""
        height, width = self.pixels.shape[:2]
        left, top = -self.origin[0] / self.scale, -self.origin[1] / self.scale

        def distance(px: Array, py: Array) -> Array:
            y = curve(px)
            slope = np.gradient(y[0], px[0])
            below = (py - y) / np.sqrt(1 + slope * slope)  # to first order, as for an ellipse
            outside: Array = np.maximum(-below, below - depth)
            return outside

        self._paint((left, top, left + width / self.scale, top + height / self.scale), distance, colour, opacity)

    def _paint(
        self, bounds: tuple[float, float, float, float], distance: Distance, colour: Colour, opacity: float
    ) -> None:
        """Blend ``colour`` over the pixels inside ``bounds`` (left, top, right, bottom), as far as they are covered."""
        height, width = self.pixels.shape[:2]
        left, right = _span(bounds[0], bounds[2], self.origin[0], self.scale, width)
        top, bottom = _span(bounds[1], bounds[3], self.origin[1], self.scale, height)
        if left >= right or top >= bottom:
            return
        x = (np.arange(left, right, dtype=np.float32) + (0.5 - self.origin[0]))[None, :] / self.scale
        y = (np.arange(top, bottom, dtype=np.float32) + (0.5 - self.origin[1]))[:, None] / self.scale
        coverage = np.minimum(np.maximum(0.5 - distance(x, y) * self.scale, 0), 1) * opacity
        # As rows of (red, green, blue, red, ...): NumPy is slow where the innermost axis has length 3.
        region = self.pixels.reshape(height, 3 * width)[top:bottom, 3 * left : 3 * right]
        blended = np.tile(np.array(colour, dtype=np.float32), right - left) - region
        blended *= np.repeat(coverage, 3, axis=1)
        blended += region
        blended += 0.5  # the cast to uint8 cuts off; this makes it round
        region[...] = blended


def _span(low: float, high: float, origin: float, scale: float, size: int) -> tuple[int, int]:
    """The pixels that a shape from ``low`` to ``high`` can touch, cut to the picture."""
    first = max(0, math.floor(origin + low * scale - 1))
    last = min(size, math.ceil(origin + high * scale + 1))
    return min(first, size), max(last, 0)


def _bounds(points: Sequence[Point], margin: float) -> tuple[float, float, float, float]:
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return min(xs) - margin, min(ys) - margin, max(xs) + margin, max(ys) + margin


def _smallest(distances: Sequence[Array]) -> Array:
    """Of each pixel; ``np.minimum.reduce`` would first copy the arrays into one."""
    smallest: Array = reduce(np.minimum, distances)
    return smallest


def _length(x: Array, y: Array) -> Array:
    """``np.hypot``, several times as fast, for pictures hold no number whose square overflows."""
    length: Array = np.sqrt(x * x + y * y)
    return length


def _to_segment(px: Array, py: Array, start: Point, end: Point) -> Array:
    """The distance of (px, py) to the straight line from ``start`` to ``end``."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    squared = max(dx * dx + dy * dy, 1e-12)
    from_x, from_y = px - start[0], py - start[1]
    along = np.minimum(np.maximum(from_x * (dx / squared) + from_y * (dy / squared), 0), 1)
    return _length(from_x - along * dx, from_y - along * dy)
