"""FER+ made up on the spot: pictures that show their label as stripes, and votes for it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from tools.train.data import Faces

SIDE = 48
PERIODS = (4, 8, 16, 48)
"""Pixels from stripe to stripe."""


def pictures(labels: NDArray[np.int64], seed: int = 0) -> NDArray[np.uint8]:
    """(N, 48, 48): noise and stripes, lying for the first four labels and standing for the others. Mirrored they look
    the same, and wherever they are seen."""
    dice = np.random.default_rng(seed)
    images = dice.integers(60, 110, (len(labels), SIDE, SIDE))
    for image, label in zip(images, labels, strict=True):
        period = PERIODS[label % 4]
        bright = 100 * ((np.arange(SIDE) + dice.integers(period)) % period < period // 2)
        image += bright[:, None] if label < 4 else bright[None]
    return images.astype(np.uint8)


def faces(count: int, seed: int = 0) -> Faces:
    """As many of each label; every annotator agrees."""
    labels = np.arange(count) % len(LABELS)
    shares = np.eye(len(LABELS), dtype=np.float32)[labels]
    return Faces(pictures(labels, seed), shares, labels, np.ones(count, np.bool_))


def write(path: Path, count: int, seed: int, wrong: float) -> None:
    """An .npz as FER+ is kept here; the votes of some faces, a share of ``wrong``, are for another label."""
    made, dice = faces(count, seed), np.random.default_rng(seed)
    voted = np.where(dice.random(count) < wrong, (made.labels + dice.integers(1, 8, count)) % 8, made.labels)
    votes = np.zeros((count, len(LABELS) + 2), np.uint8)
    votes[np.arange(count), voted] = 9
    np.savez(path, x=made.images, votes=votes)
