"""What is remembered of each tracked face: for how long, and how much at most."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Generic, Protocol, TypeVar

from streamer.types import Emotion, Person, Track

SESSION_GAP = 10.0
"""Seconds without a frame after which the people are new people."""

KEPT = 5.0
"""Seconds for which a track that is no longer among the tracks is remembered, for it may come back under its id."""

MOST_KEPT = 256
"""Tracks remembered at most beyond those of now."""


class Face(Protocol):
    """What is known of one tracked face. ``shown``: pts at which it was last a person."""

    shown: float

    @property
    def doubtful(self) -> bool: ...

    def judge(self, quality: float, pts: float) -> None: ...

    def read(self, reading: Emotion) -> None: ...

    def fresh(self, pts: float) -> bool: ...

    def calibrate(self) -> None: ...

    def person(self, track: Track, pts: float) -> Person: ...


F = TypeVar("F", bound=Face)


class Known(Generic[F]):
    """The faces of one camera by track id; ``make`` begins one."""

    def __init__(self, make: Callable[[], F]) -> None:
        self._make = make
        self._faces: dict[int, F] = {}
        self._now: float | None = None

    def update(
        self, tracks: Sequence[Track], readings: Mapping[int, Emotion], qualities: Mapping[int, float], pts: float
    ) -> tuple[Person, ...]:
        """One person for each track, in the same order.

        ``readings``: this frame's new classifications by track id; ``qualities``: of the faces judged now, 0…1.
        """
        if self._now is not None and not 0 <= pts - self._now <= SESSION_GAP:
            self._faces.clear()
        self._now = pts
        people = []
        for track in tracks:
            face = self._faces.pop(track.id, None) or self._make()
            self._faces[track.id] = face  # last in, so the longest unseen stay in front
            if track.id in qualities:
                face.judge(qualities[track.id], pts)
            if track.id in readings:
                face.read(readings[track.id])
            people.append(face.person(track, pts))
        self._forget(len(tracks), pts)
        return tuple(people)

    def calibrate(self) -> None:
        """Take what each face reads as now for that person's resting face; faces without a fresh reading stay."""
        for face in self._faces.values():
            if self._now is not None and face.fresh(self._now):
                face.calibrate()

    def doubtful(self, track_id: int) -> bool:
        """Whether reading this face sooner may help."""
        face = self._faces.get(track_id)
        return face is not None and face.doubtful

    def _forget(self, present: int, pts: float) -> None:
        """Drop tracks gone for KEPT seconds, and the longest gone beyond MOST_KEPT."""
        gone = len(self._faces) - present
        for track_id, face in list(self._faces.items())[: max(0, gone)]:
            if gone <= MOST_KEPT and pts - face.shown < KEPT:
                return
            del self._faces[track_id]
            gone -= 1
