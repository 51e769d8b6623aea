"""Which box is which face on one frame, as COCO does it (``COCOeval.evaluateImg`` of pycocotools,
https://github.com/cocodataset/cocoapi): greedily, the surest box first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.types import Box, Face
from tools.labelled.truth import Truth

Verdict: TypeAlias = Literal["hit", "wrong", "ignored"]

IOU = 0.5
"""How much of their union a box and a face must share; the threshold of PASCAL VOC (Everingham et al. 2010)."""

NOBODY = -1
"""In place of the index of a truth: the box has none."""

EDGE = 1e-10
"""An IoU of 1 is asked for as a hair less, as in COCO: sums of floats must not decide."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Matching:
    """``boxes``: for each truth the index of its box, None where it has none (always so for an ignored one);
    ``verdicts``: for each box "hit", "wrong" (no face is there) or "ignored" (an ignored truth is there)."""

    boxes: tuple[int | None, ...]
    verdicts: tuple[Verdict, ...]


def matched(truths: Sequence[Truth], boxes: Sequence[Face], iou: float = IOU) -> Matching:
    """Each box takes the free truth that it overlaps most, by IoU ≥ ``iou``; where there is none, an ignored one, which
    takes any number of boxes, by the share of the *box* that lies in it (COCO's "crowd")."""
    ignored = np.array([truth.ignore for truth in truths], np.bool_)
    order = surest_first(boxes)
    taken = assigned(overlaps(truths, [boxes[box] for box in order]), ignored, ignored, iou)
    verdicts: list[Verdict] = ["wrong"] * len(boxes)
    owners: list[int | None] = [None] * len(truths)
    for box, truth in zip(order, taken, strict=True):
        if truth != NOBODY:
            verdicts[box] = "ignored" if ignored[truth] else "hit"
            owners[truth] = None if ignored[truth] else box
    return Matching(tuple(owners), tuple(verdicts))


def surest_first(boxes: Sequence[Face]) -> list[int]:
    """Indices by falling score; of equal ones the earlier first."""
    return sorted(range(len(boxes)), key=lambda box: -boxes[box].score)


def overlaps(truths: Sequence[Truth], boxes: Sequence[Face]) -> NDArray[np.float64]:
    """(boxes, truths): IoU, and for an ignored truth the share of the box that lies in it. 0…1."""
    table = np.zeros((len(boxes), len(truths)))
    for row, box in enumerate(boxes):
        for column, truth in enumerate(truths):
            table[row, column] = inside(box.box, truth.box) if truth.ignore else box.box.iou(truth.box)
    return table


def inside(box: Box, other: Box) -> float:
    """Share of ``box`` that lies in the other, 0…1; 0 for an empty one."""
    return box.overlap(other) / box.area if box.area > 0 else 0.0


def assigned(overlap: NDArray[np.float64], ignored: Mask, endless: Mask, iou: float) -> list[int]:
    """For each box, surest first, the index of its truth or NOBODY. ``overlap`` (boxes, truths); ``ignored`` (truths,):
    only taken by a box that no other truth suits; ``endless``: taken any number of times."""
    free = np.ones(len(ignored), np.bool_)
    found = []
    for row in overlap:
        fitting = (row >= min(iou, 1 - EDGE)) & (free | endless)
        counted = fitting & ~ignored
        among = np.flatnonzero(counted if counted.any() else fitting)
        # COCO goes through the truths in order and keeps the last of those that overlap alike.
        best = int(among[::-1][row[among[::-1]].argmax()]) if len(among) else NOBODY
        found.append(best)
        if best != NOBODY:
            free[best] = False
    return found
