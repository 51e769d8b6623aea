"""Rows into tables, within one transaction."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Mapping

from streamer.emotions import LABELS
from streamer.occurrences import Alert, Mark, Occurrence, PastMoment
from streamer.timeline.rollup import refresh
from streamer.timeline.rows import CameraChange, PersonSecond, Row, RunBegan, RunEnded, Second
from streamer.timeline.schema import NUMBERS, SCALE, SIGN_SHARES, room_id, text
from streamer.types import GroupMood, RoomSigns

COUNTS = ("people", "used", "positive", "negative", "together")

_SECOND = ("room", "utc", "run", "paused", "span", *COUNTS, *NUMBERS, *LABELS, "sign_people", *SIGN_SHARES)
_PUT_SECOND = f"INSERT OR REPLACE INTO second ({', '.join(_SECOND)}) VALUES ({', '.join('?' * len(_SECOND))})"

_NOTHING = (None,) * (1 + len(COUNTS) + len(NUMBERS) + len(LABELS))
_NO_SIGNS = (None,) * (1 + len(SIGN_SHARES))

_BEGIN = """INSERT INTO run (run, utc, purpose, program, models, settings, notice) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (run) DO UPDATE SET utc = excluded.utc, purpose = excluded.purpose, program = excluded.program,
models = excluded.models, settings = excluded.settings, notice = excluded.notice"""


class Batch:
    """The rows of one transaction; ``begun``: the runs of this writer, which are noted again where a purge took them.

    What is known of rooms and runs is asked for anew in each: a purge may have come between.
    """

    def __init__(self, connection: sqlite3.Connection, begun: Mapping[str, RunBegan]) -> None:
        self._connection, self._begun = connection, begun
        self._rooms: dict[str, int] = {}
        self._runs: dict[str, int] = {}
        self._changed: set[tuple[int, int]] = set()

    def add(self, row: Row) -> None:
        """Raises:
        sqlite3.Error, ValueError, OverflowError: it cannot be stored.
        """
        match row:
            case Second():
                self._second(row)
            case PersonSecond():
                self._person(row)
            case CameraChange():
                values = (self._room(row.room), int(row.utc), text(row.source), row.state, text(row.reason))
                self._put("INSERT OR REPLACE INTO camera (room, utc, source, state, reason)", values)
            case RunBegan():
                self._begin(row)
            case RunEnded():
                ended = (int(row.utc), text(row.reason), text(row.run))
                self._connection.execute("UPDATE run SET ended = ?, reason = ? WHERE run = ?", ended)
            case _:
                self._occurrence(row)

    def finish(self) -> None:
        """Sum up what has changed; once, before the end of the transaction."""
        refresh(self._connection, self._changed)

    def _second(self, row: Second) -> None:
        room, utc = self._room(row.room), int(row.utc)
        key = (room, utc, self._run(row.run), int(row.paused))
        self._connection.execute(_PUT_SECOND, (*key, *_mood(row.mood), *_signs(row.signs)))
        self._changed.add((room, utc))

    def _person(self, row: PersonSecond) -> None:
        numbers = (scaled(row.confidence), scaled(row.valence), scaled(row.quality))
        key = (self._room(row.room), int(row.utc), text(row.person))
        self._put("INSERT OR REPLACE INTO person", (*key, text(row.label), *numbers))

    def _begin(self, row: RunBegan) -> None:
        words = (row.purpose, row.program, row.models, row.settings, row.notice)
        self._connection.execute(_BEGIN, (text(row.run), int(row.utc), *map(text, words)))

    def _occurrence(self, row: Occurrence) -> None:
        self._put(
            "INSERT OR REPLACE INTO occurrence (id, room, utc, kind, seconds, change, rule, value, low, high, people, "
            "text)",
            (text(row.id), self._room(row.room), float(row.utc), *_happened(row)),
        )

    def _put(self, insert: str, values: tuple[object, ...]) -> None:
        self._connection.execute(f"{insert} VALUES ({', '.join('?' * len(values))})", values)

    def _room(self, name: str) -> int:
        if name not in self._rooms:
            self._connection.execute("INSERT OR IGNORE INTO room (name) VALUES (?)", (text(name),))
            self._rooms[name] = room_id(self._connection, name) or 0
        return self._rooms[name]

    def _run(self, run: str) -> int:
        if run not in self._runs:
            found = self._run_id(run)
            if found is None and run in self._begun:
                self._begin(self._begun[run])
            elif found is None:
                self._connection.execute("INSERT INTO run (run) VALUES (?)", (text(run),))
            self._runs[run] = found or self._run_id(run) or 0
        return self._runs[run]

    def _run_id(self, run: str) -> int | None:
        found = self._connection.execute("SELECT id FROM run WHERE run = ?", (text(run),)).fetchone()
        return None if found is None else int(found[0])


def scaled(value: float | None) -> int | None:
    """In ten-thousandths; None for what is no number."""
    return None if value is None or not math.isfinite(value) else round(value * SCALE)


def _mood(mood: GroupMood | None) -> tuple[object, ...]:
    """The values from ``span`` to the shares."""
    if mood is None:
        return _NOTHING
    low, high = mood.interval or (None, None)
    numbers = (
        *(mood.valence, low, high, mood.arousal, mood.dispersion, mood.cohesion, mood.coverage),
        *(mood.polarisation, mood.trend),
    )
    together = None if mood.together is None else int(mood.together)
    counts = (mood.people, mood.used, mood.positive, mood.negative, together)
    return (mood.window, *counts, *map(scaled, (*numbers, *(mood.shares or (None,) * len(LABELS)))))


def _signs(signs: RoomSigns | None) -> tuple[object, ...]:
    if signs is None:
        return _NO_SIGNS
    return (signs.people, *map(scaled, (signs.smile, signs.frown, signs.nod, signs.shake, signs.facing)))


def _happened(row: Occurrence) -> tuple[object, ...]:
    """Kind, seconds, change, rule, value, low, high, people, text."""
    match row:
        case PastMoment():
            return ("moment", row.seconds, row.change, None, None, None, None, None, None)
        case Alert():
            interval = row.interval or (None, None)
            return ("alert", None, None, text(row.rule), row.value, *interval, row.people, text(row.reason))
        case Mark():
            return ("mark", None, None, None, None, None, None, None, text(row.text))
