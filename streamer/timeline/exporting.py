"""The timeline as tables for other programs: CSV (RFC 4180), lines of JSON, or Parquet; UTF-8, times in UTC.

The columns are those of ``streamer.timeline.tables``, always all of them and in that order; some may be added at the
end. What is not known is empty in CSV, null in JSON and Parquet.
"""

from __future__ import annotations

import csv
import io
import json
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Literal, TypeAlias, get_args

from streamer.errors import ConfigError, SinkError
from streamer.timeline.purging import known_room
from streamer.timeline.schema import reading, telling
from streamer.timeline.tables import TABLES, Table, What

Kind: TypeAlias = Literal["csv", "jsonl", "parquet"]

KINDS: tuple[Kind, ...] = get_args(Kind)

PART = 3600
"""Seconds that are read at once."""

Rows: TypeAlias = Iterator[list[tuple[Any, ...]]]


def export(
    path: Path, out: Path, kind: Kind, room: str | None = None, begin: int | None = None, end: int | None = None
) -> int:
    """Write the seconds of a room, or of all, from ``begin`` to below ``end``, to ``out``, which must not exist; how
    many rows. For nobody but the user to read.

    Raises:
        ConfigError: unknown room; no pyarrow for Parquet.
        SinkError: ``out`` exists or cannot be written; the timeline cannot be read.
    """
    return export_table(path, out, kind, Part("seconds", room, begin, end))


@dataclass(frozen=True, slots=True)
class Part:
    """Which rows: seconds, people (where the purpose let them be kept) or occurrences, of a room or all, from ``begin``
    to below ``end``."""

    what: What = "seconds"
    room: str | None = None
    begin: int | None = None
    end: int | None = None


def export_table(path: Path, out: Path, kind: Kind, part: Part) -> int:
    """The same for any of the tables."""
    table = TABLES[part.what]
    write = _parquet() if kind == "parquet" else {"csv": _csv, "jsonl": _json}[kind]
    with closing(reading(path)) as connection, telling(path, "read"):
        rooms = _rooms(connection, part.room)
        file, whole = _new(out), False
        try:
            with file:
                count = write(file, table, _rows(connection, table, rooms, part))
            whole = True
        except OSError as error:
            raise SinkError(
                f"cannot write {out}: {error.strerror or error}; mend that or name another place"
            ) from error
        finally:
            if not whole:  # nobody is to take a part of it for all
                out.unlink(missing_ok=True)
    return count


def _new(out: Path) -> BinaryIO:
    try:
        return os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o600), "wb")
    except FileExistsError as error:
        raise SinkError(f"{out} exists already and is not overwritten; name another file") from error
    except OSError as error:
        raise SinkError(f"cannot write {out}: {error.strerror}; mend that or name another place") from error


def _rooms(connection: sqlite3.Connection, room: str | None) -> Mapping[int, str]:
    if room is not None:
        return {known_room(connection, room): room}
    return {int(key): str(name) for key, name in connection.execute("SELECT id, name FROM room ORDER BY name")}


def _rows(connection: sqlite3.Connection, table: Table, rooms: Mapping[int, str], part: Part) -> Rows:
    """Oldest first, room by room, an hour at once: the writer is not held up meanwhile."""
    for room, name in rooms.items():
        begin, end = _bounds(connection, table, room, part)
        statement = (
            f"SELECT {table.selected} FROM {table.of} WHERE room = :room AND utc >= :begin AND utc < :end "
            f"ORDER BY {table.order}"
        )
        for start in range(begin, end, PART):
            values = {"room": room, "name": name, "begin": start, "end": min(start + PART, end)}
            if rows := connection.execute(statement, values).fetchall():
                yield rows


def _bounds(connection: sqlite3.Connection, table: Table, room: int, part: Part) -> tuple[int, int]:
    source = table.of.split()[0]
    found = connection.execute(
        f"SELECT (SELECT min(utc) FROM {source} WHERE room = ?1), (SELECT max(utc) FROM {source} WHERE room = ?1)",
        (room,),
    ).fetchone()
    first, last = (0, -1) if found[0] is None else map(int, found)
    begin = first if part.begin is None else max(first, part.begin)
    return begin, last + 1 if part.end is None else min(last + 1, part.end)


def _csv(file: BinaryIO, table: Table, parts: Rows) -> int:
    with io.TextIOWrapper(file, encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow([one.name for one in table.columns])
        turns = _turns(table, {"time": _iso, "bool": _word})
        count = 0
        for rows in parts:
            writer.writerows(_turned(rows, turns))
            count += len(rows)
    return count


def _json(file: BinaryIO, table: Table, parts: Rows) -> int:
    names = [one.name for one in table.columns]
    turns = _turns(table, {"time": _iso, "bool": bool})
    count = 0
    for rows in parts:
        for row in _turned(rows, turns):
            line = json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False, separators=(",", ":"))
            file.write(line.encode() + b"\n")
        count += len(rows)
    return count


def _parquet() -> Callable[[BinaryIO, Table, Rows], int]:
    """Raises:
    ConfigError: pyarrow is not there.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise ConfigError("Parquet needs pyarrow; install it: pip install 'groupmood[parquet]'") from error
    types = {
        "text": pyarrow.string(),
        "time": pyarrow.timestamp("us", tz="UTC"),
        "int": pyarrow.int64(),
        "real": pyarrow.float64(),
        "bool": pyarrow.bool_(),
    }

    def write(file: BinaryIO, table: Table, parts: Rows) -> int:
        schema = pyarrow.schema([(one.name, types[one.kind]) for one in table.columns])
        turns = _turns(table, {"time": _microseconds, "bool": bool})
        count = 0
        with parquet.ParquetWriter(file, schema) as writer:
            for rows in parts:
                columns = zip(*_turned(rows, turns), strict=True)
                arrays = [pyarrow.array(one, kind) for one, kind in zip(columns, schema.types, strict=True)]
                writer.write_batch(pyarrow.record_batch(arrays, schema=schema))
                count += len(rows)
        return count

    return write


Turns: TypeAlias = Sequence[tuple[int, Callable[[Any], Any]]]


def _turns(table: Table, of: Mapping[str, Callable[[Any], Any]]) -> Turns:
    """Which columns are said in another way than SQLite does, and how."""
    return [(place, of[one.kind]) for place, one in enumerate(table.columns) if one.kind in of]


def _turned(rows: Sequence[tuple[Any, ...]], turns: Turns) -> Iterator[list[Any]]:
    for row in rows:
        values = list(row)
        for place, turn in turns:
            values[place] = None if row[place] is None else turn(row[place])
        yield values


def _iso(utc: float) -> str:
    whole = isinstance(utc, int)
    told = datetime.fromtimestamp(utc, UTC).isoformat(timespec="seconds" if whole else "milliseconds")
    return told.replace("+00:00", "Z")


def _word(value: int) -> str:
    return "true" if value else "false"


def _microseconds(utc: float) -> int:
    return round(utc * 1_000_000)
