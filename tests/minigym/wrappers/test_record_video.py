"""Videos: which frames of which episodes, under which names, and the files themselves."""

import gc
import json
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import minigym
from minigym import error, wrappers
from minigym.render import save_video, video
from tests.minigym.vector.compare import assert_same
from tests.minigym.wrappers.pictures import (
    LIBRARIES,
    assert_same_outcome,
    call,
    counted_warnings,
    decode,
    described,
    numbers,
    painting,
    picture,
    renders,
    sequences,
    watched_videos,
)

# Which frames, under which names --------------------------------------------------------------------------------------


def recorder(library, env, folder, mode, episodes, step_numbers, **arguments):
    """RecordVideo, above a RenderCollection if the mode is a list."""
    if mode == "rgb_array_list":
        # With reset_clean the reference returns frames that the environment alone would have dropped; see below.
        env = library.wrappers.RenderCollection(env, reset_clean=False)
    return library.wrappers.RecordVideo(
        env,
        str(folder),
        None if episodes is None else lambda number: number in episodes,
        None if step_numbers is None else lambda number: number in step_numbers,
        **arguments,
    )


manual = st.sampled_from([("start", "by-hand"), ("start", "again"), ("stop", None)])


@given(
    st.sampled_from(["rgb_array", "rgb_array_list"]),
    sequences(renders, manual, longest=40),
    st.none() | numbers,
    st.none() | numbers,
    st.integers(0, 12),
    st.none() | st.integers(1, 60),
)
def test_videos_are_those_of_the_reference(tmp_path_factory, mode, sequence, episodes, step_numbers, length, fps):
    folder = tmp_path_factory.getbasetemp() / "compared"
    with watched_videos() as videos:
        said = []
        pair = []
        for library in LIBRARIES:
            with counted_warnings() as caught:
                arguments = {"video_length": length, "name_prefix": "lesson", "fps": fps, "gc_trigger": None}
                env = recorder(library, painting(library), folder, mode, episodes, step_numbers, **arguments)
                seen = []
                for name, argument in sequence:
                    if name in ("start", "stop"):
                        # By hand in the middle of a list, the reference records what was rendered before; see below.
                        if mode == "rgb_array" and (name == "start" or env.recording):
                            env.start_recording(argument) if name == "start" else env.stop_recording()
                    else:
                        seen.append(call(env, name, argument))
                    seen.append((env.recording, len(env.recorded_frames), env.step_id, env.episode_id))
                env.close()
            said.append(len([warning for warning in caught if "exist" not in str(warning.message)]))
            pair.append((env, seen))
        (ours, our_results), (theirs, their_results) = pair
        for our_result, their_result in zip(our_results, their_results, strict=True):
            assert_same_outcome(our_result, their_result)
        videos.assert_equal()
        assert said[0] == said[1]
        for name in ("frames_per_sec", "video_length", "name_prefix", "disable_logger", "video_folder"):
            assert getattr(ours, name) == getattr(theirs, name)


@given(sequences(renders, longest=40), st.booleans(), st.booleans(), numbers, numbers, st.integers(0, 8))
def test_recording_takes_nothing_away_from_render(
    tmp_path_factory, sequence, pop_frames, reset_clean, episodes, step_numbers, length
):
    """The reference returns frames twice where they are not popped, and old ones where a reset has dropped them."""
    folder = tmp_path_factory.getbasetemp() / "compared"
    alone, recorded = (wrappers.RenderCollection(painting(minigym), pop_frames, reset_clean) for _ in range(2))
    with watched_videos() as videos, counted_warnings():
        triggers = lambda n: n in episodes, lambda n: n in step_numbers
        arguments = {"video_length": length, "gc_trigger": None}
        recorded = wrappers.RecordVideo(recorded, folder, *triggers, **arguments)
        single = wrappers.RecordVideo(painting(minigym), folder, *triggers, **arguments)
        for name, argument in sequence:
            expected = call(alone, name, argument)
            assert_same_outcome(call(recorded, name, argument), expected)
            if name != "render":
                call(single, name, argument)
        recorded.close()
        single.close()
        # Both wrote the same videos, whatever the list does.
        pairs = sorted(videos.ours, key=lambda written: written[0])
        assert_same(tuple(pairs[::2]), tuple(pairs[1::2]))


def test_a_video_begun_by_hand_has_no_frame_from_before(tmp_path):
    """The reference puts the frames into it that a list still held."""
    env = wrappers.RecordVideo(
        wrappers.RenderCollection(painting(minigym)), tmp_path / "new", episode_trigger=lambda n: False
    )
    with watched_videos() as videos:
        env.reset(seed=0)
        env.step(0)
        env.start_recording("by-hand")
        assert len(env.render()) == 2
        env.step(1)
        env.close()
    ((name, frames, _),) = videos.ours
    assert (name, len(frames)) == ("by-hand.mp4", 1)


def test_what_is_no_picture_ends_the_video_with_a_warning(tmp_path):
    env = painting(minigym)
    env.render = lambda: "text"
    env = wrappers.RecordVideo(env, tmp_path / "new")
    with counted_warnings() as caught:
        env.reset()
    assert [str(warning.message).partition(",")[0] for warning in caught] == [
        "there is no video 'rl-video-episode-0'",
        "the video ends early",
    ]
    assert env.recording is False
    env.step(0)
    env.close()
    assert os.listdir(tmp_path / "new") == []


def test_an_empty_list_leaves_a_frame_out_with_a_warning(tmp_path):
    env = painting(minigym)
    env.render = list
    env = wrappers.RecordVideo(env, tmp_path / "new")
    with pytest.warns(UserWarning, match="a frame is missing"):
        env.reset()
    assert env.recording
    with pytest.warns(UserWarning, match="no frame came"):
        env.close()


def test_there_is_nothing_to_stop_before_a_start(tmp_path):
    env = wrappers.RecordVideo(painting(minigym), tmp_path / "new")
    with pytest.raises(error.Error, match=r"call start_recording\(name\) first"):
        env.stop_recording()


@pytest.mark.parametrize("mode", [None, "human", "ansi", "ansi_list"])
def test_what_renders_no_pictures_cannot_be_recorded(mode, tmp_path):
    with pytest.raises(ValueError, match=f"render_mode={mode!r}; make it with"):
        wrappers.RecordVideo(painting(minigym, render_mode=mode), tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"episode_trigger": 10}, "episode_trigger must be a function"),
        ({"step_trigger": "often"}, "step_trigger must be a function"),
        ({"gc_trigger": True}, "gc_trigger must be a function"),
        ({"video_length": -1}, "video_length must be a number of steps"),
        ({"video_length": 2.5}, "video_length must be a number of steps"),
        ({"fps": 0}, "fps must be a positive number"),
        ({"fps": "fast"}, "fps must be a positive number"),
        ({"fps": float("inf")}, "fps must be a positive number"),
    ],
)
def test_wrong_arguments_are_refused_before_a_folder_is_made(arguments, message, tmp_path):
    with pytest.raises(error.InvalidParameter, match=message):
        wrappers.RecordVideo(painting(minigym), tmp_path / "new", **arguments)
    assert not (tmp_path / "new").exists()


def test_an_existing_folder_gets_a_warning_at_the_callers_line(tmp_path):
    with pytest.warns(UserWarning, match="are overwritten") as caught:
        wrappers.RecordVideo(painting(minigym), tmp_path)
    assert caught[0].filename == __file__


def test_the_speed_is_that_of_the_metadata_or_30(tmp_path):
    speeds = [
        wrappers.RecordVideo(painting(minigym, fps=fps), tmp_path / str(fps)).frames_per_sec for fps in (12, None)
    ]
    assert speeds == [12, 30]


def test_garbage_is_collected_after_the_videos_that_the_trigger_names(tmp_path, monkeypatch):
    collections = []
    monkeypatch.setattr(gc, "collect", lambda: collections.append(env.episode_id))
    with watched_videos():
        for number, trigger in enumerate((lambda n: n % 2 == 1, None, lambda n: True)):
            arguments = {} if number == 2 else {"gc_trigger": trigger}  # the default is every video
            env = wrappers.RecordVideo(painting(minigym), tmp_path / str(number), lambda n: True, **arguments)
            for _ in range(5):
                env.reset()
            env.close()
    assert collections == [1, 3, *range(1, 5), 4]


def test_what_was_written_is_said_if_asked_for(tmp_path, capfd):
    for quiet in (True, False):
        env = wrappers.RecordVideo(painting(minigym), tmp_path / str(quiet), disable_logger=quiet)
        env.reset()
        env.step(0)
        env.close()
    path = tmp_path / "False" / f"rl-video-episode-0{video.video_suffix()}"
    assert capfd.readouterr() == ("", f"{path}: 2 frames, 0.2 s\n")


def test_a_video_that_is_forgotten_gets_a_warning(tmp_path):
    env = wrappers.RecordVideo(painting(minigym), tmp_path / "new")
    env.reset()
    with pytest.warns(UserWarning, match=r"'rl-video-episode-0' is lost.*call close\(\)"):
        env.__del__()
    env.close()


def test_closing_twice_writes_once_and_closes_the_environment(tmp_path):
    env = painting(minigym)
    closed = []
    env.close = lambda: closed.append(True)
    env = wrappers.RecordVideo(env, tmp_path / "new")
    env.reset()
    with watched_videos() as videos:
        env.close()
        env.close()
    assert (len(videos.ours), closed) == (1, [True, True])


# The files ------------------------------------------------------------------------------------------------------------


def brightness(frames):
    return [round(float(frame.mean())) for frame in frames]


class Brightening(minigym.Env):
    """Its picture becomes brighter by 9 with every step; an episode has 20."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 25}  # noqa: RUF012
    render_mode = "rgb_array"

    def __init__(self, size=(48, 64)):
        self.size = size
        self.action_space = self.observation_space = minigym.spaces.Discrete(100)

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.steps = 0
        return 0, {}

    def step(self, action):
        self.steps += 1
        return self.steps, 0.0, self.steps == 20, False, {}

    def render(self):
        return np.full((*self.size, 3), 20 + 9 * self.steps, np.uint8)


def test_a_video_of_an_episode_has_a_frame_more_than_steps(tmp_path):
    pytest.importorskip("av")
    env = wrappers.RecordVideo(Brightening(), tmp_path / "new", lambda n: n == 1)
    for length in (7, 20, 3):
        env.reset()
        for _ in range(length):
            env.step(0)
    env.close()
    assert os.listdir(tmp_path / "new") == ["rl-video-episode-1.mp4"]
    frames, fps = decode(tmp_path / "new" / "rl-video-episode-1.mp4")
    assert fps == 25
    assert {frame.shape for frame in frames} == {(48, 64, 3)}
    assert len(frames) == 21
    assert np.abs(np.array(brightness(frames)) - (20 + 9 * np.arange(21))).max() <= 3


def test_a_lesson_on_the_pole(tmp_path):
    pytest.importorskip("av")
    env = minigym.make("CartPole-v1", render_mode="rgb_array")
    env = wrappers.RecordVideo(env, tmp_path / "new", step_trigger=lambda n: n == 4, video_length=10, fps=10)
    env.reset(seed=0)
    shown = []
    for step in range(15):
        env.step(step % 2)
        shown.append(env.render())
    env.close()
    frames, fps = decode(tmp_path / "new" / "rl-video-step-4.mp4")
    assert (len(frames), frames[0].shape, fps) == (11, (400, 600, 3), 10)
    for frame, original in zip(frames, shown[4:], strict=True):
        assert np.abs(frame.astype(float) - original).mean() < 2  # of 255; mp4 is lossy


def test_odd_sizes_keep_every_pixel(tmp_path):
    pytest.importorskip("av")
    frame = np.zeros((5, 3, 3), np.uint8)
    frame[4], frame[:, 2] = 200, 200
    path = video.write_video(str(tmp_path / "odd"), [frame] * 2, 5)
    frames, _ = decode(path)
    assert [decoded.shape for decoded in frames] == [(6, 4, 3)] * 2
    assert frames[0][4:].min() > 150
    assert frames[0][:, 2:].min() > 150


def test_colours_are_labelled(tmp_path):
    """A player takes an unlabelled video as large as a grid of lanes for one in other colours."""
    av = pytest.importorskip("av")
    path = video.write_video(str(tmp_path / "red"), [np.full((16, 16, 3), (200, 60, 30), np.uint8)], 5)
    with av.open(path) as container:
        codec = container.streams.video[0].codec_context
        assert (codec.colorspace, codec.color_primaries, codec.color_trc, codec.color_range) == (5, 5, 6, 1)
        frame = next(container.decode(video=0)).to_ndarray(format="rgb24")
    assert np.abs(frame.mean((0, 1)) - (200, 60, 30)).max() < 4


def test_without_pyav_videos_are_gifs(tmp_path, monkeypatch):
    image_module = pytest.importorskip("PIL.Image")
    monkeypatch.setattr(video, "video_suffix", lambda: ".gif")
    env = wrappers.RecordVideo(Brightening(), tmp_path / "new")
    env.reset()
    for _ in range(4):
        env.step(0)
    env.close()
    assert os.listdir(tmp_path / "new") == ["rl-video-episode-0.gif"]
    with image_module.open(tmp_path / "new" / "rl-video-episode-0.gif") as image:
        assert (image.n_frames, image.size, image.info["duration"]) == (5, (64, 48), 40)


def test_without_any_video_package_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(video, "video_suffix", lambda: None)
    with pytest.raises(error.DependencyNotInstalled, match=r'pip install "minigym\[render\]"'):
        wrappers.RecordVideo(painting(minigym), tmp_path / "new")
    with pytest.raises(error.DependencyNotInstalled, match=r'pip install "minigym\[render\]"'):
        save_video([picture(0)], tmp_path / "new", fps=1)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("suffix", [".mp4", ".gif"])
@pytest.mark.parametrize("where", ["write", "close"])
def test_an_interruption_leaves_the_finished_videos_and_no_half_one(tmp_path, monkeypatch, suffix, where):
    pytest.importorskip("av" if suffix == ".mp4" else "PIL")
    monkeypatch.setattr(video, "video_suffix", lambda: suffix)
    encoder = video._Mp4 if suffix == ".mp4" else video._Gif
    unharmed = getattr(encoder, where)
    calls = []

    def interrupted(self, *arguments):
        unharmed(self, *arguments)
        calls.append(where)
        if len(calls) == (6 if where == "write" else 2):  # in the second video
            raise KeyboardInterrupt

    monkeypatch.setattr(encoder, where, interrupted)
    env = wrappers.RecordVideo(Brightening(), tmp_path / "new", lambda n: True)
    env.reset()
    for _ in range(3):
        env.step(0)
    env.reset()
    assert os.listdir(tmp_path / "new") == [f"rl-video-episode-0{suffix}"]
    for _ in range(3):
        env.step(0)
    with pytest.raises(KeyboardInterrupt):
        env.close()
    assert env.recording is False
    assert os.listdir(tmp_path / "new") == [f"rl-video-episode-0{suffix}"]
    env.close()
    if suffix == ".mp4":
        assert len(decode(tmp_path / "new" / "rl-video-episode-0.mp4")[0]) == 4


def test_a_program_that_is_killed_leaves_the_finished_videos(tmp_path):
    pytest.importorskip("av")
    program = """
import os, sys
import minigym
from minigym.render import video
env = minigym.make("FrozenLake-v1", render_mode="rgb_array")
env = minigym.wrappers.RecordVideo(env, sys.argv[1])
env.reset(seed=0)
env.step(2)
env.reset()
env.step(2)
def close(self):
    self._container.mux(self._stream.encode())
    os._exit(9)  # all frames are in the second one, but it is not finished
video._Mp4.close = close
env.close()
"""
    folder = tmp_path / "new"
    done = subprocess.run([sys.executable, "-c", program, str(folder)], check=False, cwd=Path(__file__).parents[3])
    assert done.returncode == 9
    assert [path.name for path in folder.iterdir() if path.suffix != ".part"] == ["rl-video-episode-0.mp4"]
    assert len(decode(folder / "rl-video-episode-0.mp4")[0]) == 2


def test_a_video_that_cannot_be_written_is_given_up_once(tmp_path):
    env = wrappers.RecordVideo(painting(minigym), tmp_path / "new")
    env.reset()
    env.recorded_frames.append(np.zeros((2, 2, 3), np.uint8))  # of another size
    with pytest.raises(error.InvalidParameter, match="a frame must be a uint8 array of shape"):
        env.close()
    assert (env.recording, env.recorded_frames, os.listdir(tmp_path / "new")) == (False, [], [])
    env.close()


# save_video ---------------------------------------------------------------------------------------------------------


def test_the_schedule_is_the_references():
    with watched_videos():
        from gymnasium.utils.save_video import capped_cubic_video_schedule

        theirs = [number for number in range(5000) if capped_cubic_video_schedule(number)]
    ours = [number for number in range(5000) if minigym.render.capped_cubic_video_schedule(number)]
    assert ours == theirs
    assert ours[:4] == [0, 1, 8, 27]


@given(
    st.lists(st.integers(0, 999), min_size=1, max_size=12),
    st.none() | st.sets(st.integers(0, 2)),
    st.none() | numbers,
    st.none() | st.integers(1, 12),
    st.integers(0, 2),
    st.integers(0, 12),
    st.integers(1, 60),
)
def test_saved_videos_are_those_of_the_reference(
    tmp_path_factory, states, episodes, step_numbers, length, episode, first_step, fps
):
    folder = tmp_path_factory.getbasetemp() / "saved"
    frames = [picture(state) for state in states]
    with watched_videos() as videos:
        from gymnasium.utils.save_video import save_video as reference

        for save in (save_video, reference):
            save(
                frames,
                str(folder),
                None if episodes is None else lambda number: number in episodes,
                None if step_numbers is None else lambda number: number in step_numbers,
                length,
                "lesson",
                episode,
                first_step,
                None,
                fps=fps,
            )
        videos.assert_equal()


def test_a_saved_video_is_a_file(tmp_path, capfd):
    pytest.importorskip("av")
    env = wrappers.RenderCollection(Brightening())
    env.reset()
    for _ in range(5):
        env.step(0)
    save_video(env.render(), tmp_path / "new", save_logger="bar", fps=env.metadata["render_fps"])
    frames, fps = decode(tmp_path / "new" / "rl-video-episode-0.mp4")
    assert (len(frames), fps) == (6, 25)
    assert "6 frames" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("frames", "arguments", "message"),
    [
        ([picture(0)], {}, "takes fps and needs it"),
        ([picture(0)], {"fps": 5, "durations": [1]}, "got durations, fps"),
        ([picture(0)], {"fps": -5}, "fps must be a positive number"),
        ([], {"fps": 5}, "at least one frame"),
        (None, {"fps": 5}, "at least one frame"),
        ([picture(0)], {"fps": 5, "video_length": 0}, "video_length must be a positive number"),
    ],
)
def test_what_cannot_be_saved_is_refused_before_a_folder_is_made(frames, arguments, message, tmp_path):
    with pytest.raises(error.InvalidParameter, match=message):
        save_video(frames, tmp_path / "new", **arguments)
    assert not (tmp_path / "new").exists()


# Descriptions ---------------------------------------------------------------------------------------------------------


def test_the_spec_of_a_recorder_remembers_its_speed_too(tmp_path):
    """The reference forgets it, so that an environment made from the spec records at another one."""
    with watched_videos():
        ours, theirs = (
            described(library, "RecordVideo", str(tmp_path / library.__name__), fps=7, video_length=3)
            for library in LIBRARIES
        )
    assert list(ours.kwargs) == [*list(theirs.kwargs)[:-1], "fps", "disable_logger"]
    assert ours.kwargs | {"video_folder": ""} == theirs.kwargs | {"video_folder": "", "fps": 7}
    assert json.loads(json.dumps(ours.kwargs)) == pickle.loads(pickle.dumps(ours.kwargs)) == ours.kwargs


def test_a_trigger_is_not_copied(tmp_path):
    class Agent:
        def wants(self, episode):
            return True

    agent = Agent()
    env = wrappers.RecordVideo(painting(minigym), tmp_path / "new", agent.wants)
    assert env._saved_kwargs["episode_trigger"].__self__ is agent
