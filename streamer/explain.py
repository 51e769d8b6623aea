"""Where a room's number comes from: person by person, before and after the correction, and who was left out."""

from __future__ import annotations

from dataclasses import dataclass

from streamer.types import GroupMood


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
