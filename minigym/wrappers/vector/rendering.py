"""Wrappers that show or record the pictures of a batch, all lanes side by side."""

import os
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger
from minigym.core import (
    ActType,
    AutoresetMode,
    ObsType,
    RecordConstructorArgs,
    VectorEnv,
    VectorWrapper,
    autoreset_mode_of,
)
from minigym.render.video import Trigger, is_count
from minigym.wrappers._pictures import (
    DISPLAYABLE,
    Recording,
    as_picture,
    check_displayable,
    every_video,
    metadata_with,
    new_window,
)

if TYPE_CHECKING:
    from minigym.render.window import Window

_NO_LANE = (40, 44, 52)  # the colour of the window where there is no lane, and of the lines between lanes
_SMALLEST_PARTED = 32  # pixels; of smaller lanes a line would hide too much


class HumanRendering(VectorWrapper[ObsType, ActType, NDArray[Any]], RecordConstructorArgs):
    """Shows all lanes of a batch in one window, row by row, after every ``reset`` and ``step``.

    The render mode is then "human", but ``render()`` returns what the batch renders, as in the reference.

    Args:
        env: the batch, in one of :attr:`ACCEPTED_RENDER_MODES`, whose metadata name "render_fps". Of a "_list", the
            latest frame is shown, and the list is used up by that.
        screen_size: (width, height) of the window in pixels, into which the lanes are fitted; None for that of one
            lane's frames.

    Raises:
        InvalidParameter: for any other batch or size.
        UnsupportedMode: from ``reset``, if there is no screen.
        DependencyNotInstalled: from ``reset``, without pygame.
        WindowClosed: (a SystemExit) from ``reset`` or ``step``, when the user has closed the window.
    """

    ACCEPTED_RENDER_MODES: ClassVar[list[str]] = DISPLAYABLE

    def __init__(
        self, env: VectorEnv[ObsType, ActType, NDArray[Any]], screen_size: tuple[int, int] | None = None
    ) -> None:
        RecordConstructorArgs.__init__(self, screen_size=screen_size)
        super().__init__(env)
        check_displayable("HumanRendering", env)
        if screen_size is not None and (
            len(screen_size) != 2 or not all(is_count(size) and size > 0 for size in screen_size)
        ):
            raise error.InvalidParameter(
                f"screen_size must be (width, height), both positive numbers of pixels, or None; got {screen_size!r}"
            )
        self.screen_size = screen_size
        self.scaled_subenv_size: tuple[int, int] | None = None  # (width, height) of a lane in the window, in pixels
        self.num_rows: int | None = None
        self.num_cols: int | None = None
        self.window: Window | None = None
        self.metadata = metadata_with("human", env.metadata)

    @property
    def render_mode(self) -> str:  # type: ignore[override]
        """Always "human"."""
        return "human"

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        self._render_frame()
        return result

    def step(self, actions: ActType) -> tuple[ObsType, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        result = self.env.step(actions)
        self._render_frame()
        return result

    def close(self, **kwargs: Any) -> None:
        """Close the window and the batch."""
        if self.window is not None:
            self.window.close()
        super().close(**kwargs)

    def _render_frame(self) -> None:
        picture = self._side_by_side([as_picture(frame) for frame in _of_lanes(self.env)])
        if self.window is None:
            self.window = new_window(self.env)
        self.window.show(picture)

    def _side_by_side(self, frames: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """The lanes, as large as they fit into the window, in its middle."""
        from minigym.render.window import scaled

        size = (frames[0].shape[1], frames[0].shape[0])
        self.screen_size = screen_width, screen_height = self.screen_size or size
        self.num_rows, self.num_cols, self.scaled_subenv_size = _fit(len(frames), size, self.screen_size)
        width, height = self.scaled_subenv_size
        left, top = (screen_width - self.num_cols * width) // 2, (screen_height - self.num_rows * height) // 2
        picture = np.empty((screen_height, screen_width, 3), np.uint8)
        picture[:] = _NO_LANE
        for lane, frame in enumerate(frames):
            row, column = divmod(lane, self.num_cols)
            y, x = top + row * height, left + column * width
            picture[y : y + height, x : x + width] = scaled(frame, width, height)
        _part(picture[top : top + self.num_rows * height, left : left + self.num_cols * width], height, width)
        return picture


class RecordVideo(Recording, VectorWrapper[ObsType, ActType, NDArray[Any]], RecordConstructorArgs):
    """Records videos of all lanes side by side; the episodes that count are those of lane 0.

    A video of a whole episode ends with the last frame of lane 0's; in same-step autoreset that frame is never seen,
    since the lane has been reset when the step returns. Files are named and written as by
    :class:`minigym.wrappers.RecordVideo`.

    Args:
        env: the batch, with render_mode="rgb_array".
        video_folder: where to write; made if it is not there.
        video_aspect_ratio: (width, height): of the grids that the lanes fill without a gap, none with more rows than
            columns, the one whose shape comes next to it is taken.
        record_first_only: whether to record lane 0 alone.
        episode_trigger: which episodes of lane 0 to record, counted from 0; where neither trigger is given, the cubes
            0, 1, 8, 27, ... below 1,000 and then every thousandth.
        step_trigger: from which steps on to record, counted from 0. It starts a new video even if one is under way.
        video_length: 0 for whole episodes; otherwise a video has ``video_length + 1`` frames.
        name_prefix: how the file names begin.
        fps: frames a second; None for ``metadata["render_fps"]``, or 30 where that is missing.
        disable_logger: False says on the standard error output what was written.
        gc_trigger: after the videos of which episodes to collect garbage; None for none.

    Raises:
        InvalidParameter: (a ValueError) for any other argument, and for a batch that renders no pictures.
        DependencyNotInstalled: without PyAV and Pillow.
    """

    def __init__(
        self,
        env: VectorEnv[ObsType, ActType, NDArray[Any]],
        video_folder: str | os.PathLike[str],
        video_aspect_ratio: tuple[int, int] = (1, 1),
        record_first_only: bool = False,
        episode_trigger: Trigger | None = None,
        step_trigger: Trigger | None = None,
        video_length: int = 0,
        name_prefix: str = "rl-video",
        fps: float | None = None,
        disable_logger: bool = True,
        gc_trigger: Trigger | None = every_video,
    ) -> None:
        RecordConstructorArgs.__init__(
            self,
            _disable_deepcopy=True,
            video_folder=os.fspath(video_folder),
            video_aspect_ratio=video_aspect_ratio,
            record_first_only=record_first_only,
            episode_trigger=episode_trigger,
            step_trigger=step_trigger,
            video_length=video_length,
            name_prefix=name_prefix,
            fps=fps,
            disable_logger=disable_logger,
        )
        super().__init__(env)
        if len(video_aspect_ratio) != 2 or not all(side > 0 for side in video_aspect_ratio):
            raise error.InvalidParameter(
                f"video_aspect_ratio must be (width, height), both positive, got {video_aspect_ratio!r}"
            )
        mode = autoreset_mode_of(env)
        self._prepare(
            env,
            (None, "human", "ansi", "ansi_list", "rgb_array_list"),
            video_folder,
            episode_trigger,
            step_trigger,
            video_length,
            name_prefix,
            fps,
            disable_logger,
            gc_trigger,
        )
        if mode is AutoresetMode.SAME_STEP:
            logger.warn(
                "in same-step autoreset the last frame of an episode is never seen, so it is missing in the videos; "
                'make the batch with autoreset_mode="NextStep" to have it'
            )
        self.autoreset_mode = mode
        self.has_autoreset = False  # whether the next step resets lane 0
        self.video_aspect_ratio = video_aspect_ratio
        self.record_first_only = record_first_only
        self.frame_rows = self.frame_cols = -1  # not known before the first frame

    def reset(
        self, *, seed: int | list[int | None] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        mask = (options or {}).get("reset_mask")
        result = self.env.reset(seed=seed, options=options)
        if mask is None or mask[0]:
            self._begin_episode()
            self.has_autoreset = False
        self._record()
        return result

    def step(self, actions: ActType) -> tuple[ObsType, NDArray[Any], NDArray[Any], NDArray[Any], dict[str, Any]]:
        result = self.env.step(actions)
        ended = bool(result[2][0] or result[3][0])
        same_step = self.autoreset_mode is AutoresetMode.SAME_STEP
        if ended if same_step else self.has_autoreset:
            self._begin_episode()
        self.has_autoreset = ended and self.autoreset_mode is AutoresetMode.NEXT_STEP
        self._count_step()
        self._record()
        return result

    def close(self, **kwargs: Any) -> None:
        """Finish the video under way and close the batch."""
        try:
            if self.recording:
                self.stop_recording()
        finally:
            super().close(**kwargs)

    def _capture_frame(self) -> None:
        frames = _of_lanes(self.env)[: 1 if self.record_first_only else None]
        shapes = {np.shape(frame) for frame in frames}
        if len(shapes) > 1 or len(next(iter(shapes))) != 3:
            raise error.InvalidParameter(
                f"all lanes must render arrays (height, width, 3) of one size, got such of {sorted(shapes)}; "
                "record_first_only=True records lane 0 alone"
            )
        height, width, channels = shapes.pop()
        if self.frame_cols == -1:
            self._choose_grid(len(frames), height, width)
        grid = np.reshape(frames, (self.frame_rows, self.frame_cols, height, width, channels)).swapaxes(1, 2)
        picture = grid.reshape(self.frame_rows * height, self.frame_cols * width, channels)
        _part(picture, height, width)
        self.recorded_frames.append(picture)

    def _choose_grid(self, count: int, height: int, width: int) -> None:
        wanted = self.video_aspect_ratio[0] / self.video_aspect_ratio[1]

        def misfit(rows: int) -> float:
            return abs((count // rows * width) / (rows * height) - wanted)

        self.frame_rows = min((rows for rows in range(1, int(count**0.5) + 1) if count % rows == 0), key=misfit)
        self.frame_cols = count // self.frame_rows


def _of_lanes(env: VectorEnv[Any, Any, Any]) -> Any:
    """What the lanes render; refused where there is not one for each."""
    rendered = env.render()
    if not isinstance(rendered, (tuple, list)) or len(rendered) != env.num_envs:
        raise error.InvalidParameter(
            f"render() of {env} must return a tuple with a frame for each of its {env.num_envs} lanes, got {rendered!r}"
        )
    return rendered


def _part(picture: NDArray[np.uint8], height: int, width: int) -> None:
    """Draw lines between lanes of this size: four small frozen lakes must not look like a large one."""
    if min(height, width) >= _SMALLEST_PARTED and picture.shape[2] == 3:
        for y in range(height, picture.shape[0], height):
            picture[y - 1 : y + 1] = _NO_LANE
        for x in range(width, picture.shape[1], width):
            picture[:, x - 1 : x + 1] = _NO_LANE


def _fit(count: int, size: tuple[int, int], screen: tuple[int, int]) -> tuple[int, int, tuple[int, int]]:
    """Rows, columns and the size (width, height) at which ``count`` pictures of one size fit into the screen."""
    width_share, height_share = size[0] / screen[0], size[1] / screen[1]
    rows = columns = 1
    while rows * columns < count:  # grow where there is more room
        if columns * width_share <= rows * height_share:
            columns += 1
        else:
            rows += 1
    rows = -(-count // columns)  # without rows that stay empty
    if columns * size[0] * screen[1] >= rows * size[1] * screen[0]:  # the screen's width is what limits
        fitted = screen[0] // columns, size[1] * screen[0] // (columns * size[0])
    else:
        fitted = size[0] * screen[1] // (rows * size[1]), screen[1] // rows
    return rows, columns, (max(fitted[0], 1), max(fitted[1], 1))
