"""How sure the mean of a slow series is.

Neighbouring seconds say nearly the same, so n of them are worth far less than n. The interval is that of equally
weighted cosines: the long-run variance is the mean square of the B slowest cosine sums of the series, and the mean has
Student's t with B degrees of freedom (E. Lazarus, D. J. Lewis, J. H. Stock, M. W. Watson, "HAR inference:
recommendations for practice", Journal of Business & Economic Statistics 36 (2018) 541–559). B is small, so that short
series get wide intervals and not wrong ones. Simulated in tests/test_trends_certainty.py. What drifts over times like
the span itself is not covered by any such interval.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from streamer.timeline.answers import Course
from streamer.trends.series import Array, Series, mean, series_of

LEVEL = 0.9
"""The intervals of trends hold the truth so often."""

PER_COSINE = 120
"""Seconds of series for each cosine. The fastest has a period of twice that, long beside the meter's own 10 s and
still beside moods that last half a minute."""

FEWEST, MOST = 2, 12
"""Cosines. With one alone the interval would be wider than the scale."""

T_95 = (6.314, 2.920, 2.353, 2.132, 2.015, 1.943, 1.895, 1.860, 1.833, 1.812, 1.796, 1.782)
"""0.95 quantiles of Student's t with 1…12 degrees of freedom, so that LEVEL lies between them on both sides."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A valence, or a difference of two (−2…2), with the interval that holds the truth with LEVEL; both ends None where
    the evidence is not enough for one. ``seconds`` with numbers it is from."""

    value: float
    low: float | None
    high: float | None
    seconds: int


@dataclass(frozen=True, slots=True)
class Spread:
    """``variance`` of a mean, known as well as from so many ``degrees`` of freedom."""

    variance: float
    degrees: float


def mean_of(course: Course) -> Estimate | None:
    """The mean valence of a span, weighted by seconds, as a sample of how the room is in such a time; None where
    nothing is known, without an interval where less than FEWEST · PER_COSINE seconds are."""
    series = series_of(course)
    return None if series is None else estimate(series)


def estimate(series: Series) -> Estimate | None:
    value = mean(series, 0, len(series.values))
    if value is None:
        return None
    return with_interval(value, spread_of(series.values, series.weights), round(float(series.weights.sum())))


def spread_of(values: Array, weights: Array) -> Spread | None:
    """Of the mean of ``values`` (n,) with ``weights`` in seconds; what is not known (weight 0) is passed over, so the
    series goes on behind a gap (for which A. Datta and W. Du, "Nonparametric HAC estimation for time series data with
    missing observations", 2012, find this the better choice). None where there is too little."""
    known = weights > 0
    weights, values = weights[known], values[known]
    total, count = float(weights.sum()), len(values)
    degrees = min(MOST, int(total // PER_COSINE), count // 4)
    if degrees < FEWEST:
        return None
    scores = weights * (values - values @ weights / total)
    angles = np.pi * np.outer(np.arange(1, degrees + 1), np.arange(count) + 0.5) / count
    sums = np.cos(angles) @ scores * math.sqrt(2 / count)
    return Spread(float((sums**2).mean()) * count / total**2, degrees)


def with_interval(value: float, spread: Spread | None, seconds: int) -> Estimate:
    if spread is None:
        return Estimate(value, None, None, seconds)
    half = T_95[int(spread.degrees) - 1] * math.sqrt(spread.variance)
    return Estimate(value, value - half, value + half, seconds)


def difference(first: Spread | None, second: Spread | None) -> Spread | None:
    """Of the difference of two independent means, with the degrees of freedom of B. L. Welch (Biometrika 34 (1947)
    28–35), (v₁ + v₂)² / (v₁² / f₁ + v₂² / f₂), at most those of the table."""
    if first is None or second is None:
        return None
    total = first.variance + second.variance
    if total == 0:
        return Spread(0.0, min(first.degrees, second.degrees))
    degrees = total**2 / (first.variance**2 / first.degrees + second.variance**2 / second.degrees)
    return Spread(total, min(degrees, float(len(T_95))))
