"""How figures look: light, few lines, colours that also the colour-blind tell apart."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

INK, FAINT, GRID = "#222222", "#6b6b6b", "#e4e4e4"
BLUE, VERMILION, GREEN = "#0072b2", "#d55e00", "#009e73"
"""Of the palette by Okabe & Ito (2008, https://jfly.uni-koeln.de/color/)."""


def figure(width: float, height: float, title: str, below: str) -> Figure:
    """A page of so many inches with a title and, in fainter ink, a line below it."""
    room = ConstrainedLayoutEngine(rect=(0.01, 0.01, 0.98, 0.98 - 0.72 / height), hspace=0.06, wspace=0.04)
    page = Figure(figsize=(width, height), facecolor="white", layout=room)
    FigureCanvasAgg(page)
    page.text(0.02, 1 - 0.2 / height, title, va="top", fontsize=14, weight="bold", color=INK)
    page.text(0.02, 1 - 0.5 / height, below, va="top", fontsize=9.5, color=FAINT)
    return page


def plain(axes: Axes, title: str, name: str = "") -> None:
    """Title and name of the axis, a light grid, no frame but the foot."""
    axes.set_title(title, loc="left", fontsize=10, color=INK)
    axes.set_xlabel(name, fontsize=9, color=FAINT)
    axes.grid(axis="y", color=GRID, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, labelsize=8.5, labelcolor=FAINT)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(GRID)


def save(page: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    page.savefig(path, format="png", dpi=130, metadata={"Software": None})
