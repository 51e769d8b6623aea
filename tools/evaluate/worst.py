"""The worst mistakes, to be looked at."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from streamer.emotions import LABELS
from streamer.types import Box
from tools.evaluate.matching import IOU, matched
from tools.evaluate.result import Mistake
from tools.evaluate.samples import labelled
from tools.evaluate.seen import Look

NO_FACE, FACE, MISSED = "no face", "face", "missed"
"""The truth of a box without a face, what was said of it (and the truth of a face without a label), and what is said of
a face without a box."""

SAME = 0.3
"""IoU from which two wrong boxes in one video are the same thing, taken for a face again and again."""


def mistakes(looks: Sequence[Look], most: int = 48, iou: float = IOU) -> tuple[Mistake, ...]:
    """Boxes without a face in complete media, the surest first; then wrong expressions of the classifier, the surest
    first; then missed faces, the largest first. At most ``most``, a third of each kind; what one kind does not need,
    the others have. Each person of a video, and each thing taken for a face, comes once for each kind."""
    kinds = (once_a_place(wrong_boxes(looks, iou)), wrong_words(looks), missed_faces(looks, iou))
    counts = shared([len(kind) for kind in kinds], most)
    return tuple(one for kind, count in zip(kinds, counts, strict=True) for one in kind[:count])


def wrong_boxes(looks: Sequence[Look], iou: float) -> list[Mistake]:
    found = []
    for look in looks:
        if look.complete:
            verdicts = matched(look.truths, look.faces, iou).verdicts
            wrong = [face for face, verdict in zip(look.faces, verdicts, strict=True) if verdict == "wrong"]
            found += [mistake(look, face.box, NO_FACE, FACE, face.score) for face in wrong]
    return sorted(found, key=lambda one: -one.confidence)


def once_a_place(found: Sequence[Mistake]) -> list[Mistake]:
    """Without those that overlap one before them in the same medium, on whatever frame."""
    kept: dict[str, list[Mistake]] = {}
    for one in found:
        before = kept.setdefault(one.medium, [])
        if all(Box(*one.box).iou(Box(*other.box)) < SAME for other in before):
            before.append(one)
    return sorted((one for some in kept.values() for one in some), key=lambda one: -one.confidence)


def wrong_words(looks: Sequence[Look]) -> list[Mistake]:
    worst: dict[tuple[str, str], Mistake] = {}
    for look, truth, reading, label in labelled(looks):
        said = int(np.argmax(reading.emotion.probabilities))
        confidence = reading.emotion.probabilities[said]
        who = look.medium, truth.face
        if said != label and (who not in worst or confidence > worst[who].confidence):
            worst[who] = mistake(look, truth.box, LABELS[label], LABELS[said], confidence)
    return sorted(worst.values(), key=lambda one: -one.confidence)


def missed_faces(looks: Sequence[Look], iou: float) -> list[Mistake]:
    """Their confidence is 0: nothing was said of them."""
    worst: dict[tuple[str, str], Mistake] = {}
    for look in looks:
        for truth, box in zip(look.truths, matched(look.truths, look.faces, iou).boxes, strict=True):
            who = look.medium, truth.face
            if box is None and not truth.ignore and (who not in worst or truth.box.area > area(worst[who])):
                expression = FACE if truth.label is None else LABELS[truth.label]
                worst[who] = mistake(look, truth.box, expression, MISSED, 0.0)
    return sorted(worst.values(), key=lambda one: -area(one))


def shared(wanted: Sequence[int], most: int) -> list[int]:
    """How many each of the kinds gets of ``most``: one in turn, until none wants more."""
    given = [0] * len(wanted)
    for turn in turns(wanted, max(0, most)):
        given[turn] += 1
    return given


def turns(wanted: Sequence[int], most: int) -> Iterator[int]:
    rounds = [kind for number in range(max(wanted, default=0)) for kind, count in enumerate(wanted) if number < count]
    yield from rounds[:most]


def area(of: Mistake) -> float:
    return Box(*of.box).area


def mistake(look: Look, box: Box, truth: str, said: str, confidence: float) -> Mistake:
    return Mistake(look.medium, look.frame, (box.x1, box.y1, box.x2, box.y2), truth, said, confidence)
