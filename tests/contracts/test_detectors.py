"""What every detector promises, with its real weights, on a portrait whose place is known;
those whose weights no package carries, with a made network that takes red squares for faces."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import cv2
import numpy as np
import pytest
import skimage.data

from engines.errors import ModelRejected
from engines.ort import OnnxRuntimeEngine
from streamer.detectors.auto import AutoDetector
from streamer.detectors.centerface import CenterFace, dynamic
from streamer.detectors.haar import Haar
from streamer.detectors.mediapipe_face import MediaPipeFace
from streamer.detectors.ssd import Ssd
from streamer.detectors.yolo_face import YoloFace
from streamer.detectors.yunet import YuNet
from streamer.stages import Detector
from streamer.types import Box, Face, Image, read_only
from tests import red_faces
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


def haar() -> Detector:
    """At its own 0.25 it finds more faces than there are now and then, as the cascade will."""
    return Haar(weights("haar"), min_score=0.65)


def dlib_hog() -> Detector:
    """At dlib's own 0.5 it takes a badge on the portrait's sleeve for a face, too."""
    pytest.importorskip("dlib")
    from streamer.detectors.dlib_hog import DlibHog

    return DlibHog(min_score=0.55)


def dlib_cnn() -> Detector:
    pytest.importorskip("dlib")
    from streamer.detectors.dlib_cnn import DlibCnn

    return DlibCnn(weights("dlib_cnn"), long_side=140)


def ssd() -> Detector:
    """Its squares are not as sure where the picture is stretched."""
    model = red_faces.ultraface()
    return Ssd(lambda: OnnxRuntimeEngine(model, name="ssd", threads=2), min_score=0.5)


def yolo_face() -> Detector:
    model = red_faces.yolo_v8()
    return YoloFace(lambda: OnnxRuntimeEngine(model, name="yolo_face", threads=2))


CLOSE = read_only(PORTRAIT[50:190, 154:294].copy())
"""For a network that takes seconds for more pixels."""

HEAD = read_only(PORTRAIT[:400, :400].copy())
"""For a cascade that takes a patch of the suit for a face at some sizes."""

POSTER_FACE = Box(178, 64, 278, 164)
POSTER = read_only(red_faces.red(np.full((512, 512, 3), 90, np.uint8), POSTER_FACE))


@dataclass(frozen=True, eq=False)
class Row:
    """A detector, and a square picture with one face in it; ``traits``: which of the promises are asked of it."""

    make: Callable[[], Detector]
    traits: str
    picture: Image
    face: Box

    def __str__(self) -> str:
        return self.make.__name__

    @property
    def scale(self) -> float:
        """Its picture's size over the portrait's."""
        return len(self.picture) / len(PORTRAIT)


ROWS = [
    Row(mediapipe, "several small large landmarks colours face fit", PORTRAIT, FACE),
    Row(centerface, "several small large landmarks colours face fit", PORTRAIT, FACE),
    Row(yunet, "several small large landmarks colours face fit", PORTRAIT, FACE),
    Row(yunet_fixed, "several small large landmarks colours face fit", PORTRAIT, FACE),
    Row(auto, "several small large landmarks colours face fit", PORTRAIT, FACE),
    Row(haar, "several small large face", HEAD, FACE),
    Row(dlib_hog, "several small large face", PORTRAIT, FACE),
    Row(dlib_cnn, "face", CLOSE, Box(24, 14, 115, 125)),
    Row(ssd, "several small large colours", POSTER, POSTER_FACE),
    Row(yolo_face, "several small large colours", POSTER, POSTER_FACE),
]
"""Traits: finds "several" faces, "small" ones, those in "large" pictures; knows "landmarks"; sees "colours"; finds a
real "face", so also a gray one; its boxes "fit" closely in every single picture."""

Opener = Callable[[Callable[[], Detector]], Detector]


def of(trait: str) -> pytest.MarkDecorator:
    rows = [row for row in ROWS if trait in row.traits.split()]
    return pytest.mark.parametrize("row", rows, ids=str)


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


@pytest.fixture(params=ROWS, ids=str)
def row(request: pytest.FixtureRequest) -> Row:
    """Any of them, unless a test asks for some."""
    return request.param  # type: ignore[no-any-return]  # pytest does not type it


@pytest.fixture
def detector(row: Row, opened: Opener) -> Iterator[Detector]:
    if row.make is auto:
        with auto() as fresh:
            yield fresh
    else:
        yield opened(row.make)


def at(face: Box, x: float, y: float) -> Box:
    return Box(face.x1 + x, face.y1 + y, face.x2 + x, face.y2 + y)


def padded(row: Row, *margins: int) -> Image:
    """The row's picture with margins above, below, left and right; in pixels of the portrait."""
    above, below, left, right = (round(margin * row.scale) for margin in margins)
    return read_only(np.pad(row.picture, ((above, below), (left, right), (0, 0)), constant_values=90))


def found(faces: tuple[Face, ...], place: Box) -> list[Face]:
    return [face for face in faces if face.box.iou(place) > 0.5]


def best(faces: tuple[Face, ...]) -> float:
    return max((face.score for face in faces), default=0.0)


@pytest.mark.parametrize("shape", [(480, 640), (1, 1), (1, 700), (33, 17), (271, 481), (2160, 3840)])
def test_a_black_picture_of_any_size_has_no_face(detector: Detector, shape: tuple[int, int]) -> None:
    assert detector.detect(read_only(np.zeros((*shape, 3), np.uint8))) == ()


@of("several")
def test_faces_come_in_pixels_of_the_full_frame(detector: Detector, row: Row) -> None:
    side = len(row.picture)
    canvas = np.full((round(720 * row.scale), round(1280 * row.scale), 3), 90, np.uint8)
    corners = [(round(x * row.scale), round(y * row.scale)) for x, y in ((60, 100), (721, 180))]
    for x, y in corners:
        canvas[y : y + side, x : x + side] = row.picture
    faces = detector.detect(read_only(canvas))
    assert len(faces) == 2
    for x, y in corners:
        assert found(faces, at(row.face, x, y))


@of("small")
def test_a_small_face_is_found_where_it_is(detector: Detector, row: Row) -> None:
    (face,) = detector.detect(padded(row, 300, 900, 900, 300))
    assert face.box.iou(at(row.face, round(900 * row.scale), round(300 * row.scale))) > 0.5
    if "landmarks" in row.traits:
        assert face.landmarks[2] == pytest.approx((NOSE[0] + 900, NOSE[1] + 300), abs=12)


@of("landmarks")
def test_landmarks_lie_on_the_eyes_nose_and_mouth_of_the_subject(detector: Detector, row: Row) -> None:
    (face,) = detector.detect(row.picture)
    truth = np.array([*EYES, NOSE, *MOUTH])
    away = np.linalg.norm(face.landmarks - truth, axis=1)
    assert np.nanmax(away) < 10
    assert not np.isnan(face.landmarks[:3]).any()
    right_eye, left_eye = face.landmarks[:2]
    assert right_eye[0] < left_eye[0]


@pytest.mark.parametrize("make", [haar, dlib_hog, dlib_cnn, ssd], ids=lambda make: make.__name__)
def test_who_knows_no_landmarks_guesses_none(make: Callable[[], Detector], opened: Opener) -> None:
    (row,) = [row for row in ROWS if row.make is make]
    (face,) = opened(make).detect(row.picture)
    assert np.isnan(face.landmarks).all()


def test_mediapipe_knows_eyes_and_nose_but_no_corners_of_the_mouth(opened: Opener) -> None:
    (face,) = opened(mediapipe).detect(PORTRAIT)
    assert np.isfinite(face.landmarks[:3]).all()
    assert np.isnan(face.landmarks[3:]).all()


def test_the_same_picture_gives_the_same_faces(detector: Detector, row: Row) -> None:
    once, again = detector.detect(row.picture), detector.detect(row.picture)
    assert [(face.box, face.score) for face in once] == [(face.box, face.score) for face in again]
    np.testing.assert_array_equal(once[0].landmarks, again[0].landmarks)


@of("colours")
def test_turned_colours_lower_the_scores(detector: Detector, row: Row) -> None:
    """The smaller a face, the more its colour counts."""
    right = turned = 0.0
    for margin in (400, 500, 600):
        far = padded(row, margin, margin, margin, margin)
        right += best(detector.detect(far))
        turned += best(detector.detect(read_only(far[:, :, ::-1].copy())))
    assert turned < right - 0.02


@of("several")
def test_scores_are_shares_and_fall(detector: Detector, row: Row) -> None:
    side = len(row.picture)
    small = side * 3 // 4
    canvas = np.full((side, side * 7 // 4, 3), 90, np.uint8)
    canvas[:small, :small] = cv2.resize(row.picture, (small, small), interpolation=cv2.INTER_AREA)
    canvas[:, -side:] = row.picture
    scores = [face.score for face in detector.detect(read_only(canvas))]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert all(0 < score <= 1 for score in scores)


@of("face")
@pytest.mark.parametrize(
    "alter",
    [
        pytest.param(lambda image: image[:511, 1:510], id="odd size"),
        pytest.param(lambda image: np.repeat(image.mean(2, keepdims=True), 3, 2).astype(np.uint8), id="grey"),
        pytest.param(lambda image: image[::3, ::3], id="small"),
    ],
)
def test_the_face_is_found_in_pictures_of_all_kinds(
    detector: Detector, row: Row, alter: Callable[[Image], Image]
) -> None:
    assert len(detector.detect(read_only(alter(row.picture).copy()))) == 1


@of("large")
def test_the_face_is_found_in_a_picture_of_3840_x_2160(detector: Detector, row: Row) -> None:
    large = np.pad(row.picture.repeat(4, 0).repeat(4, 1), ((50, 62), (900, 892), (0, 0)))
    assert len(detector.detect(read_only(large))) == 1


@of("face")
def test_a_fit_turns_the_box_into_the_square_of_the_face(detector: Detector, row: Row) -> None:
    """It holds a face from brow to chin and ear to ear: the portrait's is 118 wide and high around (225, 117).

    Boxes of the classic detectors are of any size in coarse steps, so one picture shows less.
    """
    (face,) = detector.detect(row.picture)
    side = detector.fit.scale * max(face.box.width, face.box.height)
    x, y = (row.face.x1 - FACE.x1 + 225, row.face.y1 - FACE.y1 + 117)
    assert side == pytest.approx(118, rel=0.1 if "fit" in row.traits else 0.16)
    assert face.box.center[0] == pytest.approx(x, abs=11)
    assert face.box.center[1] + detector.fit.shift * face.box.height == pytest.approx(y, abs=11)


def test_it_says_what_runs(detector: Detector) -> None:
    names = ("MediaPipe", "CenterFace", "YuNet", "Haar", "dlib HOG", "dlib CNN", "SSD", "YOLO-face")
    assert detector.about.split(",")[0].startswith(names)
    assert "CPU" in detector.about


def test_detecting_before_it_is_opened_and_after_it_is_closed_says_so(row: Row) -> None:
    detector = row.make()
    with pytest.raises(RuntimeError, match="must be opened before it detects"):
        detector.detect(row.picture)
    with detector:
        detector.detect(row.picture)
    with pytest.raises(RuntimeError, match="must be opened before it detects"):
        detector.detect(row.picture)
    with detector:
        assert len(detector.detect(row.picture)) == 1


@pytest.mark.parametrize("model", [b"", b"no model at all", b"\x1c\0\0\0TFL3"])
def test_a_model_that_is_none_is_refused(model: bytes) -> None:
    with pytest.raises(ModelRejected, match="MediaPipe cannot load its face model"), MediaPipeFace(model):
        pass
    with pytest.raises(ModelRejected, match="CenterFace cannot read its model"):
        dynamic(model)
