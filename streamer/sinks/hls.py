"""The annotated stream as files that any web server can hand out and any browser can play (HTTP Live Streaming)."""

from __future__ import annotations

import os
import re
import secrets
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType

import av

from streamer.errors import SinkError
from streamer.packets import Packet
from streamer.sinks.fragments import PACKET_TIME, Fragments
from streamer.sinks.gaps import Gaps
from streamer.sinks.playlist import Playlist, Segment
from streamer.sinks.target import check_target, failed

PLAYLIST = "live.m3u8"

LONGEST_GROUP = 1.0
"""Seconds from keyframe to keyframe at most, as the encoder makes them: a segment may be longer by so much."""

_OURS = re.compile(r"[0-9a-f]{8}-(header\d+\.mp4|\d{6,}\.m4s)|\.live\.m3u8\.new")


def check_hls_target(folder: Path) -> None:
    """Nothing, where a live stream may be written into ``folder``; touches nothing.

    Raises:
        SinkError: it is a file, or cannot be made or written.
    """
    if folder.suffix.lower() == ".m3u8":
        raise SinkError(f"cannot write {folder}: a live stream is a folder of files, in it {PLAYLIST}; name the folder")
    try:
        there, usable = folder.exists(), folder.is_dir()
    except OSError as error:  # a name that is too long, a directory that may not be entered
        raise failed(folder, error) from error
    if there and not usable:
        raise SinkError(f"cannot write {folder}: it is a file; a live stream is a folder of files: name another place")
    check_target(folder / PLAYLIST if there else folder)


class Hls:
    """Packets as segments of about ``segment`` seconds beside a playlist of the newest ``keep``; older ones go.

    The folder is made if need be; what it holds only its owner may read. Segments of an earlier run are deleted when
    the first packet comes; other files are left alone. Every file appears whole. Segments begin with a keyframe: after
    lost packets the picture stands until the next one, a new VideoFormat or a pause of the source begins anew
    (discontinuity). The last segments stay when the stream ends.
    """

    def __init__(self, folder: Path, *, segment: float = 2.0, keep: int = 6) -> None:
        if segment <= 0 or keep < 3:
            raise ValueError(f"segment must be > 0 seconds and keep at least 3, got {segment} and {keep}")
        self._folder, self._segment = folder, round(segment / PACKET_TIME)
        self._longest = segment + LONGEST_GROUP
        self._playlist = Playlist(keep, self._longest)
        self._gaps = Gaps()
        self._run = secrets.token_hex(4)  # so that nobody's cache takes a segment for one of an earlier run
        self._segments = self._headers = 0
        self._open: Fragments | None = None
        self._origin = self._start = self._last = 0  # pts of the first packet, of the segment's first and of the latest
        self._fresh = self._entered = False

    @property
    def dropped(self) -> int:
        """Packets that did not come, and those that could not be decoded without them."""
        return self._gaps.dropped

    def __enter__(self) -> Hls:
        check_hls_target(self._folder)
        self._entered = True
        return self

    def write(self, packet: Packet) -> None:
        """Raises:
        SinkError: a file cannot be written (disk full, folder gone).
        """
        if not self._entered:
            raise SinkError(f"{self._folder} is not open; enter it before writing")
        if not self._gaps.usable(packet):
            return
        try:
            self._write(packet)
        except (av.FFmpegError, OSError) as error:
            self._entered, self._open = False, None
            raise failed(self._folder, error) from error

    def close(self) -> None:
        """Ends the stream; closing again does nothing.

        Raises:
            SinkError: the last files cannot be written.
        """
        self._entered = False
        if self._open is None:
            return
        try:
            self._finish(self._open)
            self._playlist.ended = True
            self._publish(PLAYLIST, self._playlist.text().encode())
        except (av.FFmpegError, OSError) as error:
            raise failed(self._folder, error) from error
        finally:
            self._open = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, packet: Packet) -> None:
        opened = self._open
        if opened is not None and packet.keyframe:
            if packet.format != opened.format or packet.pts - self._start > self._longest / PACKET_TIME:
                self._finish(opened)
                opened = None
            elif packet.pts - self._start >= self._segment:
                opened.write(packet)
                self._add(opened, packet.pts)
                self._start = self._last = packet.pts
                return
        (opened or self._begin(packet)).write(packet)
        self._last = packet.pts

    def _begin(self, packet: Packet) -> Fragments:
        if self._headers == 0:
            self._prepare()
            self._origin = packet.pts
        self._fresh = self._headers > 0
        self._headers += 1
        self._start = packet.pts
        self._open = Fragments(packet, self._origin)
        return self._open

    def _finish(self, opened: Fragments) -> None:
        opened.finish()
        self._add(opened, self._last + round(1 / (opened.format.rate * PACKET_TIME)))

    def _add(self, opened: Fragments, end: int) -> None:
        """Write what is complete as a segment that lasts to ``end``, then the playlist, then delete what is old."""
        media = opened.take()
        header, name = f"{self._run}-header{self._headers}.mp4", f"{self._run}-{self._segments:06}.m4s"
        if header not in self._playlist.files():
            self._publish(header, opened.header)
        self._publish(name, media)
        self._segments += 1
        seconds = float((end - self._start) * PACKET_TIME)
        old = self._playlist.add(Segment(name, header, seconds, self._fresh))
        self._fresh = False
        self._publish(PLAYLIST, self._playlist.text().encode())
        for each in old:
            (self._folder / each).unlink(missing_ok=True)

    def _prepare(self) -> None:
        """Make the folder, and take away what an earlier run has left."""
        self._folder.mkdir(mode=0o700, exist_ok=True)
        for path in self._folder.iterdir():
            if _OURS.fullmatch(path.name):
                path.unlink(missing_ok=True)

    def _publish(self, name: str, data: bytes) -> None:
        """Write a file that only its owner may read, and that nobody sees before it is whole.

        Raises:
            OSError: it cannot be written.
        """
        half = self._folder / f".{PLAYLIST}.new"
        half.unlink(missing_ok=True)
        try:
            with open(half, "xb", opener=partial(os.open, mode=0o600)) as file:
                file.write(data)
            half.replace(self._folder / name)
        except OSError:
            with suppress(OSError):
                half.unlink(missing_ok=True)
            raise
