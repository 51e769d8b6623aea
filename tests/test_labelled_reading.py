from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streamer.errors import ConfigError
from tools.labelled.document import LabelFile
from tools.labelled.reading import read

SAID = {"annotator": "ann", "frame": 0, "label": "happiness"}


def face(name: str = "f1", **changes: Any) -> dict[str, Any]:
    mark = {"frame": 0, "x1": 1, "y1": 2.5, "x2": 30, "y2": 40, "by": "ann"}
    return {"id": name, "marks": [mark], "said": [SAID], **changes}


def medium(file: str = "crowd.jpg", **changes: Any) -> dict[str, Any]:
    common = {"kind": "image", "sha256": "a" * 64, "width": 100, "height": 80}
    return {"file": file, **common, "faces": [face()], **changes}


def document(*media: dict[str, Any], **changes: Any) -> dict[str, Any]:
    start = {"format": "groupmood-labels", "version": 1, "annotators": ["ann"]}
    return {**start, "media": list(media or [medium()]), **changes}


def written(folder: Path, content: object) -> Path:
    path = folder / "labels.json"
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    path.write_bytes(data)
    return path


def fault(folder: Path, content: object) -> str:
    with pytest.raises(ConfigError) as caught:
        read(written(folder, content))
    message = str(caught.value)
    assert message.startswith(str(folder / "labels.json"))
    return message


def test_a_file_as_it_should_be(tmp_path: Path) -> None:
    labels = read(written(tmp_path, document()))
    assert labels.media[0].faces[0].marks[0].y1 == 2.5
    assert labels.media[0].faces[0].said[0].label == "happiness"


def test_no_media_are_none(tmp_path: Path) -> None:
    assert read(written(tmp_path, document(media=[], annotators=[]))) == LabelFile()


def test_a_mark_of_windows_notepad_does_no_harm(tmp_path: Path) -> None:
    assert read(written(tmp_path, b"\xef\xbb\xbf" + json.dumps(document()).encode())).annotators == ("ann",)


def test_no_file(tmp_path: Path) -> None:
    written(tmp_path, document())
    with pytest.raises(ConfigError, match=r"label\.json does not exist; did you mean .*labels\.json"):
        read(tmp_path / "label.json")
    with pytest.raises(ConfigError, match="is a folder; name the file in it"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "is empty"),
        (b"\xff\xd8\xff\xe0 a picture", "is not JSON"),
        (b"{", "is not JSON"),
        (b'{"format": "groupmood-labels", "version": 1, "version": 2}', "'version' stands twice"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"version": ' + b"9" * 5000 + b"}", "is not JSON"),
        ([], "an object was expected, got list"),
        ({"version": 1}, "'format' should be 'groupmood-labels', got None"),
        ({"images": [], "annotations": []}, "is COCO, no label file; make one with 'python -m tools.labelled import"),
        (document(version=2), "has version 2, this program reads 1: a newer program wrote it; update this one"),
        (document(version=True), "'version' should be 1, got True"),
        (document(version="1"), "'version' should be 1, got '1'"),
    ],
)
def test_what_is_no_label_file(tmp_path: Path, content: object, message: str) -> None:
    assert message in fault(tmp_path, content)


def test_unknown_expressions_are_all_named_with_the_known_ones(tmp_path: Path) -> None:
    joyful = face("f7", said=[{**SAID, "label": "Happy"}])
    bored = face("f8", said=[{**SAID, "label": "bored"}])
    message = fault(tmp_path, document(medium(), medium("b.jpg", faces=[joyful, bored])))
    assert "'Happy' (did you mean 'happiness'?) at media[1] b.jpg, face f7" in message
    assert "'bored' at media[1] b.jpg, face f8" in message
    assert "known: neutral, happiness" in message
    assert "unsure" in message


def test_every_fault_is_told_with_its_place(tmp_path: Path) -> None:
    broken = face("f2", marks=[{"frame": 0, "x1": 9, "y1": 0, "x2": 3, "y2": 9}], ignore="no")
    message = fault(tmp_path, document(medium(), medium("b.jpg", faces=[face(), broken], widht=3), colour="red"))
    lines = message.splitlines()[1:]
    assert any(line.startswith("  media[1] b.jpg, face f2, marks[0]: a box needs x1 < x2") for line in lines)
    assert any(line.startswith("  media[1] b.jpg, face f2, ignore: ") for line in lines)
    assert "  media[1] b.jpg, widht: unknown key; leave it out" in lines
    assert "  colour: unknown key; leave it out" in lines
    assert len(lines) == 4


def test_many_faults_are_cut(tmp_path: Path) -> None:
    media = [medium(f"{number}.jpg", width=-1) for number in range(50)]
    lines = fault(tmp_path, document(*media)).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  and 30 more"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"media": [medium(), medium()]}, "two media have the same file"),
        ({"annotators": []}, "annotators lacks ann"),
        ({"annotators": ["../ann"]}, "annotators[0]"),
        ({"media": [medium("/etc/passwd")]}, "media[0] /etc/passwd, file: a medium is named by its path"),
        ({"media": [medium(faces=[face(), face()])]}, "two faces have the same id"),
        ({"media": [medium(faces=[face(marks=[])])]}, "face f1, marks"),
        ({"media": [medium(sha256="abc")]}, "sha256"),
        ({"media": [medium(width="100")]}, "media[0] crowd.jpg, width: Input should be a valid integer"),
        ({"media": [medium(width=100.5)]}, "media[0] crowd.jpg, width"),
        ({"media": [{"kind": "image"}]}, "media[0], file: Field required"),
        ({"media": 3}, "media: Input should be a valid"),
        ({"media": [3]}, "media[0]: Input should be"),
        ({"media": [medium(faces=[face(marks=[{"x1": float("nan"), "y1": 0, "x2": 1, "y2": 1}])])]}, "marks[0].x1"),
        ({"media": [medium(faces=[face(said=[{**SAID, "frame": 4}])])]}, "face f1 has frame 4, the last one is 0"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    assert message in fault(tmp_path, document(**changes))
