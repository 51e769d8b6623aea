"""The reliability diagram: how often the model is right when it says how sure it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from tools.figures import BLUE, FAINT, INK, figure, plain, save
from tools.scores import BINS, calibration_error
from tools.train.calibrate import Labels, Logits
from tools.train.intervals import wilson

FEW = 10
"""A bin of fewer faces says little: its dot is hollow and the line leaves it out."""


@dataclass(frozen=True, slots=True)
class Bin:
    """The faces of one bin of confidence: how many, how sure the model is of them on average, how many it names
    rightly."""

    faces: int
    confidence: float
    right: int


def bins(given: Logits, labels: Labels) -> tuple[Bin, ...]:
    """The bins of tools.scores.calibration_error that hold any faces, from the least sure to the surest."""
    confidence, right = given.max(axis=1), given.argmax(axis=1) == labels
    numbers = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    chosen = [numbers == number for number in np.unique(numbers)]
    return tuple(Bin(int(rows.sum()), float(confidence[rows].mean()), int(right[rows].sum())) for rows in chosen)


def draw(parts: Mapping[str, tuple[Logits, Labels]], path: Path) -> None:
    """One column for each of ``parts`` (title → probabilities and labels): the diagram above, its faces below."""
    below = (
        f"Dots: the faces of one bin of confidence, with a 95 % interval; hollow: fewer than {FEW}. "
        "Dashed: just as sure as right."
    )
    page = figure(9.5, 6.2, "Is the model as sure as it is right?", below)
    cells = page.subplots(2, len(parts), sharex=True, squeeze=False, height_ratios=(3, 1))
    for column, (title, (given, labels)) in enumerate(parts.items()):
        found = bins(given, labels)
        error = calibration_error(given.max(axis=1), given.argmax(axis=1) == labels)
        _diagram(cells[0, column], found, f"{title}: {len(labels)} faces, calibration error {error:.3f}")
        _counts(cells[1, column], found)
    cells[0, 0].set_ylabel("share named rightly", fontsize=9, color=FAINT)
    cells[1, 0].set_ylabel("faces", fontsize=9, color=FAINT)
    save(page, path)


def _diagram(axes: Axes, found: tuple[Bin, ...], title: str) -> None:
    plain(axes, title)
    axes.plot((0, 1), (0, 1), color=FAINT, linewidth=1, linestyle="--", zorder=1)
    x, y = [one.confidence for one in found], [one.right / one.faces for one in found]
    ranges = [wilson(one.right, one.faces) for one in found]
    axes.vlines(x, [low for low, _ in ranges], [high for _, high in ranges], color=BLUE, linewidth=1.4, alpha=0.45)
    many = [number for number, one in enumerate(found) if one.faces >= FEW]
    axes.plot([x[number] for number in many], [y[number] for number in many], color=BLUE, linewidth=1.6)
    inside = [BLUE if one.faces >= FEW else "white" for one in found]
    axes.scatter(x, y, s=24, c=inside, edgecolors=BLUE, zorder=3, clip_on=False)
    axes.set_xlim(0, 1.02)
    axes.set_ylim(0, 1.02)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, decimals=0))


def _counts(axes: Axes, found: tuple[Bin, ...]) -> None:
    plain(axes, "", "how sure the model is of the label it names")
    middles = [(min(int(one.confidence * BINS), BINS - 1) + 0.5) / BINS for one in found]
    counts = [one.faces for one in found]
    axes.bar(middles, counts, width=0.86 / BINS, color=BLUE, alpha=0.75)
    for x, count in zip(middles, counts, strict=True):
        axes.text(x, count, f"{count}", ha="center", va="bottom", fontsize=7.5, color=INK)
    axes.set_ylim(0, 1.2 * max(counts))
