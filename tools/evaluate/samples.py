"""From looks at frames to the faces whose expression is known, and what was said of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from streamer.types import Person
from tools.evaluate.matching import IOU, matched
from tools.evaluate.seen import UNTOLD, Look, Place, Reading, Samples
from tools.labelled.truth import Truth

UNIFORM = (1 / len(LABELS),) * len(LABELS)
"""The probabilities of a face that nobody read: nothing is known of it, and −ln ⅛ = 2.08 nats are its cross-entropy."""

ARRAYS = ("given", "labels", "said", "groups", "size", "sharpness", "pose")
"""The fields of Samples that are one."""


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One sample. ``said``: index into LABELS or UNTOLD."""

    look: Look
    truth: Truth
    reading: Reading
    given: tuple[float, ...]
    said: int
    label: int


def reading_samples(looks: Sequence[Look]) -> Samples:
    """The classifier alone: its answer on the labelled box of every face that is not ignored and has a label that most
    annotators gave. It always says its likeliest label."""
    return gathered(
        [
            Row(look, truth, reading, given, int(np.argmax(given)), label)
            for look, truth, reading, label in labelled(looks)
            for given in (reading.emotion.probabilities,)
        ]
    )


def told_samples(looks: Sequence[Look], iou: float = IOU) -> Samples:
    """The whole program: what it says of the person whose box matches. The same faces as ``reading_samples`` in the
    same order, with the same size, sharpness and pose.

    A face that was not found is UNTOLD with probabilities of ⅛ each, and so is one of a person whom nobody has read
    yet; of one whom the program calls "unsure" the probabilities are its own.
    """
    met = {id(look): people_of(look, iou) for look in looks}
    rows = []
    for look, truth, reading, label in labelled(looks):
        person = met[id(look)].get(truth.face)
        emotion = person.emotion if person else None
        said = LABELS.index(person.label) if person and person.label in LABELS else UNTOLD
        rows.append(Row(look, truth, reading, emotion.probabilities if emotion else UNIFORM, said, label))
    return gathered(rows)


def labelled(looks: Sequence[Look]) -> Iterator[tuple[Look, Truth, Reading, int]]:
    """The faces that can be scored, each with its reading and its label."""
    for look in looks:
        for truth, reading in zip(look.truths, look.readings, strict=True):
            if reading is not None and not truth.ignore and truth.label is not None:
                yield look, truth, reading, truth.label


def people_of(look: Look, iou: float = IOU) -> Mapping[str, Person]:
    """By the id of a labelled face, the person whose box matches."""
    pairs = matched(look.truths, [person.track.face for person in look.people], iou)
    found = zip(look.truths, pairs.boxes, strict=True)
    return {truth.face: look.people[box] for truth, box in found if box is not None}


def gathered(rows: Sequence[Row]) -> Samples:
    """Of no rows the arrays have length 0."""
    places = tuple(Place(row.look.medium, row.look.frame, row.truth.face) for row in rows)
    people = {who: number for number, who in enumerate(dict.fromkeys((at.medium, at.face) for at in places))}
    return Samples(
        places=places,
        given=np.array([row.given for row in rows], np.float64).reshape(len(rows), len(LABELS)),
        labels=np.array([row.label for row in rows], np.int64),
        said=np.array([row.said for row in rows], np.int64),
        groups=np.array([people[at.medium, at.face] for at in places], np.int64),
        size=np.array([row.reading.size for row in rows], np.float64),
        sharpness=np.array([row.reading.sharpness for row in rows], np.float64),
        pose=np.array([row.reading.pose for row in rows], np.float64),
        attributes=tuple(row.truth.attributes for row in rows),
    )


def chosen(samples: Samples, among: NDArray[np.bool_]) -> Samples:
    """Those of the samples alone."""
    rows = np.flatnonzero(among)
    return replace(
        samples,
        places=tuple(samples.places[row] for row in rows),
        attributes=tuple(samples.attributes[row] for row in rows),
        **{name: getattr(samples, name)[rows] for name in ARRAYS},
    )
