"""Scores of a classifier over labelled faces, and how far chance in the choice of faces may have moved them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS

NEGATIVE = ("sadness", "anger", "disgust", "fear", "contempt")
BINS = 15
RESAMPLES = 1000
SEED = 2016
LEAST_PROBABILITY = 1e-7
"""What a label is given at least in the cross-entropy, so that a model that does not know one stays comparable."""

TAILS = (0.025, 0.975)

SPREAD = 1e-9
"""Of the highest value: what differs by less is the same, but for the order in which it was added up."""

CHUNKS = 20
"""Parts in which many faces are resampled: (1000, faces) at once would be gigabytes for long videos."""

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]

Measure: TypeAlias = Callable[[Floats], Floats]
"""From (R, N), how often each of N faces counts in each of R samples, to (R,) values; NaN where a sample has none."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A score over the faces at hand and its 95 % interval over what other faces would have given."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Recall:
    """Of the ``faces`` with a label, the share for which it was said. 0…1."""

    label: str
    faces: int
    recall: float


@dataclass(frozen=True, slots=True)
class Scores:
    """Shares 0…1, cross-entropy in nats. ``neutral_misread``: of the neutral faces, those called one of ``NEGATIVE``;
    ``confusion``: faces, a row for each true label and a column for each said, in the order of ``LABELS``."""

    faces: int
    accuracy: Estimate
    macro_recall: Estimate
    cross_entropy: Estimate
    calibration_error: Estimate
    neutral_misread: Estimate
    recalls: tuple[Recall, ...]
    confusion: list[list[int]]


def scores(given: Floats, labels: Ints) -> Scores:
    """Of (N, 8) probabilities for faces of which at least one is neutral."""
    said, count = given.argmax(axis=1), len(labels)
    right, negative = said == labels, np.isin(said, [LABELS.index(name) for name in NEGATIVE])
    table = confusion(said, labels, len(LABELS))
    of_label = table.sum(axis=1)
    return Scores(
        faces=count,
        accuracy=interval(share_measure(right), count),
        macro_recall=interval(recall_measure(said, labels), count),
        cross_entropy=interval(share_measure(cross_entropies(given, labels)), count),
        calibration_error=calibration_interval(given.max(axis=1), right),
        neutral_misread=interval(share_measure(negative, labels == LABELS.index("neutral")), count),
        recalls=tuple(
            Recall(LABELS[i], int(of_label[i]), float(table[i, i] / of_label[i])) for i in np.flatnonzero(of_label)
        ),
        confusion=table.tolist(),
    )


def macro_recall(said: Ints, labels: Ints) -> float:
    """Mean over the labels that occur of the share that was said rightly. 0…1."""
    return float(recall_measure(said, labels)(np.ones((1, len(labels))))[0])


def calibration_error(confidence: Floats, right: Mask) -> float:
    """Expected calibration error: Σ share of a bin × |accuracy − mean confidence| over 15 equal bins
    (Guo et al. 2017, https://arxiv.org/abs/1706.04599, equation 3). 0…1."""
    return float(np.abs(_gaps(confidence, right).sum(axis=0)).sum() / len(right))


def cross_entropies(given: Floats, labels: Ints) -> Floats:
    """(N,) nats: −ln of the probability that each face's label was given, of (N, 8) probabilities."""
    return np.asarray(-np.log(np.maximum(given[np.arange(len(labels)), labels], LEAST_PROBABILITY)))


def confusion(said: Ints, labels: Ints, count: int) -> Ints:
    """(count, count) faces: a row for each true label, a column for each that was said."""
    return np.bincount(labels * count + said, minlength=count * count).reshape(count, count)


def share_measure(values: Floats | Mask, among: Mask | None = None) -> Measure:
    """The mean of (N,) values; ``among``: of these faces alone."""
    counted = np.ones(len(values), np.bool_) if among is None else among
    return lambda times: divided(times @ (values * counted), times @ counted.astype(np.float64))


def recall_measure(said: Ints, labels: Ints) -> Measure:
    """``macro_recall``; a label that does not occur in a sample is left out of that sample's mean."""
    of_label = (labels[:, None] == np.unique(labels)).astype(np.float64)
    found = of_label * (said == labels)[:, None]
    return lambda times: np.asarray(np.nanmean(divided(times @ found, times @ of_label), axis=1))


def interval(measure: Measure, faces: int) -> Estimate:
    """The 2.5th and 97.5th percentile over resampled faces (Efron, Tibshirani 1993, An Introduction to the Bootstrap,
    chapter 13). Samples for which there is no value are left out."""
    value = float(measure(np.ones((1, faces)))[0])
    low, high = np.nanquantile(measure(resamples(faces)), TAILS)
    return Estimate(value, float(low), float(high))


def group_interval(measure: Measure, groups: Ints, most: float = 1.0) -> Estimate:
    """As ``interval``, but whole groups are drawn again: faces of one person or one video are alike, and to count each
    as news would make the interval too narrow (Davison, Hinkley 1997, Bootstrap Methods and their Application, section
    3.8). ``groups`` (N,): the same number for faces of one group; ``most``: the highest value there can be.

    Where no draw differs from another, resampling says nothing: if all groups are wholly right or wholly wrong, the end
    of the interval is that of Clopper and Pearson (1934, Biometrika 26) for one trial a group, else it is 0…``most``.
    """
    _, numbers = np.unique(groups, return_inverse=True)
    count = int(numbers.max()) + 1
    value = float(measure(np.ones((1, len(groups))))[0])
    drawn = [measure(part[:, numbers]) for part in np.array_split(resamples(count), CHUNKS)]
    low, high = np.nanquantile(np.concatenate(drawn), TAILS)
    if high - low > SPREAD * most:
        return Estimate(value, float(low), float(high))
    chance = TAILS[0] ** (1 / count)
    at_least, at_most = value > most * (1 - SPREAD), value < most * SPREAD
    return Estimate(value, most * chance if at_least else 0.0, most * (1 - chance) if at_most else most)


def calibration_interval(confidence: Floats, right: Mask, groups: Ints | None = None) -> Estimate:
    """``calibration_error`` with an interval that covers at least 95 %. ``groups``: see ``group_interval``; a single
    one tells nothing of others: 0…1.

    Chance alone gives every bin a gap, so a calibrated model too has an error above 0, resampling adds to it once more,
    and plain percentiles lie above the truth (over 3200 faces of a calibrated model: always). The error is at most the
    true one + Σ |chance's part of a bin's gap| (triangle inequality), so the lower end is the value less the 97.5th
    percentile of that sum, as resampling shows it; the upper end is the percentile as it is.
    """
    gaps, faces = _gaps(confidence, right), np.ones(len(right))
    if groups is not None:
        _, numbers = np.unique(groups, return_inverse=True)
        faces = np.bincount(numbers).astype(np.float64)
        gaps = np.stack([np.bincount(numbers, column) for column in gaps.T], axis=1)
    here, times = gaps.sum(axis=0) / len(right), resamples(len(faces))
    there = times @ gaps / (times @ faces)[:, None]
    value = float(np.abs(here).sum())
    if groups is not None and len(faces) == 1:
        return Estimate(value, 0.0, 1.0)
    low = value - float(np.quantile(np.abs(there - here).sum(axis=1), TAILS[1]))
    return Estimate(value, max(0.0, low), float(np.quantile(np.abs(there).sum(axis=1), TAILS[1])))


@functools.lru_cache(maxsize=1)
def resamples(faces: int) -> Floats:
    """(RESAMPLES, faces): how often each face was drawn in as many draws, with replacement, as there are faces. The
    same on every machine."""
    drawn = np.random.default_rng(SEED).integers(faces, size=(RESAMPLES, faces))
    places = drawn + faces * np.arange(RESAMPLES)[:, None]
    times = np.bincount(places.ravel(), minlength=RESAMPLES * faces).reshape(RESAMPLES, faces).astype(np.float64)
    times.setflags(write=False)
    return times


def _gaps(confidence: Floats, right: Mask) -> Floats:
    """(N, BINS): what each face adds to right − confidence of its bin."""
    bins = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    return np.asarray(np.eye(BINS)[bins] * (right - confidence)[:, None])


def divided(part: Floats, whole: Floats) -> Floats:
    """NaN where the whole is 0."""
    return np.divide(part, whole, out=np.full(np.shape(whole), np.nan), where=whole > 0)
