"""How right what is said of faces is: the classifier's answers or the whole program's."""

from __future__ import annotations

import numpy as np

from streamer.emotions import LABELS
from tools.evaluate.result import ClassScores, ExpressionScores
from tools.evaluate.seen import UNTOLD, Samples
from tools.scores import (
    LEAST_PROBABILITY,
    Estimate,
    Floats,
    Ints,
    Measure,
    calibration_interval,
    cross_entropies,
    divided,
    group_interval,
    recall_measure,
    share_measure,
)

MOST_NATS = -float(np.log(LEAST_PROBABILITY))
"""The highest cross-entropy there can be: 16.1."""


def expression_scores(samples: Samples) -> ExpressionScores | None:
    """None where no face has a label. Intervals over resampled people: ``tools.scores.group_interval``."""
    labels, said, groups = samples.labels, samples.said, samples.groups
    if not len(labels):
        return None
    table = confusion(said, labels)
    return ExpressionScores(
        faces=len(labels),
        people=len(np.unique(groups)),
        accuracy=group_interval(share_measure(said == labels), groups),
        macro_precision=group_interval(precision_measure(said, labels), groups),
        macro_recall=group_interval(recall_measure(said, labels), groups),
        macro_f1=group_interval(f1_measure(said, labels), groups),
        cross_entropy=cross_entropy(samples),
        calibration_error=calibration(samples),
        unsure=float(np.mean(said == UNTOLD)),
        classes=tuple(class_scores(table, label) for label in range(len(LABELS))),
        confusion=tuple(tuple(int(count) for count in row) for row in table),
    )


def cross_entropy(samples: Samples) -> Estimate:
    """Mean of −ln of the probability given to the label, in nats, whether the program said it or not."""
    return group_interval(share_measure(cross_entropies(samples.given, samples.labels)), samples.groups, MOST_NATS)


def calibration(samples: Samples) -> Estimate:
    """Expected calibration error (``tools.scores.calibration_error``) of the faces of which something was said, by the
    probability of what was said; 0 in 0…1 where nothing was said of any."""
    told = samples.said != UNTOLD
    if not told.any():
        return Estimate(0.0, 0.0, 1.0)
    said = samples.said[told]
    confidence = samples.given[told][np.arange(len(said)), said]
    return calibration_interval(confidence, said == samples.labels[told], samples.groups[told])


def confusion(said: Ints, labels: Ints) -> Ints:
    """(8, 9) faces: a row for each true label, a column for each said and the last for UNTOLD."""
    width = len(LABELS) + 1
    columns = np.where(said == UNTOLD, len(LABELS), said)
    return np.bincount(labels * width + columns, minlength=len(LABELS) * width).reshape(len(LABELS), width)


def class_scores(table: Ints, label: int) -> ClassScores:
    """F1 = 2 right / (faces + called so), which is the harmonic mean of precision and recall, and 0 for a label that
    occurs and is never said; None for one that does not occur."""
    right, faces, called = int(table[label, label]), int(table[label].sum()), int(table[:, label].sum())
    return ClassScores(
        LABELS[label],
        faces,
        right / called if called else None,
        right / faces if faces else None,
        2 * right / (faces + called) if faces else None,
    )


def precision_measure(said: Ints, labels: Ints) -> Measure:
    """Mean over the labels that occur of the precision; 0 for one that is never said."""

    def measure(times: Floats) -> Floats:
        right, faces, called = sums(said, labels, times)
        return averaged(np.nan_to_num(divided(right, called)), faces)

    return measure


def f1_measure(said: Ints, labels: Ints) -> Measure:
    """Mean over the labels that occur of F1."""

    def measure(times: Floats) -> Floats:
        right, faces, called = sums(said, labels, times)
        return averaged(divided(2 * right, faces + called), faces)

    return measure


def sums(said: Ints, labels: Ints, times: Floats) -> tuple[Floats, Floats, Floats]:
    """(R, labels that occur): faces named rightly, faces of the label, faces called so."""
    every = np.unique(labels)
    of_label, called = (labels[:, None] == every).astype(np.float64), (said[:, None] == every).astype(np.float64)
    return times @ (of_label * called), times @ of_label, times @ called


def averaged(values: Floats, faces: Floats) -> Floats:
    """(R,): the mean of (R, labels) over those that have faces in a sample."""
    return np.asarray(np.nanmean(np.where(faces > 0, values, np.nan), axis=1))
