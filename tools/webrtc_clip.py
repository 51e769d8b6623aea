"""A camera for a browser: five people side by side, 1280 × 720, each picture with its number burned in."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from streamer.sources.backdrop import backdrop
from streamer.sources.portraits import busts
from streamer.sources.sprites import paste, placed, sprite
from streamer.types import Image

WIDTH, HEIGHT = 1280, 720

PEOPLE, FACE = 5, 120
"""Faces, and how tall they are in pixels."""

PICTURES = 240
"""Numbers before they come again: 8 s at 30 a second, far longer than any latency looked for."""

BITS = 8
CODE_X, CODE_Y, CELL = 480, 680, 32
"""The code: BITS cells, lowest first, then a white and a black one, from CODE_X to the right, CELL pixels each; below
the middle, where the overlay lays nothing. ``webrtc_latency.js`` reads it there."""

WHITE, BLACK = 235, 16


def write_clip(path: Path) -> None:
    """JPEG pictures one after the other, as Chromium's fake camera plays them."""
    with path.open("wb") as file:
        for picture in pictures():
            file.write(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes())


def pictures() -> list[Image]:
    """One round; the last passes into the first."""
    cast = busts(4)
    people = [cast[number % len(cast)] for number in range(PEOPLE)]
    sprites = [sprite(one.image, one.alpha, FACE / one.face.height, one.face.center) for one in people]
    wall = backdrop(WIDTH, HEIGHT, 1)
    made = []
    for number in range(PICTURES):
        picture = wall.copy()
        for place, one in enumerate(sprites):
            turn = 2 * math.pi * (number / PICTURES * (2 + place % 3) + place / PEOPLE)
            x = (place + 0.5) * WIDTH / PEOPLE + 14 * math.sin(turn)
            y = 250 + 60 * (place % 2) + 6 * math.cos(turn)
            paste(picture, one, placed(one, x, y, 1.0, 1.5 * math.sin(turn), 200))
        burn(picture, number)
        made.append(picture)
    return made


def burn(picture: Image, number: int) -> None:
    values = [WHITE if number >> bit & 1 else BLACK for bit in range(BITS)] + [WHITE, BLACK]
    cells = np.repeat(np.array(values, np.uint8), CELL)
    picture[CODE_Y : CODE_Y + CELL, CODE_X : CODE_X + len(cells)] = cells[None, :, None]


def number_in(luma: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> int | None:
    """The number in a picture's luma (height × width) of any size; None where it cannot be read."""
    height, width = luma.shape
    row = luma[round((CODE_Y + CELL / 2) * height / HEIGHT)]
    middles = [CODE_X + (cell + 0.5) * CELL for cell in range(BITS + 2)]
    values = [float(row[round(x * width / WIDTH)]) for x in middles]
    white, black = values[BITS:]
    if white - black < 80:
        return None
    return sum((value > (white + black) / 2) << bit for bit, value in enumerate(values[:BITS]))
