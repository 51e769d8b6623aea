"""From a detected face to the square a classifier sees, and how good a picture of a face it is."""

from __future__ import annotations

import math

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.types import Box, Chip, Crop, Face, Fit, Image, Landmarks

MIN_QUALITY = 0.4
"""Below this nothing can be told of an expression. A face that is perfect but for its size reaches it at 21 pixels."""

FEWEST_PIXELS, ENOUGH_PIXELS = 12.0, 48.0
"""Sides of a face in pixels: from the first on its size counts for something, from the second on for everything;
training faces have 48."""

FACE_PER_EYES = 2.8
"""A frontal face's height over the distance of its eyes: the median of YuNet's boxes on pictures of groups."""

SHARP_SIDE = 48
BLURRED, SHARP = 0.004, 0.04
"""Of the ratio in ``sharpness_score``. Medians over 600 FER+ faces: 1.0 as they are, .098 after a Gaussian blur of 1
pixel (of 48), .018 after 2, .008 after 3, .005 after 4; enlarged from 24 pixels .12, from 16 .11."""

SURE_SCORE = 0.7
LEAST_SIDE = 1.0
RIGHT_EYE, LEFT_EYE, NOSE, RIGHT_MOUTH, LEFT_MOUTH = range(5)


def square(box: Box, fit: Fit) -> tuple[float, float, float]:
    """Centre x, centre y and side of the face square, in frame pixels, of a detector's box."""
    x, y = box.center
    return x, y + fit.shift * box.height, fit.scale * max(box.width, box.height)


def cut(image: Image, face: Face, fit: Fit, crop: Crop, pts: float) -> Chip:
    """The chip of a face: nothing is copied or computed yet. ``pts`` of the frame."""
    x, y, side = square(face.box, fit)
    return Chip(image, _affine(x, y, crop.scale * side + 2 * crop.margin, crop.side), crop.side, pts)


def _affine(x: float, y: float, side: float, size: int) -> NDArray[np.float64]:
    """Pixel centres of a ``size`` × ``size`` chip onto those of the frame, for a square of ``side`` around (x, y)."""
    step = max(side, LEAST_SIDE) / size
    # Centre k of the chip lies (k + ½) steps from the square's edge, and a frame's pixel centre ½ from its own corner.
    first = 0.5 * step - 0.5 - max(side, LEAST_SIDE) / 2
    return np.array([[step, 0.0, x + first], [0.0, step, y + first]])


def warp(chip: Chip, *, smooth: bool = True) -> Image:
    """The chip's pixels (size, size, 3), BGR. What lies beyond the frame repeats its edge.

    ``smooth``: where it shrinks, average the pixels that fall into one (as INTER_AREA); False: interpolate between the
    nearest four and leave the others out (as INTER_LINEAR, and as some models were trained).
    """
    times = math.ceil(_step(chip)) if smooth else 1
    fine = _sample(chip.image, _finer(chip.affine, times), chip.size * times)
    return _averaged(fine, chip.size) if times > 1 else fine


def _step(chip: Chip) -> float:
    """Frame pixels from one pixel of the chip to the next."""
    return float(np.hypot(chip.affine[0, 0], chip.affine[1, 0]))


def _finer(affine: NDArray[np.float64], times: int) -> NDArray[np.float64]:
    """The same square with ``times`` as many pixels on each side."""
    linear = affine[:, :2] / times
    # The first fine pixel's centre lies (times − 1) / 2 fine pixels before the first coarse one's.
    return np.column_stack([linear, affine[:, 2] - linear.sum(axis=1) * (times - 1) / 2])


def _sample(image: Image, affine: NDArray[np.float64], size: int) -> Image:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(
        cv2.warpAffine(image, affine, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def _averaged(image: Image, size: int) -> Image:
    return np.asarray(cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA), np.uint8)


def quality(image: Image, face: Face) -> float:
    """How good a picture of a face this is, 0…1: the product of size, sharpness, pose and the detector's trust.

    Each of the four is 1 for what a classifier reads well, so that a single bad one decides.
    """
    size = size_score(face)
    if size <= 0:
        return 0.0
    return size * sharpness_score(image, face.box) * pose_score(face.landmarks) * trust_score(face.score)


def size_score(face: Face) -> float:
    """0…1, rising with the logarithm of the face's side from ``FEWEST_PIXELS`` to ``ENOUGH_PIXELS``.

    The side is ``FACE_PER_EYES`` × the distance of the eyes, or the box's height where they are not known. The box
    bounds it: landmarks guessed on a tiny face must not make it large.
    """
    height = face.box.height
    eyes = float(np.linalg.norm(face.landmarks[LEFT_EYE] - face.landmarks[RIGHT_EYE]))
    side = min(height, FACE_PER_EYES * eyes) if math.isfinite(eyes) else height
    return _ramp(math.log(max(side, 1.0)), math.log(FEWEST_PIXELS), math.log(ENOUGH_PIXELS))


def sharpness_score(image: Image, box: Box) -> float:
    """0…1, rising with the logarithm of a ratio from ``BLURRED`` to ``SHARP``; 0 for a flat square.

    The ratio is the variance of the Laplacian (Pech-Pacheco et al. 2000) of the face at 48 × 48 gray pixels, over the
    variance of these pixels, so that neither contrast nor light counts.
    """
    x, y = box.center
    side = max(box.width, box.height)
    affine = _affine(x, y, side, SHARP_SIDE)
    times = 2 if side > 2 * SHARP_SIDE else 1  # enough against aliasing, and cheap for large faces
    fine = _sample(image, _finer(affine, times), SHARP_SIDE * times)
    gray = cv2.cvtColor(_averaged(fine, SHARP_SIDE) if times > 1 else fine, cv2.COLOR_BGR2GRAY)
    spread = float(gray.var())
    if spread < 1.0:
        return 0.0
    inner = cv2.Laplacian(gray, cv2.CV_32F)[1:-1, 1:-1]  # at the border it sees the mirrored slope as an edge
    ratio = float(inner.var()) / spread
    return _ramp(math.log(max(ratio, 1e-9)), math.log(BLURRED), math.log(SHARP))


def pose_score(landmarks: Landmarks) -> float:
    """0…1: 1 up to about 25° from frontal, falling to 0 in profile; 1 where the landmarks are not known.

    Turned: the nose's distance from the middle of the eyes along their line, over the eyes' distance (0 frontal, ½ when
    the nose is over an eye). Nodding: the nose's share of the way from the eyes to the mouth (about 0.55 frontal, 0 or
    1 looking far up or down). Tilted: the angle of the eyes' line, 1 up to 30°, 0 from 75°.
    """
    if not np.isfinite(landmarks).all():
        return 1.0
    points = landmarks.astype(np.float64)
    middle = (points[RIGHT_EYE] + points[LEFT_EYE]) / 2
    across = points[LEFT_EYE] - points[RIGHT_EYE]
    down = (points[RIGHT_MOUTH] + points[LEFT_MOUTH]) / 2 - middle
    eyes, length = float(np.linalg.norm(across)), float(np.linalg.norm(down))
    if eyes < 1e-6 or length < 1e-6:
        return 0.0
    nose = points[NOSE] - middle
    turned = 1 - _ramp(abs(float(nose @ across)) / eyes**2, 0.25, 0.6)
    nodding = 1 - _ramp(abs(float(nose @ down) / length**2 - 0.55), 0.25, 0.6)
    tilt = math.degrees(abs(math.atan2(across[1], across[0])))
    return turned * nodding * (1 - _ramp(tilt, 30.0, 75.0))


def trust_score(score: float) -> float:
    """½…1: 1 from a detector's score of ``SURE_SCORE``; detectors differ in scale, so a low one only halves."""
    return 0.5 + 0.5 * _ramp(score, 0.0, SURE_SCORE)


def _ramp(value: float, low: float, high: float) -> float:
    """0 up to ``low``, 1 from ``high``, straight between; 0 for not a number."""
    return min(1.0, max(0.0, (value - low) / (high - low))) if math.isfinite(value) else 0.0
