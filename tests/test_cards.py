from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from engines.cards import Card, card_names, load_card
from engines.errors import ModelRejected
from streamer.emotions import order_of

MINIMAL: dict[str, Any] = {
    "name": "mine",
    "title": "Mine",
    "task": "detection",
    "file": "mine.onnx",
    "sha256": "ab" * 32,
    "size": 10,
    "licence": "MIT",
    "source": "here",
    "training_data": "mine",
    "input": {"side": "dynamic", "colour": "bgr"},
    "verified": False,
}


def written(folder: Path, **changes: Any) -> Path:
    path = folder / "card.yaml"
    path.write_text(yaml.safe_dump(MINIMAL | changes), "utf-8")
    return path


def test_the_shipped_cards_are_known_by_name() -> None:
    assert card_names() == (
        "centerface", "deepface", "demo48", "dlib_cnn", "emotion_cnn", "ferplus_vgg13", "groupmood", "haar",
        "hsemotion", "mediapipe", "mini_xception", "ssd", "yolo_face", "yunet",
    )  # fmt: skip


@pytest.mark.parametrize("name", card_names())
def test_a_shipped_card_is_whole(name: str) -> None:
    card = load_card(name)
    assert card.name == name
    assert all((card.licence, card.training_data, card.source, card.note))
    assert (card.task == "emotion") == bool(card.labels)
    order_of(card.labels)


def test_a_shipped_card_cannot_be_changed() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        load_card("yunet").name = "other"


def test_an_unknown_name_gets_a_suggestion() -> None:
    with pytest.raises(ModelRejected, match=r"no model card 'yunett' \(did you mean 'yunet'\?\); known: centerface"):
        load_card("yunett")


def test_a_card_of_ones_own_is_read_from_its_path(tmp_path: Path) -> None:
    path = written(tmp_path, sha256=["ab" * 32, "cd" * 32])
    assert load_card(path) == load_card(str(path))
    assert load_card(path).sha256 == ("ab" * 32, "cd" * 32)


def test_a_relative_path_starts_at_the_card(tmp_path: Path) -> None:
    card = load_card(written(tmp_path, places=[{"path": "weights/mine.onnx"}]))
    assert card.places[0].path == tmp_path / "weights" / "mine.onnx"


def test_every_wrong_key_is_listed_at_once(tmp_path: Path) -> None:
    path = written(tmp_path, licens="MIT", size=0, input={"side": "dynamic", "colour": "purple"})
    with pytest.raises(ModelRejected) as raised:
        load_card(path)
    message = str(raised.value)
    assert str(path) in message
    assert "licens: unknown key (did you mean 'licence'?)" in message
    assert "size: " in message
    assert "input.colour: " in message


@pytest.mark.parametrize("place", [{}, {"url": "https://a/b", "path": "c"}, {"wheel": {"distribution": "--pre"}}])
def test_a_place_is_exactly_one_thing(place: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Card.model_validate(MINIMAL | {"places": [place]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "emotion"}, "needs the keys crop and labels, and a fixed input.side"),
        ({"file": "../evil.onnx"}, "file: "),
        ({"sha256": "ABCD"}, r"sha256.0: "),
        ({"labels": ["a", "b"], "reference": {"pattern": "drawn", "expected": [[1.0]]}}, "must have 2 numbers"),
    ],
)
def test_an_incomplete_card_says_what_it_needs(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelRejected, match=message):
        load_card(written(tmp_path, **changes))


EMOTION: dict[str, Any] = MINIMAL | {
    "task": "emotion",
    "input": {"side": 48, "colour": "gray"},
    "crop": {},
    "labels": ["neutral", "happiness"],
}
SCORES: dict[str, Any] = {
    "data": "faces kept aside",
    "faces": 40,
    "accuracy": 0.8,
    "accuracy_interval": [0.7, 0.9],
    "macro_recall": 0.7,
    "macro_recall_interval": [0.6, 0.8],
    "cross_entropy": 1.2,
    "cross_entropy_interval": [1.0, 1.4],
    "calibration_error": 0.02,
    "calibration_error_interval": [0.0, 0.04],
    "recall": {"neutral": 0.9, "happiness": 0.5},
}


def test_a_card_knows_how_its_model_errs(tmp_path: Path) -> None:
    errs = {"baked_temperature": 0.7, "confusion": [[9, 1], [2, 8]], "answers": [[0.9, 0.1], [0.25, 0.746]]}
    card = load_card(written(tmp_path, **EMOTION | errs, scores=SCORES, limits="two labels"))
    assert card.answers == ((0.9, 0.1), (0.25, 0.746))
    assert card.confusion == ((9, 1), (2, 8))
    assert (card.baked_temperature, card.temperature, card.limits) == (0.7, 1.0, "two labels")
    assert card.scores is not None
    assert card.scores.accuracy_interval == (0.7, 0.9)
    assert card.scores.recall["happiness"] == 0.5
    assert {card: 1}[load_card(tmp_path / "card.yaml")] == 1, "a card is a key of mappings"


def test_a_card_need_not_know_how_its_model_errs() -> None:
    card = load_card("mini_xception")
    assert (card.confusion, card.answers, card.scores, card.baked_temperature, card.limits) == (None,) * 4 + ("",)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"confusion": [[1, 2, 3], [4, 5, 6]]}, r"confusion must have 2 rows of 2 numbers.*; got 2 rows of \[3\]$"),
        ({"confusion": [[1, 2]]}, "confusion must have 2 rows of 2 numbers"),
        ({"confusion": [[1, -2], [3, 4]]}, r"confusion\.0\.1: .*greater than or equal to 0"),
        ({"confusion": [[1, 2.5], [3, 4]]}, r"confusion\.0\.1: .*integer"),
        ({"answers": [[0.5, 0.5]]}, r"answers must have 2 rows of 2 numbers.*; got 1 rows of \[2\]$"),
        ({"answers": [[0.5, 0.5], [0.5, 0.52]]}, r"each row of answers must sum to 1, row 1 sums to 1\.02$"),
        ({"answers": [[0.5, 0.5], [-0.5, 1.5]]}, r"answers\.1\.0: .*; answers\.1\.1: "),
        ({"baked_temperature": 0}, "baked_temperature: "),
        ({"scores": SCORES | {"accuracy": 1.2}}, r"scores\.accuracy: "),
        ({"scores": SCORES | {"accuracy_interval": [0.9, 0.7]}}, r"an interval is \[low, high\], got \[0\.9, 0\.7\]$"),
        ({"scores": SCORES | {"faces": 0}}, r"scores\.faces: "),
        ({"scores": SCORES | {"cross_entropy": float("inf")}}, r"scores\.cross_entropy: "),
        (
            {"scores": SCORES | {"recall": {"neutral": 1.0}}},
            r"scores\.recall must have the labels .*, got \['neutral'\]$",
        ),
    ],
)
def test_wrong_facts_of_how_a_model_errs_are_refused(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ModelRejected, match=message):
        load_card(written(tmp_path, **EMOTION | changes))


@pytest.mark.parametrize("text", ["a: [", "just words", "- a\n- b", "\x00"])
def test_what_is_no_card_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "card.yaml"
    path.write_text(text)
    with pytest.raises(ModelRejected, match=r"card\.yaml"):
        load_card(path)


def test_an_absent_card_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match=r"none\.yaml cannot be read"):
        load_card(tmp_path / "none.yaml")


def test_an_unknown_key_without_a_near_one_gets_no_suggestion(tmp_path: Path) -> None:
    with pytest.raises(ModelRejected, match=r": qqq: unknown key$"):
        load_card(written(tmp_path, qqq=1))
