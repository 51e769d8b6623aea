"""What a chip is, from its definition, slowly; and the cases that every way of cutting one is held to.

A chip's pixel is the mean of ``times`` × ``times`` points, evenly spaced over its square of the frame, each
interpolated between the four pixel centres around it; the frame's edge repeats beyond it. No rounding.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.types import Image

SIDE = 48
LUMA = (0.114, 0.587, 0.299)
"""ITU-R BT.601, of blue, green and red."""

Exact = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """``affine`` (2, 3) maps pixel centres of the chip to those of the image."""

    image: Image
    affine: Exact


def golden(case: Case, side: int = SIDE, *, smooth: bool = True) -> Exact:
    """The chip (side, side, 3), BGR, 0…255."""
    linear, origin = case.affine[:, :2], case.affine[:, 2]
    times = math.ceil(math.hypot(*linear[:, 0])) if smooth else 1
    within = (np.arange(side * times) + 0.5) / times - 0.5  # the points' places in pixels of the chip
    x, y = np.meshgrid(within, within)
    points = np.stack([x, y], 2) @ linear.T + origin
    fine = interpolated(case.image, points[..., 0], points[..., 1])
    chip: Exact = fine.reshape(side, times, side, times, 3).mean(axis=(1, 3))
    return chip


def interpolated(image: Image, x: Exact, y: Exact) -> Exact:
    height, width = image.shape[:2]
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, top = np.floor(x).astype(int), np.floor(y).astype(int)
    right, bottom = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1)
    across, down = (x - left)[..., None], (y - top)[..., None]
    upper = image[top, left] * (1 - across) + image[top, right] * across
    lower = image[bottom, left] * (1 - across) + image[bottom, right] * across
    exact: Exact = upper * (1 - down) + lower * down
    return exact


def tolerance(image: Image) -> float:
    """How far from the golden chip, in grey levels, arithmetic as OpenCV's may be.

    It places a point at the nearest 1/32 pixel, up to 1/64 off, after it rounded each of two summands to 1/1024: in
    each direction that moves the value by no more than the steepest step between two pixels times that. Each point
    and then their mean are rounded, by ½ each.
    """
    return (steepest(image[1:], image[:-1]) + steepest(image[:, 1:], image[:, :-1])) * (1 / 64 + 1 / 1024) + 1.0


def steepest(one: Image, other: Image) -> int:
    return int((np.maximum(one, other) - np.minimum(one, other)).max(initial=0))


@functools.cache
def frame(height: int, width: int) -> Image:
    """Waves of two lengths across and down, other ones for each colour: every pixel tells where it is."""
    image = _waves(width, 0.7, 0.021)[None] + _waves(height, 0.5, 0.013)[:, None]
    image.setflags(write=False)
    return image


def _waves(length: int, short: float, long: float) -> Image:
    """(length, 3), 0…127."""
    place = np.arange(length)[:, None] + np.array([0, 3, 5])
    return np.asarray(64 + 30 * np.sin(short * place) + 33 * np.sin(long * place), np.uint8)


@functools.cache
def noise(height: int, width: int) -> Image:
    image = np.random.default_rng(7).integers(0, 256, (height, width, 3), dtype=np.uint8)
    image.setflags(write=False)
    return image


def upright(x: float, y: float, side: float) -> Exact:
    """The square of that side around (x, y), counted from the outer corner of the frame's first pixel."""
    step = side / SIDE
    return np.array([[step, 0, x - side / 2 + step / 2 - 0.5], [0, step, y - side / 2 + step / 2 - 0.5]])


def turned(x: float, y: float, side: float, degrees: float) -> Exact:
    angle, step = math.radians(degrees), side / SIDE
    linear = step * np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    middle = np.array([x, y]) - 0.5 - linear.sum(axis=1) * (SIDE - 1) / 2
    return np.column_stack([linear, middle])


CASES: Mapping[str, Callable[[], Case]] = {
    "identity": lambda: Case(noise(60, 70), upright(34, 34, SIDE)),
    "shrunk 1.5": lambda: Case(frame(120, 160), upright(70.3, 60.7, 1.5 * SIDE)),
    "shrunk 2": lambda: Case(noise(120, 160), upright(70.3, 60.7, 2 * SIDE)),
    "shrunk 3.7": lambda: Case(frame(240, 320), upright(150.9, 121.2, 3.7 * SIDE)),
    "shrunk 12": lambda: Case(frame(700, 900), upright(431.6, 350.1, 12 * SIDE)),
    "shrunk 12, noise": lambda: Case(noise(700, 900), upright(431.6, 350.1, 12 * SIDE)),
    "enlarged": lambda: Case(frame(90, 90), upright(44.2, 40.8, 17)),
    "enlarged, noise": lambda: Case(noise(90, 90), upright(44.2, 40.8, 17)),
    "turned": lambda: Case(frame(200, 260), turned(120.4, 99.6, 90, 33)),
    "turned over": lambda: Case(noise(200, 260), turned(120.4, 99.6, 200, -160)),
    "half left": lambda: Case(frame(100, 120), upright(0, 50, 60)),
    "half right": lambda: Case(frame(100, 120), upright(120, 50, 60)),
    "half above": lambda: Case(frame(100, 120), upright(60, 0, 130)),
    "half below": lambda: Case(frame(100, 120), upright(60, 100, 130)),
    "beyond left": lambda: Case(noise(100, 120), upright(-400, 50, 60)),
    "beyond right": lambda: Case(noise(100, 120), upright(900, 50, 60)),
    "beyond above": lambda: Case(noise(100, 120), upright(60, -5000, 130)),
    "beyond below": lambda: Case(noise(100, 120), upright(60, 20_000, 130)),
    "larger than the frame": lambda: Case(frame(40, 50), upright(25, 20, 400)),
    "one pixel": lambda: Case(noise(1, 1), upright(0.5, 0.5, 30)),
    "one row": lambda: Case(noise(1, 100), upright(50, 0.5, 60)),
    "a square below a pixel": lambda: Case(noise(20, 20), upright(10.3, 9.9, 1)),
    "4K, last corner": lambda: Case(frame(2160, 3840), turned(3760.123, 2080.456, 233, 12)),
    "4K wide": lambda: Case(noise(50, 3840), turned(3801.37, 25.81, 75.5, -7)),
    "4K high": lambda: Case(noise(3840, 50), upright(25.37, 3819.81, 75.5)),
}
