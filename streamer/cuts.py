"""Notices that a picture shows something else than the one before it: a hard cut, a new layout of a meeting's gallery.

Both pictures are made small and grey, and freed of brightness and contrast, so that a lamp is no cut. A cut is where
most of the picture differs, by blocks (J. S. Boreczky and L. A. Rowe, "Comparison of video shot boundary detection
techniques", Journal of Electronic Imaging 5(2), 1996, compare such measures), and no shift of the whole explains it (a
camera that turns; phase correlation after C. D. Kuglin and D. C. Hines, 1975).
"""

from __future__ import annotations

from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.types import Image

Small: TypeAlias = NDArray[np.float32]
"""(HEIGHT, WIDTH), grey."""

WIDTH, HEIGHT = 64, 36
ACROSS, DOWN = 8, 6
"""Pixels of a small picture, and blocks in it."""

FAR = 0.6
"""Mean difference of two pictures, in standard deviations of their brightness, from which they may be a cut."""

CHANGED = 0.55
"""Share of the blocks that must differ."""

ALIKE = 0.5
"""Correlation from which two blocks show the same."""

NOISE = 4.0
"""Grey levels: what varies by less counts as plain."""

MOVED = 0.6
"""Share of the difference that is left, at most, where a shift explains it."""

LEAST_OVERLAP = 0.3
"""Share of the picture that must be left after a shift."""

LATE = 1.0
"""Seconds between two pictures after which nothing is said of them: people end by themselves then."""


class Cuts:
    """The pictures of one camera, in their order."""

    def __init__(self) -> None:
        self._before: Small | None = None
        self._shape: tuple[int, ...] = ()
        self._pts = 0.0
        self._window = cv2.createHanningWindow((WIDTH, HEIGHT), cv2.CV_32F)

    def cut(self, image: Image, pts: float) -> bool:
        """Whether this picture, seen at ``pts`` seconds, is another one than the last; False for the first. A picture
        of another size is another one."""
        now, before, shape = small(image), self._before, self._shape
        near = 0 <= pts - self._pts <= LATE
        self._before, self._shape, self._pts = now, image.shape, pts
        if before is None or not near:
            return False
        return shape != image.shape or self._differ(before, now)

    def _differ(self, before: Small, now: Small) -> bool:
        far = distance(before, now)
        if far < FAR or changed(before, now) < CHANGED:
            return False
        (x, y), _ = cv2.phaseCorrelate(before.copy(), now.copy(), self._window)  # it writes into what it is given
        return shifted(before, now, round(x), round(y)) > MOVED * far


def small(image: Image) -> Small:
    """Of every few pixels one, so that a large picture costs no more than a small one, then means of these."""
    height, width = image.shape[:2]
    step = max(1, min(width // (3 * WIDTH), height // (3 * HEIGHT)))
    some = np.ascontiguousarray(image[step // 2 :: step, step // 2 :: step])
    grey = cv2.cvtColor(some, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA), np.float32)


def distance(one: Small, other: Small) -> float:
    """0…2 or so: mean absolute difference of the two, each less its mean and by its own spread."""
    return float(np.abs(even(one) - even(other)).mean())


def even(picture: Small) -> Small:
    return np.asarray((picture - picture.mean()) / (picture.std() + NOISE), np.float32)


def changed(one: Small, other: Small) -> float:
    """0…1: share of the blocks that do not show the same. Two plain blocks do."""
    first, second = blocks(one), blocks(other)
    spread = np.maximum(first.std(axis=1), second.std(axis=1))
    alike = (first * second).mean(axis=1) / (first.std(axis=1) * second.std(axis=1) + NOISE)
    return float(((alike < ALIKE) & (spread > NOISE)).mean())


def blocks(picture: Small) -> Small:
    """(blocks, pixels), each less its mean."""
    rows = picture.reshape(DOWN, HEIGHT // DOWN, ACROSS, WIDTH // ACROSS).swapaxes(1, 2).reshape(DOWN * ACROSS, -1)
    return np.asarray(rows - rows.mean(axis=1, keepdims=True), np.float32)


def shifted(before: Small, now: Small, x: int, y: int) -> float:
    """The distance of what both show if ``now`` is ``before`` moved by (x, y); infinite where that is too little."""
    wide, high = WIDTH - abs(x), HEIGHT - abs(y)
    if wide <= 0 or high <= 0 or wide * high < LEAST_OVERLAP * WIDTH * HEIGHT:
        return float("inf")
    here = now[max(0, y) : max(0, y) + high, max(0, x) : max(0, x) + wide]
    there = before[max(0, -y) : max(0, -y) + high, max(0, -x) : max(0, -x) + wide]
    return distance(there, here)
