"""Counts a run's results for the summary at its end. Keeps numbers only, and no more of them with time."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from streamer.sinks.plain import Unmanaged
from streamer.types import FrameResult

STEADY = 0.5
"""A track counts as a person once it has been there for this many seconds."""


@dataclass(frozen=True, slots=True)
class Totals:
    """``frames`` with a result, over ``seconds`` of media; most ``people`` at once; ``tracks`` that lasted; share of
    the time that each ``labels`` was shown; mean ``valence`` (None: never enough evidence) and the last one."""

    frames: int
    seconds: float
    people: int
    tracks: int
    labels: tuple[tuple[str, float], ...]
    valence: float | None
    last_valence: float | None


class Tally(Unmanaged):
    def __init__(self) -> None:
        self._frames = self._people = self._tracks = 0
        self._first = self._last = 0.0
        self._steady: dict[str, frozenset[int]] = {}  # by source, the ids that are there now
        self._labels: Counter[str] = Counter()
        self._valence, self._valences = 0.0, 0
        self._last_valence: float | None = None

    def write(self, result: FrameResult) -> None:
        self._first = result.pts if self._frames == 0 else self._first
        self._frames, self._last = self._frames + 1, result.pts
        self._people = max(self._people, sum(person.track.seen for person in result.people))
        for person in result.people:
            self._labels[person.label] += 1
        self._count_tracks(result)
        self._last_valence = result.mood.valence if result.mood else None
        if self._last_valence is not None:
            self._valence += self._last_valence
            self._valences += 1

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
            valence=self._valence / self._valences if self._valences else None,
            last_valence=self._last_valence,
        )
