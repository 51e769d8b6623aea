"""How much each stretch of a series differs from the rest of it, for many series at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.trends.series import Array, Series

LEAST_SECONDS = 20.0
"""With numbers, of a stretch that is looked at and of what is beside it."""


@dataclass(frozen=True, slots=True, eq=False)
class Scan:
    """Of k series, by length of the stretch in cells: ``scores`` (k, lengths) the largest contrast, ``places`` where
    the stretch begins that has it."""

    lengths: tuple[int, ...]
    scores: Array
    places: NDArray[np.intp]


def scanned(values: Array, series: Series) -> Scan:
    """(k, n) values in the cells of ``series``, 0 where that is unknown."""
    lengths = lengths_of(series)
    found = [contrasts(values, series, length) for length in lengths]
    scores = np.stack([one.max(axis=1) for one in found], axis=1)
    return Scan(lengths, scores, np.stack([one.argmax(axis=1) for one in found], axis=1))


def lengths_of(series: Series) -> tuple[int, ...]:
    """In cells: from LEAST_SECONDS up, each a quarter longer, to what leaves as much beside it."""
    least = max(2, math.ceil(LEAST_SECONDS / series.width))
    lengths = [least]
    while (longer := max(lengths[-1] + 1, round(lengths[-1] * 1.25))) <= len(series.values) - least:
        lengths.append(longer)
    return tuple(lengths)


def contrasts(values: Array, series: Series, length: int) -> Array:
    """(k, n) → (k, n − length + 1): for the stretch from each cell on, |mean in it − mean of the rest| times
    √(w (W − w) / W), the CUSUM statistic for a stretch, where w of all W seconds lie in it; 0 where it or the rest
    holds too few."""
    weights = np.concatenate([[0.0], np.cumsum(series.weights)])
    sums = np.concatenate([np.zeros((len(values), 1)), np.cumsum(values * series.weights, axis=1)], axis=1)
    sums -= sums[:, -1:] * weights / weights[-1]
    inside = weights[length:] - weights[:-length]
    outside = weights[-1] - inside
    # Half of what is known of as many cells elsewhere: of a year nothing is known of the nights.
    usual = weights[-1] / len(series.values)
    enough = (inside >= max(LEAST_SECONDS, length * usual / 2)) & (outside >= LEAST_SECONDS)
    # The sums are of deviations from the mean of all, so w (mean in it − mean of all), which is w (W − w) / W times the
    # difference from the rest.
    scale = np.sqrt(weights[-1] / np.maximum(inside * outside, 1e-9)) * enough
    result: Array = np.abs(sums[:, length:] - sums[:, :-length]) * scale
    return result


def without(values: Array, series: Series, scan: Scan) -> Array:
    """(k, n): each series minus the mean of its strongest stretch in it, and minus that of the rest elsewhere; 0 where
    ``series`` is unknown."""
    rows = np.arange(len(values))
    best = scan.scores.argmax(axis=1)
    begins, cells = scan.places[rows, best][:, None], np.arange(values.shape[1])
    inside = (cells >= begins) & (cells < begins + np.array(scan.lengths)[best][:, None])
    result: Array = values * (series.weights > 0)
    for part in (inside, ~inside):
        weights = part * series.weights
        means = (values * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1e-9)
        result -= means[:, None] * part * (series.weights > 0)
    return result
