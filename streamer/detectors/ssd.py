"""SSD: faces from boxes of fixed places and sizes, in either of two layouts that are published.

Liu et al., "SSD: Single Shot MultiBox Detector", https://arxiv.org/abs/1512.02325. UltraFace (RFB-320, slim-320, MIT):
https://github.com/Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB; "res10", OpenCV's own: ``samples/dnn`` of
https://github.com/opencv/opencv.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.base import Array, Engine, TensorSpec
from engines.errors import ModelRejected
from streamer.detectors.network import Network, Opening
from streamer.detectors.nms import Candidates
from streamer.types import Face, Fit, Image


@dataclass(frozen=True, slots=True)
class Layout:
    """What a network is fed: ``size`` height and width where its file leaves them free; values are ``(x − mean) / std``
    in the order of the colours; ``min_score`` is its authors'."""

    name: Literal["ultraface", "res10"]
    size: tuple[int, int]
    rgb: bool
    mean: tuple[float, float, float]
    std: float
    min_score: float


ULTRAFACE = Layout("ultraface", (240, 320), rgb=True, mean=(127, 127, 127), std=128, min_score=0.7)
"""Outputs scores (1, N, 2), of "none" and "face", and boxes (1, N, 4), x1, y1, x2, y2 as shares of the picture; as in
the authors' ``detect_imgs_onnx.py``."""

RES10 = Layout("res10", (300, 300), rgb=False, mean=(104, 177, 123), std=1, min_score=0.5)
"""Output (1, 1, N, 7) of Caffe's DetectionOutput: picture, class, score, x1, y1, x2, y2 as shares of the picture; a row
without a face has a picture of −1. As in OpenCV's ``samples/dnn/face_detector``."""


class Ssd:
    """``opener`` makes the engine; ``min_score`` from which on something counts as a face, or None for the layout's."""

    def __init__(self, opener: Callable[[], Engine], *, min_score: float | None = None) -> None:
        self._network = Network("SSD", opener)
        self._min_score = min_score
        self._layout: Layout | None = None

    @classmethod
    def of(cls, model: bytes, opening: Opening, min_score: float | None = None) -> Ssd:
        """From the bytes of the published file."""
        return cls(opening(model), min_score=min_score)

    def __enter__(self) -> Ssd:
        """Open the engine, and see by its outputs which layout it is.

        Raises:
            ModelRejected: it is neither.
        """
        with ExitStack() as stack:
            stack.callback(self._network.close)
            self._network.open()
            self._layout = layout_of(self._network.outputs)
            stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._layout = None
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
        """The box as it is: both were trained on boxes from brow to chin, as YuNet was. Not measured here."""
        return Fit()

    def detect(self, image: Image) -> tuple[Face, ...]:
        if self._layout is None:
            raise RuntimeError("SSD must be opened before it detects: use it in a with statement")
        outputs = self._network.run(fed(image, self._layout, self._network.fixed))
        least = self._layout.min_score if self._min_score is None else self._min_score
        decode = decode_ultraface if self._layout is ULTRAFACE else decode_res10
        height, width = image.shape[:2]
        # Shares times the picture's size are pixels: no scale is left.
        return in_pixels(decode(outputs, least), width, height).faces((1.0, 1.0))


def layout_of(outputs: Sequence[TensorSpec]) -> Layout:
    """Which of the two a network has.

    Raises:
        ModelRejected: neither.
    """
    shapes = [output.shape for output in outputs]
    if sorted((len(shape), shape[-1]) for shape in shapes if shape) == [(3, 2), (3, 4)]:
        return ULTRAFACE
    if [(len(shape), *shape[-1:]) for shape in shapes] == [(4, 7)]:
        return RES10
    raise ModelRejected(
        f"SSD cannot read its model: wanted outputs (1, N, 2) and (1, N, 4), or one of (1, 1, N, 7), got {shapes}"
    )


def fed(image: Image, layout: Layout, fixed: tuple[int, int] | None) -> NDArray[np.float32]:
    """(1, 3, height, width): the whole picture, whatever its shape, stretched to the network's, as in training."""
    height, width = fixed or layout.size
    sized = cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    tensor = cv2.dnn.blobFromImage(sized, 1 / layout.std, mean=layout.mean, swapRB=layout.rgb)
    return np.asarray(tensor, np.float32)


def decode_ultraface(outputs: Mapping[str, Array], min_score: float) -> Candidates:
    """See ``ULTRAFACE``; boxes are shares of the picture."""
    by_width = {array.shape[-1]: array[0].astype(np.float32) for array in outputs.values()}
    scores, boxes = by_width[2][:, 1], by_width[4]
    sure = scores > min_score
    return without_landmarks(boxes[sure], scores[sure])


def decode_res10(outputs: Mapping[str, Array], min_score: float) -> Candidates:
    """See ``RES10``; boxes are shares of the picture. The one class is that of faces."""
    (output,) = outputs.values()
    rows = output.reshape(-1, 7).astype(np.float32)
    sure = rows[(rows[:, 0] >= 0) & (rows[:, 2] > min_score)]
    return without_landmarks(sure[:, 3:], sure[:, 2])


def without_landmarks(boxes: NDArray[np.float32], scores: NDArray[np.float32]) -> Candidates:
    return Candidates(boxes, scores, np.full((len(scores), 5, 2), np.nan, np.float32))


def in_pixels(shares: Candidates, width: int, height: int) -> Candidates:
    sides = np.array([width, height, width, height], np.float32)
    return Candidates(shares.boxes * sides, shares.scores, shares.landmarks)
