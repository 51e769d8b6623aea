"""Detectors and classifiers beside each other, on the same labelled pictures."""

from __future__ import annotations

from collections.abc import Iterator

from streamer.paper.blocks import Block, Bullets, Heading, Picture, Table, Text
from tools.compare.league import League
from tools.compare.tables import about, grids, limits
from tools.report.given import Given
from tools.report.words import left_out, sentence

FIGURES = {
    "accuracy-against-time.png": "How right each is against how long it takes: up and to the right is better.",
    "recall-by-size.png": "Which detector finds faces of which size.",
    "confusions.png": "What each classifier calls what.",
}
"""Those that a comparison leaves beside its numbers, each with what it shows."""

WORDS = ("labels it lacks", "why")
"""Columns of words rather than numbers."""


def comparison(given: Given) -> Iterator[Block]:
    yield Heading("Comparison", page=given.league is not None)
    if given.league is None:
        yield left_out("detectors and classifiers side by side", "python -m tools.compare --labels FILE --out FOLDER")
        return
    yield from league(given, given.league)


def league(given: Given, made: League) -> Iterator[Block]:
    yield Text(f"`{made.labels}`: {about(made)} `{made.command}`, {made.machine.get('date', '')}.")
    before = given.evaluation.notes if given.evaluation else ()
    if told := tuple(sentence(note) for note in limits(made) if note not in before):
        yield Bullets(told)
    for grid in grids(made):
        left = tuple(number for number, name in enumerate(grid.head) if name in WORDS)
        yield Table(grid.head, grid.rows, f"{grid.title}.", left, made.machine.get("processor", ""))
    for name, says in FIGURES.items():
        if name in given.league_pictures:
            yield Picture(given.league_pictures[name], says)
