"""Antialiased shapes as masks and stamps, made once for each size."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from streamer.overlay.canvas import Canvas, Mask, Stamp, layer, stamp_of
from streamer.overlay.colours import BLACK, PLATE, Colour
from streamer.overlay.recent import Recent

FINE = 4
"""Shapes are drawn this many times larger and shrunk: the cheapest good antialiasing."""

HALO = 0.5
"""How dark the rim around a coloured line is: it keeps a yellow line visible on a white wall."""


@dataclass(frozen=True, slots=True)
class Corner:
    """The top left corner of an outline. ``arm`` its length, ``line`` its thickness; pixels."""

    arm: int
    line: int
    radius: int
    dashed: bool


class Shapes:
    def __init__(self) -> None:
        self._masks: Recent[Mask] = Recent(96)
        self._stamps: Recent[Stamp] = Recent(256)

    def rounded(self, width: int, height: int, radius: int) -> Mask:
        """A filled rectangle with round corners."""
        return self._masks.get((width, height, radius), lambda: rounded(width, height, radius))

    def plate(self, width: int, height: int, radius: int) -> Stamp:
        """The dark ground under text."""
        key = ("plate", width, height, radius)
        return self._stamps.get(key, lambda: stamp_of(self.rounded(width, height, radius), BLACK, PLATE))

    def bar(self, width: int, height: int, colour: Colour, opacity: float = 1.0, radius: int | None = None) -> Stamp:
        """A pill, or a rectangle with round corners; opacity in steps of 1/20, so that few are made."""
        step, radius = round(opacity * 20), height // 2 if radius is None else radius
        key = ("bar", width, height, colour, step, radius)
        return self._stamps.get(key, lambda: stamp_of(rounded(width, height, radius), colour, step / 20))

    def corners(self, corner: Corner, colour: Colour, opacity: float) -> tuple[Stamp, Stamp, Stamp, Stamp]:
        """Top left, top right, bottom left, bottom right."""
        step = round(opacity * 20)
        key = (corner, colour, step)

        def turned(across: int, down: int) -> Stamp:
            first = self._stamps.get((*key, 1, 1), lambda: corner_stamp(corner, colour, step / 20))
            return self._stamps.get((*key, across, down), lambda: flipped(first, across, down))

        return turned(1, 1), turned(-1, 1), turned(1, -1), turned(-1, -1)


def lay_plate(canvas: Canvas, shapes: Shapes, stamp: Stamp, at: tuple[int, int], look: tuple[int, int]) -> None:
    """A plate's picture on frosted ground; ``look`` = radius of its corners and reach of the blur."""
    radius, frost = look
    canvas.frost(shapes.rounded(*stamp.size, radius), *at, frost)
    canvas.lay(stamp, *at)


def rounded(width: int, height: int, radius: int) -> Mask:
    width, height = max(1, width), max(1, height)
    radius = max(0, min(radius, width // 2, height // 2))
    mask = np.full((height, width), 255, np.uint8)
    if radius == 0:
        return mask
    quarter = np.zeros((radius * FINE, radius * FINE), np.uint8)
    cv2.circle(quarter, (radius * FINE, radius * FINE), radius * FINE, (255,), -1)
    small = np.asarray(cv2.resize(quarter, (radius, radius), interpolation=cv2.INTER_AREA), np.uint8)
    mask[:radius, :radius], mask[:radius, -radius:] = small, small[:, ::-1]
    mask[-radius:, :radius], mask[-radius:, -radius:] = small[::-1], small[::-1, ::-1]
    return mask


def corner_stamp(corner: Corner, colour: Colour, opacity: float) -> Stamp:
    rim = max(1, corner.line // 2)
    line = corner_mask(corner, corner.line, rim)
    halo = corner_mask(corner, corner.line + 2 * rim, rim)
    side = line.shape[0]

    def draw(canvas: Canvas) -> None:
        canvas.lay(stamp_of(halo, BLACK, HALO * opacity), 0, 0)
        canvas.lay(stamp_of(line, colour, opacity), 0, 0)

    return layer(side, side, draw)


def corner_mask(corner: Corner, thickness: int, rim: int) -> Mask:
    """An arm to the right, an arm down and a quarter circle between, ``rim`` pixels off the mask's edge."""
    side = corner.arm + corner.line + 2 * rim
    start = round((rim + corner.line / 2) * FINE)
    radius = min(corner.radius, corner.arm) * FINE
    large = np.zeros((side * FINE, side * FINE), np.uint8)
    ends = dashes(corner.arm * FINE, radius, corner.line * FINE) if corner.dashed else [(radius, corner.arm * FINE)]
    width = thickness * FINE
    low, high = start - width // 2, start - width // 2 + width
    for first, last in ends:
        large[low:high, start + first : start + last] = 255
        large[start + first : start + last, low:high] = 255
    center = (start + radius, start + radius)
    cv2.ellipse(large, center, (radius, radius), 0, 180, 270, (255,), width)
    return np.asarray(cv2.resize(large, (side, side), interpolation=cv2.INTER_AREA), np.uint8)


def dashes(length: int, start: int, line: int) -> list[tuple[int, int]]:
    """Where the dashes of an arm begin and end: as long as three thicknesses, as far apart as two and a half."""
    step = round(5.5 * line)
    return [(at, min(length, at + 3 * line)) for at in range(start + round(2.5 * line), length, step)]


def flipped(stamp: Stamp, across: int, down: int) -> Stamp:
    return Stamp(
        np.ascontiguousarray(stamp.add[::down, ::across]),
        np.ascontiguousarray(stamp.keep[::down, ::across]),
    )
