"""Makes faces unrecognisable before anything else is drawn."""

from __future__ import annotations

import cv2
import numpy as np

from streamer.overlay.canvas import Canvas
from streamer.overlay.shapes import Shapes
from streamer.types import Box

GROWTH = 0.2
"""Of a box's size on each side: ears, hair line and chin tell people apart, too."""

CELLS = 4
"""Mean colours along the shorter side of the veil, whatever its size: with 4, about 3 × 4 means of a face are left, far
below what a person or a network can recognise; everything else is gone, not hidden."""


def veil(canvas: Canvas, shapes: Shapes, box: Box) -> None:
    """Replaces a face by a few mean colours that run into each other, with round corners."""
    grow_x, grow_y = GROWTH * box.width, GROWTH * box.height
    corners = (box.x1 - grow_x, box.y1 - grow_y, box.x2 + grow_x + 0.5, box.y2 + grow_y + 0.5)
    whole = tuple(int(value) for value in corners)
    left, top, right, bottom = part = canvas.clip(*whole)
    width, height = right - left, bottom - top
    if width < 1 or height < 1:
        return
    ground = canvas.pixels[top:bottom, left:right]
    cell = max(2.0, min(width, height) / CELLS)
    grid = max(1, round(width / cell)), max(1, round(height / cell))
    means = cv2.resize(ground, grid, interpolation=cv2.INTER_AREA)
    soft = cv2.resize(means, (width, height), interpolation=cv2.INTER_LINEAR)
    radius = round(0.25 * min(width, height)) if part == whole else 0  # at the edge a round corner would bare a face
    inside = shapes.rounded(width, height, radius) > 0
    cv2.copyTo(soft, inside.astype(np.uint8), ground)
