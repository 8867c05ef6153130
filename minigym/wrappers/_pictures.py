"""What the rendering wrappers of an environment and of a batch share."""

import gc
import os
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger
from minigym.core import Env, VectorEnv
from minigym.render.video import (
    Trigger,
    capped_cubic_video_schedule,
    checked_fps,
    checked_video_suffix,
    is_count,
    write_video,
)

if TYPE_CHECKING:
    from minigym.render.window import Window

AnyEnv = Env[Any, Any] | VectorEnv[Any, Any, Any]

DISPLAYABLE = ["rgb_array", "rgb_array_list", "depth_array", "depth_array_list"]


def every_video(episode: int) -> bool:
    """RecordVideo's default for ``gc_trigger``."""
    return True


class Recording:
    """The part of RecordVideo that frames are given to: it gathers them, and writes a video when it is told to stop."""

    def _prepare(
        self,
        env: AnyEnv,
        unusable_modes: tuple[str | None, ...],
        video_folder: str | os.PathLike[str],
        episode_trigger: Trigger | None,
        step_trigger: Trigger | None,
        video_length: int,
        name_prefix: str,
        fps: float | None,
        disable_logger: bool,
        gc_trigger: Trigger | None,
    ) -> None:
        """Check the arguments, make the folder, and record nothing yet."""
        if env.render_mode in unusable_modes:
            raise error.InvalidParameter(
                f"RecordVideo needs an environment whose render() returns pictures, got one with "
                f'render_mode={env.render_mode!r}; make it with render_mode="rgb_array"'
            )
        for name, trigger in (
            ("episode_trigger", episode_trigger),
            ("step_trigger", step_trigger),
            ("gc_trigger", gc_trigger),
        ):
            if not (trigger is None or callable(trigger)):
                raise error.InvalidParameter(
                    f"{name} must be a function of a number, for instance lambda n: n % 10 == 0, or None; got "
                    f"{trigger!r}"
                )
        if not is_count(video_length):
            raise error.InvalidParameter(
                f"video_length must be a number of steps, or 0 for whole episodes; got {video_length!r}"
            )
        frames_per_sec = checked_fps(env.metadata.get("render_fps", 30) if fps is None else fps)
        checked_video_suffix()
        self.video_folder = os.path.abspath(video_folder)
        if os.path.isdir(self.video_folder):
            logger.warn(
                f"{self.video_folder} exists: videos in it are overwritten by new ones of the same name; to keep them, "
                "choose another video_folder or name_prefix"
            )
        os.makedirs(self.video_folder, exist_ok=True)
        by_default = episode_trigger is None and step_trigger is None
        self.episode_trigger = capped_cubic_video_schedule if by_default else episode_trigger
        self.step_trigger = step_trigger
        self.video_length: float = video_length if video_length > 0 else float("inf")  # steps
        self.name_prefix = name_prefix
        self.frames_per_sec = frames_per_sec
        self.disable_logger = disable_logger
        self.gc_trigger = gc_trigger
        self.recording = False
        self.recorded_frames: list[NDArray[np.uint8]] = []
        self._video_name: str | None = None
        self.step_id = -1  # of the latest step, over all episodes
        self.episode_id = -1  # of the present episode

    def start_recording(self, video_name: str) -> None:
        """Start a video, whose first frame comes with the next ``reset`` or ``step``; one under way is finished.

        Args:
            video_name: the name of its file, without folder and suffix.
        """
        if self.recording:
            self.stop_recording()
        self.recording = True
        self._video_name = video_name

    def stop_recording(self) -> None:
        """Finish the video under way and write it."""
        if not self.recording:
            raise error.Error("stop_recording() needs a video under way: call start_recording(name) first")
        # Forgotten before it is written, so that a video that cannot be written is no trouble twice.
        name, frames = self._video_name, self.recorded_frames
        self.recording, self._video_name, self.recorded_frames = False, None, []
        if frames:
            path = os.path.join(self.video_folder, str(name))
            write_video(path, frames, self.frames_per_sec, announce=not self.disable_logger)
        else:
            logger.warn(f"there is no video {name!r}, since no frame came between its start and its end")
        del frames
        if self.gc_trigger is not None and self.gc_trigger(self.episode_id):
            gc.collect()

    def _begin_episode(self) -> None:
        """Count an episode; finish the video of the one before, and start one if the trigger says so."""
        self.episode_id += 1
        if self.recording and self.video_length == float("inf"):
            self.stop_recording()
        if self.episode_trigger is not None and self.episode_trigger(self.episode_id):
            self.start_recording(f"{self.name_prefix}-episode-{self.episode_id}")

    def _count_step(self) -> None:
        """Count a step, and start a video if the trigger says so."""
        self.step_id += 1
        if self.step_trigger is not None and self.step_trigger(self.step_id):
            self.start_recording(f"{self.name_prefix}-step-{self.step_id}")

    def _record(self) -> None:
        """Take a frame, if a video is under way, and finish it if that was the last one."""
        if self.recording:
            self._capture_frame()
            if len(self.recorded_frames) > self.video_length:
                self.stop_recording()

    def _capture_frame(self) -> None:
        raise NotImplementedError

    def __del__(self) -> None:
        if self.__dict__.get("recorded_frames"):  # none where the constructor refused
            logger.warn(f"the video {self._video_name!r} is lost, since the environment was not closed: call close()")


def check_displayable(name: str, env: AnyEnv) -> None:
    """Refuse an environment whose pictures the wrapper ``name`` cannot show."""
    if env.render_mode not in DISPLAYABLE:
        raise error.InvalidParameter(
            f"{name} shows what an environment renders in one of the modes {', '.join(map(repr, DISPLAYABLE))}, got "
            f'one with render_mode={env.render_mode!r}; make it with render_mode="rgb_array"'
        )
    if "render_fps" not in env.metadata:
        raise error.InvalidParameter(
            f'{name} must know how fast to show the pictures: metadata["render_fps"] of {env} is missing; set it to '
            "the frames a second"
        )


def metadata_with(mode: str, metadata: dict[str, Any]) -> dict[str, Any]:
    """A copy of the metadata that names the render mode ``mode`` too."""
    metadata = deepcopy(metadata)
    modes = metadata.get("render_modes", ())
    metadata["render_modes"] = [*modes, *({mode} - {*modes})]
    return metadata


def new_window(env: AnyEnv) -> "Window":
    """A window that bears the environment's name; it opens with its first frame."""
    from minigym.render.window import Window

    name = type(env.unwrapped).__name__ if env.spec is None else env.spec.id
    return Window(getattr(env.unwrapped, "window_title", name), checked_fps(env.metadata["render_fps"]))


def as_picture(rendered: Any) -> NDArray[np.uint8]:
    """The latest frame of what an environment rendered, (height, width, 3) uint8; depths become shades of grey."""
    frame = rendered[-1] if isinstance(rendered, list) and rendered else rendered
    if isinstance(frame, np.ndarray):
        if frame.dtype == np.uint8 and frame.ndim == 3 and frame.shape[2] == 3:
            return frame
        if frame.dtype.kind == "f" and frame.ndim == 2:
            nearest, farthest = float(frame.min()), float(frame.max())
            shades = (frame - nearest) * (255 / (farthest - nearest) if farthest > nearest else 0)
            return np.repeat(shades.astype(np.uint8)[:, :, None], 3, axis=2)
    what = f"{frame.dtype} of shape {frame.shape}" if isinstance(frame, np.ndarray) else repr(frame)
    raise error.InvalidParameter(
        f"render() must return a frame, a uint8 array of shape (height, width, 3), or one of depths, a float array of "
        f"shape (height, width); got {what}"
    )
