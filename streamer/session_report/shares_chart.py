"""Which expressions the room showed, over time, one upon the other."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray

from streamer.emotions import HIDDEN, LABELS
from streamer.session_report.drawing import drawn, legend, plain, shaded, shades, time_axis
from streamer.session_report.gathered import Gathered
from streamer.session_report.trend_chart import middles
from streamer.timeline.answers import Bucket
from streamer.trends.aggregates import by

STACK = ("happiness", "surprise", "neutral", "sadness", "anger", "fear", "other")
"""From below, the pleasant first. What is not told as a label is "other"."""

COLOURS = {
    "happiness": "#f0e442", "surprise": "#e69f00", "neutral": "#bdbdbd", "sadness": "#0072b2", "anger": "#d55e00",
    "fear": "#cc79a7", "other": "#e4e4e0",
}  # fmt: skip
"""Those of ``streamer.overlay.colours``, neutral lighter."""

POINTS = 240
WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600)


def stacked(shares: Sequence[float]) -> tuple[float, ...]:
    """In the order of STACK."""
    named = dict(zip(LABELS, shares, strict=True))
    named["other"] = sum(named.pop(label) for label in HIDDEN)
    return tuple(named[label] for label in STACK)


def shares_chart(found: Gathered) -> bytes:
    width = next((one for one in WIDTHS if found.length / one <= POINTS), WIDTHS[-1])
    buckets = by(found.course, width)
    means = stacked(found.whole.shares or (0.0,) * len(LABELS))

    def draw(page: Figure) -> None:
        axes = page.subplots()
        plain(axes)
        shaded(axes, found.states.shown)
        rows = table(buckets)
        axes.stackplot(middles(buckets), rows.T, colors=[COLOURS[name] for name in STACK], linewidth=0, zorder=2)
        axes.set_ylim(0, 1)
        axes.set_yticks((0, 0.25, 0.5, 0.75, 1), ("0 %", "25 %", "50 %", "75 %", "100 %"))
        time_axis(axes, found.begin, found.end, found.zone)
        handles = [
            Patch(facecolor=COLOURS[name], linewidth=0, label=f"{name} {mean:.0%}".replace("%", " %"))
            for name, mean in zip(STACK, means, strict=True)
        ]
        legend(page, [*handles, *shades(found.states.shown)])

    return drawn(2.7, draw)


def table(buckets: Sequence[Bucket]) -> NDArray[np.float64]:
    """(n, 7): NaN where no shares are known."""
    nothing = (float("nan"),) * len(STACK)
    return np.array([nothing if one.shares is None else stacked(one.shares) for one in buckets])
