"""Pictures that a browser, OBS or ffmpeg brings by WebRTC."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import TracebackType
from typing import Self

from streamer.inlet import Arrival, Inlet
from streamer.sources.picture import Converter
from streamer.types import Frame

PATIENCE = 0.25
"""Seconds between two looks at whether the run is to end, while nobody brings a picture."""

LEAST = 0.0001
"""Seconds between two pictures at least, where the clock says none."""


class WebRtcSource:
    """The newest picture in an inlet, for as long as the run goes on: peers come and go.

    ``pts`` are the times of arrival, less that of the first picture, so that the time without a peer is a gap; indices
    count the pictures that came, so that those which nobody had time for are missing.
    """

    live = True

    def __init__(self, inlet: Inlet, *, mirror: bool = False, stop: threading.Event | None = None) -> None:
        """``stop`` ends the reading within PATIENCE; it may be set in any thread."""
        self._inlet, self._mirror, self._stop = inlet, mirror, stop or threading.Event()
        self.name = inlet.name

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Peers that still bring pictures are told that nobody reads them."""
        self._inlet.box.close(discard=True)

    def frames(self) -> Iterator[Frame]:
        """Ends only when stopped or left."""
        converter, origin, last = Converter(mirror=self._mirror), None, -LEAST
        for arrival in self._arrivals():
            origin = arrival.captured if origin is None else origin
            last = max(arrival.captured - origin, last + LEAST)
            yield Frame(self.name, arrival.number, last, arrival.captured, converter.later(arrival.picture))

    def _arrivals(self) -> Iterator[Arrival]:
        box = self._inlet.box
        while not (self._stop.is_set() or box.finished):
            arrival = box.take(PATIENCE)
            if arrival is not None:
                yield arrival
