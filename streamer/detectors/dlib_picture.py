"""A picture as dlib's detectors take it, and the faces in what they give back."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.detectors.margin import share
from streamer.detectors.nms import Candidates
from streamer.types import Image

LARGER = 2.0
"""A picture is enlarged this much at most, as by dlib's own ``upsample`` of 1: both see faces of some 80 pixels."""


def prepared(image: Image, long_side: int, least: int = 1) -> tuple[NDArray[np.uint8], tuple[float, float]]:
    """The picture in RGB with ``long_side`` pixels along its longer side, black to the right and below where it has
    less than ``least`` pixels; and its pixels per frame pixel in x and y."""
    height, width = image.shape[:2]
    ratio = min(long_side / max(height, width), LARGER)
    size = max(1, round(width * ratio)), max(1, round(height * ratio))
    sized = cv2.resize(image, size, interpolation=cv2.INTER_AREA if ratio < 1 else cv2.INTER_LINEAR)
    right, below = max(0, least - size[0]), max(0, least - size[1])
    padded = cv2.copyMakeBorder(sized, 0, below, 0, right, cv2.BORDER_CONSTANT)
    rgb = np.asarray(cv2.cvtColor(padded, cv2.COLOR_BGR2RGB), np.uint8)
    return rgb, (size[0] / width, size[1] / height)


def candidates(found: Iterable[tuple[Any, float]]) -> Candidates:
    """Of dlib's rectangles, whose right and bottom are their last pixels, and the margins that it found them with.

    The scores are the margins' ``share``. There are no landmarks.
    """
    pairs = list(found)
    boxes = [(rect.left(), rect.top(), rect.right() + 1, rect.bottom() + 1) for rect, _ in pairs]
    scores = [share(float(margin)) for _, margin in pairs]
    return Candidates(
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(scores, np.float32),
        np.full((len(pairs), 5, 2), np.nan, np.float32),
    )
