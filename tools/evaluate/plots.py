"""The figures of an evaluation: what is called what, and how it depends on a face's size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.patches import Rectangle
from matplotlib.ticker import PercentFormatter

from streamer.emotions import LABELS
from streamer.types import UNSURE
from tools.evaluate.result import DetectionScores, ExpressionScores, SliceScores
from tools.evaluate.slices import size_name
from tools.figures import BLUE, FAINT, GREEN, GRID, INK, figure, plain, save
from tools.train.intervals import wilson

CONFUSION, SIZES = "confusion.png", "sizes.png"
SHADES = LinearSegmentedColormap.from_list("shares", ["#ffffff", "#9ecae1", BLUE])
DARK = 0.65
"""Share of a row from which a cell is so dark that its number is white."""

FEW = 10
"""Fewer faces say little: their dot is hollow."""


@dataclass(frozen=True, slots=True)
class Dot:
    """A share 0…1 of ``faces`` of one size, with its 95 % interval."""

    name: str
    faces: int
    value: float
    low: float
    high: float


def draw_confusion(parts: Mapping[str, ExpressionScores], path: Path) -> None:
    """One column for each of ``parts`` (title → scores): rows are what is labelled, columns what is said."""
    below = "Rows: what is labelled, with its faces. Columns: what is said. Numbers are faces; the darker, the larger "
    page = figure(
        6.2 * len(parts) + 0.6, 5.4, "What is called what", f"{below}a part of its row. Framed: said rightly."
    )
    cells = page.subplots(1, len(parts), squeeze=False)
    for column, (title, scores) in enumerate(parts.items()):
        share = f"{scores.accuracy.value:.0%} of {scores.faces} faces said rightly"
        draw_table(cells[0, column], scores.confusion, f"{title}: {share}")
    save(page, path)


def draw_table(axes: Axes, confusion: Sequence[Sequence[int]], title: str, size: float = 8.5) -> None:
    """A confusion table (8 rows, 8 columns and perhaps one of unsure); a column without anything in it stays."""
    counts = np.array(confusion)
    rows = counts.sum(axis=1)
    shares = counts / np.maximum(rows, 1)[:, None]
    axes.imshow(shares, cmap=SHADES, vmin=0, vmax=1, aspect="auto")
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    names = [*LABELS, UNSURE][: counts.shape[1]]
    axes.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(LABELS)), [f"{name}  {count}" for name, count in zip(LABELS, rows, strict=True)])
    axes.tick_params(length=0, labelsize=size, labelcolor=FAINT)
    for side in axes.spines.values():
        side.set_color(GRID)
    axes.set_xticks(np.arange(counts.shape[1] - 1) + 0.5, minor=True)
    axes.set_yticks(np.arange(len(LABELS) - 1) + 0.5, minor=True)
    axes.tick_params(which="minor", length=0)
    axes.grid(which="minor", color=GRID, linewidth=0.6)
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if shares[row, column] > DARK else INK
            axes.text(column, row, str(count), ha="center", va="center", fontsize=size, color=colour)
    for place in np.flatnonzero(rows):
        axes.add_patch(_frame(int(place)))


def _frame(place: int) -> Rectangle:
    return Rectangle(
        (place - 0.5, place - 0.5), 1, 1, fill=False, edgecolor=INK, linewidth=0.9, clip_on=False, zorder=3
    )


def draw_sizes(detection: DetectionScores, slices: Sequence[SliceScores], path: Path) -> None:
    """Left: which share of the faces of each size is found; right: of how many the expression is read rightly."""
    below = "By the longer side of the labelled face, in pixels, with 95 % intervals. Hollow: fewer than "
    page = figure(9.5, 4.2, "How large must a face be?", f"{below}{FEW} faces. Sizes without a face are left out.")
    left, right = page.subplots(1, 2, sharey=True)
    names = [size_name(one.low, one.high) for one in detection.sizes if one.faces]
    draw_dots(left, found_by_size(detection), names, ("Found by the detector", BLUE))
    draw_dots(right, read_by_size(slices), names, ("Expression read rightly, on the labelled box", GREEN))
    left.set_ylabel("share of the faces", fontsize=9, color=FAINT)
    save(page, path)


def found_by_size(detection: DetectionScores) -> list[Dot]:
    """The interval is Wilson's over faces."""
    dots = []
    for one in detection.sizes:
        if one.faces and one.recall is not None:
            low, high = wilson(round(one.recall * one.faces), one.faces)
            dots.append(Dot(size_name(one.low, one.high), one.faces, one.recall, low, high))
    return dots


def read_by_size(slices: Sequence[SliceScores]) -> list[Dot]:
    """The interval is that of the slice, over resampled people."""
    found = [one for one in slices if one.by == "size"]
    return [Dot(one.value, one.faces, one.accuracy.value, one.accuracy.low, one.accuracy.high) for one in found]


def draw_dots(axes: Axes, dots: Sequence[Dot], names: Sequence[str], style: tuple[str, str]) -> None:
    """``names`` of the sizes, each at a place of its own; ``style``: title and colour."""
    title, colour = style
    plain(axes, title, "side in px; below it the number of faces")
    axes.set_ylim(0, 1.02)
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    places = [names.index(dot.name) for dot in dots]
    axes.vlines(places, [dot.low for dot in dots], [dot.high for dot in dots], color=colour, linewidth=1.6, alpha=0.45)
    axes.plot(places, [dot.value for dot in dots], color=colour, linewidth=1.4)
    inside = [colour if dot.faces >= FEW else "white" for dot in dots]
    axes.scatter(places, [dot.value for dot in dots], s=30, c=inside, edgecolors=colour, zorder=3, clip_on=False)
    counts = {dot.name: dot.faces for dot in dots}
    axes.set_xticks(range(len(names)), [f"{name.removesuffix(' px')}\n{counts.get(name, 0)}" for name in names])
    axes.set_xlim(-0.5, len(names) - 0.5)
    if not dots:
        axes.text(0.5, 0.5, "no expression is labelled", ha="center", color=FAINT, transform=axes.transAxes)
