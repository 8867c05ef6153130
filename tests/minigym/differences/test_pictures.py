"""The rows of docs/differences.md about pictures, windows and videos."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
import pytest

import minigym
from minigym.render import Window, video, window
from tests.minigym.wrappers.pictures import described, painting, picture, watched_videos

pytestmark = pytest.mark.filterwarnings("ignore:.*xist:UserWarning")  # both say it where the folder is there


@pytest.fixture
def pygame(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """With a screen that is a place in memory."""
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    yield window._import_pygame()
    window._import_pygame().quit()
    Window._shown = None


def wrap(library: Any, name: str, *arguments: Any, **keywords: Any) -> Any:
    """The wrapper around a small environment that draws."""
    return getattr(library.wrappers, name)(painting(library, fps=1000), *arguments, **keywords)


def collecting(library: Any, folder: Any, **kwargs: Any) -> Any:
    """RecordVideo of all episodes, around a RenderCollection."""
    env = wrap(library, "RenderCollection", **kwargs)
    return library.wrappers.RecordVideo(env, str(folder), lambda n: True)


def test_grey_noise() -> None:
    def noisy(library: Any, name: str, *arguments: Any) -> np.ndarray:
        env = wrap(library, name, *arguments, is_noise_grayscale=True)
        env.reset(seed=0)
        return env.render()

    for arguments in (("AddWhiteNoise", 0.5), ("ObstructView", 0.5, 2)):
        theirs, ours = noisy(gymnasium, *arguments), noisy(minigym, *arguments)
        assert (theirs.dtype, ours.dtype) == (np.uint64, np.uint8)
        np.testing.assert_array_equal(ours, theirs)


def test_spec_of_an_addrenderobservation() -> None:
    def made_again(library: Any) -> Any:
        env = library.make("FrozenLake-v1", render_mode="rgb_array")
        return library.make(library.wrappers.AddRenderObservation(env, render_only=False).spec).observation_space

    with pytest.raises(TypeError, match="pixels_only"):
        made_again(gymnasium)
    assert list(made_again(minigym)) == ["pixels", "state"]


def test_spec_of_a_recordvideo(tmp_path: Path) -> None:
    class Agent:
        def wants(self, episode: int) -> bool:
            return True

    agent = Agent()

    def remembered(library: Any) -> tuple[bool, bool]:
        kwargs = described(library, "RecordVideo", str(tmp_path), agent.wants, fps=7).kwargs
        return "fps" in kwargs, kwargs["episode_trigger"].__self__ is agent

    with watched_videos():
        assert remembered(gymnasium) == (False, False)
        assert remembered(minigym) == (True, True)


def test_recordvideo_around_a_rendercollection_that_keeps_its_frames(tmp_path: Path) -> None:
    def frames(library: Any) -> int:
        env = collecting(library, tmp_path, pop_frames=False)
        env.reset(seed=0)
        env.step(0)
        count = len(env.render())
        env.close()
        return count

    with watched_videos():
        assert frames(gymnasium) == 5
        assert frames(minigym) == 2


def test_recordvideo_around_a_rendercollection_after_a_reset(tmp_path: Path) -> None:
    def frames(library: Any) -> int:
        env = collecting(library, tmp_path)
        env.reset(seed=0)
        env.step(0)
        env.reset()
        count = len(env.render())
        env.close()
        return count

    with watched_videos():
        assert frames(gymnasium) == 3
        assert frames(minigym) == 1


def test_video_begun_by_hand(tmp_path: Path) -> None:
    def record(library: Any) -> None:
        env = library.wrappers.RecordVideo(
            wrap(library, "RenderCollection"), str(tmp_path), episode_trigger=lambda n: False
        )
        env.reset(seed=0)
        env.step(0)
        env.start_recording("by-hand")
        env.render()
        env.step(1)
        env.close()

    with watched_videos() as videos:
        record(gymnasium)
        record(minigym)
    assert [len(frames) for _, frames, _ in videos.theirs] == [3]
    assert [len(frames) for _, frames, _ in videos.ours] == [1]


def test_list_that_a_rendercollection_returned() -> None:
    def grows(library: Any) -> bool:
        env = wrap(library, "RenderCollection", pop_frames=False)
        env.reset()
        frames = env.render()
        env.step(0)
        return len(frames) == 2

    assert grows(gymnasium)
    assert not grows(minigym)


def test_rendercollection_of_a_window() -> None:
    gymnasium.wrappers.RenderCollection(painting(gymnasium, render_mode="human"))
    with pytest.raises(minigym.error.InvalidParameter, match="render_mode='human'"):
        minigym.wrappers.RenderCollection(painting(minigym, render_mode="human"))


def test_wrong_argument_of_recordvideo(tmp_path: Path) -> None:
    for number, argument in enumerate(
        ({"episode_trigger": 10}, {"gc_trigger": True}, {"video_length": -1}, {"fps": 0}, {"fps": "fast"})
    ):
        folder = tmp_path / str(number)
        with watched_videos():
            wrap(gymnasium, "RecordVideo", str(folder), **argument)
        assert folder.exists()
        folder.rmdir()
        with pytest.raises(minigym.error.InvalidParameter, match=f"{next(iter(argument))} must be"):
            wrap(minigym, "RecordVideo", folder, **argument)
        assert not folder.exists()


def test_recordvideo_of_texts(tmp_path: Path) -> None:
    def record(library: Any) -> None:
        library.wrappers.RecordVideo(painting(library, render_mode="ansi_list"), str(tmp_path / "new"))

    with watched_videos():
        record(gymnasium)
    with pytest.raises(minigym.error.InvalidParameter, match="render_mode='ansi_list'"):
        record(minigym)


def test_video_without_moviepy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "moviepy", None)
    with pytest.raises(gymnasium.error.DependencyNotInstalled, match="other"):
        wrap(gymnasium, "RecordVideo", str(tmp_path / "theirs"), lambda n: True)
    for suffix, package in ((".mp4", "av"), (".gif", "PIL")):
        pytest.importorskip(package)
        monkeypatch.setattr(video, "video_suffix", lambda suffix=suffix: suffix)
        env = wrap(minigym, "RecordVideo", tmp_path / suffix)
        env.reset()
        env.close()
        assert os.listdir(tmp_path / suffix) == [f"rl-video-episode-0{suffix}"]


def test_error_in_close_while_a_video_is_under_way(tmp_path: Path) -> None:
    def close(library: Any) -> None:
        env = wrap(library, "RecordVideo", str(tmp_path))
        env.reset()
        env.unwrapped.close = lambda: 1 / 0
        with pytest.raises(ZeroDivisionError):
            env.close()
        env.recorded_frames = []  # or the lost ones get a warning

    with watched_videos() as videos:
        close(gymnasium)
        close(minigym)
    assert (len(videos.theirs), len(videos.ours)) == (0, 1)


def test_report_of_what_was_recorded(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("av")
    loggers = []
    with watched_videos():
        clip: Any = sys.modules["moviepy.video.io.ImageSequenceClip"].ImageSequenceClip
        clip.write_videofile = lambda self, path, logger: loggers.append(logger)
        env = wrap(gymnasium, "RecordVideo", str(tmp_path / "theirs"), disable_logger=False)
        env.reset()
        env.close()
    assert loggers == ["bar"]
    env = wrap(minigym, "RecordVideo", tmp_path / "ours", disable_logger=False)
    env.reset()
    env.close()
    minigym.render.save_video([picture(0)], tmp_path / "ours", episode_index=1, fps=5, save_logger="bar")
    assert [line.partition(": ")[2] for line in capfd.readouterr().err.splitlines()] == [
        "1 frames, 0.0 s",
        "1 frames, 0.2 s",
    ]


def test_wrong_argument_of_save_video(tmp_path: Path) -> None:
    wrong: list[tuple[list[Any], dict[str, Any]]] = [([], {"fps": 5}), ([picture(0)], {"fps": 5, "video_length": 0})]
    with watched_videos() as videos:
        from gymnasium.utils.save_video import save_video

        for frames, arguments in wrong:
            save_video(frames, str(tmp_path / "theirs"), **arguments)
        assert [frames for _, frames, _ in videos.theirs] == [(), ()]  # for moviepy to fail on
    for frames, arguments in [*wrong, ([picture(0)], {"durations": [1]}), ([picture(0)], {})]:
        with pytest.raises(minigym.error.InvalidParameter, match=r"at least one|must be a positive|needs it"):
            minigym.render.save_video(frames, tmp_path / "ours", **arguments)
    assert not (tmp_path / "ours").exists()


def test_depths_in_a_humanrendering(pygame: Any) -> None:
    def show(library: Any) -> Any:
        env = library.wrappers.HumanRendering(painting(library, render_mode="depth_array", fps=1000))
        env.reset(seed=0)
        return pygame.surfarray.array3d(pygame.display.get_surface())

    with pytest.raises(ValueError, match="axes"):
        show(gymnasium)
    shown = show(minigym)
    assert (shown == shown[:, :, :1]).all()
    assert (shown.min(), shown.max()) == (0, 255)


def test_frame_of_another_size_in_a_humanrendering(pygame: Any) -> None:
    def grow(library: Any) -> None:
        env = wrap(library, "HumanRendering")
        env.reset()
        env.env.render = lambda: picture(3, (20, 30))
        env.step(0)

    with pytest.raises(AssertionError, match="changed"):
        grow(gymnasium)
    grow(minigym)
    assert pygame.display.get_window_size() == (30, 20)


def test_close_button_of_a_humanrendering(pygame: Any) -> None:
    def press(library: Any) -> None:
        env = wrap(library, "HumanRendering")
        env.reset()
        pygame.event.post(pygame.event.Event(pygame.QUIT))
        env.step(0)

    press(gymnasium)
    pygame.event.clear()
    with pytest.raises(minigym.error.WindowClosed):
        press(minigym)
    assert issubclass(minigym.error.WindowClosed, SystemExit)


def test_clock_of_a_humanrendering() -> None:
    assert wrap(gymnasium, "HumanRendering").clock is None
    assert not hasattr(wrap(minigym, "HumanRendering"), "clock")


def test_fractional_width_of_an_obstructview() -> None:
    wrap(gymnasium, "ObstructView", 0.5, 1.5)
    with pytest.raises(minigym.error.InvalidParameter, match="number of pixels"):
        wrap(minigym, "ObstructView", 0.5, 1.5)


def test_key_of_an_addrenderobservation_that_is_taken() -> None:
    def observed(library: Any, key: str, in_a_dict: bool) -> Any:
        env = painting(library, dict_observations=in_a_dict)
        return library.wrappers.AddRenderObservation(env, render_only=False, render_key=key).reset()[0]

    assert observed(gymnasium, "state", False).keys() == {"state"}
    with pytest.raises(AssertionError):
        observed(gymnasium, "place", True)
    for key, in_a_dict in (("state", False), ("place", True)):
        with pytest.raises(minigym.error.InvalidParameter, match="choose another key"):
            observed(minigym, key, in_a_dict)
