"""``groupmood models``: what its user sees of models that no file is published for."""

from __future__ import annotations

from pathlib import Path

import pytest

from engines.cards import card_names, load_card
from streamer.commands.doctor import weights
from tests.command import Command
from tests.stand_ins import ferplus
from tools.adopt import main

ADOPT = "python -m tools.adopt FILE --like emotion_cnn --out my.yaml"


@pytest.fixture
def groupmood(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Command:
    """With a cache of its own, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "200")
    return Command(capsys)


def test_the_list_says_which_model_wants_a_file_of_ones_own(groupmood: Command) -> None:
    answer = groupmood("models", "list")
    rows = {line.split()[0]: line for line in answer.out.splitlines() if line.strip()}
    assert "no published digest: adopt a file" in rows["emotion_cnn"]
    assert "missing, not verified here" in rows["deepface"]
    assert "adopt a file of your own: python -m tools.adopt FILE --like NAME --out my.yaml" in answer.out
    assert all(name in rows for name in card_names())


@pytest.mark.parametrize("command", ["check", "fetch"])
def test_asked_for_it_says_how_to_adopt_one(groupmood: Command, command: str) -> None:
    answer = groupmood("models", command, "emotion_cnn")
    assert answer.code != 0
    assert ADOPT in " ".join(answer.error.split())


def test_a_file_cannot_be_slipped_in_without_a_card_of_its_own(groupmood: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.pth").write_bytes(b"weights")
    answer = groupmood("models", "fetch", "emotion_cnn", "--from", tmp_path / "mine.pth")
    assert answer.code != 0
    assert ADOPT in " ".join(answer.error.split())


def test_an_adopted_card_is_checked_like_any_other(groupmood: Command, tmp_path: Path) -> None:
    (tmp_path / "mine.onnx").write_bytes(ferplus())
    assert main([str(tmp_path / "mine.onnx"), "--like", "ferplus_vgg13", "--out", str(tmp_path / "my.yaml")]) == 0
    answer = groupmood("models", "check", tmp_path / "my.yaml")
    assert answer.code == 0
    assert "my: digest right, answer to the reference picture within" in answer.out


@pytest.mark.usefixtures("groupmood")
def test_doctor_does_not_ask_for_what_nobody_publishes() -> None:
    assert set(weights()) == {name for name in card_names() if load_card(name).sha256}
    assert "emotion_cnn" not in weights()
