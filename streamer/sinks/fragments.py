"""H.264 packets as fragmented MP4 in memory: an initialisation segment, and media that can be cut at keyframes."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import av

from streamer.packets import Packet, VideoFormat

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

PACKET_TIME = Fraction(1, 90_000)
"""Seconds of one tick of ``Packet.pts``."""

OPTIONS = {
    # A fragment for each group of pictures; the header waits for the first, which carries SPS and PPS. frag_discont:
    # the first fragment keeps its time, so that players which take no second header do not drop what seems to be past.
    "movflags": "+frag_keyframe+delay_moov+default_base_moof+skip_trailer+frag_discont",
    "flush_packets": "1",
}

HEADER = (b"ftyp", b"moov")
"""The boxes of an initialisation segment (ISO/IEC 14496-12; RFC 8216, 3.3)."""


class Written:
    """What the media library writes to."""

    def __init__(self) -> None:
        self.data = bytearray()

    def write(self, data: ReadableBuffer) -> int:
        self.data += data
        return len(memoryview(data).cast("B"))


class Fragments:
    """One track of one format; the first packet must be a keyframe, ``origin`` is the pts that counts as 0."""

    def __init__(self, first: Packet, origin: int) -> None:
        self.format: VideoFormat = first.format
        self.header = b""
        """The initialisation segment, once the first media has been taken."""
        self._origin, self._written = origin, Written()
        self._container = av.open(self._written, "w", format="mp4", options=OPTIONS)
        form = first.format
        self._stream = self._container.add_mux_stream(
            form.codec, rate=form.rate, width=form.width, height=form.height, time_base=PACKET_TIME
        )

    def write(self, packet: Packet) -> None:
        """A keyframe completes the fragment of what came before it.

        Raises:
            av.FFmpegError: the packet is no such video.
        """
        copy = av.Packet(packet.data)
        copy.stream, copy.time_base = self._stream, PACKET_TIME
        copy.pts, copy.dts = packet.pts - self._origin, packet.dts - self._origin
        copy.duration = round(1 / (packet.format.rate * PACKET_TIME))  # counts for the very last picture only
        copy.is_keyframe = packet.keyframe
        self._container.mux(copy)

    def finish(self) -> None:
        """Completes the last fragment; nothing may be written afterwards."""
        self._container.close()

    def take(self) -> bytes:
        """The complete fragments since the last time."""
        media = bytearray()
        for kind, box in boxes(bytes(self._written.data)):
            if kind in HEADER:
                self.header += box
            else:
                media += box
        self._written.data.clear()
        return bytes(media)


def boxes(data: bytes) -> list[tuple[bytes, bytes]]:
    """The top level boxes: type, and all of each (ISO/IEC 14496-12, 4.2; none here has a size of 64 bits)."""
    found, start = [], 0
    while start < len(data):
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > len(data):
            raise ValueError(f"expected whole boxes of MP4, got {len(data) - start} bytes with a box of {size}")
        found.append((data[start + 4 : start + 8], data[start : start + size]))
        start += size
    return found
