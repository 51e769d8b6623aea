"""The report of a room from its timeline, with what the cards of its models tell of their mistakes."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from engines.cards import Card, load_card
from engines.errors import EngineError
from streamer.paper.blocks import Paper
from streamer.paper.html import html
from streamer.session_report import About, Measured, Score, Scores, models_of, session_report
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import RunBegan


def report_page(timeline: Path, room: str, begin: int, end: int) -> str:
    """As one file of HTML; from any thread.

    Raises:
        ConfigError, SinkError: see session_report().
    """
    with TimelineReader(timeline) as reader:
        return html(drawn_up(reader, room, begin, end))


def drawn_up(reader: TimelineReader, room: str, begin: int, end: int, folder: Path | None = None) -> Paper:
    """``folder`` in which cards are looked for that the configuration names by a file.

    Raises:
        ConfigError, SinkError: see session_report().
    """
    cards = {name: measured(card) for name, card in cards_of(reader.runs(begin, end), folder)}
    return session_report(reader, room, begin, end, About(made=time.time(), measured=cards))


def cards_of(runs: Sequence[RunBegan], folder: Path | None) -> Iterator[tuple[str, Card]]:
    """The cards of the runs' models, as far as they are here; one that is a file is looked for in ``folder``."""
    for name in models_of(runs):
        try:
            yield name, load_card(name)
        except EngineError:
            beside = None if folder is None else folder / name
            if beside is not None and beside.suffix == ".yaml" and beside.is_file():
                yield name, load_card(str(beside))


def measured(card: Card) -> Measured:
    scores = card.scores
    if scores is None:
        return Measured(card.title, None, card.limits, card.verified)
    told = Scores(
        data=scores.data,
        faces=scores.faces,
        accuracy=Score(scores.accuracy, *scores.accuracy_interval),
        macro_recall=Score(scores.macro_recall, *scores.macro_recall_interval),
        calibration_error=Score(scores.calibration_error, *scores.calibration_error_interval),
        recall=scores.recall,
    )
    return Measured(card.title, told, card.limits, card.verified)
