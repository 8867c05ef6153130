"""Environments of either library that draw the same pictures, and what both would have written as videos."""

import contextlib
import os
import sys
import warnings
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import gymnasium
import numpy as np
import pytest
from hypothesis import strategies as st

import minigym
from tests.minigym.vector.compare import assert_same

LIBRARIES: tuple[Any, Any] = minigym, gymnasium
numbers = st.frozensets(st.integers(0, 12), max_size=6)
resets = st.tuples(st.just("reset"), st.none() | st.integers(0, 100))
steps = st.tuples(st.just("step"), st.integers(0, 2))
renders = st.tuples(st.just("render"), st.none())
first_resets = st.tuples(st.just("reset"), st.integers(0, 100))
SIZE = (6, 4)  # height and width of a picture, in pixels


def picture(state: int, size: tuple[int, int] = SIZE) -> Any:
    """A frame that no other state below 1,000 has."""
    frame = np.arange(size[0] * size[1] * 3).reshape(*size, 3) * 7 % 200
    return (frame + np.array([state // 20, state % 20, 0])).astype(np.uint8)


def painting(
    library: ModuleType,
    render_mode: str | None = "rgb_array",
    length: int = 5,
    size: tuple[int, int] = SIZE,
    fps: float | None = 12,
    dict_observations: bool = False,
) -> Any:
    """An environment of the library whose state is drawn by every reset and moves with every step.

    Args:
        library: minigym or gymnasium.
        render_mode: "depth_array" draws depths, "ansi" writes.
        length: steps of an episode.
        size: of a picture, (height, width).
        fps: in the metadata; None for no entry.
        dict_observations: whether the state comes in a dict.
    """

    class Painting(library.Env):
        metadata = {"render_modes": ["rgb_array", "ansi", "depth_array"]} | ({} if fps is None else {"render_fps": fps})

        def __init__(self) -> None:
            self.render_mode = render_mode
            self.action_space = library.spaces.Discrete(3)
            states = library.spaces.Discrete(1000)
            self.observation_space = library.spaces.Dict({"place": states}) if dict_observations else states

        def _observed(self) -> Any:
            return {"place": self.state} if dict_observations else self.state

        def reset(self, *, seed: Any = None, options: Any = None) -> Any:
            super().reset(seed=seed)
            self.steps, self.state = 0, int(self.np_random.integers(1000))
            return self._observed(), {"options": str(options)}

        def step(self, action: Any) -> Any:
            self.steps += 1
            self.state = (self.state * 3 + int(action)) % 1000
            return self._observed(), float(self.state), self.steps >= length, False, {}

        def render(self) -> Any:
            if render_mode == "rgb_array":
                return picture(self.state, size)
            if render_mode == "depth_array":
                return picture(self.state, size)[:, :, 0] / np.float32(7)
            return None if render_mode is None else f"state {self.state}"

    return Painting()


def assert_same_outcome(ours: Any, theirs: Any) -> None:
    """Compare like ``assert_same``, lists of frames and dicts of them too."""
    if isinstance(theirs, list):
        assert type(ours) is list
        assert_same(tuple(ours), tuple(theirs))
    else:
        assert_same(ours, theirs)


def sequences(*more: Any, longest: int = 25) -> st.SearchStrategy[list[tuple[str, Any]]]:
    """A seeded reset, then any mixture of calls."""
    calls = st.lists(st.one_of(steps, steps, steps, resets, *more), max_size=longest)
    return st.tuples(first_resets, calls).map(lambda both: [both[0], *both[1]])


def call(env: Any, name: str, argument: Any) -> Any:
    """One call of a sequence."""
    if name == "reset":
        return env.reset(seed=argument)
    return env.step(argument) if name == "step" else env.render()


def play_both(wrap: Any, sequence: list[tuple[str, Any]], **kwargs: Any) -> tuple[Any, Any]:
    """Make the calls on ``wrap(library, environment)`` of both libraries, compare, and return the pair."""
    ours, theirs = (wrap(library, painting(library, **kwargs)) for library in LIBRARIES)
    for name, argument in sequence:
        assert_same_outcome(call(ours, name, argument), call(theirs, name, argument))
    return ours, theirs


def described(library: Any, name: str, *arguments: Any, **keywords: Any) -> Any:
    """The entry of the wrapper in the spec of a CartPole."""
    env = library.make("CartPole-v1", render_mode="rgb_array")
    return getattr(library.wrappers, name)(env, *arguments, **keywords).spec.additional_wrappers[-1]


class Videos:
    """What was written: (file name, frames, frames a second) of every video, in order."""

    def __init__(self) -> None:
        self.ours: list[tuple[str, tuple[Any, ...], float]] = []
        self.theirs: list[tuple[str, tuple[Any, ...], float]] = []

    def assert_equal(self) -> None:
        """Both libraries wrote the same videos."""
        assert_same(tuple(self.ours), tuple(self.theirs))


@contextlib.contextmanager
def watched_videos() -> Iterator[Videos]:
    """Catch the videos that either library is about to encode; moviepy, which Gymnasium needs for it, is not there."""
    videos = Videos()

    class ImageSequenceClip:
        def __init__(self, frames: Any, fps: Any) -> None:
            self.frames, self.fps = tuple(frames), fps

        def write_videofile(self, path: str, logger: Any) -> None:
            videos.theirs.append((os.path.basename(path), self.frames, self.fps))

    def write_video(base_path: str, frames: Any, fps: Any, announce: bool = False) -> str:
        videos.ours.append((f"{os.path.basename(base_path)}.mp4", tuple(frames), fps))
        return base_path

    with pytest.MonkeyPatch.context() as patch:
        for name in ("moviepy", "moviepy.video", "moviepy.video.io", "moviepy.video.io.ImageSequenceClip"):
            patch.setitem(sys.modules, name, ModuleType(name))
        patch.setattr(sys.modules["moviepy.video.io.ImageSequenceClip"], "ImageSequenceClip", ImageSequenceClip, False)
        patch.setattr("minigym.wrappers._pictures.write_video", write_video)
        patch.setattr("minigym.render.video.write_video", write_video)
        sys.modules.pop("gymnasium.utils.save_video", None)  # it keeps the class that it found when it was imported
        try:
            yield videos
        finally:
            sys.modules.pop("gymnasium.utils.save_video", None)


@contextlib.contextmanager
def counted_warnings() -> Iterator[list[Any]]:
    """The warnings of the block, none of which is an error."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


def decode(path: Any) -> tuple[list[Any], float]:
    """Frames of an mp4 file, and how many a second."""
    av = pytest.importorskip("av")
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        fps = float(stream.average_rate)
        return [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)], fps
