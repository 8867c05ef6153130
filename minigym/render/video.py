"""From frames to a file: mp4 through PyAV, or GIF through Pillow where PyAV is not installed."""

import contextlib
import os
import sys
from collections.abc import Callable, Sequence
from fractions import Fraction
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from minigym import error

Trigger = Callable[[int], bool]

_SD_PRIMARIES, _SD_TRANSFER, _SD_MATRIX = 5, 6, 5  # of ITU-R BT.601, in the numbers of ITU-T H.273


def capped_cubic_video_schedule(episode_id: int) -> bool:
    """True of the episodes 0, 1, 8, 27, ..., 729, then of every thousandth: what is recorded by default."""
    return round(episode_id ** (1 / 3)) ** 3 == episode_id if episode_id < 1000 else episode_id % 1000 == 0


def video_suffix() -> str | None:
    """What :class:`VideoWriter` can write here: ".mp4", ".gif", or None for nothing."""
    if find_spec("av") is not None:
        return ".mp4"
    return ".gif" if find_spec("PIL") is not None else None


def checked_video_suffix() -> str:
    """The same; DependencyNotInstalled for nothing."""
    suffix = video_suffix()
    if suffix is None:
        raise error.DependencyNotInstalled(
            'a video needs PyAV (for mp4) or Pillow (for GIF), and neither is installed: pip install "minigym[render]"'
        )
    return suffix


def checked_fps(fps: Any) -> float:
    """``fps`` if it is a positive number; InvalidParameter otherwise."""
    try:
        if 0 < fps < np.inf:
            return fps  # type: ignore[no-any-return]  # a number, whichever kind
    except (TypeError, ValueError):
        pass
    raise error.InvalidParameter(f"fps must be a positive number of frames a second, for instance 30; got {fps!r}")


def is_count(number: Any) -> bool:
    """Whether it is an integer >= 0, of Python or NumPy."""
    return isinstance(number, (int, np.integer)) and not isinstance(number, bool) and bool(number >= 0)


class VideoWriter:
    """Writes frames (height, width, 3) of uint8, all of one size, to a file.

    The file is there once it is whole: until :meth:`close` the frames go to a file beside it, whose name ends in
    ``.part``. Used in a ``with`` block, which closes it, a block that is left by an exception leaves no file.

    Args:
        path: where; its suffix is the one that :func:`video_suffix` names.
        fps: frames a second.
    """

    def __init__(self, path: str, fps: float) -> None:
        self.path = path
        # Two processes that record under one name must not write into one file; the later one replaces the other.
        self._part = f"{path}.{os.getpid()}.part"
        self._shape: tuple[int, ...] | None = None
        kind = _Mp4 if path.endswith(".mp4") else _Gif
        self._encoder: _Mp4 | _Gif = kind(self._part, float(checked_fps(fps)))

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame."""
        shape = np.shape(frame)
        if len(shape) != 3 or shape[2] != 3 or 0 in shape or frame.dtype != np.uint8 or shape != (self._shape or shape):
            raise error.InvalidParameter(
                f"a frame must be a uint8 array of shape {self._shape or '(height, width, 3)'}, got "
                f"{getattr(frame, 'dtype', type(frame))} of shape {shape}"
            )
        self._shape = shape
        self._encoder.write(frame)

    def close(self) -> None:
        """Finish the file; without a frame there is none."""
        if self._shape is not None:
            self._encoder.close()
            os.replace(self._part, self.path)

    def discard(self) -> None:
        """Give up, and leave no file."""
        self._encoder.discard()
        with contextlib.suppress(FileNotFoundError):
            os.remove(self._part)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, exc_type: type[BaseException] | None, exc: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if exc_type is not None:
            self.discard()
            return
        try:
            self.close()
        except BaseException:  # Ctrl-C among them
            self.discard()
            raise


class _Mp4:
    def __init__(self, path: str, fps: float) -> None:
        self._path, self._fps = path, Fraction(fps).limit_denominator(1000)
        self._container: Any = None

    def write(self, frame: NDArray[np.uint8]) -> None:
        import av

        height, width = (-size % 2 for size in frame.shape[:2])
        if height or width:  # yuv420p halves the colours, so sizes must be even: the last row or column twice
            frame = np.pad(frame, ((0, height), (0, width), (0, 0)), mode="edge")
        if self._container is None:
            self._container = av.open(self._path, "w", format="mp4")
            self._stream = self._container.add_stream("libx264", rate=self._fps)
            self._stream.height, self._stream.width = frame.shape[:2]
            self._stream.pix_fmt = "yuv420p"
            # Players take a large video for one in the colours of BT.709 unless told how it was made.
            codec = self._stream.codec_context
            codec.color_primaries, codec.color_trc, codec.colorspace = _SD_PRIMARIES, _SD_TRANSFER, _SD_MATRIX
        self._container.mux(
            self._stream.encode(av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24"))
        )

    def close(self) -> None:
        self._container.mux(self._stream.encode())
        self._container.close()

    def discard(self) -> None:
        if self._container is not None:
            self._container.close()


class _Gif:
    def __init__(self, path: str, fps: float) -> None:
        self._path, self._milliseconds = path, 1000 / fps
        self._images: list[Any] = []

    def write(self, frame: NDArray[np.uint8]) -> None:
        from PIL import Image

        self._images.append(Image.fromarray(frame).quantize(128))  # at once: a byte a pixel is a third of the memory

    def close(self) -> None:
        first, *rest = self._images
        first.save(self._path, format="GIF", save_all=True, append_images=rest, duration=self._milliseconds, loop=0)

    def discard(self) -> None:
        self._images = []


def write_video(base_path: str, frames: Sequence[NDArray[np.uint8]], fps: float, announce: bool = False) -> str:
    """Write a video of the frames, whole or not at all.

    Args:
        base_path: where, without the suffix.
        frames: uint8 arrays (height, width, 3), all of one size, at least one.
        fps: frames a second.
        announce: whether to say on the standard error output what was written.

    Returns:
        The path of the file, with the suffix: .mp4, or .gif where PyAV is not installed.
    """
    path = f"{base_path}{checked_video_suffix()}"
    if len(frames) == 0:
        raise error.InvalidParameter(f"a video needs at least one frame, and there is none for {path}")
    with VideoWriter(path, fps) as writer:
        for frame in frames:
            writer.write(frame)
    if announce:
        print(f"{path}: {len(frames)} frames, {len(frames) / fps:.1f} s", file=sys.stderr)
    return path


def save_video(
    frames: Sequence[NDArray[np.uint8]],
    video_folder: str | os.PathLike[str],
    episode_trigger: Trigger | None = None,
    step_trigger: Trigger | None = None,
    video_length: int | None = None,
    name_prefix: str = "rl-video",
    episode_index: int = 0,
    step_starting_index: int = 0,
    save_logger: str | None = None,
    **kwargs: Any,
) -> None:
    """Write videos of an episode that has been played, from the frames of a render mode such as "rgb_array_list".

    ``<name_prefix>-episode-<episode_index>.mp4`` if the episode is to be recorded, and ``<name_prefix>-step-<n>.mp4``
    from each step n on that is. Where PyAV is not installed, these are GIFs.

    Args:
        frames: the frame of the reset, and one for each step.
        video_folder: where to write; made if it is not there.
        episode_trigger: which episodes to record, by number; where neither trigger is given,
            :func:`capped_cubic_video_schedule`.
        step_trigger: from which steps on to record, counted over all episodes.
        video_length: how many frames to take; None for all.
        name_prefix: how the file names begin.
        episode_index: the episode's number.
        step_starting_index: the number of the episode's first step.
        save_logger: "bar" says on the standard error output what was written; None says nothing.
        kwargs: ``fps``, the frames a second, must be given.

    Raises:
        InvalidParameter: for any other argument; nothing has been written then.
        DependencyNotInstalled: without PyAV and Pillow.
    """
    if set(kwargs) != {"fps"}:
        raise error.InvalidParameter(
            "besides its named arguments save_video takes fps and needs it, for instance "
            f'fps=env.metadata["render_fps"]; got {", ".join(sorted(kwargs)) or "nothing"}'
        )
    fps = checked_fps(kwargs["fps"])
    if not isinstance(frames, (list, tuple, np.ndarray)) or len(frames) == 0:
        raise error.InvalidParameter(
            "frames must be a list of at least one frame, for instance what render() returns in the mode "
            f'"rgb_array_list"; got {frames!r}'
        )
    if not (video_length is None or (is_count(video_length) and video_length > 0)):
        raise error.InvalidParameter(
            f"video_length must be a positive number of frames, or None for all; got {video_length!r}"
        )
    checked_video_suffix()
    if episode_trigger is None and step_trigger is None:
        episode_trigger = capped_cubic_video_schedule
    os.makedirs(video_folder, exist_ok=True)
    base_path = os.path.join(os.path.abspath(video_folder), name_prefix)
    announce = save_logger is not None
    if episode_trigger is not None and episode_trigger(episode_index):
        write_video(f"{base_path}-episode-{episode_index}", frames[:video_length], fps, announce)
    if step_trigger is not None:
        for first in range(1, len(frames)):  # frames[0] is of the reset
            step = step_starting_index + first - 1
            if step_trigger(step):
                last = None if video_length is None else first + video_length
                write_video(f"{base_path}-step-{step}", frames[first:last], fps, announce)
