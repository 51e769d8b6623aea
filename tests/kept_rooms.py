"""Timelines with a past made by hand: some sittings second by second, or a year as it is summed up."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from streamer.occurrences import Alert, identity, mark, past_moment
from streamer.timeline.rows import Row, RunBegan, Second
from streamer.timeline.schema import transaction, writing
from streamer.timeline.storing import Batch
from streamer.types import GroupMood
from tests.page_state import LIVELY

DAY = 86_400
YEAR = 365 * DAY


def keep(path: Path, rows: Iterable[Row]) -> None:
    """Put the rows into the file, at once and in this thread."""
    with closing(writing(path)) as connection, transaction(connection):
        batch = Batch(connection, {})
        for row in rows:
            batch.add(row)
        batch.finish()


def run(utc: int, purpose: str = "audience", name: str = "run") -> RunBegan:
    return RunBegan(name, utc, purpose, "groupmood", "models", "{}", "a notice")


def mood_at(second: float, middle: float = 0.2) -> GroupMood:
    """Waves around ``middle``, with an interval that widens and narrows."""
    valence = middle + 0.15 * math.sin(second / 97) + 0.05 * math.sin(second / 11)
    wide = 0.12 + 0.05 * math.sin(second / 300)
    return replace(LIVELY, valence=valence, interval=(valence - wide, valence + wide), people=10 + 5 * (second > 600))


def sitting(room: str, begin: int, seconds: int, middle: float = 0.2, name: str = "run") -> Iterable[Second]:
    """Each second of it; with a break of too few people from the third to the fourth tenth, and the analysis off from
    the sixth to the seventh."""
    for second in range(seconds):
        part = 10 * second // seconds
        there = part not in (3, 6)
        yield Second(room, begin + second, name, mood_at(second, middle) if there else None, paused=part == 6)


def two_sittings(path: Path, room: str = "Seminar", end: int = 1_763_900_000) -> tuple[int, int]:
    """Keep two of half an hour, a day apart, the later ending at ``end``, with all kinds of what can happen; gives back
    their begins."""
    first, second = end - DAY - 1800, end - 1800
    happened = (
        past_moment(room, second + 1400, 45, 0.35),
        past_moment(room, second + 300, 30, -0.3),
        mark(room, second + 900, "slide 7"),
        Alert(
            identity("alert", 1), room, second + 1600, "low", "valence below −0.40 for 60 s", -0.45, (-0.6, -0.3), 10
        ),
    )
    rows: list[Row] = [run(first), *sitting(room, first, 1800, -0.1), *sitting(room, second, 1800, 0.25), *happened]
    keep(path, rows)
    return first, second


def a_year(path: Path, room: str = "Seminar", end: int = 1_763_899_200) -> int:
    """Keep a year that ends at ``end``, eight hours of each day, as its minutes and hours are summed up, and its last
    hour also second by second; gives back its begin. No row is written by hand: one of them is, and is repeated."""
    end -= end % DAY
    begin = end - YEAR
    keep(path, (run(begin), *sitting(room, begin, 60)))
    with closing(writing(path)) as connection, transaction(connection):
        connection.execute("CREATE TEMP TABLE model AS SELECT * FROM minute")
        names = [str(row[1]) for row in connection.execute("PRAGMA table_info(minute)")]
        summed = {name for name in names if name.endswith("_n") or f"{name}_n" in names} | {
            "known",
            "seconds",
            "paused",
        }
        for table, width in (("minute", 60), ("hour", 3600)):
            places = {"utc": ":at", "first": ":at", "last": ":at + :width - 1"}
            places |= {name: f"{name} * :width / 60" for name in summed}
            columns = ", ".join(places.get(name, name) for name in names)
            insert = f"INSERT OR REPLACE INTO {table} SELECT {columns} FROM model"
            days = (range(day + 8 * 3600, day + 16 * 3600, width) for day in range(begin, end, DAY))
            connection.executemany(insert, ({"at": at, "width": width} for day in days for at in day))
    keep(path, sitting(room, end - 3600, 3600))
    return begin
