"""Two sittings on the same scale."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from streamer.errors import ConfigError
from streamer.timeline.answers import Course
from streamer.trends.aggregates import MINUTE, mean_shares
from streamer.trends.certainty import Estimate, difference, spread_of, with_interval
from streamer.trends.series import Array, Series, mean, series_of

UNEVEN = 2.0
"""How many times as long as the other one may be."""

MOST_MINUTES = 100_000
"""About two months."""


@dataclass(frozen=True, slots=True)
class Minute:
    """What begins ``minute`` minutes after the point of alignment (negative: before it); mean valence of either, None
    where nothing is known."""

    minute: int
    first: float | None
    second: float | None

    @property
    def difference(self) -> float | None:
        return None if self.first is None or self.second is None else self.second - self.first


@dataclass(frozen=True, slots=True)
class Comparison:
    """All differences are second minus first. ``whole``: of the means of all that is known of either. ``common``: of
    those minutes alone which are known of both. ``minutes``: each of ``step`` seconds, one minute unless the courses
    are coarser. ``shares``: of the labels' shares in the order of LABELS. ``first_seconds`` and ``second_seconds`` with
    numbers; ``uneven``: one has less than half of the other's, so that ``whole`` compares a part with a whole. None
    where there is nothing to compare."""

    whole: Estimate | None
    common: Estimate | None
    minutes: tuple[Minute, ...]
    shares: tuple[float, ...] | None
    first_seconds: int
    second_seconds: int
    uneven: bool
    step: int = MINUTE


def compare(first: Course, second: Course, at: tuple[float, float] | None = None) -> Comparison:
    """Two courses, aligned at their first second with a valence or ``at`` a time in each (utc), such as that of a mark.
    The intervals take the two as independent.

    Raises:
        ConfigError: ``at`` is so far from a course that there would be more than MOST_MINUTES.
    """
    series = series_of(first), series_of(second)
    step = MINUTE * math.ceil(max(first.width, second.width) / MINUTE)
    one, other = (
        {} if part is None else minutes_of(part, at[index] if at else part.begin, step)
        for index, part in enumerate(series)
    )
    minutes = side_by_side(series, (one, other), step)
    seconds = [0 if part is None else round(float(part.weights.sum())) for part in series]
    known = one.keys() & other.keys()
    whole = common = None
    if series[0] is not None and series[1] is not None:
        whole = difference_of(series[0], series[1])
        common = difference_of(
            kept(series[0], [index for key in known for index in one[key]]),
            kept(series[1], [index for key in known for index in other[key]]),
        )
    return Comparison(
        whole=whole,
        common=common,
        minutes=minutes,
        shares=difference_of_shares(first, second),
        first_seconds=seconds[0],
        second_seconds=seconds[1],
        uneven=max(seconds) > UNEVEN * min(seconds),
        step=step,
    )


def minutes_of(series: Series, at: float, step: int) -> dict[int, list[int]]:
    """The known cells by the step after ``at`` in which they begin."""
    result: dict[int, list[int]] = {}
    for index in np.flatnonzero(series.weights > 0).tolist():
        result.setdefault(math.floor((series.utc(index) - at) / step), []).append(index)
    return result


def difference_of(first: Series, second: Series) -> Estimate | None:
    """Second minus first, of the means of all that is known; None where one knows nothing."""
    one, other = mean(first, 0, len(first.values)), mean(second, 0, len(second.values))
    if one is None or other is None:
        return None
    spread = difference(spread_of(first.values, first.weights), spread_of(second.values, second.weights))
    return with_interval(other - one, spread, round(float(first.weights.sum() + second.weights.sum())))


def kept(series: Series, cells: list[int]) -> Series:
    """As if only those cells were known."""
    weights: Array = np.zeros_like(series.weights)
    weights[cells] = series.weights[cells]
    return Series(series.begin, series.width, series.values, weights)


def side_by_side(
    series: tuple[Series | None, Series | None], cells: tuple[dict[int, list[int]], dict[int, list[int]]], step: int
) -> tuple[Minute, ...]:
    """From the first step in which either is known to the last."""
    known = cells[0].keys() | cells[1].keys()
    if not known:
        return ()
    if (count := max(known) - min(known) + 1) > MOST_MINUTES:
        raise ConfigError(
            f"expected at most {MOST_MINUTES} minutes to compare, got {count}; align nearer to the courses"
        )

    def value(index: int, place: int) -> float | None:
        part, found = series[index], cells[index].get(place)
        return None if part is None or not found else mean(part, found[0], found[-1] + 1)

    places = range(min(known), max(known) + 1)
    return tuple(Minute(place * step // MINUTE, value(0, place), value(1, place)) for place in places)


def difference_of_shares(first: Course, second: Course) -> tuple[float, ...] | None:
    one, other = mean_shares(first.buckets), mean_shares(second.buckets)
    return None if one is None or other is None else tuple(b - a for a, b in zip(one, other, strict=True))
