"""From a state to text and to a frame; what a picture must show, not how it looks in every pixel."""

import math
import os
import subprocess
import sys

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from minigym import render
from minigym.dynamics import mountain_car as car_dynamics
from minigym.dynamics.cart_pole import Params
from minigym.dynamics.frozen_lake import DOWN, LEFT, MAPS, MOVES, RIGHT, UP
from minigym.render import cart_pole, lake_art, mountain_car
from minigym.render.canvas import Canvas
from minigym.render.frozen_lake import _grid

ACTIONS = (LEFT, DOWN, RIGHT, UP)
sides = st.integers(1, 40)
maybe_action = st.none() | st.sampled_from(ACTIONS)


def tiles(*rows):
    return np.array([list(row) for row in rows], dtype="S1")


def random_tiles(nrow, ncol, seed):
    return np.random.default_rng(seed).choice(np.array([b"S", b"F", b"H", b"G"]), size=(nrow, ncol))


LAKE = tiles(*MAPS["4x4"])
START, FROZEN, HOLE, GOAL = 0, 1, 5, 15  # a state of the 4x4 lake on each kind of tile


def cell(frame, state, ncol=4, size=64):
    row, column = divmod(state, ncol)
    return frame[row * size : (row + 1) * size, column * size : (column + 1) * size].astype(int)


# Text -----------------------------------------------------------------------------------------------------------


def test_lake_text_marks_the_agent_and_names_its_move():
    assert render.frozen_lake_text(LAKE, 0, None) == "\n\x1b[41mS\x1b[0mFFF\nFHFH\nFFFH\nHFFG\n"
    assert render.frozen_lake_text(LAKE, 4, DOWN) == "  (Down)\nSFFF\n\x1b[41mF\x1b[0mHFH\nFFFH\nHFFG\n"


def test_lake_text_equals_the_references():
    rng = np.random.default_rng(0)
    for _ in range(100):
        desc = random_tiles(*rng.integers(1, 9, size=2), seed=rng)
        desc[0, 0] = b"S"  # the reference divides by the number of starts
        reference = gymnasium.make("FrozenLake-v1", desc=desc.astype("U1").tolist(), render_mode="ansi").unwrapped
        for last_action in (None, *ACTIONS):
            reference.s, reference.lastaction = int(rng.integers(desc.size)), last_action
            assert render.frozen_lake_text(desc, reference.s, last_action) == reference.render()


def test_tabular_text_names_state_and_action():
    assert render.tabular_text(16, 3, None) == "state 3 of 0 .. 15"
    assert render.tabular_text(16, 3, 2) == "state 3 of 0 .. 15, after action 2"


# The lake -------------------------------------------------------------------------------------------------------


@given(sides, sides, st.integers(0, 2**32), maybe_action, maybe_action)
def test_lake_frame_has_the_references_size_and_is_fresh(nrow, ncol, seed, last_action, executed_action):
    lake = random_tiles(nrow, ncol, seed)
    state = seed % lake.size
    frame = render.frozen_lake_frame(lake, state, last_action, executed_action)
    assert frame.dtype == np.uint8
    assert frame.shape == (min(64 * nrow, 512), min(64 * ncol, 512), 3)
    kept = frame.copy()
    frame[:] = 0  # the caller's to write on: the next frame does not show it
    np.testing.assert_array_equal(render.frozen_lake_frame(lake, state, last_action, executed_action), kept)


@given(sides, sides)
def test_cells_are_square_tile_the_lake_and_touch_two_sides_of_the_frame(nrow, ncol):
    rows, columns = _grid(nrow, ncol)
    heights, widths = np.diff(rows), np.diff(columns)
    assert np.ptp([*heights, *widths]) <= 1
    height, width = min(64 * nrow, 512), min(64 * ncol, 512)
    assert (rows[0], rows[-1]) == (0, height) or (columns[0], columns[-1]) == (0, width)
    for edges, size in ((rows, height), (columns, width)):  # centred, in the frame
        assert edges[0] >= 0
        assert abs(edges[0] - (size - edges[-1])) <= 1


@pytest.mark.parametrize("size", [1, 3, 4, 8, 9, 13, 31, 32])
def test_a_square_lake_fills_its_frame(size):
    frame = render.frozen_lake_frame(random_tiles(size, size, 0), 0, None, None)
    for border in (frame[0], frame[-1], frame[:, 0], frame[:, -1]):
        assert not (border == lake_art.SNOW).all(axis=1).any()


@given(st.integers(0, 63), st.integers(0, 63), st.sampled_from(ACTIONS), st.sampled_from(ACTIONS))
def test_the_agent_changes_its_own_cell_alone(state, other, last_action, executed_action):
    lake = tiles(*MAPS["8x8"])
    here = render.frozen_lake_frame(lake, state, last_action, executed_action).astype(int)
    there = render.frozen_lake_frame(lake, other, None, None).astype(int)
    changed = {divmod(int(y), 64)[0] * 8 + int(x) // 64 for y, x in np.argwhere((here != there).any(axis=2))}
    assert changed == ({state, other} if state != other else changed & {state})
    if state != other:  # at a glance: a sixth of its cell's pixels stand out from the empty cell
        difference = np.abs(cell(here, state, ncol=8) - cell(there, state, ncol=8)).max(axis=2)
        assert (difference > 60).mean() > 1 / 6


@pytest.mark.parametrize("size", [4, 8, 32])
@pytest.mark.parametrize("letter", [b"S", b"F", b"G"])
def test_the_agent_faces_its_last_move(size, letter):
    lake = np.full((size, size), b"F")
    lake[1, 1] = letter
    frames = [render.frozen_lake_frame(lake, size + 1, action, action) for action in ACTIONS]
    for i, first in enumerate(frames):
        for second in frames[i + 1 :]:
            assert (np.abs(first.astype(int) - second).max(axis=2) > 60).sum() >= 12
    np.testing.assert_array_equal(render.frozen_lake_frame(lake, size + 1, None, None), frames[DOWN])


def test_the_beak_points_where_the_agent_faces():
    for action, (down, right) in enumerate(MOVES):
        picture = cell(render.frozen_lake_frame(LAKE, FROZEN, action, None), FROZEN)
        beak = np.argwhere((picture == lake_art.BEAK).all(axis=2))
        head = beak[beak[:, 0] < 40]  # the feet have its colour
        y, x = head.mean(axis=0) / 64 - (0.37, 0.5)  # from the middle of the head
        assert y * down + x * right > 0.05


@pytest.mark.parametrize("state", [START, FROZEN, HOLE, GOAL])
def test_a_slip_shows_where_the_ice_carried_the_agent(state):
    for last_action in ACTIONS:
        straight = render.frozen_lake_frame(LAKE, state, last_action, last_action)
        assert not (straight == lake_art.SLIP).all(axis=2).any()
        np.testing.assert_array_equal(straight, render.frozen_lake_frame(LAKE, state, last_action, None))
        for executed_action in set(ACTIONS) - {last_action}:
            picture = cell(render.frozen_lake_frame(LAKE, state, last_action, executed_action), state)
            arrow = (picture == lake_art.SLIP).all(axis=2)
            down, right = MOVES[executed_action]
            y, x = round(31.5 + 24 * down), round(31.5 + 24 * right)
            assert arrow[y - 2 : y + 3, x - 2 : x + 3].all()  # the head of the arrow
            assert not arrow[63 - y - 2 : 63 - y + 3, 63 - x - 2 : 63 - x + 3].all()


def test_the_agent_still_faces_its_wish_when_it_slips():
    frames = [render.frozen_lake_frame(LAKE, FROZEN, last_action, UP) for last_action in (LEFT, DOWN, RIGHT)]
    assert all((a != b).any() for a, b in zip(frames, [*frames[1:], frames[0]], strict=True))


def test_in_a_hole_the_agent_swims_and_faces_nowhere():
    frames = [render.frozen_lake_frame(LAKE, HOLE, action, action) for action in ACTIONS]
    for frame in frames[1:]:
        np.testing.assert_array_equal(frame, frames[0])


def test_every_tile_looks_different_with_and_without_the_agent():
    states = (START, FROZEN, HOLE, GOAL)
    without = render.frozen_lake_frame(LAKE, 14, None, None)
    pictures = [cell(without, state) for state in states]
    pictures += [cell(render.frozen_lake_frame(LAKE, state, None, None), state) for state in states]
    for i, first in enumerate(pictures):
        for second in pictures[i + 1 :]:
            # Glints may differ between two cells of ice, but never by so much.
            assert (np.abs(first - second).max(axis=2) > 60).mean() > 0.1


# The cart and the pole ------------------------------------------------------------------------------------------

PARAMS = Params()


def columns_of(frame, colour):
    """The mean column, in pixels from the left edge, of the pixels of one colour."""
    found = np.argwhere((frame == colour).all(axis=2))
    assert len(found), f"no pixel of the colour {colour}"
    return found[:, 1].mean() + 0.5


def posts(frame):
    """The columns of the two red posts at the limits of the track, just below the rail."""
    row = (frame[cart_pole._TRACK_Y + 18] == cart_pole._LIMIT).all(axis=1)
    left, right = np.flatnonzero(row[:300]), np.flatnonzero(row[300:]) + 300
    assert len(left)
    assert len(right)
    return left.mean() + 0.5, right.mean() + 0.5


@given(
    st.floats(-1e300, 1e300) | st.floats(-3, 3),
    st.floats(-10, 10),
    st.floats(0.01, 10),
    st.floats(0.01, 1e6),
    st.floats(0.01, math.pi),
    st.sampled_from([None, 0, 1]),
)
def test_pole_frame_for_any_state_and_parameters(x, theta, length, x_threshold, theta_threshold, last_action):
    params = Params(length=length, x_threshold=x_threshold, theta_threshold_radians=theta_threshold)
    frame = render.cart_pole_frame(x, theta, params, last_action)
    assert frame.dtype == np.uint8
    assert frame.shape == (400, 600, 3)
    posts(render.cart_pole_frame(0.0, 0.0, params))  # both limits are in the picture, where no pole hides them
    assert (frame == cart_pole._CART).all(axis=2).sum() >= 40  # and so is the cart, if only half of it
    kept = frame.copy()
    frame[:] = 0
    np.testing.assert_array_equal(render.cart_pole_frame(x, theta, params, last_action), kept)


@pytest.mark.parametrize("params", [PARAMS, Params(length=3.0), Params(length=0.1), Params(x_threshold=10.0)])
def test_the_limits_stand_where_the_cart_fails(params):
    for side, limit in zip((-1, 1), posts(render.cart_pole_frame(0.0, 0.0, params)), strict=True):
        at_limit = render.cart_pole_frame(side * params.x_threshold, 0.0, params)
        assert abs(columns_of(at_limit, cart_pole._POLE) - limit) <= 0.5
        beyond = render.cart_pole_frame(side * params.x_threshold * 1.001, 0.0, params)
        assert abs(columns_of(beyond, cart_pole._FALLEN) - limit) <= 1


@given(st.floats(-3, 3), st.floats(-4, 4), st.sampled_from([None, 0, 1]))
def test_a_mirrored_state_gives_the_mirrored_picture(x, theta, last_action):
    picture = render.cart_pole_frame(x, theta, PARAMS, last_action).astype(int)
    mirrored = render.cart_pole_frame(-x, -theta, PARAMS, None if last_action is None else 1 - last_action)
    assert np.abs(picture[:, ::-1] - mirrored).max() <= 1  # one step of rounding


def test_the_pole_leans_by_its_angle():
    theta = 0.15
    frame = render.cart_pole_frame(0.0, theta, PARAMS)
    pole = np.argwhere((frame == cart_pole._POLE).all(axis=2))
    rise, run = np.ptp(pole, axis=0)
    slope = np.polyfit(pole[:, 0], pole[:, 1], 1)[0]  # columns a row; rows count downwards
    assert rise > run > 0
    assert math.atan(-slope) == pytest.approx(theta, abs=0.02)  # the pole is some 13 times as long as it is thick


def test_the_pole_is_drawn_to_scale():
    def rows(length):
        frame = render.cart_pole_frame(0.0, 0.0, Params(length=length))
        return np.ptp(np.argwhere((frame == cart_pole._POLE).all(axis=2))[:, 0])

    metre = np.subtract(*posts(render.cart_pole_frame(0.0, 0.0, PARAMS))[::-1]) / (2 * PARAMS.x_threshold)
    assert rows(1.0) - rows(0.5) == pytest.approx(metre, abs=2)  # half a metre of half-length more is a metre more


def test_the_pole_is_red_only_after_a_failure():
    for x, theta, failed in (
        (PARAMS.x_threshold, 0.0, False),
        (np.nextafter(PARAMS.x_threshold, 3), 0.0, True),
        (0.0, -PARAMS.theta_threshold_radians, False),
        (0.0, np.nextafter(-PARAMS.theta_threshold_radians, -1), True),
    ):
        frame = render.cart_pole_frame(x, theta, PARAMS)
        assert (frame == cart_pole._FALLEN_SHADE).all(axis=2).any() == failed
        assert (frame == cart_pole._POLE_SHADE).all(axis=2).any() == (not failed)


def test_the_angle_limits_move_with_the_cart():
    upright = render.cart_pole_frame(1.0, 0.0, PARAMS).astype(int)
    wider = render.cart_pole_frame(1.0, 0.0, PARAMS._replace(theta_threshold_radians=0.5)).astype(int)
    changed = np.argwhere((upright != wider).any(axis=2))[:, 1]
    middle = 300 + (posts(upright.astype(np.uint8))[1] - 300) * 1.0 / PARAMS.x_threshold
    assert len(changed)
    assert (changed.min() + changed.max() + 1) / 2 == pytest.approx(middle, abs=1)


def test_the_push_is_shown_behind_the_cart():
    frames = [render.cart_pole_frame(0.0, 0.0, PARAMS, action) for action in (None, 0, 1)]
    assert not (frames[0] == cart_pole._PUSH).all(axis=2).any()
    assert columns_of(frames[1], cart_pole._PUSH) > 330  # a push to the left stands to the right of the cart
    assert columns_of(frames[2], cart_pole._PUSH) < 270


# The car in the valley --------------------------------------------------------------------------------------------

VALLEY = car_dynamics.Params()


def middle_of(frame, colour):
    """The mean column and row of the pixels of one colour."""
    found = np.argwhere((frame == colour).all(axis=2))
    assert len(found), f"no pixel of the colour {colour}"
    row, column = found.mean(axis=0) + 0.5
    return column, row


@given(
    st.floats(-1e300, 1e300) | st.floats(-2, 1),
    st.floats(-0.1, 0.1),
    st.floats(-1e6, 1e6) | st.floats(-2, 2),
    st.floats(1e-6, 1e6) | st.floats(0.1, 5),
    st.floats(-1e300, 1e300) | st.floats(-2, 2),
    st.sampled_from([None, 0, 1, 2]),
)
def test_car_frame_for_any_state_and_parameters(position, velocity, start, length, goal, last_action):
    params = VALLEY._replace(min_position=start, max_position=start + length, goal_position=goal)
    frame = render.mountain_car_frame(position, velocity, params, last_action)
    assert frame.dtype == np.uint8
    assert frame.shape == (400, 600, 3)
    kept = frame.copy()
    frame[:] = 0
    np.testing.assert_array_equal(render.mountain_car_frame(position, velocity, params, last_action), kept)
    for there in (start, start + length / 2, start + length):  # within its limits the whole car is in the picture
        frame = render.mountain_car_frame(there, 0.0, params)
        assert (frame == mountain_car._TYRE).all(axis=2).sum() >= 150
        assert not (frame[:, [0, -1]] == mountain_car._CAR).all(axis=2).any()
        assert not (frame[[0, -1]] == mountain_car._CAR).all(axis=2).any()


@pytest.mark.parametrize("params", [VALLEY, VALLEY._replace(min_position=-2.0, max_position=1.5)])
def test_the_car_stands_on_the_road_at_its_position(params):
    """The road is a curve of height 0.45 sin(3 x), at one scale in both directions, from limit to limit."""
    positions = np.linspace(params.min_position, params.max_position, 13)
    hubs = [middle_of(render.mountain_car_frame(x, 0.0, params), mountain_car._TYRE) for x in positions]
    columns, rows = np.transpose(hubs)
    # The hubs lie off the road at a right angle to it, by the wheel's radius.
    angle = np.arctan(1.35 * np.cos(3 * positions))
    columns, rows = (
        columns + mountain_car._WHEEL * np.sin(angle),
        rows + mountain_car._WHEEL * np.cos(angle),
    )
    metre = np.polyfit(positions, columns, 1)[0]
    assert np.abs(columns - np.polyval(np.polyfit(positions, columns, 1), positions)).max() < 1.5
    heights = -metre * 0.45 * np.sin(3 * positions)
    bend = 0.45 * 9 / metre  # of the road, at most, in 1 / pixels: between the wheels it rises or falls by half of
    assert np.ptp(rows - heights) < 2 * (mountain_car._AXLES / 2) ** 2 * bend / 2 + 1  # bend * distance**2


def test_the_car_tilts_with_the_slope():
    for position in (-1.2, -0.9, -0.5236, 0.0, 0.4, 0.6):
        frame = render.mountain_car_frame(position, 0.0, VALLEY)
        (lamp_x, lamp_y), (x, y) = middle_of(frame, mountain_car._LAMP), middle_of(frame, mountain_car._TYRE)
        forward = mountain_car._HALF - 4.5, 7.0  # where the lamp is, as the driver sees it
        tilt = math.atan2(y - lamp_y, lamp_x - x) - math.atan2(forward[1], forward[0])
        assert tilt == pytest.approx(math.atan(1.35 * math.cos(3 * position)), abs=0.12), position


def test_the_flag_stands_at_the_goal_and_is_green_once_it_is_reached():
    for goal in (0.5, 0.2, -1.0):
        params = VALLEY._replace(goal_position=goal, goal_velocity=0.05)
        mast = np.argwhere((render.mountain_car_frame(-0.5, 0.0, params) == mountain_car._FLAG).all(axis=2))
        left = mast[:, 1].min()
        assert abs(left - mountain_car._view(-1.2, 0.6).x(goal)) < 4
        at_goal = middle_of(render.mountain_car_frame(goal, -1.0, params), mountain_car._TYRE)[0]
        assert abs(left - at_goal) < 12  # the wheels' hubs lie off the road
    gentle = VALLEY._replace(goal_velocity=0.01)
    for position, velocity, params, reached in (
        (0.5, 0.0, VALLEY, True),
        (np.nextafter(0.5, 0), 0.0, VALLEY, False),
        (0.6, -0.001, VALLEY, False),
        (0.55, 0.0099, gentle, False),
        (0.55, 0.01, gentle, True),
    ):
        frame = render.mountain_car_frame(position, velocity, params)
        assert (frame == mountain_car._FLAG_REACHED).all(axis=2).any() == reached
        assert (frame == mountain_car._FLAG).all(axis=2).any() == (not reached)


def test_the_wall_touches_the_car_that_it_stops():
    frame = render.mountain_car_frame(VALLEY.min_position, 0.0, VALLEY)
    wall = np.argwhere((frame[:300, :80] == mountain_car._LIMIT).all(axis=2))[:, 1]
    dark = (frame == mountain_car._CAR).all(axis=2) | (frame == mountain_car._TYRE).all(axis=2)
    assert 0 < np.argwhere(dark)[:, 1].min() - wall.max() <= 4


def test_the_push_of_the_car_is_shown_behind_it():
    frames = [render.mountain_car_frame(-0.5, 0.0, VALLEY, action) for action in (None, 1, 0, 2)]
    np.testing.assert_array_equal(frames[0], frames[1])  # no push, no arrow
    assert not (frames[0] == mountain_car._PUSH).all(axis=2).any()
    car = middle_of(frames[0], mountain_car._TYRE)[0]
    assert middle_of(frames[2], mountain_car._PUSH)[0] > car + mountain_car._HALF
    assert middle_of(frames[3], mountain_car._PUSH)[0] < car - mountain_car._HALF


def test_ground_is_what_lies_below_a_curve():
    pixels = np.zeros((40, 50, 3), np.uint8)
    Canvas(pixels, origin=(10, 0), scale=2).ground(lambda x: 5 + 0 * x, (200, 100, 50), depth=5)
    assert not pixels[:10].any()
    assert (pixels[10:20] == (200, 100, 50)).all()  # five units of two pixels
    assert not pixels[20:].any()
    Canvas(pixels).ground(lambda x: x, (10, 20, 30))
    assert (pixels[np.tril_indices(40, -1)] == (10, 20, 30)).all()
    assert (np.diagonal(pixels[:10])[0] == 5).all()  # half covered
    pixels[:] = 0
    Canvas(pixels).ground(lambda x: 3 * x - 20, (10, 20, 30), depth=2)
    covered = pixels[20:, :, 0].sum(axis=1) / 10  # of each row, in pixels
    np.testing.assert_allclose(covered[:5], 2 * math.sqrt(10) / 3, atol=0.3)  # the depth counts at a right angle


# What it costs --------------------------------------------------------------------------------------------------


def test_frames_need_no_pygame_and_no_display_and_say_nothing():
    program = """
import os, sys
before = dict(os.environ)
from minigym import render
loaded = {name for name in sys.modules if name.startswith("minigym.render.")}
assert loaded == {"minigym.render.video"}, loaded  # the rest not before it is asked for; RecordVideo needs that one
import numpy as np
from minigym.dynamics import mountain_car as car_dynamics
from minigym.dynamics.cart_pole import Params
render.frozen_lake_frame(np.array([[b"S", b"G"]]), 1, 2, 1)
render.cart_pole_frame(0.1, 0.1, Params(), 1)
from minigym.dynamics import mountain_car
render.mountain_car_frame(0.1, 0.01, mountain_car.Params(), 2)
assert "pygame" not in sys.modules
assert dict(os.environ) == before
"""
    headless = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], env=headless, capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_package_lists_its_names_and_refuses_others():
    assert set(render.__all__) <= set(dir(render))
    for name in render.__all__:
        assert callable(getattr(render, name))
    with pytest.raises(AttributeError, match="'Windows'; it offers VideoWriter, Window"):
        render.Windows  # noqa: B018


@pytest.mark.parametrize(("size", "lit"), [(32, True), (22, True), (8, False)])
def test_a_spotlight_finds_the_agent_on_small_cells_alone(size, lit):
    rows = ["S" + "F" * (size - 1), *["F" * size] * (size - 2), "F" * (size - 1) + "G"]
    tiles = np.array([list(row) for row in rows], dtype="S1")
    frame = render.frozen_lake_frame(tiles, size + 1, 2, 2)
    spot = (frame == lake_art.SPOTLIGHT).all(axis=-1)
    assert spot.any() == lit
    edges = np.linspace(0, len(frame), size + 1).round().astype(int)
    spot[edges[1] : edges[2], edges[1] : edges[2]] = False
    assert not spot.any()  # nowhere else
