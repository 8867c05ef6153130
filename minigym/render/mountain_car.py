"""From a state of the mountain car to a frame."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigym.dynamics.mountain_car import Params, reached
from minigym.render.canvas import Array, Canvas, Point

WIDTH, HEIGHT = 600, 400  # pixels, the reference's
_BASE = 326  # pixels from the top: the lowest point of the road
_ROOM = 254  # pixels, at most, from there to the highest one
_EDGE = 58  # pixels beyond both ends of the car's reach, so that there it is seen whole
_STEEPNESS = 0.45  # m: the road's height is 0.45 sin(3 position), as in the reference

_AXLES = 32.0  # pixels between the axles
_WHEEL = 8.0  # pixels, a wheel's radius
_HALF = 30.0  # pixels, half the car's length
_STAFF = 56.0  # pixels, the flag's

_SKY = ((206, 228, 246), (247, 250, 253))  # at the top, and at the bottom
_SUN = (255, 221, 132)
_CLOUD = (255, 255, 255)
_FAR = (205, 219, 235)
_NEAR = (186, 206, 222)
_ROAD = (86, 98, 120)
_GRASS = (134, 188, 122)
_MEADOW = (164, 207, 148)
_SHADE = (150, 196, 137)
_TICK = (222, 238, 214)
_LIMIT = (214, 64, 69)
_WHITE = (255, 255, 255)
_CAR = (42, 62, 102)
_CAR_LIGHT = (84, 112, 168)
_GLASS = (208, 228, 244)
_LAMP = (255, 208, 84)
_TYRE = (30, 36, 52)
_HUB = (150, 161, 180)
_MAST = (86, 98, 120)
_FLAG = (232, 72, 56)
_FLAG_REACHED = (24, 160, 88)
_PUSH = (20, 150, 120)


def mountain_car_frame(
    position: float, velocity: float, params: Params, last_action: int | None = None
) -> NDArray[np.uint8]:
    """The car on the road, the wall on the left and the flag at the goal, (400, 600, 3) uint8.

    The flag is green in a state that has reached the goal. A car beyond the picture is drawn at its edge.

    Args:
        position: the car's position (m).
        velocity: its velocity (m/step), which decides whether it has reached the goal.
        params: the physical parameters; the picture needs the three positions and ``goal_velocity``.
        last_action: an arrow shows the push, 0 to the left and 2 to the right; 1 or None for no arrow.
    """
    frame = _background(params.min_position, params.max_position).copy()
    canvas = Canvas(frame)
    view = _view(params.min_position, params.max_position)
    flag = view.x(params.goal_position)
    if -_EDGE < flag < WIDTH + _EDGE:
        _draw_flag(canvas, view.ground(flag), bool(reached(position, velocity, params)))
    car = _car_at(view, min(max(view.x(position), 0.0), float(WIDTH)))
    if last_action is not None and last_action != 1:
        _draw_push(canvas, car, 1 if last_action > 1 else -1)
    _draw_car(canvas, car)
    return frame


class _View(NamedTuple):
    """Where things stand in the picture. Both directions have one scale, so that slopes are true."""

    metre: float  # pixels
    centre: float  # m, the position in the middle of the picture
    base: float  # pixels from the top: height 0

    def x(self, position: float) -> float:
        """Pixels from the left."""
        return WIDTH / 2 + (float(position) - self.centre) * self.metre

    def angle(self, x: Array | float) -> Array:
        """Three times the position, at x pixels from the left."""
        angle: Array = 3 * (self.centre + (np.asarray(x, np.float64) - WIDTH / 2) / self.metre)
        return angle

    def road(self, x: Array | float) -> Array:
        """The road, in pixels from the top, at x pixels from the left."""
        height: Array = self.base - _STEEPNESS * self.metre * np.sin(self.angle(x))
        return height

    def slope(self, x: Array | float) -> Array:
        """The derivative of ``road``."""
        slope: Array = -3 * _STEEPNESS * np.cos(self.angle(x))
        return slope

    def ground(self, x: float, above: float = 0.0) -> Point:
        """The point of the road at x, or the one ``above`` it at a right angle."""
        slope = float(self.slope(x))
        length = math.hypot(1.0, slope)
        return x + above * slope / length, float(self.road(x)) - above / length


class _Axes(NamedTuple):
    """The directions in which the car lies."""

    origin: Point  # pixels: the middle between the wheels' hubs
    cosine: float
    sine: float  # of the car's tilt, positive with the nose down

    def point(self, forward: float, up: float) -> Point:
        """In pixels, what lies so many pixels before and above the origin as the driver sees it."""
        x, y = self.origin
        return x + forward * self.cosine + up * self.sine, y + forward * self.sine - up * self.cosine

    def points(self, *pairs: Point) -> list[Point]:
        """Several of them."""
        return [self.point(*pair) for pair in pairs]


@lru_cache(maxsize=16)
def _view(min_position: float, max_position: float) -> _View:
    """The largest scale at which the road between the limits fits, from its lowest to its highest point."""
    heights = _STEEPNESS * np.sin(3 * np.linspace(min_position, max_position, 1001))
    low, high = float(heights.min()), float(heights.max())
    metre = min((WIDTH - 2 * _EDGE) / (max_position - min_position), _ROOM / max(high - low, 1e-9))
    return _View(metre=metre, centre=min_position / 2 + max_position / 2, base=_BASE + low * metre)


@lru_cache(maxsize=16)  # at 703 KiB each
def _background(min_position: float, max_position: float) -> NDArray[np.uint8]:
    """What does not move: the sky, the hills behind, the road with a tick every 0.1 m (or 1, 10, ...), and the wall."""
    pixels = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
    top, bottom = np.array(_SKY, float)
    pixels[:] = np.round(top + np.linspace(0, 1, HEIGHT)[:, None, None] * (bottom - top))
    canvas = Canvas(pixels)
    canvas.dots([(206, 74)], 40, _SUN, 0.25)
    canvas.dots([(206, 74)], 27, _SUN)
    _draw_cloud(canvas, 332, 84, 1.0)
    _draw_cloud(canvas, 120, 44, 0.7)
    canvas.ground(lambda x: 208 - 34 * np.sin(x / 74 + 0.5), _FAR)
    canvas.ground(lambda x: 256 - 26 * np.sin(x / 53 + 2.6), _NEAR)
    view = _view(min_position, max_position)
    canvas.ground(view.road, _MEADOW)
    canvas.ground(lambda x: view.road(x) + 54, _SHADE)
    _draw_ticks(canvas, view)
    canvas.ground(view.road, _GRASS, depth=10)
    canvas.ground(view.road, _ROAD, depth=4)
    _draw_wall(canvas, view, view.x(min_position))
    pixels.setflags(write=False)
    return pixels


def _draw_cloud(canvas: Canvas, x: float, y: float, size: float) -> None:
    cloud = canvas.inset(x, y, size)
    cloud.box(-34, -7, 34, 9, _CLOUD, 0.9, round=8)
    cloud.ellipse(-8, -7, 17, 15, _CLOUD)
    cloud.ellipse(13, -4, 12, 10, _CLOUD)


def _draw_ticks(canvas: Canvas, view: _View) -> None:
    """Marks in the earth below the road, longer at position 0."""
    metres = 10.0 ** math.ceil(math.log10(20 / view.metre))  # 20 pixels or more between two ticks
    reach = WIDTH / 2 / view.metre
    for number in range(math.ceil((view.centre - reach) / metres), math.floor((view.centre + reach) / metres) + 1):
        x = view.x(number * metres)
        canvas.line((view.ground(x, -15), view.ground(x, -29 if number == 0 else -21)), 2, _TICK)


def _draw_wall(canvas: Canvas, view: _View, x: float) -> None:
    """A striped post, touched by the car that the wall stops."""
    car = _car_at(view, x)
    x = min(corner[0] for corner in car.points((-_HALF, 0), (-_HALF, 13), (-16, 28))) - 5
    foot = float(view.road(x))
    canvas.box(x - 4, foot - 60, x + 4, foot + 8, _LIMIT, round=2)
    for stripe in (-50, -30, -10):
        canvas.box(x - 4, foot + stripe, x + 4, foot + stripe + 10, _WHITE)


def _draw_flag(canvas: Canvas, foot: Point, is_reached: bool) -> None:
    x, y = foot
    top = y - _STAFF
    canvas.line(((x, y + 2), (x, top)), 3, _MAST)
    canvas.polygon(((x + 1.5, top), (x + 30, top + 10), (x + 1.5, top + 20)), _FLAG_REACHED if is_reached else _FLAG)
    canvas.dots([(x, top - 1)], 3.5, _MAST)


def _car_at(view: _View, x: float) -> _Axes:
    """A car whose middle is at x pixels from the left; both wheels touch the road."""
    half = _AXLES / 2 / math.hypot(1.0, float(view.slope(x)))
    (left, left_y), (right, right_y) = (view.ground(x + side * half, _WHEEL) for side in (-1, 1))
    length = math.hypot(right - left, right_y - left_y)
    return _Axes(((left + right) / 2, (left_y + right_y) / 2), (right - left) / length, (right_y - left_y) / length)


def _draw_car(canvas: Canvas, car: _Axes) -> None:
    cabin = car.points((-16, 11), (-9, 24), (7, 24), (16, 11))
    canvas.polygon(cabin, _CAR)
    canvas.line([*cabin, cabin[0]], 4, _CAR)  # rounds the corners
    canvas.polygon(car.points((-13, 13), (-7.5, 23), (-1.5, 23), (-1.5, 13)), _GLASS)
    canvas.polygon(car.points((1.5, 13), (1.5, 23), (6, 23), (12.5, 13)), _GLASS)
    canvas.line(car.points((8 - _HALF, 5.5), (_HALF - 8, 5.5)), 16, _CAR)
    canvas.line(car.points((7 - _HALF, 9), (_HALF - 11, 9)), 3, _CAR_LIGHT)
    canvas.dots(car.points((_HALF - 4.5, 7)), 3, _LAMP)
    hubs = car.points((-_AXLES / 2, 0), (_AXLES / 2, 0))
    canvas.dots(hubs, _WHEEL, _TYRE)
    canvas.dots(hubs, _WHEEL * 0.4, _HUB)


def _draw_push(canvas: Canvas, car: _Axes, direction: int) -> None:
    """An arrow behind the car, pointing at it."""
    tip = -direction * (_HALF + 4)
    canvas.line(car.points((tip - direction * 26, 6), (tip - direction * 11, 6)), 6, _PUSH)
    head = car.points((tip, 6), (tip - direction * 12, -3), (tip - direction * 12, 15))
    canvas.polygon(head if direction > 0 else head[::-1], _PUSH)
