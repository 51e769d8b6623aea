"""Where something that belongs into a corner lies so that it covers no face, and does not wander."""

from __future__ import annotations

from collections.abc import Sequence

from streamer.overlay.easing import Eased
from streamer.overlay.scale import Scale
from streamer.types import Box

HOMECOMING = 3.0
"""Seconds a better place must have been free before it is taken again."""

FAINT = 0.22
"""Opacity where every place has a face under it."""


class Berth:
    """Remembers which of a few places is taken. Places are given best first, the same number each time."""

    def __init__(self) -> None:
        self._place = 0
        self._free_since: float | None = None
        self._pts: float | None = None
        self._opacity = Eased()

    def choose(self, places: Sequence[Box], faces: Sequence[Box], pts: float) -> tuple[Box, float]:
        """The place to take and the opacity, 0…1, to draw there; appears gently wherever it moves to."""
        seconds = 0.0 if self._pts is None else pts - self._pts
        first, self._pts = self._pts is None, pts
        covered = [sum(place.overlap(face) for face in faces) for place in places]
        wanted = self._wanted(covered, pts)
        if wanted != self._place and not first:
            self._opacity.value = 0.0
        self._place = wanted
        opacity = self._opacity.step(FAINT if covered[wanted] > 0 else 1.0, seconds)
        return places[wanted], 1.0 if opacity is None else opacity

    def _wanted(self, covered: Sequence[float], pts: float) -> int:
        stay = min(self._place, len(covered) - 1)
        best = next((i for i, area in enumerate(covered) if area == 0), None)
        if best is None:
            self._free_since = None
            least = min(range(len(covered)), key=lambda i: covered[i])
            return least if covered[least] < 0.5 * covered[stay] else stay
        if covered[stay] > 0:
            self._free_since = None
            return best
        if best >= stay:
            self._free_since = None
            return stay
        self._free_since = pts if self._free_since is None else self._free_since
        return best if pts - self._free_since >= HOMECOMING else stay


def corners(scale: Scale, size: tuple[int, int], taken: Sequence[Box]) -> list[Box]:
    """The picture's corners for a card of ``size``, best first; beside what is ``taken``."""
    width, height = size
    margin, right = scale.margin, scale.width - scale.margin - width
    top, bottom = margin, scale.height - margin - height
    places = []
    for x, y in ((margin, bottom), (right, bottom), (margin, top), (right, top)):
        place = Box(x, y, x + width, y + height)
        hit = [part for part in taken if part.overlap(place) > 0]
        if y == top:
            y = round(max((part.y2 + scale.gap for part in hit), default=y))
        else:
            y = round(min((part.y1 - scale.gap - height for part in hit), default=y))
        places.append(Box(x, y, x + width, y + height))
    return places
