"""What a tracker saw of each face of a video, as the few marks that say the same."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from streamer.types import Box, Track
from tools.labelled.document import Mark, Medium
from tools.labelled.truth import box_at

AGREE = 0.9
"""Least IoU of the box between two marks with the one that was tracked there."""

SHORTEST = 0.5
"""Seconds from the first to the last sight below which a track is left out: seldom a face, and never worth a label."""

BLINK = 0.5
"""Seconds for which a face may be overlooked without being gone: a detector flickers more often than people vanish."""

REACH, BEYOND = 900, 15
"""Frames from one mark to the next at most, and frames beyond the last that may be next, for a better one: one box that
sits badly does not end a stretch."""

SAME = 0.5
"""Share of the smaller of two boxes within the other from which they are one face. Boxes of different detectors and
people agree less by IoU: some take the whole head. Those of neighbours overlap less."""

OFTEN = 0.1
"""Share of a track's frames on which it may lie on somebody else who is there: people walk past each other."""

LOOKS = 60
"""Frames of a track, evenly spread, on which that is looked at."""

Boxes = NDArray[np.float64]
"""(n, 4) x1, y1, x2, y2 in pixels."""


@dataclass(frozen=True, slots=True)
class Sight:
    """Where a face was seen: ``pts`` in seconds."""

    frame: int
    pts: float
    box: Box


class Sights:
    """Collects what a tracker says of a picture of ``width`` × ``height`` pixels, frame by frame."""

    def __init__(self, width: int, height: int) -> None:
        self._size = width, height
        self._times: list[float] = []
        self._tracks: dict[int, list[Sight]] = {}

    def add(self, pts: float, tracks: Sequence[Track]) -> None:
        """Of the next frame."""
        self._times.append(pts)
        for track in tracks:
            box = within(track.face.box, *self._size)
            if not track.seen or box is None:
                continue
            if track.id not in self._tracks:
                self._tracks[track.id] = self._born(pts - track.age, box)
            self._tracks[track.id].append(Sight(len(self._times) - 1, pts, box))

    def _born(self, pts: float, box: Box) -> list[Sight]:
        """A face becomes a track with its second sight; where the first was, it has not moved much since."""
        frame = bisect_left(self._times, pts - 1e-6)
        return [] if frame >= len(self._times) - 1 else [Sight(frame, self._times[frame], box)]

    def marks(self, by: str) -> tuple[tuple[Mark, ...], ...]:
        """Those of each track that is long enough, the first seen first. ``by``: who found them."""
        long = [track for track in self._tracks.values() if track[-1].pts - track[0].pts >= SHORTEST]
        ordered = sorted(long, key=lambda track: track[0].frame)
        return tuple(tuple(marks_of(track, len(self._times), by)) for track in ordered)


def within(box: Box, width: int, height: int) -> Box | None:
    """The part of a box that is in the picture; None for less than a pixel."""
    inner = Box(max(box.x1, 0.0), max(box.y1, 0.0), min(box.x2, float(width)), min(box.y2, float(height)))
    return inner if inner.width >= 1 and inner.height >= 1 else None


def mark_of(frame: int, box: Box, by: str, *, gone: bool = False) -> Mark:
    """To a tenth of a pixel, which is finer than any detector."""
    x1, y1, x2, y2 = (round(edge, 1) for edge in (box.x1, box.y1, box.x2, box.y2))
    return Mark(frame=frame, x1=x1, y1=y1, x2=x2, y2=y2, gone=gone, by=by)


def marks_of(track: Sequence[Sight], frames: int, by: str) -> Iterator[Mark]:
    """A track's marks in a video of so many frames: gone wherever it is not seen for longer than BLINK."""
    for run in runs(track):
        boxes = np.array([(sight.box.x1, sight.box.y1, sight.box.x2, sight.box.y2) for sight in run])
        for index in thinned(np.array([sight.frame for sight in run], float), boxes):
            yield mark_of(run[index].frame, run[index].box, by)
        last = run[-1]
        if last.frame + 1 < frames:
            yield mark_of(last.frame + 1, last.box, by, gone=True)


def runs(track: Sequence[Sight]) -> Iterator[Sequence[Sight]]:
    """The stretches in which a face is seen all the time, or nearly."""
    start = 0
    for index, (sight, later) in enumerate(pairwise(track), 1):
        if later.frame > sight.frame + 1 and later.pts - sight.pts > BLINK:
            yield track[start:index]
            start = index
    yield track[start:]


def thinned(frames: NDArray[np.float64], boxes: Boxes) -> list[int]:
    """Indices of the boxes that have to be kept, the first and the last among them, so that a box moving evenly from
    each to the next agrees with all between. From each the next one is as far as it may be."""
    kept = [0]
    while kept[-1] < len(frames) - 1:
        kept.append(farthest(frames, boxes, kept[-1]))
    return kept


def farthest(frames: NDArray[np.float64], boxes: Boxes, start: int) -> int:
    found = end = start + 1
    while end < min(len(frames), start + REACH + 1) and end <= found + BEYOND:
        if agrees(frames[start : end + 1], boxes[start : end + 1]):
            found = end
        end += 1
    return found


def agrees(frames: NDArray[np.float64], boxes: Boxes) -> bool:
    """Whether the first and the last, as they would be written down, stand for all of them."""
    first, last = boxes[[0, -1]].round(1)
    part = ((frames - frames[0]) / (frames[-1] - frames[0]))[:, None]
    return bool((ious(first + part * (last - first), boxes) >= AGREE).all())


def ious(one: Boxes, other: Boxes) -> NDArray[np.float64]:
    """(n,) intersection over union, row by row, of boxes that are not empty; see Box.iou()."""
    sides = np.minimum(one[:, 2:], other[:, 2:]) - np.maximum(one[:, :2], other[:, :2])
    both = sides.clip(0).prod(1)
    areas = (one[:, 2:] - one[:, :2]).prod(1) + (other[:, 2:] - other[:, :2]).prod(1)
    return np.asarray(both / (areas - both), np.float64)


def unknown(found: Sequence[tuple[Mark, ...]], medium: Medium) -> tuple[tuple[Mark, ...], ...]:
    """Those that are none of the faces which the medium has already, ignored ones among these."""
    return tuple(marks for marks in found if not any(is_same(marks, face.marks) for face in medium.faces))


def is_same(new: tuple[Mark, ...], there: tuple[Mark, ...]) -> bool:
    """Whether they lie on each other on more than a few of the frames from the first mark of ``new`` to its last."""
    frames = np.linspace(new[0].frame, new[-1].frame, LOOKS).round().astype(int)
    shown = [(box, box_at(there, frame)) for frame in sorted(set(frames.tolist())) if (box := box_at(new, frame))]
    meeting = sum(other is not None and is_one(box, other) for box, other in shown)
    return meeting > OFTEN * len(shown)


def is_one(box: Box, other: Box) -> bool:
    return box.overlap(other) > SAME * min(box.area, other.area)
