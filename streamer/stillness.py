"""Faces that are no people: posters, avatars, pictures on a wall. They neither move nor change for minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from streamer.types import Box, Person

STILL = 120.0
"""Seconds after which a face that has neither moved nor changed is taken for a picture."""

MOVED = 0.08
"""Of the face's side: how far it must go, or by what factor grow or shrink, to have moved. A detector's box of a
picture trembles by less, and nobody sits that still for minutes."""

CHANGED = 0.1
"""By how much its reading must differ (total variation, 0…1) to have changed."""

MOST = 512
"""Faces remembered at most."""


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Where a face was, and how it read, when it last moved or changed."""

    box: Box
    reading: tuple[float, ...] | None
    since: float


class Stillness:
    """The faces of one source."""

    def __init__(self) -> None:
        self._anchors: dict[int, _Anchor] = {}

    def still(self, person: Person, pts: float) -> bool:
        """Whether this face has neither moved nor changed for STILL seconds; call it for each frame."""
        key, box = person.track.id, person.track.face.box
        reading = person.emotion.probabilities if person.emotion else None
        anchor = self._anchors.pop(key, None)
        if anchor is None or pts < anchor.since or moved(anchor.box, box) or changed(anchor.reading, reading):
            anchor = _Anchor(box, reading, pts)
        self._anchors[key] = anchor  # last in: the longest unseen stay in front
        if len(self._anchors) > MOST:
            del self._anchors[next(iter(self._anchors))]
        return pts - anchor.since >= STILL


def moved(before: Box, now: Box) -> bool:
    side = max(before.width, before.height, 1.0)
    (x1, y1), (x2, y2) = before.center, now.center
    grown = max(now.width, now.height, 1.0) / side
    return math.hypot(x2 - x1, y2 - y1) > MOVED * side or not 1 / (1 + MOVED) <= grown <= 1 + MOVED


def changed(before: tuple[float, ...] | None, now: tuple[float, ...] | None) -> bool:
    if before is None or now is None:
        return before is not now
    return sum(abs(a - b) for a, b in zip(before, now, strict=True)) / 2 > CHANGED
