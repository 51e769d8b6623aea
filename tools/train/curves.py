"""The course of a run as a picture, from its epochs.jsonl."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator, PercentFormatter

from tools.figures import BLUE, FAINT, GREEN, INK, VERMILION, figure, plain, save

LOG = "epochs.jsonl"
NAME = "curves.png"


class NoCurves(Exception):
    """There is nothing to draw; the message says why."""


def read(folder: Path) -> list[Mapping[str, float]]:
    """The epochs of a run, with the keys of tools.train.fit.Epoch.

    Raises:
        NoCurves: no epoch has ended there yet.
    """
    path = folder / LOG
    lines = path.read_text("utf-8").splitlines() if path.is_file() else []
    if not lines:
        raise NoCurves(f"{folder} holds no {LOG} with an epoch in it: train first")
    return [json.loads(line) for line in lines]


def best(epochs: list[Mapping[str, float]]) -> Mapping[str, float]:
    """The epoch whose weights are kept: the highest validation accuracy, of equals the last."""
    return max(epochs, key=lambda one: (one["accuracy"], one["epoch"]))


def draw(folder: Path, path: Path | None = None) -> Path:
    """Draw the run of ``folder`` to ``path``, or to curves.png beside its log; returns where it lies.

    Raises:
        NoCurves: no epoch has ended there yet.
    """
    epochs = read(folder)
    kept = best(epochs)
    page = figure(
        9.5,
        6.4,
        "Training of Groupmood",
        f"{len(epochs)} epochs. Accuracy, recall and cross-entropy: FER+ validation split, averaged weights, before "
        f"calibration. Dotted: epoch {kept['epoch']}, which is kept.",
    )
    cells = page.subplots(2, 2, sharex=True)
    _scores(cells[0, 0], epochs)
    _curve(cells[0, 1], epochs, "cross_entropy", "Cross-entropy on the validation split, nats", VERMILION)
    _curve(cells[1, 0], epochs, "loss", "Loss on the distorted training faces, nats", INK)
    _curve(cells[1, 1], epochs, "rate", "Learning rate at the end of the epoch", FAINT)
    cells[1, 1].set_ylim(bottom=0)
    for axes in cells.flat:
        axes.axvline(kept["epoch"], color=FAINT, linewidth=1, linestyle=":")
    for axes in cells[1]:
        axes.set_xlabel("epoch", fontsize=9, color=FAINT)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    target = path or folder / NAME
    save(page, target)
    return target


def _scores(axes: Axes, epochs: list[Mapping[str, float]]) -> None:
    plain(axes, "Validation split")
    kept = best(epochs)
    for key, name, colour, right in (("accuracy", "accuracy", BLUE, 0.66), ("macro_recall", "mean recall", GREEN, 1.0)):
        axes.plot(_numbers(epochs), [one[key] for one in epochs], color=colour, linewidth=1.8, marker=_marker(epochs))
        note = f"{name} {kept[key]:.1%}"
        axes.text(right, 1.036, note, color=colour, fontsize=9, weight="bold", ha="right", transform=axes.transAxes)
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], min_n_ticks=3))  # steps of whole percents
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))


def _curve(axes: Axes, epochs: list[Mapping[str, float]], key: str, title: str, colour: str) -> None:
    plain(axes, title)
    axes.plot(_numbers(epochs), [one[key] for one in epochs], color=colour, linewidth=1.8, marker=_marker(epochs))


def _numbers(epochs: list[Mapping[str, float]]) -> list[float]:
    return [one["epoch"] for one in epochs]


def _marker(epochs: list[Mapping[str, float]]) -> str:
    """A line of one point would not be seen."""
    return "o" if len(epochs) < 3 else ""
