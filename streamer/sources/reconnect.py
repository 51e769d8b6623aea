"""Brings a live source back when it is lost, and says how it is."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from types import TracebackType
from typing import Literal, Protocol, Self, TypeAlias

from streamer.errors import SourceError, SourceLost
from streamer.sources.address import redact
from streamer.states import CameraState
from streamer.types import Frame, Image

log = logging.getLogger(__name__)

FIRST, LONGEST, HOPELESS = 0.5, 5.0, 60.0
"""Seconds: the bound of the first wait, which doubles up to LONGEST; HOPELESS where opening fails in a way that time
alone hardly mends (no permission, wrong password or path, a format that cannot be read)."""

STEADY = 10.0
"""Seconds of pictures after which the waits begin anew; a source that flickers keeps its long ones."""

OnState: TypeAlias = Callable[[CameraState, str, str], None]
"""Told the new state, why, and what to do about it, both without secrets and '' where there is nothing to say. Called
in the thread that reads; must return at once."""


class Live(AbstractContextManager["Live"], Protocol):
    """What can be brought back: a live ``Source``."""

    @property
    def name(self) -> str: ...

    def frames(self) -> Iterator[Frame]: ...


@dataclass(frozen=True, slots=True)
class Waiting:
    """``wait`` seconds, True if stopped meanwhile (None: until stopped); ``chance`` 0…1."""

    wait: Callable[[float], bool] | None = None
    clock: Callable[[], float] = time.monotonic
    chance: Callable[[], float] = random.random


class Reconnecting:
    """A live source that survives the loss of the one inside it: every end of that one is a fault, so wrap none that
    ends by design.

    It is waited for as long as it takes, with full jitter (each wait is random between 0 and its bound: M. Brooker,
    "Exponential Backoff And Jitter", AWS Architecture Blog 2015). Indices go on, pts goes on and includes the true gap.
    ``reconnects`` counts the times it came back. Entered, read and left in one thread; stop() may come from any.

    States: ``starting`` until the first picture, ``online``, ``reconnecting`` when lost, ``failed`` where time alone
    hardly mends it, ``stopped`` when left. Whether an open source stalls is not seen here but by ``streamer.watch``.
    """

    live = True

    def __init__(
        self,
        make: Callable[[], Live],
        stop: threading.Event | None = None,
        *,
        on_state: OnState | None = None,
        first: Literal["raise", "retry"] = "raise",
        waiting: Waiting | None = None,
    ) -> None:
        """``make`` gives a new source, not yet opened. ``stop`` ends the waiting and the reading. Without ``on_state``
        each change is logged. ``first``: whether the error of the first opening is raised, because it says that the
        address or the camera is wrong, or it is tried again like later ones."""
        waiting = waiting or Waiting()
        self._make, self._first, self._clock, self._chance = make, first, waiting.clock, waiting.chance
        self._stop = stop or threading.Event()
        self._wait = waiting.wait or self._stop.wait
        self._source = make()
        self._opened = self._left = False
        self._fault: SourceError | None = None
        self._attempt = self._damaged = 0
        self.name = self._source.name
        self._tell = on_state or Log(self.name, self._clock).tell
        self._told: tuple[CameraState, str] | None = None
        self.reconnects = 0

    def __enter__(self) -> Self:
        """
        Raises:
            SourceError: it cannot be opened for the first time.
        """
        self._state("starting")
        try:
            self._source.__enter__()
        except SourceError as error:
            if self._first == "raise":
                raise
            self._fault = error
        else:
            self._opened = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._left:
            self._left = True
            self._close()
            self._state("stopped")

    @property
    def damaged(self) -> int:
        """Pictures that could not be read so far, where the source counts them."""
        return self._damaged + (_damaged(self._source) if self._opened else 0)

    @property
    def _over(self) -> bool:
        return self._left or self._stop.is_set()

    def stop(self) -> None:
        """End the waiting at once, the reading after the picture that is being read."""
        self._stop.set()

    def frames(self) -> Iterator[Frame]:
        """Ends only when stopped or left."""
        last: Frame | None = None
        while not self._over:
            if self._fault is not None:
                self._reopen(self._fault)
                continue
            first: Frame | None = None
            try:
                for frame in self._renumbered(last):
                    if first is None:
                        self._online(again=last is not None)
                    first, last = first or frame, frame
                    yield frame
                    if self._over:
                        return
                self._fault = SourceLost(f"{self.name} ended; check its cable")
            except SourceError as error:
                self._fault = error
            self._close()
            if first is not None and last is not None and last.captured - first.captured >= STEADY:
                self._attempt = 0

    def _renumbered(self, last: Frame | None) -> Iterator[Frame]:
        """The frames of the source as it is open now, as the continuation of ``last``."""
        index, shift = (0, 0.0) if last is None else (last.index + 1, None)
        for frame in self._source.frames():
            if shift is None and last is not None:
                # The gap as the clock saw it; at least a little, so that pts rises whatever the clock does.
                shift = last.pts + max(frame.captured - last.captured, 0.001) - frame.pts
            yield Frame(self.name, index, frame.pts + (shift or 0.0), frame.captured, partial(_image, frame))
            index += 1

    def _reopen(self, fault: SourceError) -> None:
        """Say what is wrong, wait, and try once more; nothing more when stopped meanwhile."""
        lost = isinstance(fault, SourceLost)
        bound = bound_of(self._attempt) if lost else HOPELESS
        reason, _, fix = redact(str(fault)).partition("; ")
        self._state("reconnecting" if lost else "failed", reason, fix)
        if self._wait(bound * self._chance()) or self._over:
            return
        self._attempt += 1
        try:
            self._source = self._make()
            self._source.__enter__()
        except SourceError as error:
            self._fault = error
        else:
            self._opened, self._fault = True, None

    def _online(self, *, again: bool) -> None:
        self.reconnects += again
        self._state("online")

    def _state(self, state: CameraState, reason: str = "", fix: str = "") -> None:
        """Tell it, unless it has been told already."""
        if self._told != (state, reason):
            self._told = state, reason
            self._tell(state, reason, fix)

    def _close(self) -> None:
        if self._opened:
            self._opened = False
            self._damaged += _damaged(self._source)
            self._source.__exit__(None, None, None)


class Log:
    """A line for each loss and each return, for a run that nobody else watches."""

    def __init__(self, name: str, clock: Callable[[], float]) -> None:
        self._name, self._clock = name, clock
        self._lost: float | None = None
        self._hopeless = ""

    def tell(self, state: CameraState, reason: str, fix: str) -> None:
        why = f"{reason}; {fix}" if fix else reason
        if state == "online" and self._lost is not None:
            log.warning("%s is back after %.1f s", self._name, self._clock() - self._lost)
            self._lost, self._hopeless = None, ""
        elif state == "reconnecting" and self._lost is None:
            log.warning("%s is lost (%s); trying to bring it back", self._name, why)
        elif state == "failed" and why != self._hopeless:
            log.warning("%s: %s; next try within %.0f s", self._name, why, HOPELESS)
            self._hopeless = why
        if state in ("reconnecting", "failed") and self._lost is None:
            self._lost = self._clock()


def bound_of(attempt: int) -> float:
    """The longest wait, in seconds, before an attempt counted from 0: 0.5, 1, 2, 4, 5, 5, …"""
    return min(LONGEST, FIRST * 2.0 ** min(attempt, 10))


def _image(frame: Frame) -> Image:
    return frame.image


def _damaged(source: Live) -> int:
    return int(getattr(source, "damaged", 0))
