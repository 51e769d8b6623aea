"""Painted squares for faces, a detector that finds them, and a classifier that says what is painted into them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from streamer.chips import warp
from streamer.emotions import LABELS
from streamer.types import Box, Chip, Crop, Emotion, Face, Fit, Image
from tests.fakes import Managed, emotion
from tests.labelled_portraits import face, says
from tools.labelled.document import LabelledFace, Medium
from tools.labelled.media import medium_of

STEP = 25
"""Between the blues of two labels."""

SEEN = 255
"""The green of a square that the detector finds."""


@dataclass(frozen=True, slots=True)
class Square:
    """A face of ``side`` pixels at x, y that is labelled ``truth`` and called ``said``; ``found`` by the detector. Not
    labelled at all where ``truth`` is None."""

    x: int
    y: int
    side: int
    truth: str | None
    said: str
    found: bool = True

    @property
    def box(self) -> Box:
        return Box(self.x, self.y, self.x + self.side, self.y + self.side)


def painted(squares: Sequence[Square], width: int = 320, height: int = 240) -> Image:
    """Grey but for the squares: their blue says the label, their red is noise, so that they are sharp."""
    picture = np.full((height, width, 3), 100, np.uint8)
    dice = np.random.default_rng(1)
    for one in squares:
        part = picture[one.y : one.y + one.side, one.x : one.x + one.side]
        part[..., 0] = STEP * LABELS.index(one.said)
        part[..., 1] = SEEN if one.found else SEEN - 60
        part[..., 2] = dice.integers(0, 255, part.shape[:2])
    return picture


def faces(squares: Sequence[Square]) -> tuple[LabelledFace, ...]:
    labelled = [one for one in squares if one.truth is not None]
    return tuple(face(f"f{number}", one.box, says(str(one.truth))) for number, one in enumerate(labelled))


def medium(folder: Path, name: str, squares: Sequence[Square], *, complete: bool = True) -> Medium:
    cv2.imwrite(str(folder / name), painted(squares))
    return medium_of(folder / name, folder).model_copy(update={"faces": faces(squares), "complete": complete})


class PaintedDetector(Managed):
    about, fit = "painted detector", Fit()

    def __init__(self) -> None:
        self.calls = 0

    def detect(self, image: Image) -> tuple[Face, ...]:
        self.calls += 1
        mask = (image[..., 1] == SEEN).astype(np.uint8)
        count, _, stats, _ = cv2.connectedComponentsWithStats(mask)
        boxes = [stats[number, :4] for number in range(1, count)]
        return tuple(Face(Box(float(x), float(y), float(x + w), float(y + h)), 0.9) for x, y, w, h in boxes)


class PaintedClassifier(Managed):
    """Sure to 0.93."""

    about, crop = "painted classifier", Crop(48)

    def classify(self, chips: Sequence[Chip]) -> tuple[Emotion, ...]:
        blues = [int(warp(chip)[24, 24, 0]) for chip in chips]
        return tuple(emotion(LABELS[round(blue / STEP)], chip.pts) for blue, chip in zip(blues, chips, strict=True))
