"""Two ways to change when a source's frames come: at their own times, or only the first seconds of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from streamer.stages import Source
from streamer.types import Frame


class Around:
    """A source that passes on everything of another."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def live(self) -> bool:
        return self._source.live

    @property
    def damaged(self) -> int:
        """Packets that could not be read, where the source counts them."""
        return int(getattr(self._source, "damaged", 0))

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.__exit__(kind, error, trace)

    def frames(self) -> Iterator[Frame]:
        yield from self._source.frames()


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
