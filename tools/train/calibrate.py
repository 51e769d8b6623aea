"""From the logits of a trained network to probabilities that mean what they say. numpy alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from tools.scores import calibration_error, cross_entropies, macro_recall

Logits = NDArray[np.float64]
"""(N, 8) in the order of LABELS; probabilities have the same shape."""
Labels = NDArray[np.int64]
"""(N,) indices into LABELS."""

STRENGTHS = tuple(round(0.02 * step, 2) for step in range(26))
"""The adjustments that are tried, 0 … 0.5."""

ENOUGH_RECALL = 0.72
"""Macro-recall for more of which no accuracy is given."""

ACCURACY_SLACK, CROSS_ENTROPY_SLACK = 0.003, 0.005
"""So much may be given for more recall of rare labels."""

COLDEST, HOTTEST = 0.05, 20.0


class CannotCalibrate(Exception):
    """The faces kept aside do not say what is asked of them; the message says why."""


@dataclass(frozen=True)
class Known:
    """Faces whose label is known, and what the network says of them."""

    logits: Logits
    labels: Labels


@dataclass(frozen=True)
class Calibration:
    """What is done to the logits before the softmax: (logits + ``offset``) / ``temperature``; ``offset`` (8,)."""

    temperature: float
    offset: NDArray[np.float64]

    def __call__(self, logits: Logits) -> Logits:
        """Probabilities."""
        return softmax((logits + self.offset) / self.temperature)


@dataclass(frozen=True, slots=True)
class Row:
    """``strength`` of the adjustment, the ``temperature`` that goes with it, and the scores on the validation split."""

    strength: float
    temperature: float
    accuracy: float
    macro_recall: float
    cross_entropy: float
    calibration_error: float


def softmax(logits: Logits) -> Logits:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def temperature(known: Known) -> float:
    """The T > 0 with the least cross-entropy of softmax(logits / T) (Guo et al. 2017,
    https://arxiv.org/abs/1706.04599, section 4.2).

    In β = 1/T the cross-entropy is convex, so that its slope, mean(Σ p·z − z[label]), is bisected.

    Raises:
        CannotCalibrate: the least is not between T = 0.05 and 20: every face is named rightly, or none.
    """
    low, high = 1 / HOTTEST, 1 / COLDEST
    if not _slope(known, low) < 0 < _slope(known, high):
        raise CannotCalibrate(
            f"no temperature between {COLDEST} and {HOTTEST} suits the {len(known.labels)} faces kept aside: "
            "more faces, or faces that are not all named alike, are needed"
        )
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if _slope(known, middle) < 0 else (low, middle)
    return 2 / (low + high)


def _slope(known: Known, beta: float) -> float:
    given = softmax(beta * known.logits)
    expected = (given * known.logits).sum(axis=1)
    return float((expected - known.logits[np.arange(len(known.labels)), known.labels]).mean())


def offsets(shares: NDArray[np.float32], strength: float) -> NDArray[np.float64]:
    """(8,) to add to the logits so that rare labels are said more often: −strength · log(share of the label)
    (Menon et al. 2020, https://arxiv.org/abs/2007.07314, equation 9). ``shares`` (N, 8) of the training faces."""
    prior = np.asarray(shares, np.float64).mean(axis=0)
    return np.asarray(-strength * np.log(np.maximum(prior, 1e-9)) + 0.0)


def table(aside: Known, valid: Known, shares: NDArray[np.float32]) -> tuple[Row, ...]:
    """A row for each of STRENGTHS: the temperature is fitted on ``aside``, the scores are those on ``valid``."""
    return tuple(_row(aside, valid, offsets(shares, strength), strength) for strength in STRENGTHS)


def _row(aside: Known, valid: Known, offset: NDArray[np.float64], strength: float) -> Row:
    fitted = temperature(Known(aside.logits + offset, aside.labels))
    given = Calibration(fitted, offset)(valid.logits)
    said = given.argmax(axis=1)
    right = said == valid.labels
    return Row(
        strength,
        fitted,
        float(right.mean()),
        macro_recall(said, valid.labels),
        float(cross_entropies(given, valid.labels).mean()),
        calibration_error(given.max(axis=1), right),
    )


def choose(rows: Sequence[Row]) -> Row:
    """Of the rows whose accuracy and cross-entropy are near the best: the most accurate one with ENOUGH_RECALL, or,
    where none has that, the one with the highest macro-recall; of equals the weakest adjustment."""
    accuracy = max(row.accuracy for row in rows) - ACCURACY_SLACK
    entropy = min(row.cross_entropy for row in rows) + CROSS_ENTROPY_SLACK
    near = [row for row in rows if row.accuracy >= accuracy and row.cross_entropy <= entropy]
    enough = [row for row in near if row.macro_recall >= ENOUGH_RECALL]
    if enough:
        return max(enough, key=lambda row: (row.accuracy, -row.strength))
    return max(near or rows[:1], key=lambda row: (row.macro_recall, -row.strength))


def lines(rows: Sequence[Row], chosen: Row) -> list[str]:
    """The table as text, the chosen row marked."""
    head = "adjustment  temperature  accuracy  macro-recall  cross-entropy  calibration error"
    return [head, *(_line(row) + ("  <- chosen" if row == chosen else "") for row in rows)]


def _line(row: Row) -> str:
    return (
        f"{row.strength:10.2f}  {row.temperature:11.4f}  {row.accuracy:8.4f}  {row.macro_recall:12.4f}  "
        f"{row.cross_entropy:13.4f}  {row.calibration_error:17.4f}"
    )


def answers(given: Logits, labels: Labels) -> NDArray[np.float64]:
    """(8, 8) the mean probabilities given to the faces of a label (row), to 4 digits.

    Raises:
        CannotCalibrate: a label has no face.
    """
    counts = np.bincount(labels, minlength=len(LABELS))
    if not counts.all():
        lacking = ", ".join(LABELS[index] for index in np.flatnonzero(counts == 0))
        raise CannotCalibrate(f"no face kept aside shows {lacking}: choose another data.split_seed or data.held_out")
    rows = [given[labels == index].mean(axis=0) for index in range(len(LABELS))]
    return np.asarray(np.stack(rows).round(4))
