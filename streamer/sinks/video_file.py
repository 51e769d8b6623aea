"""A recording that can be played whatever happens to the program that writes it."""

from __future__ import annotations

import logging
from pathlib import Path
from types import TracebackType

from streamer.errors import SinkError
from streamer.packets import Packet
from streamer.sinks.mp4 import Mp4
from streamer.sinks.target import check_target, free_name

log = logging.getLogger(__name__)

SUFFIXES = (".mp4", ".m4v")


def check_video_target(path: Path) -> None:
    """Nothing, where a recording may be written at ``path``; touches nothing.

    Raises:
        SinkError: see check_target(), or it is not the name of an MP4.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise SinkError(f"cannot write {path}: recordings are MP4; end the name in .mp4")
    check_target(path)


class VideoFile:
    """Packets as a fragmented MP4, not encoded again, at their own times counted from the first one.

    An existing file of that name is replaced when the first packet comes; without any packet nothing is touched.
    A gap in the sequence leaves out what follows until the next keyframe. Another VideoFormat goes on in
    ``name-2.mp4`` (or the next free number), because an MP4 track has one size.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: list[Path] = []
        self._dropped = 0
        self._open: Mp4 | None = None
        self._entered = False
        self._expected: int | None = None  # sequence of the next packet
        self._waiting = True  # for a keyframe

    @property
    def files(self) -> tuple[Path, ...]:
        """What was written, in order."""
        return tuple(self._files)

    @property
    def dropped(self) -> int:
        """Packets that did not come, and those that could not be decoded without them."""
        return self._dropped

    def __enter__(self) -> VideoFile:
        check_video_target(self._path)
        self._entered = True
        return self

    def write(self, packet: Packet) -> None:
        """Raises:
        SinkError: the file cannot be written (disk full, directory gone); what was written before can be played.
        """
        if not self._entered:
            raise SinkError(f"{self._path} is not open; enter it before writing")
        if not self._usable(packet):
            return
        if self._open is None or packet.format != self._open.format:
            self._open = self._start(packet)
        self._open.write(packet)

    def close(self) -> None:
        """Ends the file; closing again does nothing."""
        self._entered = False
        if self._open is not None:
            self._open.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _usable(self, packet: Packet) -> bool:
        """Whether it can be decoded after what was written; counts what cannot."""
        lost = 0 if self._expected is None else packet.sequence - self._expected
        self._expected = packet.sequence + 1
        self._dropped += max(lost, 0)
        another = self._open is not None and packet.format != self._open.format
        self._waiting = not packet.keyframe and (self._waiting or lost != 0 or another)
        self._dropped += self._waiting
        return not self._waiting

    def _start(self, packet: Packet) -> Mp4:
        path, form = self._path, packet.format
        if self._open is not None:
            self._open.close()
            path = free_name(path)
            log.warning("the video is now %d×%d: recording goes on in %s", form.width, form.height, path)
        self._files.append(path)
        return Mp4(path, packet)
