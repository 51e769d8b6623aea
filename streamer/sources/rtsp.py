"""A network camera: RTSP over TCP, or motion JPEG over HTTP."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from streamer.errors import SourceLost
from streamer.sources.address import redact
from streamer.sources.decoding import Decoding
from streamer.sources.network import longest_read, open_stream
from streamer.sources.picture import Converter
from streamer.sources.timeline import Timeline
from streamer.types import Frame

LEAP = 2.0
"""Seconds by which a camera's timestamps may run ahead of the clock from one picture to the next. More is a camera that
has set its clock, no gap."""

CLEAN = 1.0
"""Seconds without a whole picture after which damaged ones are taken rather than none."""


class RtspSource:
    """Pictures as they come; nothing is queued here, and none is converted before somebody looks at it.

    ``pts`` are the camera's own timestamps, less the first one (see Timeline and LEAP). Opened, read and closed in one
    thread. A read waits for at most half of ``stall``; one that has waited in vain goes on where it was, until there
    was no picture for ``stall`` seconds. ``damaged`` counts pictures that came spoiled and were left out.
    """

    live = True

    def __init__(
        self,
        url: str,
        *,
        name: str,
        stall: float = 4.0,
        stopped: Callable[[], bool] = lambda: False,
        ca: Path | None = None,
    ) -> None:
        """``stall``: seconds without a picture after which the camera is lost. ``stopped``: whether to end; asked after
        each read. ``ca``: who must have signed its certificate; see open_stream."""
        self._url, self.name, self._stall, self._stopped, self._ca = url, name, stall, stopped, ca
        self._decoding: Decoding | None = None
        self._spoiled = 0

    def __enter__(self) -> Self:
        """
        Raises:
            SourceLost: it does not answer, now.
            SourceError: address, password or format are wrong; the message says what to do.
        """
        self._decoding = open_stream(self._url, self.name, self._stall, self._ca)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._decoding is not None:
            self._decoding.close()

    @property
    def damaged(self) -> int:
        """Pictures that could not be read or decoded, or came spoiled, so far."""
        return self._spoiled + (self._decoding.damaged if self._decoding is not None else 0)

    def frames(self) -> Iterator[Frame]:
        """
        Raises:
            SourceLost: the camera ended the connection, or sends no more pictures.
            SourceError: its pictures are too large.
        """
        if self._decoding is None:
            raise RuntimeError("RtspSource is opened by 'with' before its frames are read")
        times, converter, index = Times(self._decoding.rate), Converter(), 0
        clean = time.monotonic()
        for picture, captured in self._pictures(self._decoding):
            pts = times.at(picture.time, captured)
            if picture.is_corrupt and captured - clean < CLEAN:
                self._spoiled += 1
                continue
            clean = captured
            yield Frame(self.name, index, pts, captured, converter.later(picture))
            index += 1

    def _pictures(self, decoding: Decoding) -> Iterator[tuple[av.VideoFrame, float]]:
        """Each with the monotonic time at which it came. Ends when it is closed or stopped."""
        last, wait = time.monotonic(), longest_read(self._stall)
        while not (decoding.closed or self._stopped()):
            try:
                asked = time.monotonic()
                for pictures in decoding.batches():
                    # The library holds a picture back until the next one begins, or the read has waited in vain.
                    held = wait if time.monotonic() - asked >= wait else 0.0
                    for picture in pictures:
                        yield picture, time.monotonic() - held
                        if decoding.closed:
                            return
                        last = time.monotonic() - held  # a reader who takes long does not make the camera late
                    if self._stopped():
                        return
                    self._check(last)
                    asked = time.monotonic()
            except av.error.TimeoutError:  # a pause: nothing is lost yet
                self._check(last)
            except av.FFmpegError as error:
                raise self._lost(f"stopped: {redact(error.strerror or type(error).__name__)}") from None
            else:
                raise self._lost("ended the connection")

    def _check(self, last: float) -> None:
        """
        Raises:
            SourceLost: the last picture is too long ago.
        """
        if time.monotonic() - last >= self._stall:
            raise self._lost(f"has sent no picture for {self._stall:g} s")

    def _lost(self, reason: str) -> SourceLost:
        return SourceLost(f"{self.name} {reason}; check that it has power and that its network is good")


class Times:
    """Media time of a live camera: its own timestamps, unless they run away from the clock."""

    def __init__(self, rate: float | None) -> None:
        """``rate``: pictures a second on average, None where unknown."""
        self._timeline = Timeline(rate)
        self._before: tuple[float, float] | None = None
        self._ahead = 0.0

    def at(self, stamp: float | None, captured: float) -> float:
        """Seconds from 0, strictly rising, of a picture with the camera's timestamp ``stamp``, which came at the
        monotonic time ``captured``."""
        if stamp is None:
            return self._timeline.at(None)
        if self._before is not None:
            stamped, came = stamp - self._before[0], captured - self._before[1]
            if stamped > came + LEAP:
                self._ahead += stamped - came
        self._before = (stamp, captured)
        return self._timeline.at(stamp - self._ahead)
