"""How well the time of a change is known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from streamer.timeline.answers import Course
from streamer.trends.changes import LEAST_SPREAD, Change, cells_of
from streamer.trends.noise import clipped, slowness
from streamer.trends.series import Array, Series, mean

HALF = 7.687
"""0.95 quantile of where W(s) − |s| / 2 is largest, W a Brownian motion on both sides of 0, so that LEVEL of them lie
within it on either side (Y.-C. Yao, "Approximating the distribution of the maximum likelihood estimate of the
change-point in a sequence of independent random variables", Annals of Statistics 15 (1987) 1321–1328). In cells it is
times the long-run variance of a cell over the square of the change (J. Bai, "Estimation of a change point in multiple
regression models", Review of Economics and Statistics 79 (1997) 551–563)."""


@dataclass(frozen=True, slots=True)
class Between:
    """A change happened from ``earliest`` to ``latest``, in seconds since 1970, with LEVEL; tests/test_trends_dating.py
    holds the rate."""

    earliest: int
    latest: int


def dated(course: Course, found: Sequence[Change]) -> tuple[Between, ...]:
    """Between which times each of ``found`` lies, which are the changes of ``course``: at least a cell of its grid to
    either side, all of a gap within which it happened, and not beyond its neighbours."""
    series = cells_of(course)
    if series is None or not found:
        return ()
    borders = [0, *(series.index(one.utc) for one in found), len(series.values)]
    spread = spread_around(series, borders)
    return tuple(
        between(series, tuple(borders[place : place + 3]), spread / abs(one.size)) for place, one in enumerate(found)
    )


def between(series: Series, borders: Sequence[int], noise: float) -> Between:
    """``borders``: the cell of the change before, of this one, and of the next. ``noise``: the long-run spread of a
    cell, in sizes of the change."""
    before, place, after = borders
    known = np.flatnonzero(series.weights[:place] > 0)
    gap = int(known[-1]) + 1 if len(known) else place
    margin = max(1, math.ceil(HALF * noise**2))
    return Between(series.utc(max(before, gap - margin)), series.utc(min(after, place + margin)))


def spread_around(series: Series, borders: Sequence[int]) -> float:
    """By which the mean of n cells varies around the levels between ``borders``, times √n."""
    known = series.weights > 0
    left = np.zeros((1, len(series.values)))
    for begin, end in pairwise(borders):
        level = mean(series, begin, end) or 0.0
        left[0, begin:end] = np.where(known[begin:end], np.nan_to_num(series.values[begin:end]) - level, 0.0)
    found = slowness(left, known).spread[0] * unclipped(left[:, known])
    return float(max(found, LEAST_SPREAD))


def unclipped(values: Array) -> float:
    """(1, n): how many times as far as clipped the values lie, for slowness is measured without what is far out."""
    near = float(clipped(values).std())
    return float(values.std()) / near if near > 0 else 1.0
