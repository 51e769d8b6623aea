"""dlib's network for faces, the "cnn" of face_recognition: turned faces too, and seconds a picture on a CPU.

King, "Max-Margin Object Detection", https://arxiv.org/abs/1502.00046; CC0, https://github.com/davisking/dlib-models.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import dlib

from engines.errors import ModelRejected
from streamer.detectors.dlib_picture import candidates, prepared
from streamer.detectors.network import Opening
from streamer.types import Face, Fit, Image

LONG_SIDE = 1280
"""Pixels along the longer side of what is looked at, doubled at most. Of the 43 faces in nine photographs of 500 pixels
it finds 10 as they are and 41 in the doubled ones."""

FIT = Fit(scale=1.18, shift=0.01)
"""By ``python -m tools.box_fit``."""

LEAST_SIDE = 40
"""Pixels that the picture must have each way for the network's filters; smaller ones get a black margin."""

MIN_SCORE = 0.5
"""Score from which on something counts as a face, 0…1: a margin of 0, as dlib has it. It reports nothing below."""


class DlibCnn:
    """``model``: dlib's file; ``long_side`` of the picture that is looked at, in pixels."""

    def __init__(self, model: bytes, *, min_score: float = MIN_SCORE, long_side: int = LONG_SIDE) -> None:
        self._model, self._min_score, self._long_side = model, min_score, long_side
        self._detector: Any = None

    @classmethod
    def of(
        cls,
        model: bytes,
        opening: Opening,  # noqa: ARG003  (the detectors' common way)
        min_score: float = MIN_SCORE,
    ) -> DlibCnn:
        """From the bytes of the published file; it brings its own engine."""
        return cls(model, min_score=min_score)

    def __enter__(self) -> DlibCnn:
        """Load the network from a file of this user's alone, since dlib reads nothing else.

        Raises:
            ModelRejected: it is not dlib's network.
        """
        with tempfile.TemporaryDirectory(prefix="groupmood-") as folder:
            path = Path(folder) / "model.dat"
            path.write_bytes(self._model)
            try:
                self._detector = dlib.cnn_face_detection_model_v1(str(path))
            except RuntimeError as error:
                raise ModelRejected(f"dlib cannot load its face model ({len(self._model)} bytes)") from error
        return self

    def __exit__(self, *_: object) -> None:
        self._detector = None

    @property
    def about(self) -> str:
        return f"dlib CNN, dlib {dlib.__version__} {'CUDA' if dlib.DLIB_USE_CUDA else 'CPU'}"

    @property
    def fit(self) -> Fit:
        return FIT

    def detect(self, image: Image) -> tuple[Face, ...]:
        """Its scores are those of ``candidates``; a face as clear as can be has a margin of some 1.1."""
        if self._detector is None:
            raise RuntimeError("dlib CNN must be opened before it detects: use it in a with statement")
        picture, scale = prepared(image, self._long_side, LEAST_SIDE)
        found = ((one.rect, one.confidence) for one in self._detector(picture, 0))
        faces = candidates(found).faces(scale)
        return tuple(face for face in faces if face.score > self._min_score)
