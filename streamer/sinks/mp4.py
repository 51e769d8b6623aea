"""One fragmented MP4 of packets that are encoded already."""

from __future__ import annotations

from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av

from streamer.errors import SinkError
from streamer.packets import Packet
from streamer.sinks.target import failed
from streamer.sinks.whole_file import WholeFile

PACKET_TIME = Fraction(1, 90_000)
"""Seconds of one tick of ``Packet.pts``."""

OPTIONS = {
    # each group of pictures is a complete fragment: a killed program loses the last one only
    "movflags": "+frag_keyframe+delay_moov+default_base_moof",
    "flush_packets": "1",
}


class Mp4:
    """A track of one format; times count from its first packet, which must be a keyframe.

    What cannot be written is cut off behind the last complete fragment, and an empty file is taken away. (PyAV writes
    through a file of ours, because FFmpeg's own says nothing when the last fragment finds the disk full.)
    """

    def __init__(self, path: Path, first: Packet) -> None:
        """Raises:
        SinkError: the file cannot be opened.
        """
        self.path, self.format, self._first = path, first.format, first.pts
        try:
            self._file = WholeFile(path)
        except OSError as error:
            raise failed(path, error) from error
        form = first.format
        self._container = av.open(self._file, "w", format="mp4", options=OPTIONS)
        self._stream = self._container.add_mux_stream(
            form.codec, rate=form.rate, width=form.width, height=form.height, time_base=PACKET_TIME
        )

    def write(self, packet: Packet) -> None:
        """Raises:
        SinkError: it cannot be written; the file is closed then.
        """
        copy = av.Packet(packet.data)
        copy.stream, copy.time_base = self._stream, PACKET_TIME
        copy.pts, copy.dts = packet.pts - self._first, packet.dts - self._first
        copy.duration = round(1 / (packet.format.rate * PACKET_TIME))  # counts for the very last picture only
        copy.is_keyframe = packet.keyframe
        whole = self._file.taken
        try:
            self._container.mux(copy)
        except (av.FFmpegError, OSError) as error:
            raise self._give_up(error, whole) from error

    def close(self) -> None:
        """Writes the last fragment; closing again does nothing.

        Raises:
            SinkError: it cannot be written.
        """
        if self._file.closed:
            return
        whole = self._file.taken
        try:
            self._container.close()
            self._file.close()
        except (av.FFmpegError, OSError) as error:
            raise self._give_up(error, whole) from error

    def _give_up(self, error: Exception, whole: int) -> SinkError:
        with suppress(av.FFmpegError, OSError):  # it tries to write again
            self._container.close()
        self._file.give_up(whole)
        return failed(self.path, error)
