"""An evaluation on labelled pictures and videos, as chapters: what was found, what was said, and where it went "
"wrong."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from streamer.emotions import LABELS
from streamer.paper.blocks import Block, Heading, Picture, Table, Text
from streamer.types import UNSURE
from tools.evaluate import sheet
from tools.evaluate.outputs import READ, RELIABILITY, TOLD
from tools.evaluate.result import DetectionScores, Evaluation, ExpressionScores, Mistake
from tools.evaluate.slices import size_name
from tools.evaluate.worst import MISSED, NO_FACE
from tools.report.drawn import called, found_and_read
from tools.report.given import Given
from tools.report.words import SURE, capital, counted, score, share, spread

MEASURES = {
    "accuracy": "accuracy",
    "macro_precision": "macro precision",
    "macro_recall": "macro recall",
    "macro_f1": "macro F1",
    "cross_entropy": "cross-entropy, nats",
    "calibration_error": "calibration error",
}


def scored(given: Given, made: Evaluation) -> Iterator[Block]:
    yield Heading("Results on labelled pictures", page=True)
    yield Text(
        f"`{made.labels}`: {counted(made.images, 'picture')} and {counted(made.videos, 'video')}, labelled by "
        f"{counted(made.annotators, 'annotator')}{agreement(made)}. Detector: {made.detector}; expression model: "
        f"{made.classifier}. Everything ran through the analysis of a live run. `{made.command}`{dated(made)}."
    )
    if made.notes:
        yield Text("What limits these figures stands on the first page, and again in the chapter on limits.")
    yield from faces(made)
    yield from expressions(given, made)
    yield from slices(made)
    yield from mistakes(given, made)
    yield seconds(made)


def agreement(made: Evaluation) -> str:
    if made.agreement is None:
        return " (how far annotators agree cannot be told)"
    return f" (Cohen's kappa of pairs: {made.agreement:.2f})"


def dated(made: Evaluation) -> str:
    date = made.machine.get("date", "")
    return f", {date}" if date else ""


def faces(made: Evaluation) -> Iterator[Block]:
    """What the detector found, by size, and what it took for a face."""
    scores = made.detection
    yield Heading("Faces found", level=2)
    yield Text(
        f"A face counts as found where a box overlaps it by an intersection over union of {scores.iou:g} or more. In "
        f"{counted(scores.frames, 'frame')} {scores.found} of {scores.faces} faces were found, and "
        f"{counted(scores.wrong, 'box', 'boxes')} lay where no face is{false_positives(scores)}."
    )
    whole = (
        "all",
        f"{scores.faces}",
        spread(scores.recall),
        spread(scores.precision),
        spread(scores.average_precision),
    )
    sizes = [
        (size_name(one.low, one.high), f"{one.faces}", score(one.recall), "", score(one.average_precision))
        for one in scores.sizes
        if one.faces
    ]
    yield Table(
        ("longer side", "faces", "recall", "precision", "average precision"),
        (whole, *sizes),
        f"Detection, with {SURE} intervals over resampled media.",
    )
    if scores.faces:
        yield Picture(found_and_read(made), "How large a face must be to be found, and to be read.")


def false_positives(scores: DetectionScores) -> str:
    found = scores.found + scores.wrong
    return f", {share(scores.wrong / found)} of all boxes" if found else ""


def expressions(given: Given, made: Evaluation) -> Iterator[Block]:
    """The classifier alone, and the program as a whole."""
    yield Heading("Expressions", level=2)
    parts = {title: scores for title, scores in ((READ, made.reading), (TOLD, made.told)) if scores is not None}
    if not parts:
        yield Text("No expression was labelled, so nothing can be said of them.")
        return
    yield Text(
        "On the labelled boxes the expression model is judged alone, whatever the detector found. What the program "
        "says is judged as a whole: a face that it missed, or of which it said nothing, counts as wrong."
    )
    yield compared(list(parts.items()))
    for title, scores in parts.items():
        yield per_class(title, scores)
        yield Picture(
            called(title, scores),
            f"{title}: {share(scores.accuracy.value)} of {counted(scores.faces, 'face')} rightly. Rows: what is "
            "labelled, columns: what is said; the darker, the larger a part of its row.",
            wide=0.95,
        )
        yield confusion(title, scores)
    if RELIABILITY in given.pictures:
        yield Picture(given.pictures[RELIABILITY], "Whether the model is as sure as it is right, on these pictures.")


def compared(parts: Sequence[tuple[str, ExpressionScores]]) -> Table:
    rows = [("faces, of people", *(f"{scores.faces}, {scores.people}" for _, scores in parts))]
    rows += [(words, *(spread(getattr(scores, name)) for _, scores in parts)) for name, words in MEASURES.items()]
    rows.append(("said unsure", *(share(scores.unsure) for _, scores in parts)))
    head = ("", *(title.lower() for title, _ in parts))
    return Table(head, tuple(rows), f"Expressions, with {SURE} intervals over resampled people.")


def per_class(title: str, scores: ExpressionScores) -> Table:
    rows = [
        (one.label, f"{one.faces}", score(one.precision), score(one.recall), score(one.f1)) for one in scores.classes
    ]
    head = ("expression", "faces", "precision", "recall", "F1")
    return Table(head, tuple(rows), f"{title}: each expression. A dash: there is none, or none was called so.")


def confusion(title: str, scores: ExpressionScores) -> Table:
    names = (*LABELS, UNSURE)[: max(map(len, scores.confusion), default=0)]
    rows = [
        (label, *(f"{count}" for count in counts))
        for label, counts in zip(LABELS, scores.confusion, strict=True)
        if any(counts)
    ]
    return Table(("labelled", *names), tuple(rows), f"{title}: the same in numbers of faces.")


def slices(made: Evaluation) -> Iterator[Block]:
    if not made.slices:
        return
    yield Heading("By kind of face", level=2)
    rows = [
        (
            one.by,
            one.value,
            f"{one.faces}, {one.people}",
            spread(one.accuracy),
            spread(one.macro_recall),
            spread(one.cross_entropy),
        )
        for one in made.slices
    ]
    head = ("by", "which", "faces, of people", "accuracy", "macro recall", "cross-entropy")
    yield Table(
        head, tuple(rows), "The same scores for some of the faces alone, read on the labelled boxes.", left=(1,)
    )


def mistakes(given: Given, made: Evaluation) -> Iterator[Block]:
    """False positives first."""
    yield Heading("The worst mistakes", level=2)
    if not made.mistakes:
        yield Text("None was found.")
        return
    wrong = sum(one.truth == NO_FACE for one in made.mistakes)
    boxes = (
        f"{capital(counted(wrong, 'box', 'boxes'))} of the list below {'is' if wrong == 1 else 'are'} around no face. "
    )
    yield Text(f"{boxes if wrong else ''}Of each kind the surest mistakes come first.")
    if given.people and sheet.NAME in given.pictures:
        yield Picture(given.pictures[sheet.NAME], "The worst mistakes as the program saw them.")
    elif not given.people:
        yield Text(
            "Pictures of the people who were labelled are left out, as asked for by `--no-pictures`.", faint=True
        )
    yield Table(
        ("file", "frame", "box", "is", "said", "confidence"),
        tuple(map(row, made.mistakes)),
        "The worst mistakes. Boxes in pixels: left, top, right, bottom.",
        left=(2, 3, 4),
    )


def row(one: Mistake) -> tuple[str, ...]:
    sure = "–" if one.said == MISSED else f"{one.confidence:.2f}"
    return (one.medium, f"{one.frame}", " ".join(f"{side:.0f}" for side in one.box), one.truth, one.said, sure)


def seconds(made: Evaluation) -> Table:
    rows = [(stage, f"{spent * 1000:.1f}") for stage, spent in made.seconds.items()]
    return Table(("step", "ms"), tuple(rows), "What a frame took, median.", source=made.machine.get("processor", ""))
