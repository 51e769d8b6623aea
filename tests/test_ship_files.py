"""The shipped model, its card and MODEL_CARD.md belong together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engines.base import TensorSpec
from engines.cache import fetch, read_verified
from engines.cards import Card, load_card
from engines.ort import OnnxRuntimeEngine
from engines.ov import OpenVinoEngine
from engines.reference import check_reference
from streamer.emotions import LABELS
from tests.data import data
from tools.ferplus import faces
from tools.scores import confusion, scores
from tools.train.ship import answered

WEIGHTS = Path(__file__).parent.parent / "engines" / "weights"
MOST = 6_000_000
"""Bytes: what a file in the repository may have at most."""


@pytest.fixture(scope="module")
def card() -> Card:
    return load_card("groupmood")


@pytest.fixture(scope="module")
def file(card: Card, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """The bytes as a user comes to them, without a network."""
    cache = tmp_path_factory.mktemp("cache")
    fetch(card, cache, offline=True)
    return read_verified(card, cache)


def test_the_file_is_the_only_one_and_small(file: bytes) -> None:
    assert [path.name for path in WEIGHTS.glob("*.onnx")] == ["groupmood.onnx"]
    assert (WEIGHTS / "groupmood.onnx").read_bytes() == file
    assert len(file) <= MOST


@pytest.mark.parametrize("maker", [OnnxRuntimeEngine, OpenVinoEngine])
def test_it_answers_as_the_network_that_was_trained(
    maker: type[OnnxRuntimeEngine | OpenVinoEngine], card: Card, file: bytes
) -> None:
    with maker(file, name="groupmood", precision="fp32") as engine:
        assert engine.inputs == (TensorSpec("faces", "float32", (-1, 1, 48, 48)),)
        assert engine.outputs == (TensorSpec("probabilities", "float32", (-1, 8)),)
        assert 0 < check_reference(card, engine) <= 1e-4


def test_the_card_says_how_the_model_errs(card: Card) -> None:
    assert (card.labels, card.input.side) == (LABELS, 48)
    assert card.temperature == 1.0, "the file's own temperature is all there is"
    assert card.baked_temperature is not None
    assert card.confusion is not None
    assert card.answers is not None
    assert card.scores is not None
    assert all(sum(row) > 0 for row in card.confusion)
    assert np.argmax(card.answers, axis=1)[:5].tolist() == [0, 1, 2, 3, 4], "the frequent labels are read as themselves"
    assert card.limits


def test_people_are_told_the_same_numbers(card: Card) -> None:
    text = (WEIGHTS / "MODEL_CARD.md").read_text("utf-8")
    assert card.scores is not None
    assert card.confusion is not None
    assert card.sha256[0] in text
    assert f"T = {card.baked_temperature}" in " ".join(text.split())
    assert told(text, "accuracy") == pytest.approx(card.scores.accuracy * 100, abs=0.056)
    assert told(text, "cross-entropy, nats") == pytest.approx(card.scores.cross_entropy, abs=0.00056)
    assert told(text, "expected calibration error (15 bins)") == pytest.approx(
        card.scores.calibration_error, abs=0.00056
    )
    for label, counts in zip(LABELS, card.confusion, strict=True):
        assert f"| **{label}** | {' | '.join(map(str, counts))} |" in text
    assert all((WEIGHTS / name).is_file() for name in ("reliability.png", "curves.png"))


def told(text: str, score: str) -> float:
    """The number of a row, rounded to three digits from the one that the card rounds to four."""
    return float(text.split(f"| {score} | ")[1].split(" |")[0].rstrip("%"))


def test_the_scores_are_the_files_on_the_validation_split(card: Card, file: bytes) -> None:
    """On every eighth face: the whole split takes too long here, and `python -m tools.accuracy` has it."""
    known = faces(data("ferplus/valid.npz"))
    given = answered(file, known.images[::8])
    labels = known.labels[::8]
    part = scores(given, labels)
    assert card.scores is not None
    assert card.scores.faces == len(known.labels)
    assert part.accuracy.low <= card.scores.accuracy <= part.accuracy.high
    assert part.cross_entropy.low <= card.scores.cross_entropy <= part.cross_entropy.high
    assert confusion(given.argmax(axis=1), labels, 8).trace() == round(part.accuracy.value * len(labels))
