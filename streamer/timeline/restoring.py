"""Rows out of tables: for each kind the columns that are read and the value they make."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from streamer.emotions import LABELS
from streamer.occurrences import Alert, Mark, Occurrence, PastMoment
from streamer.timeline.rows import CameraChange, PersonSecond, RunBegan, Second
from streamer.timeline.schema import SCALE, SIGN_SHARES
from streamer.types import GroupMood, RoomSigns

Values: TypeAlias = Sequence[Any]
"""As SQLite gives them."""

_MOOD = (
    "people", "used", "valence", "arousal", "low", "high", "dispersion", "cohesion", "coverage", "span",
    "positive", "negative", "polarisation", "together", "trend",
)  # fmt: skip

SECOND = ", ".join(("utc", "run_name", "paused", *_MOOD, *LABELS, "sign_people", *SIGN_SHARES))
PERSON = "utc, person, label, confidence, valence, quality"
CAMERA = "source, utc, state, reason"
OCCURRENCE = "id, utc, kind, seconds, change, rule, value, low, high, people, text"
RUN = "run, utc, purpose, program, models, settings, notice"

_SHARES = 3 + len(_MOOD)
_SIGNS = _SHARES + len(LABELS)


def second(room: str, values: Values) -> Second:
    utc, run, paused = values[:3]
    mood = _mood(values[3:_SHARES], values[_SHARES:_SIGNS])
    return Second(room, utc, run or "", mood, _signs(values[_SIGNS:]), bool(paused))


def person(room: str, values: Values) -> PersonSecond:
    utc, name, label, confidence, valence, quality = values
    return PersonSecond(room, utc, name, label, real(confidence) or 0.0, real(valence), real(quality) or 0.0)


def camera(room: str, values: Values) -> CameraChange:
    source, utc, state, reason = values
    return CameraChange(source, room, utc, state, reason)


def run(values: Values) -> RunBegan:
    return RunBegan(*values)


def occurrence(room: str, values: Values) -> Occurrence:
    identity, utc, kind, seconds, change, rule, value, low, high, people, text = values
    match kind:
        case "moment":
            return PastMoment(identity, room, utc, seconds, change)
        case "alert":
            interval = None if low is None or high is None else (low, high)
            return Alert(identity, room, utc, rule, text, value, interval, people)
        case _:
            return Mark(identity, room, utc, text)


def real(value: int | None) -> float | None:
    """Of ten-thousandths."""
    return None if value is None else value / SCALE


def _mood(values: Values, shares: Values) -> GroupMood | None:
    people, used, valence, arousal, low, high, dispersion, cohesion, coverage, span, *more = values
    if people is None:
        return None
    positive, negative, polarisation, together, trend = more
    return GroupMood(
        people=people,
        used=used,
        valence=real(valence),
        arousal=real(arousal),
        interval=None if low is None or high is None else (low / SCALE, high / SCALE),
        shares=None if None in shares else tuple(share / SCALE for share in shares),
        dispersion=real(dispersion),
        cohesion=real(cohesion),
        coverage=real(coverage) or 0.0,
        window=span or 0.0,
        positive=positive,
        negative=negative,
        polarisation=real(polarisation),
        together=None if together is None else bool(together),
        trend=real(trend),
    )


def _signs(values: Values) -> RoomSigns | None:
    people, *shares = values
    return None if people is None else RoomSigns(people, *map(real, shares))
