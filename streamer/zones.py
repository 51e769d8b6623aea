"""Parts of a camera's picture that are never looked at: painted over before anything sees them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from functools import partial
from typing import TypeAlias

from streamer.around import Around
from streamer.stages import Source
from streamer.types import Frame, Image

Zone: TypeAlias = tuple[float, float, float, float]
"""x1, y1, x2, y2 as shares of width and height, of the picture as it is shown (a mirrored one mirrored)."""

GREY = 127
"""Of all three channels: one even colour holds nothing that looks like a face."""


class ZonedSource(Around):
    """Every pixel that a zone touches is grey in each frame; a frame is still converted only when its picture is first
    asked for.

    Raises:
        ValueError: a zone is empty or reaches out of the picture.
    """

    def __init__(self, source: Source, zones: Sequence[Zone]) -> None:
        for zone in zones:
            x1, y1, x2, y2 = zone
            if not (0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1):
                raise ValueError(f"a zone is x1, y1, x2, y2 with 0 <= x1 < x2 <= 1 and 0 <= y1 < y2 <= 1, got {zone}")
        super().__init__(source)
        self._zones = tuple(zones)

    def frames(self) -> Iterator[Frame]:
        for frame in self._source.frames():
            image = partial(painted, frame, self._zones)
            yield Frame(frame.source, frame.index, frame.pts, frame.captured, image)


def painted(frame: Frame, zones: Sequence[Zone]) -> Image:
    """A copy of the frame's picture without what lies in the zones."""
    image = frame.image.copy()
    height, width = image.shape[:2]
    for x1, y1, x2, y2 in zones:
        image[math.floor(y1 * height) : math.ceil(y2 * height), math.floor(x1 * width) : math.ceil(x2 * width)] = GREY
    return image
