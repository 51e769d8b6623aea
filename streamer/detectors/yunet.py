"""YuNet: a very small network for faces down to 20 pixels.

Wu, Peng and Yu, "YuNet: A Tiny Millisecond-level Face Detector", https://doi.org/10.1007/s11633-023-1423-y;
https://github.com/ShiqiYu/libfacedetection and the OpenCV zoo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from engines.base import Array, Engine
from streamer.detectors.blob import blob
from streamer.detectors.network import Network, Opening
from streamer.detectors.nms import Candidates
from streamer.types import Face, Fit, Image

STRIDES = (8, 16, 32)
"""Input pixels per cell of the three levels."""


MIN_SCORE = 0.6
"""Score from which on something counts as a face, 0…1."""


class YuNet:
    """``opener`` makes the engine; ``long_side`` of the network's input in pixels, where the model leaves it free."""

    def __init__(self, opener: Callable[[], Engine], *, min_score: float = MIN_SCORE, long_side: int = 640) -> None:
        self._network = Network("YuNet", opener)
        self._min_score, self._long_side = min_score, long_side

    @classmethod
    def of(cls, model: bytes, opening: Opening, min_score: float = MIN_SCORE) -> YuNet:
        """From the bytes of the published file."""
        return cls(opening(model), min_score=min_score)

    def __enter__(self) -> YuNet:
        self._network.open()
        return self

    def __exit__(self, *_: object) -> None:
        self._network.close()

    @property
    def about(self) -> str:
        return self._network.about

    @property
    def news(self) -> str:
        """What the engine is busy with besides running; "" for nothing."""
        return self._network.news

    @property
    def fit(self) -> Fit:
        """The box as it is: the square over its longer side is the measure that the other detectors are fitted to."""
        return Fit()

    def detect(self, image: Image) -> tuple[Face, ...]:
        given = blob(image, self._long_side, rgb=False, fixed=self._network.fixed)
        outputs = self._network.run(given.tensor)
        return decode(outputs, given.tensor.shape[3], self._min_score).faces(given.scale)


def decode(outputs: Mapping[str, Array], width: int, min_score: float) -> Candidates:
    """The faces of the three levels; ``width`` of the input in pixels."""
    levels = [decode_level(outputs, stride, width // stride, min_score) for stride in STRIDES]
    return Candidates(
        np.concatenate([level.boxes for level in levels]),
        np.concatenate([level.scores for level in levels]),
        np.concatenate([level.landmarks for level in levels]),
    )


def decode_level(outputs: Mapping[str, Array], stride: int, columns: int, min_score: float) -> Candidates:
    """The faces of one level, its cells in rows of ``columns``.

    The score is √(class × objectness). The centre and the landmarks (x, y) are in cells from the cell's top left
    corner, the size is a logarithm in cells. As in OpenCV's ``face_detect.cpp``.
    """
    classes, objects, boxes, points = (outputs[f"{name}_{stride}"][0] for name in ("cls", "obj", "bbox", "kps"))
    scores = np.sqrt(np.clip(classes[:, 0], 0, 1) * np.clip(objects[:, 0], 0, 1))
    (hits,) = np.nonzero(scores > min_score)
    cells = np.stack([hits % columns, hits // columns], 1)
    centers = (cells + boxes[hits, :2]) * stride
    halves = np.exp(boxes[hits, 2:]) * stride / 2
    landmarks = (cells[:, None] + points[hits].reshape(-1, 5, 2)) * stride
    corners = np.concatenate([centers - halves, centers + halves], 1)
    return Candidates(corners.astype(np.float32), scores[hits].astype(np.float32), landmarks.astype(np.float32))
