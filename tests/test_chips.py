from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from streamer.chips import MIN_QUALITY, cut, pose_score, quality, sharpness_score, size_score, square, trust_score, warp
from streamer.types import Box, Crop, Face, Fit, Image, Landmarks, unknown_landmarks

BOX = Box(160, 50, 288, 178)
"""Around the astronaut's face: 128 × 128."""

FRONTAL = ((-20, -20), (20, -20), (0, 4), (-15, 24), (15, 24))
"""A face of 110 pixels around (0, 0), eyes level: right eye, left eye, nose, right and left mouth corner."""


@pytest.fixture(scope="module")
def photo() -> Image:
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])  # type: ignore[no-untyped-call]  # not typed


def landmarks(points: object = FRONTAL, *, scale: float = 1.0, degrees: float = 0.0) -> Landmarks:
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(np.array(points, np.float64) @ turn.T * scale + 224, np.float32)


def ramp(height: int = 60, width: int = 60) -> Image:
    """Blue is 4 x, green is 4 y, red is 7."""
    y, x = np.mgrid[0:height, 0:width]
    return np.asarray(np.stack([4 * x, 4 * y, np.full_like(x, 7)], axis=2), np.uint8)


def difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.abs(one.astype(float) - other.astype(float)).mean())


def test_the_face_square_follows_the_fit() -> None:
    assert square(Box(10, 20, 30, 60), Fit(scale=1.5, shift=0.1)) == (20.0, 44.0, 60.0)


def test_a_chip_asks_for_the_square_and_the_margin(photo: Image) -> None:
    chip = cut(photo, Face(Box(100, 100, 140, 150), 1), Fit(scale=2, shift=0.1), Crop(30, scale=0.8, margin=5), 3.5)
    # side 0.8 · 2 · 50 + 10 = 90 around (120, 130): three pixels a step, the first centre one pixel and a half inside
    np.testing.assert_allclose(chip.affine, [[3, 0, 120 - 45 + 1], [0, 3, 130 - 45 + 1]])
    assert (chip.size, chip.pts, chip.image is photo) == (30, 3.5, True)


def test_at_its_own_size_a_chip_is_the_pixels_themselves(photo: Image) -> None:
    chip = cut(photo, Face(BOX, 1), Fit(), Crop(128), 0)
    assert np.array_equal(warp(chip), photo[50:178, 160:288])


@pytest.mark.parametrize("side", [100, 64, 48, 32, 20])
def test_shrinking_is_as_good_as_inter_area(photo: Image, side: int) -> None:
    chip = cut(photo, Face(BOX, 1), Fit(), Crop(side), 0)
    area = cv2.resize(photo[50:178, 160:288], (side, side), interpolation=cv2.INTER_AREA)
    assert difference(warp(chip), area) <= 1
    if side < 64:  # down to one half, four neighbours are all there are
        assert difference(warp(chip, smooth=False), area) > 2 * difference(warp(chip), area)


@pytest.mark.parametrize(("side", "smooth"), [(64, False), (48, False), (200, True), (200, False)])
def test_growing_and_unsmoothed_shrinking_are_bilinear(photo: Image, side: int, smooth: bool) -> None:
    chip = cut(photo, Face(BOX, 1), Fit(), Crop(side), 0)
    linear = cv2.resize(photo[50:178, 160:288], (side, side), interpolation=cv2.INTER_LINEAR)
    assert difference(warp(chip, smooth=smooth), linear) <= 1


@pytest.mark.parametrize("side", [10, 20, 50])
def test_a_place_between_pixels_is_kept(side: int) -> None:
    image = ramp()
    chip = cut(image, Face(Box(10.5, 15.25, 30.5, 35.25), 1), Fit(), Crop(side), 0)
    middle = warp(chip).astype(float).mean(axis=(0, 1))
    np.testing.assert_allclose(middle, [4 * (20.5 - 0.5), 4 * (25.25 - 0.5), 7], atol=0.3)


def test_beyond_the_frame_its_edge_is_repeated() -> None:
    image = ramp()
    chip = warp(cut(image, Face(Box(-40, -40, 40, 40), 1), Fit(), Crop(80), 0))
    assert np.array_equal(chip[40:, 40:], image[:40, :40])
    assert (chip[:40, :40] == image[0, 0]).all()
    far = warp(cut(image, Face(Box(5000, 5000, 5100, 5100), 1), Fit(), Crop(16), 0))
    assert (far == image[-1, -1]).all()


def test_an_empty_box_still_gives_a_chip(photo: Image) -> None:
    chip = warp(cut(photo, Face(Box(50, 50, 50, 50), 1), Fit(), Crop(16), 0))
    assert chip.shape == (16, 16, 3)


def test_a_read_only_frame_will_do(photo: Image) -> None:
    closed = photo.copy()
    closed.setflags(write=False)
    assert warp(cut(closed, Face(BOX, 1), Fit(), Crop(48), 0)).flags.writeable


def small(photo: Image, side: int) -> tuple[Image, Face]:
    """The photo shrunk until the face is ``side`` pixels."""
    scale = side / 128
    image = cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    box = Box(BOX.x1 * scale, BOX.y1 * scale, BOX.x2 * scale, BOX.y2 * scale)
    return np.asarray(image, np.uint8), Face(box, 0.95)


@pytest.mark.parametrize("side", [8, 12, 16, 20])
def test_tiny_faces_are_below_the_threshold(photo: Image, side: int) -> None:
    assert quality(*small(photo, side)) < MIN_QUALITY


@pytest.mark.parametrize("side", [24, 32, 48, 96, 128])
def test_sharp_faces_from_24_pixels_are_above_the_threshold(photo: Image, side: int) -> None:
    assert quality(*small(photo, side)) > MIN_QUALITY


def test_larger_faces_are_better(photo: Image) -> None:
    values = [quality(*small(photo, side)) for side in (12, 16, 20, 24, 32, 48)]
    assert values == sorted(values)
    assert values[0] < 0.01
    assert values[-1] == pytest.approx(1)


def test_known_eyes_tell_the_size_but_never_beyond_the_box() -> None:
    box = Box(180, 180, 268, 268)
    near = size_score(Face(box, 1, landmarks(scale=0.25)))  # eyes 10 pixels apart: a face of 28
    assert near == pytest.approx(np.log(28 / 12) / np.log(4))
    assert size_score(Face(Box(0, 0, 20, 20), 1, landmarks(scale=3))) < MIN_QUALITY
    assert size_score(Face(box, 1)) == 1


@pytest.mark.parametrize("box", [Box(10, 10, 10, 10), Box(20, 20, 10, 10)])
def test_an_empty_box_has_no_quality(photo: Image, box: Box) -> None:
    assert quality(photo, Face(box, 1)) == 0


def test_a_blurred_face_is_worse_whatever_the_light(photo: Image) -> None:
    def blurred(sigma: float) -> Image:
        return np.asarray(cv2.GaussianBlur(photo, (0, 0), sigma * 128 / 48), np.uint8)

    sharp, soft, gone = (sharpness_score(image, BOX) for image in (photo, blurred(2), blurred(4)))
    assert sharp == 1
    assert 0.1 < soft < 0.9
    assert gone < 0.1
    dim = (blurred(2) // 2).astype(np.uint8)
    assert sharpness_score(dim, BOX) == pytest.approx(soft, abs=0.15)
    assert sharpness_score(np.full_like(photo, 90), BOX) == 0


def test_a_frontal_face_is_posed_best_and_unknown_landmarks_cost_nothing() -> None:
    assert pose_score(landmarks()) == 1
    assert pose_score(landmarks(scale=0.2)) == 1
    assert pose_score(unknown_landmarks()) == 1
    partly = landmarks()
    partly[2] = np.nan
    assert pose_score(partly) == 1


def test_turning_nodding_and_tilting_cost() -> None:
    def nose(x: float, y: float) -> float:
        return pose_score(landmarks((*FRONTAL[:2], (x, y), *FRONTAL[3:])))

    assert 0.3 < nose(16, 4) < 0.7
    assert nose(26, 4) == nose(-26, 4) == 0
    assert nose(0, 20) < 0.8
    assert nose(0, -25) < 0.3
    assert pose_score(landmarks(degrees=20)) == 1
    assert 0 < pose_score(landmarks(degrees=50)) < 1
    assert pose_score(landmarks(degrees=90)) == 0
    assert pose_score(landmarks(((0, 0),) * 5)) == 0


def test_a_low_score_only_halves() -> None:
    assert [trust_score(score) for score in (0.0, 0.35, 0.7, 1.0)] == pytest.approx([0.5, 0.75, 1, 1])


@pytest.mark.parametrize("degrees", [0.0, 45.0])
def test_quality_stays_between_0_and_1(photo: Image, degrees: float) -> None:
    for score in (0.0, 0.5, 1.0):
        for box in (BOX, Box(-100, -100, 30, 30), Box(500, 500, 700, 700)):
            assert 0 <= quality(photo, Face(box, score, landmarks(degrees=degrees))) <= 1
