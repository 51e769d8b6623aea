from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image as Pillow

from tools.labelled.__main__ import main
from tools.labelled.changing import changed
from tools.labelled.document import LabelFile, LabelledFace, Mark, Said
from tools.labelled.media import medium_of
from tools.labelled.reading import read
from tools.labelled.saving import save_new

XML = "<dataset><images><image file='a.png'><box top='2' left='1' width='9' height='9'/></image></images></dataset>"


def labelled(folder: Path, name: str, label: str) -> Path:
    """One face in photos/a.png, labels in ``folder``."""
    photo = folder / "photos" / "a.png"
    photo.parent.mkdir(exist_ok=True)
    Pillow.new("RGB", (40, 30)).save(photo)
    said = (Said(annotator=name, label=label),)
    face = LabelledFace(id="f1", marks=(Mark(x1=1, y1=2, x2=11, y2=12),), said=said)
    path = folder / f"{name}.json"
    medium = changed(medium_of(photo, folder), faces=(face,), complete=True)
    save_new(path, LabelFile(annotators=(name,), media=(medium,)))
    return path


def run(*words: str | Path) -> int:
    return main([str(word) for word in words])


def refused(capsys: pytest.CaptureFixture[str], *words: str | Path) -> str:
    with pytest.raises(SystemExit) as caught:
        run(*words)
    assert caught.value.code == 2
    return capsys.readouterr().err


def test_check_says_what_is_there_and_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = labelled(tmp_path, "ann", "fear")
    assert run("check", path) == 0
    said = capsys.readouterr().out
    for line in (
        "1 pictures, 0 videos; 1 complete",
        "1 faces and 0 to be ignored; 0 without an expression",
        "limit: one annotator only: how far people agree on these faces is not known",
        "limit: nobody shows neutral,",
    ):
        assert line in said
    assert "fault" not in said


def test_check_names_missing_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = labelled(tmp_path, "ann", "fear")
    (tmp_path / "photos" / "a.png").unlink()
    assert run("check", path) == 1
    assert "fault: photos/a.png of the label file cannot be opened" in capsys.readouterr().out


def test_merge_then_check_tells_the_agreement(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [labelled(tmp_path, "ann", "fear"), labelled(tmp_path, "bob", "anger")]
    assert run("merge", *files, "--out", tmp_path / "both.json") == 0
    assert run("check", tmp_path / "both.json") == 0
    said = capsys.readouterr().out
    assert "ann and bob: agree on 0% of 1 looks, kappa 0.00" in said
    assert "limit: 1 looks have no majority" in said


def test_exports_are_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, out = labelled(tmp_path, "ann", "fear"), tmp_path / "photos" / "coco.json"
    assert run("export", path, "--coco", out, "--csv", tmp_path / "t.csv") == 0
    assert json.loads(out.read_text())["images"][0]["file_name"] == "a.png"  # from the JSON's own folder
    assert "photos/a.png,0,,f1,1,2,11,12,no,ann,fear," in (tmp_path / "t.csv").read_text()
    out.unlink()
    error = refused(capsys, "export", path, "--coco", out, "--csv", tmp_path / "t.csv")
    assert "t.csv exists and is left as it is" in error
    assert not out.exists()  # nothing is written where something is refused
    assert run("export", path, "--csv", tmp_path / "t.csv", "--force") == 0
    assert "say what to export" in refused(capsys, "export", path)


def test_imports_by_what_is_in_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = labelled(tmp_path, "ann", "fear")
    (tmp_path / "photos" / "boxes").write_text(XML)
    assert run("import", tmp_path / "photos" / "boxes", "--out", tmp_path / "dlib.json") == 0
    assert read(tmp_path / "dlib.json").media[0].file == "photos/a.png"
    assert run("export", path, "--coco", tmp_path / "photos" / "c.json") == 0
    assert run("import", tmp_path / "photos" / "c.json", "--out", tmp_path / "coco.json") == 0
    assert read(tmp_path / "coco.json").annotators == ("ann",)
    assert "exists" in refused(capsys, "import", tmp_path / "photos" / "c.json", "--out", tmp_path / "coco.json")


def test_an_import_goes_to_the_folder_one_is_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    labelled(tmp_path, "ann", "fear")
    (tmp_path / "photos" / "boxes.xml").write_text(XML)
    monkeypatch.chdir(tmp_path)
    assert run("import", "photos/boxes.xml", "--out", "new.json") == 0
    assert read("new.json").media[0].file == "photos/a.png"


@pytest.mark.parametrize("content", ["", "{", "<dataset>", "\0"])
def test_bad_input_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str) -> None:
    bad = tmp_path / "bad"
    bad.write_text(content)
    out = ("--out", tmp_path / "o")
    for command in ("check", "import", "merge"):
        error = refused(capsys, command, bad, *(() if command == "check" else out))
        assert error.startswith(f"python -m tools.labelled {command}: {bad}")
        assert error.count("\n") == 1
    assert not (tmp_path / "o").exists()
