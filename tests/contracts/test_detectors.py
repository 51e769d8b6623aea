"""What every detector promises, with its real weights, on a portrait whose place is known."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import cv2
import numpy as np
import pytest
import skimage.data

from engines.errors import ModelRejected
from engines.ort import OnnxRuntimeEngine
from streamer.detectors.auto import AutoDetector
from streamer.detectors.centerface import CenterFace, dynamic
from streamer.detectors.mediapipe_face import MediaPipeFace
from streamer.detectors.yunet import YuNet
from streamer.stages import Detector
from streamer.types import Box, Face, Image, read_only
from tests.data import data
from tests.weights import weights

PORTRAIT = read_only(skimage.data.astronaut()[:, :, ::-1].copy())  # type: ignore[no-untyped-call]  # ships no types
FACE = Box(178, 64, 269, 175)
"""Of the portrait, marked by hand."""

EYES, NOSE, MOUTH = ((203, 101), (248, 104)), (224, 127), ((203, 143), (241, 146))
"""Right and left of the subject, marked by hand."""


def mediapipe() -> Detector:
    return MediaPipeFace(weights("mediapipe"))


def centerface() -> Detector:
    model = dynamic(weights("centerface"))
    return CenterFace(lambda: OnnxRuntimeEngine(model, name="centerface", threads=2))


def yunet() -> Detector:
    model = weights("yunet")
    return YuNet(lambda: OnnxRuntimeEngine(model, name="yunet", threads=2))


def auto() -> Detector:
    return AutoDetector(mediapipe(), centerface())


def yunet_fixed() -> Detector:
    """The size that the OpenCV zoo publishes, too."""
    model = data("models/yunet_n_640_640.onnx").read_bytes()
    return YuNet(lambda: OnnxRuntimeEngine(model, name="yunet", threads=2))


MAKERS: list[Callable[[], Detector]] = [mediapipe, centerface, yunet, yunet_fixed, auto]


Opener = Callable[[Callable[[], Detector]], Detector]


@pytest.fixture(scope="module")
def opened() -> Iterator[Opener]:
    """Opens the detectors without memory once: it takes longer than detecting."""
    detectors: dict[Callable[[], Detector], Detector] = {}
    with ExitStack() as stack:

        def once(make: Callable[[], Detector]) -> Detector:
            if make not in detectors:
                detectors[make] = stack.enter_context(make())
            return detectors[make]

        yield once


@pytest.fixture(params=MAKERS, ids=[make.__name__ for make in MAKERS])
def detector(request: pytest.FixtureRequest, opened: Opener) -> Iterator[Detector]:
    if request.param is auto:
        with auto() as fresh:
            yield fresh
    else:
        yield opened(request.param)


def found(faces: tuple[Face, ...], place: Box) -> list[Face]:
    return [face for face in faces if face.box.iou(place) > 0.5]


def best(faces: tuple[Face, ...]) -> float:
    return max((face.score for face in faces), default=0.0)


@pytest.mark.parametrize("shape", [(480, 640), (1, 1), (1, 700), (33, 17), (271, 481), (2160, 3840)])
def test_a_black_picture_of_any_size_has_no_face(detector: Detector, shape: tuple[int, int]) -> None:
    assert detector.detect(read_only(np.zeros((*shape, 3), np.uint8))) == ()


def test_faces_come_in_pixels_of_the_full_frame(detector: Detector) -> None:
    canvas = np.full((720, 1280, 3), 90, np.uint8)
    corners = (60, 100), (721, 180)
    for x, y in corners:
        canvas[y : y + 512, x : x + 512] = PORTRAIT
    faces = detector.detect(read_only(canvas))
    assert len(faces) == 2
    for x, y in corners:
        assert found(faces, Box(FACE.x1 + x, FACE.y1 + y, FACE.x2 + x, FACE.y2 + y))


def test_a_small_face_is_found_where_it_is(detector: Detector) -> None:
    far = np.pad(PORTRAIT, ((300, 900), (900, 300), (0, 0)), constant_values=90)
    (face,) = detector.detect(read_only(far))
    assert face.box.iou(Box(FACE.x1 + 900, FACE.y1 + 300, FACE.x2 + 900, FACE.y2 + 300)) > 0.5
    assert face.landmarks[2] == pytest.approx((NOSE[0] + 900, NOSE[1] + 300), abs=12)


def test_landmarks_lie_on_the_eyes_nose_and_mouth_of_the_subject(detector: Detector) -> None:
    (face,) = detector.detect(PORTRAIT)
    truth = np.array([*EYES, NOSE, *MOUTH])
    away = np.linalg.norm(face.landmarks - truth, axis=1)
    assert np.nanmax(away) < 10
    assert not np.isnan(face.landmarks[:3]).any()
    right_eye, left_eye = face.landmarks[:2]
    assert right_eye[0] < left_eye[0]


def test_mediapipe_knows_eyes_and_nose_but_no_corners_of_the_mouth(opened: Opener) -> None:
    (face,) = opened(mediapipe).detect(PORTRAIT)
    assert np.isfinite(face.landmarks[:3]).all()
    assert np.isnan(face.landmarks[3:]).all()


def test_the_same_picture_gives_the_same_faces(detector: Detector) -> None:
    once, again = detector.detect(PORTRAIT), detector.detect(PORTRAIT)
    assert [(face.box, face.score) for face in once] == [(face.box, face.score) for face in again]
    np.testing.assert_array_equal(once[0].landmarks, again[0].landmarks)


def test_turned_colours_lower_the_scores(detector: Detector) -> None:
    """The smaller a face, the more its colour counts."""
    right = turned = 0.0
    for margin in (400, 500, 600):
        far = np.pad(PORTRAIT, ((margin, margin), (margin, margin), (0, 0)), constant_values=90)
        right += best(detector.detect(read_only(far)))
        turned += best(detector.detect(read_only(far[:, :, ::-1].copy())))
    assert turned < right - 0.02


def test_scores_are_shares_and_fall(detector: Detector) -> None:
    canvas = np.full((512, 900, 3), 90, np.uint8)
    canvas[:384, :384] = cv2.resize(PORTRAIT, (384, 384), interpolation=cv2.INTER_AREA)
    canvas[:, 388:] = PORTRAIT
    scores = [face.score for face in detector.detect(read_only(canvas))]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda image: image[:511, 1:510], id="odd size"),
        pytest.param(lambda image: np.repeat(image.mean(2, keepdims=True), 3, 2).astype(np.uint8), id="grey"),
        pytest.param(
            lambda image: np.pad(image.repeat(4, 0).repeat(4, 1), ((50, 62), (900, 892), (0, 0))), id="3840 × 2160"
        ),
        pytest.param(lambda image: image[::3, ::3], id="small"),
    ],
)
def test_the_face_is_found_in_pictures_of_all_kinds(detector: Detector, alter: Callable[[Image], Image]) -> None:
    assert len(detector.detect(read_only(alter(PORTRAIT).copy()))) == 1


def test_a_fit_turns_the_box_into_the_square_of_the_face(detector: Detector) -> None:
    """It holds a face from brow to chin and ear to ear: the portrait's is 118 wide and high around (225, 117)."""
    (face,) = detector.detect(PORTRAIT)
    side = detector.fit.scale * max(face.box.width, face.box.height)
    x, y = face.box.center
    assert side == pytest.approx(118, rel=0.1)
    assert x == pytest.approx(225, abs=11)
    assert y + detector.fit.shift * face.box.height == pytest.approx(117, abs=11)


def test_it_says_what_runs(detector: Detector) -> None:
    assert any(name in detector.about for name in ("MediaPipe", "CenterFace", "YuNet"))
    assert "CPU" in detector.about


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_detecting_before_it_is_opened_and_after_it_is_closed_says_so(make: Callable[[], Detector]) -> None:
    detector = make()
    with pytest.raises(RuntimeError, match="must be opened before it detects"):
        detector.detect(PORTRAIT)
    with detector:
        detector.detect(PORTRAIT)
    with pytest.raises(RuntimeError, match="must be opened before it detects"):
        detector.detect(PORTRAIT)
    with detector:
        assert len(detector.detect(PORTRAIT)) == 1


@pytest.mark.parametrize("model", [b"", b"no model at all", b"\x1c\0\0\0TFL3"])
def test_a_model_that_is_none_is_refused(model: bytes) -> None:
    with pytest.raises(ModelRejected, match="MediaPipe cannot load its face model"), MediaPipeFace(model):
        pass
    with pytest.raises(ModelRejected, match="CenterFace cannot read its model"):
        dynamic(model)
