"""From a state of the cart-pole to a frame."""

import math
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from minigym.dynamics.cart_pole import Params, failed
from minigym.render.canvas import Canvas, Point

WIDTH, HEIGHT = 600, 400  # pixels, the reference's
_TRACK_Y = 310  # pixels from the top
_LARGEST_CART = 60.0  # pixels, its width
_AXLE = 0.55  # of the cart's width: the height of the pole's hinge above the track
_MARGIN = 0.15  # of the track's length, half of it beyond either limit: a cart that has just failed is seen whole
_HEADROOM = 40  # pixels above an upright pole; the limits of the angle reach into them

_SKY = (247, 250, 253)
_GROUND = (226, 233, 241)
_FORBIDDEN = (252, 235, 233)  # beyond the limits
_RAIL = (86, 98, 120)
_TICK = (150, 161, 180)
_LIMIT = (214, 64, 69)
_CART = (42, 62, 102)
_CART_LIGHT = (84, 112, 168)
_WHEEL = (30, 36, 52)
_POLE = (214, 142, 62)
_POLE_SHADE = (164, 100, 36)
_FALLEN = (232, 52, 40)
_FALLEN_SHADE = (150, 36, 46)
_PUSH = (20, 150, 120)
_WHITE = (255, 255, 255)


class _Scale(NamedTuple):
    """Sizes in pixels."""

    metre: float  # of the cart's position
    cart: float  # the cart's width
    axle: float  # the height of the pole's hinge above the track
    pole: float  # the pole's length
    thickness: float  # the pole's


def cart_pole_frame(x: float, theta: float, params: Params, last_action: int | None = None) -> NDArray[np.uint8]:
    """The cart and the pole, the track with its two limits, and the two limits of the angle, (400, 600, 3) uint8.

    The pole is red in a state that has failed. A cart beyond the picture is drawn at its edge.

    Args:
        x: the cart's position (m).
        theta: the pole's angle (rad) from upright, positive to the right.
        params: the physical parameters; the picture needs ``length`` and the two thresholds.
        last_action: an arrow shows the push, 0 to the left and 1 to the right; None for no arrow.
    """
    frame = _background(params.x_threshold, params.length).copy()
    canvas = Canvas(frame)
    scale = _scale(params.x_threshold, params.length)
    x, theta = float(x), float(theta)  # NumPy's float64 would turn the canvas's float32 arithmetic into its own
    hinge = (min(max(WIDTH / 2 + x * scale.metre, 0.0), float(WIDTH)), _TRACK_Y - scale.axle)
    _draw_angle_limits(canvas, hinge, params.theta_threshold_radians, scale)
    _draw_cart(canvas, hinge, scale)
    if last_action is not None:
        _draw_push(canvas, hinge, scale, 1 if last_action else -1)
    _draw_pole(canvas, hinge, theta, scale, bool(failed(x, theta, params)))
    return frame


def _scale(x_threshold: float, length: float) -> _Scale:
    """One scale for track and pole, such that both fit; only on a very long track cart and pole are enlarged."""
    room = _TRACK_Y - _HEADROOM - _LARGEST_CART * _AXLE
    metre = min(WIDTH / (2 * x_threshold * (1 + _MARGIN)), room / (2 * length))
    body = min(max(metre, 60.0), room / (2 * length))  # 60 pixels a metre: a standard pole can still be seen
    cart = min(max(0.55 * body, 32.0), _LARGEST_CART)  # 0.55 m at the standard scale; the physics gives it no size
    return _Scale(
        metre=metre,
        cart=cart,
        axle=_AXLE * cart,
        pole=2 * length * body,  # ``length`` is half the pole's
        thickness=min(max(0.08 * body, 5.0), 9.0),
    )


@lru_cache(maxsize=16)  # at 703 KiB each
def _background(x_threshold: float, length: float) -> NDArray[np.uint8]:
    """What does not move: the track, a tick every metre (or 0.1, 10, ...), the limits and what lies beyond."""
    pixels = np.empty((HEIGHT, WIDTH, 3), dtype=np.uint8)
    pixels[:_TRACK_Y] = _SKY
    pixels[_TRACK_Y:] = _GROUND
    canvas = Canvas(pixels)
    track = _scale(x_threshold, length).metre
    middle = WIDTH / 2
    left, right = middle - x_threshold * track, middle + x_threshold * track
    canvas.box(-1, -1, left, _TRACK_Y, _FORBIDDEN)
    canvas.box(right, -1, WIDTH + 1, _TRACK_Y, _FORBIDDEN)
    canvas.box(-1, _TRACK_Y - 2, WIDTH + 1, _TRACK_Y + 2, _RAIL)
    metres = 10.0 ** math.ceil(math.log10(20 / track))  # 20 pixels or more between two ticks
    for step in range(-int(x_threshold / metres), int(x_threshold / metres) + 1):
        tick = middle + step * metres * track
        canvas.line(((tick, _TRACK_Y + 8), (tick, _TRACK_Y + (20 if step == 0 else 14))), 2, _TICK)
    for limit in (left, right):
        canvas.box(limit - 1, -1, limit + 1, _TRACK_Y, _LIMIT, 0.35)
        canvas.box(limit - 3, _TRACK_Y - 44, limit + 3, _TRACK_Y + 20, _LIMIT, round=2)
        for stripe in (-34, -14, 6):
            canvas.box(limit - 3, _TRACK_Y + stripe, limit + 3, _TRACK_Y + stripe + 8, _WHITE)
    pixels.setflags(write=False)
    return pixels


def _draw_angle_limits(canvas: Canvas, hinge: Point, threshold: float, scale: _Scale) -> None:
    reach = scale.pole + scale.thickness + 6  # a little longer than the pole, so that they are seen beside it
    for angle in (-threshold, threshold):
        canvas.line((hinge, _along(hinge, angle, reach)), 1.5, _LIMIT, 0.4)


def _draw_cart(canvas: Canvas, hinge: Point, scale: _Scale) -> None:
    x, y = hinge
    half, wheel = scale.cart / 2, scale.cart * 0.13
    bottom = _TRACK_Y - 2 - wheel
    canvas.box(x - half, y - 3, x + half, bottom, _CART, round=scale.cart * 0.1)
    canvas.box(x - half + 3, y, x + half - 3, y + 4, _CART_LIGHT, round=2)
    wheels = ((x - half * 0.58, bottom), (x + half * 0.58, bottom))
    canvas.dots(wheels, wheel, _WHEEL)
    canvas.dots(wheels, wheel * 0.4, _TICK)


def _draw_push(canvas: Canvas, hinge: Point, scale: _Scale, direction: int) -> None:
    """An arrow behind the cart, pointing at it."""
    tip = hinge[0] - direction * (scale.cart / 2 + 4)
    y = _TRACK_Y - scale.axle * 0.6  # at half the height of the cart's body
    head = [(tip, y), (tip - direction * 11, y + 8), (tip - direction * 11, y - 8)]
    canvas.line(((tip - direction * 24, y), (tip - direction * 10, y)), 5, _PUSH)
    canvas.polygon(head if direction > 0 else head[::-1], _PUSH)


def _draw_pole(canvas: Canvas, hinge: Point, theta: float, scale: _Scale, fallen: bool) -> None:
    pole = (hinge, _along(hinge, theta, scale.pole))
    shade, light = (_FALLEN_SHADE, _FALLEN) if fallen else (_POLE_SHADE, _POLE)
    canvas.line(pole, scale.thickness, shade)
    canvas.line(pole, scale.thickness - 2.5, light)
    canvas.dots([hinge], scale.thickness * 0.75, _WHEEL)
    canvas.dots([hinge], scale.thickness * 0.35, _WHITE)


def _along(hinge: Point, angle: float, reach: float) -> Point:
    """The point ``reach`` pixels from the hinge, in the direction of a pole at ``angle``."""
    return hinge[0] + reach * math.sin(angle), hinge[1] - reach * math.cos(angle)
