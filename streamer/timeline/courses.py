"""A span of a room as buckets, summed up by SQLite from seconds, minutes or hours: some ten thousand rows at most."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Iterator, Sequence

from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.timeline.answers import Bucket
from streamer.timeline.rollup import WIDTHS, Table, sums
from streamer.timeline.schema import MEANS, SCALE

DAY = 86_400

LADDER = (
    1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800,
    3600, 7200, 10_800, 14_400, 21_600, 28_800, 43_200, DAY,
)  # fmt: skip
"""Widths of buckets in seconds: each divides a day, so that no bucket lies in two."""

LATEST = 253_402_300_800
"""The end of the year 9999: what is later is no time."""

MOST = 100_000
"""Buckets at most, whatever is asked for."""

_COUNTED = ("people", "used", "positive", "negative")
_EMPTY = (0, 0, *(None,) * 5, 0, *(None, 0) * len(MEANS))


def span_of(begin: float, end: float) -> tuple[int, int]:
    """Whole seconds within what is a time at all.

    Raises:
        ConfigError: nothing lies between.
    """
    whole = math.floor(min(max(begin, 0), LATEST)), math.ceil(min(max(end, 0), LATEST))
    if whole[0] >= whole[1]:
        raise ConfigError(f"the span must begin before it ends, got {begin} to {end}")
    return whole


def width_of(begin: int, end: int, most: int) -> int:
    """Seconds of a bucket: the first of LADDER, or then the least number of days, of which ``most`` are enough."""
    for width in LADDER:
        if _count(begin, end, width) <= most:
            return width
    days = max(2, (end - begin) // (most * DAY))
    while _count(begin, end, days * DAY) > most:
        days += 1
    return days * DAY


def course_of(
    connection: sqlite3.Connection, room: int | None, begin: int, end: int, most: int
) -> tuple[int, tuple[Bucket, ...]]:
    """Width and buckets.

    Raises:
        ConfigError: ``most`` below 2.
    """
    if most < 2:
        raise ConfigError(f"at least 2 buckets can be asked for, got {most}")
    width = width_of(begin, end, min(most, MOST))
    table: Table = "hour" if width % WIDTHS["hour"] == 0 else "minute" if width % WIDTHS["minute"] == 0 else "second"
    first, last = begin - begin % width, end + -end % width
    statement = (
        f"SELECT utc - utc % :width AS bucket, {sums(table)} FROM {table} "
        "WHERE room = :room AND utc >= :first AND utc < :last GROUP BY bucket"
    )
    values = {"width": width, "room": room, "first": first, "last": last}
    found = {row[0]: row[1:] for row in connection.execute(statement, values)}
    return width, tuple(_bucket(utc, width, found.get(utc, _EMPTY)) for utc in range(first, last, width))


def _count(begin: int, end: int, width: int) -> int:
    return -(-end // width) - begin // width


def _bucket(utc: int, width: int, row: Sequence[int | None]) -> Bucket:
    """``row``: the columns of ``rollup.sums``."""
    known, seconds, _, _, _, least, most, paused, *rest = row
    mean = dict(_means(rest))
    shares = tuple(mean[label] for label in LABELS)
    return Bucket(
        utc=utc,
        width=width,
        known=known or 0,
        seconds=seconds or 0,
        paused=paused or 0,
        least=None if least is None else least / SCALE,
        most=None if most is None else most / SCALE,
        shares=None if None in shares else tuple(share or 0.0 for share in shares),
        **{name: mean[name] for name in MEANS if name not in LABELS},
    )


def _means(pairs: Sequence[int | None]) -> Iterator[tuple[str, float | None]]:
    for name, total, count in zip(MEANS, pairs[::2], pairs[1::2], strict=True):
        scale = 1 if name in _COUNTED else SCALE
        yield name, total / (count * scale) if total is not None and count else None
