"""``groupmood timeline info | export`` and ``groupmood purge``."""

from __future__ import annotations

import math
from datetime import datetime
from pathlib import Path

from rich.markup import escape
from rich.table import Table

from streamer.audit import NAME, Audit, Fact
from streamer.commands.places import Places
from streamer.commands.terminal import clock, console, escaped
from streamer.errors import ConfigError, did_you_mean
from streamer.outbox import FILE
from streamer.outbox import purge as purge_outbox
from streamer.timeline.exporting import KINDS, Part, export_table
from streamer.timeline.places import state_dir
from streamer.timeline.purging import Purged
from streamer.timeline.purging import purge as purge_timeline
from streamer.timeline.reader import TimelineReader
from streamer.timeline.tables import WHATS


def info(path: Path) -> int:
    """What is kept, by room: since when, how long there were numbers, in how many sittings, what happened.

    Raises:
        SinkError: no timeline is there, or it cannot be read.
    """
    table = Table(box=None, pad_edge=False, header_style="dim")
    for title in ("room", "from", "to", "with numbers", "sittings", "occurrences"):
        table.add_column(title, no_wrap=True)
    with TimelineReader(path) as reader:
        rooms = reader.rooms()
        for room in rooms:
            table.add_row(*map(escape, line(reader, room)))
    if rooms:
        console.print(table)
    else:
        console.print("nothing is kept yet")
    console.print(f"kept in {escape(escaped(str(path)))}, {size(path.stat().st_size)}", style="dim")
    return 0


def line(reader: TimelineReader, room: str) -> tuple[str, ...]:
    sittings = reader.sittings(room)
    known = sum(sitting.seconds for sitting in sittings)
    happened = len(reader.occurrences(room, 0, math.inf))
    span = reader.span(room)
    began, ended = ("", "") if span is None else (local(span[0]), local(span[1] - 1))
    return escaped(room), began, ended, clock(known), str(len(sittings)), str(happened)


def export(
    where: Places, out: Path, what: str = "seconds", *, room: str | None, since: str | None, until: str | None
) -> int:
    """``out`` ends in .csv, .jsonl or .parquet; ``what``: seconds, people or occurrences; ``since`` and ``until``: a
    date or a time as in ISO 8601, local where it names no zone.

    Raises:
        ConfigError: an unknown ending, room or word, a date that is none. SinkError: as streamer.timeline.exporting.
    """
    kinds = {f".{kind}": kind for kind in KINDS}
    kind = kinds.get(out.suffix.lower())
    if kind is None:
        raise ConfigError(f"a name that ends in {', '.join(kinds)} says what is written, got {out.name!r}")
    for known in WHATS:
        if known == what:
            begin, end = (None if one is None else math.ceil(seconds_of(one)) for one in (since, until))
            rows = export_table(where.timeline, out, kind, Part(known, room, begin, end))
            note(where, "exported", kind=f"{what} {kind}", rows=rows, begin=begin, end=end)
            console.print(f"{escape(escaped(str(out)))}: {counted(rows, 'row')}")
            return 0
    raise ConfigError(f"one of {', '.join(WHATS)} can be exported, got {what!r}{did_you_mean(what, WHATS)}")


def purge(where: Places, *, before: str | None = None, everything: bool = False, room: str | None = None) -> int:
    """Delete what is older than ``before`` (a date or a time, local where it names no zone), or ``everything``, with
    the events of that time that no receiver has got yet.

    Raises:
        ConfigError: neither or both given, a date that is none, an unknown room. SinkError: it cannot be written.
    """
    if everything == (before is not None):
        raise ConfigError("say what is to go: --before DATE, or --all for everything that is kept")
    end = None if before is None else seconds_of(before)
    gone = purge_timeline(where.timeline, end, room)
    note(where, "deleted", rows=gone.rows, before=before, reason="purge")
    console.print(f"deleted: {told(gone)}")
    outbox = where.kept(FILE)
    if outbox is not None and (events := purge_outbox(outbox, room, end)):
        console.print(f"and {counted(events, 'event')} that nobody has got yet")
    if gone.freed:
        console.print(f"the file is smaller by {size(gone.freed)}", style="dim")
    return 0


def note(where: Places, what: str, **facts: Fact) -> None:
    """A line of the audit log, where one is kept: with the timeline, or in the system's state folder."""
    path = where.kept(NAME) or state_dir() / NAME
    if path.exists():
        Audit(path).write(what, **facts)


def told(gone: Purged) -> str:
    """'3600 seconds, 2 occurrences'."""
    parts = (
        (gone.seconds, "second"),
        (gone.people, "second of a person"),
        (gone.occurrences, "occurrence"),
        (gone.cameras, "change of a camera"),
        (gone.runs, "run"),
    )
    return ", ".join(counted(number, word) for number, word in parts if number) or "nothing, none of it was there"


def counted(number: int, word: str) -> str:
    """'1 row', '2 rows', '2 changes of a camera'."""
    first, _, rest = word.partition(" ")
    return f"{number} {first}{'' if number == 1 else 's'}{' ' if rest else ''}{rest}"


def seconds_of(text: str) -> float:
    """Seconds since 1970 of a date or time.

    Raises:
        ConfigError: it is none.
    """
    try:
        return datetime.fromisoformat(text).astimezone().timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise ConfigError(f"expected a date like 2026-01-31, or 2026-01-31T14:30, got {text!r}") from error


def local(utc: int) -> str:
    return datetime.fromtimestamp(utc).astimezone().strftime("%Y-%m-%d %H:%M")


def size(number: int) -> str:
    """'12.3 MB'."""
    return f"{number / 1e6:.1f} MB" if number >= 1e5 else f"{number / 1e3:.1f} kB"
