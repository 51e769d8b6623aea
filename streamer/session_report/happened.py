"""Moments, alerts and marks of a report, numbered in the order of time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from streamer.moments import sentence
from streamer.occurrences import Alert, Mark, Occurrence, PastMoment
from streamer.paper.blocks import Block, Heading, Table, Text
from streamer.session_report.gathered import Gathered
from streamer.session_report.local_time import clock
from streamer.types import Moment

Kind: TypeAlias = Literal["moment", "mark", "alert"]

KINDS: tuple[Kind, ...] = ("moment", "mark", "alert")

HAPPENED = "Moments, marks and alerts"

MOST_MOMENTS, MOST_OTHERS = 30, 120
"""Moments that are told, the largest; marks, and alerts, the first ones."""


@dataclass(frozen=True, slots=True)
class Event:
    """An occurrence with the ``number`` that it has in the chart and the table."""

    number: int
    kind: Kind
    one: Occurrence

    @property
    def utc(self) -> float:
        return self.one.utc


def events_of(found: Gathered) -> tuple[Event, ...]:
    """Those that are told, oldest first, numbered from 1."""
    chosen: list[tuple[Kind, Occurrence]] = [("moment", one) for one in largest(found)]
    chosen += [("mark", one) for one in found.marks[:MOST_OTHERS]]
    chosen += [("alert", one) for one in found.alerts[:MOST_OTHERS]]
    chosen.sort(key=lambda pair: (pair[1].utc, KINDS.index(pair[0]), pair[1].id))
    return tuple(Event(number, kind, one) for number, (kind, one) in enumerate(chosen, 1))


def largest(found: Gathered, most: int = MOST_MOMENTS) -> list[PastMoment]:
    """By how much and for how long the room was away from its usual."""
    return sorted(found.moments, key=lambda one: (-abs(one.change) * one.seconds, one.utc))[:most]


def happened(found: Gathered, events: tuple[Event, ...]) -> Iterator[Block]:
    yield Heading(HAPPENED)
    if not events:
        yield Text("There was no moment in which the room was away from its usual, no mark and no alert.")
        return
    said = "Moments: the room was away from what had been usual in it. " if found.moments else ""
    said += "Marks: what somebody wrote down meanwhile. " if found.marks else ""
    said += "Alerts: a rule that had been set beforehand held. " if found.alerts else ""
    seconds = found.length < 600
    rows = tuple(
        (f"{event.number}", clock(event.utc, found.zone, seconds=seconds), event.kind, told(event.one))
        for event in events
    )
    caption = "What happened, in order; the numbers are those of the chart."
    yield Table(("No.", "time", "kind", "what"), rows, caption, left=(1, 2, 3), source=said + left_out(found))


def told(one: Occurrence) -> str:
    if isinstance(one, PastMoment):
        return sentence(Moment(one.utc, one.seconds, one.change, over=True))
    if isinstance(one, Alert):
        return f"{one.rule}: {one.reason}"
    return f"“{one.text}”"


def left_out(found: Gathered) -> str:
    """A sentence of what the table does not tell, '' where it tells all."""
    more = {
        "smaller moments": len(found.moments) - MOST_MOMENTS,
        "later marks": len(found.marks) - MOST_OTHERS,
        "later alerts": len(found.alerts) - MOST_OTHERS,
    }
    parts = [f"{number} {name}" for name, number in more.items() if number > 0]
    return f"Left out: {', '.join(parts)}; the timeline has them." if parts else ""


def number_of(events: tuple[Event, ...], mark: Mark) -> str:
    return next((f"{event.number}" for event in events if event.one.id == mark.id), "")
