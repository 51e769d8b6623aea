"""What the timeline keeps: a row each. ``utc`` in whole seconds since 1970, unless it says otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from streamer.occurrences import Alert, Mark, PastMoment
from streamer.states import CameraState
from streamer.types import GroupMood, RoomSigns


@dataclass(frozen=True, slots=True)
class RunBegan:
    """A start of the program: ``run`` is random; ``models`` with their engines; ``settings``: the configuration without
    its secrets, as JSON; ``notice``: what the people seen were told."""

    run: str
    utc: int
    purpose: str
    program: str
    models: str
    settings: str
    notice: str


@dataclass(frozen=True, slots=True)
class RunEnded:
    run: str
    utc: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Second:
    """A room in one second, as it was published. Both None: nobody there, or too few. ``paused``: the analysis was
    off."""

    room: str
    utc: int
    run: str
    mood: GroupMood | None
    signs: RoomSigns | None = None
    paused: bool = False


@dataclass(frozen=True, slots=True)
class PersonSecond:
    """A tracked person in one second, where the purpose allows it; ``person`` is random and new in every run."""

    room: str
    utc: int
    person: str
    label: str
    confidence: float
    valence: float | None
    quality: float


@dataclass(frozen=True, slots=True)
class CameraChange:
    source: str
    room: str
    utc: int
    state: CameraState
    reason: str = ""


Row: TypeAlias = RunBegan | RunEnded | Second | PersonSecond | CameraChange | PastMoment | Alert | Mark
