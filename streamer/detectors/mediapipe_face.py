"""MediaPipe's full-range face detector: one or a few people at a webcam, in 3 ms a frame.

Bazarevsky et al., "BlazeFace: Sub-millisecond Neural Face Detection on Mobile GPUs",
https://arxiv.org/abs/1907.05047; Apache-2.0.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import cv2
import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from engines.errors import ModelRejected
from streamer.detectors.network import Opening
from streamer.detectors.quiet import quiet
from streamer.types import Box, Face, Fit, Image, Landmarks, unknown_landmarks

KNOWN = 3
"""MediaPipe's first key points are right eye, left eye and nose tip of the subject, as ours; then come the middle of
the mouth and the ears, which say nothing of the mouth's corners."""

FIT = Fit(scale=1.15, shift=-0.04)
"""Its box ends above the brows' upper edge and short of the ears. By ``python -m tools.box_fit``."""

SURE = 0.75
"""A face with a lower score is looked at again. Of all that was found above 0.5 where there is no face (nobody.mp4,
one-leaves.mov: letters in the colour of skin) the best had 0.69."""

CLOSER = 4.0
"""Side of the second look, in sides of the box. Measured on those two clips and three more: what is no face then has
0.48 at most, a face in the foreground 0.68 at least (3: 0.66 and 0.60; 5: 0.45 and 0.52)."""

SAME = 0.3
"""A second look that overlaps the first by more than this, as intersection over union, shows the same face."""


TALKATIVE = 60
"""Looks during which the library's chatter is kept off the terminal: it says once, at some early look, that it copies a
tensor."""

MIN_SCORE = 0.5
"""Score from which on something counts as a face, 0…1."""


class MediaPipeFace:
    """``model``: a TFLite file with the metadata that the tasks API asks for, as mediapipe 0.10.21 carries it."""

    def __init__(self, model: bytes, *, min_score: float = MIN_SCORE, fit: Fit = FIT) -> None:
        self._model, self._min_score, self._fit = model, min_score, fit
        self._detector: vision.FaceDetector | None = None
        self._looks = 0

    @classmethod
    def of(
        cls,
        model: bytes,
        opening: Opening,  # noqa: ARG003  (the detectors' common way)
        min_score: float = MIN_SCORE,
    ) -> MediaPipeFace:
        """From the bytes of the published file; it brings its own engine."""
        return cls(model, min_score=min_score)

    def __enter__(self) -> MediaPipeFace:
        """Load the model and look at a black picture, since the first look takes longest.

        Raises:
            ModelRejected: it is no TFLite file, or one without that metadata.
        """
        options = vision.FaceDetectorOptions(
            base_options=BaseOptions(model_asset_buffer=self._model),
            running_mode=vision.RunningMode.IMAGE,
            min_detection_confidence=self._min_score,
        )
        self._looks = 0
        with quiet():
            try:
                self._detector = vision.FaceDetector.create_from_options(options)
            except (ValueError, RuntimeError) as error:
                raise ModelRejected(
                    f"MediaPipe cannot load its face model ({len(self._model)} bytes): {error}"
                ) from error
        self.detect(np.zeros((192, 192, 3), np.uint8))
        return self

    def __exit__(self, *_: object) -> None:
        detector, self._detector = self._detector, None
        if detector is not None:
            with quiet():
                detector.close()

    @property
    def about(self) -> str:
        return "MediaPipe, LiteRT CPU"

    @property
    def fit(self) -> Fit:
        return self._fit

    def detect(self, image: Image) -> tuple[Face, ...]:
        rgb = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)
        first = self._look(rgb)
        faces = (face if face.score >= SURE else self._look_again(rgb, face) for face in first)
        return tuple(sorted((face for face in faces if face), key=lambda face: -face.score))

    def _look(self, rgb: Image) -> list[Face]:
        if self._detector is None:
            raise RuntimeError("MediaPipe must be opened before it detects: use it in a with statement")
        self._looks += 1
        with quiet() if self._looks <= TALKATIVE else nullcontext():
            found = self._detector.detect(mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=rgb))
        return [face_of(detection, rgb.shape[1], rgb.shape[0]) for detection in found.detections]

    def _look_again(self, rgb: Image, doubtful: Face) -> Face | None:
        """The face as it is in a closer cut of the picture; None where it is not found again."""
        x1, y1, x2, y2 = around(doubtful.box, rgb.shape[1], rgb.shape[0])
        cut = np.ascontiguousarray(rgb[y1:y2, x1:x2])
        closer = [moved(face, x1, y1) for face in self._look(cut)]
        best = max(closer, key=lambda face: face.box.iou(doubtful.box), default=None)
        return best if best and best.box.iou(doubtful.box) > SAME else None


def face_of(detection: Any, width: int, height: int) -> Face:
    """One of MediaPipe's detections, whose box is in pixels and whose key points are shares of the picture."""
    box = detection.bounding_box
    right, bottom = box.origin_x + box.width, box.origin_y + box.height
    return Face(
        Box(box.origin_x, box.origin_y, right, bottom),
        min(1.0, float(detection.categories[0].score)),
        landmarks(detection.keypoints, width, height),
    )


def landmarks(keypoints: Any, width: int, height: int) -> Landmarks:
    points = unknown_landmarks()
    for i, point in enumerate(keypoints[:KNOWN]):
        points[i] = point.x * width, point.y * height
    return points


def around(box: Box, width: int, height: int) -> tuple[int, int, int, int]:
    """x1, y1, x2, y2 of a square ``CLOSER`` times the box, cut at the picture's edges."""
    (x, y), half = box.center, max(box.width, box.height) * CLOSER / 2
    return max(0, int(x - half)), max(0, int(y - half)), min(width, int(x + half)), min(height, int(y + half))


def moved(face: Face, x: float, y: float) -> Face:
    box = face.box
    return Face(
        Box(box.x1 + x, box.y1 + y, box.x2 + x, box.y2 + y), face.score, face.landmarks + np.array([x, y], np.float32)
    )
