"""The mood of a room: the people its cameras see, one vote each, smoothed over time.

Each frame: the votes of all sources → their mean and spread → exponential moving averages in time → GroupMood.
The correction for the model's confusion goes between the first two, on the mean of the probabilities; the interval
comes from the same votes, cohesion from their course over time. Until they are there, both are None.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import valence_arousal
from streamer.errors import ConfigError
from streamer.types import GroupMood, Person

Numbers: TypeAlias = NDArray[np.float64]
"""(11,): the shares in the order of LABELS, valence, arousal, dispersion."""

SILENT = 2.0
"""Seconds after which a source that sends nothing counts no more, and after which a room starts anew."""

EMPTY = 1.0
"""Seconds without anybody after which there is no data."""

LEAST_COVERAGE = 0.5
LEAST_EFFECTIVE = 1.5
"""With two or more people seen, less than these is not enough evidence."""


@dataclass(frozen=True, slots=True)
class MoodRules:
    """``tau``: time constant of the meter in seconds. A person votes whose face has at least ``min_quality`` and was
    read no longer ago than ``oldest`` seconds, or ``oldest_unseen`` while the face is only predicted.

    Raises:
        ConfigError: ``tau`` is not above 0, or another value is below 0.
    """

    tau: float = 5.0
    min_quality: float = 0.4
    oldest: float = 5.0
    oldest_unseen: float = 1.0

    def __post_init__(self) -> None:
        if not self.tau > 0:
            raise ConfigError(f"tau must be above 0 seconds, got {self.tau}")
        for name in ("min_quality", "oldest", "oldest_unseen"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} must be 0 or more, got {getattr(self, name)}")


class RoomMood:
    """The mood of one room over one or more sources.

    Room time counts from 0. Each source has a zero of its own, so a source that joins is set to the room's time of
    then by an offset that stays fixed; it joins anew when its own time ran backwards or leapt by more than SILENT.
    Where no other source is there to keep the room's time, the room then starts anew. Of each source its latest
    people count. A face in the view of two cameras counts twice.
    """

    def __init__(self, rules: MoodRules | None = None) -> None:
        self._rules = rules or MoodRules()
        self._seats: dict[str, _Seat] = {}
        self._meter = _Meter(self._rules.tau)
        self._latest: GroupMood | None = None
        self._now = self._occupied = 0.0

    def update(self, source: str, people: Sequence[Person], pts: float) -> GroupMood | None:
        """The room's mood after these people of one of its sources were seen.

        None where nobody has been seen for EMPTY seconds; until then the last numbers stand, with 0 people.
        """
        offset = self._move_on(source, pts)
        votes = tuple(person.emotion.probabilities for person in people if person.emotion and self._votes(person, pts))
        self._seats[source] = _Seat(pts, offset, self._now, len(people), votes)
        self._seats = {name: seat for name, seat in self._seats.items() if self._now - seat.heard <= SILENT}
        seen = sum(seat.people for seat in self._seats.values())
        if seen:
            self._occupied = self._now
            self._latest = self._sum_up(seen, [vote for seat in self._seats.values() for vote in seat.votes])
        elif self._latest is not None and self._now - self._occupied <= EMPTY:
            return replace(self._latest, people=0, used=0, coverage=0.0)
        else:
            self._start_anew()
        return self._latest

    def _move_on(self, source: str, pts: float) -> float:
        """Move room time on to this frame; what is to be added to the source's time for the room's."""
        seat = self._seats.get(source)
        if seat is not None and 0 <= pts - seat.pts <= SILENT:
            self._now = max(self._now, pts + seat.offset)
            return seat.offset
        if not self._seats.keys() - {source}:
            self._start_anew()
        return self._now - pts

    def _start_anew(self) -> None:
        """Let no mood of people who are gone colour that of the next."""
        self._meter = _Meter(self._rules.tau)
        self._latest = None

    def _votes(self, person: Person, pts: float) -> bool:
        """Whether this person's expression is known well enough to count."""
        rules = self._rules
        if person.emotion is None or person.quality < rules.min_quality:
            return False
        return pts - person.emotion.pts <= (rules.oldest if person.track.seen else rules.oldest_unseen)

    def _sum_up(self, seen: int, votes: Sequence[tuple[float, ...]]) -> GroupMood:
        used, coverage = len(votes), len(votes) / seen
        enough = effective_size([1.0] * used) >= LEAST_EFFECTIVE and coverage >= LEAST_COVERAGE
        if not (enough or used == seen == 1):
            return GroupMood(seen, used, None, None, None, None, None, None, coverage, self._meter.window(self._now))
        numbers = self._meter.add(measure(votes), self._now)
        shares = tuple(numbers[:-3].tolist())
        valence, arousal, dispersion = numbers[-3:].tolist()
        window = self._meter.window(self._now)
        return GroupMood(seen, used, valence, arousal, None, shares, dispersion, None, coverage, window)


@dataclass(frozen=True, slots=True)
class _Seat:
    """A source's place in the room: its own time and the room's when it was last heard, people seen, their votes."""

    pts: float
    offset: float
    heard: float
    people: int
    votes: tuple[tuple[float, ...], ...]


class _Meter:
    """Exponential moving averages in time; the first numbers are taken as they are."""

    def __init__(self, tau: float) -> None:
        self._tau = tau
        self._numbers: Numbers | None = None
        self._started = self._moved = 0.0

    def add(self, numbers: Numbers, now: float) -> Numbers:
        """The averages with these numbers: mean + (1 − exp(−elapsed/τ)) (numbers − mean), whatever the frame rate."""
        if self._numbers is None:
            self._numbers, self._started = numbers, now
        else:
            self._numbers = self._numbers - math.expm1((self._moved - now) / self._tau) * (numbers - self._numbers)
        self._moved = now
        return self._numbers

    def window(self, now: float) -> float:
        """Seconds that the numbers speak of: 2 τ, which hold 86 % of the weight, or since the start if that is less."""
        return 0.0 if self._numbers is None else min(2 * self._tau, now - self._started)


def measure(votes: Sequence[Sequence[float]]) -> Numbers:
    """What these people's probabilities say of them together: mean shares, mean valence and arousal, and the
    standard deviation of valence between them (of this population, so 0 for one person)."""
    points = np.array([valence_arousal(vote) for vote in votes])
    valence, arousal = points.mean(axis=0)
    return np.array([*np.mean(votes, axis=0), valence, arousal, points[:, 0].std()])


def effective_size(weights: Sequence[float]) -> float:
    """Kish's effective sample size (Σw)² / Σw²; 0 for none. L. Kish, Survey Sampling, Wiley 1965, section 11.7."""
    squares = sum(weight * weight for weight in weights)
    return sum(weights) ** 2 / squares if squares > 0 else 0.0
