"""What the room did after something that was marked. After, not because of.

The change is the mean valence of the time after minus that of the time before. How much a room changes anyway is asked
of the same course: at each of its other moments (placebo marks, as in placebo tests in time: A. Abadie, A. Diamond,
J. Hainmueller, "Comparative politics and the synthetic control method", American Journal of Political Science 59
(2015) 495–510) the same difference is taken, and what a mark shows must be rare among those. In a course with true
changes those are among the placebos as well, so that fewer marks are told than could be, never more.
tests/test_trends_marks.py holds the rates.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from streamer.errors import ConfigError
from streamer.occurrences import Mark
from streamer.timeline.answers import Course
from streamer.trends.certainty import LEVEL, Estimate
from streamer.trends.series import Array, Series, mean, series_of

CHANCE = 0.05
"""Share of other moments of the course with as much change, at most, for a change to be told. Half of the 0.1 that is
promised, because a course has only few moments that have nothing in common."""

LEAST_PLACEBOS = 5
"""How many times the window's length the other moments must number in seconds: below, nothing is said of chance."""

KNOWN = 0.5
"""Share of the seconds before and of those after that must have numbers."""

HELD = 5
"""Seconds whose mean must have gone half of the way."""


@dataclass(frozen=True, slots=True)
class Window:
    """Seconds looked at ``before`` and ``after`` a mark.

    Raises:
        ConfigError: one is not within 10…3600 seconds.
    """

    before: int = 60
    after: int = 60

    def __post_init__(self) -> None:
        for seconds in (self.before, self.after):
            if not 10 <= seconds <= 3600:
                raise ConfigError(f"the time before and after a mark must be within 10…3600 seconds, got {seconds}")


@dataclass(frozen=True, slots=True)
class Aftermath:
    """What the room did after ``mark``. ``before`` and ``after``: mean valence, None where too little is known.
    ``change``: after minus before; its interval (both ends None where chance is not known) is as wide as what LEVEL of
    the course's other moments change by. ``p``: share of those at which as much changed or more; None where there are
    too few. ``changed``: that share is at most CHANCE. ``half``: seconds until the room had gone half of the way, None
    where nothing changed. ``overlaps``: texts of other marks whose time before and after meets this one's, so that it
    cannot be told which of them it came after."""

    mark: Mark
    before: float | None
    after: float | None
    change: Estimate | None
    p: float | None
    changed: bool
    half: int | None
    overlaps: tuple[str, ...]


def aftermaths(
    course: Course, marks: Iterable[Mark] | None = None, window: Window | None = None
) -> tuple[Aftermath, ...]:
    """What followed each of ``marks`` (None: those of the course), oldest first. With a course whose buckets are wider
    than a third of the window, none of them has evidence enough."""
    window = window or Window()
    found = (one for one in course.occurrences if isinstance(one, Mark)) if marks is None else marks
    ordered = sorted(found, key=lambda one: (one.utc, one.id))
    series = series_of(course)
    if series is not None and 3 * series.width > min(window.before, window.after):
        series = None
    steps = None if series is None else steps_of(series, window)
    return tuple(aftermath(series, steps, mark, window, overlapping(mark, ordered, window)) for mark in ordered)


def aftermath(
    series: Series | None, steps: Array | None, mark: Mark, window: Window, overlaps: tuple[str, ...]
) -> Aftermath:
    """``steps``: the change at each cell of ``series``; both None where there is nothing to tell from."""
    nothing = Aftermath(mark, None, None, None, None, False, None, overlaps)
    if series is None or steps is None:
        return nothing
    before_cells, after_cells = cells(series, window)
    place = series.index(mark.utc)
    if not 0 < place < len(series.values):
        return nothing
    begin, end = max(0, place - before_cells), place + after_cells
    before, after = mean(series, begin, place), mean(series, place, end)
    step = float(steps[place])
    if before is None or after is None or np.isnan(step):
        return nothing
    seconds = round(float(series.weights[begin:end].sum()))
    placebos = placebos_of(steps, place, before_cells + after_cells)
    if placebos is None:
        return Aftermath(mark, before, after, Estimate(step, None, None, seconds), None, False, None, overlaps)
    p = (1 + int((placebos >= abs(step)).sum())) / (1 + len(placebos))
    usual = float(np.quantile(placebos, LEVEL))
    change = Estimate(step, step - usual, step + usual, seconds)
    half = half_way(series, place, end, before + step / 2, step) if p <= CHANCE else None
    return Aftermath(mark, before, after, change, p, p <= CHANCE, half, overlaps)


def cells(series: Series, window: Window) -> tuple[int, int]:
    """The window in cells."""
    return round(window.before / series.width), round(window.after / series.width)


def steps_of(series: Series, window: Window) -> Array:
    """(n,): at each cell the mean from it on minus the mean before it; NaN where too little is known."""
    before, after = cells(series, window)
    pad_before, pad_after = np.zeros(before), np.zeros(after)
    weights = np.concatenate([pad_before, series.weights, pad_after])
    sums = np.concatenate([pad_before, np.nan_to_num(series.values) * series.weights, pad_after])

    def means(size: int, offset: int) -> Array:
        seconds = sliding_window_view(weights, size).sum(axis=1)[offset : offset + len(series.values)]
        totals = sliding_window_view(sums, size).sum(axis=1)[offset : offset + len(series.values)]
        enough = seconds >= KNOWN * size * series.width
        return np.where(enough, totals / np.maximum(seconds, 1e-9), np.nan)

    result: Array = means(after, before) - means(before, 0)
    return result


def placebos_of(steps: Array, place: int, span: int) -> Array | None:
    """The sizes of the changes at all cells that share nothing with the one at ``place``, None where those are too
    few."""
    apart = np.abs(np.arange(len(steps)) - place) >= span
    sizes = np.abs(steps[apart & ~np.isnan(steps)])
    return sizes if len(sizes) >= LEAST_PLACEBOS * span else None


def half_way(series: Series, place: int, end: int, level: float, step: float) -> int | None:
    """Seconds from ``place`` until the mean of HELD seconds is beyond ``level`` in the direction of ``step``."""
    held = max(1, round(HELD / series.width))
    for begin in range(place, min(end, len(series.values))):
        value = mean(series, begin, begin + held)
        if value is not None and (value - level) * step >= 0:
            return (begin - place) * series.width
    return None


def overlapping(mark: Mark, marks: Iterable[Mark], window: Window) -> tuple[str, ...]:
    """The texts of the others whose windows meet that of ``mark``."""
    span = window.before + window.after
    return tuple(one.text for one in marks if one.id != mark.id and abs(one.utc - mark.utc) < span)
