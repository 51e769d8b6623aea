"""YOLO-face: YOLO's networks trained on faces, in each of the layouts that their ONNX files have.

Qi et al., "YOLO5Face: Why Reinventing a Face Detector", https://arxiv.org/abs/2105.12931, and
https://github.com/deepcam-cn/yolov5-face; v8, v11: https://github.com/derronqi/yolov8-face and
https://github.com/akanametov/yolo-face, exported by Ultralytics.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import ExitStack
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from engines.base import Array, Engine
from engines.errors import ModelRejected
from streamer.detectors.network import Network, Opening
from streamer.detectors.nms import Candidates
from streamer.types import Face, Fit, Image

SIDE = 640
"""Input pixels each way where the file leaves them free; the networks were trained on squares of this."""

GRAY = 114
"""What is put round a picture that is no square; the value the networks were trained with."""

V8, V5, SUPPRESSED = (5, 20), 16, (6, 21)
"""Numbers that there are of a face in each of the layouts; see ``decode``."""

MIN_SCORE = 0.5
"""Score from which on something counts as a face, 0…1."""


class YoloFace:
    """``opener`` makes the engine."""

    def __init__(self, opener: Callable[[], Engine], *, min_score: float = MIN_SCORE) -> None:
        self._network = Network("YOLO-face", opener)
        self._min_score = min_score

    @classmethod
    def of(cls, model: bytes, opening: Opening, min_score: float = MIN_SCORE) -> YoloFace:
        """From the bytes of the published file."""
        return cls(opening(model), min_score=min_score)

    def __enter__(self) -> YoloFace:
        """Open the engine and look at a black picture, since only then the output's size is certain.

        Raises:
            ModelRejected: its output has none of the known layouts.
        """
        with ExitStack() as stack:
            stack.callback(self._network.close)
            self._network.open()
            self.detect(np.zeros((SIDE, SIDE, 3), np.uint8))
            stack.pop_all()
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
        """The box as it is: trained on WIDER FACE's boxes, as YuNet was. Not measured here."""
        return Fit()

    def detect(self, image: Image) -> tuple[Face, ...]:
        given = letterbox(image, self._network.fixed or (SIDE, SIDE))
        found = decode(self._network.run(given.tensor).values(), self._min_score)
        return moved(found, given.margin).faces(given.scale)


@dataclass(frozen=True, slots=True, eq=False)
class Letterbox:
    """``tensor`` (1, 3, height, width) float32, RGB, 0…1; ``scale`` its pixels per frame pixel in x and y; ``margin``
    the pixels left of and above the picture."""

    tensor: NDArray[np.float32]
    scale: tuple[float, float]
    margin: tuple[int, int]


def letterbox(image: Image, size: tuple[int, int]) -> Letterbox:
    """The picture, enlarged or shrunk, in the middle of a gray one of that height and width."""
    height, width = image.shape[:2]
    ratio = min(size[0] / height, size[1] / width)
    rows, columns = max(1, round(height * ratio)), max(1, round(width * ratio))
    top, left = (size[0] - rows) // 2, (size[1] - columns) // 2
    canvas = np.full((*size, 3), GRAY, np.uint8)
    canvas[top : top + rows, left : left + columns] = cv2.resize(image, (columns, rows), interpolation=cv2.INTER_LINEAR)
    tensor = cv2.dnn.blobFromImage(canvas, 1 / 255, swapRB=True)
    return Letterbox(np.asarray(tensor, np.float32), (columns / width, rows / height), (left, top))


def moved(candidates: Candidates, margin: tuple[int, int]) -> Candidates:
    """From pixels of the letterbox to those of the picture in it."""
    corner = np.array(margin, np.float32)
    return Candidates(candidates.boxes - np.tile(corner, 2), candidates.scores, candidates.landmarks - corner)


def decode(outputs: Iterable[Array], min_score: float) -> Candidates:
    """The faces in the first of the outputs that has one of the layouts:

    * (1, 5, N) or (1, 20, N): centre x, y, width, height, score, and maybe five times x, y, visible (v8 and later)
    * (1, N, 16): centre x, y, width, height, whether anything is there, five times x, y, whether it is a face (v5)
    * (1, N, 6) or (1, N, 21): x1, y1, x2, y2, score, class, and maybe five times x, y, visible (suppressed already)

    All in input pixels. The points are those of WIDER FACE's labels: the eye on the left of an upright picture, which
    is the subject's right one, comes first, as in ours. Points that are hidden are kept: where an eye must be says how
    the head is turned.

    Raises:
        ModelRejected: none has.
    """
    shapes = []
    for output in outputs:
        found = found_in(output[0].astype(np.float32)) if output.ndim == 3 and len(output) == 1 else None
        if found is not None:
            sure = found.scores > min_score
            return Candidates(found.boxes[sure], found.scores[sure], found.landmarks[sure])
        shapes.append(output.shape)
    raise ModelRejected(
        "YOLO-face cannot read its model: wanted an output (1, 5 or 20, N), (1, N, 16) or (1, N, 6 or 21), "
        f"got {shapes}"
    )


def found_in(table: NDArray[np.float32]) -> Candidates | None:
    """Every row or column of one picture's table, however low its score; None for another layout."""
    if table.shape[1] in SUPPRESSED:
        return Candidates(table[:, :4], table[:, 4], points(table[:, 6:]))
    if table.shape[1] == V5:
        return centered(table[:, :4], table[:, 4] * table[:, 15], table[:, 5:15].reshape(-1, 5, 2))
    if len(table) in V8:
        rows = table.T
        return centered(rows[:, :4], rows[:, 4], points(rows[:, 5:]))
    return None


def centered(boxes: NDArray[np.float32], scores: NDArray[np.float32], marks: NDArray[np.float32]) -> Candidates:
    """From boxes of centre x, y, width, height."""
    halves = boxes[:, 2:] / 2
    return Candidates(np.concatenate([boxes[:, :2] - halves, boxes[:, :2] + halves], 1), scores, marks)


def points(columns: NDArray[np.float32]) -> NDArray[np.float32]:
    """(N, 5, 2) x, y from five times x, y, visible; not a number where there are no columns."""
    if not columns.shape[1]:
        return np.full((len(columns), 5, 2), np.nan, np.float32)
    return columns.reshape(-1, 5, 3)[:, :, :2]
