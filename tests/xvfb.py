"""A screen that nobody sees (Xvfb), and windows of one colour on it."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest


@dataclass(frozen=True, slots=True)
class Screen:
    """``display``: what DISPLAY is to be; ``server``: its process."""

    display: str
    server: subprocess.Popen[bytes]
    library: Any
    connection: int

    def paint(self, x: int, y: int, width: int, height: int, colour: int) -> int:
        """A window of a colour, 0xRRGGBB; its number."""
        x11 = self.library
        root = x11.XDefaultRootWindow(self.connection)
        window = x11.XCreateSimpleWindow(self.connection, root, x, y, width, height, 0, 0, colour)
        x11.XMapWindow(self.connection, window)
        x11.XSync(self.connection, 0)
        return int(window)

    def shut(self, window: int) -> None:
        self.library.XDestroyWindow(self.connection, window)
        self.library.XSync(self.connection, 0)


@contextmanager
def screen(width: int = 320, height: int = 240) -> Iterator[Screen]:
    """A screen of its own; skips, with the reason, where there can be none."""
    program, found = shutil.which("Xvfb"), ctypes.util.find_library("X11")
    if sys.platform != "linux" or program is None or found is None:
        pytest.skip("needs Xvfb and libX11: apt-get install xvfb libx11-6")
    reading, writing = os.pipe()
    size = f"{width}x{height}x24"
    command = [program, "-displayfd", str(writing), "-screen", "0", size, "-nolisten", "tcp", "-noreset"]
    with subprocess.Popen(command, pass_fds=[writing], stderr=subprocess.DEVNULL) as server:
        os.close(writing)
        with os.fdopen(reading) as told:
            display = f":{told.readline().strip()}"
        library = declared(ctypes.CDLL(found))
        connection = library.XOpenDisplay(display.encode())
        try:
            if not connection:
                pytest.skip(f"Xvfb does not take connections to {display}")
            yield Screen(display, server, library, connection)
        finally:
            if connection and server.poll() is None:
                library.XCloseDisplay(connection)
            server.terminate()


def declared(library: ctypes.CDLL) -> ctypes.CDLL:
    """With the types of what is called (Xlib.h)."""
    number, word = ctypes.c_ulong, ctypes.c_int
    library.XOpenDisplay.argtypes, library.XOpenDisplay.restype = [ctypes.c_char_p], ctypes.c_void_p
    library.XCloseDisplay.argtypes = [ctypes.c_void_p]
    library.XDefaultRootWindow.argtypes, library.XDefaultRootWindow.restype = [ctypes.c_void_p], number
    library.XCreateSimpleWindow.argtypes = [ctypes.c_void_p, number, *[word] * 2, *[ctypes.c_uint] * 3, number, number]
    library.XCreateSimpleWindow.restype = number
    for name in ("XMapWindow", "XDestroyWindow"):
        getattr(library, name).argtypes = [ctypes.c_void_p, number]
    library.XSync.argtypes = [ctypes.c_void_p, word]
    return library
