"""The figures of a league: right against fast, found by size, and what each classifier calls what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, PercentFormatter

from tools.compare.league import League
from tools.evaluate.plots import draw_table, found_by_size
from tools.evaluate.slices import size_name
from tools.figures import BLUE, FAINT, GREEN, INK, VERMILION, figure, plain, save
from tools.scores import Estimate

SPEED, SIZES, CONFUSIONS = "accuracy-against-time.png", "recall-by-size.png", "confusions.png"
COLOURS = (BLUE, VERMILION, GREEN, "#cc79a7", "#e69f00", "#56b4e9", "#000000", "#999999")
"""Okabe & Ito, as in tools.figures; no more than there are detectors."""

WHITE = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
"""Behind a word, so that no line of the grid goes through it."""

APART = 0.055
"""Least distance between two words, as a share of the axis."""


@dataclass(frozen=True, slots=True)
class Point:
    name: str
    milliseconds: float
    score: Estimate


def draw(league: League, folder: Path) -> Iterator[str]:
    """Each figure there is something to show in; its name."""
    finders = [
        Point(row.name, row.milliseconds, row.scores.recall)
        for row in league.detectors
        if row.scores and row.scores.recall and row.milliseconds
    ]
    readers = [
        Point(row.name, row.milliseconds, row.scores.accuracy)
        for row in league.classifiers
        if row.scores and row.milliseconds
    ]
    if finders or readers:
        draw_speed(finders, readers, folder / SPEED)
        yield SPEED
    if any(row.scores and row.scores.faces for row in league.detectors):
        draw_sizes(league, folder / SIZES)
        yield SIZES
    if any(row.scores for row in league.classifiers):
        draw_confusions(league, folder / CONFUSIONS)
        yield CONFUSIONS


def draw_speed(finders: Sequence[Point], readers: Sequence[Point], path: Path) -> None:
    """Those of the two that anybody was measured in."""
    below = "One thread, on these pictures, with 95 % intervals. To the right is righter, up is faster, on a log scale."
    panels = [
        (finders, "Detectors: share of the labelled faces found", "frame"),
        (readers, "Classifiers: share of the labelled boxes read rightly", "face"),
    ]
    shown = [panel for panel in panels if panel[0]]
    most = max(len(points) for points, *_ in shown)
    page = figure(max(8.0, 5.75 * len(shown)), max(4.4, 2.2 + 0.3 * most), "Right against fast", below)
    for axes, (points, title, each) in zip(page.subplots(1, len(shown), squeeze=False).flat, shown, strict=True):
        _points(axes, points, title, each)
    save(page, path)


def _points(axes: Axes, points: Sequence[Point], title: str, each: str) -> None:
    plain(axes, title)
    axes.set_xlim(0, 1.02)
    axes.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylabel(f"milliseconds a {each}", fontsize=9, color=FAINT)
    slow, fast = _speeds(axes, [point.milliseconds for point in points])
    heights = [math.log(slow / point.milliseconds) / math.log(slow / fast) for point in points]
    for point, height in zip(points, spread(heights, 0.07), strict=True):
        at = point.score.value, point.milliseconds
        axes.hlines(at[1], point.score.low, point.score.high, color=BLUE, linewidth=1.6, alpha=0.45)
        axes.scatter(*at, s=34, color=BLUE, zorder=3, clip_on=False)
        words = f"{point.name}  {at[0]:.0%}, {spoken(at[1])} ms"
        arrow = {"arrowstyle": "-", "color": FAINT, "linewidth": 0.6, "shrinkA": 2, "shrinkB": 4, "relpos": (0, 0.5)}
        axes.annotate(
            words, at, (1.04, height), "data", "axes fraction", arrow, va="center", fontsize=9, color=INK,
            annotation_clip=False,
        )  # fmt: skip


def _speeds(axes: Axes, times: Sequence[float]) -> tuple[float, float]:
    """A logarithmic axis, the fast above, that holds these milliseconds; its ends."""
    slow, fast = max(times) * 1.7, min(times) / 1.7
    axes.set_yscale("log")
    axes.set_ylim(slow, fast)
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    return slow, fast


def spoken(milliseconds: float) -> str:
    """Two digits that mean something."""
    return (
        f"{milliseconds:.0f}"
        if milliseconds >= 10
        else f"{milliseconds:.1f}"
        if milliseconds >= 1
        else (f"{milliseconds:.2f}")
    )


def spread(heights: Sequence[float], apart: float = APART) -> list[float]:
    """The heights 0…1 in their own order, moved so that any two are ``apart`` or more: down where there is room."""
    order = np.argsort(heights, kind="stable")[::-1]
    placed, limit = [0.0] * len(heights), 1.0
    for place in order:
        placed[place] = min(heights[place], limit)
        limit = placed[place] - apart
    least = 0.0
    for place in order[::-1]:
        placed[place] = max(placed[place], least)
        least = placed[place] + apart
    return placed


def draw_sizes(league: League, path: Path) -> None:
    """A line for each detector, named at its end."""
    below = "By the longer side of the labelled face in pixels, below it the faces, with 95 % intervals."
    page = figure(9.5, 4.8, "Which sizes are found?", below)
    axes = page.subplots()
    plain(axes, "Share of the labelled faces found")
    rows = [row for row in league.detectors if row.scores]
    sizes = [one for one in rows[0].scores.sizes if one.faces] if rows and rows[0].scores else []
    names = [size_name(one.low, one.high) for one in sizes]
    ends = []
    for number, row in enumerate(rows):
        dots = found_by_size(row.scores) if row.scores else []
        places = np.array([names.index(dot.name) for dot in dots]) + 0.05 * (number - (len(rows) - 1) / 2)
        colour = COLOURS[number % len(COLOURS)]
        axes.vlines(places, [dot.low for dot in dots], [dot.high for dot in dots], color=colour, alpha=0.35)
        axes.plot(places, [dot.value for dot in dots], color=colour, linewidth=1.6, marker="o", markersize=4)
        ends.append((row.name, colour, dots[-1].value))
    for (name, colour, _), height in zip(ends, spread([value for *_, value in ends]), strict=True):
        axes.text(len(names) - 0.75, height, name, color=colour, fontsize=9, va="center", weight="bold", bbox=WHITE)
    axes.set_xticks(range(len(names)), [f"{name}\n{one.faces}" for name, one in zip(names, sizes, strict=True)])
    axes.set_xlim(-0.4, len(names) - 0.15)
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    save(page, path)


def draw_confusions(league: League, path: Path) -> None:
    """One small table for each classifier, three in a row."""
    rows = [row for row in league.classifiers if row.scores]
    columns = min(3, len(rows))
    lines = -(-len(rows) // columns)
    below = "Rows: what is labelled, with its faces. Columns: what is said. The darker, the larger a part of its row."
    page = figure(max(7.5, 4.6 * columns), 4.1 * lines + 0.5, "What is called what, on the labelled boxes", below)
    cells = page.subplots(lines, columns, squeeze=False)
    for axes, row in zip(cells.flat, rows, strict=False):
        if row.scores:
            table = [line[:-1] for line in row.scores.confusion]  # a classifier alone is never unsure
            draw_table(axes, table, f"{row.name}: {row.scores.accuracy.value:.0%} rightly", 7.5)
    for axes in cells.flat[len(rows) :]:
        axes.set_visible(False)
    save(page, path)
