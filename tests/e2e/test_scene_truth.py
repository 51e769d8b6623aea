"""The scene's truth against eyes that know nothing of it: a face detector and an expression network."""

from __future__ import annotations

import cv2
import numpy as np
import onnxruntime as ort
import pytest

from streamer.emotions import LABELS
from streamer.sources.scene import Scene, SceneSpec, TruthPerson
from streamer.types import Box, Image
from tests.data import data

STEP = 21
"""Every so many frames one is looked at: 35 of a run of the story, in every part of it."""

SIZES = [(1280, 720), (640, 360)]


def detected(detector: cv2.FaceDetectorYN, image: Image) -> list[Box]:
    detector.setInputSize((image.shape[1], image.shape[0]))
    count, rows = detector.detect(image)
    faces = np.asarray(rows, np.float64) if count and np.ndim(rows) == 2 else np.empty((0, 15))
    return [Box(x, y, x + width, y + height) for x, y, width, height in faces[:, :4].tolist()]


def best(person: TruthPerson, boxes: list[Box]) -> float:
    return max((person.box.iou(box) for box in boxes), default=0.0)


@pytest.fixture(scope="module")
def detector() -> cv2.FaceDetectorYN:
    return cv2.FaceDetectorYN.create(str(data("models/yunet_n_640_640.onnx")), "", (320, 320), 0.6)


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_detector_sees_the_faces_where_the_truth_says(detector: cv2.FaceDetectorYN, width: int, height: int) -> None:
    scene = Scene(SceneSpec(people=4, width=width, height=height))
    clear: list[float] = []
    ghosts = 0
    for index in range(0, 720, STEP):
        boxes, people = detected(detector, scene.render(index)), scene.truth(index)
        clear += [best(person, boxes) for person in people if person.visible >= 0.9 and not person.blurred]
        ghosts += sum(all(person.box.iou(box) < 0.2 for person in people) for box in boxes)
    assert len(clear) > 80
    assert sum(overlap >= 0.5 for overlap in clear) / len(clear) >= 0.95
    assert np.median(clear) > 0.8
    assert ghosts == 0


def test_a_detector_does_not_see_a_face_that_the_truth_calls_hidden(detector: cv2.FaceDetectorYN) -> None:
    scene = Scene(SceneSpec(people=4))
    hidden = 0
    for index in range(261, 402, 4):
        gone = [person for person in scene.truth(index) if person.visible < 0.005]
        boxes = detected(detector, scene.render(index)) if gone else []
        assert all(best(person, boxes) < 0.3 for person in gone)
        hidden += len(gone)
    assert hidden >= 6


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_a_network_reads_the_expressions_that_the_truth_claims(
    detector: cv2.FaceDetectorYN, width: int, height: int
) -> None:
    network = ort.InferenceSession(str(data("models/demo48.onnx")), providers=["CPUExecutionProvider"])
    scene = Scene(SceneSpec(people=4, width=width, height=height))
    read: dict[str, list[str]] = {}
    claimed: dict[str, str] = {}
    for index in range(0, 720, 3 * STEP):
        image = scene.render(index)
        boxes = detected(detector, image)
        for person in scene.truth(index):
            box = max(boxes, key=person.box.iou)
            if person.visible < 0.9 or person.expression is None or person.box.iou(box) < 0.5:
                continue
            claimed[person.key] = person.expression
            read.setdefault(person.key, []).append(expression(network, image, box))
    assert claimed.keys() == {"hopper", "collins", "collins-double", "hopper-double"}
    assert set(claimed.values()) == {"happiness", "neutral"}
    assert read == {key: [claimed[key]] * len(labels) for key, labels in read.items()}


def expression(network: ort.InferenceSession, image: Image, box: Box) -> str:
    """As the network was trained: a grey square as wide as the longer side of YuNet's box, 48 × 48, 0…255."""
    (x, y), half = box.center, max(box.width, box.height) / 2
    square = image[max(0, round(y - half)) : round(y + half), max(0, round(x - half)) : round(x + half)]
    small = cv2.resize(cv2.cvtColor(square, cv2.COLOR_BGR2GRAY), (48, 48), interpolation=cv2.INTER_AREA)
    scores = network.run(None, {network.get_inputs()[0].name: np.asarray(small, np.float32)[None, None]})[0]
    return LABELS[int(np.argmax(scores))]
