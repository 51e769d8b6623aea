"""Deletes from the timeline so that it is gone."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, fields, replace
from pathlib import Path

from streamer.errors import ConfigError, SinkError, did_you_mean
from streamer.timeline.rollup import refresh
from streamer.timeline.schema import DATED, room_id, telling, transaction, writing

STEP = 3600
"""Seconds of one room that go at once, so that whoever writes meanwhile waits for no longer than they take."""

WAIT = 30.0
"""Seconds a purge waits for other programs that write, or read what it wants to give back."""

_LASTED = "SELECT id, coalesce(ended, lead(utc) OVER (ORDER BY utc)) AS over FROM run WHERE utc IS NOT NULL"


@dataclass(frozen=True, slots=True)
class Purged:
    """Rows that went, and ``freed`` bytes by which the file is smaller."""

    seconds: int = 0
    people: int = 0
    occurrences: int = 0
    cameras: int = 0
    runs: int = 0
    freed: int = 0

    @property
    def rows(self) -> int:
        return self.seconds + self.people + self.occurrences + self.cameras + self.runs

    def __add__(self, other: Purged) -> Purged:
        return Purged(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(self)))


def purge(path: Path, before: float | None = None, room: str | None = None) -> Purged:
    """Delete what is older than ``before`` (seconds since 1970; None: everything), of one room or of all, overwrite it
    and give the space back. Runs (purpose, settings, notice) go where they ended before, unless one room is named.
    Another program may be writing meanwhile.

    Raises:
        SinkError: it cannot be opened or written, or is not a timeline. ConfigError: the room is not known.
    """
    if not path.is_file():
        raise SinkError(f"there is no timeline at {path}; name the file, or its configuration")
    size = _size(path)
    with closing(writing(path, wait=WAIT)) as connection, telling(path, "write"):
        ids = None if room is None else (known_room(connection, room),)
        gone = sum(steps(connection, math.inf if before is None else before, ids), Purged())
        _give_back(connection, path)
    return replace(gone, freed=max(0, size - _size(path)))


def steps(connection: sqlite3.Connection, before: float, rooms: Sequence[int] | None = None) -> Iterator[Purged]:
    """Delete what is older, of these rooms or of all; a short transaction for each value that comes back."""
    ids = rooms or [int(one) for (one,) in connection.execute("SELECT id FROM room ORDER BY id")]
    for room in ids:
        while (oldest := _oldest(connection, room)) is not None and oldest < before:
            yield _step(connection, room, min(before, (oldest // STEP + 1) * STEP))
    if rooms is None:
        with transaction(connection):
            everything = "SELECT id FROM run" if before == math.inf else f"SELECT id FROM ({_LASTED}) WHERE over < ?"
            values = () if before == math.inf else (before,)
            runs = connection.execute(f"DELETE FROM run WHERE id IN ({everything})", values).rowcount
        yield Purged(runs=runs)


def known_room(connection: sqlite3.Connection, room: str) -> int:
    """Its id.

    Raises:
        ConfigError: there is no such room, with those that are.
    """
    found = room_id(connection, room)
    if found is None:
        names = [str(name) for (name,) in connection.execute("SELECT name FROM room ORDER BY name")]
        rooms = ", ".join(names) or "none"
        raise ConfigError(f"the timeline has no room {room!r}{did_you_mean(room, names)}; it has: {rooms}")
    return found


def _oldest(connection: sqlite3.Connection, room: int) -> float | None:
    parts = " UNION ALL ".join(f"SELECT min(utc) AS utc FROM {table} WHERE room = :room" for table in DATED)
    oldest = connection.execute(f"SELECT min(utc) FROM ({parts})", {"room": room}).fetchone()[0]
    return None if oldest is None else float(oldest)


def _step(connection: sqlite3.Connection, room: int, before: float) -> Purged:
    with transaction(connection):
        gone = {
            table: connection.execute(f"DELETE FROM {table} WHERE room = ? AND utc < ?", (room, before)).rowcount
            for table in (*DATED, "minute", "hour")
        }
        if before % STEP:  # an hour of which a part stays, or a minute
            refresh(connection, [(room, int(before))])
        if _oldest(connection, room) is None:
            connection.execute("DELETE FROM room WHERE id = ?", (room,))
    return Purged(gone["second"], gone["person"], gone["occurrence"], gone["camera"])


def _give_back(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("VACUUM")
    busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
    if busy:
        raise SinkError(
            f"what was deleted from {path} may still be in {path.name}-wal: another program has been reading for "
            f"{WAIT:.0f} s; purge once more when it is done"
        )


def _size(path: Path) -> int:
    return sum(one.stat().st_size for one in (path, path.with_name(f"{path.name}-wal")) if one.exists())
