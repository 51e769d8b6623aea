"""Haar cascade: the classic detector for faces from the front, on any processor, without a network.

Viola and Jones, "Rapid Object Detection using a Boosted Cascade of Simple Features", https://doi.org/10.1109/CVPR.2001.990517;
the cascade is Lienhart's of OpenCV.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np

from engines.errors import EngineUnavailable, ModelRejected
from streamer.detectors.margin import share
from streamer.detectors.network import Opening
from streamer.detectors.nms import Candidates
from streamer.types import Face, Fit, Image

STEP, NEIGHBOURS = 1.1, 5
"""Each look is at faces this much larger than those of the one before; so many windows must agree on a face."""

FIT = Fit(scale=1.07, shift=0.02)
"""By ``python -m tools.box_fit``."""

VOTES = 3.0
"""The score is ``share`` of the last stage's votes over this: ½ where they balance. They reach from −3, below which the
stage says no, to some 12; without a unit of several votes nearly all scores would be 1."""

MIN_SCORE = 0.25
"""Score from which on something counts as a face, 0…1: all that passes the last stage."""

LONG_SIDE = 1280
"""Larger pictures are shrunk to this: the cascade sees faces from 24 pixels on, and takes its time with each pixel."""


class Haar:
    """``model``: a cascade as OpenCV writes them to XML."""

    def __init__(self, model: bytes, *, min_score: float = MIN_SCORE, long_side: int = LONG_SIDE) -> None:
        self._model, self._min_score, self._long_side = model, min_score, long_side
        self._cascade: Any = None

    @classmethod
    def of(
        cls,
        model: bytes,
        opening: Opening,  # noqa: ARG003  (the detectors' common way)
        min_score: float = MIN_SCORE,
    ) -> Haar:
        """From the bytes of the published file; it brings its own engine."""
        return cls(model, min_score=min_score)

    def __enter__(self) -> Haar:
        """Read the cascade; see ``cascade_of``."""
        self._cascade = cascade_of(self._model, cv2)
        return self

    def __exit__(self, *_: object) -> None:
        self._cascade = None

    @property
    def about(self) -> str:
        return f"Haar cascade, OpenCV {cv2.__version__} CPU"

    @property
    def fit(self) -> Fit:
        return FIT

    def detect(self, image: Image) -> tuple[Face, ...]:
        if self._cascade is None:
            raise RuntimeError("Haar must be opened before it detects: use it in a with statement")
        height, width = image.shape[:2]
        ratio = min(1.0, self._long_side / max(height, width))
        size = max(1, round(width * ratio)), max(1, round(height * ratio))
        small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
        boxes, _, votes = self._cascade.detectMultiScale3(
            cv2.cvtColor(small, cv2.COLOR_BGR2GRAY), scaleFactor=STEP, minNeighbors=NEIGHBOURS, outputRejectLevels=True
        )
        return decode(boxes, votes, self._min_score).faces((size[0] / width, size[1] / height))


def decode(boxes: Any, votes: Any, min_score: float) -> Candidates:
    """OpenCV's N faces, which are x, y, width, height each, and the votes of the last stage for them; both () for none.

    They have no landmarks.
    """
    places = np.asarray(boxes, np.float32).reshape(-1, 4)
    scores = np.array([share(float(vote) / VOTES) for vote in np.ravel(votes)], np.float32)
    sure = scores > min_score
    corners = np.concatenate([places[:, :2], places[:, :2] + places[:, 2:]], 1)[sure]
    return Candidates(corners, scores[sure], np.full((len(corners), 5, 2), np.nan, np.float32))


def cascade_of(model: bytes, opencv: Any) -> Any:
    """The cascade in these bytes, read in memory by ``opencv``.

    Raises:
        EngineUnavailable: this OpenCV has no cascades.
        ModelRejected: it is no cascade.
    """
    if not hasattr(opencv, "CascadeClassifier"):
        wanted = "install opencv-contrib-python below 5, or choose another detector"
        raise EngineUnavailable(f"OpenCV {opencv.__version__} has no Haar cascades any more: {wanted}")
    cascade = opencv.CascadeClassifier()
    try:
        storage = opencv.FileStorage(model.decode(), opencv.FILE_STORAGE_READ | opencv.FILE_STORAGE_MEMORY)
        read = cascade.read(storage.getFirstTopLevelNode())
    except (UnicodeDecodeError, SystemError, opencv.error) as error:  # SystemError: OpenCV's own error inside a call
        raise ModelRejected(f"Haar cannot read its cascade ({len(model)} bytes): {error}") from error
    if not read or cascade.empty():
        raise ModelRejected(f"Haar cannot read its cascade ({len(model)} bytes): it is no cascade of OpenCV")
    return cascade
