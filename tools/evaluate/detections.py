"""How many of the faces a detector finds, how often it sees one where none is, and how that depends on their size.

As ``COCOeval`` of pycocotools counts (https://cocodataset.org/#detection-eval), with three differences that are said in
the scores: sizes are longer sides of boxes instead of areas; precision and average precision are of complete media
only, for elsewhere a box without a label may well be a face; what cannot be told is None instead of −1. The average
precision is that of the boxes which the detector gives at its own threshold: it is what the program works with, and
less than that of a detector that is asked for every box, however unlikely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.types import Box, Face
from tools.evaluate.matching import IOU, NOBODY, assigned, overlaps, surest_first
from tools.evaluate.result import DetectionScores, SizeScores
from tools.evaluate.seen import Look
from tools.scores import Estimate, Floats, divided, group_interval

Range: TypeAlias = tuple[float, float | None]

SIZES: tuple[Range, ...] = ((0.0, 16.0), (16.0, 24.0), (24.0, 32.0), (32.0, 48.0), (48.0, 96.0), (96.0, None))
"""From … to below … pixels of a face's longer side (None: no end). 48 is what classifiers are trained on, from about
21 on the program says anything of a face (``streamer.chips``)."""

ANY: Range = (0.0, None)

POINTS = np.linspace(0, 1, 101)
"""The recalls at which COCO reads the precision."""


@dataclass(frozen=True, slots=True, eq=False)
class Paired:
    """A frame: its boxes, surest first, and how each overlaps each truth: (boxes, truths)."""

    look: Look
    boxes: tuple[Face, ...]
    overlap: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Counted:
    """The frames of one or several media. ``hits`` (N,): of the boxes that count, surest first, whether a face is
    there; ``medium`` (N,) the index of each box's medium; ``faces`` and ``found`` (media,)."""

    hits: NDArray[np.bool_]
    medium: NDArray[np.int64]
    faces: Floats
    found: Floats


def detection_scores(looks: Sequence[Look], iou: float = IOU) -> DetectionScores:
    """Intervals over resampled media; ``tools.scores.group_interval`` says how wide they are for a single one."""
    pairs = [paired(look) for look in looks]
    complete = [pair for pair in pairs if pair.look.complete]
    every, known = counted(pairs, ANY, iou), counted(complete, ANY, iou)
    media = len(known.faces)
    boxes, hits = np.bincount(known.medium, minlength=media), np.bincount(known.medium[known.hits], minlength=media)
    return DetectionScores(
        frames=len(looks),
        faces=int(every.faces.sum()),
        found=int(every.found.sum()),
        wrong=int(boxes.sum() - hits.sum()),
        iou=iou,
        recall=ratio(every.found, every.faces),
        precision=ratio(hits.astype(np.float64), boxes.astype(np.float64)),
        average_precision=precision_interval(known),
        sizes=tuple(size_scores(pairs, complete, size, iou) for size in SIZES),
    )


def size_scores(pairs: Sequence[Paired], complete: Sequence[Paired], size: Range, iou: float) -> SizeScores:
    """Of the faces of one size alone, by COCO's rule: the others are ignored, and so are boxes of another size that
    match no face of this one."""
    every, known = counted(pairs, size, iou), counted(complete, size, iou)
    faces = int(every.faces.sum())
    recall = float(every.found.sum()) / faces if faces else None
    precision = average_precision(known, np.ones(len(known.faces)))
    return SizeScores(size[0], size[1], faces, recall, None if math.isnan(precision) else precision)


def paired(look: Look) -> Paired:
    boxes = tuple(look.faces[box] for box in surest_first(look.faces))
    return Paired(look, boxes, overlaps(look.truths, boxes))


def counted(pairs: Sequence[Paired], size: Range, iou: float) -> Counted:
    media = {name: number for number, name in enumerate(dict.fromkeys(pair.look.medium for pair in pairs))}
    faces, found = np.zeros(len(media)), np.zeros(len(media))
    boxes: list[tuple[float, bool, int]] = []
    for pair in pairs:
        number = media[pair.look.medium]
        crowd = np.array([truth.ignore for truth in pair.look.truths], np.bool_)
        ignored = crowd | ~np.array([within(truth.box, size) for truth in pair.look.truths], np.bool_)
        taken = assigned(pair.overlap, ignored, crowd, iou)
        for box, truth in zip(pair.boxes, taken, strict=True):
            if within(box.box, size) if truth == NOBODY else not ignored[truth]:
                boxes.append((box.score, truth != NOBODY, number))
                found[number] += truth != NOBODY
        faces[number] += np.count_nonzero(~ignored)
    boxes.sort(key=lambda box: -box[0])
    hits, medium = np.array([box[1] for box in boxes], np.bool_), np.array([box[2] for box in boxes], np.int64)
    return Counted(hits, medium, faces, found)


def within(box: Box, size: Range) -> bool:
    low, high = size
    return low <= longer(box) and (high is None or longer(box) < high)


def longer(box: Box) -> float:
    """The longer side in pixels."""
    return max(box.width, box.height)


def ratio(part: Floats, whole: Floats) -> Estimate | None:
    """Σ part / Σ whole over (media,) sums; None where the whole is nothing."""
    part, whole = part[whole > 0], whole[whole > 0]
    if not len(whole):
        return None
    return group_interval(lambda times: divided(times @ part, times @ whole), np.arange(len(whole)))


def precision_interval(known: Counted) -> Estimate | None:
    """The average precision with its interval over resampled media; None where there is no face."""
    if known.faces.sum() == 0:
        return None
    every = np.arange(len(known.faces))
    return group_interval(lambda times: np.array([average_precision(known, row) for row in times]), every)


def average_precision(known: Counted, times: Floats) -> float:
    """Mean over the recalls 0, .01 … 1 of the highest precision that is reached with that recall or a higher one; 0
    where it is not reached (as COCO; T.-Y. Lin et al. 2014, https://arxiv.org/abs/1405.0312). ``times`` (media,): how
    often each medium counts. 0…1, NaN where there is no face."""
    faces = float(times @ known.faces)
    if faces == 0:
        return math.nan
    weights = times[known.medium]
    right = np.cumsum(weights * known.hits)
    precision = np.nan_to_num(divided(right, np.cumsum(weights)))
    best = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return float(best[np.searchsorted(right / faces, POINTS)].mean())
