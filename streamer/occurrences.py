"""What happens in a room beside its course: a moment that is over, an alert, a mark that somebody made.

Each has an ``id`` made of what it is, so that the same occurrence told twice is known to be one. ``utc`` in seconds
since 1970 is a label for people and other machines, never used to measure how long something took.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class PastMoment:
    """A time in which a room's valence was away from what had been usual; see ``streamer.types.Moment``."""

    id: str
    room: str
    utc: float
    seconds: float
    change: float


@dataclass(frozen=True, slots=True)
class Alert:
    """A rule held: ``rule`` its name, ``reason`` in a sentence, ``value`` with its 80 % interval (None where it has
    none) when it fired, ``people`` seen."""

    id: str
    room: str
    utc: float
    rule: str
    reason: str
    value: float
    interval: tuple[float, float] | None
    people: int


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened outside of the camera's view, told by hand or by another program: "slide 7"."""

    id: str
    room: str
    utc: float
    text: str


Occurrence: TypeAlias = PastMoment | Alert | Mark


def identity(*parts: object) -> str:
    """32 hexadecimal digits that are the same for the same parts: SHA-256, cut."""
    text = "\x1f".join(map(str, parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def past_moment(room: str, utc: float, seconds: float, change: float) -> PastMoment:
    return PastMoment(identity("moment", room, round(utc)), room, utc, seconds, change)


def mark(room: str, utc: float, text: str) -> Mark:
    return Mark(identity("mark", room, round(utc, 3), text), room, utc, text)
