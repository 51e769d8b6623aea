"""The real faces that an engine of lower precision is judged on."""

from __future__ import annotations

import numpy as np
import pytest

from engines.cards import load_card
from engines.ort import OnnxRuntimeEngine
from streamer import samples
from streamer.detectors import centerface
from tests.weights import weights


def test_faces_are_fed_as_the_card_says_and_always_the_same() -> None:
    card = load_card("groupmood")
    given = samples.faces(card)
    assert given.shape == (samples.FACES, 1, 48, 48)
    assert given.dtype == np.float32
    assert np.array_equal(given, samples.faces(card))
    assert len({row.tobytes() for row in given}) == samples.FACES


def test_they_show_more_than_one_expression() -> None:
    card = load_card("groupmood")
    with OnnxRuntimeEngine(weights("groupmood"), name="groupmood") as engine:
        parts = [engine.run({engine.inputs[0].name: part}) for part in np.split(samples.faces(card), 3)]
    said = np.concatenate([next(iter(part.values())) for part in parts]).argmax(axis=1)
    assert np.bincount(said).max() < 0.8 * samples.FACES


def test_a_detector_finds_the_faces_in_its_pictures() -> None:
    model = centerface.dynamic(weights("centerface"))
    shape = (1, 3, *samples.SHOWN)
    fed = samples.fed(shape, rgb=True)
    assert fed.shape == (samples.PICTURES, 3, *samples.SHOWN)
    reading = samples.read_by(load_card("centerface"))
    assert reading is not None
    with OnnxRuntimeEngine(model, name="centerface") as engine:
        outputs = [engine.run({engine.inputs[0].name: picture[None]}) for picture in fed]
    joined = {name: np.concatenate([one[name] for one in outputs]) for name in outputs[0]}
    masks = reading(joined)
    assert masks.keys() == {centerface.SCALE, centerface.OFFSET, centerface.LANDMARKS}
    faces = masks[centerface.SCALE]
    assert faces.reshape(samples.PICTURES, -1).any(axis=1).sum() >= samples.PICTURES - 1
    assert 0 < faces.mean() < 0.01


def test_an_emotion_card_is_wanted_for_faces() -> None:
    with pytest.raises(ValueError, match="yunet is a model for detection, an emotion model is wanted"):
        samples.faces(load_card("yunet"))
    assert samples.read_by(load_card("groupmood")) is None
