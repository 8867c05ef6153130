"""``gym.wrappers.monitoring.video_recorder``: an episode as a video, or as text where there are no pictures."""

import io
import json
import os
import tempfile
from typing import Any

from minigym.compat.classic import error, logger
from minigym.render.video import VideoWriter, video_suffix

__all__ = ["VideoRecorder"]

_CLEAR = "\x1b[2J\x1b[1;1H"  # ANSI: wipe the screen, go to its corner
_SECONDS_A_TEXT = 0.5


class VideoRecorder:
    """Records what ``env.render`` shows; each :meth:`capture_frame` adds a frame.

    Args:
        env: an environment whose ``metadata["render.modes"]`` hold "rgb_array", or at least "ansi".
        path: the file to write; its suffix becomes .mp4 (with PyAV), .gif (with Pillow) or .json (for text).
        metadata: what to write into the file ``.meta.json`` beside it.
        enabled: False to record nothing.
        base_path: the same as ``path`` without a suffix.
    """

    _said_no_video = False  # once a process is enough

    def __init__(
        self,
        env: Any,
        path: str | None = None,
        metadata: dict[str, Any] | None = None,
        enabled: bool = True,
        base_path: str | None = None,
    ) -> None:
        if path is not None and base_path is not None:
            raise error.Error("write either path or base_path, not both")
        modes = env.metadata.get("render.modes", [])
        self.env = env
        self.ansi_mode = "rgb_array" not in modes
        suffix = ".json" if self.ansi_mode else video_suffix()
        self.enabled = enabled and (not self.ansi_mode or "ansi" in modes)
        self.broken = False
        if self.enabled and suffix is None:
            self.enabled = False
            self._say_no_video()
        if not self.enabled:
            return
        if base_path is None:
            base_path = os.path.join(tempfile.mkdtemp(), "video") if path is None else os.path.splitext(path)[0]
        self.path = f"{base_path}{suffix}"
        self.metadata_path = f"{base_path}.meta.json"
        kind = {".json": "video/vnd.openai.ansivid", ".mp4": "video/mp4", ".gif": "image/gif"}[str(suffix)]
        self.metadata = {**(metadata or {}), "content_type": kind}
        fps = env.metadata.get("video.frames_per_second", 30)
        self._writer = _TextWriter(self.path) if self.ansi_mode else VideoWriter(self.path, fps)
        self._frames = 0
        logger.info("Starting new video recorder writing to %s", self.path)

    @property
    def functional(self) -> bool:
        """Whether it records."""
        return self.enabled and not self.broken

    def capture_frame(self) -> None:
        """Add what ``render`` shows now."""
        if not self.functional:
            return
        frame = self.env.render(mode="ansi" if self.ansi_mode else "rgb_array")
        if frame is None:
            logger.warn("render() returned None, so %s is given up", self.path)
            self.broken = True
            return
        self._writer.write(frame)
        self._frames += 1

    def close(self) -> None:
        """Finish the file and the one beside it."""
        if not self.enabled:
            return
        self.enabled = False
        self._writer.close()
        if self._frames == 0:
            self.metadata["empty"] = True
        with open(self.metadata_path, "w", encoding="utf-8") as file:
            json.dump(self.metadata, file)

    @staticmethod
    def _say_no_video() -> None:
        if not VideoRecorder._said_no_video:
            VideoRecorder._said_no_video = True
            logger.warn(
                "no video is recorded, since neither PyAV (mp4) nor Pillow (GIF) is installed: "
                'pip install "minigym[render]"'
            )


class _TextWriter:
    """Text frames as JSON, in the form of asciicast version 1."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._frames: list[str] = []

    def write(self, frame: Any) -> None:
        text = frame.getvalue() if isinstance(frame, io.StringIO) else frame
        if not isinstance(text, str) or not text.endswith("\n") or "\r" in text:
            raise error.InvalidFrame(f"a text frame must be a str that ends with a newline, without \\r; got {text!r}")
        self._frames.append(text)

    def close(self) -> None:
        if not self._frames:
            return
        recording = {
            "version": 1,
            "width": 2 + max(len(line) for frame in self._frames for line in frame.split("\n")),
            "height": 1 + max(frame.count("\n") for frame in self._frames),
            "duration": len(self._frames) * _SECONDS_A_TEXT,
            "command": "-",
            "title": "gym VideoRecorder episode",
            "env": {},
            "stdout": [(_SECONDS_A_TEXT, _CLEAR + frame.replace("\n", "\r\n")) for frame in self._frames],
        }
        with open(self._path, "w", encoding="utf-8") as file:
            json.dump(recording, file)
