"""dlib's detector for faces from the front: gradients and linear classifiers, no network, no file.

King, "Max-Margin Object Detection", https://arxiv.org/abs/1502.00046, over the features of Dalal and Triggs,
https://doi.org/10.1109/CVPR.2005.177; Boost Software License, http://dlib.net.
"""

from __future__ import annotations

from typing import Any

import dlib

from streamer.detectors.dlib_picture import candidates, prepared
from streamer.detectors.margin import margin_of
from streamer.types import Face, Fit, Image

LONG_SIDE = 1280
"""Pixels along the longer side of what is looked at, doubled at most. Of the 43 faces in nine photographs of 500 pixels
it finds 11 as they are and 43 in the doubled ones."""

MIN_SCORE = 0.5
"""Score from which on something counts as a face, 0…1: a margin of 0, as dlib has it."""

FIT = Fit(scale=1.14, shift=-0.06)
"""By ``python -m tools.box_fit``."""

WIDEST = 8.0
"""Bound on the margin that is asked for, either way: dlib's are between −1 and 4."""


class DlibHog:
    """``min_score`` 0…1; ``long_side`` of the picture that is looked at, in pixels."""

    def __init__(self, *, min_score: float = MIN_SCORE, long_side: int = LONG_SIDE) -> None:
        self._least = max(-WIDEST, min(WIDEST, margin_of(min_score)))
        self._long_side = long_side
        self._detector: Any = None

    def __enter__(self) -> DlibHog:
        self._detector = dlib.get_frontal_face_detector()
        return self

    def __exit__(self, *_: object) -> None:
        self._detector = None

    @property
    def about(self) -> str:
        return f"dlib HOG, dlib {dlib.__version__} CPU"

    @property
    def fit(self) -> Fit:
        return FIT

    def detect(self, image: Image) -> tuple[Face, ...]:
        """Its scores are those of ``candidates``, of the classifier that is surest."""
        if self._detector is None:
            raise RuntimeError("dlib HOG must be opened before it detects: use it in a with statement")
        picture, scale = prepared(image, self._long_side)
        rects, margins, _ = self._detector.run(picture, 0, self._least)
        return candidates(zip(rects, margins, strict=True)).faces(scale)
