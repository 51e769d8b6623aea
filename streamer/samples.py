"""Real faces on which an engine of lower precision is judged before it is used.

They come from the two public-domain portraits that the demo shows too, so they are there on every machine, and are
varied in light, sharpness and crop as faces in a video are. Each call gives the same ones.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.base import Array
from engines.cards import Card
from engines.gate import Outputs, Reading
from engines.reference import as_input
from streamer.chips import cut, warp
from streamer.classifiers.carded import coloured
from streamer.detectors import centerface, yunet
from streamer.sources.portraits import COLLINS, HOPPER, read
from streamer.types import Box, Crop, Face, Fit, Image

FACES = 96
PICTURES = 6
SHOWN = (384, 640)
"""Height and width in pixels of the pictures for a detector: a 16:9 frame as it is fed, with its longer side at 640."""

SHIFT, SCALE = 0.12, (0.85, 1.25)
"""Of the face square's side: how far a detector's box is off."""

CONTRAST, BRIGHTNESS, BLUR = (0.6, 1.25), (-35.0, 35.0), (0.0, 2.5)


def faces(card: Card) -> NDArray[np.float32]:
    """(FACES, …) as the network of an emotion card is fed.

    Raises:
        ValueError: the card is not that of an emotion model.
        SourceError: a portrait's package is missing.
    """
    if card.crop is None or card.input.side == "dynamic":
        raise ValueError(f"{card.name} is a model for {card.task}, an emotion model is wanted")
    crop = Crop(card.input.side, card.crop.scale, card.crop.margin)
    dice = np.random.default_rng(1)
    people = [(read(portrait), portrait.face) for portrait in (COLLINS, HOPPER)]
    shown = [_chip(*people[number % len(people)], crop, dice) for number in range(FACES)]
    pictures = np.stack([coloured(picture, card.input.colour) for picture in shown])
    return np.asarray(as_input(card, pictures), np.float32)


def _chip(image: Image, box: Box, crop: Crop, dice: np.random.Generator) -> Image:
    """The face, a little beside itself, in another light, and in half of the cases in a mirror."""
    side = max(box.width, box.height)
    x, y = np.array(box.center) + dice.uniform(-SHIFT, SHIFT, 2) * side
    half = side * dice.uniform(*SCALE) / 2
    chip = warp(cut(image, Face(Box(x - half, y - half, x + half, y + half), 1.0), Fit(), crop, 0.0))
    mirrored = chip[:, ::-1] if dice.random() < 0.5 else chip
    return _lit(mirrored, dice)


def _lit(image: Image, dice: np.random.Generator) -> Image:
    sigma = dice.uniform(*BLUR)
    soft = cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0.3 else image  # less changes nothing
    lit = (soft.astype(np.float32) - 127.5) * dice.uniform(*CONTRAST) + 127.5 + dice.uniform(*BRIGHTNESS)
    return np.asarray(np.clip(lit, 0, 255), np.uint8)


def pictures() -> tuple[Image, ...]:
    """PICTURES pictures of SHOWN pixels with the two people side by side, of another size in each.

    Raises:
        SourceError: a portrait's package is missing.
    """
    dice = np.random.default_rng(2)
    people = [read(portrait) for portrait in (COLLINS, HOPPER)]
    return tuple(_together(people, share, dice) for share in np.linspace(0.25, 1.0, PICTURES))


def _together(people: list[Image], share: float, dice: np.random.Generator) -> Image:
    """Each in one half of the picture, ``share`` of its height high."""
    height, width = SHOWN
    picture = np.full((height, width, 3), dice.integers(40, 200), np.uint8)
    for number, person in enumerate(people):
        small = _fitted(person, round(height * share), width // 2)
        top = int(dice.integers(0, height - small.shape[0] + 1))
        left = number * (width // 2)
        picture[top : top + small.shape[0], left : left + small.shape[1]] = _lit(small, dice)
    return picture


def _fitted(image: Image, height: int, width: int) -> Image:
    ratio = min(height / image.shape[0], width / image.shape[1])
    size = max(1, round(image.shape[1] * ratio)), max(1, round(image.shape[0] * ratio))
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)


def fed(shape: tuple[int, ...], *, rgb: bool) -> NDArray[np.float32]:
    """(PICTURES, 3, height, width) as a detector's network with an input of ``shape`` (1, 3, height, width) is fed."""
    height, width = shape[2:]
    sized = [cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA) for picture in pictures()]
    return np.concatenate([np.asarray(cv2.dnn.blobFromImage(one, swapRB=rgb), np.float32) for one in sized])


def read_by(card: Card) -> Reading | None:
    """Which values of a network's outputs its reader looks at, as ``engines.gate`` wants it; None: all of them."""
    return {"centerface": _centerface, "yunet": _yunet}.get(card.name)


def _centerface(outputs: Outputs) -> dict[str, NDArray[np.bool_]]:
    """Sizes, offsets and landmarks count where the heat says face."""
    hot = outputs[centerface.HEATMAP] > centerface.MIN_SCORE
    return dict.fromkeys((centerface.SCALE, centerface.OFFSET, centerface.LANDMARKS), hot)


def _yunet(outputs: Outputs) -> dict[str, NDArray[np.bool_]]:
    """Likewise at each of the three levels; a level may have no face, and then nothing of it is read."""
    masks: dict[str, NDArray[np.bool_]] = {}
    for stride in yunet.STRIDES:
        score = np.sqrt(_share(outputs[f"cls_{stride}"]) * _share(outputs[f"obj_{stride}"]))
        masks |= dict.fromkeys((f"bbox_{stride}", f"kps_{stride}"), score > yunet.MIN_SCORE)
    return masks


def _share(values: Array) -> Array:
    return np.clip(values, 0, 1)
