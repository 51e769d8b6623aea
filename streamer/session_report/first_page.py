"""The first page: the answer in plain words, and beside it what it does not say."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.moments import sentence
from streamer.paper.blocks import Block, Bullets, Callout, Figures, Heading, Text
from streamer.session_report.gathered import Gathered
from streamer.session_report.guard import guard_of, guarded
from streamer.session_report.happened import HAPPENED, KINDS, events_of, largest
from streamer.session_report.local_time import clock, day, times
from streamer.session_report.words import (
    average,
    between,
    counted,
    listed,
    movement,
    number,
    of_change,
    people,
    share,
    smiling,
)
from streamer.trends.changes import Change
from streamer.trends.words import lasted
from streamer.types import Moment

STOOD_OUT = 3
"""Moments, and changes, on the first page."""


def when(found: Gathered) -> str:
    return f"{day(found.begin, found.zone)}, {times(found.begin, found.end, found.zone)}"


def facts(found: Gathered) -> Iterator[tuple[str, str]]:
    """The lines below the title."""
    yield "Length", f"{lasted(found.length)}, {lasted(found.known)} of it with numbers"
    purposes = list(dict.fromkeys(run.purpose for run in found.runs if run.purpose))
    yield "Purpose", ", ".join(purposes) or "not recorded"
    made = f"{day(found.about.made, found.zone)}, {clock(found.about.made, found.zone)}"
    yield "Report made", made


def first_page(found: Gathered, changes: tuple[Change, ...]) -> Iterator[Block]:
    yield Heading("In short")
    if not found.known:
        yield Callout(
            "**There are no numbers in this time**, so nothing can be said of the room. Below stands what was recorded "
            "instead."
        )
        return
    yield Figures(tuple(large(found)))
    yield Text(f"{average(found.whole) if found.emotions else smiling(found.whole)} {movement(found, changes)}")
    yield Callout(limits(found))
    yield Bullets(tuple(stood_out(found, changes)))


def large(found: Gathered) -> Iterator[tuple[str, str, str]]:
    whole = found.whole
    if found.emotions:
        below = f"on average; 80 % interval {between(whole)}" if whole.low is not None else "on average"
        yield number(whole.valence), "valence, −1…+1", below
    elif whole.smile is not None:
        yield share(whole.smile), "smile at a time", "on average, of the people seen"
    most = max((one.people or 0 for one in found.course.buckets), default=0)
    yield (
        people(whole.people),
        "person seen" if whole.people == 1 else "people seen",
        f"on average; {people(most)} at most{banded(found)}",
    )
    yield (
        share(found.known / found.length),
        "of the time with numbers",
        f"{lasted(found.known)} of {lasted(found.length)}",
    )
    if found.emotions and whole.coverage is not None:
        yield share(whole.coverage), "of those in the numbers", "on average, of the people seen"


def banded(found: Gathered) -> str:
    return ", rounded down" if guarded(found) else ""


def stood_out(found: Gathered, changes: tuple[Change, ...]) -> Iterator[str]:
    """Changes, the largest moments, what else happened, and how much of the room was seen."""
    yield from (f"Lasting change at {of_change(found, change)}" for change in strongest(changes))
    top = sorted(largest(found, STOOD_OUT), key=lambda one: one.utc)
    for one in top:
        told = sentence(Moment(one.utc, one.seconds, one.change, over=True))
        yield f"Moment at **{clock(one.utc, found.zone, seconds=found.length < 600)}**: {told} away from its usual"
    if not top and found.emotions:
        yield "No moment stood out from what was usual in the room."
    events = events_of(found)
    counts = {kind: sum(event.kind == kind for event in events) for kind in KINDS}
    counts["moment"] = len(found.moments)
    if some := [counted(counts[kind], kind) for kind in KINDS if counts[kind]]:
        yield f"{listed(some)} in all: see “{HAPPENED}”."
    yield seen(found)


def strongest(changes: tuple[Change, ...]) -> list[Change]:
    """The largest, in order of time."""
    return sorted(sorted(changes, key=lambda one: -abs(one.size))[:STOOD_OUT], key=lambda one: one.utc)


def seen(found: Gathered) -> str:
    """How much of the room was seen."""
    told = f"There are numbers for {share(found.known / found.length)} of the time"
    if found.emotions and found.whole.coverage is not None:
        told += f", made of {share(found.whole.coverage)} of the people who were seen"
    return f"{told}; who was never in front of a camera is in none of them."


def limits(found: Gathered) -> str:
    """What must be read beside the numbers."""
    told = (
        "**How to read this.** These are visible, apparent expressions as a camera and a model see them: not what "
        "anybody feels, thinks or means. "
        if found.emotions
        else "**How to read this.** These are counts of what faces and heads visibly do. No emotion is inferred, and "
        "none may be read into them. "
    )
    if found.emotions:
        told += (
            "The interval says how sure the meter is of what these faces show. Expressions differ between people, "
            "cultures and situations. "
        )
    told += "What comes after an event is said to come after it; why it came cannot be seen. "
    nobody = "No number here is of a single person, and none" if guarded(found) else "None of it"
    return f"{told}{guard_of(found)} {nobody} is a verdict on anybody."


def mixed(found: Gathered) -> str:
    """A sentence where the time has moods and signs, '' where not."""
    if not found.mixed:
        return ""
    other = "signs without emotions" if found.emotions else "moods"
    return f"A part of this time was recorded as {other} under another purpose; that part is not in the numbers here."
