"""The room over time: what happened, valence with its interval or the shares of signs, and the number of people."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from streamer.occurrences import PastMoment
from streamer.session_report.drawing import (
    AMBER,
    BLUE,
    INK,
    LINE,
    SMALL,
    SOFT,
    VERMILION,
    drawn,
    legend,
    named,
    plain,
    shaded,
    shades,
    time_axis,
)
from streamer.session_report.gathered import SIGNS, Gathered
from streamer.session_report.happened import KINDS, Event
from streamer.timeline.answers import Bucket
from streamer.trends.aggregates import by

POINTS = 600
"""On the line at most."""

WIDTHS = (1, 2, 5, 10, 15, 30, 60, 120, 300)

SIGN, ROW, ROWS = 0.055, 0.1, 3
"""Inches from a sign to the number above it and from one row of numbers to the next; rows at most."""

DIGITS = 7.0
"""Points of these numbers."""

LANES = {"moment": "moments", "mark": "marks", "alert": "alerts"}
NAMES = {
    "smile": "Smile", "frown": "Frown", "nod": "Nod", "shake": "Shake the head", "facing": "Face the camera",
}  # fmt: skip


def width_of(seconds: int) -> int:
    """Of the chart's buckets, in seconds."""
    return next((width for width in WIDTHS if seconds / width <= POINTS), WIDTHS[-1])


def trend_chart(found: Gathered, events: Sequence[Event]) -> bytes:
    buckets = by(found.course, width_of(found.length))
    kinds = [kind for kind in KINDS if any(event.kind == kind for event in events)]
    panels = ["valence"] if found.emotions else [sign for sign in SIGNS if known(buckets, sign)]
    top = sum(height_of([event for event in events if event.kind == kind], found.length) for kind in kinds)
    heights = [*([top] if kinds else []), *([2.5 if found.emotions else 0.62] * len(panels)), 0.62]

    def draw(page: Figure) -> None:
        column = page.subplots(len(heights), 1, sharex=True, squeeze=False, height_ratios=heights)
        rows = list(column[:, 0])
        if kinds:
            lanes(rows.pop(0), found, events, kinds)
        for panel, axes in zip(panels, rows, strict=False):
            shaded(axes, found.states.shown)
            lined(axes, events)
            if found.emotions:
                valence(axes, buckets)
            else:
                share(axes, buckets, panel)
        counted(rows[-1], found, buckets)
        time_axis(rows[-1], found.begin, found.end, found.zone)
        legend(page, [*kind_handles(found), *shades(found.states.shown)])

    return drawn(sum(heights) + 0.22 * len(heights) + 0.7, draw)


def lanes(axes: Axes, found: Gathered, events: Sequence[Event], kinds: Sequence[str]) -> None:
    """A line for each kind with its signs, and above them their numbers. The scale is in inches from the top."""
    plain(axes)
    axes.grid(visible=False)
    axes.tick_params(axis="x", labelbottom=False)
    places, top = [], 0.0
    for kind in kinds:
        some = [event for event in events if event.kind == kind]
        top += height_of(some, found.length)
        place = top - 0.07
        places.append(place)
        axes.axhline(place, color=LINE, linewidth=0.6, zorder=0)
        for event in some:
            sign(axes, event, place)
        for event, level in numbered(some, found.length):
            axes.text(
                event.utc, place - SIGN - ROW * level, f"{event.number}", ha="center", va="bottom", fontsize=DIGITS,
                color=INK, clip_on=False,
            )  # fmt: skip
    axes.set_ylim(top, 0)
    axes.set_yticks(places, [LANES[kind] for kind in kinds], fontsize=SMALL, color=SOFT)


def height_of(events: Sequence[Event], seconds: int) -> float:
    """Inches of a lane: its signs, and as many rows of numbers as it needs."""
    return 0.07 + SIGN + ROW * (1 + max((level for _, level in numbered(events, seconds)), default=0))


def numbered(events: Sequence[Event], seconds: int) -> list[tuple[Event, int]]:
    """Those whose number is written, and in which row above the sign, so that no two touch; where all rows are taken
    the table alone tells the number."""
    free = [-math.inf] * ROWS
    found = []
    for event in events:
        half = (0.006 + 0.0045 * len(f"{event.number}")) * seconds
        level = next((level for level, until in enumerate(free) if event.utc - half >= until), None)
        if level is not None:
            free[level] = event.utc + half
            found.append((event, level))
    return found


def sign(axes: Axes, event: Event, place: float) -> None:
    """A moment as a triangle up or down, a mark as a diamond, an alert as a square."""
    if isinstance(event.one, PastMoment):
        up = event.one.change > 0
        shape, colour = ("^", BLUE) if up else ("v", VERMILION)
    else:
        shape, colour = ("D", INK) if event.kind == "mark" else ("s", AMBER)
    size = {"^": 26, "v": 26, "D": 17, "s": 24}[shape]
    axes.scatter([event.utc], [place], s=size, marker=shape, color=colour, linewidths=0, zorder=3, clip_on=False)


def lined(axes: Axes, events: Sequence[Event]) -> None:
    """Marks dotted, alerts dashed, from the top to the bottom."""
    for event in events:
        if event.kind == "mark":
            axes.axvline(event.utc, color=INK, linewidth=0.7, linestyle=(0, (1, 2)), zorder=1)
        elif event.kind == "alert":
            axes.axvline(event.utc, color=AMBER, linewidth=1.0, linestyle=(0, (4, 2)), zorder=1)


def valence(axes: Axes, buckets: Sequence[Bucket]) -> None:
    """The line with its band; what stands alone as a dot."""
    plain(axes)
    named(axes, "Valence, −1…+1")
    at = middles(buckets)
    axes.fill_between(at, column(buckets, "low"), column(buckets, "high"), color=BLUE, alpha=0.2, linewidth=0, zorder=2)
    line(axes, at, column(buckets, "valence"), BLUE)
    axes.axhline(0, color=SOFT, linewidth=0.7, zorder=1)
    axes.set_ylim(-1, 1)
    axes.set_yticks((-1, -0.5, 0, 0.5, 1), ("−1 unpleasant", "−0.5", "0", "+0.5", "+1 pleasant"))


def share(axes: Axes, buckets: Sequence[Bucket], name: str) -> None:
    """Of the people seen who do so, in per cent."""
    plain(axes)
    named(axes, NAMES[name])
    line(axes, middles(buckets), [100 * value for value in column(buckets, name)], BLUE)
    axes.set_ylim(-3, 103)
    axes.set_yticks((0, 50, 100), ("0 %", "50 %", "100 %"))


def counted(axes: Axes, found: Gathered, buckets: Sequence[Bucket]) -> None:
    """How many people were seen, and of how many the numbers are."""
    plain(axes)
    shaded(axes, found.states.shown)
    seen, used = column(buckets, "people"), column(buckets, "used")
    at = middles(buckets)
    named(axes, "People: seen (line), in the numbers (filled)" if found.emotions else "People seen")
    if found.emotions:
        axes.fill_between(at, 0, used, color=SOFT, alpha=0.22, linewidth=0, step="mid", zorder=2)
    axes.plot(at, seen, color=SOFT, linewidth=1.2, drawstyle="steps-mid", zorder=3)
    axes.set_ylim(0, max(2.0, 1.15 * max((one for one in seen if one == one), default=1.0)))
    axes.yaxis.set_major_locator(MaxNLocator(3, integer=True))


def line(axes: Axes, at: Sequence[float], values: Sequence[float], colour: str) -> None:
    axes.plot(at, values, color=colour, linewidth=1.5, solid_joinstyle="round", zorder=3)
    known = ~np.isnan(np.array([np.nan, *values, np.nan]))
    alone = known[1:-1] & ~known[:-2] & ~known[2:]
    axes.scatter(np.array(at)[alone], np.array(values)[alone], s=6, color=colour, linewidths=0, zorder=3)


def middles(buckets: Sequence[Bucket]) -> list[float]:
    return [bucket.utc + bucket.width / 2 for bucket in buckets]


def column(buckets: Sequence[Bucket], name: str) -> list[float]:
    """NaN where nothing is known."""
    read: Callable[[Bucket], float | None] = lambda bucket: getattr(bucket, name)  # noqa: E731
    return [float("nan") if (value := read(bucket)) is None else float(value) for bucket in buckets]


def known(buckets: Sequence[Bucket], name: str) -> bool:
    return any(getattr(bucket, name) is not None for bucket in buckets)


def kind_handles(found: Gathered) -> list[Artist]:
    if not found.emotions:
        return [Line2D([], [], color=BLUE, linewidth=1.5, label="share")]
    return [
        Line2D([], [], color=BLUE, linewidth=1.5, label="valence"),
        Patch(facecolor=BLUE, alpha=0.2, linewidth=0, label="80 % interval"),
    ]
