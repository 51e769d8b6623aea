"""From what a model says of a room's people to how many of them are what: its known mistakes taken out.

Counting what a classifier says is biased however many faces there are (Forman 2008, "Quantifying counts and costs via
classification"). Two steps, as in Saerens, Latinne, Decaestecker 2002, "Adjusting the outputs of a classifier to new a
priori probabilities": the shares of the labels in this room are estimated by expectation-maximisation from the mean
reading and from how the model answers to faces of known labels; then each person's reading is weighed with them in
place of the shares that the model was calibrated on (their equation 4).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from streamer.errors import ConfigError

Rows: TypeAlias = NDArray[np.float64]
"""(people, 8) in the order of LABELS, each row summing to 1."""

STEPS = 30
"""Of expectation-maximisation: enough to settle to a few thousandths, few enough not to chase noise to the corner."""

PRIOR_PEOPLE = 3.0
"""The estimated shares are trusted against the plain ones as n is to n + this many people."""

PRIOR_FACES = 20.0
"""A label's own answers are trusted against those of a plain model as its faces are to so many more: of the rare
labels there are too few to know."""

LEAST = 1e-4
"""No label is ever thought to be rarer than this: a model that knows no contempt must not forbid it."""


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """How a model answers: ``mean[k]`` (8, 8) its mean probabilities for faces whose true label is k, ``shares`` (8,)
    of the true labels among the faces this was measured on."""

    mean: Rows
    shares: NDArray[np.float64]

    @classmethod
    def of(cls, mean: Sequence[Sequence[float]], faces: Sequence[int], order: Sequence[int]) -> Answers:
        """From a model's own labels: ``order[i]`` is the index in LABELS of its i-th; ``faces`` of each true label.

        Each row is shrunk to the answer of a plain model, which is right as often as this one is on average and errs
        in proportion to what it says. A label that the model does not know answers as itself.

        Raises:
            ConfigError: these are not as many rows and columns as labels, or negative, or of no face at all.
        """
        given, counts = np.asarray(mean, np.float64), np.asarray(faces, np.float64)
        size = len(order)
        if given.shape != (size, size) or counts.shape != (size,) or (given < 0).any() or (counts < 0).any():
            raise ConfigError(f"expected {size} rows of {size} mean probabilities and {size} counts of faces")
        if counts.sum() == 0 or (given.sum(axis=1)[counts > 0] == 0).any():
            raise ConfigError("mean probabilities must be of some faces, and each row of some answer")
        rows = given / np.maximum(given.sum(axis=1, keepdims=True), 1e-12)
        trust = (counts / (counts + PRIOR_FACES))[:, None]
        full, shares = np.eye(len(LABELS)), np.zeros(len(LABELS))
        full[np.ix_(order, order)] = trust * rows + (1 - trust) * _plain(rows, counts)
        shares[list(order)] = counts
        shares = np.maximum(shares / shares.sum(), LEAST)
        return cls(full, shares / shares.sum())


def _plain(rows: Rows, counts: NDArray[np.float64]) -> Rows:
    """The answers of a model that is right as often as this one on average, whatever the label."""
    parts = counts / counts.sum()
    right, said = float(parts @ np.diag(rows)), parts @ rows
    wrong = np.tile(np.maximum(said, LEAST), (len(rows), 1))
    np.fill_diagonal(wrong, 0.0)
    return np.asarray(right * np.eye(len(rows)) + (1 - right) * wrong / wrong.sum(axis=1, keepdims=True), np.float64)


def corrected(answers: Answers, readings: Rows, weights: NDArray[np.float64]) -> Rows:
    """Each person's reading as it is in this room; (people, 8), rows summing to 1."""
    shares = room_shares(answers, readings, weights)
    rows = readings * (shares / answers.shares)
    sums = rows.sum(axis=1, keepdims=True)
    return np.asarray(np.where(sums > 0, rows / np.maximum(sums, 1e-12), readings), np.float64)


def room_shares(answers: Answers, readings: Rows, weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """(8,) estimated shares of the labels among these people, shrunk to the plain mean where they are few."""
    plain = weights @ readings / weights.sum()
    few = effective_size(weights)
    trust = few / (few + PRIOR_PEOPLE)
    shares = np.maximum(trust * unfolded(answers.mean, plain) + (1 - trust) * plain, LEAST)
    return np.asarray(shares / shares.sum(), np.float64)


def unfolded(mean: Rows, plain: NDArray[np.float64]) -> NDArray[np.float64]:
    """The shares π that make the mean reading o = π · mean likeliest, started at o.

    π_k ← Σ_s o_s π_k mean[k, s] / Σ_j π_j mean[j, s], the expectation-maximisation of a mixture with known parts
    (Dempster, Laird, Rubin 1977; as unfolding: D'Agostini 1995).
    """
    shares = plain
    for _ in range(STEPS):
        said = np.maximum(shares @ mean, 1e-12)
        shares = shares * (mean @ (plain / said))
    return np.asarray(shares / shares.sum(), np.float64)


def effective_size(weights: Sequence[float] | NDArray[np.float64]) -> float:
    """Kish's effective sample size (Σw)² / Σw²; 0 for none. L. Kish, Survey Sampling, Wiley 1965, section 11.7."""
    given = np.asarray(weights, np.float64)
    squares = float(given @ given)
    return float(given.sum()) ** 2 / squares if squares > 0 else 0.0
