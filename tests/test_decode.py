"""From a picture to a network's input and from its output to faces, against cases worked out by hand and OpenCV."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import skimage.data

from engines.ort import OnnxRuntimeEngine
from streamer.detectors import centerface, yunet
from streamer.detectors.blob import blob
from streamer.types import Box, Image, read_only
from tests.data import data
from tests.weights import weights


def plain(height: int, width: int, colour: tuple[int, int, int] = (10, 20, 30)) -> Image:
    return read_only(np.full((height, width, 3), colour, np.uint8))


@pytest.mark.parametrize(
    ("size", "tensor", "scale"),
    [
        ((720, 1280), (384, 640), (0.5, 0.5)),
        ((1280, 720), (640, 384), (0.5, 0.5)),
        ((270, 480), (288, 480), (1.0, 1.0)),
        ((1, 1), (32, 32), (1.0, 1.0)),
        ((1000, 3), (640, 32), (2 / 3, 0.64)),
        ((1, 6400), (32, 640), (0.1, 1.0)),
    ],
)
def test_a_picture_is_shrunk_never_enlarged_and_padded(
    size: tuple[int, int], tensor: tuple[int, int], scale: tuple[float, float]
) -> None:
    made = blob(plain(*size), 640, rgb=False)
    assert made.tensor.shape == (1, 3, *tensor)
    assert made.tensor.dtype == np.float32
    assert made.scale == pytest.approx(scale)


def test_padding_is_black_and_lies_to_the_right_and_below() -> None:
    tensor = blob(plain(40, 50), 640, rgb=False).tensor
    np.testing.assert_array_equal(tensor[0, :, :40, :50].reshape(3, -1).T, np.tile([10, 20, 30], (2000, 1)))
    assert tensor[0, :, 40:].max() == tensor[0, :, :, 50:].max() == 0


@pytest.mark.parametrize(
    ("size", "scale"),
    [
        ((640, 1280), (0.5, 0.5)),
        ((1280, 720), (0.25, 0.25)),
        ((270, 480), (1.0, 1.0)),
        ((1, 1), (1.0, 1.0)),
        ((720, 1280), (569 / 1280, 320 / 720)),
        ((1, 6400), (0.1, 1.0)),
    ],
)
def test_a_network_of_one_size_gets_the_picture_shrunk_into_it(
    size: tuple[int, int], scale: tuple[float, float]
) -> None:
    made = blob(plain(*size), 640, rgb=False, fixed=(320, 640))
    assert made.tensor.shape == (1, 3, 320, 640)
    assert made.scale == pytest.approx(scale)
    height, width = round(size[0] * made.scale[1]), round(size[1] * made.scale[0])
    assert made.tensor[0, :, :height, :width].min() == 10
    assert made.tensor[0, :, height:].max(initial=0) == made.tensor[0, :, :, width:].max(initial=0) == 0


def test_colours_are_turned_where_the_network_wants_red_first() -> None:
    assert blob(plain(32, 32), 640, rgb=True).tensor[0, :, 5, 5].tolist() == [30, 20, 10]


def test_centerface_cell_becomes_a_box_with_landmarks() -> None:
    maps = {name: np.zeros((1, n, 8, 16), np.float32) for name, n in (("537", 1), ("538", 2), ("539", 2), ("540", 10))}
    row, column = 3, 6
    maps["537"][0, 0, row, column] = 0.8
    maps["537"][0, 0, 0, 0] = 0.3
    maps["538"][0, :, row, column] = math.log(5), math.log(4)  # height 20, width 16
    maps["539"][0, :, row, column] = 0.25, -0.25  # centre y 15, x 25
    maps["540"][0, :, row, column] = 0.4, 0.25, 0.4, 0.75, 0.6, 0.5, 0.8, 0.3, 0.8, 0.7
    found = centerface.decode(maps, 0.35)
    np.testing.assert_allclose(found.boxes, [[17, 5, 33, 25]], atol=1e-5)
    np.testing.assert_allclose(found.scores, [0.8])
    points = np.array([(21, 13), (29, 13), (25, 17), (21.8, 21), (28.2, 21)])
    np.testing.assert_allclose(found.landmarks[0], points, atol=1e-4)


def test_freeing_the_size_of_centerface_changes_no_number() -> None:
    model = weights("centerface")
    crop = skimage.data.astronaut()[60:188:4, 170:298:4].transpose(2, 0, 1)[None].astype(np.float32)  # type: ignore[no-untyped-call]  # ships no types
    with OnnxRuntimeEngine(centerface.dynamic(model), name="freed") as freed:
        assert [spec.shape for spec in freed.inputs] == [(1, 3, -1, -1)]
        outputs = freed.run({"input.1": crop})
        assert freed.run({"input.1": np.zeros((1, 3, 64, 96), np.float32)})["537"].shape == (1, 1, 16, 24)
    with OnnxRuntimeEngine(model, name="published") as published:
        reference = published.run({"input.1": crop.repeat(10, 0)})
    assert reference["537"].max() > 0.1
    for name, array in outputs.items():
        np.testing.assert_allclose(array, reference[name][:1], atol=1e-4)


def test_yunet_cell_becomes_a_box_with_landmarks() -> None:
    outputs = {}
    for stride, cells in ((8, 32), (16, 8), (32, 2)):  # an input 64 wide, 32 high
        for name, channels in (("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)):
            outputs[f"{name}_{stride}"] = np.zeros((1, cells, channels), np.float32)
    cell = 1 * 4 + 2  # second row, third column of stride 16
    outputs["cls_16"][0, cell] = 0.81
    outputs["obj_16"][0, cell] = 0.64
    outputs["bbox_16"][0, cell] = 0.5, 0.25, math.log(2), math.log(3)  # centre 40, 20; 32 × 48
    outputs["kps_16"][0, cell] = 0, 0, 1, 0, 0.5, 0.25, 0, 1, 1, 1
    found = yunet.decode(outputs, 64, 0.6)
    np.testing.assert_allclose(found.boxes, [[24, -4, 56, 44]], atol=1e-4)
    np.testing.assert_allclose(found.scores, [0.72], atol=1e-6)
    np.testing.assert_allclose(found.landmarks[0], [[32, 16], [48, 16], [40, 20], [32, 32], [48, 32]], atol=1e-4)


@pytest.mark.parametrize("file", ["yunet_n_dynamic.onnx", "yunet_n_640_640.onnx"])
def test_yunet_agrees_with_opencv(file: str) -> None:
    """``cv2.FaceDetectorYN`` decodes the same network on its own; its boxes are cut at whole pixels."""
    image = cv2.imread(str(data("faces/2007_007763.jpg")))
    assert image is not None
    frame = read_only(np.asarray(image, np.uint8))
    reference = cv2.FaceDetectorYN.create(
        str(data("models/yunet_n_640_640.onnx")), "", (frame.shape[1], frame.shape[0]), 0.6, 0.3
    )
    _, rows = reference.detect(frame)
    model = data(f"models/{file}").read_bytes()
    with yunet.YuNet(lambda: OnnxRuntimeEngine(model, name="yunet")) as detector:
        faces = detector.detect(frame)
    assert len(faces) == len(rows) >= 7
    for row in rows:
        x, y, width, height = row[:4]
        face = max(faces, key=lambda face: face.box.iou(Box(x, y, x + width, y + height)))
        assert face.box.iou(Box(x, y, x + width, y + height)) > 0.9
        assert face.score == pytest.approx(row[14], abs=0.01)
        np.testing.assert_allclose(face.landmarks, row[4:14].reshape(5, 2), atol=1)
