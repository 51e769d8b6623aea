"""A real face that smiles, read by two models: forward, backward, and then the first picture stands still."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import av
import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from streamer.emotions import LABELS, order_of
from streamer.labels import Labels
from streamer.types import Emotion, Image
from tests.data import data
from tests.rooms import changes, watch

Gray: TypeAlias = NDArray[np.uint8]

FPS = 30
STEP = 6
"""Every 6th frame is read: each 0.2 s."""

FER_CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")


def pictures() -> list[Image]:
    with av.open(str(data("videos/one-neutral-smile-neutral.mp4"))) as container:
        container.streams.video[0].thread_type = "NONE"
        return [frame.to_ndarray(format="bgr24").astype(np.uint8) for frame in container.decode(video=0)]


def square(gray: Gray, box: NDArray[np.float32], margin: float) -> Gray:
    """The square of the box's longer side and ``margin`` more on each side, edges repeated."""
    x, y, width, height = (float(value) for value in box)
    side = round(max(width, height) + 2 * margin)
    left, top = round(x + width / 2 - side / 2), round(y + height / 2 - side / 2)
    padded = cv2.copyMakeBorder(gray, side, side, side, side, cv2.BORDER_REPLICATE)
    return padded[top + side : top + 2 * side, left + side : left + 2 * side].astype(np.uint8)


def demo48(session: Any, gray: Gray, box: NDArray[np.float32]) -> tuple[float, ...]:
    face = cv2.resize(square(gray, box, 0.0), (48, 48), interpolation=cv2.INTER_AREA)
    return tuple(session.run(None, {"input": face[None, None].astype(np.float32)})[0][0].tolist())


def mini_xception(session: Any, gray: Gray, box: NDArray[np.float32]) -> tuple[float, ...]:
    face = cv2.resize(square(gray, box, 10.0), (64, 64), interpolation=cv2.INTER_LINEAR).astype(np.float32)
    found = session.run(None, {"input": (face[None, None] / 255 - 0.5) * 2})[0][0]
    probabilities = dict(zip(order_of(FER_CLASSES), found.tolist(), strict=True))
    return tuple(probabilities.get(index, 0.0) for index in range(len(LABELS)))


def read(file: str, classify: Callable[..., tuple[float, ...]]) -> dict[float, Emotion]:
    """The readings by their times. The clip's last neutral part, 0.6 s, is shorter than the hold of a label, so its
    last picture stands for two seconds more."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(data("models") / file), options, providers=["CPUExecutionProvider"])
    frames = pictures()
    height, width = frames[0].shape[:2]
    detector = cv2.FaceDetectorYN.create(str(data("models/yunet_n_640_640.onnx")), "", (width, height))
    readings = {}
    for index in range(0, 2 * len(frames) + 2 * FPS, STEP):
        picture = frames[max(0, min(index, 2 * len(frames) - 1 - index))]
        box = detector.detect(picture)[1][0, :4]
        probabilities = classify(session, cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.uint8), box)
        readings[index / FPS] = Emotion(probabilities, file, index / FPS)
    return readings


@pytest.mark.parametrize(
    ("file", "classify"), [("demo48.onnx", demo48), ("mini_xception_reference.onnx", mini_xception)]
)
def test_neutral_smile_neutral(file: str, classify: Callable[..., tuple[float, ...]]) -> None:
    readings = read(file, classify)
    times = list(readings)
    said = [person.label for person in watch(Labels(), readings.__getitem__, times)]
    raw = [LABELS[int(np.argmax(reading.probabilities))] for reading in readings.values()]
    moments = changes(said)
    assert [said[0], *(said[moment] for moment in moments)] == ["neutral", "happiness", "neutral"]
    starts = [raw.index("happiness"), len(raw) - raw[::-1].index("happiness")]
    lags = [times[moment] - times[start] for start, moment in zip(starts, moments, strict=True)]
    assert all(0 < lag <= 1.5 for lag in lags)
