from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import cv2
import pytest

from streamer.errors import SinkError
from streamer.sinks.display import display_available, reason
from streamer.sinks.window import Window, command_for, window_size
from streamer.types import Command
from tests.clips import picture, result

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="a display that is missing aborts OpenCV on Linux only")

PROGRAMS = [program for program in ("Xvfb", "xdotool") if shutil.which(program) is None]
X_SERVER = pytest.mark.skipif(bool(PROGRAMS), reason=f"needs {' and '.join(PROGRAMS)}: apt-get install xvfb xdotool")


@pytest.mark.parametrize(
    ("key", "command"),
    [
        ("q", "quit"),
        ("\x1b", "quit"),
        ("b", "blur"),
        ("l", "labels"),
        ("m", "meter"),
        ("c", "calibrate"),
        ("r", "record"),
        ("p", "pause"),
        ("h", "help"),
        ("B", "blur"),
        ("x", None),
        ("s", None),
        (" ", None),
    ],
)
def test_keys(key: str, command: Command | None) -> None:
    assert command_for(ord(key)) == command
    assert command_for(0x100000 | ord(key)) == command  # with Num Lock, as GTK says it


def test_no_key_is_no_command() -> None:
    assert command_for(-1) is None


@pytest.mark.parametrize(
    ("size", "shown"),
    [((640, 480), (640, 480)), ((3840, 2160), (1280, 720)), ((1080, 1920), (405, 720)), ((1, 1), (1, 1))],
)
def test_a_window_fits_the_screen(size: tuple[int, int], shown: tuple[int, int]) -> None:
    assert window_size(*size) == shown


def test_without_a_display_nothing_is_tried() -> None:
    said = display_available({}, "linux", probe="raise AssertionError('this must not run')")
    assert said is not None
    assert "neither DISPLAY nor WAYLAND_DISPLAY is set" in said


@LINUX
@pytest.mark.parametrize("variable", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_that_is_gone_is_found_out_without_an_abort(variable: str) -> None:
    said = display_available({variable: ":987"})
    assert said is not None
    assert "':987' cannot be reached" in said


@pytest.mark.parametrize(
    ("errors", "said"),
    [
        ("qt.qpa.xcb: could not connect to display :5\nAborted", "the display ':5' cannot be reached"),
        ("cv2.error: The function is not implemented. Rebuild the library", "built without windows"),
        ("ImportError: libGL.so.1: cannot open shared object file: No such file", "apt-get install libgl1"),
        ("\nsome other words\n\n", "a window cannot be opened: some other words"),
        ("", "OpenCV died without a word"),
    ],
)
def test_reasons(errors: str, said: str) -> None:
    assert said in reason(errors, ":5")


def test_a_probe_that_works_is_no_reason() -> None:
    assert display_available({"DISPLAY": ":5"}, "linux", probe="") is None


def test_a_window_is_not_opened_where_none_can_be_shown(tmp_path: Path) -> None:
    asked: list[Command] = []
    window = Window(asked.append, snapshots=tmp_path, available=lambda: "no display")
    with pytest.raises(SinkError, match="no window can be shown: no display"), window:
        pass
    window.write(picture(0, 0.0), result(0, 0.0))  # would abort the process if it showed anything
    window.idle()
    window.close()
    assert asked == []


CHILD = """
import sys
from pathlib import Path
from streamer.sinks.window import Window
from tests.clips import picture, result

asked = []

def ask(command):
    asked.append(command)
    print(command, flush=True)

index = 0
with Window(ask, snapshots=Path(sys.argv[1]) / "shots", title="mood under test") as window:
    while "quit" not in asked:
        window.write(picture(7, 12.5, 320, 240), result(7, 12.5))
        window.idle()
    window.write(picture(8, 13.0), result(8, 13.0))
window.close()
print("closed", flush=True)
"""


@contextmanager
def x_server() -> Iterator[dict[str, str]]:
    """The environment of a display of its own."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "800x600x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL) as server:
        os.close(write)
        try:
            with os.fdopen(read) as said:
                yield {**os.environ, "DISPLAY": f":{said.readline().strip()}"}
        finally:
            server.terminate()


def xdotool(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        ["xdotool", *words], env=environment, stdout=subprocess.PIPE, text=True, timeout=60, check=True
    )
    return done.stdout


def focused_window(name: str, process: subprocess.Popen[str], environment: dict[str, str]) -> str:
    """The id of the process's window, waited for and given the keyboard; without one the process is ended."""
    words = ["search", "--sync", "--onlyvisible", "--name", f"^{name}$"]
    deadline = time.monotonic() + 60
    try:
        while True:
            try:
                window = xdotool(environment, *words).split()[-1]
                xdotool(environment, "windowfocus", "--sync", window)
            except subprocess.CalledProcessError:  # a window went while xdotool was looking through them
                if process.poll() is not None or time.monotonic() > deadline:
                    raise
            else:
                return window
    except BaseException:
        process.kill()
        process.communicate()
        raise


class Shown:
    """A window in a process of its own, under a display of its own."""

    def __init__(self, directory: Path, environment: dict[str, str]) -> None:
        self.environment = environment
        self.process = subprocess.Popen(
            [sys.executable, "-c", CHILD, directory], env=environment, stdout=subprocess.PIPE, text=True
        )
        self.id = focused_window("mood under test", self.process, environment)

    def key(self, name: str) -> None:
        xdotool(self.environment, "key", name)

    def line(self) -> str:
        """What the window asked for, waited for."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def end(self) -> int:
        assert self.process.stdout is not None
        self.process.stdout.close()
        return self.process.wait(30)


@X_SERVER
def test_keys_reach_the_pipeline_and_s_saves_the_picture(tmp_path: Path) -> None:
    with x_server() as environment:
        shown = Shown(tmp_path, environment)
        for key, command in (("b", "blur"), ("p", "pause"), ("s", None), ("s", None), ("h", "help"), ("q", "quit")):
            shown.key(key)
            if command is not None:
                assert shown.line() == command
        assert shown.line() == "closed"
        assert shown.end() == 0
    saved = sorted((tmp_path / "shots").iterdir())
    assert [path.name for path in saved] == ["cam-00012.500s-2.png", "cam-00012.500s.png"]
    for path in saved:
        assert (cv2.imread(str(path)) == picture(7, 12.5, 320, 240).image).all()


class ClientMessage(ctypes.Structure):
    """XClientMessageEvent of Xlib.h, padded to the size of an XEvent."""

    _fields_ = [
        ("type", ctypes.c_int),
        ("serial", ctypes.c_ulong),
        ("send_event", ctypes.c_int),
        ("display", ctypes.c_void_p),
        ("window", ctypes.c_ulong),
        ("message_type", ctypes.c_ulong),
        ("format", ctypes.c_int),
        ("data", ctypes.c_long * 5),
        ("padding", ctypes.c_long * 24),
    ]


def press_its_x(display_name: str, window: int) -> None:
    """What a window manager sends when somebody presses the X: WM_DELETE_WINDOW (ICCCM 4.2.8.1)."""
    x11 = ctypes.CDLL(ctypes.util.find_library("X11"))
    x11.XOpenDisplay.restype, x11.XInternAtom.restype = ctypes.c_void_p, ctypes.c_ulong
    display = ctypes.c_void_p(x11.XOpenDisplay(display_name.encode()))
    protocols, delete = (x11.XInternAtom(display, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
    message = ClientMessage(33, 0, 1, display, window, protocols, 32, (ctypes.c_long * 5)(delete))
    x11.XSendEvent(display, ctypes.c_ulong(window), 0, ctypes.c_long(0), ctypes.byref(message))
    x11.XCloseDisplay(display)


@X_SERVER
@pytest.mark.skipif(ctypes.util.find_library("X11") is None, reason="needs libX11: apt-get install libx11-6")
def test_a_window_closed_by_its_x_asks_to_quit_once_and_stays_closed(tmp_path: Path) -> None:
    with x_server() as environment:
        shown = Shown(tmp_path, environment)
        press_its_x(environment["DISPLAY"], int(shown.id))
        assert [shown.line(), shown.line()] == ["quit", "closed"]
        assert shown.end() == 0
