"""A picture that may be written to, and what is laid onto it. Everything is clipped at the picture's edge."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.overlay.colours import Colour
from streamer.types import Box, Image

Mask: TypeAlias = NDArray[np.uint8]
"""Height × width; 0 leaves the ground, 255 covers it."""

SHIFT = 4
"""OpenCV draws at 1/16 pixel with this many fractional bits."""


@dataclass(frozen=True, slots=True, eq=False)
class Stamp:
    """A half-transparent picture, ready to lay down: ground × ``keep`` / 255 + ``add``; both height × width × 3."""

    add: Image
    keep: Image

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.add.shape[1], self.add.shape[0]


def stamp_of(mask: Mask, colour: Colour, opacity: float = 1.0) -> Stamp:
    """One colour through a mask."""
    alpha = np.arange(256) * (opacity / 255)
    add = np.rint(alpha[:, None] * colour).astype(np.uint8)
    keep = np.rint(255 * (1 - alpha)).astype(np.uint8)
    layers = [cv2.LUT(mask, table) for table in (*add.T.copy(), keep)]
    return Stamp(np.asarray(cv2.merge(layers[:3]), np.uint8), np.asarray(cv2.merge(layers[3:] * 3), np.uint8))


def coloured(mask: Mask, row: NDArray[np.uint8]) -> Stamp:
    """A mask in the colours of ``row`` (width × 3), one for each of its columns."""
    add = cv2.multiply(
        np.repeat(mask[..., None], 3, axis=2), np.broadcast_to(row, (*mask.shape, 3)).copy(), scale=1 / 255
    )
    return Stamp(np.asarray(add, np.uint8), np.repeat(255 - mask[..., None], 3, axis=2))


class Canvas:
    """Draws into ``pixels``, height × width × 3 of uint8, in place."""

    def __init__(self, pixels: Image) -> None:
        self.pixels = pixels

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.pixels.shape[1], self.pixels.shape[0]

    def lay(self, stamp: Stamp, x: int, y: int) -> None:
        """The stamp with its top left pixel at x, y."""
        width, height = stamp.size
        left, top, right, bottom = self.clip(x, y, x + width, y + height)
        if right <= left or bottom <= top:
            return
        part = slice(top - y, bottom - y), slice(left - x, right - x)
        ground = self.pixels[top:bottom, left:right]
        cv2.multiply(ground, stamp.keep[part], dst=ground, scale=1 / 255)
        cv2.add(ground, stamp.add[part], dst=ground)

    def frost(self, mask: Mask, x: int, y: int, reach: int) -> None:
        """Blurs the ground under a mask over ``reach`` pixels, so that a busy ground does not fight with the text."""
        height, width = mask.shape
        left, top, right, bottom = self.clip(x, y, x + width, y + height)
        if reach < 2 or right - left < 2 or bottom - top < 2:
            return
        ground = self.pixels[top:bottom, left:right]
        inside = mask[top - y : bottom - y, left - x : right - x] > 127
        cv2.copyTo(cv2.blur(ground, (reach, reach)), inside.astype(np.uint8), ground)

    def dot(self, x: float, y: float, radius: float, colour: Colour) -> None:
        """A filled disc, placed to 1/16 pixel; x, y in the coordinates of ``types`` (0, 0 is a pixel's corner)."""
        center = round((x - 0.5) * 2**SHIFT), round((y - 0.5) * 2**SHIFT)
        cv2.circle(self.pixels, center, round(radius * 2**SHIFT), colour, -1, cv2.LINE_AA, SHIFT)

    def fade(self, box: Box, opacity: float, draw: Callable[[], None]) -> None:
        """Runs ``draw`` and takes back so much of what it did inside the box that ``opacity`` of it stays."""
        left, top, right, bottom = self.clip(*(round(value) for value in (box.x1, box.y1, box.x2, box.y2)))
        if opacity >= 1 or right <= left or bottom <= top:
            draw()
            return
        ground = self.pixels[top:bottom, left:right]
        before = ground.copy()
        draw()
        cv2.addWeighted(ground, opacity, before, 1 - opacity, 0, dst=ground)

    def clip(self, x1: int, y1: int, x2: int, y2: int) -> tuple[int, int, int, int]:
        height, width = self.pixels.shape[:2]
        return max(0, x1), max(0, y1), min(width, x2), min(height, y2)


def layer(width: int, height: int, draw: Callable[[Canvas], None]) -> Stamp:
    """Whatever ``draw`` draws, as one stamp.

    Drawn on black it shows what it adds; the difference to the same on white shows how much of the ground it keeps.
    """
    black = np.zeros((height, width, 3), np.uint8)
    white = np.full((height, width, 3), 255, np.uint8)
    draw(Canvas(black))
    draw(Canvas(white))
    return Stamp(black, np.maximum(white, black) - black)
