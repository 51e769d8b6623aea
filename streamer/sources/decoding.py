"""Pictures out of an opened container, whatever it is: a file, a camera, a filter graph."""

from __future__ import annotations

import time
from collections.abc import Iterator

import av
from av.container import InputContainer
from av.packet import Packet
from av.stream import Disposition
from av.video.stream import VideoStream

from streamer.errors import SourceError

MAX_PIXELS = 64_000_000
"""Of one picture: 8K is 33 million. Beyond it a file is taken for a mistake or an attack on memory."""

MAX_FAILURES = 100
"""Reads that may fail one after the other before a damaged file counts as ended."""

SILENCE = 5.0
"""Seconds a camera may have no picture ready before that is an end (AVFoundation says 'not yet' instead of waiting)."""

_RETRY = 0.005


class Decoding:
    """The pictures of a container's first video stream; owns the container. One thread opens, reads and closes it.

    ``damaged`` counts what could not be read or decoded and was skipped.
    """

    def __init__(self, container: InputContainer, label: str) -> None:
        """
        Raises:
            SourceError: there is no video in it, or its pictures are too large; the container is closed then.
        """
        self.damaged = 0
        self._container, self._label, self.closed = container, label, False
        try:
            self.stream = video_stream(container, label)
            check_pixels(self.stream.codec_context.width, self.stream.codec_context.height, label)
        except SourceError:
            container.close()
            raise
        # One decoder thread: more gain nothing, add latency and can deadlock the process while the decoder is freed.
        self.stream.thread_type = "NONE"
        self.stream.codec_context.thread_count = 1

    @property
    def rate(self) -> float | None:
        """Average pictures a second as the container says, None where it does not."""
        rate = self.stream.average_rate or self.stream.guessed_rate
        return float(rate) if rate else None

    @property
    def duration(self) -> float | None:
        """Seconds as the stream, or else the container, says; None where neither does."""
        if self.stream.duration and self.stream.time_base:
            return float(self.stream.duration * self.stream.time_base)
        return self._container.duration / av.time_base if self._container.duration else None

    def pictures(self) -> Iterator[av.VideoFrame]:
        """Ends with the stream, or when this is closed while suspended.

        Raises:
            av.FFmpegError: reading failed otherwise than by damage.
            SourceError: a picture is too large.
        """
        for pictures in self.batches():
            for picture in pictures:
                yield picture
                if self.closed:
                    return

    def batches(self) -> Iterator[list[av.VideoFrame]]:
        """The pictures of each packet, often one, none while the decoder waits for more. May be asked for again after
        av.error.TimeoutError, and goes on where it was.

        Raises:
            av.FFmpegError, SourceError: as pictures().
        """
        for packet in self._packets():
            pictures = self._decode(packet)
            for picture in pictures:
                check_pixels(picture.width, picture.height, self._label)
            yield pictures
            if self.closed:  # one step more of the demuxer would read freed memory
                return

    def close(self) -> None:
        """May be called again."""
        if not self.closed:
            self.closed = True
            self._container.close()

    def _packets(self) -> Iterator[Packet[VideoStream]]:
        """Ends with a packet without data, on which the decoder hands out what it held back."""
        failures, waiting_since = 0, None
        while failures < MAX_FAILURES:
            try:
                for packet in self._container.demux(self.stream):
                    failures, waiting_since = 0, None
                    yield packet
                return
            except av.error.InvalidDataError:
                failures += 1
                self.damaged += 1
            except av.error.BlockingIOError:
                waiting_since = waiting_since or time.monotonic()
                if time.monotonic() - waiting_since > SILENCE:
                    raise
                time.sleep(_RETRY)

    def _decode(self, packet: Packet[VideoStream]) -> list[av.VideoFrame]:
        if packet.size == 0 and packet.pts is not None:
            # A camera's broken buffer. The decoder would take it for the end of the stream and decode nothing more.
            self.damaged += 1
            return []
        try:
            return packet.decode()
        except av.FFmpegError:
            self.damaged += 1
            return []


def video_stream(container: InputContainer, label: str) -> VideoStream:
    """The first video stream that is not a cover picture.

    Raises:
        SourceError: there is none.
    """
    streams = container.streams.video
    for stream in streams:
        if not stream.disposition & Disposition.attached_pic:
            return stream
    kinds = {"a cover picture"} if streams else {stream.type for stream in container.streams}
    only = f"only {' and '.join(sorted(kinds))}" if kinds else "nothing"
    raise SourceError(f"{label} has no video in it, {only}; a video with pictures is needed")


def check_pixels(width: int, height: int, label: str) -> None:
    """
    Raises:
        SourceError: the picture has more than MAX_PIXELS.
    """
    if width * height > MAX_PIXELS:
        raise SourceError(
            f"{label}: pictures of {width} × {height} = {width * height / 1e6:.0f} megapixels are too large, "
            f"at most {MAX_PIXELS // 1_000_000} are taken; scale the video down first"
        )
