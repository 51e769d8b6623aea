"""Reads the timeline while it is written, without ever changing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from streamer.occurrences import Occurrence
from streamer.timeline.answers import Course, Sitting
from streamer.timeline.courses import course_of, span_of
from streamer.timeline.restoring import CAMERA, OCCURRENCE, PERSON, RUN, SECOND, camera, occurrence, person, run, second
from streamer.timeline.rows import CameraChange, PersonSecond, RunBegan, Second
from streamer.timeline.schema import SECOND_WITH_RUN, reading, room_id, telling
from streamer.timeline.sittings import sittings_of

PART = 3600
"""Seconds that are read at once: whoever reads a year holds nothing back meanwhile."""

_BY_TIME = "WHERE room = ? AND utc >= ? AND utc < ? ORDER BY utc"

_RUNS = f"""SELECT {RUN} FROM (SELECT *, lead(utc) OVER (ORDER BY utc) AS next FROM run WHERE utc IS NOT NULL)
WHERE utc < :end AND coalesce(ended, next, :end) >= :begin ORDER BY utc"""

_ENDS = """SELECT run, coalesce(ended, next, :end) FROM
(SELECT *, lead(utc) OVER (ORDER BY utc) AS next FROM run WHERE utc IS NOT NULL)
WHERE utc < :end AND coalesce(ended, next, :end) >= :begin"""


class TimelineReader:
    """From any thread: each answer has a connection of its own. Spans are from ``begin`` to below ``end``, in seconds
    since 1970. A room that is not known has nothing in it.

    Every method raises SinkError where the file cannot be read.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> Self:
        """
        Raises:
            SinkError: no file, of another version, something else, damaged.
        """
        self.rooms()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def rooms(self) -> tuple[str, ...]:
        """Their names, sorted."""
        with self._open() as connection:
            return tuple(str(name) for (name,) in connection.execute("SELECT name FROM room ORDER BY name"))

    def span(self, room: str) -> tuple[int, int] | None:
        """The first second recorded of it and the one after the last."""
        with self._open() as connection:
            return _span(connection, room_id(connection, room), "second")

    def course(self, room: str, begin: int, end: int, most: int = 600) -> Course:
        """The span in at most ``most`` buckets as wide as each other, without holes: where nothing was recorded, a
        bucket knows nothing. They begin at multiples of their width (a second, a minute, an hour, a day … of UTC), so
        the first may begin before ``begin`` and the last end after ``end``.

        A mean is over the seconds that had that number. ``occurrences``: all those from ``begin`` to ``end``.

        Raises:
            ConfigError: an empty span, or ``most`` below 2.
        """
        begin, end = span_of(begin, end)
        with self._open() as connection:
            width, buckets = course_of(connection, room_id(connection, room), begin, end, most)
        return Course(room, begin, end, width, buckets, self.occurrences(room, begin, end))

    def sittings(self, room: str, gap: int = 600) -> tuple[Sitting, ...]:
        """Oldest first; ``end`` is the second after the last with anybody in it.

        Raises:
            ConfigError: ``gap`` below a minute.
        """
        with self._open() as connection:
            return sittings_of(connection, room, room_id(connection, room), gap)

    def occurrences(self, room: str, begin: float, end: float) -> tuple[Occurrence, ...]:
        """Moments by their begin, alerts and marks; oldest first."""
        with self._open() as connection:
            found = connection.execute(
                f"SELECT {OCCURRENCE} FROM occurrence {_BY_TIME}, id", (room_id(connection, room), begin, end)
            )
            return tuple(occurrence(room, values) for values in found)

    def people(self, room: str, begin: int, end: int) -> Iterator[PersonSecond]:
        """Oldest first, by person within a second."""
        statement = f"SELECT {PERSON} FROM person {_BY_TIME}, person"
        return (person(room, values) for values in self._by_parts(statement, "person", room, begin, end))

    def cameras(self, room: str, begin: int, end: int) -> tuple[CameraChange, ...]:
        """Oldest first."""
        with self._open() as connection:
            found = connection.execute(
                f"SELECT {CAMERA} FROM camera {_BY_TIME}, id", (room_id(connection, room), begin, end)
            )
            return tuple(camera(room, values) for values in found)

    def runs(self, begin: int, end: int) -> tuple[RunBegan, ...]:
        """Those that were on in the span; one whose end is not known lasted until the next began."""
        with self._open() as connection:
            return tuple(run(values) for values in connection.execute(_RUNS, {"begin": begin, "end": end}))

    def ends(self, begin: int, end: int) -> dict[str, int]:
        """When each of those ended, by its name; where that is not known, when the next began, or ``end``."""
        with self._open() as connection:
            return dict(connection.execute(_ENDS, {"begin": begin, "end": end}).fetchall())

    def seconds(self, room: str, begin: int, end: int) -> Iterator[Second]:
        """Oldest first; numbers to four decimals, without the moment, which is an occurrence once it is over."""
        statement = f"SELECT {SECOND} FROM {SECOND_WITH_RUN} {_BY_TIME}"
        return (second(room, values) for values in self._by_parts(statement, "second", room, begin, end))

    def _by_parts(self, statement: str, table: str, room: str, begin: int, end: int) -> Iterator[tuple[object, ...]]:
        with self._open() as connection:
            known = _span(connection, room_id(connection, room), table)
        first, last = known or (0, 0)
        for part in range(max(begin, first), min(end, last), PART):
            with self._open() as connection:
                span = (room_id(connection, room), part, min(part + PART, end))
                rows = connection.execute(statement, span).fetchall()
            yield from rows

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(reading(self.path)) as connection, telling(self.path, "read"):
            yield connection


def _span(connection: sqlite3.Connection, room: int | None, table: str) -> tuple[int, int] | None:
    first, last = connection.execute(
        f"SELECT (SELECT min(utc) FROM {table} WHERE room = ?1), (SELECT max(utc) FROM {table} WHERE room = ?1)",
        (room,),
    ).fetchone()
    return None if first is None else (int(first), int(last) + 1)
