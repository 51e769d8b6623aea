"""The meter's small plots, as masks to lay on the card."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.overlay.canvas import SHIFT, Mask
from streamer.overlay.history import TAIL, TREND, Point, Sample
from streamer.types import Box


def clamp(value: float) -> float:
    """Into −1…1."""
    return min(1.0, max(-1.0, value))


def along(box: Box, valence: float, inset: float = 0.0) -> float:
    """x of a valence on a horizontal axis that ends ``inset`` pixels before the box."""
    return box.x1 + inset + (box.width - 2 * inset) * (clamp(valence) + 1) / 2


def upward(box: Box, value: float, inset: float = 0.0) -> float:
    """y of a value −1…1 on a vertical axis that ends ``inset`` pixels before the box."""
    return box.y2 - inset - (box.height - 2 * inset) * (clamp(value) + 1) / 2


def tail_mask(tail: Sequence[Point], pts: float, box: Box, inset: float, line: int) -> Mask:
    """Where the room was in the last TAIL seconds, fading with age; the mask has the box's size."""
    mask = np.zeros((round(box.height), round(box.width)), np.uint8)
    own = Box(0, 0, box.width, box.height)
    places = [fixed(along(own, p.valence, inset), upward(own, p.arousal, inset)) for p in tail]
    for point, start, end in zip(tail[1:], places, places[1:], strict=False):
        strength = 1.0 - min(1.0, (pts - point.pts) / TAIL)
        cv2.line(mask, start, end, (220 * strength,), line, cv2.LINE_AA, SHIFT)
    return mask


def trend_masks(trend: Sequence[Sample], pts: float, box: Box, line: int) -> tuple[Mask, Mask]:
    """The band and the line of the last TREND seconds; each mask has the box's size. Broken where valence is None."""
    band = np.zeros((round(box.height), round(box.width)), np.uint8)
    stroke = np.zeros_like(band)
    inset = line + 1.0

    def curve(run: Sequence[Sample], values: Sequence[float]) -> NDArray[np.int32]:
        age = pts - np.array([sample.pts for sample in run])
        x = (box.width - inset) * (1 - age / TREND)
        y = box.height - inset - (box.height - 2 * inset) * (np.clip(values, -1, 1) + 1) / 2
        places: NDArray[np.float64] = np.rint((np.stack([x, y], axis=1) - 0.5) * 2**SHIFT)
        return places.astype(np.int32)

    for run in runs(trend, lambda sample: sample.interval is not None):
        bounds = [sample.interval for sample in run if sample.interval]
        lower, upper = (curve(run, [bound[side] for bound in bounds]) for side in (0, 1))
        cv2.fillPoly(band, [np.concatenate([lower, upper[::-1]])], (255,), cv2.LINE_AA, SHIFT)
    for run in runs(trend, lambda sample: sample.valence is not None):
        points = curve(run, [sample.valence for sample in run if sample.valence is not None])
        cv2.polylines(stroke, [points], False, (255,), line, cv2.LINE_AA, SHIFT)
    return band, stroke


def runs(trend: Sequence[Sample], holds: Callable[[Sample], bool]) -> Iterator[list[Sample]]:
    """Stretches of at least two samples for which something holds."""
    for there, group in groupby(trend, key=holds):
        run = list(group)
        if there and len(run) > 1:
            yield run


def fixed(x: float, y: float) -> tuple[int, int]:
    """A place, in OpenCV's fixed point, where 0, 0 is the middle of a pixel."""
    return round((x - 0.5) * 2**SHIFT), round((y - 0.5) * 2**SHIFT)
