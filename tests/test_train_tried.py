from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.data import ROOT
from tools.train.settings import DEFAULT, Fit, Pretrained, Settings, SettingsError, load
from tools.train.tried import differing, entry


def line(epoch: int, accuracy: float) -> str:
    scores = {"macro_recall": 0.6, "cross_entropy": 0.5, "calibration_error": 0.1}
    return json.dumps({"epoch": epoch, "accuracy": accuracy, "loss": 1.0, "rate": 0.1, "seconds": 45.0, **scores})


def test_the_best_epoch_is_told_and_how_long_it_took() -> None:
    log = "\n".join([line(1, 0.7), line(2, 0.8), line(3, 0.75), line(4, 0.8)])
    told = entry("run", "a try", load(DEFAULT), log)
    assert (told["epochs"], told["minutes"], told["settings"]) == (4, 3, {})
    assert told["best"] == {
        "epoch": 4, "accuracy": 0.8, "macro_recall": 0.6, "cross_entropy": 0.5, "calibration_error": 0.1,
    }  # fmt: skip


def test_only_other_settings_are_told() -> None:
    shipped = Settings().model_dump(mode="json")
    other = Settings(fit=Fit(epochs=3)).model_dump(mode="json")
    assert differing(other, shipped) == {"fit": {"epochs": 3}}


def test_a_network_of_another_kind_is_told_whole() -> None:
    shipped = Settings().model_dump(mode="json")
    other = Settings(network=Pretrained(pretrained="dlib", dropout=0.3)).model_dump(mode="json")
    assert differing(other, shipped) == {"network": {"pretrained": "dlib", "side": 150}}


def test_a_run_without_an_epoch_is_refused() -> None:
    with pytest.raises(SettingsError, match="no epoch yet"):
        entry("run", "a try", load(DEFAULT), "")


def test_a_run_written_down_again_takes_its_old_place(tmp_path: Path) -> None:
    for run in ("first", "second"):
        (tmp_path / run).mkdir()
        (tmp_path / run / "epochs.jsonl").write_text(line(1, 0.7) + "\n")
    out = tmp_path / "training.json"
    for run, note in (("first", "one"), ("second", "two"), ("first", "three")):
        command = ["-m", "tools.train.tried", "--run", str(tmp_path / run), "--note", note, "--out", str(out)]
        subprocess.run([sys.executable, *command], cwd=ROOT, check=True, capture_output=True)
    assert [(one["run"], one["note"]) for one in json.loads(out.read_text())["runs"]] == [
        ("second", "two"),
        ("first", "three"),
    ]
