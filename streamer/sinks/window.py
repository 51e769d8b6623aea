"""The window, served by the main thread: shows pictures, hands keys on."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType

import cv2

from streamer.errors import SinkError
from streamer.sinks.display import display_available
from streamer.sinks.png import write_png
from streamer.sinks.target import file_word, free_name
from streamer.types import Command, Frame, FrameResult

__all__ = ["KEYS", "SNAPSHOT", "Window", "command_for", "display_available"]

log = logging.getLogger(__name__)

KEYS: Mapping[str, Command] = {
    "q": "quit",
    "\x1b": "quit",
    "b": "blur",
    "l": "labels",
    "m": "meter",
    "c": "calibrate",
    "r": "record",
    "p": "pause",
    "h": "help",
}
"""What a key asks of the pipeline; Esc does as q."""

SNAPSHOT = "s"
"""Saves the picture that is shown; the window does that itself."""

LARGEST = (1280, 720)
"""A larger picture is shown in a window of at most this size, which can be drawn larger."""


def as_shown(picture: Frame, _: FrameResult) -> Frame:
    """Snapshots are what the window shows."""
    return picture


class Window:
    """Shows each picture and asks ``ask`` for what the keys say; its closing asks for "quit" once.

    All of it, ``idle`` too, is called by the main thread; ``idle`` when no picture came for a while (at most 0.1 s),
    so that the window keeps listening.
    """

    def __init__(
        self,
        ask: Callable[[Command], object],
        *,
        snapshots: Path,
        title: str = "Groupmood",
        available: Callable[[], str | None] = display_available,
        kept: Callable[[Frame, FrameResult], Frame] = as_shown,
    ) -> None:
        """``snapshots``: the directory for key s, made when it is first needed; ``kept`` makes what is saved there of
        a picture and its result."""
        self._ask, self._snapshots, self._title, self._available = ask, snapshots, title, available
        self._kept = kept
        self._picture: Frame | None = None  # the one on the screen
        self._result: FrameResult | None = None
        self._closed = True

    def __enter__(self) -> Window:
        missing = self._available()
        if missing is not None:
            raise SinkError(f"no window can be shown: {missing}")
        self._closed = False
        return self

    def write(self, picture: Frame, result: FrameResult) -> None:
        """Shows the picture; nothing once the window was closed.

        Raises:
            SinkError: OpenCV cannot show it.
        """
        if self._closed:
            return
        try:
            if self._picture is None:
                self._open(picture)
            cv2.imshow(self._title, picture.image)
        except cv2.error as error:
            raise SinkError(f"the window cannot show a picture: {error}; use --no-window") from error
        self._picture, self._result = picture, result
        self._listen()

    def idle(self) -> None:
        """Keeps the window alive and hears its keys while no picture comes."""
        if not self._closed and self._picture is not None:
            self._listen()

    def close(self) -> None:
        """Closing again does nothing."""
        opened = not self._closed and self._picture is not None
        self._closed, self._picture = True, None
        if opened:
            cv2.destroyWindow(self._title)
            cv2.pollKey()  # the screen follows only when the events are looked at

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _open(self, picture: Frame) -> None:
        cv2.namedWindow(self._title, cv2.WINDOW_NORMAL | cv2.WINDOW_KEEPRATIO | cv2.WINDOW_GUI_NORMAL)
        cv2.resizeWindow(self._title, *window_size(*picture.size))

    def _listen(self) -> None:
        key = cv2.pollKey()
        if not self._visible():
            self._closed, self._picture = True, None
            self._ask("quit")
            return
        if character(key) == SNAPSHOT:
            self._save()
        command = command_for(key)
        if command is not None:
            self._ask(command)

    def _visible(self) -> bool:
        try:
            return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) >= 1
        except cv2.error:  # some of OpenCV's toolkits raise for a window that is gone
            return False

    def _save(self) -> None:
        """A snapshot that fails must not take the window with it: it is only logged."""
        picture, result = self._picture, self._result
        if picture is None or result is None:
            return
        try:
            self._snapshots.mkdir(parents=True, exist_ok=True)
            path = free_name(self._snapshots / f"{file_word(picture.source)}-{picture.pts:09.3f}s.png")
            write_png(path, self._kept(picture, result).image)
        except (SinkError, OSError) as error:
            log.error("snapshot not saved: %s", error)
        else:
            log.info("snapshot saved: %s", path)


def command_for(key: int) -> Command | None:
    """What OpenCV's key code asks for; None for no key and for a key without meaning."""
    return KEYS.get(character(key))


def character(key: int) -> str:
    """The key in lower case; '' for no key (−1).

    Only the lowest 8 bits are the character; some toolkits put Shift, Caps and Num Lock above them.
    """
    return chr(key & 0xFF).lower() if key >= 0 else ""


def window_size(width: int, height: int) -> tuple[int, int]:
    """The size of a window for such a picture: its own, or shrunk into LARGEST with its proportions kept."""
    scale = min(1.0, LARGEST[0] / width, LARGEST[1] / height)
    return max(1, round(width * scale)), max(1, round(height * scale))
