"""The file of the timeline: its tables, its version, and what is refused as no such file.

Numbers are whole ten-thousandths (valence 0.25 is 2500), which take a quarter of the room that floats would. ``minute``
and ``hour`` hold sums and counts over the seconds in them, kept by ``streamer.timeline.rollup``, so that a year is
drawn from some thousand rows. No table has a place for faces, pixels or embeddings.
"""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from streamer.emotions import LABELS
from streamer.errors import SinkError
from streamer.write_ahead import write_ahead

APPLICATION = 0x47724D64
"""Of PRAGMA application_id: "GrMd"."""

SCALE = 10_000

SIGN_SHARES = ("smile", "frown", "nod", "shake", "facing")

NUMBERS = ("valence", "low", "high", "arousal", "dispersion", "cohesion", "coverage", "polarisation", "trend")
"""Of a second, in ten-thousandths like the shares of LABELS and SIGN_SHARES; ``low`` and ``high``: the interval."""

MEANS = (
    "people", "used", "valence", "low", "high", "arousal", "dispersion", "cohesion", "coverage", "positive", "negative",
    *LABELS, *SIGN_SHARES,
)  # fmt: skip
"""Of which minutes and hours have the sum, and as ``…_n`` how many seconds had it."""


def _second() -> str:
    counts = ("people", "used", "positive", "negative", "together", "sign_people")
    columns = ", ".join(f"{name} INTEGER" for name in (*counts, *NUMBERS, *LABELS, *SIGN_SHARES))
    return (
        "CREATE TABLE second (room INTEGER NOT NULL, utc INTEGER NOT NULL, run INTEGER NOT NULL, "
        f"paused INTEGER NOT NULL, span REAL, {columns}, PRIMARY KEY (room, utc)) WITHOUT ROWID"
    )


def _sums(table: str) -> str:
    bounds = ", ".join(f"{name} INTEGER" for name in ("first", "last", "top", "least", "most", "paused"))
    sums = ", ".join(f"{name} INTEGER, {name}_n INTEGER NOT NULL" for name in MEANS)
    return (
        f"CREATE TABLE {table} (room INTEGER NOT NULL, utc INTEGER NOT NULL, known INTEGER NOT NULL, "
        f"seconds INTEGER NOT NULL, {bounds}, {sums}, PRIMARY KEY (room, utc)) WITHOUT ROWID"
    )


Steps = Sequence[Sequence[str]]

MIGRATIONS: Steps = (
    (
        "CREATE TABLE room (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
        "CREATE TABLE run (id INTEGER PRIMARY KEY AUTOINCREMENT, run TEXT NOT NULL UNIQUE, utc INTEGER, purpose TEXT, "
        "program TEXT, models TEXT, settings TEXT, notice TEXT, ended INTEGER, reason TEXT)",
        _second(),
        _sums("minute"),
        _sums("hour"),
        "CREATE TABLE person (room INTEGER NOT NULL, utc INTEGER NOT NULL, person TEXT NOT NULL, label TEXT NOT NULL, "
        "confidence INTEGER, valence INTEGER, quality INTEGER, PRIMARY KEY (room, utc, person)) WITHOUT ROWID",
        "CREATE TABLE camera (id INTEGER PRIMARY KEY, room INTEGER NOT NULL, utc INTEGER NOT NULL, "
        "source TEXT NOT NULL, state TEXT NOT NULL, reason TEXT NOT NULL, UNIQUE (room, utc, source, state))",
        "CREATE TABLE occurrence (id TEXT PRIMARY KEY, room INTEGER NOT NULL, utc REAL NOT NULL, kind TEXT NOT NULL, "
        "seconds REAL, change REAL, rule TEXT, value REAL, low REAL, high REAL, people INTEGER, text TEXT) "
        "WITHOUT ROWID",
        "CREATE INDEX occurrence_utc ON occurrence (room, utc)",
    ),
)
"""What leads from version n (its place) to n + 1. A step that was released is never changed."""

SECOND_WITH_RUN = "second LEFT JOIN (SELECT id, run AS run_name FROM run) ON id = run"

DATED = ("second", "person", "camera", "occurrence")
"""Tables of rows with a room and a time."""

CHECKED = 32 << 20
"""Bytes up to which a file is read through for damage before it is written; of a larger one the ends of the tables."""


@contextmanager
def telling(path: Path, what: Literal["read", "write"]) -> Iterator[None]:
    """Raises:
    SinkError: for whatever SQLite or the system says.
    """
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        reason = getattr(error, "strerror", None) or error
        raise SinkError(f"cannot {what} the timeline {path}: {reason}; mend that or name another file") from error


def reading(path: Path, steps: Steps = MIGRATIONS) -> sqlite3.Connection:
    """A connection that cannot change the file.

    Raises:
        SinkError: no such file, or it is not one of this version.
    """
    connection = _looking(path)
    try:
        version = _version(connection, path, steps)
        if version < len(steps):
            raise SinkError(
                f"the timeline {path} is of version {version}, this groupmood reads {len(steps)}; "
                "start 'groupmood serve' or 'run' with it once, which brings it up to date"
            )
    except SinkError:
        connection.close()
        raise
    return connection


def writing(path: Path, steps: Steps = MIGRATIONS, *, wait: float = 5.0) -> sqlite3.Connection:
    """A connection that may be used by one thread at a time; the file is made where it is missing, for nobody but the
    user, and brought up to date. ``wait``: seconds for others that write.

    Raises:
        SinkError: it is of a newer version, something else or damaged, and is left as it is; or cannot be written.
    """
    with telling(path, "write"):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))  # of which -wal and -shm take the mode
    with closing(_looking(path)) as looking:
        if _version(looking, path, steps):
            _undamaged(looking, path)
    with telling(path, "write"):
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        connection = sqlite3.connect(path, timeout=wait, isolation_level=None, check_same_thread=False)
        try:
            write_ahead(connection, wait)
            for pragma in ("synchronous=NORMAL", "secure_delete=ON", "trusted_schema=OFF"):
                connection.execute(f"PRAGMA {pragma}")
            _migrate(connection, steps)
        except sqlite3.Error:
            connection.close()
            raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """All of it or nothing.

    Raises:
        sqlite3.Error: it could not be begun or ended.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


def room_id(connection: sqlite3.Connection, room: str) -> int | None:
    found = connection.execute("SELECT id FROM room WHERE name = ?", (text(room),)).fetchone()
    return None if found is None else int(found[0])


def text(value: str) -> str:
    """The text with what UTF-8 has no place for, bytes of a file name that are none, escaped."""
    return value.encode("utf-8", "backslashreplace").decode()


def _looking(path: Path) -> sqlite3.Connection:
    if not path.is_file():
        raise SinkError(f"there is no timeline at {path}; 'groupmood serve' and 'run' make one, or name another file")
    with telling(path, "read"):
        address = f"file:{quote(str(path.absolute()))}?mode=ro"
        return sqlite3.connect(address, uri=True, timeout=5.0, isolation_level=None, check_same_thread=False)


def _version(connection: sqlite3.Connection, path: Path, steps: Steps) -> int:
    """0 for a file with nothing in it, as it is left by a program that ended before it wrote a table.

    Raises:
        SinkError: it is no timeline, or a newer one.
    """
    try:
        connection.execute("BEGIN")  # all as of one time: another program may be making the tables
        application, version = (_pragma(connection, name) for name in ("application_id", "user_version"))
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        connection.execute("ROLLBACK")
    except sqlite3.OperationalError as error:
        raise SinkError(f"cannot read the timeline {path}: {error}; mend that or name another file") from error
    except sqlite3.DatabaseError as error:
        raise SinkError(
            f"{path} is no timeline, or damaged ({error}); it is left as it is: name another file"
        ) from error
    if (application, version, tables) == (0, 0, 0):
        return 0
    if application != APPLICATION:
        raise SinkError(f"{path} is a database of another program; it is left as it is: name another file")
    if version > len(steps):
        raise SinkError(
            f"the timeline {path} is of version {version}, this groupmood knows up to {len(steps)}; it is left as it "
            "is: use the newer groupmood, or name another file"
        )
    return version


def _undamaged(connection: sqlite3.Connection, path: Path) -> None:
    """Raises:
    SinkError: what can be seen quickly is damaged.
    """
    try:
        if path.stat().st_size <= CHECKED:
            found = str(connection.execute("PRAGMA quick_check(1)").fetchone()[0]).splitlines()[-1]
        else:
            tables = [
                str(name) for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            for table in tables:
                connection.execute(f"SELECT * FROM {table} LIMIT 1").fetchall()
            found = "ok"
    except sqlite3.OperationalError as error:
        raise SinkError(f"cannot read the timeline {path}: {error}; mend that or name another file") from error
    except sqlite3.DatabaseError as error:
        found = str(error)
    if found != "ok":
        raise SinkError(f"the timeline {path} is damaged ({found}); it is left as it is: name another file")


def _migrate(connection: sqlite3.Connection, steps: Steps) -> None:
    """Bring it up to date, or leave it as it is."""
    if _pragma(connection, "user_version") == len(steps):
        return
    with transaction(connection):
        for step in steps[_pragma(connection, "user_version") :]:  # again: another program may have come first
            for statement in step:
                connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute(f"PRAGMA user_version = {len(steps)}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
