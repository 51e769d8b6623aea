"""The accuracy gate over the networks that are shipped or fetched, on faces and on rooms with faces in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engines.base import Engine
from engines.gate import Outputs, rehearse
from engines.ort import OnnxRuntimeEngine
from streamer.detectors.blob import blob
from streamer.detectors.centerface import HEATMAP, LANDMARKS, OFFSET, SCALE, dynamic
from streamer.sources.portraits import busts
from tests.data import data
from tests.weights import weights

SHIPPED = Path(__file__).parent.parent / "engines" / "weights" / "groupmood.onnx"

Samples = NDArray[np.float32]


def opener(model: bytes) -> Engine:
    return OnnxRuntimeEngine(model, name="net")


def portraits() -> Samples:
    """(24, 1, 48, 48): the shipped portraits' faces, each cut three ways, and mirrored."""
    cut = [
        cv2.resize(
            cv2.cvtColor(bust.image, cv2.COLOR_BGR2GRAY)[
                max(0, int(bust.face.y1 - grow)) : int(bust.face.y2 + grow),
                max(0, int(bust.face.x1 - grow)) : int(bust.face.x2 + grow),
            ],
            (48, 48),
            interpolation=cv2.INTER_AREA,
        )
        for bust in busts(4)
        for grow in (-6, 0, 10)
    ]
    faces = np.stack([*cut, *(face[:, ::-1] for face in cut)])
    return np.asarray(faces[:, None], np.float32)


def ferplus(side: int, every: int) -> Samples:
    """(N, 1, side, side): faces of the validation split."""
    with np.load(data("ferplus/valid.npz")) as file:
        faces = file["x"][::every]
    return np.asarray([[cv2.resize(face, (side, side))] for face in faces], np.float32)


def test_the_shipped_network_passes_on_the_shipped_portraits() -> None:
    found = rehearse(opener, SHIPPED.read_bytes(), "groupmood", portraits())
    assert found.passed, found.reasons
    assert found.samples == 24


@pytest.mark.parametrize(("card", "side"), [("groupmood", 48), ("demo48", 48), ("mini_xception", 64)])
def test_the_emotion_networks_pass_on_faces(card: str, side: int) -> None:
    found = rehearse(opener, weights(card), card, ferplus(side, every=30))
    assert found.passed, found.reasons
    (p,) = found.outputs
    assert p.agreement == 1.0
    assert p.largest is not None
    assert 0 < p.largest < 0.01  # half of what is allowed


def rooms(rgb: bool) -> Samples:
    """(6, 3, 256, 320): one of the portraits' people or two, smaller and larger."""
    people, made = busts(4), []
    for index, share in enumerate((0.35, 0.45, 0.55, 0.65, 0.75, 0.85)):
        room = np.full((256, 320, 3), 90 + 20 * index, np.uint8)
        for place, bust in enumerate((people[index % 4], people[(index + 1) % 4])[: 1 + (share < 0.6)]):
            height, width = (max(1, int(side * share * 256 / bust.image.shape[0])) for side in bust.image.shape[:2])
            small, left = cv2.resize(bust.image, (width, height), interpolation=cv2.INTER_AREA), 10 + 150 * place
            room[256 - height :, left : left + width] = small[:, : 320 - left]
        made.append(blob(room, 320, rgb=rgb).tensor[0])
    return np.stack(made)


def at_faces(outputs: Outputs) -> Mapping[str, NDArray[np.bool_]]:
    """CenterFace's cells that may be a face: it takes none below 0.35."""
    return dict.fromkeys((SCALE, OFFSET, LANDMARKS), outputs[HEATMAP] > 0.1)


def test_centerface_passes_where_it_sees_faces() -> None:
    found = rehearse(opener, dynamic(weights("centerface")), "centerface", rooms(rgb=True), reading=at_faces)
    assert found.passed, found.reasons
    assert [output.kind for output in found.outputs] == ["values"] * 4
    assert all(output.compared > 20 for output in found.outputs)


def test_yunet_passes() -> None:
    found = rehearse(opener, weights("yunet"), "yunet", rooms(rgb=False))
    assert found.passed, found.reasons
    assert len(found.outputs) == 12
