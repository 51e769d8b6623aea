"""From a file of labels to an Evaluation: looked at, scored, summed up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import cv2

from streamer import build
from streamer.analyzer import Models
from streamer.errors import ConfigError
from tools.evaluate.asked import Asked, configuration
from tools.evaluate.detections import detection_scores
from tools.evaluate.expressions import expression_scores
from tools.evaluate.looking import Material, Watch, looks
from tools.evaluate.notes import notes
from tools.evaluate.result import Evaluation
from tools.evaluate.samples import reading_samples, told_samples
from tools.evaluate.seen import Look
from tools.evaluate.slices import slice_scores
from tools.evaluate.worst import mistakes
from tools.labelled.agreement import agreement
from tools.labelled.document import LabelFile
from tools.labelled.media import MediaFolder
from tools.labelled.reading import read
from tools.machine import machine


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """An evaluation with what it was made from."""

    evaluation: Evaluation
    material: Material
    looks: tuple[Look, ...]
    failed: dict[str, str]


def evaluate(labels: Path, asked: Asked, watch: Watch | None = None) -> Evaluation:
    """How right the program is on labelled media; see ``judge``, which keeps what it was made from as well."""
    return judge(labels, asked, watch).evaluation


def judge(path: Path, asked: Asked, watch: Watch | None = None) -> Judged:
    """
    Raises:
        ConfigError: the labels cannot be read, nothing in them can, or the detector or classifier is unknown.
        EngineError: a model cannot be had or run.
    """
    follower = watch or Watch()
    material, config = material_of(path, asked.rate), configuration(asked)
    build.fetch_weights(config, offline=asked.offline, progress=follower.fetching)
    cv2.setNumThreads(1)  # as the program runs
    with build.models(config) as models:
        seen = tuple(looks(material, config, models, follower))
        if not seen:
            raise ConfigError(nothing(path, material.labels, follower))
        evaluation = summed(path, asked, material.labels, models, seen)
    return Judged(evaluation, material, seen, dict(follower.failed))


def material_of(path: Path, rate: float) -> Material:
    """
    Raises:
        ConfigError: the labels cannot be read, or there are none.
    """
    labels = read(path)
    if not labels.media:
        raise ConfigError(f"{path} names no picture and no video: label some with python -m tools.label")
    return Material(labels, MediaFolder(path.parent), rate)


def nothing(path: Path, labels: LabelFile, watch: Watch) -> str:
    """Why there is nothing to look at."""
    if len(watch.failed) == len(labels.media):
        first = next(iter(watch.failed.values()))
        return f"none of the {len(labels.media)} media in {path} can be read: {first}"
    return f"no face is marked in {path}, and no medium is marked as complete: label some with python -m tools.label"


def summed(path: Path, asked: Asked, labels: LabelFile, models: Models, seen: Sequence[Look]) -> Evaluation:
    read_so, said_so = reading_samples(seen), told_samples(seen)
    there = {look.medium for look in seen}
    kinds = [medium.kind for medium in labels.media if medium.file in there]
    return Evaluation(
        labels=path.name,
        detector=models.detector.about,
        classifier=models.classifier.about,
        images=kinds.count("image"),
        videos=kinds.count("video"),
        annotators=len(labels.annotators),
        agreement=agreement(labels).kappa,
        detection=detection_scores(seen),
        reading=expression_scores(read_so),
        told=expression_scores(said_so),
        slices=slice_scores(read_so),
        mistakes=mistakes(seen),
        notes=notes(labels, seen),
        seconds=stages(seen),
        command=asked.command(path),
        machine=machine(),
    )


def stages(seen: Sequence[Look]) -> dict[str, float]:
    """Seconds that a frame takes in each stage, the median over the frames that had it; the first one of each size of
    picture is left out where there are more, for engines get ready for a size when they meet it."""
    names = list(dict.fromkeys(stage for look in seen for stage in look.seconds))
    return {name: median(settled(name, seen)) for name in names}


def settled(stage: str, seen: Sequence[Look]) -> list[float]:
    there = [look for look in seen if stage in look.seconds]
    sizes = [look.size for look in there]
    later = [look for number, look in enumerate(there) if look.size in sizes[:number]]
    return [look.seconds[stage] for look in later or there]
