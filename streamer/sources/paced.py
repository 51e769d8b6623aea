"""Two ways to change when a source's frames come: at their own times, or only the first seconds of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from streamer.around import Around
from streamer.stages import Source
from streamer.types import Frame


class Paced(Around):
    """A file played at its own speed, for somebody who watches: a frame never comes before its time, none is lost.

    ``wait`` waits so many seconds and returns True when the run is to end (``threading.Event.wait``).
    """

    def __init__(
        self, source: Source, wait: Callable[[float], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        super().__init__(source)
        self._wait, self._clock = wait, clock

    def frames(self) -> Iterator[Frame]:
        origin: float | None = None
        for frame in self._source.frames():
            now = self._clock()
            if origin is None or now - (origin + frame.pts) > 1.0:
                origin = now - frame.pts  # begin, or go on from where a long wait left off
            elif (early := origin + frame.pts - now) > 0 and self._wait(early):
                return
            frame.captured = self._clock()
            yield frame


class Limited(Around):
    """Ends after ``seconds`` of media time."""

    def __init__(self, source: Source, seconds: float) -> None:
        super().__init__(source)
        self._seconds = seconds

    def frames(self) -> Iterator[Frame]:
        for frame in self._source.frames():
            if frame.pts >= self._seconds:
                return
            yield frame
