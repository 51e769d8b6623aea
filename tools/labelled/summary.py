"""What a label file holds in numbers, and what an evaluation with it cannot tell."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from streamer.emotions import LABELS
from streamer.types import UNSURE, Box
from tools.labelled.agreement import Agreement, agreement
from tools.labelled.document import LabelFile
from tools.labelled.sampling import sampled
from tools.labelled.truth import Truth, truths

FEW = 30
"""Looks of an expression below which its scores say little: at 30, a recall of 0.5 has a 95 % interval of ±0.18 (normal
approximation, 1.96 · √(0.5 · 0.5 / 30))."""


@dataclass(frozen=True, slots=True)
class Summary:
    """``faces``: people marked, each once in its medium, without the ``ignored``. ``unsaid``: those of whom nobody said
    anything. ``words``: how often each annotator said each. ``looks``: by expression, how many faces on sampled frames
    have it by majority; ``undecided`` have words without a majority, or only "unsure"."""

    pictures: int
    videos: int
    complete: int
    faces: int
    ignored: int
    unsaid: int
    words: Mapping[str, Mapping[str, int]]
    looks: Mapping[str, int]
    undecided: int
    agreement: Agreement


def summary(labels: LabelFile) -> Summary:
    faces = [face for medium in labels.media for face in medium.faces]
    scored = [face for face in faces if not face.ignore]
    said = Counter((one.annotator, one.label) for face in scored for one in face.said)
    seen = _seen(labels)
    decided = Counter(LABELS[truth.label] for truth in seen if truth.label is not None)
    return Summary(
        pictures=sum(medium.kind == "image" for medium in labels.media),
        videos=sum(medium.kind == "video" for medium in labels.media),
        complete=sum(medium.complete for medium in labels.media),
        faces=len(scored),
        ignored=len(faces) - len(scored),
        unsaid=sum(not face.said for face in scored),
        words={name: {word: said[name, word] for word in (*LABELS, UNSURE)} for name in labels.annotators},
        looks={label: decided[label] for label in LABELS},
        undecided=sum(truth.label is None and bool(sum(truth.votes) or truth.unsure) for truth in seen),
        agreement=agreement(labels),
    )


def limits(made: Summary) -> tuple[str, ...]:
    """What scores over these labels cannot tell, in words."""
    said = []
    if not made.pictures + made.videos:
        return ("there are no pictures or videos in it",)
    if not made.faces:
        said.append("no face is marked: nothing can be scored")
    if not made.complete:
        said.append("no medium is complete: what a detector finds wrongly cannot be told, only what it misses")
    elif made.complete < made.pictures + made.videos:
        said.append(
            f"only {made.complete} of {made.pictures + made.videos} media are complete: wrong finds count there"
        )
    speakers = [name for name, words in made.words.items() if any(words.values())]
    if made.faces and not speakers:
        said.append("nobody said an expression: only detectors can be scored")
    if len(speakers) == 1:
        said.append("one annotator only: how far people agree on these faces is not known")
    if made.unsaid and speakers:
        said.append(f"{made.unsaid} of {made.faces} faces have no expression")
    if made.undecided:
        said.append(f"{made.undecided} looks have no majority and are left out of the expressions' scores")
    return (*said, *(_thin(made) if speakers else ()))


def outside(labels: LabelFile) -> tuple[str, ...]:
    """Marks of which nothing is within the picture: no detector can find them."""
    return tuple(
        f"{medium.file}: face {face.id} lies outside the picture on frame {mark.frame}"
        for medium in labels.media
        for face in medium.faces
        for mark in face.marks
        if not mark.gone
        and Box(mark.x1, mark.y1, mark.x2, mark.y2).overlap(Box(0, 0, medium.width, medium.height)) <= 0
    )


def _thin(made: Summary) -> list[str]:
    """Of the expressions with few looks or none."""
    none = [label for label, looks in made.looks.items() if not looks]
    few = [f"{label} ({looks})" for label, looks in made.looks.items() if 0 < looks < FEW]
    empty = [f"nobody shows {', '.join(none)}: nothing can be said of them"] if none else []
    return [*empty, *([f"fewer than {FEW} looks, so that scores say little: {', '.join(few)}"] if few else [])]


def _seen(labels: LabelFile) -> list[Truth]:
    """The faces on the sampled frames, without the ignored."""
    return [
        truth
        for medium in labels.media
        for frame in sampled(medium)
        for truth in truths(medium, frame)
        if not truth.ignore
    ]
