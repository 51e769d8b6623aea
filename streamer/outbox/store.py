"""Events that wait for their receivers, in one SQLite file: whatever ends this program, they are delivered later.

What ``add`` has returned from survives the end of the process by any signal (WAL, synchronous=NORMAL). Of a machine
that loses its power the last seconds may be lost or delivered again.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Collection, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from streamer.errors import SinkError
from streamer.outbox.entries import Entry
from streamer.write_ahead import write_ahead

VERSION = 1
"""Of the tables, in PRAGMA user_version."""

LATELY = 10_000
"""Ids of delivered events that are remembered for each receiver, so that none of them is taken again."""

BUSY = 1.0
"""Seconds that one waits for the others who write into the same file."""

SCHEMA = (
    # number: the order of delivery. payload: NULL once delivered.
    """CREATE TABLE IF NOT EXISTS events (
        number INTEGER PRIMARY KEY AUTOINCREMENT,
        receiver TEXT NOT NULL,
        id TEXT NOT NULL,
        kind TEXT NOT NULL,
        payload TEXT,
        UNIQUE (receiver, id)
    )""",
    "CREATE INDEX IF NOT EXISTS waiting ON events (receiver, number) WHERE payload IS NOT NULL",
    "CREATE INDEX IF NOT EXISTS delivered ON events (receiver, number) WHERE payload IS NULL",
)

ADD = "INSERT OR IGNORE INTO events (receiver, id, kind, payload) VALUES (?, ?, ?, ?)"

NEXT = """SELECT id, kind, payload FROM events
    WHERE receiver = ? AND payload IS NOT NULL ORDER BY number LIMIT 1"""

DONE = """INSERT INTO events (receiver, id, kind, payload) VALUES (?, ?, '', NULL)
    ON CONFLICT (receiver, id) DO UPDATE SET payload = NULL"""
"""An event that gave way while it was under way is remembered as well."""

COUNT = "SELECT COUNT(*) FROM events WHERE receiver = ? AND payload IS NOT NULL"

TOO_MANY = """DELETE FROM events WHERE receiver = ? AND payload IS NOT NULL AND number <= (
    SELECT number FROM events WHERE receiver = ? AND payload IS NOT NULL ORDER BY number DESC LIMIT 1 OFFSET ?)"""

FORGET = """DELETE FROM events WHERE receiver = ? AND payload IS NULL AND number <= (
    SELECT number FROM events WHERE receiver = ? AND payload IS NULL ORDER BY number DESC LIMIT 1 OFFSET ?)"""

PURGE = """DELETE FROM events WHERE payload IS NOT NULL
    AND (:room IS NULL OR json_extract(payload, '$.room') = :room)
    AND (:before IS NULL OR CAST(strftime('%s', json_extract(payload, '$.utc')) AS REAL) < :before)"""


class Store:
    """What waits for one ``receiver``, at most ``most``: then the oldest gives way and is counted in ``dropped``.

    Opened when it is first used; after a fault anew. For one thread at a time: whoever adds and whoever delivers have
    one each, on the same file.
    """

    def __init__(self, path: Path, receiver: str, most: int) -> None:
        self._path, self._receiver, self._most = path, receiver, most
        self._connection: sqlite3.Connection | None = None
        self.dropped = 0

    def add(self, id: str, kind: str, payload: str) -> bool:
        """False, and nothing is added, where the id waits already or was delivered lately.

        Raises:
            SinkError: it cannot be kept, as on a full disk.
        """
        with self._opened() as connection:
            if not connection.execute(ADD, (self._receiver, id, kind, payload)).rowcount:
                return False
            self.dropped += connection.execute(TOO_MANY, (self._receiver, self._receiver, self._most)).rowcount
            return True

    def next(self) -> Entry | None:
        """The oldest that waits, which stays until it is ``done``.

        Raises:
            SinkError: the file cannot be read.
        """
        with self._opened() as connection:
            row = connection.execute(NEXT, (self._receiver,)).fetchone()
            return None if row is None else Entry(*row)

    def done(self, id: str) -> None:
        """It is delivered, or given up: it is never handed out or taken again.

        Raises:
            SinkError: that cannot be kept.
        """
        with self._opened() as connection:
            connection.execute(DONE, (self._receiver, id))
            connection.execute(FORGET, (self._receiver, self._receiver, LATELY))

    def waiting(self) -> int:
        """
        Raises:
            SinkError: the file cannot be read.
        """
        with self._opened() as connection:
            return int(connection.execute(COUNT, (self._receiver,)).fetchone()[0])

    def close(self) -> None:
        """Closing again does nothing."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with told(self._path):
            try:
                if self._connection is None:
                    self._connection = connect(self._path)
                yield self._connection
            except sqlite3.Error:
                self.close()
                raise


def forget_others(path: Path, receivers: Collection[str]) -> None:
    """Delete what waits for receivers that are no longer configured.

    Raises:
        SinkError: the file cannot be written.
    """
    if path.exists():
        with told(path), closing(connect(path)) as connection:
            marks = ", ".join("?" * len(receivers))
            connection.execute(f"DELETE FROM events WHERE receiver NOT IN ({marks})", tuple(receivers))


def purge(path: Path, room: str | None = None, before: float | None = None) -> int:
    """Delete what waits undelivered, of one ``room`` or (None) of all, older than ``before`` (seconds since 1970) or
    (None) whatever its time; the number of events. For whoever deletes what is kept of a room.

    Raises:
        SinkError: the file cannot be written.
    """
    if not path.exists():
        return 0
    with told(path), closing(connect(path)) as connection:
        return connection.execute(PURGE, {"room": room, "before": before}).rowcount


def connect(path: Path) -> sqlite3.Connection:
    """The file with its tables, made where there is none, for its owner alone; its journals take over its mode.

    Raises:
        OSError, sqlite3.Error: it cannot be opened.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    path.chmod(0o600)
    # Opened by one thread, used by another afterwards.
    connection = sqlite3.connect(path, timeout=BUSY, isolation_level=None, check_same_thread=False)
    try:
        prepare(connection)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def prepare(connection: sqlite3.Connection) -> None:
    write_ahead(connection, BUSY)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA secure_delete = ON")  # what was delivered is not left on the disk
    connection.execute("BEGIN IMMEDIATE")
    version = connection.execute("PRAGMA user_version").fetchone()[0]
    if version > VERSION:
        raise sqlite3.DatabaseError(f"it was made by a newer version of this program (tables {version})")
    for statement in SCHEMA:
        connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {VERSION}")
    connection.execute("COMMIT")


@contextmanager
def told(path: Path) -> Iterator[None]:
    """Faults of the file as errors that say what to do."""
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        advice = "check the disk, or delete the file: what waits in it is lost then"
        raise SinkError(f"the outbox {path} cannot be used: {reason}; {advice}") from error
