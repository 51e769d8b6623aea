"""A recording that is analysed once more: what an earlier run kept of it gives way, so that no second has the rows of
two runs. People have new names in each run, and a moment may come to another second: without this both would stay."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from streamer.errors import ConfigError
from streamer.timeline.purging import Purged
from streamer.timeline.restoring import RUN, run
from streamer.timeline.rollup import refresh
from streamer.timeline.rows import RunBegan
from streamer.timeline.schema import room_id, telling, transaction, writing

_ENDS = """SELECT max(coalesce(ended, (SELECT max(utc) FROM second WHERE room = :room AND utc >= :begin AND run = id)))
FROM run WHERE id IN ({ids})"""

_OTHERS = "SELECT utc FROM second WHERE room = ? AND utc >= ? AND utc < ? AND run NOT IN ({ids}) ORDER BY utc LIMIT 1"

_UNUSED = """DELETE FROM run WHERE id = :id AND NOT EXISTS (SELECT 1 FROM second
WHERE room IN (SELECT id FROM room) AND utc >= :begin AND utc < :end AND run = :id)"""


@dataclass(frozen=True, slots=True)
class Span:
    """Of one room, from ``begin`` to below ``end``, in whole seconds since 1970."""

    room: str
    begin: int
    end: int


def forget_earlier(path: Path, span: Span, same: Callable[[RunBegan], bool]) -> Purged:
    """Delete what runs that began with the span, and of which ``same`` says that they were of the same recording, kept
    of the room; marks stay, which somebody made by hand. Nothing where there is no such file or room.

    Raises:
        ConfigError: the span also has seconds of other runs, which would be mixed with the new ones; nothing is gone.
        SinkError: it cannot be opened or written, or is not a timeline.
    """
    if not path.is_file():
        return Purged()
    with closing(writing(path)) as connection, telling(path, "write"), transaction(connection):
        room = room_id(connection, span.room)
        if room is None:
            return Purged()
        runs = _earlier(connection, span.begin, same)
        ids = ", ".join(map(str, runs))
        values = {"room": room, "begin": span.begin}
        ended = connection.execute(_ENDS.format(ids=ids), values).fetchone()[0]
        end = max(span.end, 0 if ended is None else int(ended) + 1)
        other = connection.execute(_OTHERS.format(ids=ids), (room, span.begin, end)).fetchone()
        if other is not None:
            raise ConfigError(
                f"room {span.room} has other rows of that time in {path} already, which would be mixed with those of "
                "the file; give the source another name, or the timeline another file"
            )
        return _forget(connection, room, (span.begin, end), runs) if runs else Purged()


def _earlier(connection: sqlite3.Connection, begin: int, same: Callable[[RunBegan], bool]) -> list[int]:
    """The ids of those runs."""
    found = connection.execute(f"SELECT id, {RUN} FROM run WHERE utc = ?", (begin,)).fetchall()
    return [int(number) for number, *values in found if same(run(values))]


def _forget(connection: sqlite3.Connection, room: int, span: tuple[int, int], runs: Sequence[int]) -> Purged:
    begin, end = span
    within = "WHERE room = ? AND utc >= ? AND utc < ?"
    seconds = [(room, int(utc)) for (utc,) in connection.execute(f"SELECT utc FROM second {within}", (room, *span))]
    deleted = {
        table: connection.execute(f"DELETE FROM {table} {within}{but}", (room, *span)).rowcount
        for table, but in (("second", ""), ("person", ""), ("camera", ""), ("occurrence", " AND kind != 'mark'"))
    }
    refresh(connection, seconds)
    gone = sum(connection.execute(_UNUSED, {"id": one, "begin": begin, "end": end}).rowcount for one in runs)
    return Purged(deleted["second"], deleted["person"], deleted["occurrence"], deleted["camera"], gone)
