"""The course as a table: a row for each minute, or for more in a long one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from streamer.paper.blocks import Block, Heading, Picture, Table
from streamer.session_report.gathered import Gathered
from streamer.session_report.local_time import clock, offset
from streamer.session_report.shares_chart import shares_chart
from streamer.session_report.spells import NAMES, NUMBERS, Spell
from streamer.session_report.words import interval, number, people, share
from streamer.timeline.answers import Bucket
from streamer.trends.aggregates import by

WIDTHS: Mapping[int, str] = {
    1: "second", 10: "ten seconds", 60: "minute", 300: "five minutes", 900: "quarter of an hour", 3600: "hour",
}  # fmt: skip

MOST_ROWS = 62

Column = tuple[str, Callable[[Bucket], str], str]
"""Head, text, and the number of the bucket that must be known somewhere for the column to be there."""

MOOD: Sequence[Column] = (
    ("valence", lambda one: number(one.valence), "valence"),
    ("80 % interval", lambda one: interval(one.low, one.high), "low"),
    ("people", lambda one: people(one.people), "people"),
    ("used", lambda one: people(one.used), "used"),
    ("split", lambda one: plain(one.dispersion), "dispersion"),
    ("cohesion", lambda one: number(one.cohesion), "cohesion"),
)
SIGNS: Sequence[Column] = (
    ("smile", lambda one: share(one.smile), "smile"),
    ("frown", lambda one: share(one.frown), "frown"),
    ("nod", lambda one: share(one.nod), "nod"),
    ("shake", lambda one: share(one.shake), "shake"),
    ("facing", lambda one: share(one.facing), "facing"),
    ("people", lambda one: people(one.people), "people"),
)

MEANINGS = {
    "used": "“Used”: people whose faces could be read.",
    "split": "“Split” (dispersion): how far people are apart, 0 for all alike to 1 for a split room.",
    "cohesion": "“Cohesion” (exploratory): whether they move together, −1…+1.",
}


def minutes(found: Gathered) -> Iterator[Block]:
    if not found.known:
        return
    width = width_of(found.length)
    if found.emotions and found.whole.shares is not None:
        yield Heading("Expressions over time")
        says = "Shares of apparent expressions in the room over time, and the mean of each."
        source = "Contempt and disgust, which cannot be told reliably, are “other”."
        yield Picture(shares_chart(found), says, source=source)
    yield Heading(f"By the {WIDTHS[width]}")
    yield table(found, width)


def width_of(seconds: int) -> int:
    """Of a row, in seconds."""
    longer = [width for width in WIDTHS if width > 1]
    if seconds < 300:
        return 10
    return next((width for width in longer[1:] if seconds / width <= MOST_ROWS), longer[-1])


def table(found: Gathered, width: int) -> Table:
    buckets = by(found.course, width, offset(found.begin, found.zone) % 86400)
    columns = [one for one in (MOOD if found.emotions else SIGNS) if any(known(bucket, one[2]) for bucket in buckets)]
    rows = [
        (
            clock(one.utc, found.zone, seconds=width < 60),
            share(one.seconds / inside(found, one)),
            *(text(one) for _, text, _ in columns),
            remark(found.states.spells, one),
        )
        for one in buckets
    ]
    meanings = [meaning for name, meaning in MEANINGS.items() if any(name == head for head, _, _ in columns)]
    source = " ".join(["“Known”: share of the seconds with numbers; means are over those.", *meanings])
    head = ("from", "known", *(name for name, _, _ in columns), "remark")
    if not any(row[-1] for row in rows):
        head, rows = head[:-1], [row[:-1] for row in rows]
    caption = f"The room by the {WIDTHS[width]}; local times."
    left = (len(head) - 1,) if head[-1] == "remark" else ()
    return Table(head, tuple(rows), caption, left=left, source=source)


def inside(found: Gathered, bucket: Bucket) -> int:
    """Seconds of a bucket that lie in the span."""
    return max(1, min(bucket.utc + bucket.width, found.end) - max(bucket.utc, found.begin))


def known(bucket: Bucket, name: str) -> bool:
    return getattr(bucket, name) is not None


def plain(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"


def remark(spells: Sequence[Spell], bucket: Bucket) -> str:
    """What else there was most of, where it is a tenth or more."""
    count: Counter[str] = Counter()
    for spell in spells:
        common = min(spell.end, bucket.utc + bucket.width) - max(spell.begin, bucket.utc)
        if common > 0 and spell.state != NUMBERS:
            count[NAMES[spell.state]] += common
    return next((name for name, seconds in count.most_common(1) if seconds >= bucket.width / 10), "")
