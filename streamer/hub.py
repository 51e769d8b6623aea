"""The newest of each room and camera, for pages and other machines: what is published here may leave this one.

Written by the analysis and the captures, read by the web's thread. Holds no people, boxes or pixels: its values have no
place for them.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable
from typing import Literal, TypeAlias

from streamer.occurrences import Alert, Mark, Occurrence, PastMoment
from streamer.states import CameraStatus
from streamer.types import RoomResult

Event: TypeAlias = RoomResult | CameraStatus | Occurrence

Kind: TypeAlias = Literal["moment", "alert", "mark"]

HISTORY = 300
"""Seconds of each room kept for a page that is opened later, one result a second."""

OCCURRENCES = 100
"""Kept of each room, the latest."""


class Hub:
    """``publish`` may be called from any thread and returns at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rooms: dict[str, RoomResult] = {}
        self._history: dict[str, deque[RoomResult]] = {}
        self._cameras: dict[str, CameraStatus] = {}
        self._happened: dict[str, deque[Occurrence]] = {}
        self._counts: Counter[tuple[Kind, str, str]] = Counter()
        self._listeners: tuple[Callable[[Event], None], ...] = ()

    def publish(self, event: Event) -> None:
        with self._lock:
            if isinstance(event, RoomResult):
                self._rooms[event.room] = event
                self._remember(event)
            elif isinstance(event, CameraStatus):
                self._cameras[event.source] = event
            else:
                self._happened.setdefault(event.room, deque(maxlen=OCCURRENCES)).append(event)
                self._counts[kind_of(event), event.room, event.rule if isinstance(event, Alert) else ""] += 1
            listeners = self._listeners
        for listener in listeners:
            listener(event)

    def listen(self, listener: Callable[[Event], None]) -> Callable[[], None]:
        """Have each event handed to ``listener``, in the thread that publishes it, so it must return at once and raise
        nothing. What comes back ends this."""
        with self._lock:
            self._listeners = (*self._listeners, listener)

        def end() -> None:
            with self._lock:
                self._listeners = tuple(one for one in self._listeners if one is not listener)

        return end

    def rooms(self) -> dict[str, RoomResult]:
        """The newest result of each room."""
        with self._lock:
            return dict(self._rooms)

    def cameras(self) -> dict[str, CameraStatus]:
        """The newest state of each source."""
        with self._lock:
            return dict(self._cameras)

    def occurrences(self, room: str) -> tuple[Occurrence, ...]:
        """The latest OCCURRENCES of a room, in the order in which they were told."""
        with self._lock:
            return tuple(self._happened.get(room, ()))

    def counts(self) -> dict[tuple[Kind, str, str], int]:
        """Occurrences so far by kind, room and rule ('' but for alerts)."""
        with self._lock:
            return dict(self._counts)

    def history(self, room: str) -> tuple[RoomResult, ...]:
        """About one result a second of the last HISTORY seconds, oldest first."""
        with self._lock:
            return tuple(self._history.get(room, ()))

    def _remember(self, result: RoomResult) -> None:
        kept = self._history.setdefault(result.room, deque(maxlen=HISTORY))
        if kept and result.pts < kept[-1].pts:
            kept.clear()
        if not kept or result.pts - kept[-1].pts >= 1.0:
            kept.append(result)


def kind_of(event: Occurrence) -> Kind:
    match event:
        case PastMoment():
            return "moment"
        case Alert():
            return "alert"
        case Mark():
            return "mark"
