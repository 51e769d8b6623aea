"""What the timeline tells: plain values of a span of time. Times are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.occurrences import Occurrence


@dataclass(frozen=True, slots=True)
class Bucket:
    """The seconds from ``utc`` to below ``utc + width``, of which ``known`` were recorded at all, ``paused`` with the
    analysis off, and ``seconds`` had numbers. Means over those with numbers, each weighted equally; ``low`` and
    ``high``: means of the interval's ends, which is how sure the meter was, not how far it moved; ``least`` and
    ``most`` valence in it. None where nothing is known. ``shares``: mean of the labels' shares, in the order of
    LABELS."""

    utc: int
    width: int
    known: int
    seconds: int
    people: float | None
    used: float | None
    valence: float | None
    low: float | None
    high: float | None
    least: float | None
    most: float | None
    arousal: float | None
    dispersion: float | None
    cohesion: float | None
    coverage: float | None
    positive: float | None
    negative: float | None
    shares: tuple[float, ...] | None
    smile: float | None = None
    frown: float | None = None
    nod: float | None = None
    shake: float | None = None
    facing: float | None = None
    paused: int = 0


@dataclass(frozen=True, slots=True)
class Sitting:
    """A session of a room: from its first second with anybody in it to its last, no gap of more than ``gap`` seconds
    between. ``seconds`` with numbers, ``people`` at most."""

    room: str
    begin: int
    end: int
    seconds: int
    people: int


@dataclass(frozen=True, slots=True)
class Course:
    """A room over a span: its buckets, oldest first, and what happened."""

    room: str
    begin: int
    end: int
    width: int
    buckets: tuple[Bucket, ...]
    occurrences: tuple[Occurrence, ...]
