"""Sessions of a room, told apart by the gaps between them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from streamer.errors import ConfigError
from streamer.timeline.answers import Sitting

LEAST = 60
"""Seconds: two people a minute apart within one minute are never told apart."""

_HOURS = "SELECT utc, first, last, people_n, seconds, top FROM hour WHERE room = ? AND first IS NOT NULL ORDER BY utc"
_MINUTES = """SELECT first, last, seconds, top FROM minute
WHERE room = ? AND utc >= ? AND utc < ? + 3600 AND first IS NOT NULL ORDER BY utc"""

Stretch = tuple[int, int, int, int]
"""First and last second with anybody in it, seconds with numbers, people at most."""


def sittings_of(connection: sqlite3.Connection, name: str, room: int | None, gap: int) -> tuple[Sitting, ...]:
    """Oldest first; ``end`` is the second after the last with anybody in it.

    Raises:
        ConfigError: ``gap`` below LEAST.
    """
    if gap < LEAST:
        raise ConfigError(f"gap must be at least {LEAST} seconds, got {gap}")
    found: list[Stretch] = []
    for first, last, seconds, top in _stretches(connection, room, gap):
        if found and first - found[-1][1] <= gap:
            begin, _, before, most = found.pop()
            found.append((begin, last, before + seconds, max(most, top)))
        else:
            found.append((first, last, seconds, top))
    return tuple(Sitting(name, first, last + 1, seconds, top) for first, last, seconds, top in found)


def _stretches(connection: sqlite3.Connection, room: int | None, gap: int) -> Iterator[Stretch]:
    """Without a gap inside: whole hours that cannot have one, because too few of their seconds had nobody, and the
    minutes of the others."""
    for utc, first, last, there, seconds, top in connection.execute(_HOURS, (room,)):
        if last - first + 1 - there < gap:
            yield first, last, seconds, top
        else:
            yield from connection.execute(_MINUTES, (room, utc, utc))
