"""What stands behind and before the people: a painted studio wall, and the dark back of somebody walking past."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.types import Image

Plane = NDArray[np.float32]

DRAFT = (320, 180)
"""Everything here is soft: it is painted this small and enlarged."""

WALL = np.array([98.0, 80.0, 64.0], np.float32)
LAMP = np.array([34.0, 46.0, 54.0], np.float32)
"""BGR of the wall in half light, and what the warm light adds at its brightest."""

SHADE = np.array([30.0, 26.0, 24.0], np.float32)
RIM = np.array([38.0, 42.0, 48.0], np.float32)
"""BGR of somebody against the light, and what the light adds along the edge."""


def backdrop(width: int, height: int, seed: int) -> Image:
    """A quiet mottled wall with a pool of warm light, darker towards the edges."""
    across, down = np.meshgrid(
        np.linspace(0, 1, DRAFT[0], dtype=np.float32), np.linspace(0, 1, DRAFT[1], dtype=np.float32)
    )
    random = np.random.default_rng(seed)
    pool = np.exp(-(((across - 0.5) / 0.36) ** 2) - ((down - 0.36) / 0.42) ** 2)
    edges = 1 - 0.62 * np.clip(((across - 0.5) ** 2 / 0.34 + (down - 0.42) ** 2 / 0.42), 0, 1)
    cloth = 1 + 0.09 * mottled(random, 7) + 0.05 * mottled(random, 19)
    light = WALL * (cloth * edges)[..., None] + LAMP * (pool * cloth)[..., None]
    full = np.asarray(cv2.resize(light, (width, height), interpolation=cv2.INTER_CUBIC))
    grain = random.normal(0, 0.9, (height, width, 1)).astype(np.float32)
    return np.asarray(np.clip(full + grain + 0.5, 0, 255), np.uint8)


def mottled(random: np.random.Generator, cells: int) -> Plane:
    """Smooth noise of about −1…1, ``cells`` blots high."""
    blots = random.uniform(-1, 1, (cells, cells * 16 // 9)).astype(np.float32)
    return np.asarray(cv2.GaussianBlur(cv2.resize(blots, DRAFT, interpolation=cv2.INTER_CUBIC), (0, 0), 3), np.float32)


def passer_by(unit: float) -> tuple[Image, Plane]:
    """BGR and alpha of a dark, unfocused head and shoulders; ``unit`` pixels for each 1/720 of the height."""
    width, height, solid = 620, 760, (1.0,)
    shape = np.zeros((height, width), np.float32)
    cv2.ellipse(shape, (310, 215), (104, 142), 0, 0, 360, solid, -1)
    cv2.rectangle(shape, (250, 300), (370, 460), solid, -1)
    cv2.ellipse(shape, (310, 640), (235, 250), 0, 180, 360, solid, -1)
    cv2.rectangle(shape, (75, 640), (545, height), solid, -1)
    alpha = unfocused(shape, 10)
    image = SHADE + (1 - unfocused(alpha, 16)[..., None]) * RIM
    size = (max(8, round(width * unit)), max(8, round(height * unit)))
    return np.asarray(cv2.resize(image, size)).astype(np.uint8), np.asarray(cv2.resize(alpha, size), np.float32)


def unfocused(plane: Plane, sigma: float) -> Plane:
    return np.asarray(cv2.GaussianBlur(plane, (0, 0), sigma, borderType=cv2.BORDER_REPLICATE), np.float32)
