"""The wrappers that gather, show, disturb and observe pictures; test_record_video.py has the rest."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error, wrappers
from minigym.render import Window, window
from tests.minigym.vector.compare import assert_same
from tests.minigym.wrappers.pictures import (
    LIBRARIES,
    assert_same_outcome,
    call,
    described,
    painting,
    picture,
    play_both,
    renders,
    sequences,
)

# RenderCollection -----------------------------------------------------------------------------------------------------


@given(sequences(renders), st.booleans(), st.booleans(), st.sampled_from(["rgb_array", "ansi", "depth_array"]))
def test_frames_gather_as_in_the_reference(sequence, pop_frames, reset_clean, mode):
    def wrap(library, env):
        return library.wrappers.RenderCollection(env, pop_frames, reset_clean)

    ours, theirs = play_both(wrap, [*sequence, ("render", None)], render_mode=mode)
    assert ours.render_mode == theirs.render_mode == f"{mode}_list"
    assert ours.metadata == theirs.metadata
    assert ours.unwrapped.metadata["render_modes"] == ["rgb_array", "ansi", "depth_array"]


def test_the_list_that_render_returned_does_not_grow():
    env = wrappers.RenderCollection(painting(minigym), pop_frames=False)
    env.reset()
    frames = env.render()
    env.step(0)
    assert (len(frames), len(env.render())) == (1, 2)


@pytest.mark.parametrize("mode", [None, "human", "rgb_array_list"])
def test_what_renders_no_single_frames_cannot_be_gathered(mode):
    with pytest.raises(error.InvalidParameter, match=f"render_mode={mode!r}; make it with"):
        wrappers.RenderCollection(painting(minigym, render_mode=mode))


# Noise and obstruction ------------------------------------------------------------------------------------------------


def same_noise(wrap, sequence, is_grey):
    """Play on both and compare; the reference's grey noise makes frames of uint64."""
    ours, theirs = (wrap(library, painting(library, size=(9, 7))) for library in LIBRARIES)
    for name, argument in [*sequence, ("render", None), ("reset", None)]:
        our_result, their_result = call(ours, name, argument), call(theirs, name, argument)
        if name == "render" and is_grey:
            assert their_result.dtype == np.uint64
            their_result = their_result.astype(np.uint8)
        assert_same(our_result, their_result)
    assert ours.np_random.bit_generator.state == theirs.np_random.bit_generator.state
    return ours


@given(sequences(renders, longest=8), st.floats(0, 1, exclude_max=True), st.booleans())
def test_noise_is_that_of_the_reference(sequence, probability, is_grey):
    same_noise(lambda library, env: library.wrappers.AddWhiteNoise(env, probability, is_grey), sequence, is_grey)


@given(
    sequences(renders, longest=8),
    st.floats(0, 1, exclude_max=True),
    st.integers(1, 12) | st.integers(1, 12).map(np.int64),
    st.booleans(),
)
def test_obstruction_is_that_of_the_reference(sequence, ratio, width, is_grey):
    def wrap(library, env):
        return library.wrappers.ObstructView(env, ratio, width, is_grey)

    env = same_noise(wrap, sequence, is_grey)
    assert env.obstruction_centers_ratio == wrap(gymnasium, painting(gymnasium)).obstruction_centers_ratio


@pytest.mark.parametrize("probability", [-0.1, 1, float("nan")])
def test_a_probability_of_noise_lies_below_1(probability):
    with pytest.raises(error.InvalidProbability, match=r"must lie in \[0, 1\)"):
        wrappers.AddWhiteNoise(painting(minigym), probability)


@pytest.mark.parametrize(("ratio", "width"), [(-0.1, 2), (1, 2), (float("nan"), 2), (0.5, 0), (0.5, 1.5)])
def test_an_obstruction_needs_a_share_below_1_and_a_width(ratio, width):
    with pytest.raises(error.InvalidParameter, match=r"must lie in \[0, 1\)|must be a positive number of pixels"):
        wrappers.ObstructView(painting(minigym), ratio, width)


@pytest.mark.parametrize("wrap", [lambda e: wrappers.AddWhiteNoise(e, 0.5), lambda e: wrappers.ObstructView(e, 0.5, 2)])
@pytest.mark.parametrize("mode", [None, "ansi", "depth_array"])
def test_noise_needs_a_picture(wrap, mode):
    env = wrap(painting(minigym, render_mode=mode))
    env.reset(seed=0)
    before = env.np_random.bit_generator.state
    with pytest.raises(error.InvalidParameter, match='make it with render_mode="rgb_array"'):
        env.render()
    assert env.np_random.bit_generator.state == before


# AddRenderObservation -------------------------------------------------------------------------------------------------


@given(
    sequences(renders), st.booleans(), st.booleans(), st.sampled_from(["pixels", "a"]), st.sampled_from(["state", "z"])
)
def test_pictures_are_observed_as_in_the_reference(sequence, dict_observations, render_only, render_key, obs_key):
    def wrap(library, env):
        return library.wrappers.AddRenderObservation(env, render_only, render_key, obs_key)

    ours, theirs = play_both(wrap, sequence, dict_observations=dict_observations)
    assert str(ours.observation_space) == str(theirs.observation_space)
    assert isinstance(ours, wrappers.TransformObservation)
    assert ours.observation_space.contains(ours.reset()[0])


@pytest.mark.parametrize(
    ("mode", "message"),
    [(None, "got one with render_mode=None"), ("human", "got one with render_mode='human'"), ("ansi", "got 'state")],
)
def test_only_a_picture_can_be_observed(mode, message):
    with pytest.raises(error.InvalidParameter, match=message):
        wrappers.AddRenderObservation(painting(minigym, render_mode=mode))


@pytest.mark.parametrize(
    ("dict_observations", "arguments"), [(True, {"render_key": "place"}), (False, {"render_key": "state"})]
)
def test_a_key_for_the_picture_that_is_taken_is_refused_before_a_reset(dict_observations, arguments):
    env = painting(minigym, dict_observations=dict_observations)
    with pytest.raises(error.InvalidParameter, match="choose another key"):
        wrappers.AddRenderObservation(env, render_only=False, **arguments)
    assert not hasattr(env, "state")


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


@pytest.mark.parametrize("mode", ["rgb_array", "rgb_array_list", "kept list"])
def test_every_state_is_on_the_screen_as_in_the_reference(pygame, mode):
    pictures = []
    for library in LIBRARIES:
        env = painting(library, fps=1000)
        if mode != "rgb_array":
            env = library.wrappers.RenderCollection(env, pop_frames=mode == "rgb_array_list")
        env = library.wrappers.HumanRendering(env)
        assert env.render_mode == "human"
        assert env.window is None
        seen = [env.reset(seed=3)[0], on_screen(pygame).copy()]
        for action in (0, 1, 2):
            seen += [env.step(action)[0], on_screen(pygame).copy(), env.render()]
        seen += [env.env.render(), env.metadata, env.screen_size]
        env.close()
        assert not pygame.display.get_init()
        pictures.append(seen)
    for ours, theirs in zip(*pictures, strict=True):
        assert_same_outcome(ours, theirs)


def test_depths_are_shown_as_shades_of_grey(pygame):
    env = wrappers.HumanRendering(painting(minigym, render_mode="depth_array", fps=1000))
    env.reset(seed=0)
    depths = env.env.render()
    shown = on_screen(pygame).astype(int)
    assert (shown == shown[:, :, :1]).all()
    assert (shown.min(), shown.max()) == (0, 255)
    expected = (depths - depths.min()) / (depths.max() - depths.min()) * 255
    assert np.abs(shown[:, :, 0] - expected).max() <= 1
    env.env.render = lambda: np.full((4, 4), 0.5)
    env.step(0)
    assert (on_screen(pygame) == 0).all()


def test_a_picture_of_another_size_gets_a_window_of_its_size(pygame):
    env = wrappers.HumanRendering(painting(minigym, fps=1000))
    env.reset()
    env.env.render = lambda: picture(3, (20, 30))
    env.step(0)
    assert env.screen_size == (30, 20)
    np.testing.assert_array_equal(on_screen(pygame), picture(3, (20, 30)))


def test_the_window_bears_the_environments_name_and_closes_it_by_its_button(pygame):
    for env, title in (
        (minigym.make("FrozenLake-v1", render_mode="rgb_array"), "Frozen Lake"),
        (painting(minigym, fps=1000), "Painting"),
    ):
        shown = wrappers.HumanRendering(env)
        shown.reset()
        assert pygame.display.get_caption()[0] == title
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    with pytest.raises(error.WindowClosed):
        shown.step(0)
    shown.step(0)  # a program that caught it goes on without the window


@pytest.mark.parametrize("mode", [None, "human", "ansi"])
def test_what_draws_no_frames_cannot_be_shown(mode):
    with pytest.raises(error.InvalidParameter, match=f"got one with render_mode={mode!r}; make it with"):
        wrappers.HumanRendering(painting(minigym, render_mode=mode))


def test_the_speed_must_be_known():
    with pytest.raises(error.InvalidParameter, match=r'metadata\["render_fps"\] of .* is missing'):
        wrappers.HumanRendering(painting(minigym, fps=None))


@pytest.mark.parametrize("rendered", ["text", None, [], np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8)])
def test_what_is_no_frame_cannot_be_shown(rendered):
    env = wrappers.HumanRendering(painting(minigym))
    env.env.render = lambda: rendered
    with pytest.raises(error.InvalidParameter, match=r"render\(\) must return a frame"):
        env.reset()


SHOW = """
import minigym
env = minigym.wrappers.HumanRendering(minigym.make("FrozenLake-v1", render_mode="rgb_array"))
try:
    env.reset(seed=0)
except minigym.error.UnsupportedMode as refusal:
    print(refusal)
else:
    import pygame
    print(pygame.display.get_driver(), (pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)
        == env.env.render()).all())
env.close()
"""


def show(**environment):
    private = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "PYGAME_HIDE_SUPPORT_PROMPT")
    inherited = {name: value for name, value in os.environ.items() if name not in private}
    done = subprocess.run(
        [sys.executable, "-c", SHOW],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_without_a_screen_it_says_what_to_do():
    assert 'use render_mode="rgb_array"' in show()


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_on_a_screen_it_shows_the_frame():
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "640x480x24"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        try:
            display = ":" + server.stdout.readline().decode().strip()
            assert show(DISPLAY=display, SDL_VIDEODRIVER="x11") == "x11 True"
        finally:
            server.terminate()


# Descriptions ---------------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore:.*xist:UserWarning")
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("RenderCollection", {"reset_clean": False}),
        ("HumanRendering", {}),
        ("AddWhiteNoise", {"probability_of_noise_per_pixel": 0.25}),
        ("ObstructView", {"obstructed_pixels_ratio": 0.25, "obstruction_width": 8}),
    ],
)
def test_specs_are_those_of_the_reference(name, arguments):
    ours, theirs = (described(library, name, **arguments) for library in LIBRARIES)
    assert (ours.name, ours.kwargs) == (theirs.name, theirs.kwargs)
    assert ours.entry_point == theirs.entry_point.replace("gymnasium", "minigym")


def test_an_environment_can_be_made_from_the_spec_of_observed_pictures():
    """The reference records names that its constructor does not take."""
    env = minigym.make("FrozenLake-v1", render_mode="rgb_array")
    env = wrappers.AddRenderObservation(env, render_only=False, render_key="view", obs_key="place")
    entry = env.spec.additional_wrappers[-1]
    assert entry.kwargs == {"render_only": False, "render_key": "view", "obs_key": "place"}
    again = getattr(wrappers, entry.name)(minigym.make("FrozenLake-v1", render_mode="rgb_array"), **entry.kwargs)
    assert again.observation_space == env.observation_space
