"""``python -m tools.evaluate`` on the two public-domain portraits: what it says, what it writes, what it refuses."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pytest

from streamer.commands.analyze import analyze
from streamer.errors import ConfigError
from streamer.types import Box
from tests.labelled_portraits import ANNA, ROW, face, moving, party, saved, says, still
from tests.weights import weights
from tools.evaluate import written
from tools.evaluate.__main__ import main
from tools.evaluate.asked import Asked, weights_of
from tools.evaluate.judging import judge
from tools.labelled.document import LabelFile
from tools.labelled.media import medium_of
from tools.labelled.saving import bytes_for

WORDS = (("neutral",), ("happiness",), ("happiness",))


@pytest.fixture(autouse=True)
def models() -> None:
    for name in ("yunet", "groupmood"):
        weights(name)


def call(labels: Path, *more: str) -> int:
    return main(["--labels", str(labels), "--detector", "yunet", "--offline", *more])


def refused(capsys: pytest.CaptureFixture[str], labels: Path, *more: str) -> str:
    with pytest.raises(SystemExit) as ended:
        call(labels, *more)
    assert ended.value.code == 2
    return " ".join(capsys.readouterr().err.split())


@dataclass(frozen=True, slots=True)
class Ran:
    folder: Path
    out: Path
    text: str


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    """The party evaluated once, for all who look at what came of it."""
    weights("yunet")
    folder = tmp_path_factory.mktemp("party")
    text = io.StringIO()
    with redirect_stdout(text):
        assert call(party(folder), "--out", str(folder / "out")) == 0
    return Ran(folder, folder / "out", text.getvalue())


def test_all_that_is_found_out_is_said_and_written(ran: Ran) -> None:
    for part in ("Faces: 12 of 12 found", "on the labelled boxes", "kappa", "ms a frame"):
        assert part in ran.text
    assert f"NOTICE: the pictures in {ran.out} show the people who were labelled" in ran.text
    assert sorted(path.name for path in ran.out.iterdir()) == [
        "confusion.png",
        "evaluation.json",
        "mistakes.jpg",
        "reliability.png",
        "samples",
        "sizes.png",
    ]
    assert len(list((ran.out / "samples").iterdir())) == 4
    assert all(cv2.imread(str(path)) is not None for path in ran.out.rglob("*.[pj][np]g"))
    assert ran.out.stat().st_mode & 0o077 == 0


def test_the_numbers_are_kept_as_they_are_and_name_no_folder(ran: Ran) -> None:
    text = (ran.out / written.NAME).read_text("utf-8")
    made = written.read(ran.out / written.NAME)
    assert json.loads(text) == written.document(made)
    assert str(ran.folder) not in text
    assert made.command == "python -m tools.evaluate --labels party.json --detector yunet --classifier groupmood"
    assert (made.images, made.videos, made.annotators, made.detection.frames) == (2, 1, 2, 5)
    assert made.reading is not None
    assert made.reading.faces == 11  # of one face the annotators do not agree
    assert made.agreement is not None
    assert 0 < made.agreement < 1
    assert made.machine["processor"]


def test_what_is_said_is_what_groupmood_analyze_says(tmp_path: Path) -> None:
    labels = saved(tmp_path / "one.json", [still(tmp_path, "row.png", ROW, WORDS)])
    overrides = {"detector.name": "yunet"}
    assert analyze([tmp_path / "row.png"], tmp_path / "out", None, overrides, {}, offline=True) == 0
    there = json.loads((tmp_path / "out" / "results.jsonl").read_text())["people"]
    (look,) = judge(labels, Asked("yunet", offline=True)).looks
    assert [one["label"] for one in there] == [person.label for person in look.people]
    assert [one["confidence"] for one in there] == pytest.approx(
        [person.confidence for person in look.people], abs=1e-3
    )


def test_a_folder_with_something_in_it_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "evaluation.json").write_text("mine")
    labels = saved(tmp_path / "one.json", [still(tmp_path, "row.png", ROW, WORDS)])
    assert "has something in it, which is not overwritten; name a new folder with --out, or say --force" in refused(
        capsys, labels, "--out", str(out)
    )
    assert (out / "evaluation.json").read_text() == "mine"
    assert call(labels, "--out", str(out), "--force") == 0
    assert written.read(out / "evaluation.json").images == 1


def test_media_that_cannot_be_read_are_listed_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gone = still(tmp_path, "gone.png", ROW, WORDS)
    (tmp_path / "gone.png").unlink()
    labels = saved(tmp_path / "two.json", [gone, still(tmp_path, "row.png", ROW, WORDS)])
    assert call(labels) == 3
    text = capsys.readouterr().out
    assert "left out: gone.png of the label file cannot be opened" in text
    assert "1 picture, 0 videos" in text
    only = saved(tmp_path / "one.json", [gone])
    assert "none of the 1 media in" in refused(capsys, only)


def test_labels_that_cannot_be_used_are_refused_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    labels = saved(tmp_path / "one.json", [still(tmp_path, "row.png", ROW, WORDS)])
    (tmp_path / "no.json").write_text("[]")
    (tmp_path / "angry.json").write_text(labels.read_text().replace('"neutral"', '"angry"'))
    assert "no label file" in refused(capsys, tmp_path / "no.json")
    assert "did you mean 'anger'" in refused(capsys, tmp_path / "angry.json")
    assert "nowhere.json" in refused(capsys, tmp_path / "nowhere.json")
    assert "did you mean 'yunet'" in refused(capsys, labels, "--detector", "yunett")
    assert "did you mean 'groupmood'" in refused(capsys, labels, "--classifier", "groupmod")
    assert "--weights takes NAME=FILE" in refused(capsys, labels, "--weights", "yunet=nowhere.onnx")
    assert "the rate must be above 0" in refused(capsys, labels, "--rate", "0")
    assert "min_score" in refused(capsys, labels, "--min-score", "2")
    assert f"{labels} is a file, not a folder" in refused(capsys, labels, "--out", str(labels))


def test_a_picture_without_a_face_is_no_crash(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((120, 160, 3), 128, np.uint8))
    bare = medium_of(tmp_path / "grey.png", tmp_path).model_copy(update={"complete": True})
    assert call(saved(tmp_path / "none.json", [bare]), "--out", str(tmp_path / "none")) == 0
    assert [path.name for path in (tmp_path / "none").iterdir()] == ["evaluation.json"]
    missed = bare.model_copy(update={"faces": (face("f0", Box(20, 20, 80, 90), says("fear")),)})
    assert call(saved(tmp_path / "missed.json", [missed]), "--out", str(tmp_path / "missed")) == 0
    made = written.read(tmp_path / "missed" / "evaluation.json")
    assert made.detection.found == 0
    assert made.told is not None
    assert made.told.unsure == 1
    assert any("The detector found none" in note for note in made.notes)
    assert "The detector found none" in capsys.readouterr().out


def test_labels_without_an_expression_have_scores_of_detection_alone(tmp_path: Path) -> None:
    labels = saved(tmp_path / "one.json", [still(tmp_path, "row.png", ROW, ((), (), ()))])
    assert call(labels, "--out", str(tmp_path / "out")) == 0
    made = written.read(tmp_path / "out" / "evaluation.json")
    assert made.reading is None
    assert made.told is None
    assert made.detection.recall is not None
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["evaluation.json", "samples", "sizes.png"]


def test_one_annotator_alone_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = LabelFile(annotators=(ANNA,), media=(moving(tmp_path, "walk.mkv", 6),))
    (tmp_path / "one.json").write_bytes(bytes_for(made))
    assert call(tmp_path / "one.json", "--rate", "5") == 0
    text = capsys.readouterr().out
    assert "agreement of the annotators: cannot be told" in text
    assert "One annotator alone" in text


def test_a_file_of_another_kind_is_no_evaluation(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text('{"labels": 3}')
    with pytest.raises(ConfigError, match=r"x\.json is not what `python -m tools\.evaluate` writes"):
        written.read(tmp_path / "x.json")
    with pytest.raises(ConfigError, match=r"cannot be read"):
        written.read(tmp_path / "nowhere.json")


def test_weights_are_for_what_is_used(tmp_path: Path) -> None:
    (tmp_path / "x.onnx").write_bytes(b"x")
    assert weights_of([f"yunet={tmp_path / 'x.onnx'}"]) == {"yunet": tmp_path / "x.onnx"}
    with pytest.raises(ConfigError, match=r"weights are given for 'haar', which is not used; used: yunet, groupmood"):
        Asked("yunet", "groupmood", {"haar": tmp_path})
    asked = Asked("yunet", "/home/me/mine.yaml", {"yunet": tmp_path / "x.onnx"}, 0.5, 4.0)
    assert asked.command(Path("/a/b.json")).endswith(
        "--labels b.json --detector yunet --classifier mine.yaml --weights yunet=x.onnx --min-score 0.5 --rate 4"
    )
