"""The layouts of YOLO's face networks, by hand-worked numbers and on networks that take red squares for faces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from engines.base import Array, Engine
from engines.errors import ModelRejected
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from streamer.detectors.yolo_face import YoloFace, decode, letterbox, moved
from streamer.types import Box, Image, read_only
from tests import red_faces
from tests.tiny_models import pooling

FACE = Box(60, 40, 120, 100)
LAYOUTS: dict[str, Callable[[], bytes]] = {
    "v8 with points": red_faces.yolo_v8,
    "v8": lambda: red_faces.yolo_v8(points=False),
    "v5": red_faces.yolo_v5,
    "suppressed with points": red_faces.yolo_suppressed,
    "suppressed": lambda: red_faces.yolo_suppressed(points=False),
}
POINTS = [(31, 42), (49, 42), (40, 50), (34, 57), (46, 57)]
"""Eyes, nose, corners of the mouth in a box from (20, 30) to (60, 70): the left ones of the picture come first."""


def scene(height: int = 300, width: int = 400, face: Box = FACE) -> Image:
    return read_only(red_faces.red(np.full((height, width, 3), 90, np.uint8), face))


def yolo(model: bytes, min_score: float = 0.5) -> YoloFace:
    return YoloFace(lambda: OnnxRuntimeEngine(model, name="yolo_face"), min_score=min_score)


def seen(points: list[tuple[int, int]], visible: float = 0.9) -> list[float]:
    return [value for x, y in points for value in (x, y, visible)]


# --- what is fed


def test_a_wide_picture_has_gray_above_and_below() -> None:
    given = letterbox(np.full((100, 200, 3), (0, 51, 255), np.uint8), (640, 640))
    assert given.tensor.shape == (1, 3, 640, 640)
    assert given.tensor.dtype == np.float32
    assert given.scale == (3.2, 3.2)
    assert given.margin == (0, 160)
    assert given.tensor[0, :, 320, 320] == pytest.approx([1.0, 0.2, 0.0])  # RGB, 0…1
    assert given.tensor[0, :, 159, 320] == pytest.approx([114 / 255] * 3)
    assert given.tensor[0, :, 480, 320] == pytest.approx([114 / 255] * 3)


def test_a_tall_picture_has_gray_left_and_right() -> None:
    given = letterbox(np.zeros((1280, 320, 3), np.uint8), (640, 640))
    assert given.scale == (0.5, 0.5)
    assert given.margin == (240, 0)


def test_a_line_of_pixels_has_no_side_of_none() -> None:
    given = letterbox(np.zeros((1, 2000, 3), np.uint8), (640, 640))
    assert given.scale == (0.32, 1.0)
    assert given.margin == (0, 319)


def test_a_network_that_is_no_square_is_filled_as_it_is() -> None:
    given = letterbox(np.zeros((100, 100, 3), np.uint8), (320, 640))
    assert given.tensor.shape == (1, 3, 320, 640)
    assert (given.scale, given.margin) == ((3.2, 3.2), (160, 0))


# --- what comes back


def v8(points: bool) -> Array:
    """A face, a fainter one, and nothing."""
    columns = [
        [40, 50, 40, 40, 0.9, *seen(POINTS)],
        [300, 300, 20, 10, 0.6, *seen([(300, 300)] * 5, 0.1)],
        [100, 100, 50, 50, 0.1, *seen([(0, 0)] * 5)],
    ]
    table = np.array(columns, np.float32).T
    return table[None, : None if points else 5]


def v5() -> Array:
    rows = [
        [40, 50, 40, 40, 0.95, *np.ravel(POINTS), 0.9 / 0.95],
        [300, 300, 20, 10, 0.75, *[300.0] * 10, 0.8],
        [100, 100, 50, 50, 0.9, *[0.0] * 10, 0.1],
    ]
    return np.array(rows, np.float32)[None]


def suppressed(points: bool) -> Array:
    rows = [
        [20, 30, 60, 70, 0.9, 0, *seen(POINTS)],
        [290, 295, 310, 305, 0.6, 0, *seen([(300, 300)] * 5, 0.1)],
        [0, 0, 0, 0, 0, 0, *seen([(0, 0)] * 5)],
    ]
    return np.array(rows, np.float32)[None, :, : None if points else 6]


@pytest.mark.parametrize(
    ("output", "marked"),
    [
        pytest.param(v8(True), True, id="v8 with points"),
        pytest.param(v8(False), False, id="v8"),
        pytest.param(v5(), True, id="v5"),
        pytest.param(suppressed(True), True, id="suppressed with points"),
        pytest.param(suppressed(False), False, id="suppressed"),
    ],
)
def test_every_layout_by_hand(output: Array, marked: bool) -> None:
    best, other = decode([output], 0.5).faces((1.0, 1.0))
    assert (best.box.x1, best.box.y1, best.box.x2, best.box.y2) == pytest.approx((20, 30, 60, 70))
    assert (other.box.x1, other.box.y1, other.box.x2, other.box.y2) == pytest.approx((290, 295, 310, 305))
    assert [best.score, other.score] == pytest.approx([0.9, 0.6])
    if marked:
        np.testing.assert_allclose(best.landmarks, POINTS)
        np.testing.assert_allclose(other.landmarks, np.full((5, 2), 300))  # hidden ones too
    else:
        assert np.isnan(best.landmarks).all()


def test_of_two_boxes_on_one_face_the_better_stays() -> None:
    table = np.array([[40, 50, 40, 40, 0.7], [42, 50, 40, 40, 0.8]], np.float32).T
    (face,) = decode([table[None]], 0.5).faces((1.0, 1.0))
    assert face.score == pytest.approx(0.8)


def test_half_precision_is_read() -> None:
    assert decode([v8(True).astype(np.float16)], 0.5).boxes.dtype == np.float32


def test_outputs_of_training_beside_it_are_passed_over() -> None:
    maps = np.zeros((1, 3, 80, 80, 16), np.float32)
    assert len(decode([maps, v5()], 0.5).scores) == 2


@pytest.mark.parametrize("shape", [(1, 84, 8400), (1, 8400, 85), (2, 20, 8400), (20, 8400), (1, 3, 80, 80, 16)])
def test_another_network_is_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(ModelRejected, match=r"YOLO-face cannot read its model: wanted an output .* got \[\("):
        decode([np.zeros(shape, np.float32)], 0.5)


def test_it_is_refused_at_opening_and_its_engine_closed() -> None:
    class Watched(OnnxRuntimeEngine):
        closed = 0

        def close(self) -> None:
            super().close()
            self.closed += 1

    engine = Watched(pooling(), name="pooling")
    with pytest.raises(ModelRejected, match="YOLO-face cannot read its model"), YoloFace(lambda: engine):
        pass
    assert engine.closed == 1


def test_the_letterbox_is_taken_off_before_the_scale() -> None:
    found = moved(decode([v8(True)], 0.5), (10, 20)).faces((0.5, 2.0))
    assert (found[0].box.x1, found[0].box.y1, found[0].box.x2, found[0].box.y2) == pytest.approx((20, 5, 100, 25))
    assert found[0].landmarks[0] == pytest.approx(((31 - 10) / 0.5, (42 - 20) / 2.0))


# --- from end to end


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_red_face_is_found_where_it_is(layout: str) -> None:
    model = LAYOUTS[layout]()
    with yolo(model) as detector:
        (face,) = detector.detect(scene())
        assert detector.detect(read_only(scene()[:, :, ::-1].copy())) == ()  # blue, so the colours' order is right
    assert face.box.iou(FACE) > 0.8
    if layout.endswith("v8") or layout == "suppressed":
        assert np.isnan(face.landmarks).all()
    else:
        shares = (face.landmarks - (FACE.x1, FACE.y1)) / (FACE.width, FACE.height)
        np.testing.assert_allclose(shares, red_faces.MARKS, atol=0.1)
        assert face.landmarks[0, 0] < face.landmarks[1, 0]  # the subject's right eye is on the left


def test_it_is_found_by_openvino_too() -> None:
    model = red_faces.yolo_v8()
    with YoloFace(lambda: OpenVinoEngine(model, name="yolo_face")) as detector:
        (face,) = detector.detect(scene())
    assert face.box.iou(FACE) > 0.8


@pytest.mark.parametrize(
    ("height", "width", "face"),
    [
        pytest.param(75, 100, Box(15, 10, 30, 25), id="smaller than the input"),
        pytest.param(1200, 1600, Box(240, 160, 480, 400), id="larger"),
        pytest.param(400, 100, Box(20, 300, 84, 364), id="upright"),
        pytest.param(100, 400, Box(320, 20, 380, 80), id="wide"),
    ],
)
def test_pictures_of_other_sizes(height: int, width: int, face: Box) -> None:
    with yolo(red_faces.yolo_v8()) as detector:
        (found,) = detector.detect(scene(height, width, face))
    assert found.box.iou(face) > 0.7


def test_a_faint_face_goes_where_more_is_asked() -> None:
    with yolo(red_faces.yolo_v5()) as detector:
        (face,) = detector.detect(scene())
    with yolo(red_faces.yolo_v5(), face.score + 0.01) as strict:
        assert strict.detect(scene()) == ()


def test_it_is_made_from_the_bytes_of_a_file() -> None:
    def opening(model: bytes) -> Callable[[], Engine]:
        return lambda: OnnxRuntimeEngine(model, name="yolo_face")

    with YoloFace.of(red_faces.yolo_v8(points=False), opening) as detector:
        assert detector.about.startswith("YOLO-face, onnxruntime CPU")
        assert detector.news == ""
        assert len(detector.detect(scene())) == 1
