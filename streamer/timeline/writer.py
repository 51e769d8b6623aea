"""Writes rows into the timeline in a thread of its own, so that nobody who has rows waits for a disk."""

from __future__ import annotations

import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from streamer.errors import SinkError
from streamer.timeline.purging import Purged, steps
from streamer.timeline.rows import Row, RunBegan
from streamer.timeline.schema import transaction, writing
from streamer.timeline.storing import Batch

log = logging.getLogger(__name__)

BATCH = 1_000
"""Rows of one transaction at most."""

PERIOD = 0.5
"""Seconds that rows wait for others to be written with them."""

BACKLOG = 20_000
"""Rows that wait while nothing can be written: hours of a room, some ten MB."""

RETRY = 1.0
"""Seconds from one failure to the next try."""

SWEEP = 3600.0
"""Seconds between two looks for what is too old."""

PAUSE = 0.05
"""Seconds between two steps of deleting it."""

LOCKED = 2.0
"""Seconds that one try waits for another program that writes."""

LAST = 3.0
"""Seconds that a failing file is tried again when the writer is left."""

DAY = 86_400

REFUSED = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.ProgrammingError, sqlite3.InterfaceError)
"""What SQLite says of a row that it will never take."""


def unheard(_rows: int, _before: float) -> None:
    """For a writer that nobody asks what it has deleted."""


class TimelineWriter:
    """The one writer of a file. Rows are committed after a second at most; where the disk is full or another program
    holds the file they wait, the oldest giving way, and are written once that is over. Older than ``retention_days`` is
    deleted, in small steps, from the start on; ``forgot`` is told how many rows, and what time they were before.
    ``clock``: seconds since 1970. A file that somebody took away is made anew.

    The same second of a room again, or the same occurrence, replaces what was there.
    """

    def __init__(
        self,
        path: Path,
        *,
        retention_days: int,
        clock: Callable[[], float] = time.time,
        forgot: Callable[[int, float], None] = unheard,
    ) -> None:
        self.path, self._kept, self._clock, self._forgot = path, retention_days * DAY, clock, forgot
        self.acknowledged = 0
        """Rows committed: a kill of the process loses none of them."""
        self.dropped = 0
        """Rows lost: they gave way while nothing could be written, or could not be kept at all."""
        self._waiting: deque[Row] = deque()
        self._changed = threading.Condition()
        self._given = 0
        self._closing = self._hurry = self._ended = False
        self._fault = ""
        self._begun: dict[str, RunBegan] = {}
        self._sweep: Iterator[Purged] | None = None
        self._next_sweep = self._limit = 0.0
        self._gone = 0
        self._thread = threading.Thread(target=self._run, name="timeline", daemon=True)

    def __enter__(self) -> Self:
        """Makes the file and its folder, for nobody but the user, or brings an older file up to date.

        Raises:
            SinkError: it is of a newer version, something else or damaged, and left as it is; or cannot be written.
        """
        self._open()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Writes what waits, for a few seconds at most."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()

    @property
    def state(self) -> str:
        """'' while all is well, else what is wrong and how many rows wait or are lost; from any thread."""
        with self._changed:
            if self._ended and not self._closing:
                return f"the timeline {self.path} is no longer written: its thread ended"
            if not self._fault:
                return ""
            waiting = len(self._waiting)
            lost = f", {self.dropped} are lost" if self.dropped else ""
            return f"the timeline {self.path} cannot be written ({self._fault}): {waiting} rows wait{lost}"

    @property
    def waiting(self) -> int:
        """Rows that are not yet written; from any thread."""
        return len(self._waiting)

    def put(self, row: Row) -> None:
        """Have it written; from any thread, returns at once."""
        with self._changed:
            self._given += 1
            if self._closing:
                self.dropped += 1
                return
            self._waiting.append(row)
            self._trim()
            self._changed.notify_all()

    def flush(self, timeout: float = 5.0) -> bool:
        """Wait until what was put before is committed or lost; False where it was not within ``timeout`` seconds."""
        with self._changed:
            until, self._hurry = self._given, True
            self._changed.notify_all()
            return self._changed.wait_for(lambda: self.acknowledged + self.dropped >= until, timeout)

    def _trim(self) -> None:
        while len(self._waiting) > BACKLOG:
            self._waiting.popleft()
            self.dropped += 1

    def _open(self) -> None:
        self._connection = writing(self.path, wait=LOCKED)
        self._inode = _inode(self.path)

    def _run(self) -> None:
        try:
            self._forget_old()
            while (batch := self._next()) is not None:
                if batch:
                    self._commit(batch)
                self._forget_old()
            self._finish()
            self._swept()
        finally:
            self._connection.close()
            with self._changed:
                self._ended = True
                self._changed.notify_all()

    def _next(self) -> list[Row] | None:
        """Rows to write together, none where there is time to look after something else; None when it is to end."""
        with self._changed:
            if self._fault:
                self._changed.wait_for(lambda: self._closing, RETRY)
            sweeping = self._sweep is not None
            self._changed.wait_for(lambda: self._closing or self._waiting, PAUSE if sweeping else SWEEP)
            full = lambda: self._closing or self._hurry or len(self._waiting) >= BATCH  # noqa: E731
            self._changed.wait_for(full, PAUSE if sweeping else PERIOD)
            if self._closing:
                return None
            return self._take()

    def _take(self) -> list[Row]:
        batch = [self._waiting.popleft() for _ in range(min(BATCH, len(self._waiting)))]
        self._hurry = self._hurry and bool(self._waiting)
        return batch

    def _commit(self, batch: list[Row]) -> bool:
        """Write them, or have them wait where that cannot be done now."""
        try:
            self._again_if_gone()
            kept = self._write(batch)
        except (sqlite3.Error, SinkError, OSError) as error:
            with self._changed:
                self._waiting.extendleft(reversed(batch))
                self._trim()
            self._tell(str(error))
            return False
        with self._changed:
            self.acknowledged += kept
            self.dropped += len(batch) - kept
            self._changed.notify_all()
        self._tell("")
        return True

    def _write(self, batch: Sequence[Row]) -> int:
        """How many of them were taken: all, unless one is no row that can be kept, which is left out."""
        for row in batch:
            if isinstance(row, RunBegan):
                self._begun[row.run] = row
        try:
            with transaction(self._connection):
                rows = Batch(self._connection, self._begun)
                for row in batch:
                    rows.add(row)
                rows.finish()
        except (*REFUSED, ValueError, OverflowError, TypeError) as error:
            if len(batch) == 1:
                log.warning("a %s cannot be kept in the timeline: %s", type(batch[0]).__name__, error)
                return 0
            middle = len(batch) // 2
            return self._write(batch[:middle]) + self._write(batch[middle:])
        return len(batch)

    def _again_if_gone(self) -> None:
        if _inode(self.path) != self._inode:
            log.warning("the timeline %s was taken away; a new one is made", self.path)
            self._sweep = None
            self._connection.close()
            self._open()

    def _tell(self, fault: str) -> None:
        with self._changed:
            before, self._fault = self._fault, fault
        if fault and not before:
            log.warning("%s", self.state)
        elif before and not fault:
            log.warning("the timeline %s is written again; rows lost so far: %d", self.path, self.dropped)

    def _forget_old(self) -> None:
        """One step of deleting what is too old, where it is time for it."""
        now = self._clock()
        if self._sweep is None and (self._fault or now < self._next_sweep):
            return
        if self._sweep is None:
            self._limit = now - self._kept
            self._sweep, self._next_sweep = steps(self._connection, self._limit), now + SWEEP
        try:
            if (gone := next(self._sweep, None)) is None:
                self._swept()
            else:
                self._gone += gone.rows
        except sqlite3.Error as error:
            log.info("what is too old stays in the timeline for now: %s", error)
            self._swept()
            self._next_sweep = now + RETRY

    def _swept(self) -> None:
        """It is deleted, or as much of it as could be."""
        self._sweep = None
        if self._gone:
            self._forgot(self._gone, self._limit)
        self._gone = 0

    def _finish(self) -> None:
        """Write what waits; what cannot be written within LAST seconds is lost."""
        until = time.monotonic() + LAST
        while self._waiting and (self._commit(self._take()) or time.monotonic() < until):
            if self._fault:
                threading.Event().wait(RETRY / 4)
        if self._waiting:
            log.error("%s", self.state)
            self.dropped += len(self._waiting)
            self._waiting.clear()


def _inode(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)
    except FileNotFoundError:
        return None
    return found.st_dev, found.st_ino
