"""Windows, on SDL's invisible "dummy" screen; one test opens a real one where Xvfb is installed."""

import copy
import ctypes
import os
import pickle
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from minigym import error
from minigym.render import Window, window

FRAME = np.random.default_rng(0).integers(256, size=(48, 64, 3), dtype=np.uint8)
PROGRAM = """
import numpy as np
from minigym.render import Window
window = Window("test", 100)
frame = np.zeros((48, 64, 3), dtype=np.uint8)
"""


def run(program, **environment):
    """A program of its own, with warnings as errors; what would make a window open or hide is not inherited."""
    # Gymnasium, imported by another test, sets PYGAME_HIDE_SUPPORT_PROMPT.
    private = ("DISPLAY", "WAYLAND_DISPLAY", "SDL_VIDEODRIVER", "SDL_VIDEO_X11_WMCLASS", "PYGAME_HIDE_SUPPORT_PROMPT")
    inherited = {name: value for name, value in os.environ.items() if name not in private}
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", PROGRAM + program],
        env={**inherited, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def pygame(monkeypatch):
    monkeypatch.setenv("SDL_VIDEODRIVER", "dummy")
    pygame = window._import_pygame()
    yield pygame
    pygame.quit()
    Window._shown = None


@pytest.fixture
def clock(monkeypatch):
    """Time that passes only in ``sleep``; ``clock.at(t, call)`` calls once the time t has come."""
    clock = SimpleNamespace(now=100.0, appointments=[])

    def sleep(seconds):
        assert seconds > 0
        clock.now += seconds
        for appointment in [a for a in clock.appointments if a[0] <= clock.now]:
            clock.appointments.remove(appointment)
            appointment[1]()

    clock.at = lambda when, call: clock.appointments.append((when, call))
    monkeypatch.setattr(window, "time", SimpleNamespace(perf_counter=lambda: clock.now, sleep=sleep))
    return clock


def press_close_button(pygame):
    pygame.event.post(pygame.event.Event(pygame.QUIT))


def pixels(pygame):
    return pygame.surfarray.array3d(pygame.display.get_surface()).swapaxes(0, 1)


def test_it_shows_the_frame_under_its_title(pygame):
    shown = Window("A lake", 1000)
    assert not pygame.display.get_init()  # nothing opens before the first frame
    shown.show(FRAME)
    np.testing.assert_array_equal(pixels(pygame), FRAME)
    assert pygame.display.get_caption()[0] == "A lake"
    shown.show(FRAME[::-1])  # no contiguous array
    np.testing.assert_array_equal(pixels(pygame), FRAME[::-1])
    shown.show(FRAME[:20, :30])  # another size
    np.testing.assert_array_equal(pixels(pygame), FRAME[:20, :30])


def test_frames_come_at_a_steady_pace(pygame, clock):
    shown = Window("pace", 50)
    for count in range(1, 20):
        clock.now += 0.013  # what the program does between two frames
        if count == 1:
            start = clock.now
        shown.show(FRAME)
        assert clock.now - start == pytest.approx(count / 50)


def test_a_late_program_is_not_followed_by_a_burst(pygame, clock):
    shown = Window("pace", 50)
    shown.show(FRAME)
    clock.now += 1.0
    shown.show(FRAME)
    late = clock.now
    for count in range(1, 5):
        shown.show(FRAME)
        assert clock.now - late == pytest.approx(count / 50)


def test_the_close_button_ends_it_once(pygame):
    shown = Window("close me", 1000)
    shown.show(FRAME)
    press_close_button(pygame)
    with pytest.raises(error.WindowClosed) as closed:
        shown.show(FRAME)
    assert closed.value.code is None  # exit status 0
    assert not pygame.display.get_init()
    shown.show(FRAME)  # a program that caught it goes on without the window
    assert not pygame.display.get_init()


def test_the_close_button_works_while_a_frame_stands(pygame, clock):
    shown = Window("slow", 0.1)
    start = clock.now
    clock.at(start + 3.0, lambda: press_close_button(pygame))
    with pytest.raises(error.WindowClosed):
        shown.show(FRAME)
    assert clock.now - start == pytest.approx(3.0, abs=0.1)


def test_the_close_button_ends_a_program_cleanly():
    done = run(
        """
try:
    window.show(frame)
    import pygame
    pygame.event.post(pygame.event.Event(pygame.QUIT))
    window.show(frame)
    print("went on")
finally:
    import sys
    sys.stdout.write("tidied up")
""",
        SDL_VIDEODRIVER="dummy",
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "tidied up", "")


def test_close_is_idempotent_and_the_next_frame_opens_it_anew(pygame):
    shown = Window("again", 1000)
    shown.close()  # never opened
    shown.show(FRAME)
    for _ in range(2):
        shown.close()
        assert not pygame.display.get_init()
    shown.show(FRAME)
    np.testing.assert_array_equal(pixels(pygame), FRAME)


def test_another_program_keeps_its_pygame(pygame):
    pygame.display.init()
    pygame.font.init()
    key = pygame.event.Event(pygame.KEYDOWN, key=pygame.K_a)
    pygame.event.post(key)
    guest = Window("guest", 1000)
    guest.show(FRAME)
    assert pygame.event.get(pygame.KEYDOWN) == [key]  # its events are its own
    guest.close()
    assert pygame.display.get_surface() is None
    assert pygame.display.get_init()
    assert pygame.font.get_init()


@pytest.mark.parametrize("display_was_on", [False, True])
def test_a_foreign_quit_only_makes_it_open_again(pygame, display_was_on):
    if display_was_on:
        pygame.display.init()
    shown = Window("robust", 1000)
    shown.show(FRAME)
    pygame.quit()
    shown.show(FRAME)
    np.testing.assert_array_equal(pixels(pygame), FRAME)
    shown.close()
    assert not pygame.display.get_init()  # this time the display was off before


def test_close_after_a_foreign_quit(pygame):
    shown = Window("robust", 1000)
    shown.show(FRAME)
    pygame.quit()
    shown.close()
    assert not pygame.display.get_init()


def test_of_two_windows_the_latest_is_on_the_screen(pygame):
    first, second = Window("first", 1000), Window("second", 1000)
    first.show(FRAME)
    second.show(FRAME)
    assert pygame.display.get_caption()[0] == "second"
    first.close()  # not on the screen: it must not take the second with it
    np.testing.assert_array_equal(pixels(pygame), FRAME)
    first.show(FRAME[::-1].copy())
    assert pygame.display.get_caption()[0] == "first"
    press_close_button(pygame)
    with pytest.raises(error.WindowClosed):
        first.show(FRAME)
    second.show(FRAME)  # the button closed the first alone
    assert pygame.display.get_caption()[0] == "second"


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda w: pickle.loads(pickle.dumps(w))])
def test_a_copy_opens_its_own_window(pygame, duplicate):
    shown = Window("original", 1000)
    shown.show(FRAME)
    press_close_button(pygame)
    with pytest.raises(error.WindowClosed):
        shown.show(FRAME)
    other = duplicate(shown)
    assert (other.title, other.fps) == ("original", 1000)
    assert not pygame.display.get_init()
    other.show(FRAME)
    np.testing.assert_array_equal(pixels(pygame), FRAME)


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_without_a_screen_it_says_what_to_do():
    done = run(
        """
from minigym import error
for _ in range(2):
    try:
        window.show(frame)
    except error.UnsupportedMode as refusal:
        print(refusal)
import pygame
assert not pygame.display.get_init()
"""
    )
    assert done.returncode == 0, done.stderr  # where SDL itself may complain of the missing screen
    messages = done.stdout.splitlines()
    assert len(messages) == 2
    assert all('use render_mode="rgb_array"' in message for message in messages)


def test_without_pygame_it_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "pygame", None)
    window._import_pygame.cache_clear()
    with pytest.raises(error.DependencyNotInstalled, match=r'pip install "minigym\[render\]"'):
        Window("never", 50).show(FRAME)


def test_pygame_is_imported_without_side_effects(tmp_path):
    # With older versions of setuptools, pygame imports their pkg_resources, which warns.
    (tmp_path / "pkg_resources.py").write_text(
        "import warnings\nwarnings.warn('deprecated as an API')\nresource_stream = resource_exists = None\n"
    )
    done = run(
        """
import os, sys
before = dict(os.environ)
assert "pygame" not in sys.modules
window.show(frame)
assert "pygame" in sys.modules
assert dict(os.environ) == before, set(os.environ) - set(before)
""",
        SDL_VIDEODRIVER="dummy",
        DISPLAY=":0",  # where there is one, pygame sets SDL_VIDEO_X11_WMCLASS
        PYTHONPATH=os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])]),
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("fps", [0, -1, float("nan")])
def test_fps_must_be_positive(fps):
    with pytest.raises(error.InvalidParameter, match="fps must be a positive number"):
        Window("never", fps)


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib, as long as an XEvent."""

    _fields_ = (
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("padding", ctypes.c_long * 24),
    )


def ask_to_close(display_name, window_id):
    """What a window manager sends when the close button is pressed."""
    xlib = ctypes.CDLL("libX11.so.6")
    xlib.XOpenDisplay.restype = ctypes.c_void_p
    xlib.XInternAtom.restype = ctypes.c_ulong
    display = ctypes.c_void_p(xlib.XOpenDisplay(display_name.encode()))
    protocols, delete = (xlib.XInternAtom(display, name, False) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
    data = (ctypes.c_long * 5)(delete)
    message = ClientMessage(33, 0, 1, display, window_id, protocols, 32, data)  # 33: ClientMessage
    xlib.XSendEvent(display, ctypes.c_ulong(window_id), False, ctypes.c_long(0), ctypes.byref(message))
    xlib.XCloseDisplay(display)


@pytest.mark.skipif(shutil.which("Xvfb") is None, reason="Xvfb is not installed")
def test_a_real_window_opens_shows_and_closes_by_its_button(monkeypatch, pygame):
    with subprocess.Popen(
        ["Xvfb", "-displayfd", "1", "-screen", "0", "320x240x24"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as server:
        try:
            display_name = ":" + server.stdout.readline().decode().strip()
            monkeypatch.setenv("DISPLAY", display_name)
            monkeypatch.setenv("SDL_VIDEODRIVER", "x11")
            shown = Window("real", 50)
            shown.show(FRAME)
            assert pygame.display.get_driver() == "x11"
            np.testing.assert_array_equal(pixels(pygame), FRAME)
            ask_to_close(display_name, pygame.display.get_wm_info()["window"])
            shown.fps = 0.2  # while this frame stands, there are 5 s for the message to arrive
            with pytest.raises(error.WindowClosed):
                shown.show(FRAME)
            assert not pygame.display.get_init()
        finally:
            pygame.quit()
            server.terminate()
