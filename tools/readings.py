"""How the emotion model reads worsened faces: ``python -m tools.readings [--card CARD] [--data FILE.npz]``.

The simulated rooms (``tools.simulate``) draw their people's readings from these, so that they err as the model does on
faces that it was not calibrated on: FER+ validation faces, shrunk to 32 pixels, with a crop that sits up to 8 % off and
is up to 10 % too narrow or too wide. Only probabilities are kept, no picture.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer import build
from streamer.config import check
from streamer.emotions import LABELS
from tools.ferplus import faces, probabilities
from tools.places import DATA

OUT = Path(__file__).parent / "results" / "readings.json"
EACH = 60
"""Readings kept of each label, where there are as many."""

SIDE, OFF, ZOOM = 32, 0.08, 0.1


def worsened(image: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """The same size, with what a small face and a detector's box take from it."""
    size = image.shape[0]
    zoom = 1 + rng.uniform(-ZOOM, ZOOM)
    shift = rng.uniform(-OFF, OFF, 2) * size + (1 - zoom) * size / 2
    matrix = np.array([[zoom, 0.0, shift[0]], [0.0, zoom, shift[1]]])
    moved = cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REPLICATE)
    small = cv2.resize(moved, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (size, size), interpolation=cv2.INTER_LINEAR), np.uint8)


def measured(card: str, path: Path, seed: int = 11) -> dict[str, list[list[float]]]:
    """By true label, rows of probabilities in the order of LABELS."""
    data, rng = faces(path), np.random.default_rng(seed)
    config = check({"sources": {"any": {"address": 0}}, "classifier": {"card": card}}, {})
    build.fetch_weights(config, offline=False)
    chosen = {label: rng.permutation(np.flatnonzero(data.labels == index)) for index, label in enumerate(LABELS)}
    with build.classifier(config, build.engines_of(config)) as classifier:

        def read(rows: NDArray[np.int64]) -> list[list[float]]:
            given = probabilities(classifier, np.stack([worsened(data.images[row], rng) for row in rows]))
            return [[round(float(share), 4) for share in row] for row in given]

        return {label: read(rows[:EACH]) for label, rows in chosen.items() if len(rows)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--card", default="groupmood")
    parser.add_argument("--data", type=Path, default=DATA / "ferplus" / "valid.npz")
    parser.add_argument("--out", type=Path, default=OUT)
    arguments = parser.parse_args()
    if not arguments.data.is_file():
        parser.error(f"{arguments.data} is not a file; name FER+ as .npz with --data")
    rows = measured(arguments.card, arguments.data)
    arguments.out.write_text(json.dumps({"model": arguments.card, "readings": rows}) + "\n")
    print(", ".join(f"{label}: {len(some)}" for label, some in rows.items()))
    print(f"written: {arguments.out}")


if __name__ == "__main__":
    main()
