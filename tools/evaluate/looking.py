"""Labelled media through the live loop's own analysis: what the scores are made from.

Pictures are analysed as ``groupmood analyze`` does it, each a group of its own; of a video every frame is, in order,
with the tracker and the labels of a live run. Nothing here finds, reads or smooths by itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np

from streamer import build
from streamer.analyzer import Models
from streamer.chips import cut, pose_score, quality, sharpness_score
from streamer.config import Config
from streamer.errors import ConfigError
from streamer.stages import Classifier
from streamer.trackers.still import StillTracker
from streamer.types import Box, Emotion, Face, Fit, Frame, FrameResult, Image, Landmarks, unknown_landmarks
from tools.evaluate.seen import Look, Reading
from tools.labelled.document import LabelFile, Medium
from tools.labelled.media import MediaFolder
from tools.labelled.sampling import sampled
from tools.labelled.truth import Truth, truths

NEAR = 0.3
"""IoU from which on a found face's landmarks are taken for those of a labelled one: they say how it is turned."""


@dataclass(frozen=True, slots=True, eq=False)
class Material:
    """What is looked at: labels, where their media are, and how often a second a labelled video is looked at."""

    labels: LabelFile
    media: MediaFolder
    rate: float


@dataclass(slots=True)
class Watch:
    """Who follows the looking: told of each medium with its frames, of each frame that is done, and of weights that
    are fetched before. ``failed``: media that cannot be read, with the reason; they are left out."""

    begun: Callable[[str, int], object] = lambda _name, _frames: None
    done: Callable[[], object] = lambda: None
    fetching: build.Progress | None = None
    failed: dict[str, str] = field(default_factory=dict)


def looks(material: Material, config: Config, models: Models, watch: Watch) -> Iterator[Look]:
    """Every labelled picture, and the chosen frames of every video; ``models`` are open.

    Raises:
        EngineError: a model fails while it runs.
    """
    for medium in material.labels.media:
        try:
            seen = list(_seen(material, medium, config, models, watch))
        except ConfigError as error:
            watch.failed[medium.file] = str(error)
        else:
            yield from seen


def _seen(material: Material, medium: Medium, config: Config, models: Models, watch: Watch) -> Iterator[Look]:
    watch.begun(medium.file, medium.frames)
    (mood,) = build.moods(config).values()
    tracker = StillTracker() if medium.kind == "image" else None
    analysis = build.analyzer(config, models, mood, live=False, tracker=tracker)
    wanted = chosen(medium, material.rate)
    for frame in material.media.frames(medium):
        result = analysis.process(frame)
        if frame.index in wanted:
            yield look(medium, frame, result, models.classifier)
        watch.done()


def chosen(medium: Medium, rate: float) -> frozenset[int]:
    """The frames that are looked at: the picture, or ``rate`` a second of a video. Where not all faces are marked,
    frames without a labelled one say nothing and are passed over."""
    return frozenset(frame for frame in sampled(medium, rate) if medium.complete or truths(medium, frame))


def look(medium: Medium, frame: Frame, result: FrameResult, classifier: Classifier) -> Look:
    """One labelled frame, with what was found in it, and what the classifier says of its labelled boxes."""
    there = truths(medium, frame.index)
    return Look(
        medium.file,
        frame.index,
        frame.size,
        medium.complete,
        there,
        result.faces,
        result.people,
        readings(there, result.faces, frame, classifier),
        result.seconds,
    )


def readings(
    there: Sequence[Truth], found: Sequence[Face], frame: Frame, classifier: Classifier
) -> tuple[Reading | None, ...]:
    """One for each labelled face, None for those to be ignored.

    A labelled box goes around a face from brow to chin and ear to ear, the measure that the detectors' boxes are
    brought to, so the square that is cut is the one over its longer side: ``Fit()``.
    """
    faces = {number: given(truth, found) for number, truth in enumerate(there) if not truth.ignore}
    chips = [cut(frame.image, face, Fit(), classifier.crop, frame.pts) for face in faces.values()]
    emotions = dict(zip(faces, classifier.classify(chips), strict=True))
    return tuple(
        reading(frame.image, faces[number], emotions[number]) if number in faces else None
        for number in range(len(there))
    )


def reading(image: Image, face: Face, emotion: Emotion) -> Reading:
    return Reading(
        emotion,
        max(face.box.width, face.box.height),
        sharpness_score(image, face.box),
        pose_of(face),
        quality(image, face),
    )


def pose_of(face: Face) -> float:
    """NaN where the landmarks are not known: where nothing was found, or by a detector that gives none."""
    return pose_score(face.landmarks) if np.isfinite(face.landmarks).all() else math.nan


def given(truth: Truth, found: Sequence[Face]) -> Face:
    """The labelled face as a detection that is sure, with the landmarks of the found one that overlaps it most."""
    return Face(truth.box, 1.0, landmarks(truth.box, found))


def landmarks(box: Box, found: Sequence[Face]) -> Landmarks:
    near = max(found, key=lambda face: face.box.iou(box), default=None)
    return near.landmarks if near is not None and near.box.iou(box) >= NEAR else unknown_landmarks()
