"""What the labels say of one frame: where the faces are, and which expression most annotators see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from streamer.emotions import LABELS
from streamer.types import UNSURE, Box
from tools.labelled.document import LabelledFace, Mark, Medium


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """A labelled face on a frame. ``label``: index into LABELS where more than half of those who could tell agree, else
    None; ``votes`` (8,) of those who could tell, ``unsure`` how many could not. ``ignore`` and ``attributes``: see
    LabelledFace."""

    face: str
    box: Box
    label: int | None
    votes: tuple[int, ...]
    unsure: int = 0
    ignore: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)


def truths(medium: Medium, frame: int) -> tuple[Truth, ...]:
    """The faces to be seen on a frame, in the order of the file.

    Raises:
        ValueError: the medium has no such frame.
    """
    if not 0 <= frame < medium.frames:
        raise ValueError(f"{medium.file} has frames 0 to {medium.frames - 1}, got {frame}")
    return tuple(truth_of(face, box, frame) for face in medium.faces if (box := box_at(face.marks, frame)) is not None)


def truth_of(face: LabelledFace, box: Box, frame: int) -> Truth:
    latest = {one.annotator: one.label for one in face.said if one.frame <= frame}
    told = [label for label in latest.values() if label != UNSURE]
    votes = tuple(told.count(label) for label in LABELS)
    most = max(votes)
    label = votes.index(most) if 2 * most > len(told) else None
    return Truth(face.id, box, label, votes, len(latest) - len(told), face.ignore, face.attributes)


def box_at(marks: tuple[Mark, ...], frame: int) -> Box | None:
    """Where a face is on a frame; None before its first mark and while it is gone. After its last mark it stays."""
    before = [mark for mark in marks if mark.frame <= frame]
    after = [mark for mark in marks if mark.frame > frame]
    if not before or before[-1].gone:
        return None
    here = before[-1]
    if not after or after[0].gone:
        return Box(here.x1, here.y1, here.x2, here.y2)
    there = after[0]
    part = (frame - here.frame) / (there.frame - here.frame)
    pairs = ((here.x1, there.x1), (here.y1, there.y1), (here.x2, there.x2), (here.y2, there.y2))
    return Box(*(a + part * (b - a) for a, b in pairs))
