"""Brings a live source back when it is lost."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Protocol, Self

from streamer.errors import SourceError, SourceLost
from streamer.sources.address import redact
from streamer.types import Frame, Image

log = logging.getLogger(__name__)

FIRST, LONGEST, HOPELESS = 0.5, 5.0, 60.0
"""Seconds: the bound of the first wait, which doubles up to LONGEST; HOPELESS where opening fails in a way that time
alone hardly mends (no permission, a format that cannot be read)."""

STEADY = 10.0
"""Seconds of pictures after which the waits begin anew; a source that flickers keeps its long ones."""


class Live(AbstractContextManager["Live"], Protocol):
    """What can be brought back: a live ``Source``."""

    @property
    def name(self) -> str: ...

    def frames(self) -> Iterator[Frame]: ...


class Reconnecting:
    """A live source that survives the loss of the one inside it: every end of that one is a fault, so wrap none that
    ends by design.

    The first opening is not tried twice: its error says that the address or the camera is wrong. Later ones are waited
    for as long as it takes, with full jitter (each wait is random between 0 and its bound: M. Brooker, "Exponential
    Backoff And Jitter", AWS Architecture Blog 2015). Indices go on, pts goes on and includes the true gap.
    ``reconnects`` counts the times it came back. Entered, read and left in one thread; stop() may come from any.
    """

    live = True

    def __init__(
        self,
        make: Callable[[], Live],
        stop: threading.Event | None = None,
        *,
        wait: Callable[[float], bool] | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """``make`` gives a new source, not yet opened. ``stop`` ends the waiting and the reading. ``wait`` seconds,
        True if stopped meanwhile; ``chance`` 0…1."""
        self._make, self._clock, self._chance = make, clock, chance
        self._stop = stop or threading.Event()
        self._wait = wait or self._stop.wait
        self._source = make()
        self._opened = self._left = False
        self.name = self._source.name
        self.reconnects = 0

    def __enter__(self) -> Self:
        """
        Raises:
            SourceError: it cannot be opened for the first time.
        """
        self._source.__enter__()
        self._opened = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._left = True
        self._close()

    @property
    def _over(self) -> bool:
        return self._left or self._stop.is_set()

    def stop(self) -> None:
        """End the waiting at once, the reading after the picture that is being read."""
        self._stop.set()

    def frames(self) -> Iterator[Frame]:
        """Ends only when stopped or left."""
        last: Frame | None = None
        attempt = 0
        while not self._over:
            began = self._clock()
            try:
                for frame in self._renumbered(last):
                    last = frame
                    yield frame
                    if self._over:
                        return
                reason = "it ended"
            except SourceError as error:
                reason = redact(str(error))
            self._close()
            if self._clock() - began >= STEADY:
                attempt = 0
            attempt = self._reopen(reason, attempt)

    def _renumbered(self, last: Frame | None) -> Iterator[Frame]:
        """The frames of the source as it is open now, as the continuation of ``last``."""
        index, shift = (0, 0.0) if last is None else (last.index + 1, None)
        for frame in self._source.frames():
            if shift is None and last is not None:
                # The gap as the clock saw it; at least a little, so that pts rises whatever the clock does.
                shift = last.pts + max(frame.captured - last.captured, 0.001) - frame.pts
            yield Frame(self.name, index, frame.pts + (shift or 0.0), frame.captured, partial(_image, frame))
            index += 1

    def _reopen(self, reason: str, attempt: int) -> int:
        """Wait and open until it is there or stopped; the number of attempts so far comes back."""
        log.warning("%s is lost (%s); trying to bring it back", self.name, reason)
        began, bound = self._clock(), bound_of(attempt)
        while not (self._wait(bound * self._chance()) or self._stop.is_set()):
            attempt += 1
            self._source = self._make()
            try:
                self._source.__enter__()
            except SourceLost:
                bound = bound_of(attempt)
            except SourceError as error:
                bound, before, reason = HOPELESS, reason, redact(str(error))
                if reason != before:
                    log.warning("%s: %s; next try within %.0f s", self.name, reason, HOPELESS)
            else:
                self._opened = True
                self.reconnects += 1
                log.warning("%s is back after %.1f s", self.name, self._clock() - began)
                break
        return attempt

    def _close(self) -> None:
        if self._opened:
            self._opened = False
            self._source.__exit__(None, None, None)


def bound_of(attempt: int) -> float:
    """The longest wait, in seconds, before an attempt counted from 0: 0.5, 1, 2, 4, 5, 5, …"""
    return min(LONGEST, FIRST * 2.0 ** min(attempt, 10))


def _image(frame: Frame) -> Image:
    return frame.image
