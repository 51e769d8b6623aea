"""How the charts of a report look: the typeface of its pages, few lines, one scale of time for all."""

from __future__ import annotations

import functools
import importlib.util
import io
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from streamer.session_report.local_time import clock, local, offset
from streamer.session_report.spells import NAMES, Spell, State

INK, SOFT, LINE = "#17191c", "#565b62", "#dcdcd5"
"""Those of the pages."""

BLUE, VERMILION, AMBER = "#0072b2", "#d55e00", "#e69f00"
"""Of the palette by Okabe & Ito (2008, https://jfly.uni-koeln.de/color/), as in ``streamer.overlay.colours``."""

WIDTH = 6.3
"""Inches: the text of a page of A4 is as wide, so letters keep their size."""

DOTS = 220
"""An inch."""

SMALL, LETTERS = 8.0, 8.5
"""Points."""

STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400)
"""Seconds between two times on the axis: the first with which they are MOST_TIMES at most."""

MOST_TIMES = 8

SHADES: Mapping[State, tuple[str, str]] = {
    "few": ("#ececea", ""),
    "paused": ("#ececea", "////"),
    "gap": ("#ffffff", "...."),
    "off": ("#c9c9c6", ""),
}
"""Ground and hatching of what has no numbers: told apart without colours."""

FACES = ("font_source_sans_pro", ("SourceSansPro-Regular.ttf", "SourceSansPro-Semibold.ttf"))


ONE = threading.Lock()


def drawn(height: float, draw: Callable[[Figure], None]) -> bytes:
    """A figure ``height`` inches tall as PNG, the same for the same input. From any thread, one after the other:
    matplotlib's settings are those of the process."""
    family = [typeface(), "DejaVu Sans"]
    with ONE, mpl.rc_context({"font.family": family, "hatch.linewidth": 0.5, "hatch.color": "#9a9a97"}):
        page = Figure(figsize=(WIDTH, height), facecolor="white", layout="constrained")
        FigureCanvasAgg(page)
        engine = page.get_layout_engine()
        if engine is not None:
            engine.set(w_pad=0.02, h_pad=0.03, hspace=0.02, wspace=0.0)  # type: ignore[call-arg]  # its own keywords
        draw(page)
        file = io.BytesIO()
        page.savefig(file, format="png", dpi=DOTS, metadata={"Software": None})
    return file.getvalue()


@functools.cache
def typeface() -> str:
    """The name of the pages' typeface, which matplotlib then knows; matplotlib's own where it is not installed."""
    package, files = FACES
    found = importlib.util.find_spec(package)
    for folder in () if found is None else found.submodule_search_locations or ():
        for file in files:
            font_manager.fontManager.addfont(Path(folder) / "files" / file)
        return "Source Sans Pro"
    return "DejaVu Sans"


def plain(axes: Axes) -> None:
    """No frame, a light grid across."""
    axes.grid(axis="y", color=LINE, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=SMALL, labelcolor=SOFT, pad=3)
    for side in ("top", "left", "right", "bottom"):
        axes.spines[side].set_visible(False)


def named(axes: Axes, name: str) -> None:
    """What is drawn, above it and at its left."""
    axes.set_title(name, loc="left", fontsize=LETTERS, color=INK, pad=4)


def time_axis(axes: Axes, begin: int, end: int, zone: tzinfo) -> None:
    """Times of day below; the day where a new one begins."""
    axes.set_xlim(begin, end)
    step, places = ticks(begin, end, zone)
    axes.set_xticks(places, [label(place, begin, zone, seconds=step < 60) for place in places])
    axes.tick_params(axis="x", length=3, color=SOFT, labelbottom=True)
    axes.spines["bottom"].set_visible(True)
    axes.spines["bottom"].set_color(SOFT)
    axes.spines["bottom"].set_linewidth(0.6)


def ticks(begin: int, end: int, zone: tzinfo) -> tuple[int, list[int]]:
    """The seconds between two, and where they stand: at whole hours, minutes … of the zone."""
    step = next((one for one in STEPS if (end - begin) / one <= MOST_TIMES), STEPS[-1])
    first = begin + -(begin + offset(begin, zone)) % step
    return step, list(range(first, end + 1, step))


def label(utc: int, begin: int, zone: tzinfo, *, seconds: bool) -> str:
    text = clock(utc, zone, seconds=seconds)
    when = local(utc, zone)
    new = when.date() != local(begin, zone).date() and (when.hour, when.minute) == (0, 0)
    return f"{text}\n{when.day} {when:%b}" if new else text


def shaded(axes: Axes, spells: Sequence[Spell]) -> None:
    """Where there are no numbers, over the whole height."""
    for spell in spells:
        if spell.state != "numbers":
            ground, hatch = SHADES[spell.state]
            axes.axvspan(spell.begin, spell.end, facecolor=ground, hatch=hatch, edgecolor="#9a9a97", linewidth=0)


def shades(spells: Sequence[Spell]) -> list[Artist]:
    """For the legend: those that there are."""
    there = {spell.state for spell in spells}
    return [
        Patch(facecolor=ground, hatch=hatch, edgecolor="#9a9a97", linewidth=0.4, label=NAMES[state])
        for state, (ground, hatch) in SHADES.items()
        if state in there
    ]


def legend(page: Figure, handles: Sequence[Artist], columns: int = 4) -> None:
    page.legend(
        handles=list(handles), loc="outside lower left", ncols=columns, frameon=False, fontsize=SMALL, labelcolor=SOFT,
        handlelength=1.8, handleheight=0.9, columnspacing=1.6, borderpad=0.1, borderaxespad=0.2,
    )  # fmt: skip
