"""The whole report, chapter by chapter."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.paper.blocks import Block, Heading, Paper, Picture, Table, Text
from streamer.session_report.about import About
from streamer.session_report.coverage import coverage
from streamer.session_report.first_page import facts, first_page, mixed, when
from streamer.session_report.followed import after_marks
from streamer.session_report.gathered import Gathered, gathered
from streamer.session_report.happened import Event, events_of, happened
from streamer.session_report.local_time import clock
from streamer.session_report.made_by import made_by
from streamer.session_report.minutes import minutes
from streamer.session_report.told_people import told_people
from streamer.session_report.trend_chart import trend_chart, width_of
from streamer.session_report.words import level, step
from streamer.timeline.reader import TimelineReader
from streamer.trends.changes import Change, changes
from streamer.trends.words import lasted, percent

FOOT = "Groupmood · visible expressions, never feelings"


def session_report(reader: TimelineReader, room: str, begin: int, end: int, about: About | None = None) -> Paper:
    """What was published of ``room`` from ``begin`` to below ``end``, in seconds since 1970, on paper.

    Raises:
        ConfigError: the span is empty, longer than 25 hours, or nothing was recorded in it.
        SinkError: the timeline cannot be read.
    """
    found = gathered(reader, room, begin, end, about or About())
    what = "the mood of the room" if found.emotions else "smiles, nods and attention"
    foot = FOOT if found.emotions else "Groupmood · visible signs, no emotions"
    return Paper(f"{found.room}: {what}", when(found), tuple(facts(found)), tuple(blocks(found)), foot)


def blocks(found: Gathered) -> Iterator[Block]:
    events, seen = events_of(found), changes(found.told)
    yield from first_page(found, seen)
    if text := mixed(found):
        yield Text(text)
    yield from course(found, events)
    yield from lasting(found, seen)
    yield from happened(found, events)
    yield from after_marks(found, events)
    yield from minutes(found)
    yield from coverage(found)
    yield from made_by(found)
    yield from told_people(found)


def course(found: Gathered, events: tuple[Event, ...]) -> Iterator[Block]:
    if not found.known:
        return
    yield Heading("The room over time")
    what = "Valence with its 80 % interval" if found.emotions else "Shares of the people seen"
    step = lasted(width_of(found.length))
    says = f"{what}, and the number of people, over time; a point for each {step}."
    yield Picture(trend_chart(found, events), says)


def lasting(found: Gathered, seen: tuple[Change, ...]) -> Iterator[Block]:
    """All changes that stayed."""
    if not seen:
        return
    yield Heading("Lasting changes", level=2)
    rows = tuple(
        (
            clock(change.utc, found.zone),
            level(found, change.before),
            level(found, change.after),
            step(found, change.size),
            lasted(change.seconds),
            percent(change.confidence),
        )
        for change in seen
    )
    head = ("from", "before", "after", "change", "lasted", "confidence")
    what = "valence" if found.emotions else "share who smile"
    source = "Confidence: share of courses without any change, as slow as this one, that show less."
    yield Table(head, rows, f"When the {what} changed and stayed changed for a while.", source=source)
