"""A course as arrays: the room's valence on an even grid of time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.timeline.answers import Course

Array: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """``values`` (n,): mean valence of the ``width`` seconds from ``begin + i * width`` on, NaN where nothing is known;
    ``weights`` (n,): the seconds with numbers in them."""

    begin: int
    width: int
    values: Array
    weights: Array

    def utc(self, index: int) -> int:
        return self.begin + index * self.width

    def index(self, utc: float) -> int:
        """Of the cell that begins at ``utc`` or is the first to begin after it; within 0…n."""
        return int(np.clip(-(-(utc - self.begin) // self.width), 0, len(self.values)))


def series_of(course: Course) -> Series | None:
    """None where no bucket has a valence. Begins and ends with one that has."""
    known = [bucket for bucket in course.buckets if bucket.valence is not None and bucket.seconds > 0]
    if not known:
        return None
    begin = known[0].utc
    places = np.array([(bucket.utc - begin) // course.width for bucket in known])
    values, weights = np.full(places[-1] + 1, np.nan), np.zeros(places[-1] + 1)
    values[places] = [bucket.valence for bucket in known]
    weights[places] = [bucket.seconds for bucket in known]
    return Series(begin, course.width, values, weights)


def coarser(series: Series, factor: int) -> Series:
    """Each ``factor`` cells as one, weighted; the last may have fewer."""
    starts = np.arange(0, len(series.values), factor)
    weights = np.add.reduceat(series.weights, starts)
    sums = np.add.reduceat(np.nan_to_num(series.values) * series.weights, starts)
    values = np.where(weights > 0, sums / np.maximum(weights, 1e-9), np.nan)
    return Series(series.begin, series.width * factor, values, weights)


def mean(series: Series, begin: int, end: int) -> float | None:
    """Over cells ``begin`` to below ``end``, weighted by their seconds."""
    weights = series.weights[begin:end]
    total = float(weights.sum())
    return float(np.nan_to_num(series.values[begin:end]) @ weights) / total if total > 0 else None
