"""Listens to the Hub and makes rows of what it hears: seconds, moments, alerts, camera changes, and marks."""

from __future__ import annotations

import logging
import threading
import time
import unicodedata
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import Self

from streamer.alerts import Rule, Watcher
from streamer.chronicle.calendar import Calendar
from streamer.chronicle.course import Ended, RoomCourse, Timed
from streamer.errors import ConfigError, did_you_mean
from streamer.hub import Event, Hub
from streamer.occurrences import Alert, Mark, PastMoment, mark
from streamer.states import CameraStatus
from streamer.timeline.rows import CameraChange, Row
from streamer.types import RoomResult

log = logging.getLogger(__name__)

WAITING = 10_000
"""Rows that may wait to be told; beyond, the oldest is left out and counted."""

TICK = 0.5
"""Seconds between two looks for a second that is over although nothing came after it."""

LONGEST_MARK = 200
LATEST = 253_402_300_799.0
"""The last second of the year 9999."""

LEAVING = 5.0
"""Seconds for which the end waits until everything is told."""


class Chronicle:
    """Between entering and leaving, what the Hub says becomes rows, each given to all of ``told`` in order, in a thread
    of its own; occurrences also go to the Hub. Whoever is told returns at once and raises nothing: a row that he cannot
    keep, and a disk or a machine that is away, are his own business. Should one raise all the same, that is a fault of
    this program: ``broken`` is called, which must have the run end soon, and leaving raises it.

    The wall clock (``clock``) only labels rows (see ``Calendar``); how long something took is measured by the results'
    own times. ``run`` stands in each second.
    """

    def __init__(
        self,
        hub: Hub,
        told: Sequence[Callable[[Row], None]],
        rules: Sequence[Rule] = (),
        *,
        run: str,
        clock: Callable[[], float] = time.time,
        broken: Callable[[], None] = lambda: None,
    ) -> None:
        self._hub, self._run, self._calendar = hub, run, Calendar(clock)
        self._told, self._watcher, self._broken = tuple(told), Watcher(rules), broken
        self._there = threading.Condition()
        self._waiting: deque[Row] = deque()
        self._over = False
        self._rooms: dict[str, tuple[RoomCourse, Ended]] = {}
        self._states: dict[str, str] = {}
        self.lost = 0
        """Rows that could not wait."""
        self._pool = ThreadPoolExecutor(1, "chronicle")
        self._outcome: Future[None] = Future()
        self._end: Callable[[], None] = _nothing

    def __enter__(self) -> Self:
        self._end = self._hub.listen(self._hear)
        for status in self._hub.cameras().values():
            self._hear(status)
        self._outcome = self._pool.submit(self._work)
        self._outcome.add_done_callback(self._ended)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Everything heard so far is told, also seconds and moments that were not over.

        Raises:
            Exception: what one of those told has raised, or another fault of this program.
        """
        self._end()
        with self._there:
            for course, moments in self._rooms.values():
                self._put(self._seconds(course.end()))
                self._put(moments.end())
            self._over = True
            self._there.notify()
        self._pool.shutdown(wait=False)
        wait([self._outcome], LEAVING)
        if self._outcome.done():
            self._outcome.result()
        else:
            log.error("one of those told of events does not return; what waited for it is lost")

    @property
    def state(self) -> str:
        """'' or what is wrong."""
        faults = ["events are told no more, their thread ended"] if self._outcome.done() and not self._over else []
        return "; ".join([*faults, *([f"{self.lost} rows were left out"] if self.lost else [])])

    def mark(self, room: str, text: str, utc: float | None = None) -> Mark:
        """Have it kept and told that something happened; ``utc`` in seconds since 1970, None for now.

        Raises:
            ConfigError: there is no such room, the text is empty or too long, or the time is none.
        """
        rooms = {*self._hub.rooms(), *(status.room for status in self._hub.cameras().values())}
        if room not in rooms:
            known = f"; known: {', '.join(sorted(rooms))}" if rooms else ""
            raise ConfigError(f"there is no room {room!r}{did_you_mean(room, rooms)}{known}")
        words = marked(text)
        if utc is not None and not 0 <= utc <= LATEST:
            raise ConfigError(f"the time of a mark must be in seconds since 1970, got {utc}")
        with self._there:
            made = mark(room, self._calendar.label() if utc is None else float(utc), words)
            self._put([made])
        return made

    def _hear(self, event: Event) -> None:
        """In the thread that publishes."""
        with self._there:
            if isinstance(event, RoomResult):
                self._put(self._of_room(event))
            elif isinstance(event, CameraStatus):
                self._put(self._of_camera(event))

    def _of_room(self, result: RoomResult) -> Iterator[Row]:
        utc = self._calendar.label(result.pts)
        if result.room not in self._rooms:
            self._rooms[result.room] = RoomCourse(result.room, self._run), Ended(result.room)
        course, moments = self._rooms[result.room]
        yield from self._seconds(course.hear(result, utc))
        yield from moments.hear(result.mood.moment if result.mood else None, utc)

    def _seconds(self, timed: Iterator[Timed]) -> Iterator[Row]:
        """Each second, and the alerts that it sets off."""
        for one in timed:
            yield one.second
            yield from self._watcher.update(one.second, one.at)

    def _of_camera(self, status: CameraStatus) -> Iterator[Row]:
        if self._states.get(status.source) != status.state:
            self._states[status.source] = status.state
            utc = int(self._calendar.label())
            yield CameraChange(status.source, status.room, utc, status.state, status.reason)

    def _put(self, rows: Iterator[Row] | Sequence[Row]) -> None:
        """Under the lock."""
        for row in rows:
            if len(self._waiting) >= WAITING:
                self._waiting.popleft()
                self.lost += 1
            self._waiting.append(row)
        if self._waiting:
            self._there.notify()

    def _work(self) -> None:
        over = False
        while not over:
            with self._there:
                if not self._waiting and not self._over:
                    self._there.wait(TICK)
                for course, _ in self._rooms.values():
                    self._put(self._seconds(course.settle(time.monotonic())))
                rows, self._waiting, over = self._waiting, deque(), self._over
            for row in rows:
                self._tell(row)

    def _tell(self, row: Row) -> None:
        for put in self._told:
            put(row)
        if isinstance(row, PastMoment | Alert | Mark):
            self._hub.publish(row)

    def _ended(self, outcome: Future[None]) -> None:
        error = outcome.exception()
        if error is not None:
            log.error("events are told no more, the run ends: %s", type(error).__name__)  # its text may be secret
            self._broken()


def marked(text: str) -> str:
    """The text in one line.

    Raises:
        ConfigError: it is empty, too long, or holds what cannot be written.
    """
    words = " ".join(text.split())
    if not 1 <= len(words) <= LONGEST_MARK:
        raise ConfigError(f"a mark needs a text of 1 to {LONGEST_MARK} characters, got {len(words)}")
    if any(unicodedata.category(sign) in ("Cc", "Cs") for sign in words):
        raise ConfigError("a mark needs a text without control characters")
    return words


def _nothing() -> None:
    """Not listening yet."""
