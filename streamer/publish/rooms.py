"""The rooms that are published, and how well their people are hidden among each other."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Protocol

from streamer.aggregate import Aggregate, AggregateRules
from streamer.emotions import CIRCUMPLEX, LABELS

POINTS = tuple(CIRCUMPLEX[label] for label in LABELS)


class Votes(Protocol):
    """Who votes in a room's mood: a ``RoomMood``. Asked in the thread of the analysis."""

    def members(self) -> Collection[tuple[str, int]]: ...

    def left_out(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class PublishedRoom:
    """``votes`` of the mood that its sources share; ``least`` people for any number; ``smoothing``: that mood's time
    constant in seconds; ``correction``: whether the model's known mistakes are taken out. ``overlap``: several cameras
    may see the same people."""

    name: str
    sources: tuple[str, ...]
    votes: Votes
    least: int = 5
    smoothing: float = 5.0
    correction: bool = True
    overlap: bool = True

    @property
    def doubled(self) -> int:
        """How often a person may count."""
        return len(self.sources) if self.overlap else 1


def rules_of(room: PublishedRoom) -> AggregateRules:
    """How the room's people are hidden, also for its signs.

    Raises:
        ConfigError: see AggregateRules.
    """
    return AggregateRules(least=room.least, tau=room.smoothing, double=room.doubled)


def aggregate_of(room: PublishedRoom, lasting: bytes | None = None) -> Aggregate:
    """``lasting``: the key of the noise that is the same in every run; without one it is new."""
    return Aggregate(room.name, rules_of(room), points=POINTS, lasting=lasting)


def overlap_warning(room: PublishedRoom) -> str:
    """What is to be said of a room with several cameras; '' where there is nothing."""
    if room.doubled < 2:
        return ""
    count, faces = len(room.sources), (room.least - 1) * len(room.sources) + 1
    return (
        f"room {room.name} has {count} cameras ({', '.join(room.sources)}): whoever is seen by two of them counts "
        f"twice in its numbers, which are shown from {faces} faces on, {room.least} people for certain; point the "
        "cameras at different people"
    )
