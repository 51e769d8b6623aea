"""How rightly smiles, frowns, nods, shakes and facing are told: ``python -m tools.signs [--rooms N] [--out FILE]``.

Smile and frown on FER+ (nobody has marked the movements there: pictures that most of ten annotators called happy stand
for smiles, those called angry, sad or disgusted for frowns): the thresholds' scores on the tenth of the training split
that was never trained on, where they were chosen, and the product's on the validation split. Nods and shakes on heads
that are turned by hand (``tools.head_motions``), and what is told wrongly of heads that do neither. And the attack of
``tools.sign_attack`` on what is published.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import Progress

from engines.errors import EngineError
from streamer import build
from streamer.aggregate import AggregateRules
from streamer.config import Config, check
from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.signs import FROWNING, SMILING, SignReader, SignRules
from streamer.types import Box, Emotion, Face, Track
from tools import head_motions, sign_attack
from tools.accuracy import ready, rounded
from tools.ferplus import Faces, faces, probabilities
from tools.head_motions import Motion, Told
from tools.machine import machine
from tools.places import DATA
from tools.scores import Estimate, Floats, Measure, interval
from tools.train import data as training

SIGNS = {"smile": SMILING, "frown": FROWNING}
THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8)
HELD_OUT, SPLIT_SEED = 0.1, 7
"""Of ``tools/train/emotion.yaml``: which faces the shipped model was not trained on."""

MOVING = ("three-at-the-camera.mp4", "two-head-pose.mp4", "one-neutral-smile-neutral.mp4")
"""Clips of people who sit or stand still enough; nobody nods or shakes the head in them."""

WALKING = ("crowd-1080p.mp4",)
LOOKING = "three-at-the-camera.mp4"
"""All three look at the camera all the time."""

DETECTORS: Mapping[str, Mapping[str, Any]] = {
    "centerface": {},
    "mediapipe": {},
    "yunet": {"weights": str(DATA / "models" / "yunet_n_dynamic.onnx")},
}
DEGREES, HERTZ = (5, 10, 15, 20), (1, 2, 3)
SWAYS = (Motion("sway", 10, 2), Motion("sway", 20, 1))

ATTACKS = (
    ("one leaves", 6),
    ("one leaves", 12),
    ("one joins", 6),
    ("one leaves and returns, ten times", 6),
    ("the attacker leaves first, then one leaves", 6),
)


@dataclass(frozen=True, slots=True)
class Expression:
    """``faces`` that show it of ``among``; each 0…1."""

    sign: str
    faces: int
    among: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    neutral: Estimate


@dataclass(frozen=True, slots=True)
class Gestures:
    """With one detector: the share of the made gestures that was told, by degrees; what was told of the others: times
    and the seconds of faces in which it could have been. ``facing``: share of the sightings of people who look at the
    camera."""

    detector: str
    nod: Mapping[str, float]
    shake: Mapping[str, float]
    heads: int
    wrong: Mapping[str, tuple[int, float]]
    facing: float


def f1_parts(said: NDArray[np.bool_], true: NDArray[np.bool_]) -> tuple[Measure, Measure, Measure]:
    """Precision, recall and F1 = 2 both / (said + true) as measures over how often each face counts."""
    both, first, second = ((said & true) * 1.0, said * 1.0, true * 1.0)

    def share(times: Floats, of: Floats, by: Floats) -> Floats:
        below = times @ by
        return np.divide(times @ of, below, out=np.full(len(times), np.nan), where=below > 0)

    return (
        lambda times: share(times, both, first),
        lambda times: share(times, both, second),
        lambda times: share(times, 2 * both, first + second),
    )


def expression(sign: str, said: NDArray[np.bool_], labels: NDArray[np.int64]) -> Expression:
    count, true = len(labels), np.isin(labels, [LABELS.index(word) for word in SIGNS[sign]])
    precision, recall, f1 = (interval(measure, count) for measure in f1_parts(said, true))
    neutral = f1_parts(said, labels == LABELS.index("neutral"))[1]
    return Expression(sign, int(true.sum()), count, precision, recall, f1, interval(neutral, count))


def told(given: NDArray[np.float64], sign: str) -> NDArray[np.bool_]:
    """What the product says of faces that are read once each."""
    reader, said = SignReader(), []
    for number, row in enumerate(given.tolist()):
        track = Track(number, Face(Box(0, 0, 48, 48), 0.9), 0.0, True)
        emotion = Emotion(tuple(row), "", 0.0)
        signs = reader.update((track,), {number: emotion}, {number: 1.0}, 0.0)[0].signs
        said.append(bool(signs and getattr(signs, sign)))
    return np.array(said)


def choice(given: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, list[dict[str, float]]]:
    """F1 and the share of neutral faces told wrongly at each threshold."""
    rows: dict[str, list[dict[str, float]]] = {}
    for sign, words in SIGNS.items():
        share = given[:, [LABELS.index(word) for word in words]].sum(axis=1)
        true = np.isin(labels, [LABELS.index(word) for word in words])
        rows[sign] = []
        for threshold in THRESHOLDS:
            said = share >= threshold
            f1 = 2 * (said & true).sum() / (said.sum() + true.sum())
            neutral = said[labels == LABELS.index("neutral")].mean()
            rows[sign].append({"threshold": threshold, "f1": float(f1), "neutral": float(neutral)})
    return rows


def kept_aside(folder: Path) -> Faces:
    valid = training.read(folder / "valid.npz")
    everything = training.without(training.read(folder / "train.npz"), valid)
    aside = training.split(everything, HELD_OUT, SPLIT_SEED)[1]
    return Faces(aside.images[aside.agreed], aside.labels[aside.agreed])


def expressions(folder: Path) -> dict[str, Any]:
    config, card, _ = ready(Config.model_fields["classifier"].get_default(call_default_factory=True).card, None)
    valid, aside = faces(folder / "valid.npz"), kept_aside(folder)
    with build.classifier(config, build.engines_of(config)) as classifier:
        given, before = probabilities(classifier, valid.images), probabilities(classifier, aside.images)
    return {
        "model": card.name,
        "chosen_on": {"faces": len(aside.labels), **choice(before, aside.labels)},
        "rules": asdict(SignRules()),
        "scores": [asdict(expression(sign, told(given, sign), valid.labels)) for sign in SIGNS],
    }


def gestures(name: str, videos: Path, progress: Progress) -> Gestures:
    settings = {"sources": {"any": {"address": 0}}, "detector": {"name": name, **DETECTORS[name]}}
    config = check(settings, {})
    build.fetch_weights(config, offline=False)
    motions = [Motion(kind, size, hertz) for kind in ("nod", "shake") for size in DEGREES for hertz in HERTZ]
    task = progress.add_task(name, total=len(MOVING) * (len(motions) + len(SWAYS)))
    found: list[tuple[str, Motion | None, Told]] = []
    with build.detector(config, build.engines_of(config)) as detector:
        for video in (*MOVING, *WALKING):
            clip = head_motions.clip_of(videos / video, detector)
            found += [(video, None, one) for one in head_motions.read(head_motions.moved(clip, None), detector.detect)]
            for motion in (*motions, *SWAYS) if video in MOVING else ():
                pictures = head_motions.moved(clip, motion)
                found += [(video, motion, one) for one in head_motions.read(pictures, detector.detect)]
                progress.advance(task)
    looking = [one for video, motion, one in found if video == LOOKING and motion is None]
    return Gestures(
        name,
        by_degrees(found, "nod"),
        by_degrees(found, "shake"),
        len({(video, number) for video in MOVING for number, _ in enumerate(whole(found, video))}),
        {group: wrong(part) for group, part in groups(found)},
        sum(one.facing * one.sightings for one in looking) / sum(one.sightings for one in looking),
    )


Found = Sequence[tuple[str, Motion | None, Told]]


def whole(found: Found, video: str) -> list[Told]:
    return [one for name, motion, one in found if name == video and motion is None]


def by_degrees(found: Found, kind: str) -> dict[str, float]:
    """The share of the gestures of each size that was told at least once."""
    made = [(motion.degrees, one) for _, motion, one in found if motion and motion.kind == kind and one.known > 1]
    hits = {
        size: [bool(one.nods if kind == "nod" else one.shakes) for of, one in made if of == size] for size in DEGREES
    }
    return {str(size): float(np.mean(told)) for size, told in hits.items()}


def groups(found: Found) -> Iterator[tuple[str, list[tuple[int, float]]]]:
    """Times that something was told wrongly, and seconds, by what the heads did instead."""
    still = [one for video, motion, one in found if motion is None and video in MOVING]
    yield "sitting", [(one.nods + one.shakes, one.known) for one in still]
    walking = [one for video, motion, one in found if motion is None and video in WALKING]
    yield "walking", [(one.nods + one.shakes, one.known) for one in walking]
    swaying = [one for _, motion, one in found if motion and motion.kind == "sway"]
    yield "camera shaken", [(one.nods + one.shakes, one.known) for one in swaying]
    yield "nodding", [(one.shakes, one.known) for _, motion, one in found if motion and motion.kind == "nod"]
    yield "shaking", [(one.nods, one.known) for _, motion, one in found if motion and motion.kind == "shake"]


def wrong(parts: Sequence[tuple[int, float]]) -> tuple[int, float]:
    return sum(times for times, _ in parts), sum(seconds for _, seconds in parts)


def attacks(rooms: int) -> Iterator[dict[str, Any]]:
    for rules in (AggregateRules(noise=0.0), AggregateRules()):
        for name, people in ATTACKS:
            yield {"noise": rules.noise, **asdict(sign_attack.attack(rules, people, rooms, 2, name))}


def main(words: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rooms", type=int, default=400, help="simulated rooms of each attack")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "signs.json")
    arguments = parser.parse_args(words)
    if arguments.rooms < 100:
        parser.error(f"--rooms must be 100 or more, got {arguments.rooms}: an estimator is fitted on half")
    if not (DATA / "ferplus").is_dir():
        parser.error(f"{DATA} has no folder ferplus; name the data with GROUPMOOD_DATA")
    console = Console()
    try:
        read = expressions(DATA / "ferplus")
        with Progress(console=Console(stderr=True)) as progress:
            moved = [asdict(gestures(name, DATA / "videos", progress)) for name in DETECTORS]
    except (ConfigError, EngineError) as error:
        parser.error(str(error))
    document = {
        "machine": machine(),
        "command": f"python -m tools.signs --rooms {arguments.rooms}",
        "data": "FER+ validation split, three clips whose heads were turned by hand, one of people who walk",
        "expressions": read,
        "gestures": moved,
        "attacks": list(attacks(arguments.rooms)),
    }
    arguments.out.write_text(json.dumps(rounded(document), indent=1, ensure_ascii=False) + "\n", "utf-8")
    console.print(f"written: {arguments.out.name}")


if __name__ == "__main__":
    main()
