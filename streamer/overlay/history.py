"""What the meter remembers of the room: where values glide, the tail of ten seconds, the trend of a minute."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from streamer.overlay.easing import Eased
from streamer.overlay.held import Held
from streamer.types import GroupMood

TAIL = 10.0
TREND = 60.0

TAIL_STEP, TREND_STEP = 0.25, 0.5
"""Seconds between two remembered points."""

Interval = tuple[float, float]

Camps = tuple[int, int]
"""People whose expression is clearly negative, and clearly positive."""

LEAST = 2
"""Fewer people used for the numbers have no camps: with one, a count would name that person."""


@dataclass(frozen=True, slots=True)
class Point:
    """A remembered place on the circumplex."""

    pts: float
    valence: float
    arousal: float


@dataclass(frozen=True, slots=True)
class Sample:
    """A remembered valence; None where there was none."""

    pts: float
    valence: float | None
    interval: Interval | None


@dataclass(frozen=True, slots=True)
class Shown:
    """What the meter draws now, values on their way. ``people`` and ``used`` None: no data. ``camps`` None: no evidence
    or fewer than LEAST people. ``change`` of valence, −2…2, in a moment that is under way; None: there is none.
    ``least``: as in View."""

    pts: float
    people: int | None = None
    used: int | None = None
    valence: float | None = None
    arousal: float | None = None
    interval: Interval | None = None
    shares: tuple[float, ...] | None = None
    tail: tuple[Point, ...] = ()
    trend: tuple[Sample, ...] = ()
    camps: Camps | None = None
    change: float | None = None
    least: int = 0


class History:
    def __init__(self) -> None:
        self._pts: float | None = None
        self._values = {name: Eased() for name in ("valence", "arousal", "low", "high")}
        self._shares = tuple(Eased() for _ in range(8))
        self._tail: deque[Point] = deque(maxlen=round(TAIL / TAIL_STEP) + 1)
        self._camps = Held[Camps]()
        self._trend: deque[Sample] = deque(maxlen=round(TREND / TREND_STEP) + 1)

    def update(self, mood: GroupMood | None, pts: float) -> Shown:
        """What to draw at ``pts``, which never falls."""
        seconds = 0.0 if self._pts is None else pts - self._pts
        self._pts = pts
        valence, arousal, interval = self._glide(mood, seconds)
        shares = mood.shares if mood else None
        glided = [eased.step(shares[i] if shares else None, seconds) for i, eased in enumerate(self._shares)]
        now = Sample(pts, valence, interval)
        self._remember(now, arousal)
        return Shown(
            pts=pts,
            people=mood.people if mood else None,
            used=mood.used if mood else None,
            valence=valence,
            arousal=arousal,
            interval=interval,
            shares=tuple(share or 0.0 for share in glided) if shares else None,
            tail=tuple(point for point in self._tail if pts - point.pts <= TAIL),
            trend=(*(sample for sample in self._trend if pts - TREND <= sample.pts < pts), now),
            camps=self._camps.step(camps_of(mood), pts),
            change=change_of(mood),
        )

    def _glide(self, mood: GroupMood | None, seconds: float) -> tuple[float | None, float | None, Interval | None]:
        values = self._values
        valence = values["valence"].step(mood.valence if mood else None, seconds)
        arousal = values["arousal"].step(mood.arousal if mood and valence is not None else None, seconds)
        low, high = mood.interval if mood and mood.interval and valence is not None else (None, None)
        low, high = values["low"].step(low, seconds), values["high"].step(high, seconds)
        return valence, arousal, (low, high) if low is not None and high is not None else None

    def _remember(self, now: Sample, arousal: float | None) -> None:
        if not self._trend or now.pts - self._trend[-1].pts >= TREND_STEP:
            self._trend.append(now)
        due = not self._tail or now.pts - self._tail[-1].pts >= TAIL_STEP
        if due and now.valence is not None and arousal is not None:
            self._tail.append(Point(now.pts, now.valence, arousal))


def camps_of(mood: GroupMood | None) -> Camps | None:
    if mood is None or mood.valence is None or mood.used < LEAST or mood.negative is None or mood.positive is None:
        return None
    return mood.negative, mood.positive


def change_of(mood: GroupMood | None) -> float | None:
    """Of the moment that is under way, where somebody is there and the valence is known."""
    if mood is None or not mood.people or mood.valence is None or mood.moment is None or mood.moment.over:
        return None
    return mood.moment.change
