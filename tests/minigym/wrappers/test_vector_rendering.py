"""The wrappers that record and show all lanes of a batch."""

import os
import sys
from types import ModuleType

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error
from minigym.render import Window, window
from minigym.vector import AutoresetMode, SyncVectorEnv
from minigym.wrappers.vector import HumanRendering, RecordVideo
from minigym.wrappers.vector.rendering import _NO_LANE
from tests.minigym.vector import compare
from tests.minigym.vector.compare import assert_same
from tests.minigym.wrappers.pictures import (
    LIBRARIES,
    counted_warnings,
    decode,
    numbers,
    painting,
    picture,
    watched_videos,
)

MODES = [mode.value for mode in AutoresetMode]


def batch(library, lengths, autoreset_mode="NextStep", **kwargs):
    """A batch of one painting for each length of an episode."""
    lanes = [lambda length=length: painting(library, length=length, **kwargs) for length in lengths]
    return library.vector.SyncVectorEnv(lanes, autoreset_mode=library.vector.AutoresetMode(autoreset_mode))


# RecordVideo ----------------------------------------------------------------------------------------------------------


@st.composite
def lessons(draw):
    """Lengths of the lanes' episodes, and calls on the batch."""
    lengths = draw(st.lists(st.integers(1, 6), min_size=1, max_size=6))
    actions = st.lists(st.integers(0, 2), min_size=len(lengths), max_size=len(lengths))
    masks = st.none() | st.lists(st.booleans(), min_size=len(lengths), max_size=len(lengths)).filter(any)
    calls = st.tuples(st.just("step"), actions) | st.tuples(st.just("reset"), masks)
    steps = st.tuples(st.just("step"), actions)
    return lengths, draw(st.lists(steps | steps | steps | calls, max_size=30))


def play(envs, wrapped, sequence):
    """Make the calls on ``envs``; whatever they return, and what the recorder ``wrapped`` says after each one."""
    seen = [compare.reset(envs, 5, None, None)]
    done = np.zeros(envs.num_envs, np.bool_)
    for name, argument in sequence:
        if name == "reset":
            mask = None if argument is None else np.array(argument)
            if mask is not None and wrapped.has_autoreset:
                mask[0] = True  # elsewise the reference forgets that lane 0 is about to be reset; see below
            seen.append(compare.reset(envs, None, None, mask))
            done[slice(None) if mask is None else mask] = False
        else:
            if wrapped.autoreset_mode.value == "Disabled" and done.any():
                seen.append(compare.reset(envs, None, None, done))
            seen.append(envs.step(np.array(argument)))
            done = seen[-1][2] | seen[-1][3]
        seen.append((wrapped.recording, len(wrapped.recorded_frames), wrapped.step_id, wrapped.episode_id))
    return seen


@given(
    lessons(),
    st.sampled_from(MODES),
    st.tuples(st.integers(1, 20), st.integers(1, 20)),
    st.booleans(),
    st.none() | numbers,
    st.none() | numbers,
    st.integers(0, 12),
    st.none() | st.integers(1, 60),
)
def test_videos_are_those_of_the_reference(
    tmp_path_factory, lesson, mode, ratio, first_only, episodes, step_numbers, length, fps
):
    lengths, sequence = lesson
    folder = str(tmp_path_factory.getbasetemp() / "compared")
    with watched_videos() as videos:
        said, results, wrapped = [], [], []
        for library in LIBRARIES:
            with counted_warnings() as caught:
                envs = library.wrappers.vector.RecordVideo(
                    batch(library, lengths, mode),
                    folder,
                    ratio,
                    first_only,
                    None if episodes is None else lambda number: number in episodes,
                    None if step_numbers is None else lambda number: number in step_numbers,
                    length,
                    "lanes",
                    fps,
                    gc_trigger=None,
                )
                results.append(play(envs, envs, sequence))
                envs.close()
            said.append(len([warning for warning in caught if "exist" not in str(warning.message)]))
            wrapped.append(envs)
        for ours, theirs in zip(*results, strict=True):
            assert_same(ours, theirs)
        videos.assert_equal()
        assert said[0] == said[1]
        for name in ("frame_rows", "frame_cols", "has_autoreset", "frames_per_sec", "video_length", "video_folder"):
            assert getattr(wrapped[0], name) == getattr(wrapped[1], name)
        assert wrapped[0].closed


def test_a_reset_of_other_lanes_does_not_hide_the_next_episode(tmp_path):
    """The reference forgets by it that lane 0 is about to be reset, and records two episodes as one."""
    envs = RecordVideo(batch(minigym, [2, 9]), tmp_path / "new", episode_trigger=lambda n: True)
    with watched_videos() as videos:
        envs.reset(seed=0)
        envs.step(np.array([0, 0]))
        envs.step(np.array([0, 0]))
        envs.reset(options={"reset_mask": np.array([False, True])})
        envs.step(np.array([0, 0]))
        envs.close()
    assert [(name, len(frames)) for name, frames, _ in videos.ours] == [
        ("rl-video-episode-0.mp4", 4),  # the reset, two steps, and the reset of the other lane
        ("rl-video-episode-1.mp4", 1),
    ]


def test_a_reset_that_is_refused_counts_no_episode(tmp_path):
    envs = RecordVideo(batch(minigym, [2, 2]), tmp_path / "new")
    envs.reset(seed=0)
    with pytest.raises(error.InvalidSeed):
        envs.reset(seed=-1)
    assert (envs.episode_id, envs.recording) == (0, True)
    with watched_videos():
        envs.close()


class Wide(minigym.Env):
    """Draws one colour, of its own, brighter by 10 with every step."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 1000}  # noqa: RUF012
    render_mode = "rgb_array"

    def __init__(self, colour, size=(40, 60)):
        self.colour, self.size = colour, size
        self.action_space = self.observation_space = minigym.spaces.Discrete(9)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return 0, {}

    def step(self, action):
        self.steps += 1
        return self.steps, 0.0, self.steps == 4, False, {}

    def render(self):
        return np.full((*self.size, 3), self.colour + 10 * self.steps, np.uint8)


def colours(count, **kwargs):
    return SyncVectorEnv([lambda colour=30 * lane % 200: Wide(colour, **kwargs) for lane in range(count)])


def test_the_file_holds_the_lanes_row_by_row_parted_by_lines(tmp_path):
    pytest.importorskip("av")
    envs = RecordVideo(colours(6), tmp_path / "new", video_aspect_ratio=(9, 4), fps=20)
    envs.reset()
    for _ in range(4):
        envs.step(np.zeros(6, int))
    envs.close()
    assert os.listdir(tmp_path / "new") == ["rl-video-episode-0.mp4"]
    frames, fps = decode(tmp_path / "new" / "rl-video-episode-0.mp4")
    assert (len(frames), frames[0].shape, fps) == (5, (80, 180, 3), 20)
    for step, frame in enumerate(frames):
        for lane in range(6):
            y, x = divmod(lane, 3)
            inside = frame[40 * y + 4 : 40 * y + 36, 60 * x + 4 : 60 * x + 56]
            assert abs(inside.mean() - (30 * lane + 10 * step)) < 4
    bright = frames[4][40:].astype(int)
    assert np.abs(bright[8:-8, 119:121] - _NO_LANE).max() < 60  # thinner than what mp4 keeps of colours
    assert bright[8:-8, 125:175].min() > 150


def test_lines_hide_no_more_than_the_edge_of_a_lane(tmp_path):
    with watched_videos() as videos:
        envs = RecordVideo(colours(4), tmp_path / "new")
        envs.reset()
        envs.close()
    ((_, (frame,), _),) = videos.ours
    expected = np.kron(np.array([[0, 30], [60, 90]], np.uint8), np.ones((40, 60), np.uint8))
    expected = np.repeat(expected[:, :, None], 3, axis=2)
    expected[39:41], expected[:, 59:61] = _NO_LANE, _NO_LANE
    assert_same(frame, expected)


@pytest.mark.parametrize(
    ("count", "ratio", "grid"), [(6, (1, 1), (2, 3)), (6, (9, 1), (1, 6)), (16, (3, 2), (4, 4)), (5, (1, 1), (1, 5))]
)
def test_the_grid_has_no_gap_and_comes_next_to_the_ratio(count, ratio, grid, tmp_path):
    envs = RecordVideo(colours(count), tmp_path / "new", ratio)
    envs.reset()
    assert (envs.frame_rows, envs.frame_cols) == grid
    with watched_videos():
        envs.close()


def test_lanes_of_different_sizes_are_refused_but_for_the_first(tmp_path):
    lanes = SyncVectorEnv([lambda: Wide(0), lambda: Wide(0, (40, 62))])
    envs = RecordVideo(lanes, tmp_path / "new")
    with pytest.raises(error.InvalidParameter, match="record_first_only=True"):
        envs.reset()
    first = RecordVideo(lanes, tmp_path / "first", record_first_only=True)
    with watched_videos() as videos:
        first.reset()
        first.close()
    assert videos.ours[0][1][0].shape == (40, 60, 3)


def test_a_batch_that_renders_too_few_frames_is_refused(tmp_path):
    lanes = colours(2)
    lanes.render = lambda: (picture(0),)
    for envs in (RecordVideo(lanes, tmp_path / "new"), HumanRendering(lanes)):
        with pytest.raises(error.InvalidParameter, match="a frame for each of its 2 lanes"):
            envs.reset()
    lanes.close()


def test_a_missing_autoreset_mode_is_taken_for_next_step_with_a_warning(tmp_path):
    lanes = batch(minigym, [2])
    lanes.metadata = {"render_fps": 5}
    with pytest.warns(UserWarning, match="does not say when it resets its lanes") as caught:
        envs = RecordVideo(lanes, tmp_path / "new")
    assert caught[0].filename == __file__
    assert envs.autoreset_mode is AutoresetMode.NEXT_STEP


def test_an_unknown_autoreset_mode_is_refused_before_a_folder_is_made(tmp_path):
    lanes = batch(minigym, [2])
    lanes.metadata = {"render_fps": 5, "autoreset_mode": "sometimes"}
    with pytest.raises(error.InvalidParameter, match="autoreset_mode must be one of"):
        RecordVideo(lanes, tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_same_step_mode_gets_a_warning(tmp_path):
    with pytest.warns(UserWarning, match="the last frame of an episode is never seen"):
        RecordVideo(batch(minigym, [2], "SameStep"), tmp_path / "new")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"video_aspect_ratio": (1, 0)}, "video_aspect_ratio must be"),
        ({"video_aspect_ratio": (1, 2, 3)}, "video_aspect_ratio must be"),
        ({"video_length": -1}, "video_length must be"),
        ({"fps": -1}, "fps must be"),
        ({"episode_trigger": 5}, "episode_trigger must be"),
    ],
)
def test_wrong_arguments_are_refused_before_a_folder_is_made(arguments, message, tmp_path):
    with pytest.raises(error.InvalidParameter, match=message):
        RecordVideo(batch(minigym, [2]), tmp_path / "new", **arguments)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("mode", [None, "ansi", "human", "rgb_array_list"])
def test_what_renders_no_pictures_cannot_be_recorded(mode, tmp_path):
    lanes = batch(minigym, [2])
    lanes.render_mode = mode
    with pytest.raises(ValueError, match=f"render_mode={mode!r}"):
        RecordVideo(lanes, tmp_path / "new")


# HumanRendering -------------------------------------------------------------------------------------------------------


@pytest.fixture
def pygame(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame = window._import_pygame()
    pygame.quit()  # an earlier test, or the reference, may have left it on, and a Window leaves it as it finds it
    yield pygame
    pygame.quit()
    Window._shown = None


def on_screen(pygame):
    return pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)


@pytest.fixture
def opencv(monkeypatch):
    """What the reference calls of OpenCV, which is not there."""
    module = ModuleType("cv2")
    module.resize = lambda frame, size: np.zeros((size[1], size[0], 3), np.uint8)
    monkeypatch.setitem(sys.modules, "cv2", module)


@pytest.mark.parametrize("screen", [None, (300, 100), (100, 300), (640, 480)])
@pytest.mark.parametrize("count", [1, 2, 3, 4, 6, 9, 12, 16])
def test_lanes_are_laid_out_as_in_the_reference_but_without_empty_rows(pygame, opencv, count, screen):
    wrapped = []
    for library in LIBRARIES:
        envs = library.wrappers.vector.HumanRendering(batch(library, [3] * count, size=(40, 60), fps=1000), screen)
        results = [envs.reset(seed=1), envs.step(np.zeros(count, int))]
        results += [envs.render(), envs.render_mode, tuple(envs.metadata["render_modes"])]
        wrapped.append((envs, tuple(results)))
        envs.close()
    (ours, our_results), (theirs, their_results) = wrapped
    assert_same(our_results, their_results)
    assert (ours.num_cols, ours.screen_size) == (theirs.num_cols, theirs.screen_size)
    assert ours.num_rows == -(-count // theirs.num_cols)
    if ours.num_rows == theirs.num_rows:
        assert ours.scaled_subenv_size == theirs.scaled_subenv_size
    else:
        assert all(np.greater_equal(ours.scaled_subenv_size, theirs.scaled_subenv_size))


def test_every_lane_is_on_the_screen(pygame):
    envs = HumanRendering(colours(5), (190, 100))
    assert not pygame.display.get_init()
    envs.reset()
    for step in range(3):
        assert (envs.num_rows, envs.num_cols, envs.scaled_subenv_size) == (2, 3, (63, 42))
        shown = on_screen(pygame)
        assert shown.shape == (100, 190, 3)
        for lane in range(5):
            row, column = divmod(lane, 3)
            y, x = 8 + 42 * row, 63 * column
            assert (shown[y + 1 : y + 41, x + 1 : x + 62] == 30 * lane + 10 * step).all()
        for empty in (shown[:8], shown[92:], shown[50:92, 126:189], shown[:, 62:64], shown[:, 189]):
            assert (empty == _NO_LANE).all()
        envs.step(np.zeros(5, int))
    envs.close()
    assert not pygame.display.get_init()
    assert envs.closed


def test_a_lane_is_scaled_smoothly(pygame):
    lanes = SyncVectorEnv([lambda: Wide(0)] * 4)
    left_half = np.zeros((40, 60, 3), np.uint8)
    left_half[:, :31] = 200  # ends in the middle of a pixel of the smaller picture
    lanes.render = lambda: (left_half,) * 4
    envs = HumanRendering(lanes)
    envs.reset()
    row = on_screen(pygame)[10, :30, 0]
    assert (row[:15] == 200).all()
    assert abs(int(row[15]) - 100) <= 1
    assert (row[16:29] == 0).all()


def test_of_lists_the_latest_frames_are_shown(pygame):
    """The reference looks for the suffix "_last" and fails."""
    lanes = SyncVectorEnv([lambda c=colour: minigym.wrappers.RenderCollection(Wide(c)) for colour in (50, 100)])
    envs = HumanRendering(lanes, (120, 40))
    envs.reset()
    envs.step(np.zeros(2, int))
    shown = on_screen(pygame)
    assert (shown[:, :58] == 60).all()
    assert (shown[:, 62:] == 110).all()
    assert lanes.render() == ([], [])


@pytest.mark.parametrize("size", [(100,), (100, 0), (100, 50.5), (100, 50, 3)])
def test_a_screen_has_a_width_and_a_height(size):
    with pytest.raises(error.InvalidParameter, match="screen_size must be"):
        HumanRendering(colours(2), size)


def test_what_draws_no_frames_cannot_be_shown():
    lanes = batch(minigym, [2], render_mode="ansi")
    with pytest.raises(error.InvalidParameter, match="got one with render_mode='ansi'"):
        HumanRendering(lanes)
    with pytest.raises(error.InvalidParameter, match=r'metadata\["render_fps"\] of .* is missing'):
        HumanRendering(batch(minigym, [2], fps=None))


def test_constructors_remember_their_arguments(tmp_path):
    assert HumanRendering(colours(2), (100, 50))._saved_kwargs == {"screen_size": (100, 50)}
    saved = RecordVideo(colours(2), tmp_path / "new", (2, 1), True, fps=3)._saved_kwargs
    assert (saved["video_aspect_ratio"], saved["record_first_only"], saved["fps"]) == ((2, 1), True, 3)
