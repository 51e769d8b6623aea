"""Media of a peer: what comes is read to its end, what goes was encoded once."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction

import av
from aiortc import MediaStreamError, MediaStreamTrack
from av.stream import Stream

from streamer.fanout import Fanout, Reader
from streamer.packets import Packet

RTP_CLOCK = 90_000
"""Ticks a second of video over RTP (RFC 6184, 8.2.1)."""


async def drain(track: MediaStreamTrack, take: Callable[[av.VideoFrame], object]) -> None:
    """Hand on each picture of a track until it ends. To be run for every track that is received: what nobody reads
    stays in memory."""
    while True:
        try:
            picture = await track.recv()
        except MediaStreamError:
            return
        if isinstance(picture, av.VideoFrame):
            take(picture)


class PacketTrack(MediaStreamTrack):
    """The packets of a fanout, from the next keyframe on; after packets were lost again from the next one.

    The fanout is joined when the first packet is asked for: by a peer that is connected, not by one that may never be.
    A packet has the time of its leaving, not that of its picture: a browser holds pictures back for as long as they
    vary between their time and their coming, which would add the slowest analysis to every picture.
    """

    kind = "video"

    def __init__(self, fanout: Fanout[Packet], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._fanout, self._clock = fanout, clock
        self._last = 0  # 1/90 000 s
        self._reader: Reader[Packet] | None = None
        self._next: int | None = None  # sequence of the packet that can be decoded; None: only a keyframe can

    async def recv(self) -> av.Packet[Stream]:
        """
        Raises:
            MediaStreamError: no more packets come.
        """
        if self.readyState != "live":
            raise MediaStreamError
        if self._reader is None:
            self._reader = self._fanout.join()
        while (packet := await self._reader.take()) is not None:
            if packet.keyframe or packet.sequence == self._next:
                self._next = packet.sequence + 1
                self._last = max(round(self._clock() * RTP_CLOCK), self._last + 1)
                return as_sent(packet, self._last)
            self._next = None
        self.stop()
        raise MediaStreamError

    def stop(self) -> None:
        super().stop()
        if self._reader is not None:
            self._fanout.leave(self._reader)


def as_sent(packet: Packet, pts: int) -> av.Packet[Stream]:
    made = av.Packet(packet.data)
    made.pts, made.time_base = pts, Fraction(1, RTP_CLOCK)
    return made
