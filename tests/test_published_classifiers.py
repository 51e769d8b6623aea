"""Networks that cannot be had here, on stand-ins of the same inputs and outputs: what goes in and comes out must be
what their own packages would have made of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import cv2
import numpy as np
import onnxruntime
import pytest
from numpy.typing import NDArray

from engines.cards import Card, load_card
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from engines.reference import check_reference, reference_input
from streamer.chips import cut
from streamer.classifiers.carded import CardedClassifier
from streamer.emotions import LABELS
from streamer.passes import task_of
from streamer.types import Box, Chip, Face, Fit, Image
from tests.naive import softmax
from tests.stand_ins import NAMES, emotion_cnn_tensors, ferplus, hsemotion, stand_in
from tests.test_convert_deepface import deepface
from tests.test_layered import emotion_cnn


def raw(model: bytes, batch: NDArray[np.float64]) -> NDArray[np.float64]:
    """What the published file answers, one picture at a time."""
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    rows: NDArray[np.float64] = np.array(
        [session.run(None, {name: one[None].astype(np.float32)})[0][0] for one in batch]
    )
    return rows


def gray(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, 1, side, side), 0…255."""
    seen = np.stack([np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.float64) for image in images])
    return seen[:, None]


def of_deepface(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The package itself normalises by / 255, which the layers in numpy do."""
    return deepface(gray(images))


def of_emotion_cnn(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """transforms.ToTensor() and transforms.Normalize((0.5,), (0.5,))."""
    return softmax(emotion_cnn((gray(images) / 255 - 0.5) / 0.5, emotion_cnn_tensors()))


def of_ferplus(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """The zoo's page: gray values as they are, and a softmax over the scores."""
    return softmax(raw(ferplus(), gray(images)))


def of_hsemotion(images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """``EmotiEffLibRecognizerOnnx._preprocess`` of emotiefflib 1.1.1, whose pictures are RGB."""
    x = images[..., ::-1] / 255
    x = (x - np.array([0.485, 0.456, 0.406])) / np.array([0.229, 0.224, 0.225])
    return softmax(raw(hsemotion(), x.transpose(0, 3, 1, 2)))


FER2013 = ("anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral")
"""The order of the data set's own numbers, https://www.kaggle.com/c/challenges-in-representation-learning-facial-expression-recognition-challenge."""

PUBLISHED: Mapping[str, tuple[Callable[[NDArray[np.uint8]], NDArray[np.float64]], tuple[str, ...]]] = {
    "deepface": (of_deepface, FER2013),
    "emotion_cnn": (of_emotion_cnn, ("anger", "disgust", "fear", "happiness", "neutral", "sadness", "surprise")),
    "ferplus_vgg13": (of_ferplus, LABELS),
    "hsemotion": (
        of_hsemotion,
        ("anger", "contempt", "disgust", "fear", "happiness", "neutral", "sadness", "surprise"),
    ),
}
"""For each card what its own project makes of BGR pictures of the network's side, and its order of the classes."""


def pictures(side: int) -> NDArray[np.uint8]:
    """(4, side, side, 3): coloured clouds, in which no colour, place or brightness may be mixed up unnoticed."""
    rough = np.random.default_rng(9).integers(0, 256, (4, 6, 6, 3), dtype=np.uint8)
    return np.stack([cv2.resize(one, (side, side), interpolation=cv2.INTER_CUBIC) for one in rough])


def whole(image: Image, classifier: CardedClassifier) -> Chip:
    """The picture itself as the chip: a face that fills it, without a margin."""
    side = image.shape[0]
    return cut(image, Face(Box(0, 0, side, side), 0.9), Fit(), classifier.crop, 0.0)


def read(card: Card, images: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(N, 8) in the order of LABELS."""
    with CardedClassifier(card, lambda: OnnxRuntimeEngine(stand_in(card.name), name=card.name)) as classifier:
        chips = [whole(np.ascontiguousarray(image), classifier) for image in images]
        return np.array([emotion.probabilities for emotion in classifier.classify(chips)])


def in_our_order(rows: NDArray[np.float64], order: tuple[str, ...]) -> NDArray[np.float64]:
    ours = np.zeros((len(rows), len(LABELS)))
    for number, label in enumerate(order):
        ours[:, LABELS.index(label)] = rows[:, number]
    return ours


def side_of(card: Card) -> int:
    assert isinstance(card.input.side, int)
    return card.input.side


@pytest.mark.parametrize("name", NAMES)
def test_it_reads_as_its_own_project_would(name: str) -> None:
    card = load_card(name)
    (reads, order), images = PUBLISHED[name], pictures(side_of(card))
    expected = in_our_order(reads(images), order)
    assert np.ptp(expected, axis=0).max() > 0.01, "the pictures must not all look alike to the network"
    np.testing.assert_allclose(read(card, images), expected, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_a_temperature_divides_the_logits(name: str) -> None:
    card = load_card(name)
    (reads, order), images = PUBLISHED[name], pictures(side_of(card))
    logits = np.log(reads(images))
    expected = in_our_order(softmax(logits / 2), order)
    np.testing.assert_allclose(read(card.model_copy(update={"temperature": 2.0}), images), expected, atol=1e-4)


@pytest.mark.parametrize("name", NAMES)
def test_the_other_engine_answers_alike_and_the_gate_can_tell(name: str) -> None:
    """A reference written by one engine is held by the other: both see probabilities."""
    model, card = stand_in(name), load_card(name)
    feeds = reference_input(card, 3)
    with OnnxRuntimeEngine(model, name=name) as engine:
        rows = engine.run({engine.inputs[0].name: feeds})[engine.outputs[0].name]
    expected = {"pattern": "drawn", "expected": rows.astype(float).tolist()}
    told = Card.model_validate(card.model_dump() | {"reference": expected, "sha256": ["0" * 64]})
    with OpenVinoEngine(model, name=name, precision="fp32") as engine:
        assert check_reference(told, engine) < 1e-4


@pytest.mark.parametrize("name", NAMES)
def test_the_gpu_can_cut_its_faces_in_one_pass(name: str) -> None:
    task, card = task_of(load_card(name), Fit()), load_card(name)
    assert task.look.side == card.input.side
    assert (task.look.mean, task.look.std) == (card.input.mean, card.input.std)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_marked_as_not_verified_here(name: str) -> None:
    card = load_card(name)
    assert not card.verified
    assert "Not verified here" in card.note
