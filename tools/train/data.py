"""FER+ as it is trained on: the annotators' votes as soft labels, a tenth kept aside, no picture on both sides."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from tools.ferplus import majority, votes_of

Images = NDArray[np.uint8]
"""(N, 48, 48) grey."""


@dataclass(frozen=True)
class Faces:
    """``shares`` (N, 8) of the annotators' votes, summing to 1; ``labels`` (N,) the index of the likeliest;
    ``agreed`` (N,) where more than half of all votes, "unknown" and "no face" included, are for it."""

    images: Images
    shares: NDArray[np.float32]
    labels: NDArray[np.int64]
    agreed: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.images)

    def at(self, rows: NDArray[np.int64] | NDArray[np.bool_]) -> Faces:
        return Faces(self.images[rows], self.shares[rows], self.labels[rows], self.agreed[rows])


def read(path: Path) -> Faces:
    """The faces of a split that show one of the eight labels, single votes dropped; those whose likeliest answer is
    "unknown" or "no face" are left out.

    Raises:
        ConfigError: the file is not FER+ as .npz.
    """
    images, votes = votes_of(path)
    known = votes[:, : len(LABELS)]
    best, agreed = majority(votes)
    shares = known / np.maximum(known.sum(axis=1, keepdims=True), 1)
    faces = Faces(images, shares.astype(np.float32), best, agreed)
    return faces.at((best < len(LABELS)) & (known.sum(axis=1) > 0))


def split(faces: Faces, held_out: float, seed: int) -> tuple[Faces, Faces]:
    """What is trained on, and what is kept aside for the temperature and the confusion matrix.

    FER2013 holds many pictures twice: equal pictures go to the same side.
    """
    prints = fingerprints(faces.images)
    groups = sorted(set(prints))
    chosen = np.random.default_rng(seed).permutation(len(groups))[: round(held_out * len(groups))]
    aside = {groups[index] for index in chosen}
    apart = np.array([print_ in aside for print_ in prints])
    return faces.at(~apart), faces.at(apart)


def without(faces: Faces, others: Faces) -> Faces:
    """The faces of which no equal picture is among the others."""
    taken = set(fingerprints(others.images))
    return faces.at(np.array([print_ not in taken for print_ in fingerprints(faces.images)]))


def fingerprints(images: Images) -> list[str]:
    return [hashlib.sha1(image.tobytes(), usedforsecurity=False).hexdigest() for image in images]


def repeats(labels: NDArray[np.int64], below: float) -> NDArray[np.float64]:
    """(N,) how many times each face is seen in an epoch, on average: max(1, √(below / share of its label))."""
    share = np.bincount(labels, minlength=len(LABELS)) / len(labels)
    return np.asarray(np.maximum(1.0, np.sqrt(below / np.maximum(share, 1e-9)))[labels], np.float64)


def epoch_rows(factors: NDArray[np.float64], generator: np.random.Generator) -> NDArray[np.int64]:
    """The rows of one epoch in random order; the fraction of a factor is the chance of one more showing."""
    times = np.floor(factors + generator.random(len(factors))).astype(np.int64)
    return np.asarray(generator.permutation(np.repeat(np.arange(len(factors)), times)), np.int64)
