"""What the room did after each mark: after it, and nothing of why."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.paper.blocks import Block, Heading, Table, Text
from streamer.session_report.gathered import Gathered
from streamer.session_report.happened import MOST_OTHERS, Event, number_of
from streamer.session_report.local_time import SHORT, clock
from streamer.session_report.words import LEVEL_WORD, followed, level, step, usual
from streamer.trends.marks import Aftermath, aftermaths
from streamer.trends.words import percent

LONGEST = 48
"""Signs of a mark's text."""


def after_marks(found: Gathered, events: tuple[Event, ...]) -> Iterator[Block]:
    if not found.marks or not found.known:
        return
    what = "valence" if found.emotions else "share of people who smile"
    yield Heading("After the marks", level=2)
    made = aftermaths(found.told, found.marks[:MOST_OTHERS])
    rows = tuple(row(found, events, one) for one in made)
    head = ("No.", "time", "mark", "before", "after", "change", "usual", "by chance", "what is said")
    yield Table(head, rows, f"The {what} after the marks.", left=(1, 2, 8))
    yield Text(
        f"The mean {what} in the minute after each mark, less that of the minute before. Rooms change all the time: "
        f"“usual” is the range within which {LEVEL_WORD} of the other times of this sitting change, and “by chance” "
        "how many of those change as much. What came after a mark did not therefore come from it."
    )


def row(found: Gathered, events: tuple[Event, ...], one: Aftermath) -> tuple[str, ...]:
    def told(value: float | None) -> str:
        return "–" if value is None else level(found, value)

    return (
        number_of(events, one.mark),
        clock(one.mark.utc, found.zone, seconds=found.length < SHORT),
        f"“{shortened(one.mark.text)}”",
        told(one.before),
        told(one.after),
        step(found, None if one.change is None else one.change.value),
        usual(found, one),
        "–" if one.p is None else rounded_up(one.p),
        followed(one),
    )


def shortened(text: str) -> str:
    """Of a mark; the whole of it stands in the table of what happened."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1].rstrip()}…"


def rounded_up(share: float) -> str:
    """Never surer than it is."""
    return percent(min(1.0, share + 0.0099))
