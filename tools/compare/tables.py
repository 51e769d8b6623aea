"""The league as tables: for the terminal, and in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

from rich.box import SIMPLE_HEAD
from rich.table import Table

from tools.compare.league import ClassifierRow, DetectorRow, League
from tools.evaluate.tables import spread
from tools.markdown import made, table

UNVERIFIED = "not verified here"


@dataclass(frozen=True, slots=True)
class Grid:
    """A table of texts; the first column names the rows."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def grids(league: League) -> tuple[Grid, ...]:
    """Detectors, classifiers, and each with each; then who was not run, if anybody."""
    parts = (detectors(league.detectors), classifiers(league.classifiers), together(league), absent(league))
    return tuple(part for part in parts if part.rows)


def detectors(rows: Sequence[DetectorRow]) -> Grid:
    """The best recall first."""
    played = sorted((row for row in rows if row.scores), key=lambda row: -_value(row))
    lines = []
    for row in played:
        scores = row.scores
        if scores is not None:
            shares = (spread(scores.recall), spread(scores.precision), spread(scores.average_precision))
            counts = f"{scores.found} of {scores.faces}", str(scores.wrong)
            lines.append((_name(row), *shares, *counts, _ms(row.milliseconds)))
    head = ("detector", "recall (95 %)", "precision", "average precision", "found", "wrong", "ms a frame")
    return Grid("Detectors", head, tuple(lines))


def classifiers(rows: Sequence[ClassifierRow]) -> Grid:
    """On the labelled boxes, the best accuracy first."""
    played = sorted((row for row in rows if not row.reason), key=lambda row: -_value(row))
    lines = []
    for row in played:
        scores = row.scores
        measures = ("accuracy", "macro_f1", "cross_entropy", "calibration_error")
        values = [spread(getattr(scores, name) if scores else None) for name in measures]
        lines.append((_name(row), *values, ", ".join(row.unknown) or "none", _ms(row.milliseconds)))
    head = ("classifier", "accuracy (95 %)", "macro F1", "cross-entropy", "ECE", "labels it lacks", "ms a face")
    return Grid("Classifiers, on the labelled boxes", head, tuple(lines))


def together(league: League) -> Grid:
    """A row for each detector, a column for each classifier: of all labelled faces the share said rightly;
    no row where no expression is labelled."""
    readers = [row.name for row in league.classifiers if not row.reason]
    cells = {(pair.detector, pair.classifier): pair.scores for pair in league.pairs}
    lines = []
    for row in league.detectors:
        if row.scores and any(cells.values()):
            scores = [cells[row.name, reader] for reader in readers]
            lines.append((row.name, *(spread(one.accuracy if one else None) for one in scores)))
    return Grid("From the picture to what is said: accuracy", ("", *readers), tuple(lines))


def absent(league: League) -> Grid:
    rows: list[DetectorRow | ClassifierRow] = [*league.detectors, *league.classifiers]
    return Grid("Not run", ("", "why"), tuple((_name(row), row.reason) for row in rows if row.reason))


def _name(row: DetectorRow | ClassifierRow) -> str:
    return row.name if row.verified else f"{row.name} ({UNVERIFIED})"


def _value(row: DetectorRow | ClassifierRow) -> float:
    if isinstance(row, DetectorRow):
        return row.scores.recall.value if row.scores and row.scores.recall else 0.0
    return row.scores.accuracy.value if row.scores else 0.0


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}" if value < 10 else f"{value:.0f}"


def printed(grid: Grid) -> Table:
    shown = Table(title=grid.title, box=SIMPLE_HEAD, padding=(0, 1, 0, 0), title_justify="left")
    for number, name in enumerate(grid.head):
        shown.add_column(name, justify="right" if number and name != "why" else "left", no_wrap=name != "why")
    for row in grid.rows:
        shown.add_row(*row)
    return shown


def markdown(league: League) -> str:
    """All tables, what they are of, and what limits them."""
    parts = [f"# {league.labels}", about(league)]
    for grid in grids(league):
        parts += [f"## {grid.title}", table(grid.head, grid.rows)]
    parts += ["\n".join(f"- {note}" for note in limits(league))]
    return "\n\n".join(filter(None, parts)) + "\n\n" + made(asdict(league) | {"data": league.labels}) + "\n"


def about(league: League) -> str:
    return (
        f"{league.images} pictures and {league.videos} videos, {league.frames} frames of them. Milliseconds: one "
        "thread, the median over these pictures, after a first look at each size; detector and classifier apart from "
        "everything else, a face at a time, cutting it out included."
    )


def limits(league: League) -> Iterator[str]:
    yield from league.notes
    for name, reason in league.failed.items():
        yield f"Left out: {reason if name in reason else f'{name}: {reason}'}"
