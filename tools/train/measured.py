"""Everything about the shipped model that its card and MODEL_CARD.md say, measured on the file itself."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from tools.scores import Scores, calibration_error, confusion, scores
from tools.train.calibrate import Labels, Logits, answers


@dataclass(frozen=True)
class Answered:
    """The file's probabilities for faces of known label."""

    given: Logits
    labels: Labels

    @property
    def calibration_error(self) -> float:
        return round(calibration_error(self.given.max(axis=1), self.given.argmax(axis=1) == self.labels), 4)


@dataclass(frozen=True)
class Course:
    """How the network was trained: faces trained on, the epoch that was kept of ``epochs``, ``settings`` by name;
    ``mirrored``: of the network, as in its settings."""

    faces: int
    epoch: int
    epochs: int
    side: int
    settings: tuple[tuple[str, str], ...]
    mirrored: bool = False


@dataclass(frozen=True)
class Adjustment:
    """``strength`` of the adjustment for rare labels and the ``temperature``, both inside the file."""

    strength: float
    temperature: float


@dataclass(frozen=True)
class Measured:
    """The numbers. ``scores`` of the validation split; ``aside``: how many faces ``confusion`` (8, 8) and ``answers``
    (8, 8) are of; ``reference`` has a row for each picture."""

    sha256: str
    size: int
    course: Course
    adjustment: Adjustment
    scores: Scores
    aside: int
    aside_calibration_error: float
    confusion: NDArray[np.int64]
    answers: NDArray[np.float64]
    reference: NDArray[np.float64]


@dataclass(frozen=True)
class Model:
    """The file, and what it must answer to the reference pictures."""

    data: bytes
    adjustment: Adjustment
    reference: NDArray[np.float64]


def measure(model: Model, course: Course, valid: Answered, aside: Answered) -> Measured:
    """Raises:
    CannotCalibrate: a label has no face among those kept aside.
    """
    return Measured(
        hashlib.sha256(model.data).hexdigest(),
        len(model.data),
        course,
        model.adjustment,
        scores(valid.given, valid.labels),
        len(aside.labels),
        aside.calibration_error,
        confusion(aside.given.argmax(axis=1), aside.labels, len(LABELS)),
        answers(aside.given, aside.labels),
        model.reference.round(6),
    )
