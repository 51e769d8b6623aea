"""The card of the shipped model as YAML, for engines.cards."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence

from streamer.emotions import LABELS
from tools.train.measured import Measured

NAME, TITLE = "groupmood", "Groupmood"
WEIGHTS = f"{NAME}.onnx"
VALIDATION = "FER+ validation split, faces on which most of ten annotators agree"
LICENCE = "own work; trained on pictures without a clear right to redistribute"
LIMITS = (
    "It knows whole, mostly frontal faces as FER2013 has them; posed, tightly cropped and strongly turned faces are "
    "read less rightly. Contempt, disgust and fear are rare in the data and often missed. The labels are apparent "
    "expression, as annotators see it in a picture, not what anybody feels. How right it is by age, sex, skin or "
    "culture has not been measured."
)
DLIB = (
    "of the teachers started from dlib's face recognition network (Davis King, given to the public domain), which "
    "had been trained on about three million faces from the web"
)
WORDS = {1: "one", 2: "two", 3: "three"}
NOTE = (
    "Temperature and the adjustment for rare labels are inside the file. Read its numbers as those of a group, over "
    "time, never as a verdict on a person."
)


def render(measured: Measured) -> str:
    """The card; its file lies in engines/cards, the weights in engines/weights."""
    return "\n".join([*_head(measured), *_numbers(measured), *_tail(measured)]) + "\n"


def training_data(measured: Measured) -> str:
    faces = f"{measured.course.faces:,}".replace(",", " ")
    text = (
        f"FER+ training split: {faces} faces of FER2013, 48 × 48 gray, with ten annotators' votes as soft labels; "
        "no picture of the validation split, and none of the tenth that temperature and confusion come from"
    )
    count = pretrained(measured)
    return f"{text}; {WORDS.get(count, count)} {DLIB}" if count else text


def pretrained(measured: Measured) -> int:
    """How many of the teachers, and of theirs, started from dlib's network."""
    return sum(value.startswith("pretrained dlib") for _, value in measured.course.settings)


def _head(measured: Measured) -> list[str]:
    side = measured.course.side
    return [
        "# Written by `python -m tools.train.ship`; see ../weights/MODEL_CARD.md.",
        f"name: {NAME}",
        f"title: {TITLE}",
        "task: emotion",
        f"file: {WEIGHTS}",
        "places:",
        f"  - path: ../weights/{WEIGHTS}",
        f"sha256: {measured.sha256}",
        f"size: {measured.size}",
        f"licence: {LICENCE}",
        "source: groupmood",
        *_folded("training_data", training_data(measured)),
        f"input: {{side: {side}, layout: nchw, colour: gray, mean: 0.0, std: 1.0}}  # the file normalises by itself",
        "crop: {scale: 1.0, margin: 0.0, resample: area}",
        f"labels: [{', '.join(LABELS)}]",
        f"baked_temperature: {measured.adjustment.temperature}",
    ]


def _numbers(measured: Measured) -> list[str]:
    return [
        f"# Of {measured.aside} faces that were not trained on; a row for each label that annotators gave.",
        "confusion:  # faces; columns: what the model says",
        *_rows(measured.confusion.tolist(), "{:d}", "  "),
        "answers:  # mean probabilities",
        *_rows(measured.answers.tolist(), "{:.4f}", "  "),
        *_scores(measured),
    ]


def _scores(measured: Measured) -> list[str]:
    lines = ["scores:", f"  data: {VALIDATION}", f"  faces: {measured.scores.faces}"]
    for key in ("accuracy", "macro_recall", "cross_entropy", "calibration_error"):
        estimate = getattr(measured.scores, key)
        lines += [f"  {key}: {estimate.value:.4f}", f"  {key}_interval: [{estimate.low:.4f}, {estimate.high:.4f}]"]
    lines.append("  recall:")
    return lines + [f"    {one.label}: {one.recall:.4f}" for one in measured.scores.recalls]


def _tail(measured: Measured) -> list[str]:
    return [
        "reference:",
        "  pattern: drawn",
        "  expected:  # by the trained network itself, not by this file",
        *_rows(measured.reference.tolist(), "{:.6f}", "    "),
        "verified: true",
        *_folded("note", NOTE),
        *_folded("limits", LIMITS),
    ]


def _rows(rows: Iterable[Sequence[float]], form: str, indent: str) -> list[str]:
    return [f"{indent}- [{', '.join(form.format(number) for number in row)}]" for row in rows]


def _folded(key: str, text: str) -> list[str]:
    return [f"{key}: >-", *textwrap.wrap(text, 118, initial_indent="  ", subsequent_indent="  ")]
