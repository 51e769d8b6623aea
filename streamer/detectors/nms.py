"""From a network's candidates to faces: the best of each cluster, in pixels of the full frame."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streamer.types import Box, Face

IOU_LIMIT = 0.3
"""Two boxes of one face overlap by more than this, two faces side by side by less; the value CenterFace and YuNet are
published with."""

CONTAINMENT_LIMIT = 0.8
"""A box with more than this share of its area inside a better one is a part of the same face. Nearer faces in front
of others stay: their boxes reach past those behind."""


@dataclass(frozen=True, slots=True, eq=False)
class Candidates:
    """N possible faces in pixels of the network's input.

    ``boxes`` (N, 4) x1, y1, x2, y2; ``scores`` (N,) 0…1; ``landmarks`` (N, 5, 2) x, y in the order of
    ``streamer.types.Landmarks``; all float32.
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    landmarks: NDArray[np.float32]

    def __post_init__(self) -> None:
        n = len(self.scores)
        shapes = self.boxes.shape, self.scores.shape, self.landmarks.shape
        if shapes != ((n, 4), (n,), (n, 5, 2)):
            raise ValueError(f"expected shapes ({n}, 4), ({n},), ({n}, 5, 2), got {shapes}")

    def faces(self, scale: tuple[float, float]) -> tuple[Face, ...]:
        """The best of each cluster, best first; ``scale`` input pixels per frame pixel in x and y."""
        per_axis = np.array(scale, np.float32)
        boxes = self.boxes / np.tile(per_axis, 2)
        landmarks = self.landmarks / per_axis
        return tuple(
            Face(Box(*boxes[i].tolist()), float(self.scores[i]), landmarks[i].astype(np.float32))
            for i in suppress(self.boxes, self.scores)
        )


def suppress(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> list[int]:
    """Indices of the boxes that stay, best first: greedy non-maximum suppression.

    A box falls when a better one overlaps it by ``IOU_LIMIT`` of their union or holds ``CONTAINMENT_LIMIT`` of it.
    Equal scores keep their order, so the outcome is the same every time.
    """
    sizes = np.maximum(boxes[:, 2:] - boxes[:, :2], 0)
    areas = sizes[:, 0] * sizes[:, 1]
    rest = np.argsort(-scores, kind="stable")
    kept: list[int] = []
    while len(rest):
        best, rest = int(rest[0]), rest[1:]
        kept.append(best)
        both = np.maximum(
            np.minimum(boxes[best, 2:], boxes[rest, 2:]) - np.maximum(boxes[best, :2], boxes[rest, :2]), 0
        )
        shared = both[:, 0] * both[:, 1]
        union = areas[best] + areas[rest] - shared
        same = (shared > IOU_LIMIT * union) | (shared > CONTAINMENT_LIMIT * areas[rest])
        rest = rest[~same]
    return kept
