"""Converters by name, and what keeps two conversions of one file apart."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from engines.cache import fetch, read_verified, status
from engines.cards import Card, load_card
from engines.converting import CONVERTERS, convert, edition
from engines.errors import ModelMissing, ModelRejected
from engines.layered import network
from engines.onnx_file import load
from engines.prepared import prepared
from tests.naive import softmax
from tests.stand_ins import deepface_file, emotion_cnn_tensors, hsemotion
from tests.test_prepared import run
from tests.tiny_models import emotion_card, keras_file, pooling


def of(content: bytes, place: Path | None = None, **changes: Any) -> Card:
    """A card of that file, which lies at ``place``."""
    facts = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "file": "model.bin"}
    return emotion_card(**facts, **({"places": [{"path": place}]} if place else {}), **changes)


def test_every_converter_a_card_may_name_is_there() -> None:
    for name, converter in CONVERTERS.items():
        module, _, function = converter.target.partition(":")
        assert callable(getattr(importlib.import_module(module), function)), name
    annotation = str(Card.model_fields["convert"].annotation)
    assert all(f"'{name}'" in annotation for name in CONVERTERS)


def test_a_card_without_a_converter_keeps_its_bytes() -> None:
    assert convert(b"as it is", emotion_card()) == b"as it is"
    assert edition(emotion_card()) == ""


def test_a_converter_is_found_by_its_name() -> None:
    for card, source in (
        (emotion_card(convert="mini_xception"), keras_file()),
        (load_card("deepface"), deepface_file()),
    ):
        assert load(convert(source, card), card.name).graph.node


def test_files_that_earlier_versions_converted_keep_their_names() -> None:
    """v1 is what mini-XCEPTION's conversion is called in caches that are there already."""
    assert edition(load_card("mini_xception")) == "v1"
    assert edition(load_card("deepface")) == "v1"


def test_other_layers_make_another_edition() -> None:
    card = load_card("emotion_cnn")
    facts = card.model_dump()
    others = [
        Card.model_validate(facts | {"layers": [*card.layers, "softmax"]}),
        Card.model_validate(facts | {"input": facts["input"] | {"side": 64}}),
        Card.model_validate(facts | {"input": facts["input"] | {"colour": "rgb"}}),
    ]
    same = Card.model_validate(facts | {"name": "other", "labels": card.labels[::-1]})
    assert edition(same) == edition(card)
    assert len({edition(card), *map(edition, others)}) == 4
    assert edition(card).startswith("v1-")


def test_a_deepface_file_is_converted_into_the_cache(tmp_path: Path) -> None:
    source = tmp_path / "weights.h5"
    source.write_bytes(deepface_file())
    facts = load_card("deepface").model_dump(include={"input", "crop", "labels", "convert"})
    card = of(deepface_file(), source, **facts)
    fetch(card, tmp_path / "cache")
    assert status(card, tmp_path / "cache") == "ready"
    faces = np.random.default_rng(1).uniform(0, 255, (2, 1, 48, 48))
    np.testing.assert_allclose(run(read_verified(card, tmp_path / "cache"), faces).sum(axis=1), 1, atol=1e-5)


def test_logits_are_hashed_as_published_and_read_as_probabilities(tmp_path: Path) -> None:
    source, cache = tmp_path / "model.onnx", tmp_path / "cache"
    source.write_bytes(pooling())
    card = of(pooling(), source, output="logits")
    assert fetch(card, cache).read_bytes() == pooling()
    light = np.random.default_rng(1).uniform(0, 3, (2, 3, 8, 8))
    given = run(read_verified(card, cache), light)
    np.testing.assert_allclose(given, softmax(light.mean(axis=(2, 3))), atol=1e-5)


def test_a_network_other_than_the_cards_is_no_altered_file(tmp_path: Path) -> None:
    source, cache = tmp_path / "model.onnx", tmp_path / "cache"
    source.write_bytes(pooling())
    card = of(pooling(), source, output="logits", labels=["happy", "sad", "angry", "fear"])
    fetch(card, cache)
    assert status(card, cache) == "ready"
    with pytest.raises(ModelRejected, match="the card has 4 labels"):
        read_verified(card, cache)


ADOPT = r"no published digest.*`python -m tools\.adopt FILE --like emotion_cnn --out my\.yaml`"


def test_a_card_without_a_digest_takes_no_file_at_all(tmp_path: Path) -> None:
    card, file = load_card("emotion_cnn"), tmp_path / "mine.pth"
    file.write_bytes(b"weights")
    assert status(card, tmp_path / "cache") == "missing"
    with pytest.raises(ModelMissing, match=ADOPT):
        read_verified(card, tmp_path / "cache")
    with pytest.raises(ModelMissing, match=ADOPT):
        fetch(card, tmp_path / "cache")
    with pytest.raises(ModelRejected, match=ADOPT):
        fetch(card, tmp_path / "cache", local=file)
    assert not list(tmp_path.glob("cache/*.pth"))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"sha256": [], "places": [{"url": "https://example.org/x"}]}, "without sha256 there is no file to check"),
        ({"sha256": [], "reference": {"pattern": "drawn", "expected": [[1.0, 0.0, 0.0]]}}, "without sha256"),
        ({"layers": ["flatten"]}, "the keys layers and convert: torch_cnn go together"),
        ({"convert": "torch_cnn"}, "go together"),
        ({"convert": "onnx2torch"}, "convert"),
        ({"output": "scores"}, "output"),
    ],
)
def test_a_card_that_contradicts_itself_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        emotion_card(**changes)


def test_shipped_layers_and_labels_fit_each_other() -> None:
    card = load_card("emotion_cnn")
    assert prepared(network(card.layers, emotion_cnn_tensors(), 1, 48), card)
    assert prepared(hsemotion(), load_card("hsemotion"))
