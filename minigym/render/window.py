"""From frames to a window on the screen, through pygame, which is imported when the first window opens."""

import contextlib
import io
import os
import time
import warnings
from functools import cache
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from minigym import error

# SDL falls back to these, which show nothing, where it finds no screen; only SDL_VIDEODRIVER asks for them.
_INVISIBLE_DRIVERS = ("dummy", "offscreen")
_EVENT_INTERVAL = 0.02  # s, between two looks at the close button while a frame stands still


class Window:
    """A window that shows frames at a steady pace.

    It opens at the first :meth:`show`. The close button ends the program with :class:`minigym.error.WindowClosed`;
    a program that catches it goes on without the window, which then stays closed. After :meth:`close`, the next
    :meth:`show` opens it anew.

    pygame has one display a process: of several windows, the one that showed a frame last is on the screen. (Its
    experimental ``pygame._sdl2.video`` has several, but crashed the interpreter in our trials when another library in
    the process called ``pygame.quit()``.)

    A copy or a pickle of a window is a window that has not opened yet.

    Args:
        title: what the title bar says.
        fps: frames a second; ``show`` returns when it is time for the next one.
    """

    # pygame has one display: the window that shows on it, and whether somebody else had switched it on before.
    _shown: "ClassVar[Window | None]" = None
    _display_was_on: ClassVar[bool] = False

    def __init__(self, title: str, fps: float) -> None:
        if not fps > 0:
            raise error.InvalidParameter(f"fps must be a positive number of frames a second, got {fps!r}")
        self.title = title
        self.fps = fps
        self._due = 0.0  # the time, on time.perf_counter, for the frame after the present one
        self._closed_by_user = False

    def show(self, frame: NDArray[np.uint8]) -> None:
        """Show a frame (height, width, 3) for 1 / fps seconds.

        Raises:
            DependencyNotInstalled: without pygame.
            UnsupportedMode: if there is no screen.
            WindowClosed: once, when the user has closed the window.
        """
        if self._closed_by_user:
            return
        pygame = _import_pygame()
        height, width = frame.shape[:2]
        # None at first, after another window took the display, and after somebody else's pygame.quit().
        surface = pygame.display.get_surface() if Window._shown is self else None
        if surface is None or surface.get_size() != (width, height):
            surface = self._open(pygame, width, height)
        surface.blit(pygame.image.frombuffer(np.ascontiguousarray(frame), (width, height), "RGB"), (0, 0))
        pygame.display.flip()
        self._wait(pygame)

    def close(self) -> None:
        """Close the window, if it is open."""
        if Window._shown is not self:
            return
        Window._shown = None
        pygame = _import_pygame()
        pygame.display.quit()
        if Window._display_was_on:  # leave pygame as we found it
            pygame.display.init()

    def __reduce__(self) -> tuple[Any, ...]:
        return Window, (self.title, self.fps)

    def _open(self, pygame: Any, width: int, height: int) -> Any:
        if Window._shown is None or not pygame.display.get_init():
            Window._display_was_on = pygame.display.get_init()
        try:
            pygame.display.init()
            driver = pygame.display.get_driver()
            if driver in _INVISIBLE_DRIVERS and not os.environ.get("SDL_VIDEODRIVER"):
                raise pygame.error(f"SDL found only its {driver!r} driver, which shows nothing")
            pygame.display.set_caption(self.title)
            surface = pygame.display.set_mode((width, height))
        except pygame.error as problem:
            if not Window._display_was_on:
                pygame.display.quit()
            raise error.UnsupportedMode(
                f'render_mode="human" needs a screen to open a window on, and there is none ({problem}); '
                'use render_mode="rgb_array", which draws the same pictures without one'
            ) from None
        Window._shown = self
        self._due = time.perf_counter()
        return surface

    def _wait(self, pygame: Any) -> None:
        """Let the frame stand until the next one is due, with an eye on the close button."""
        # Due times are 1 / fps apart, not sleeps: what the program computes between frames is taken off the wait. A
        # program that is late is not made to catch up in a burst.
        self._due = max(self._due + 1 / self.fps, time.perf_counter())
        while True:
            self._look_at_close_button(pygame)
            remaining = self._due - time.perf_counter()
            if remaining <= 0:
                return
            time.sleep(min(remaining, _EVENT_INTERVAL))

    def _look_at_close_button(self, pygame: Any) -> None:
        # Where the display is ours, every event is taken, lest the queue fill up and the close button with it be lost;
        # in somebody else's program the rest of the events is theirs.
        events = pygame.event.get(pygame.QUIT) if Window._display_was_on else pygame.event.get()
        if any(event.type == pygame.QUIT for event in events):
            self._closed_by_user = True
            self.close()
            raise error.WindowClosed


def scaled(frame: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The frame at another size, smoothly; several times as fast as NumPy could.

    Raises:
        DependencyNotInstalled: without pygame.
    """
    pygame = _import_pygame()
    surface = pygame.image.frombuffer(np.ascontiguousarray(frame), frame.shape[1::-1], "RGB")
    pixels = pygame.image.tobytes(pygame.transform.smoothscale(surface, (width, height)), "RGB")
    return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


@cache
def _import_pygame() -> Any:
    """The pygame module, imported without its side effects: its greeting, its warnings, its environment variable."""
    # Not with PYGAME_HIDE_SUPPORT_PROMPT: child processes would inherit it.
    had_class = "SDL_VIDEO_X11_WMCLASS" in os.environ
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports pkg_resources, which setuptools deprecates
        try:
            import pygame
        except ImportError as missing:
            raise error.DependencyNotInstalled(
                'render_mode="human" needs pygame, which is not installed: pip install "minigym[render]"'
            ) from missing
    if not had_class:
        os.environ.pop("SDL_VIDEO_X11_WMCLASS", None)
    return pygame
