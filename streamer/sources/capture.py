"""A webcam, or a lavfi graph that stands for one."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

import av
from av.container import InputContainer

from streamer.errors import SourceError, SourceLost
from streamer.sources.address import Address, redact
from streamer.sources.decoding import Decoding
from streamer.sources.devices import Wish, attempts, open_device
from streamer.sources.picture import Converter
from streamer.sources.timeline import Timeline
from streamer.types import Frame


class CaptureSource:
    """Pictures as they come; ``pts`` are the camera's own timestamps, less the first one.

    Read in the thread that opens and closes it. A read returns with the next picture: in 1/fps of a second from a
    camera and from a graph that ends in ``realtime``, at once from one that does not. A camera that stays plugged in
    but stops delivering holds the read (Video4Linux has no time limit): the reader's thread is then left behind.
    """

    live = True

    def __init__(
        self,
        address: Address,
        *,
        size: tuple[int, int] | None = None,
        fps: float | None = None,
        mirror: bool = False,
        name: str = "",
        opener: Callable[[Address, Wish], InputContainer] = open_device,
    ) -> None:
        """``size`` width and height in pixels, ``fps`` and the size as near as the camera can; ``mirror`` shows people
        as a mirror does; ``name`` is the address where none is given; ``opener`` opens the device.

        Raises:
            ConfigError: the address is neither a camera nor a graph, or a size is wished of a graph.
        """
        self._address, self._wish, self._mirror = address, Wish(size, fps), mirror
        self.name, self._opener = name or str(address), opener
        self._decoding: Decoding | None = None
        if address.kind != "camera":  # of a number Windows must ask the system, which may answer better later
            attempts(address, self._wish)

    def __enter__(self) -> Self:
        """
        Raises:
            SourceLost: the camera is absent or in use: it may come.
            SourceError: it cannot be opened; the message says what to do.
        """
        self._decoding = Decoding(self._opener(self._address, self._wish), self.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._decoding is not None:
            self._decoding.close()

    @property
    def damaged(self) -> int:
        """Pictures that could not be read or decoded so far."""
        return self._decoding.damaged if self._decoding is not None else 0

    def frames(self) -> Iterator[Frame]:
        """A graph may end, a camera does not.

        Raises:
            SourceLost: the camera was unplugged or stopped.
        """
        if self._decoding is None or self._decoding.closed:
            raise RuntimeError("CaptureSource is opened by 'with' before its frames are read")
        decoding, timeline, converter = self._decoding, Timeline(self._decoding.rate), Converter(mirror=self._mirror)
        try:
            for index, picture in enumerate(decoding.pictures()):
                pts = timeline.at(picture.time)
                yield Frame(self.name, index, pts, time.monotonic(), converter.later(picture))
        except av.FFmpegError as error:
            raise self._lost(redact(error.strerror or type(error).__name__)) from None
        if self._address.kind != "lavfi" and not decoding.closed:
            raise self._lost("it delivers no more pictures")

    def _lost(self, reason: str) -> SourceError:
        return SourceLost(f"{self.name} stopped: {reason}; check its cable")
