"""Where a room's number comes from: person by person, before and after the correction, and who was left out; and the
same in numbers of the whole room alone, for all who may not know of single people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from streamer.types import GroupMood, RoomSigns

STILL_FACE = "does not move: a picture?"
"""Why a face that has neither moved nor changed for minutes does not vote."""


@dataclass(frozen=True, slots=True)
class Share:
    """One person's part in a room's numbers: ``weight`` of all 0…1, own valence ``before`` and ``after`` the
    correction (None without a part), seconds since the reading (``age``), ``quality`` 0…1 of the face.

    ``reason`` says why a person who is left out is; the weight that such a person had fades with the meter's time.
    """

    source: str
    track: int
    weight: float
    before: float | None
    after: float | None
    age: float | None
    quality: float
    reason: str


@dataclass(frozen=True, slots=True)
class Explained:
    """A mood at room time ``now``, its valence ``before`` the correction with the 80 % interval (None where the mood
    has no valence), and every person's part in it. The weights sum to 1, or are all 0."""

    now: float
    mood: GroupMood
    before: float | None
    before_interval: tuple[float, float] | None
    shares: tuple[Share, ...]


@dataclass(frozen=True, slots=True)
class Guard:
    """How what is published is kept from telling of single people: ``least`` people, steps of the numbers, ``noise`` as
    the standard deviation of valence that it would have with one person, and seconds of ``smoothing``, for which all
    stands still when somebody comes or goes."""

    least: int
    step: float
    noise: float
    smoothing: float


@dataclass(frozen=True, slots=True)
class Facts:
    """How a room's numbers are made: whether the model's known mistakes are taken out, the meter's time constant in
    seconds, and what keeps them from telling of single people; None: nothing does."""

    correction: bool
    smoothing: float
    guard: Guard | None = None


def together(mood: GroupMood, facts: Facts, left_out: Mapping[str, int]) -> dict[str, Any]:
    """What may be said of a mood as it is published, ready for JSON. With a guard ``left_out`` says only for which
    reasons, not of how many."""
    guard = facts.guard
    more = " or more" if guard else ""
    told: dict[str, Any] = {
        "people": {"seen": f"{mood.people}{more}", "used": f"{mood.used}{more}"},
        "left_out": {reason: "some" if guard else count for reason, count in left_out.items()},
        "not_counted": "faces that are too small, blurred, turned away, not read lately, or still for two minutes "
        "(pictures, avatars)",
        "valence": mood.valence,
        "interval": mood.interval and list(mood.interval),
        "interval_means": "the value of the same faces, read again, lies inside four times in five",
        "correction": "the model's known mistakes are taken out" if facts.correction else "none",
        "smoothing_seconds": facts.smoothing,
        "window_seconds": mood.window,
    }
    return told if guard is None else {**told, "protection": protection(mood, guard)}


def protection(mood: GroupMood, guard: Guard) -> dict[str, Any]:
    """``noise_at_most``: standard deviation of the noise on valence with so many people used."""
    return {
        "least_people": guard.least,
        "counts": "rounded down",
        "steps": guard.step,
        "noise_at_most": round(guard.noise / max(1, mood.used), 3),
        "smoothing_seconds": guard.smoothing,
        "stands_still": f"for {guard.smoothing:g} s when somebody comes or goes",
    }


def signs_together(signs: RoomSigns, least: int) -> dict[str, Any]:
    """The same where no emotion is inferred."""
    return {
        "people": {"seen": f"{signs.people} or more"},
        "shows": "shares of the people of whom it can be told; no emotion is inferred",
        "not_counted": "faces that are too small, blurred, turned away, or still for two minutes (pictures, avatars)",
        "protection": {"least_people": least, "counts": "rounded down"},
    }
