"""What is on the screen: the whole of it, a region, or a window."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from types import TracebackType
from typing import Self

import av
from av.container import InputContainer

from streamer.errors import SourceError, SourceLost
from streamer.sources.decoding import Decoding
from streamer.sources.devices import Attempt
from streamer.sources.grabbing import attempt_of, parse_area, refusal
from streamer.sources.picture import Converter
from streamer.sources.timeline import Timeline
from streamer.types import Frame


def open_screen(attempt: Attempt) -> InputContainer:
    return av.open(attempt.file, format=attempt.format, options=dict(attempt.options))


class ScreenSource:
    """Pictures of a screen, ``fps`` a second; see streamer.sources.grabbing for what ``value`` may be.

    Read in the thread that opens and closes it. A read returns with the next picture, in 1/fps of a second.
    """

    live = True

    def __init__(
        self,
        value: str,
        *,
        fps: float = 15.0,
        name: str = "",
        environ: Mapping[str, str] = os.environ,
        platform: str = sys.platform,
        opener: Callable[[Attempt], InputContainer] = open_screen,
    ) -> None:
        """Raises:
        ConfigError: ``value`` names no part of a screen.
        """
        self._area, self._fps, self._opener = parse_area(value), fps, opener
        self._environ, self._platform = environ, platform
        self.name = name or f"screen:{value.strip()}"
        self._decoding: Decoding | None = None

    def __enter__(self) -> Self:
        """
        Raises:
            ConfigError: this system cannot show that part of its screen.
            SourceError: there is no screen that may be seen; the message says what to do.
        """
        attempt = attempt_of(self._area, self._fps, self._environ, self._platform)
        try:
            container = self._opener(attempt)
        except (av.FFmpegError, ValueError) as error:
            raise refusal(self.name, attempt, error) from None
        self._decoding = Decoding(container, self.name)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._decoding is not None:
            self._decoding.close()

    @property
    def damaged(self) -> int:
        """Pictures that could not be read so far."""
        return self._decoding.damaged if self._decoding is not None else 0

    def frames(self) -> Iterator[Frame]:
        """Ends only when this is closed.

        Raises:
            SourceLost: the screen, the session or the window is gone.
        """
        if self._decoding is None or self._decoding.closed:
            raise RuntimeError("ScreenSource is opened by 'with' before its frames are read")
        decoding, timeline, converter = self._decoding, Timeline(self._decoding.rate), Converter()
        try:
            for index, picture in enumerate(decoding.pictures()):
                yield Frame(self.name, index, timeline.at(picture.time), time.monotonic(), converter.later(picture))
        except av.FFmpegError as error:
            raise self._lost(error.strerror or type(error).__name__) from None
        if not decoding.closed:
            raise self._lost("it delivers no more pictures")

    def _lost(self, reason: str) -> SourceError:
        return SourceLost(f"{self.name} stopped: {reason}; is the session, or the window, still open?")
