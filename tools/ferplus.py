"""The faces of FER+ on which people agree, and how a classifier sees them: whole, small, or cut a little off."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.stages import Classifier
from streamer.types import Chip

AT_ONCE = 256

Images = NDArray[np.uint8]
"""(N, side, side) grey."""


@dataclass(frozen=True, slots=True)
class Faces:
    """``images`` (N, 48, 48) and the index of each one's label."""

    images: Images
    labels: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Square:
    """What is cut out of a picture: its side and the way of its centre to the right and down, in sides of the
    picture."""

    side: float = 1.0
    right: float = 0.0
    down: float = 0.0


WHOLE = Square()
CHANGES = {
    "left": Square(right=-0.1),
    "right": Square(right=0.1),
    "up": Square(down=-0.1),
    "down": Square(down=0.1),
    "smaller": Square(side=0.9),
    "larger": Square(side=1.1),
}
"""How far a detector's square may be off before the likeliest label should change."""


def votes_of(path: Path) -> tuple[Images, NDArray[np.int64]]:
    """Pictures (N, 48, 48) and the ten annotators' votes (N, 10), the last two of which are "unknown" and "no face".

    A label with a single vote is taken for a slip and dropped, as FER+'s authors do (Barsoum et al. 2016,
    https://arxiv.org/abs/1608.01041).

    Raises:
        ConfigError: the file is not FER+ as .npz.
    """
    try:
        with np.load(path) as file:
            images, votes = file["x"], file["votes"].astype(np.int64)
    except (OSError, KeyError, ValueError, TypeError, AttributeError, EOFError, BadZipFile) as error:
        raise ConfigError(f"{path} must be an .npz with x and votes, and cannot be read as one: {error}") from error
    if images.ndim != 3 or images.dtype != np.uint8 or votes.shape != (len(images), 10):
        raise ConfigError(f"{path} must have x (N, 48, 48) uint8 and votes (N, 10), got {images.shape}, {votes.shape}")
    return images, np.where(votes <= 1, 0, votes)


def majority(votes: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """The likeliest answer to each picture, and whether more than half of its votes are for it."""
    return votes.argmax(axis=1), np.asarray(votes.max(axis=1) > 0.5 * votes.sum(axis=1))


def faces(path: Path) -> Faces:
    """The faces on which most annotators agree.

    Raises:
        ConfigError: the file is not FER+ as .npz.
    """
    images, votes = votes_of(path)
    best, agreed = majority(votes)
    agreed &= best < len(LABELS)
    if LABELS.index("neutral") not in best[agreed]:
        raise ConfigError(f"{path} has no neutral face on which most annotators agree; is it FER+?")
    return Faces(images[agreed], best[agreed])


def shrunk(images: Images, side: int) -> Images:
    """As a face of ``side`` pixels would have been seen."""
    small = [cv2.resize(image, (side, side), interpolation=cv2.INTER_AREA) for image in images]
    return np.asarray(small, np.uint8)


def chip(image: NDArray[np.uint8], size: int, square: Square) -> Chip:
    """The square of a grey picture as a classifier is given it."""
    side = image.shape[0]
    step = square.side * side / size
    # Pixel k's centre lies k + ½ from a picture's edge, in the chip as in the picture.
    first = side / 2 - square.side * side / 2 + step / 2 - 0.5
    affine = np.array([[step, 0.0, first + square.right * side], [0.0, step, first + square.down * side]])
    return Chip(np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8), affine, size, 0.0)


def probabilities(
    classifier: Classifier, images: Images, square: Square = WHOLE, done: Callable[[int], object] = lambda _: None
) -> NDArray[np.float64]:
    """(N, 8) in the order of ``LABELS``; ``done`` is told how many more are."""

    def parts() -> Iterator[list[tuple[float, ...]]]:
        for start in range(0, len(images), AT_ONCE):
            chips = [chip(image, classifier.crop.side, square) for image in images[start : start + AT_ONCE]]
            yield [emotion.probabilities for emotion in classifier.classify(chips)]
            done(len(chips))

    return np.array([row for part in parts() for row in part])
