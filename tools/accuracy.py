"""How right the emotion models are: ``python -m tools.accuracy [CARD …] [--data FILE.npz] [--out FILE.json]``.

On the validation split of FER+ (48 × 48 grey faces, ten annotators each): single votes are dropped; a face counts where
more than half of the remaining votes agree on one of the eight labels.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer import build
from streamer.config import check
from streamer.emotions import LABELS
from streamer.stages import Classifier
from streamer.types import Chip
from tools.machine import machine

DATA = Path(os.environ.get("GROUPMOOD_DATA", Path(__file__).parent.parent.parent / "shared" / "data"))
BINS = 15


@dataclass(frozen=True)
class Faces:
    """``images`` (N, 48, 48) uint8 and the index of each one's label."""

    images: NDArray[np.uint8]
    labels: NDArray[np.int64]


@dataclass(frozen=True)
class Score:
    """Shares 0…1 but ``cross_entropy`` (nats); ``half`` is half the 95 % interval of the accuracy (normal
    approximation); ``neutral_misread`` the neutral faces that are called sad, angry, disgusted, afraid or
    contemptuous."""

    model: str
    faces: int
    accuracy: float
    half: float
    macro_recall: float
    cross_entropy: float
    calibration_error: float
    neutral_misread: float


def faces(path: Path) -> Faces:
    """The faces on which most annotators agree."""
    with np.load(path) as file:
        images, votes = file["x"], file["votes"].astype(np.int64)
    votes = np.where(votes <= 1, 0, votes)
    best = votes.argmax(axis=1)
    agreed = (best < len(LABELS)) & (votes.max(axis=1) > 0.5 * votes.sum(axis=1))
    return Faces(images[agreed], best[agreed])


def probabilities(classifier: Classifier, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, 8): the classifier over whole pictures, as if each were a face square."""
    size = classifier.crop.side
    scale = images.shape[1] / size
    affine = np.array([[scale, 0, scale / 2 - 0.5], [0, scale, scale / 2 - 0.5]])
    chips = [Chip(np.asarray(cv2.cvtColor(image, cv2.COLOR_GRAY2BGR), np.uint8), affine, size, 0.0) for image in images]
    return np.array([emotion.probabilities for emotion in classifier.classify(chips)])


def score(model: str, given: NDArray[np.float64], labels: NDArray[np.int64]) -> Score:
    """Accuracy, mean recall over the labels that occur, cross-entropy, expected calibration error, misread neutrals."""
    said = given.argmax(axis=1)
    right = said == labels
    accuracy = float(right.mean())
    recalls = [right[labels == label].mean() for label in np.unique(labels)]
    negative = [LABELS.index(name) for name in ("sadness", "anger", "disgust", "fear", "contempt")]
    neutral = said[labels == LABELS.index("neutral")]
    return Score(
        model,
        len(labels),
        round(accuracy, 3),
        round(1.96 * float(np.sqrt(accuracy * (1 - accuracy) / len(labels))), 3),
        round(float(np.mean(recalls)), 3),
        round(float(-np.log(np.maximum(given[np.arange(len(labels)), labels], 1e-7)).mean()), 3),
        round(calibration_error(given.max(axis=1), right), 3),
        round(float(np.isin(neutral, negative).mean()), 3) if len(neutral) else 0.0,
    )


def calibration_error(confidence: NDArray[np.float64], right: NDArray[np.bool_]) -> float:
    """Expected calibration error: Σ share of a bin × |accuracy − mean confidence| over 15 equal bins
    (Guo et al. 2017, https://arxiv.org/abs/1706.04599, equation 3). 0…1."""
    bins = np.clip((confidence * BINS).astype(int), 0, BINS - 1)
    gaps = [
        (bins == number).mean() * abs(right[bins == number].mean() - confidence[bins == number].mean())
        for number in np.unique(bins)
    ]
    return float(np.sum(gaps))


def measure(cards: Sequence[str], path: Path) -> list[Score]:
    data = faces(path)
    scores = []
    for card in cards:
        config = check({"sources": {"any": {"address": 0}}, "classifier": {"card": card}}, {})
        build.fetch_weights(config, offline=False)
        with build.classifier(config) as classifier:
            scores.append(score(card, probabilities(classifier, data.images), data.labels))
        print(scores[-1], flush=True)
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cards", nargs="*", default=["mini_xception"])
    parser.add_argument("--data", type=Path, default=DATA / "ferplus" / "valid.npz")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "results" / "accuracy.json")
    arguments = parser.parse_args()
    if not arguments.data.is_file():
        parser.error(f"{arguments.data} is not a file; name FER+ as .npz with --data")
    rows = [asdict(row) for row in measure(arguments.cards, arguments.data)]
    command = " ".join(["python -m tools.accuracy", *arguments.cards])
    document = {"command": command, "machine": machine(), "data": "FER+ validation split", "models": rows}
    arguments.out.write_text(json.dumps(document, indent=1) + "\n")
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
