"""What an evaluation leaves in its folder: figures, the worst mistakes, samples, and all numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.evaluate import pairs, plots, sheet, written
from tools.evaluate.folder import writing
from tools.evaluate.frames import pictures
from tools.evaluate.judging import Judged
from tools.evaluate.result import Evaluation, Mistake
from tools.evaluate.samples import reading_samples
from tools.evaluate.slices import slice_scores
from tools.train import reliability

RELIABILITY, SAMPLES = "reliability.png", "samples"
READ, TOLD = "The classifier on the labelled boxes", "What the program says"


def written_to(judged: Judged, folder: Path) -> list[str]:
    """Everything there is something to show in; returns the names.

    Raises:
        SinkError: it cannot be written.
    """
    with writing(folder):
        written.write(folder / written.NAME, judged.evaluation)
        return [written.NAME, *figures(judged, folder), *worst(judged, folder), *samples(judged, folder)]


def figures(judged: Judged, folder: Path) -> Iterator[str]:
    """Those for which there are faces."""
    made = judged.evaluation
    parts = {READ: made.reading, TOLD: made.told}
    if there := {title: scores for title, scores in parts.items() if scores is not None}:
        plots.draw_confusion(there, folder / plots.CONFUSION)
        yield plots.CONFUSION
    read = reading_samples(judged.looks)
    if len(read.labels):
        reliability.draw({READ: (read.given, read.labels)}, folder / RELIABILITY)
        yield RELIABILITY
    if made.detection.faces:
        plots.draw_sizes(made.detection, slice_scores(read, 1), folder / plots.SIZES)
        yield plots.SIZES


def worst(judged: Judged, folder: Path) -> Iterator[str]:
    """Nothing where there are no mistakes."""
    found = judged.evaluation.mistakes
    wanted = [(one.medium, one.frame) for one in found]
    tiles: dict[Mistake, sheet.Tile] = {}
    for where, picture in pictures(judged.material, wanted):
        tiles |= {one: sheet.tile(one, picture) for one in found if (one.medium, one.frame) == where}
    if made := [tiles[one] for one in found if one in tiles]:
        sheet.draw(made, subtitle(judged.evaluation), folder / sheet.NAME)
        yield sheet.NAME


def subtitle(made: Evaluation) -> str:
    return f"{made.labels}: {made.detector} + {made.classifier}. Of each sort the worst come first."


def samples(judged: Judged, folder: Path) -> Iterator[str]:
    """Some looks with what is labelled and what was found side by side."""
    chosen = {(look.medium, look.frame): look for look in pairs.chosen(judged.looks)}
    if not chosen:
        return
    (folder / SAMPLES).mkdir(exist_ok=True)
    for number, (where, picture) in enumerate(pictures(judged.material, chosen), start=1):
        name = f"{number}-{pairs.name(chosen[where])}"
        pairs.drawn(chosen[where], picture).save(folder / SAMPLES / name, "JPEG", quality=88)
    yield f"{SAMPLES}/"
