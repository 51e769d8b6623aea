"""Labelled frames made by hand, and what was seen of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from streamer.emotions import LABELS
from streamer.types import Box, Emotion, Face, Person, Track
from tools.evaluate.seen import Look, Reading
from tools.labelled.truth import Truth

SQUARE = Box(0, 0, 40, 40)


def truth(
    name: str, box: Box = SQUARE, label: str | None = None, *, ignore: bool = False, about: Mapping[str, str] = {}
) -> Truth:
    votes = tuple(int(one == label) for one in LABELS)
    return Truth(name, box, LABELS.index(label) if label else None, votes, 0, ignore, about)


def face(box: Box = SQUARE, score: float = 0.9) -> Face:
    return Face(box, score)


def emotion(**shares: float) -> Emotion:
    """What is not named has an equal part of the rest."""
    rest = (1 - sum(shares.values())) / max(1, len(LABELS) - len(shares))
    return Emotion(tuple(shares.get(label, rest) for label in LABELS), "by hand", 0.0)


def reading(answer: Emotion, size: float = 40.0, sharpness: float = 1.0, pose: float = 1.0) -> Reading:
    return Reading(answer, size, sharpness, pose, 1.0)


def person(box: Box, answer: Emotion | None, label: str, number: int = 0) -> Person:
    return Person(Track(number, face(box), 1.0, True), answer, label, 0.5, 1.0)


def look(
    medium: str,
    frame: int,
    truths: Sequence[Truth],
    faces: Sequence[Face] = (),
    *,
    complete: bool = True,
    readings: Sequence[Reading | None] | None = None,
    people: Sequence[Person] = (),
) -> Look:
    answers = readings if readings is not None else [None] * len(truths)
    return Look(medium, frame, (640, 480), complete, tuple(truths), tuple(faces), tuple(people), tuple(answers), {})
