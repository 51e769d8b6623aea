"""``groupmood report``: a sitting of a room on paper."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from rich.markup import escape

from streamer.commands.places import places
from streamer.commands.terminal import console, escaped
from streamer.commands.timeline import local, note, seconds_of
from streamer.errors import ConfigError, SinkError, did_you_mean
from streamer.paper.blocks import Paper
from streamer.reporting import drawn_up
from streamer.timeline.reader import TimelineReader

KINDS = (".html", ".pdf")


@dataclass(frozen=True, slots=True)
class Wanted:
    """``out`` ends in .html or .pdf. ``sitting``: its number, 1 the first of the room; ``since`` and ``until``: dates
    or times, local where they name no zone. None of these: the last sitting. ``room``: None for the only one."""

    out: Path
    config: Path | None = None
    timeline: Path | None = None
    room: str | None = None
    sitting: int | None = None
    since: str | None = None
    until: str | None = None


def report(wanted: Wanted, environ: Mapping[str, str]) -> int:
    """
    Raises:
        ConfigError: an unknown ending, room or sitting, a date that is none, nothing recorded, no reportlab.
        SinkError: the timeline cannot be read, or the report not be written.
    """
    kind = wanted.out.suffix.lower()
    if kind not in KINDS:
        raise ConfigError(f"a name that ends in {' or '.join(KINDS)} says what is written, got {wanted.out.name!r}")
    where = places(wanted.config, wanted.timeline, environ)
    with TimelineReader(where.timeline) as reader:
        room = room_of(reader, wanted.room)
        begin, end = span_of(reader, room, wanted)
        paper = drawn_up(reader, room, begin, end, None if wanted.config is None else wanted.config.parent)
    write(paper, wanted.out, kind)
    note(where, "exported", kind=f"report {kind.removeprefix('.')}", begin=begin, end=end)
    console.print(f"{escape(escaped(room))}, {local(begin)} to {local(end)}: {escape(escaped(str(wanted.out)))}")
    return 0


def room_of(reader: TimelineReader, room: str | None) -> str:
    """
    Raises:
        ConfigError: it is not there, or none is named and there are several, or none.
    """
    rooms = reader.rooms()
    known = ", ".join(map(repr, rooms))
    if room is None and len(rooms) > 1:
        raise ConfigError(f"the timeline has several rooms, say which with --room: {known}")
    if not rooms:
        raise ConfigError("nothing is kept in this timeline yet")
    if room is not None and room not in rooms:
        raise ConfigError(f"the timeline has no room {room!r}{did_you_mean(room, rooms)}; it has {known}")
    return room or rooms[0]


def span_of(reader: TimelineReader, room: str, wanted: Wanted) -> tuple[int, int]:
    """Begin and end in seconds since 1970.

    Raises:
        ConfigError: a sitting and times are both given, or one that is not there.
    """
    if wanted.since is None and wanted.until is None:
        return sitting_of(reader, room, wanted.sitting)
    if wanted.sitting is not None:
        raise ConfigError("--sitting chooses a time by itself; leave it out, or --from and --to")
    first, last = reader.span(room) or (0, 0)
    begin = first if wanted.since is None else math.floor(seconds_of(wanted.since))
    end = last if wanted.until is None else math.ceil(seconds_of(wanted.until))
    return begin, end


def sitting_of(reader: TimelineReader, room: str, number: int | None) -> tuple[int, int]:
    """
    Raises:
        ConfigError: there is none, or none of this number.
    """
    sittings = reader.sittings(room)
    if not sittings:
        raise ConfigError(f"nobody was seen in {room!r} yet; for a report of an empty room give --from and --to")
    if number is not None and not 1 <= number <= len(sittings):
        raise ConfigError(f"{room!r} has the sittings 1 to {len(sittings)} (the last), got {number}")
    chosen = sittings[-1 if number is None else number - 1]
    return chosen.begin, chosen.end


def write(paper: Paper, out: Path, kind: str) -> None:
    """
    Raises:
        ConfigError: reportlab is not installed. SinkError: it cannot be written.
    """
    if kind == ".pdf":
        from streamer.paper.pdf import pdf

        pdf(paper, out)
        return
    from streamer.paper.html import html

    try:
        out.write_text(html(paper), encoding="utf-8")
    except OSError as error:
        raise SinkError(f"{out} cannot be written: {error.strerror}; name another file") from None
