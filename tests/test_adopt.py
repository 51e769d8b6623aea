"""A card for weights of one's own: written once, only for what works, and usable at once."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from engines.cache import read_verified, status, weights_dir
from engines.cards import load_card
from engines.errors import ModelRejected
from engines.ort import OnnxRuntimeEngine
from engines.reference import check_reference
from streamer import build
from streamer.config import check
from streamer.errors import ConfigError
from streamer.types import Box, read_only
from tests.red_faces import red, yolo_v8
from tests.stand_ins import deepface_file, ferplus, hsemotion
from tests.tiny_models import colours, emotion_card, pooling
from tools.adopt import main, write


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's own cache, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "own"))
    return weights_dir()


def kept(folder: Path, content: bytes, name: str = "mine.onnx") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def card_file(folder: Path, **changes: Any) -> Path:
    """A card of ``colours``' network, to be adopted like."""
    facts = {
        "name": "light", "title": "Light", "task": "emotion", "file": "light.onnx", "sha256": [], "size": 1,
        "licence": "MIT", "source": "here", "training_data": "none", "input": {"side": 8, "colour": "rgb"}, "crop": {},
        "labels": ["happy", "sad", "angry"], "verified": False,
    }  # fmt: skip
    path = folder / "light.yaml"
    path.write_text(yaml.safe_dump(facts | changes), "utf-8")
    return path


def adopt(file: Path, like: str | Path, out: Path, *more: str) -> int:
    return main([str(file), "--like", str(like), "--out", str(out), *more])


def test_a_network_of_logits_is_adopted_and_used_at_once(
    tmp_path: Path, cache: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, out = kept(tmp_path, ferplus()), tmp_path / "my.yaml"
    assert adopt(file, "ferplus_vgg13", out) == 0
    said = capsys.readouterr().out
    assert f"use it: groupmood run 0 --classifier {out}" in said
    assert said.count("neutral 0.") == 3
    card = load_card(out)
    assert (card.name, card.verified, card.size) == ("my", False, len(ferplus()))
    assert card.sha256 == (hashlib.sha256(ferplus()).hexdigest(),)
    assert card.places[0].path == file
    assert "has not been measured" in card.note
    assert card.scores is None
    assert status(card, cache) == "ready"
    with OnnxRuntimeEngine(read_verified(card, cache), name=card.name) as engine:
        assert check_reference(card, engine) < 1e-5
    config = check({"sources": {"any": {"address": 0}}, "classifier": {"card": str(out)}}, {})
    with build.classifier(config, build.engines_of(config)) as classifier:
        assert classifier.about.startswith("my, ")


def test_weights_are_converted(tmp_path: Path, cache: Path) -> None:
    file, out = kept(tmp_path, deepface_file(), "mine.h5"), tmp_path / "my.yaml"
    assert adopt(file, "deepface", out) == 0
    assert load_card(out).convert == "deepface"
    assert status(load_card(out), cache) == "ready"


def test_a_file_elsewhere_is_named_whole_and_one_beside_the_card_is_not(tmp_path: Path) -> None:
    file = kept(tmp_path, hsemotion(), "mine now.onnx")
    (tmp_path / "cards").mkdir()
    assert adopt(file, "hsemotion", tmp_path / "cards" / "far.yaml") == 0
    assert adopt(file, "hsemotion", tmp_path / "near.yaml") == 0
    far, near = (yaml.safe_load((tmp_path / name).read_text()) for name in ("cards/far.yaml", "near.yaml"))
    assert far["places"] == [{"path": str(file)}]
    assert near["places"] == [{"path": "mine now.onnx"}]
    assert near["file"] == "mine-now.onnx"


def test_other_labels_are_ones_own(tmp_path: Path) -> None:
    file, out = kept(tmp_path, ferplus()), tmp_path / "my.yaml"
    assert adopt(file, "ferplus_vgg13", out, "--labels", "fear, joy, calm, sad") == 0
    assert load_card(out).labels == ("fear", "joy", "calm", "sad")


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = kept(tmp_path, ferplus()), kept(tmp_path, b"# mine", "my.yaml")
    assert adopt(file, "ferplus_vgg13", out) == 2
    assert "my.yaml is there already and is not overwritten; name another file with --out" in capsys.readouterr().err
    assert out.read_bytes() == b"# mine"


def test_a_card_that_came_in_between_is_not_overwritten_either(tmp_path: Path) -> None:
    out = kept(tmp_path, b"# mine", "my.yaml")
    with pytest.raises(ConfigError, match="is there already and is not overwritten"):
        write(emotion_card(), out)
    assert out.read_bytes() == b"# mine"


@pytest.mark.parametrize(
    ("content", "like", "more", "message"),
    [
        (pooling(), {}, (), "answers with what are no probabilities (142 … 145, sums of [425.391, "),
        (pooling(), {}, (), "if these are logits, adopt it like a card with output: logits"),
        (
            colours(),
            {},
            (),
            "gives the same answer to every face: are mean and std those that it was trained with? They",
        ),
        (colours(channels=1), {}, (), "the card says its input is (any batch, *(3, 8, 8)), the network says"),
        (pooling(), {"output": "logits"}, ("--labels", "happy,sad,angry,fear"), "the card has 4 labels, so logits"),
        (colours(), {}, ("--labels", "happy,sad"), "the card has 2 labels, the network's output is"),
        (colours(), {}, ("--labels", "happy,sad,bored"), "unknown expression 'bored'"),
        (colours(), {}, ("--layers", "flatten"), "the keys layers and convert: torch_cnn go together"),
        (b"no network", {}, (), "is not an ONNX file, or a damaged one"),
    ],
)
def test_what_does_not_work_is_not_adopted(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    content: bytes,
    like: dict[str, Any],
    more: tuple[str, ...],
    message: str,
) -> None:
    out = tmp_path / "my.yaml"
    assert adopt(kept(tmp_path, content), card_file(tmp_path, **like), out, *more) == 2
    assert message in capsys.readouterr().err
    assert not out.exists()


@pytest.mark.parametrize(
    ("file", "like", "out", "message"),
    [
        ("none.onnx", "ferplus_vgg13", "my.yaml", "none.onnx cannot be read: No such file"),
        ("mine.onnx", "ferplus", "my.yaml", "there is no model card 'ferplus' (did you mean 'ferplus_vgg13'?)"),
        ("mine.onnx", "yolo_face", "my.yaml", "mine.onnx does not have the layout of YOLOv8n-face"),
        ("mine.onnx", "ferplus_vgg13", "my.onnx", "a card is a .yaml, got"),
        ("mine.onnx", "ferplus_vgg13", "none/my.yaml", "my.yaml cannot be written: No such file or directory"),
        ("mine.onnx", "ferplus_vgg13", "my card.yaml", "no card can be made of"),
    ],
)
def test_what_cannot_be_named_so_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, like: str, out: str, message: str
) -> None:
    kept(tmp_path, ferplus())
    assert adopt(tmp_path / file, like, tmp_path / out) == 2
    assert message in capsys.readouterr().err
    assert not (tmp_path / out).exists()


def test_the_very_file_of_a_card_needs_no_other_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    like = card_file(tmp_path, sha256=[hashlib.sha256(colours()).hexdigest()])
    assert adopt(kept(tmp_path, colours()), like, tmp_path / "my.yaml") == 2
    assert "is the very file that the card light means: `groupmood models fetch light --from" in capsys.readouterr().err


def test_the_answers_in_the_card_are_those_of_the_network(tmp_path: Path) -> None:
    """Worked out beside it: hsemotion's stand-in on the drawn faces, by ONNX Runtime, softmax by hand."""
    import onnxruntime

    from engines.reference import reference_input

    out = tmp_path / "my.yaml"
    assert adopt(kept(tmp_path, hsemotion()), "hsemotion", out) == 0
    card = load_card(out)
    session = onnxruntime.InferenceSession(hsemotion(), providers=["CPUExecutionProvider"])
    (logits,) = session.run(["output"], {"input": reference_input(load_card("hsemotion"), 3)})
    e = np.exp(logits - logits.max(axis=1, keepdims=True))
    assert card.reference is not None
    np.testing.assert_allclose(card.reference.expected, e / e.sum(axis=1, keepdims=True), atol=1e-5)


def test_a_detector_of_ones_own_is_adopted_and_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = kept(tmp_path, yolo_v8()), tmp_path / "mine.yaml"
    assert adopt(file, "yolo_face", out) == 0
    assert f"--detector yolo_face --detector-card {out}" in capsys.readouterr().out
    config = check({"sources": {"a": {"address": 0}}, "detector": {"name": "yolo_face", "card": str(out)}}, {})
    build.fetch_weights(config, offline=True)
    image = red(np.zeros((640, 640, 3), np.uint8), Box(120, 200, 176, 256))
    with build.detector(config, build.engines_of(config)) as detector:
        (face,) = detector.detect(read_only(image))
    assert face.box.iou(Box(120, 200, 176, 256)) > 0.8


@pytest.mark.parametrize(
    ("name", "card", "message"),
    [
        ("auto", "yolo_face", "weights and card need a detector that has them"),
        ("dlib_hog", "yolo_face", "weights and card need a detector that has them"),
        ("yunet", "groupmood", "groupmood is a model for emotion, a detector's card is wanted"),
    ],
)
def test_a_card_that_fits_no_detector_is_refused(name: str, card: str, message: str) -> None:
    config = check({"sources": {"a": {"address": 0}}, "detector": {"name": name, "card": card}}, {})
    with pytest.raises((ConfigError, ModelRejected), match=message):
        build.cards(config)


def test_a_detector_takes_no_labels(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = kept(tmp_path, yolo_v8())
    assert adopt(file, "yolo_face", tmp_path / "my.yaml", "--labels", "happy,sad") == 2
    assert "without labels and layers" in capsys.readouterr().err
