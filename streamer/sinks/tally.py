"""Counts a run's results for the summary at its end. Keeps numbers only, and no more of them with time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from streamer.sinks.plain import Unmanaged
from streamer.types import FrameResult, GroupMood, Moment

STEADY = 0.5
"""A track counts as a person once it has been there for this many seconds."""

MOST = 20
"""Moments that are kept: the largest."""


@dataclass(frozen=True, slots=True)
class Totals:
    """``frames`` with a result, over ``seconds`` of media; most ``people`` at once; ``tracks`` that lasted; share of
    the time that each ``labels`` was shown; mean ``valence`` (None: never enough evidence) and the last one; mean
    ``half`` width of its 80 % interval (None: never known); the MOST largest ``moments`` in the order of time, with the
    one that was under way at the end."""

    frames: int
    seconds: float
    people: int
    tracks: int
    labels: tuple[tuple[str, float], ...]
    valence: float | None
    last_valence: float | None
    half: float | None = None
    moments: tuple[Moment, ...] = ()


class Tally(Unmanaged):
    def __init__(self) -> None:
        self._frames = self._people = self._tracks = 0
        self._first = self._last = 0.0
        self._steady: dict[str, frozenset[int]] = {}  # by source, the ids that are there now
        self._labels: Counter[str] = Counter()
        self._valence, self._half = Mean(), Mean()
        self._last_valence: float | None = None
        self._moments: list[Moment] = []
        self._moment: Moment | None = None

    def write(self, result: FrameResult) -> None:
        self._first = result.pts if self._frames == 0 else self._first
        self._frames, self._last = self._frames + 1, result.pts
        self._people = max(self._people, sum(person.track.seen for person in result.people))
        for person in result.people:
            self._labels[person.label] += 1
        self._count_tracks(result)
        self._take_mood(result.mood)

    def _take_mood(self, mood: GroupMood | None) -> None:
        self._last_valence = mood.valence if mood else None
        if mood and mood.valence is not None:
            self._valence.add(mood.valence)
        if mood and mood.interval is not None:
            low, high = mood.interval
            self._half.add((high - low) / 2)
        self._take_moment(mood.moment if mood else None)

    def _take_moment(self, now: Moment | None) -> None:
        """Each moment once, as it was last told; that it is over is told to one source of a room only."""
        before, self._moment = self._moment, now
        if before is not None and (now is None or now.start != before.start):
            self._moments = largest([*self._moments, before])

    def _count_tracks(self, result: FrameResult) -> None:
        """Each id once: it stays among the people from its first second to its last, and is never given again."""
        steady = frozenset(person.track.id for person in result.people if person.track.age >= STEADY)
        self._tracks += len(steady - self._steady.pop(result.source, frozenset()))
        if steady:
            self._steady[result.source] = steady

    def totals(self) -> Totals:
        shown = sum(self._labels.values())
        return Totals(
            frames=self._frames,
            seconds=self._last - self._first,
            people=self._people,
            tracks=self._tracks,
            labels=tuple((label, count / shown) for label, count in self._labels.most_common()),
            valence=self._valence.value,
            last_valence=self._last_valence,
            half=self._half.value,
            moments=self._told(),
        )

    def _told(self) -> tuple[Moment, ...]:
        kept = largest([*self._moments, *([self._moment] if self._moment else [])])
        return tuple(sorted(kept, key=lambda moment: moment.start))


class Mean:
    """The mean of what was added; None before the first."""

    def __init__(self) -> None:
        self._sum, self._count = 0.0, 0

    def add(self, number: float) -> None:
        self._sum += number
        self._count += 1

    @property
    def value(self) -> float | None:
        return self._sum / self._count if self._count else None


def largest(moments: Sequence[Moment]) -> list[Moment]:
    """The MOST whose change is largest, up or down."""
    return sorted(moments, key=lambda moment: -abs(moment.change))[:MOST]
