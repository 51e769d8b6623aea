"""From labels to a corrected mood, and the README's tables of it."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from streamer.emotions import CIRCUMPLEX
from tests.labelled_portraits import party
from tests.weights import weights
from tools import session
from tools.workshop_table import detectors
from tools.workshop_table import session as told


def test_each_medium_is_corrected_by_the_faces_of_the_others(tmp_path: Path) -> None:
    weights("centerface")
    labels, out = party(tmp_path), tmp_path / "session.json"
    session.main(["--labels", str(labels), "--media", str(tmp_path), "--out", str(out)])
    made = json.loads(out.read_text("utf-8"))
    rows = {row["medium"]: row for row in made["moods"]}
    assert set(rows) == {"row.png", "back.png", "walk.mkv"}
    # Of the row one face is neutral, one happy, and of the third the annotators say different things.
    assert rows["row.png"]["people"] == 2
    assert rows["row.png"]["labelled"] == pytest.approx(CIRCUMPLEX["happiness"][0] / 2, abs=1e-4)
    for row in rows.values():
        low, high = row["own"]["interval"]
        assert low <= row["own"]["value"] <= high
        assert row["shipped"]["value"] != row["plain"]["value"]
    assert made["evaluation"]["detection"]["faces"] > 6
    assert str(tmp_path) not in out.read_text("utf-8")
    assert "`walk.mkv`" in told(made)


def test_a_medium_that_is_missing_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    weights("centerface")
    labels = party(tmp_path)
    (tmp_path / "row.png").unlink()
    with pytest.raises(SystemExit) as ended:
        session.main(["--labels", str(labels), "--media", str(tmp_path), "--out", str(tmp_path / "out.json")])
    assert ended.value.code == 2
    assert "row.png" in capsys.readouterr().err


def test_recall_is_told_by_size_and_who_was_not_run_by_name() -> None:
    estimate = {"value": 0.75, "low": 0.5, "high": 0.9}
    sizes = [
        {"low": 0.0, "high": 16.0, "faces": 2, "recall": 0.0, "average_precision": 0.0},
        {"low": 16.0, "high": 24.0, "faces": 2, "recall": 1.0, "average_precision": 1.0},
        {"low": 24.0, "high": 32.0, "faces": 0, "recall": None, "average_precision": None},
        {"low": 96.0, "high": None, "faces": 4, "recall": 1.0, "average_precision": 1.0},
    ]
    scores: dict[str, Any] = {"faces": 8, "recall": estimate, "precision": estimate, "average_precision": None}
    played = {"name": "sharp", "milliseconds": 12.3, "scores": scores | {"sizes": sizes}}
    absent = {"name": "gone", "milliseconds": None, "scores": None}
    machine = {"date": "2026-01-02", "processor": "p", "system": "s", "packages": "q"}
    league = {"detectors": [played, absent], "frames": 3, "images": 2, "videos": 1, "machine": machine}
    text = detectors({"clips": league | {"command": "c", "data": "d"}})
    assert "| `sharp` | 0.75 (0.50–0.90) | 0.50 | – | 1.00 | 0.75 | – | 12 |" in text
    assert "for want of their weights: `gone`" in text


def test_a_room_without_evidence_has_no_number() -> None:
    nothing = asdict(session.Valence(None, None))
    some = asdict(session.Valence(0.25, (0.0, 0.5)))
    row = {"medium": "a/b.png", "people": 3, "labelled": -0.004, "plain": some, "shipped": nothing, "own": some}
    scores = {"faces": 3, "people": 3, "accuracy": {"value": 1.0, "low": 0.4, "high": 1.0}}
    found = {"reading": scores, "detection": {"found": 3, "faces": 3, "wrong": 0}}
    machine = {"date": "2026-01-02", "processor": "p", "system": "s", "packages": "q"}
    document = {"moods": [row, row | {"shipped": some}], "evaluation": found, "machine": machine, "command": "c"}
    text = told(document | {"data": "d"})
    assert "| `b.png` | 3 | 0.00 | +0.25 (0.00 to +0.50) | not enough evidence | +0.25 (0.00 to +0.50) |" in text
