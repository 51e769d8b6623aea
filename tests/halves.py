"""A model that is told which half of a picture is bright, its card, and faces for it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import helper, numpy_helper

from engines.cards import Card
from engines.ort import OnnxRuntimeEngine
from streamer.classifiers.carded import CardedClassifier
from streamer.emotions import LABELS
from tests.tiny_models import emotion_card, onnx_model

SIDE = 8


def halves() -> bytes:
    """Neutral and happy are the left and the right half's shares of a grey picture's light."""
    sides = np.zeros((SIDE, SIDE, 2), np.float32)
    sides[:, : SIDE // 2, 0] = sides[:, SIDE // 2 :, 1] = 1
    nodes = [
        helper.make_node("Flatten", ["x"], ["pixels"], axis=1),
        helper.make_node("MatMul", ["pixels", "sides"], ["light"]),
        helper.make_node("ReduceSum", ["light", "axis"], ["total"], keepdims=1),
        helper.make_node("Div", ["light", "total"], ["y"]),
    ]
    held = [numpy_helper.from_array(np.array([1]), "axis"), numpy_helper.from_array(sides.reshape(-1, 2), "sides")]
    return onnx_model(nodes, {"x": ["N", 1, SIDE, SIDE]}, {"y": ["N", 2]}, held)


def card() -> Card:
    """Of ``halves``."""
    model = halves()
    return emotion_card(
        name="halves",
        title="Halves",
        file="halves.onnx",
        size=len(model),
        sha256=hashlib.sha256(model).hexdigest(),
        input={"side": SIDE, "colour": "gray"},
        labels=["neutral", "happy"],
    )


def classifier() -> CardedClassifier:
    return CardedClassifier(card(), lambda: OnnxRuntimeEngine(halves(), name="halves"))


def bright(columns: slice) -> NDArray[np.uint8]:
    """(48, 48), dark but for these columns."""
    image = np.full((48, 48), 5, np.uint8)
    image[:, columns] = 250
    return image


def ferplus(path: Path, images: Sequence[NDArray[np.uint8]], votes: Sequence[Mapping[str, int]]) -> Path:
    """A split of FER+ as .npz; ``votes`` of each face by label, "unknown" or "no face"."""
    names = (*LABELS, "unknown", "no face")
    rows = np.array([[given.get(name, 0) for name in names] for given in votes], np.uint8)
    np.savez(path, x=np.stack(images), votes=rows)
    return path
