"""When a room's valence changed and stayed changed for a while.

The stretch of time whose mean differs most from that of the rest is found (circular binary segmentation: A. B. Olshen,
E. S. Venkatraman, R. Lucito, M. Wigler, "Circular binary segmentation for the analysis of array-based DNA copy number
data", Biostatistics 5 (2004) 557–572), over stretches whose lengths rise by a quarter each, and cut out where it is
more than chance; the parts are searched in the same way. It is measured by how much the means of the course vary
without it, and chance is what series without any change show that are as slow as the rest of this one
(``streamer.trends.noise``), at each length compared with what is usual at that length. Permuting blocks of the course
itself was left out: blocks long enough to keep its slowness hold a whole short change, which then looks like chance; so
was taking the slowness of the whole course, in which a step that stays is itself the slowness.

A slow drift is no change, and several steps within a few minutes of each other hide one another in a short course.
What wanders for longer than about a fiftieth of the course cannot be told from changes, and is then told as such in
more courses than CHANCE says. tests/test_trends_changes.py holds the rates.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from streamer.timeline.answers import Course
from streamer.trends.noise import alike, slowness
from streamer.trends.scan import LEAST_SECONDS, Scan, contrasts, scanned, without
from streamer.trends.series import Array, Series, coarser, mean, series_of

CHANCE = 0.02
"""Share of series without a change that show as much, at most, for a change to be told. Less than 0.05, because how
slow a course is can itself only be estimated."""

SURROGATES = 199

CELL = 5.0
"""Seconds of the grid on which changes are looked for, more where there would be over MOST_CELLS."""

MOST_CELLS = 720

LEAST_SPAN, LEAST_PART, LEAST_CELLS = 600.0, 120.0, 24
"""Seconds with numbers in which changes are looked for at all, and between others; and cells of the grid. With less it
cannot be known how slow a course is."""

MOST_TAKEN, PER_TAKEN = 3, 300
"""Stretches taken out, one after the other, before it is asked how slow a course is: one, and one more for each
PER_TAKEN cells. With fewer, steps one upon the other pass for slowness; with more, slowness passes for steps."""

LEAST_SIZE = 0.05
"""A difference of valence below which nobody needs to know, however sure it is."""

LEAST_SPREAD = 1e-3
"""Of a course that does not move at all."""


@dataclass(frozen=True, slots=True)
class Change:
    """At ``utc`` the room's valence went from ``before`` to ``after`` (means of the times since the change before and
    until the next one, −1…1) and kept that for ``seconds``, until the next change or the end of the course; within a
    gap it is told at its end. ``confidence`` 0…1: share of series without any change, as slow as this one, that show
    less; what was searched within parts already cut is not paid for once more."""

    utc: int
    seconds: int
    before: float
    after: float
    confidence: float

    @property
    def size(self) -> float:
        """−2…2"""
        return self.after - self.before


@dataclass(frozen=True, slots=True)
class Arc:
    """A stretch of cells from ``begin`` to below ``end``, and the probability of as much by chance."""

    begin: int
    end: int
    p: float


def changes(course: Course) -> tuple[Change, ...]:
    """The changes of a course, oldest first; always the same for the same course. None where less than LEAST_SPAN or
    LEAST_CELLS is known. Of courses without changes that are long beside how slow they are, one
    is told in at most 1 of 20."""
    series = cells_of(course)
    return () if series is None else told(series, edges_of(series))


def cells_of(course: Course) -> Series | None:
    """The grid on which changes are looked for; None where nothing is known."""
    fine = series_of(course)
    if fine is None:
        return None
    cell = max(CELL, len(fine.values) * fine.width / MOST_CELLS)
    return coarser(fine, math.ceil(cell / fine.width))


def edges_of(series: Series) -> dict[int, float]:
    """The first cell of each new level, and the probability of as much by chance."""
    random = np.random.default_rng(2004)
    edges: dict[int, float] = {}
    waiting = [(0, len(series.values))]
    least = LEAST_SPAN
    while waiting:
        begin, end = waiting.pop(0)
        part = Series(series.utc(begin), series.width, series.values[begin:end], series.weights[begin:end])
        enough = part.weights.sum() >= least and (part.weights > 0).sum() >= LEAST_CELLS
        arc = strongest(part, random) if enough else None
        cuts = [] if arc is None else [begin + cut for cut in (arc.begin, arc.end) if lasts(part, cut)]
        if arc is not None and cuts:
            edges |= dict.fromkeys(cuts, arc.p)
            waiting += pairwise([begin, *cuts, end])
        least = LEAST_PART
    return edges


def lasts(part: Series, cut: int) -> bool:
    """Whether enough lies on either side of the cell. The rest of a part is what is before and after the stretch that
    differs, and each alone can be next to nothing: the course has not stayed so, or not been so."""
    return min(float(part.weights[:cut].sum()), float(part.weights[cut:].sum())) >= LEAST_SECONDS


def strongest(series: Series, random: np.random.Generator) -> Arc | None:
    """The stretch that differs most from the rest, None where that is not more than chance or not worth telling."""
    known = series.weights > 0
    course = np.where(known, np.nan_to_num(series.values), 0.0)[None]
    scan, partials = judged(course, series)

    def estimated(values: Array) -> Array:
        return judged(values, series)[1]

    surrogates = alike(random, partials[0], estimated, (SURROGATES, len(known)))
    chance = judged(surrogates, series)[0].scores
    usual = np.maximum(np.sqrt((chance**2).mean(axis=0)), 1e-9)
    found = scan.scores[0] / usual
    best = int(found.argmax())
    p = (1 + int(((chance / usual).max(axis=1) >= found[best]).sum())) / (1 + SURROGATES)
    begin = int(scan.places[0, best])
    arc = refined(course, series, Arc(begin, begin + scan.lengths[best], p))
    return arc if p <= CHANCE and abs(difference(series, arc)) >= LEAST_SIZE else None


def judged(values: Array, series: Series) -> tuple[Scan, Array]:
    """(k, n) → the contrasts in units of how the means of each series vary without its own strongest stretches, and the
    partial autocorrelations of what is left then."""
    scan = scanned(values, series)
    left = without(values, series, scan)
    for _ in range(min(MOST_TAKEN - 1, int((series.weights > 0).sum()) // PER_TAKEN)):
        left = without(left, series, scanned(left, series))
    rest = slowness(left, series.weights > 0)
    # A contrast is that of seconds, the spread that of cells.
    spread = np.maximum(rest.spread, LEAST_SPREAD) * math.sqrt(series.width)
    return Scan(scan.lengths, scan.scores / spread[:, None], scan.places), rest.partials


def refined(course: Array, series: Series, arc: Arc) -> Arc:
    """The stretch with the largest contrast among those up to an eighth longer or shorter than ``arc`` near it."""
    length, count = arc.end - arc.begin, len(series.values)
    reach = max(1, length // 8)
    best, found = 0.0, arc
    for tried in range(max(2, length - reach), min(count - 1, length + reach) + 1):
        values = contrasts(course, series, tried)[0]
        low = max(0, arc.begin - reach)
        place = low + int(values[low : arc.begin + reach + 1].argmax()) if low < len(values) else 0
        if values[place] > best:
            best, found = float(values[place]), Arc(place, place + tried, arc.p)
    return found


def difference(series: Series, arc: Arc) -> float:
    """The mean in the stretch minus that of the rest."""
    inside, whole = mean(series, arc.begin, arc.end), mean(series, 0, len(series.values))
    share = float(series.weights[arc.begin : arc.end].sum() / series.weights.sum())
    return 0.0 if inside is None or whole is None or share == 1 else (inside - whole) / (1 - share)


def told(series: Series, edges: dict[int, float]) -> tuple[Change, ...]:
    borders = [0, *sorted(edges), len(series.values)]
    result = []
    for begin, edge, end in zip(borders, borders[1:], borders[2:], strict=False):
        before, after = mean(series, begin, edge), mean(series, edge, end)
        if before is not None and after is not None and abs(after - before) >= LEAST_SIZE:
            known = edge + int(np.argmax(series.weights[edge:end] > 0))
            seconds = (end - known) * series.width
            result.append(Change(series.utc(known), seconds, before, after, 1 - edges[edge]))
    return tuple(result)
