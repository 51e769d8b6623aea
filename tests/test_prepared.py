"""Networks that give logits, or take one picture at a time, as every engine here gets them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
from numpy.typing import NDArray
from onnx import helper

from engines.cards import Card, load_card
from engines.errors import ModelRejected
from engines.fp16 import half
from engines.ov import OpenVinoEngine
from engines.prepared import prepared
from tests.naive import softmax
from tests.stand_ins import ferplus, hsemotion
from tests.tiny_models import colours, emotion_card, hidden_external, onnx_model, pooling


def run(model: bytes, batch: NDArray[Any]) -> NDArray[np.float32]:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    answer: NDArray[np.float32] = session.run(None, {session.get_inputs()[0].name: batch.astype(np.float32)})[0]
    return answer


def pictures(count: int, *shape: int) -> NDArray[np.float32]:
    return np.random.default_rng(5).uniform(0, 255, (count, *shape)).astype(np.float32)


def pooling_card(labels: Sequence[str] = ("happy", "sad", "angry")) -> Card:
    return emotion_card(labels=list(labels), output="logits")


def test_a_network_of_probabilities_keeps_its_bytes() -> None:
    assert prepared(colours(), emotion_card()) == colours()
    assert prepared(b"not even read", emotion_card()) == b"not even read"


def test_logits_become_probabilities() -> None:
    light = pictures(4, 3, 8, 8) / 100
    expected = softmax(light.mean(axis=(2, 3)).astype(np.float64))
    np.testing.assert_allclose(run(prepared(pooling(), pooling_card()), light), expected, atol=1e-6)


def test_the_same_network_gives_the_same_bytes() -> None:
    assert prepared(ferplus(), load_card("ferplus_vgg13")) == prepared(ferplus(), load_card("ferplus_vgg13"))


def test_only_the_labels_share_the_probability_where_more_numbers_come() -> None:
    """Behind the eight expressions come valence and arousal, large enough here to take all of it."""
    card, faces = load_card("hsemotion"), pictures(3, 3, 224, 224) / 60 - 2
    raw = run(hsemotion(extra=2), faces)
    assert raw.shape == (3, 10)
    assert np.abs(raw[:, 8:]).max() > np.abs(raw[:, :8]).max()
    given = run(prepared(hsemotion(extra=2), card), faces)
    np.testing.assert_allclose(given, softmax(raw[:, :8].astype(np.float64)), atol=1e-5)


@pytest.mark.parametrize("count", [1, 5])
def test_a_network_of_one_picture_takes_any_number(count: int) -> None:
    card, faces = load_card("ferplus_vgg13"), pictures(count, 1, 64, 64)
    one_by_one = np.concatenate([run(ferplus(), face[None]) for face in faces])
    model = prepared(ferplus(), card)
    onnx.checker.check_model(onnx.load_model_from_string(model), full_check=True)
    np.testing.assert_allclose(run(model, faces), softmax(one_by_one.astype(np.float64)), atol=1e-5)


def test_so_do_the_other_engine_and_half_precision() -> None:
    card, faces = load_card("ferplus_vgg13"), pictures(3, 1, 64, 64)
    model = prepared(ferplus(), card)
    expected = run(model, faces)
    with OpenVinoEngine(model, name="ferplus", precision="fp32") as engine:
        other = engine.run({engine.inputs[0].name: faces})[engine.outputs[0].name]
    np.testing.assert_allclose(other, expected, atol=1e-4)
    np.testing.assert_allclose(run(half(model, "ferplus"), faces), expected, atol=0.02)


def test_too_few_numbers_are_refused() -> None:
    with pytest.raises(ModelRejected, match=r"the card has 4 labels, so logits \(any batch, 4 or more\) are wanted"):
        prepared(pooling(), pooling_card(["happy", "sad", "angry", "fear"]))


def test_maps_are_refused() -> None:
    node = helper.make_node("Relu", ["x"], ["y"])
    maps = onnx_model([node], {"x": ["N", 3, 8, 8]}, {"y": ["N", 3, 8, 8]})
    with pytest.raises(ModelRejected, match=r"the network's output y is \(0, 3, 8, 8\)"):
        prepared(maps, pooling_card())


@pytest.mark.parametrize(("model", "reason"), [(b"no ONNX", "not an ONNX file"), (hidden_external(), "other files")])
def test_what_no_engine_may_read_is_refused_here_already(model: bytes, reason: str) -> None:
    with pytest.raises(ModelRejected, match=reason):
        prepared(model, pooling_card())
