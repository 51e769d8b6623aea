"""What limits the figures of an evaluation, in plain sentences: said beside them, not only in the handbook."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from streamer.emotions import LABELS
from tools.evaluate.matching import IOU, matched
from tools.evaluate.samples import reading_samples
from tools.evaluate.seen import Look, Samples
from tools.evaluate.slices import LEAST_FACES, too_small
from tools.labelled.document import LabelFile
from tools.labelled.truth import Truth

FEW_PEOPLE = 30
"""Fewer say little of others: with 30 the 95 % interval of 80 % right reaches from 63 % to 90 %."""


def notes(labels: LabelFile, looks: Sequence[Look], least: int = LEAST_FACES) -> tuple[str, ...]:
    """Sentences, the gravest first; ``least``: as in ``slice_scores``. () where nothing limits the figures."""
    faces = [truth for look in looks for truth in look.truths if not truth.ignore]
    if not looks:
        return ("Nothing is labelled: no picture and no frame was looked at.",)
    samples = reading_samples(looks)
    return (
        *of_detection(looks, faces),
        *of_complete(looks),
        *of_labels(labels, faces),
        *of_classes(samples, least),
        *of_people(looks, samples),
        *of_parts(samples, least),
    )


def of_detection(looks: Sequence[Look], faces: Sequence[Truth]) -> Iterator[str]:
    ignored = sum(truth.ignore for look in looks for truth in look.truths)
    if not faces:
        yield "No face is labelled: neither recall nor expressions can be told."
    elif all(box is None for look in looks for box in matched(look.truths, look.faces, IOU).boxes):
        yield f"The detector found none of the {count(len(faces), 'labelled face')}."
    if ignored:
        yield f"{count(ignored, 'face')} marked to be ignored {are(ignored)} neither missed nor wrongly found."


def of_complete(looks: Sequence[Look]) -> Iterator[str]:
    media = {look.medium for look in looks}
    complete = {look.medium for look in looks if look.complete}
    if not complete:
        yield (
            "In no medium all faces are marked, so a box without a label may well be a face: precision and average "
            "precision cannot be told."
        )
    elif len(complete) < len(media):
        yield (
            f"Precision and average precision are of the {len(complete)} of {len(media)} media in which all faces are "
            "marked."
        )
    if complete:
        yield "Average precision is that of the boxes which the detector gives at its own threshold."
    if len(media) == 1:
        yield "There is a single medium: how well faces are found in others cannot be told, whatever the figures here."


def of_labels(labels: LabelFile, faces: Sequence[Truth]) -> Iterator[str]:
    """Who said what of the faces, and which of them have no label for it."""
    said = {one.annotator for medium in labels.media for face in medium.faces for one in face.said}
    silent = sum(not truth.unsure and not sum(truth.votes) for truth in faces)
    unsure = sum(truth.unsure > 0 and not sum(truth.votes) for truth in faces)
    split = sum(truth.label is None and sum(truth.votes) > 0 for truth in faces)
    if len(said) == 1:
        yield "One annotator alone said what the expressions are: how far people agree on them cannot be told."
    if split:
        yield f"{count(split, 'face')} {are(split)} left out of the expressions: no label has more than half the votes."
    if unsure:
        yield f"{count(unsure, 'face')} {are(unsure)} left out of the expressions: nobody could tell them."
    if silent:
        yield f"{count(silent, 'face')} {are(silent)} left out of the expressions: nobody labelled them."


def of_classes(samples: Samples, least: int) -> Iterator[str]:
    """Labels that are missing, rare or never said."""
    if not len(samples.labels):
        yield "No face has a label that most annotators gave: expressions cannot be scored."
        return
    faces = np.bincount(samples.labels, minlength=len(LABELS))
    missing = [name for name, number in zip(LABELS, faces, strict=True) if not number]
    rare = [f"{name} ({number})" for name, number in zip(LABELS, faces, strict=True) if 0 < number < least]
    silent = [name for label, name in enumerate(LABELS) if label not in samples.said]
    if missing:
        yield f"No face is labelled {listed(missing)}: whether such faces are recognised cannot be told."
    if rare:
        yield f"Fewer than {least} faces are labelled {listed(rare)}: their figures are hardly more than chance."
    if silent:
        yield f"The classifier called no face {listed(silent)}: how right it would be cannot be told."


def of_people(looks: Sequence[Look], samples: Samples) -> Iterator[str]:
    people = len(np.unique(samples.groups))
    videos = {medium: frames for medium, frames in Counter(look.medium for look in looks).items() if frames > 1}
    if 0 < people < FEW_PEOPLE:
        whose = "one person" if people == 1 else f"{people} people"
        yield f"The expressions are those of {whose}: of others they say little."
    if videos:
        within = sum(videos.values())
        yield (
            f"{within} of {count(len(looks), 'frame')} {are(len(looks))} of {count(len(videos), 'video')}, where one "
            "frame is like the next: intervals count people and media, not frames."
        )


def of_parts(samples: Samples, least: int) -> Iterator[str]:
    small = [f"{by} {value} ({faces})" for by, value, faces in too_small(samples, least)]
    if small:
        yield f"Not scored apart, for they have fewer than {least} faces: {listed(small)}."
    unknown = int(np.isnan(samples.pose).sum())
    if unknown:
        yield f"How far {count(unknown, 'face')} {are(unknown)} turned is not known."


def count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def are(number: int) -> str:
    return "is" if number == 1 else "are"


def listed(words: Sequence[str]) -> str:
    """ "a", "a and b", "a, b and c"."""
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))
