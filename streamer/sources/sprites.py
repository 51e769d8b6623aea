"""Pictures with soft edges, and how one is laid onto another."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.types import Image

Affine = NDArray[np.float64]
"""(2, 3): sprite pixels to frame pixels."""

STRIPS = 5
"""A sprite is laid down in so many strips, each only as wide as what is in it: a third less to warp for a bust."""

TILT = 0.02
"""The largest turn, in radians, that the strips leave room for."""


@dataclass(frozen=True, slots=True, eq=False)
class Sprite:
    """``pixels`` height × width × 4, uint8: BGR times alpha, alpha. ``anchor`` x, y is what a pose places.
    ``strips`` are top, bottom, left and right of what is not empty, from the top down without a gap."""

    pixels: NDArray[np.uint8]
    anchor: tuple[float, float]
    strips: tuple[tuple[int, int, int, int], ...]

    def covers(self, points: NDArray[np.float64], affine: Affine) -> NDArray[np.float64]:
        """For each of (n, 2) frame points how much the sprite hides of it, 0…1."""
        inverse = cv2.invertAffineTransform(affine)
        columns, rows = np.floor(inverse[:, :2] @ points.T + inverse[:, 2:]).astype(int)
        height, width = self.pixels.shape[:2]
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height)
        alpha = self.pixels[rows.clip(0, height - 1), columns.clip(0, width - 1), 3]
        return np.where(inside, alpha / 255.0, 0.0)

    def blurred(self, sigma: float) -> Sprite:
        soft = cv2.GaussianBlur(self.pixels, (0, 0), sigma, borderType=cv2.BORDER_CONSTANT)
        return made(np.asarray(soft, np.uint8), self.anchor)


def sprite(image: Image, alpha: NDArray[np.float32], scale: float, anchor: tuple[float, float]) -> Sprite:
    """``alpha`` 0…1; ``anchor`` in pixels of the image that is given, before it is scaled."""
    size = (max(2, round(image.shape[1] * scale)), max(2, round(image.shape[0] * scale)))
    filtering = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    small = cv2.resize(image, size, interpolation=filtering).astype(np.float32)
    soft = np.clip(cv2.resize(alpha, size, interpolation=filtering), 0, 1)
    pixels = np.dstack([small * soft[..., None], soft * 255])
    return made((pixels + 0.5).astype(np.uint8), (anchor[0] * scale, anchor[1] * scale))


def made(pixels: NDArray[np.uint8], anchor: tuple[float, float]) -> Sprite:
    height, width = pixels.shape[:2]
    room = math.ceil(TILT * max(width, height)) + 2
    rows = np.linspace(0, height, STRIPS + 1).astype(int)
    rows[0], rows[-1] = -room, height + room
    strips = tuple(strip(pixels, int(top), int(bottom), room) for top, bottom in pairwise(rows))
    return Sprite(pixels, anchor, strips)


def strip(pixels: NDArray[np.uint8], top: int, bottom: int, room: int) -> tuple[int, int, int, int]:
    filled = np.flatnonzero(pixels[max(0, top - room) : bottom + room, :, 3].any(axis=0))
    if not filled.size:
        return top, bottom, 0, 0
    return top, bottom, int(filled[0]) - room, int(filled[-1]) + 1 + room


def placed(at: Sprite, x: float, y: float, scale: float, angle: float, pivot: float) -> Affine:
    """The sprite with its anchor at x, y, enlarged and turned (degrees) about a point ``pivot`` pixels below that."""
    turn = math.radians(angle)
    a, b = scale * math.cos(turn), scale * math.sin(turn)
    ax, ay = at.anchor[0], at.anchor[1] + pivot
    return np.array([[a, -b, x - a * ax + b * ay], [b, a, y + pivot - b * ax - a * ay]])


def paste(canvas: Image, layer: Sprite, affine: Affine) -> None:
    """Lays the sprite over the canvas."""
    height, width = canvas.shape[:2]
    for top, bottom, left, right in layer.strips:
        x1, x2 = affine[0, 0] * np.array([left, right]) + affine[0, 2]
        y1, y2 = affine[1, 1] * np.array([top, bottom]) + affine[1, 2] + affine[1, 0] * layer.anchor[0]
        slant = affine[0, 1] * (top + bottom) / 2
        area = (
            slice(max(0, round(y1)), max(0, min(height, round(y2)))),
            slice(max(0, math.floor(x1 + slant)), max(0, min(width, math.ceil(x2 + slant)))),
        )
        if left < right and area[0].start < area[0].stop and area[1].start < area[1].stop:
            canvas[area] = over(canvas[area], layer, affine - np.array([[0, 0, area[1].start], [0, 0, area[0].start]]))


def over(below: Image, layer: Sprite, affine: Affine) -> Image:
    """Premultiplied "over" (T. Porter, T. Duff, "Compositing digital images", 1984)."""
    size = (below.shape[1], below.shape[0])
    above = cv2.warpAffine(layer.pixels, affine, size, flags=cv2.INTER_LINEAR)
    through = cv2.cvtColor(cv2.bitwise_not(cv2.extractChannel(above, 3)), cv2.COLOR_GRAY2BGR)
    dimmed = cv2.multiply(below, through, scale=1 / 255)
    return np.asarray(cv2.add(dimmed, cv2.cvtColor(above, cv2.COLOR_BGRA2BGR)), np.uint8)
