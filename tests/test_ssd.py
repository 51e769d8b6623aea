"""Both layouts of SSD, by hand-worked numbers and on networks that take red squares for faces."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx
import pytest

from engines.base import Engine, TensorSpec
from engines.cards import load_card
from engines.errors import ModelRejected
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from streamer.detectors.ssd import RES10, ULTRAFACE, Ssd, decode_res10, decode_ultraface, fed, in_pixels, layout_of
from streamer.engine_factory import inputs
from streamer.types import Box, Image, read_only
from tests import red_faces
from tests.tiny_models import pooling

FACE = Box(60, 40, 120, 100)
LAYOUTS = [pytest.param(red_faces.ultraface, id="ultraface"), pytest.param(red_faces.res10, id="res10")]

Maker = Callable[[], bytes]


def scene(height: int = 300, width: int = 400, face: Box = FACE) -> Image:
    return read_only(red_faces.red(np.full((height, width, 3), 90, np.uint8), face))


def ssd(model: bytes, min_score: float | None = 0.5) -> Ssd:
    return Ssd(lambda: OnnxRuntimeEngine(model, name="ssd"), min_score=min_score)


def specs(*shapes: tuple[int, ...]) -> list[TensorSpec]:
    return [TensorSpec(f"out{number}", "float32", shape) for number, shape in enumerate(shapes)]


# --- which layout


def test_the_outputs_tell_the_layout() -> None:
    assert layout_of(specs((1, 4420, 2), (1, 4420, 4))) is ULTRAFACE
    assert layout_of(specs((1, -1, 4), (1, -1, 2))) is ULTRAFACE
    assert layout_of(specs((1, 1, 200, 7))) is RES10
    assert layout_of(specs((1, 1, -1, 7))) is RES10


@pytest.mark.parametrize(
    "shapes",
    [
        (),
        ((1, 2),),
        ((1, 10, 2),),
        ((1, 10, 4), (1, 10, 4)),
        ((1, 10, 2), (1, 10, 4), (1, 10, 10)),
        ((1, 10, 7),),
        ((),),
    ],
)
def test_other_outputs_are_refused(shapes: tuple[tuple[int, ...], ...]) -> None:
    with pytest.raises(ModelRejected, match=r"SSD cannot read its model: wanted outputs \(1, N, 2\) and \(1, N, 4\)"):
        layout_of(specs(*shapes))


def test_another_network_is_refused_at_opening_and_its_engine_closed() -> None:
    class Watched(OnnxRuntimeEngine):
        closed = 0

        def close(self) -> None:
            super().close()
            self.closed += 1

    engine = Watched(pooling(), name="pooling")
    with pytest.raises(ModelRejected, match="SSD cannot read its model"), Ssd(lambda: engine):
        pass
    assert engine.closed == 1


# --- what is fed


def test_ultraface_is_fed_rgb_around_zero() -> None:
    image = np.full((30, 40, 3), (0, 127, 255), np.uint8)
    tensor = fed(image, ULTRAFACE, None)
    assert tensor.shape == (1, 3, 240, 320)
    assert tensor.dtype == np.float32
    # (x − 127) / 128 of red 255, green 127, blue 0.
    assert tensor[0, :, 7, 7] == pytest.approx([1.0, 0.0, -127 / 128])


def test_res10_is_fed_bgr_less_a_mean() -> None:
    image = np.full((30, 40, 3), (104, 180, 255), np.uint8)
    tensor = fed(image, RES10, None)
    assert tensor.shape == (1, 3, 300, 300)
    assert tensor[0, :, 7, 7] == pytest.approx([0, 3, 132])


def test_a_file_with_another_size_gets_that() -> None:
    assert fed(np.zeros((30, 40, 3), np.uint8), ULTRAFACE, (480, 640)).shape == (1, 3, 480, 640)


def test_the_gate_of_half_precision_feeds_what_the_detector_does() -> None:
    given = inputs(load_card("ssd"), (1, 3, 240, 320))
    assert given.dtype == np.float32
    assert given.shape[1:] == (3, 240, 320)
    assert -1 <= given.min() < -0.5 < 0.5 < given.max() <= 1


# --- what comes back


def test_ultraface_by_hand() -> None:
    scores = np.array([[[0.9, 0.1], [0.2, 0.8], [0.05, 0.95]]], np.float32)
    boxes = np.array([[[0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4], [0.5, 0.5, 0.75, 1.0]]], np.float32)
    best, other = in_pixels(decode_ultraface({"b": boxes, "a": scores}, 0.7), 400, 300).faces((1.0, 1.0))
    assert (best.box.x1, best.box.y1, best.box.x2, best.box.y2) == (200, 150, 300, 300)
    assert best.score == pytest.approx(0.95)
    assert (other.box.x1, other.box.y1, other.box.x2, other.box.y2) == pytest.approx((40, 60, 120, 120))
    assert np.isnan(best.landmarks).all()


def test_res10_by_hand() -> None:
    rows = [[0, 1, 0.6, 0.1, 0.2, 0.3, 0.4], [0, 1, 0.4, 0.5, 0.5, 0.6, 0.6], [-1, 0, 0.9, 0, 0, 1, 1]]
    found = decode_res10({"detection_out": np.array(rows, np.float32)[None, None]}, 0.5)
    (face,) = in_pixels(found, 400, 300).faces((1.0, 1.0))
    assert (face.box.x1, face.box.y1, face.box.x2, face.box.y2) == pytest.approx((40, 60, 120, 120))
    assert face.score == pytest.approx(0.6)


def test_no_rows_are_no_faces() -> None:
    assert len(decode_res10({"out": np.zeros((1, 1, 0, 7), np.float32)}, 0.5).scores) == 0


# --- from end to end


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("engine", [OnnxRuntimeEngine, OpenVinoEngine])
def test_a_red_face_is_found_where_it_is(layout: Maker, engine: type[OnnxRuntimeEngine]) -> None:
    model = layout()
    with Ssd(lambda: engine(model, name="ssd")) as detector:
        (face,) = detector.detect(scene())
    assert face.box.iou(FACE) > 0.75
    assert 0.7 < face.score <= 1.0


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_blue_face_is_none(layout: Maker) -> None:
    with ssd(layout()) as detector:
        assert detector.detect(read_only(scene()[:, :, ::-1].copy())) == ()


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    ("height", "width", "face"),
    [
        pytest.param(75, 100, Box(15, 10, 30, 25), id="smaller than the input"),
        pytest.param(1200, 1600, Box(240, 160, 480, 400), id="larger"),
        pytest.param(400, 320, Box(200, 280, 260, 370), id="upright"),
    ],
)
def test_pictures_of_other_sizes(layout: Maker, height: int, width: int, face: Box) -> None:
    with ssd(layout()) as detector:
        (found,) = detector.detect(scene(height, width, face))
    assert found.box.iou(face) > 0.6


def test_each_layout_has_its_authors_threshold_unless_another_is_given() -> None:
    faint = scene()
    faint = read_only(np.where(faint == 255, 210, faint).astype(np.uint8))  # a red of 210, so scores below 0.82
    with ssd(red_faces.ultraface(), None) as detector:
        (face,) = detector.detect(faint)
    for least, count in ((face.score - 0.01, 1), (face.score + 0.01, 0)):
        with ssd(red_faces.ultraface(), least) as detector:
            assert len(detector.detect(faint)) == count
    fainter = read_only(np.where(scene() == 255, 170, scene()).astype(np.uint8))
    with ssd(red_faces.ultraface(), None) as strict, ssd(red_faces.res10(), None) as mild:
        assert (len(strict.detect(fainter)), len(mild.detect(fainter))) == (0, 1)


@pytest.mark.parametrize("engine", [OnnxRuntimeEngine, OpenVinoEngine])
def test_a_network_in_the_old_format_is_read(engine: type[OnnxRuntimeEngine]) -> None:
    """RFB-320 is of operator set 9 and lists its weights among its inputs."""
    model = onnx.load_model_from_string(red_faces.ultraface())
    for weight in model.graph.initializer:
        model.graph.input.append(onnx.helper.make_tensor_value_info(weight.name, weight.data_type, weight.dims))
    model.ir_version = 3
    written = bytes(model.SerializeToString())
    with Ssd(lambda: engine(written, name="ssd")) as detector:
        assert len(detector.detect(scene())) == 1


def test_it_is_made_from_the_bytes_of_a_file() -> None:
    def opening(model: bytes) -> Callable[[], Engine]:
        return lambda: OnnxRuntimeEngine(model, name="ssd")

    with Ssd.of(red_faces.res10(), opening, 0.5) as detector:
        assert detector.about.startswith("SSD, onnxruntime CPU")
        assert detector.news == ""
        assert len(detector.detect(scene())) == 1
