"""A labelled frame, and what the program saw of it: what the scores are made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.types import Emotion, Face, Person
from tools.labelled.truth import Truth

UNTOLD = -1
"""In place of a label's index: the program said "unsure"."""


@dataclass(frozen=True, slots=True, eq=False)
class Reading:
    """The classifier's own answer to a labelled box, whatever the detector found: ``emotion`` is not smoothed and was
    asked for however bad the picture. ``size``: the box's longer side in pixels; ``sharpness`` and ``pose``: 0…1, of
    ``streamer.chips``; ``quality`` 0…1, below MIN_QUALITY the program would not have asked."""

    emotion: Emotion
    size: float
    sharpness: float
    pose: float
    quality: float


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One labelled frame. ``faces``: what the detector found, best first; ``people``: what the analysis says of them;
    ``readings``: one for each of ``truths``, None where it is ignored. ``size``: width and height in pixels;
    ``complete``: all faces are marked. ``seconds`` spent by stage."""

    medium: str
    frame: int
    size: tuple[int, int]
    complete: bool
    truths: tuple[Truth, ...]
    faces: tuple[Face, ...]
    people: tuple[Person, ...]
    readings: tuple[Reading | None, ...]
    seconds: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a sample stands: a face of a medium, on a frame."""

    medium: str
    frame: int
    face: str


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """N faces whose label is known. ``given`` (N, 8) probabilities, ``labels`` (N,) indices into LABELS; ``said`` (N,)
    what the program said, UNTOLD for "unsure". ``groups`` (N,): the same number for looks at one and the same person,
    which are not independent. ``size`` in pixels, ``sharpness`` and ``pose`` 0…1: (N,)."""

    places: tuple[Place, ...]
    given: NDArray[np.float64]
    labels: NDArray[np.int64]
    said: NDArray[np.int64]
    groups: NDArray[np.int64]
    size: NDArray[np.float64]
    sharpness: NDArray[np.float64]
    pose: NDArray[np.float64]
    attributes: tuple[Mapping[str, str], ...]
