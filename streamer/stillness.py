"""Faces that are no people: posters, avatars, pictures on a wall. They neither move nor change for minutes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

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

KEPT = 30.0
"""Seconds after which nothing of a face that is seen no more is remembered."""


@dataclass(frozen=True, slots=True)
class _Anchor:
    """Where a face was, and how it read, when it last moved or changed; ``seen`` last."""

    box: Box
    reading: tuple[float, ...] | None
    since: float
    seen: float


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
            anchor = _Anchor(box, reading, pts, pts)
        self._anchors[key] = replace(anchor, seen=pts)  # last in: the longest unseen stay in front
        self._forget(pts)
        return pts - anchor.since >= STILL

    def _forget(self, pts: float) -> None:
        """Those who were not seen for long, or were before time ran backwards, and all beyond MOST."""
        while self._anchors:
            key, oldest = next(iter(self._anchors.items()))
            if len(self._anchors) <= MOST and 0 <= pts - oldest.seen <= KEPT:
                return
            del self._anchors[key]


def moved(before: Box, now: Box) -> bool:
    side = max(before.width, before.height, 1.0)
    (x1, y1), (x2, y2) = before.center, now.center
    grown = max(now.width, now.height, 1.0) / side
    return math.hypot(x2 - x1, y2 - y1) > MOVED * side or not 1 / (1 + MOVED) <= grown <= 1 + MOVED


def changed(before: tuple[float, ...] | None, now: tuple[float, ...] | None) -> bool:
    if before is None or now is None:
        return before is not now
    return sum(abs(a - b) for a, b in zip(before, now, strict=True)) / 2 > CHANGED
