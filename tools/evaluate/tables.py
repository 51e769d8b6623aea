"""What an evaluation shows in the terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.console import RenderableType
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from streamer.emotions import LABELS
from streamer.types import UNSURE
from tools.evaluate.result import DetectionScores, Evaluation, ExpressionScores
from tools.evaluate.slices import size_name
from tools.scores import Estimate

MEASURES = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "cross_entropy", "calibration_error")


def tables(evaluation: Evaluation) -> Iterator[RenderableType]:
    """Detection, expressions, confusion, slices, what took how long, and the limits."""
    yield Text(head(evaluation), style="bold")
    yield detection(evaluation.detection)
    if evaluation.reading or evaluation.told:
        yield expressions(evaluation)
        yield classes(evaluation)
    if evaluation.told:
        yield confusion(evaluation.told, "What the program says (columns) of the faces of each label (lines)")
    if evaluation.slices:
        yield slices(evaluation)
    yield Text(timing(evaluation))
    yield Text(agreement(evaluation))
    for note in evaluation.notes:
        yield Text(f"note: {note}", style="yellow")


def head(evaluation: Evaluation) -> str:
    media = f"{counted(evaluation.images, 'picture')}, {counted(evaluation.videos, 'video')}"
    return f"{evaluation.labels}: {media}, {counted(evaluation.annotators, 'annotator')}; {evaluation.detector} + " + (
        evaluation.classifier
    )


def counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def detection(scores: DetectionScores) -> Table:
    """All faces, then those of each size."""
    title = f"Faces: {scores.found} of {scores.faces} found, {scores.wrong} boxes where none is (IoU ≥ {scores.iou:g})"
    table = _table(title, "", "faces", "recall", "precision", "average precision")
    whole = (spread(scores.recall), spread(scores.precision), spread(scores.average_precision))
    table.add_row("all", str(scores.faces), *whole)
    for one in scores.sizes:
        if one.faces:
            row = (share(one.recall), "", share(one.average_precision))
            table.add_row(size_name(one.low, one.high), str(one.faces), *row)
    return table


def expressions(evaluation: Evaluation) -> Table:
    """A line for each measure: the classifier alone, and the program as a whole."""
    parts = {"on the labelled boxes": evaluation.reading, "as the program says it": evaluation.told}
    there = {title: scores for title, scores in parts.items() if scores is not None}
    table = _table("Expressions, with 95 % intervals over resampled people", "", *there)
    table.add_row("faces / people", *(f"{scores.faces} / {scores.people}" for scores in there.values()))
    for name in MEASURES:
        table.add_row(name.replace("_", " "), *(spread(getattr(scores, name)) for scores in there.values()))
    table.add_row("said unsure", *(f"{scores.unsure:.0%}" for scores in there.values()))
    return table


def classes(evaluation: Evaluation) -> Table:
    """Of the reading where there is one."""
    scores = evaluation.reading or evaluation.told
    table = _table("Each expression, on the labelled boxes", "label", "faces", "precision", "recall", "F1")
    for one in scores.classes if scores else ():
        table.add_row(one.label, str(one.faces), share(one.precision), share(one.recall), share(one.f1))
    return table


def confusion(scores: ExpressionScores, title: str) -> Table:
    columns = [*LABELS, UNSURE][: len(scores.confusion[0])]
    table = _table(title, "label", "faces", *(name[:4] for name in columns))
    for name, row in zip(LABELS, scores.confusion, strict=True):
        if sum(row):
            table.add_row(name, str(sum(row)), *(str(count) if count else "·" for count in row))
    return table


def slices(evaluation: Evaluation) -> Table:
    table = _table("By kind of face", "by", "", "faces", "people", "accuracy", "macro recall", "cross-entropy")
    for one in evaluation.slices:
        scores = (spread(one.accuracy), spread(one.macro_recall), spread(one.cross_entropy))
        table.add_row(escape(one.by), escape(one.value), str(one.faces), str(one.people), *scores)
    return table


def timing(evaluation: Evaluation) -> str:
    spent = ", ".join(f"{stage} {seconds * 1000:.1f}" for stage, seconds in evaluation.seconds.items())
    return f"ms a frame, median: {spent or 'nothing was looked at'}"


def agreement(evaluation: Evaluation) -> str:
    if evaluation.agreement is None:
        return "agreement of the annotators: cannot be told"
    return f"agreement of the annotators: Cohen's kappa {evaluation.agreement:.2f} on average"


def spread(of: Estimate | None) -> str:
    return "–" if of is None else f"{of.value:.3f} ({of.low:.3f}–{of.high:.3f})"


def share(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def _table(title: str, first: str, *others: str) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    table.add_column(first, no_wrap=True)
    for name in others:
        table.add_column(name, justify="right", no_wrap=True)
    return table
