"""From frames to a file: mp4 through PyAV, or GIF through Pillow where PyAV is not installed."""

from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigym import error


def video_suffix() -> str | None:
    """What :class:`VideoWriter` can write here: ".mp4", ".gif", or None for nothing."""
    if find_spec("av") is not None:
        return ".mp4"
    return ".gif" if find_spec("PIL") is not None else None


class VideoWriter:
    """Writes frames (height, width, 3) of uint8, all of one size, to a file.

    Args:
        path: where; its suffix is the one that :func:`video_suffix` names.
        fps: frames a second.
    """

    def __init__(self, path: str, fps: float) -> None:
        self.path = path
        self._shape: tuple[int, ...] | None = None
        self._encoder: _Mp4 | _Gif = _Mp4(path, fps) if path.endswith(".mp4") else _Gif(path, fps)

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame."""
        shape = np.shape(frame)
        if len(shape) != 3 or shape[2] != 3 or frame.dtype != np.uint8 or shape != (self._shape or shape):
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


class _Mp4:
    def __init__(self, path: str, fps: float) -> None:
        self._path, self._fps = path, Fraction(fps).limit_denominator(1000)
        self._container: Any = None

    def write(self, frame: NDArray[np.uint8]) -> None:
        import av

        height, width = (size // 2 * 2 for size in frame.shape[:2])  # yuv420p halves the colours: even sizes alone
        if self._container is None:
            self._container = av.open(self._path, "w")
            self._stream = self._container.add_stream("libx264", rate=self._fps)
            self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "yuv420p"
        image = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame[:height, :width]), format="rgb24")
        self._container.mux(self._stream.encode(image))

    def close(self) -> None:
        self._container.mux(self._stream.encode())
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
        first.save(self._path, save_all=True, append_images=rest, duration=self._milliseconds, loop=0)
