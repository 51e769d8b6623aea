"""MODEL_CARD.md: the same numbers as in the card, for people."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from streamer.emotions import LABELS
from tools.scores import RESAMPLES, Estimate
from tools.train.card_file import LIMITS, TITLE, pretrained, training_data
from tools.train.intervals import wilson
from tools.train.measured import Measured

USE = """\
It estimates the **apparent expression** of a face: which of eight words most of ten annotators would choose for the
picture. Groupmood uses it for the mood of a group over time, with the numbers below to correct for its mistakes.

Meant for: groups who know of it and agree, oneself, research, audiences.

Not meant for: judging a single person, telling what somebody feels or means, people at work or in education, hiring,
policing, lie detection, identification. It keeps no face and knows nobody."""

DATA = """\
The votes are FER+ (Barsoum et al. 2016, https://arxiv.org/abs/1608.01041; MIT licence). The pictures are FER2013: faces
from a web search, published for a competition, without a clear right to redistribute and without the consent of the
people shown. The pictures are not part of this project; the weights are."""

DLIB = """\
dlib's network (dlib_face_recognition_resnet_model_v1, https://github.com/davisking/dlib-models) comes as the package
face_recognition_models. Its author names the FaceScrub and VGG Face data sets and pictures from the web as its
pictures; what holds for FER2013 holds for them. Only teachers were made from it: none of its numbers are in this file,
and the file tells nobody from anybody."""

CALIBRATION = """\
The temperature is fitted on a tenth of the training split that was never trained on (equal pictures are all on the same
side), after the adjustment for rare labels: −{strength} · log(share of the label) is added to the logits (Menon et al.
2020, https://arxiv.org/abs/2007.07314). The strength and the epoch were chosen on the validation split, so the scores
above may be slightly too good; another data set is the better judge. T = {temperature} is inside the file, before its
softmax, and applied nowhere else."""


def render(measured: Measured) -> str:
    sections = [
        (f"# {TITLE}: model card", _about(measured)),
        ("## Use", USE),
        ("## Scores", _scores(measured)),
        ("## By label", _labels(measured)),
        ("## What is taken for what", _confusion(measured)),
        ("## Calibration", _calibration(measured)),
        ("## Limits", LIMITS),
        ("## Data and licence", _data(measured)),
        ("## Training", _training(measured)),
    ]
    return "\n\n".join(f"{title}\n\n{_wrapped(text)}" for title, text in sections) + "\n"


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---", *("---:" for _ in head[1:])], *rows]
    return "\n".join("| " + " | ".join(map(str, cells)) + " |" for cells in lines)


def _wrapped(text: str) -> str:
    """Paragraphs in lines of 120; tables and pictures as they are."""
    parts = (part if part.startswith(("|", "![")) else textwrap.fill(part, 120) for part in text.split("\n\n"))
    return "\n\n".join(parts)


def _data(measured: Measured) -> str:
    parts = [f"{training_data(measured)}.", DATA, *([DLIB] if pretrained(measured) else [])]
    return "\n\n".join(parts)


def _about(measured: Measured) -> str:
    side = measured.course.side
    return (
        f"`groupmood.onnx`, {measured.size / 1e6:.1f} MB, sha256 `{measured.sha256}`. A small residual network of "
        f"plain convolutions{_mirrored(measured)}. Input `faces`: float32 (N, 1, {side}, {side}), gray levels 0…255 of "
        f"whole faces. Output `probabilities`: (N, 8), calibrated, in the order {', '.join(LABELS)}. Normalisation, "
        "temperature and softmax are inside. Weights are stored as float16, the arithmetic is float32. Written by "
        "`python -m tools.train.ship`."
    )


def _mirrored(measured: Measured) -> str:
    if not measured.course.mirrored:
        return ""
    return (
        ", nearly all 3 × 3, half of whose channels are the mirror images of the other half: a face and its mirror "
        "image get the same answer (Cohen & Welling 2016, https://arxiv.org/abs/1602.07576)"
    )


def _scores(measured: Measured) -> str:
    scores = measured.scores
    rows = [
        ("accuracy", *_percent(scores.accuracy)),
        ("mean recall of the eight labels", *_percent(scores.macro_recall)),
        ("cross-entropy, nats", *_plain(scores.cross_entropy)),
        ("expected calibration error (15 bins)", *_plain(scores.calibration_error)),
        ("neutral faces called sad, angry, disgusted, afraid or contemptuous", *_percent(scores.neutral_misread)),
    ]
    return (
        f"FER+ validation split: the {scores.faces} faces on which more than half of the annotators' votes, "
        "single votes dropped, are for one of the eight labels. One look at each face, no averaging.\n\n"
        + table(("", "score", "95 % interval"), rows)
        + f"\n\nIntervals: bootstrap, {RESAMPLES} draws of the faces. Measured again, beside other models, on small "
        "and badly cropped faces, and with the time a face takes: `python -m tools.accuracy groupmood`."
    )


def _labels(measured: Measured) -> str:
    rows = []
    for one in measured.scores.recalls:
        low, high = wilson(round(one.recall * one.faces), one.faces)
        rows.append((one.label, one.faces, f"{one.recall:.1%}", f"{low:.0%} – {high:.0%}"))
    return "Validation split; Wilson's intervals.\n\n" + table(("label", "faces", "recall", "95 % interval"), rows)


def _confusion(measured: Measured) -> str:
    rows = [(f"**{label}**", *counts) for label, counts in zip(LABELS, measured.confusion.tolist(), strict=True)]
    return (
        f"{measured.aside} faces of the training split that were not trained on. Row: what most annotators say. "
        "Column: what the model says.\n\n" + table(("", *LABELS), rows)
    )


def _calibration(measured: Measured) -> str:
    text = CALIBRATION.format(strength=measured.adjustment.strength, temperature=measured.adjustment.temperature)
    return (
        f"{text}\n\nCalibration error: {measured.scores.calibration_error.value:.4f} on the validation split, "
        f"{measured.aside_calibration_error:.4f} on the tenth kept aside.\n\n![Reliability diagram](reliability.png)"
    )


def _training(measured: Measured) -> str:
    course = measured.course
    after = ', after the runs called "before"' if any(name.startswith("before") for name, _ in course.settings) else ""
    return (
        f"`python -m tools.train`, then `python -m tools.train.ship`. {course.epochs} epochs{after}, of which epoch "
        f"{course.epoch} had the highest accuracy on the validation split and is this file. Stochastic gradient "
        f"descent under one cycle on soft labels, with the moving average of the weights as the model"
        f"{_taught(measured)}.\n\n"
        + table(("settings", ""), [(name, f"`{value}`") for name, value in course.settings]).replace("---:", "---")
        + "\n\n![Curves of the run](curves.png)"
    )


def _taught(measured: Measured) -> str:
    if any(name.startswith("teacher") for name, _ in measured.course.settings):
        return ". Part of each target is what its teachers say, larger or earlier networks trained on the same faces"
    return " and, later in the run, as its own teacher"


def _percent(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.value:.1%}", f"{estimate.low:.1%} – {estimate.high:.1%}"


def _plain(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.value:.3f}", f"{estimate.low:.3f} – {estimate.high:.3f}"
