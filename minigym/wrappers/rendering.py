"""Wrappers for what an environment renders: gathered, recorded, shown, disturbed, or made the observation."""

import os
from typing import TYPE_CHECKING, Any, ClassVar, SupportsFloat

import numpy as np
from numpy.typing import NDArray

from minigym import error, logger
from minigym.core import ActType, Env, ObsType, RecordConstructorArgs, Wrapper
from minigym.render.video import Trigger
from minigym.spaces import Box, Dict
from minigym.wrappers._pictures import (
    DISPLAYABLE,
    Recording,
    as_picture,
    check_displayable,
    every_video,
    metadata_with,
    new_window,
)
from minigym.wrappers.transform_observation import TransformObservation

if TYPE_CHECKING:
    from minigym.render.window import Window

_GREY_SHARES = (76, 149, 29)  # of red, green and blue in the brightness (ITU-R BT.601), of 255


class RenderCollection(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Renders after every ``reset`` and ``step``; ``render()`` returns the list of what has gathered.

    The render mode's name gets the suffix "_list". Frames that nobody asks for stay in memory.

    Args:
        env: the environment, in a mode whose ``render()`` returns a frame or a text.
        pop_frames: whether ``render()`` empties the list.
        reset_clean: whether ``reset`` does.
    """

    def __init__(self, env: Env[ObsType, ActType], pop_frames: bool = True, reset_clean: bool = True) -> None:
        RecordConstructorArgs.__init__(self, pop_frames=pop_frames, reset_clean=reset_clean)
        super().__init__(env)
        mode = env.render_mode
        if mode is None or mode == "human" or mode.endswith("_list"):
            raise error.InvalidParameter(
                "RenderCollection gathers what an environment renders one at a time, got one with "
                f'render_mode={mode!r}; make it with render_mode="rgb_array"'
            )
        self.frame_list: list[Any] = []
        self.pop_frames = pop_frames
        self.reset_clean = reset_clean
        self.metadata = metadata_with(f"{mode}_list", env.metadata)

    @property
    def render_mode(self) -> str:  # type: ignore[override]
        """The environment's, with "_list"."""
        return f"{self.env.render_mode}_list"

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        if self.reset_clean:
            self.frame_list = []
        self.frame_list.append(self.env.render())
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        result = self.env.step(action)
        self.frame_list.append(self.env.render())
        return result

    def render(self) -> list[Any]:
        """What has gathered, the oldest first."""
        frames = self.frame_list
        if self.pop_frames:
            self.frame_list = []
            return frames
        return list(frames)  # the caller's does not grow with ours


class RecordVideo(Recording, Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Records videos of the episodes, or from the steps on, that a trigger names.

    A video of a whole episode is finished by the next ``reset``, by ``close`` or by :meth:`stop_recording`; it has a
    frame for the reset and one for each step. Its file, ``<name_prefix>-episode-<number>.mp4`` or
    ``<name_prefix>-step-<number>.mp4`` (.gif where PyAV is not installed), appears when it is whole: a program that is
    interrupted leaves the videos finished before. Until then its frames are kept in memory.

    Args:
        env: the environment, with render_mode="rgb_array" or "rgb_array_list".
        video_folder: where to write; made if it is not there.
        episode_trigger: which episodes to record, counted from 0; where neither trigger is given, the cubes 0, 1, 8,
            27, ... below 1,000 and then every thousandth.
        step_trigger: from which steps on to record, counted from 0 over all episodes. It starts a new video even if
            one is under way.
        video_length: 0 for whole episodes; otherwise a video has ``video_length + 1`` frames, that of the reset and
            those of as many steps, over several episodes if one is too short.
        name_prefix: how the file names begin.
        fps: frames a second; None for ``metadata["render_fps"]``, or 30 where that is missing.
        disable_logger: False says on the standard error output what was written.
        gc_trigger: after the videos of which episodes to collect garbage; None for none.

    Raises:
        InvalidParameter: (a ValueError) for any other argument, and for an environment that renders no pictures.
        DependencyNotInstalled: without PyAV and Pillow.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        video_folder: str | os.PathLike[str],
        episode_trigger: Trigger | None = None,
        step_trigger: Trigger | None = None,
        video_length: int = 0,
        name_prefix: str = "rl-video",
        fps: float | None = None,
        disable_logger: bool = True,
        gc_trigger: Trigger | None = every_video,
    ) -> None:
        # No copies: that of a bound method would copy its agent. Without gc_trigger, so that the spec can become JSON.
        RecordConstructorArgs.__init__(
            self,
            _disable_deepcopy=True,
            video_folder=os.fspath(video_folder),
            episode_trigger=episode_trigger,
            step_trigger=step_trigger,
            video_length=video_length,
            name_prefix=name_prefix,
            fps=fps,
            disable_logger=disable_logger,
        )
        super().__init__(env)
        self._prepare(
            env,
            (None, "human", "ansi", "ansi_list"),
            video_folder,
            episode_trigger,
            step_trigger,
            video_length,
            name_prefix,
            fps,
            disable_logger,
            gc_trigger,
        )
        self.render_history: list[NDArray[np.uint8]] = []  # taken for videos from a list that render() owes its caller

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        if self._of_collection("reset_clean", False):
            self.render_history = []
        self._begin_episode()
        self._record()
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        result = self.env.step(action)
        self._count_step()
        self._record()
        return result

    def render(self) -> Any:
        """What the environment renders; recording takes nothing away from a list."""
        rendered: Any = self.env.render()
        if self.render_history:
            rendered, self.render_history = self.render_history + rendered, []
        return rendered

    def close(self) -> None:
        """Finish the video under way and close the environment."""
        try:
            if self.recording:
                self.stop_recording()
        finally:
            super().close()

    def _capture_frame(self) -> None:
        frame: Any = self.env.render()
        if isinstance(frame, list):
            if not frame:
                logger.warn("a frame is missing in the video, since render() of the environment returned an empty list")
                return
            if self._of_collection("pop_frames", True):
                self.render_history += frame
            frame = frame[-1]
        if isinstance(frame, np.ndarray):
            self.recorded_frames.append(frame)
        else:
            self.stop_recording()
            logger.warn(f"the video ends early, since render() returned no array but {frame!r}")

    def _of_collection(self, name: str, default: bool) -> bool:
        """The attribute of the RenderCollection beneath; the default where there is none."""
        return bool(self.env.get_wrapper_attr(name)) if self.env.has_wrapper_attr(name) else default


class HumanRendering(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Shows an environment that draws frames in a window, after every ``reset`` and ``step``.

    ``render()`` then returns None, and the render mode is "human". ``make(id, render_mode="human")`` applies it to an
    environment that has no window of its own.

    Args:
        env: the environment, in one of :attr:`ACCEPTED_RENDER_MODES`, whose metadata name "render_fps". Of a "_list",
            the latest frame is shown, and the list is used up by that.

    Raises:
        InvalidParameter: for any other environment.
        UnsupportedMode: from ``reset``, if there is no screen.
        DependencyNotInstalled: from ``reset``, without pygame.
        WindowClosed: (a SystemExit) from ``reset`` or ``step``, when the user has closed the window.
    """

    ACCEPTED_RENDER_MODES: ClassVar[list[str]] = DISPLAYABLE

    def __init__(self, env: Env[ObsType, ActType]) -> None:
        RecordConstructorArgs.__init__(self)
        super().__init__(env)
        check_displayable("HumanRendering", env)
        self.screen_size: tuple[int, int] | None = None  # (width, height) of the latest frame, in pixels
        self.window: Window | None = None
        self.metadata = metadata_with("human", env.metadata)

    @property
    def render_mode(self) -> str:  # type: ignore[override]
        """Always "human"."""
        return "human"

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[ObsType, dict[str, Any]]:
        result = self.env.reset(seed=seed, options=options)
        self._render_frame()
        return result

    def step(self, action: ActType) -> tuple[ObsType, SupportsFloat, bool, bool, dict[str, Any]]:
        result = self.env.step(action)
        self._render_frame()
        return result

    def render(self) -> None:
        """Nothing: the window shows every state by itself."""

    def close(self) -> None:
        """Close the window and the environment."""
        if self.window is not None:
            self.window.close()
        super().close()

    def _render_frame(self) -> None:
        frame = as_picture(self.env.render())
        if self.window is None:
            self.window = new_window(self.env)
        self.screen_size = (frame.shape[1], frame.shape[0])
        self.window.show(frame)


class AddWhiteNoise(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Replaces pixels of what is rendered by noise, each one by chance.

    The noise is drawn from the environment's own ``np_random``: what follows in an episode depends on how often it was
    rendered.

    Args:
        env: the environment, with render_mode="rgb_array".
        probability_of_noise_per_pixel: of each pixel, in [0, 1).
        is_noise_grayscale: whether the noise is grey.

    Raises:
        InvalidProbability: (a ValueError) if the probability lies outside [0, 1).
    """

    def __init__(
        self, env: Env[ObsType, ActType], probability_of_noise_per_pixel: float, is_noise_grayscale: bool = False
    ) -> None:
        if not 0 <= probability_of_noise_per_pixel < 1:
            raise error.InvalidProbability(
                f"probability_of_noise_per_pixel must lie in [0, 1), got {probability_of_noise_per_pixel!r}"
            )
        RecordConstructorArgs.__init__(
            self,
            probability_of_noise_per_pixel=probability_of_noise_per_pixel,
            is_noise_grayscale=is_noise_grayscale,
        )
        super().__init__(env)
        self.probability_of_noise_per_pixel = probability_of_noise_per_pixel
        self.is_noise_grayscale = is_noise_grayscale

    def render(self) -> NDArray[Any]:
        """The frame, with noise."""
        frame = _rendered_array(self)
        noise = _noise(self.np_random, frame.shape, self.is_noise_grayscale)
        mask = self.np_random.random(frame.shape[:2]) < self.probability_of_noise_per_pixel
        return np.where(mask[:, :, None], noise, frame)


class ObstructView(Wrapper[ObsType, ActType, ObsType, ActType], RecordConstructorArgs):
    """Covers what is rendered with square patches of noise, at places that are drawn anew for every frame.

    They are drawn from the environment's own ``np_random``, as those of :class:`AddWhiteNoise` are.

    Args:
        env: the environment, with render_mode="rgb_array".
        obstructed_pixels_ratio: the share of the pixels, in [0, 1), that the patches would cover if none overlapped
            another one and none crossed the edge.
        obstruction_width: the side of a patch, in pixels.
        is_noise_grayscale: whether the noise is grey.

    Raises:
        InvalidParameter: (a ValueError) for any other share or width.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        obstructed_pixels_ratio: float,
        obstruction_width: int,
        is_noise_grayscale: bool = False,
    ) -> None:
        if not 0 <= obstructed_pixels_ratio < 1:
            raise error.InvalidParameter(f"obstructed_pixels_ratio must lie in [0, 1), got {obstructed_pixels_ratio!r}")
        if not isinstance(obstruction_width, (int, np.integer)) or obstruction_width < 1:
            raise error.InvalidParameter(
                f"obstruction_width must be a positive number of pixels, got {obstruction_width!r}"
            )
        RecordConstructorArgs.__init__(
            self,
            obstructed_pixels_ratio=obstructed_pixels_ratio,
            obstruction_width=obstruction_width,
            is_noise_grayscale=is_noise_grayscale,
        )
        super().__init__(env)
        self.obstruction_centers_ratio = obstructed_pixels_ratio / obstruction_width**2
        self.obstruction_width = obstruction_width
        self.is_noise_grayscale = is_noise_grayscale

    def render(self) -> NDArray[Any]:
        """The frame, behind patches."""
        frame = _rendered_array(self)
        height, width = frame.shape[:2]
        centers = self.np_random.integers(0, height * width, int(height * width * self.obstruction_centers_ratio))
        noise = _noise(self.np_random, frame.shape, self.is_noise_grayscale)
        return np.where(self._covered(centers, height, width)[:, :, None], noise, frame)

    def _covered(self, centers: NDArray[np.int64], height: int, width: int) -> NDArray[np.bool_]:
        """Whether a patch around one of the centres, numbered row by row, covers the pixel; (height, width)."""
        y, x = np.divmod(centers, width)
        before = self.obstruction_width // 2
        behind = self.obstruction_width - before
        top, bottom = np.maximum(y - before, 0), np.minimum(y + behind, height)
        left, right = np.maximum(x - before, 0), np.minimum(x + behind, width)
        # The running sums along both axes of these +1 and -1 are the number of patches over a pixel. A loop over the
        # patches would take longer than all the rest.
        changes = np.zeros((height + 1, width + 1), np.int64)
        for rows, columns, change in ((top, left, 1), (top, right, -1), (bottom, left, -1), (bottom, right, 1)):
            np.add.at(changes, (rows, columns), change)
        covered: NDArray[np.bool_] = changes.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] > 0
        return covered


def _rendered_array(wrapper: Wrapper[Any, Any, Any, Any]) -> NDArray[Any]:
    frame = wrapper.env.render()
    if not isinstance(frame, np.ndarray) or frame.ndim != 3:
        raise error.InvalidParameter(
            f"{type(wrapper).__name__} needs an environment whose render() returns an array (height, width, 3), got "
            f'{frame!r} with render_mode={wrapper.env.render_mode!r}; make it with render_mode="rgb_array"'
        )
    return frame


def _noise(rng: np.random.Generator, shape: tuple[int, ...], is_grey: bool) -> NDArray[np.uint8]:
    """Values from 0 to 254, as in the reference; grey ones are the sums of three shares."""
    if not is_grey:
        return rng.integers(0, 255, size=shape, dtype=np.uint8)
    shares = rng.integers(0, _GREY_SHARES, size=shape, dtype=np.uint8)
    # As uint8: a sum of them fits, and NumPy's, of uint64, would make the frame one.
    grey: NDArray[np.uint8] = shares.sum(axis=2, keepdims=True, dtype=np.uint8).repeat(3, axis=2)
    return grey


class AddRenderObservation(TransformObservation[Any, ActType, ObsType]):
    """Makes the rendered frame the observation, or a part of it.

    Making the wrapper resets the environment once, to see how large a frame is.

    Args:
        env: the environment, with render_mode="rgb_array".
        render_only: True: the observation is the frame. False: it is a dict of the frame and of the environment's
            observation; where that is a dict already, the frame is added to it.
        render_key: the frame's key in the dict.
        obs_key: the key of the environment's observation.

    Raises:
        InvalidParameter: if ``render()`` returns no frame, or if ``render_key`` is taken.
    """

    def __init__(
        self,
        env: Env[ObsType, ActType],
        render_only: bool = True,
        render_key: str = "pixels",
        obs_key: str = "state",
    ) -> None:
        RecordConstructorArgs.__init__(self, render_only=render_only, render_key=render_key, obs_key=obs_key)
        super().__init__(env, self._with_picture, None)
        space: Any = env.observation_space
        is_dict = isinstance(space, Dict)
        if not render_only and (render_key in space.spaces if is_dict else render_key == obs_key):
            raise error.InvalidParameter(
                f"the observation has a part {render_key!r} already; choose another key for the frame with "
                "render_key=..."
            )
        if env.render_mode in (None, "human"):
            raise error.InvalidParameter(
                "AddRenderObservation needs an environment whose render() returns a frame, got one with "
                f'render_mode={env.render_mode!r}; make it with render_mode="rgb_array"'
            )
        env.reset()
        frame = env.render()
        if not isinstance(frame, np.ndarray):
            raise error.InvalidParameter(
                f"render() of {env} must return an array, got {frame!r} with render_mode={env.render_mode!r}; make it "
                'with render_mode="rgb_array"'
            )
        pixels = Box(low=0, high=255, shape=frame.shape, dtype=np.uint8)
        self._render_only, self._render_key = render_only, render_key
        self._obs_key = None if is_dict else obs_key  # None: the frame joins the environment's own dict
        if render_only:
            self.observation_space = pixels
        elif is_dict:
            self.observation_space = Dict({render_key: pixels, **space.spaces})
        else:
            self.observation_space = Dict({obs_key: space, render_key: pixels})

    def _with_picture(self, observation: Any) -> Any:
        frame = self.render()
        if self._render_only:
            return frame
        if self._obs_key is None:
            return {self._render_key: frame, **observation}
        return {self._obs_key: observation, self._render_key: frame}
