"""Labels to other tools' files and from them."""

from __future__ import annotations

import contextlib
import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as Pillow
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from streamer.errors import ConfigError
from tests.data import data
from tests.media import video
from tools.labelled.changing import changed
from tools.labelled.coco import coco
from tools.labelled.coco_import import from_coco
from tools.labelled.dlib_xml import from_dlib
from tools.labelled.document import LabelFile, LabelledFace, Mark, Medium, Said
from tools.labelled.media import medium_of
from tools.labelled.table import table


def picture(path: Path, orientation: int = 1, size: tuple[int, int] = (100, 80)) -> Path:
    exif = Pillow.Exif()
    exif[0x0112] = orientation
    Pillow.new("RGB", size).save(path, exif=exif)
    return path


def said(name: str, label: str, frame: int = 0) -> Said:
    return Said(annotator=name, label=label, frame=frame)


def box(x1: float, y1: float, x2: float, y2: float, frame: int = 0, *, gone: bool = False) -> Mark:
    return Mark(frame=frame, x1=x1, y1=y1, x2=x2, y2=y2, gone=gone)


def labelled(folder: Path) -> LabelFile:
    """A complete picture: a face two agree on, one they do not, one past the edge to be ignored, one outside. A video
    of 6 frames: somebody who moves and is gone from frame 4 on."""
    still, film = medium_of(picture(folder / "a.png"), folder), medium_of(video(folder / "b.mkv", 6), folder)
    agreed = LabelledFace(
        id="f1",
        marks=(box(10, 20, 30.5, 50),),
        said=(said("ann", "fear"), said("bob", "fear")),
        attributes={"glasses": "yes", "age": "old"},
    )
    parted = LabelledFace(id="f2", marks=(box(50, 20, 70, 50),), said=(said("ann", "anger"), said("bob", "fear")))
    edge = LabelledFace(id="f3", marks=(box(-5, 60, 15, 85),), ignore=True)
    outside = LabelledFace(id="f4", marks=(box(200, 0, 220, 9),))
    moving = LabelledFace(
        id="p", marks=(box(0, 0, 20, 20), box(8, 8, 28, 28, 4, gone=True)), said=(said("ann", "happiness", 2),)
    )
    media = (
        changed(still, faces=(agreed, parted, edge, outside), complete=True),
        changed(film, faces=(moving,)),
    )
    return LabelFile(title="two of them", annotators=("ann", "bob"), media=media)


def loaded(path: Path) -> Any:
    with contextlib.redirect_stdout(io.StringIO()):
        return COCO(str(path))


def exported(labels: LabelFile, path: Path) -> Path:
    path.write_text(json.dumps(coco(labels)), "utf-8")
    return path


def test_coco_is_what_the_reference_reader_reads(tmp_path: Path) -> None:
    read = loaded(exported(labelled(tmp_path), tmp_path / "coco.json"))
    images = {image["file_name"]: image["id"] for image in read.loadImgs(read.getImgIds())}
    assert list(images) == ["a.png", "b.mkv#0", "b.mkv#2", "b.mkv#4"]
    assert [one["name"] for one in read.loadCats(read.getCatIds())] == ["face"]
    found = read.loadAnns(read.getAnnIds(imgIds=[images["a.png"]]))
    assert [one["bbox"] for one in found] == [[10, 20, 20.5, 30], [50, 20, 20, 30], [0, 60, 15, 20]]
    assert [one["iscrowd"] for one in found] == [0, 0, 1]
    assert [one["area"] for one in found] == [615, 600, 300]
    assert found[0]["attributes"] == {"glasses": "yes", "age": "old", "expression": "fear"}
    assert found[1]["attributes"] == {"expression": "unsure"}
    assert found[1]["said"] == {"ann": "anger", "bob": "fear"}
    assert found[2]["attributes"] == {}
    shown = {name: read.loadAnns(read.getAnnIds(imgIds=[number])) for name, number in images.items()}
    assert [one["attributes"] for one in shown["b.mkv#0"]] == [{}]
    assert [one["attributes"] for one in shown["b.mkv#2"]] == [{"expression": "happiness"}]
    assert shown["b.mkv#4"] == []


def test_coco_can_be_scored_by_the_reference(tmp_path: Path) -> None:
    truth = loaded(exported(labelled(tmp_path), tmp_path / "coco.json"))
    found = [{"image_id": 1, "category_id": 1, "bbox": [10, 20, 20, 30], "score": 0.9}]
    with contextlib.redirect_stdout(io.StringIO()):
        scored = COCOeval(truth, truth.loadRes(found), "bbox")
        scored.params.imgIds = [1]
        scored.evaluate()
        scored.accumulate()
    assert np.max(scored.eval["recall"]) == 0.5  # one of two, the ignored one counts for nothing


def test_what_was_exported_can_be_imported(tmp_path: Path) -> None:
    labels = labelled(tmp_path)
    stills = changed(labels, media=labels.media[:1])
    back = from_coco(exported(stills, tmp_path / "coco.json"), tmp_path)
    here, there = stills.media[0], back.media[0]
    assert back.annotators == ("ann", "bob")
    assert (there.file, there.sha256, there.complete) == ("a.png", here.sha256, True)
    assert [face.said for face in there.faces] == [face.said for face in here.faces[:3]]
    assert [face.attributes for face in there.faces] == [face.attributes for face in here.faces[:3]]
    assert [face.ignore for face in there.faces] == [False, False, True]
    assert there.faces[2].marks[0] == Mark(x1=0, y1=60, x2=15, y2=80, by="coco")  # cut at the edge
    with pytest.raises(ConfigError, match=r"b\.mkv#0 is a frame of a video, and only pictures are imported"):
        from_coco(exported(labels, tmp_path / "coco.json"), tmp_path)


def foreign(folder: Path, **changes: Any) -> Path:
    picture(folder / "a.png")
    document: dict[str, Any] = {
        "images": [{"id": "x", "file_name": "a.png", "width": 100, "height": 80, "license": 3}],
        "annotations": [
            {"id": 1, "image_id": "x", "category_id": 5, "bbox": [1, 2, 30, 40], "attributes": {"occluded": True}},
            {"id": 2, "image_id": "x", "category_id": 7, "bbox": [50, 2, 9, 9], "iscrowd": 1},
            {"id": 3, "image_id": "x", "category_id": 9, "bbox": [50, 2, 9, 9]},
        ],
        "categories": [{"id": 5, "name": "Happy"}, {"id": 7, "name": "face"}, {"id": 9, "name": "dog"}],
    }
    path = folder / "foreign.json"
    path.write_text(json.dumps({**document, **changes}))
    return path


def test_coco_of_another_tool(tmp_path: Path) -> None:
    path = foreign(tmp_path)
    labels = from_coco(path, tmp_path, "eve")
    one, two = labels.media[0].faces
    assert one.said == (said("eve", "happiness"),)
    assert one.attributes == {"occluded": "yes"}
    assert one.marks == (Mark(x1=1, y1=2, x2=31, y2=42, by="coco"),)
    assert (two.ignore, two.said) == (True, ())
    assert not labels.media[0].complete
    assert from_coco(path, tmp_path, complete=True).media[0].complete


NO_BOX = {"id": 1, "image_id": "x", "category_id": 7}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"categories": [{"id": 9, "name": "dog"}]}, "has no category 'face' or of an expression; it has 'dog'"),
        ({"annotations": [NO_BOX]}, r"is no COCO detection JSON: annotations\.0\.bbox: Field required"),
        ({"annotations": [{**NO_BOX, "image_id": 4, "bbox": [1, 1, 1, 1]}]}, "annotation 0 is of image 4"),
        (
            {"annotations": [{**NO_BOX, "bbox": [100, 0, 5, 5]}]},
            r"a\.png: the box 100, 0, 105, 5 .* outside the picture",
        ),
        ({"annotations": [{**NO_BOX, "bbox": [1, 1, 0, 5]}]}, "is empty or lies outside"),
        ({"annotations": [{**NO_BOX, "bbox": [1, 1, 5, 5], "said": {"e": "bored"}}]}, "unknown expression 'bored'"),
        ({"annotations": [{**NO_BOX, "bbox": [1, 1, 5, 5], "attributes": {"a": "x" * 99}}]}, r"a\.png: attributes"),
        (
            {"images": [{"id": "x", "file_name": "none.png"}]},
            "a picture that has boxes cannot be read: .*does not exist",
        ),
        ({"images": [{"id": "x", "file_name": "a.png", "width": 50, "height": 40}]}, "50 × 40 pixels, the picture has"),
        ({"images": [{"id": n, "file_name": "a.png"} for n in "xy"]}, "two media have the same file"),
    ],
)
def test_coco_that_cannot_be_imported(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_coco(foreign(tmp_path, **changes), tmp_path)


def test_a_line_for_each_face_frame_and_annotator(tmp_path: Path) -> None:
    lines = list(csv.DictReader(io.StringIO(table(labelled(tmp_path)))))
    assert [(one["face"], one["frame"], one["annotator"], one["label"]) for one in lines] == [
        ("f1", "0", "ann", "fear"),
        ("f1", "0", "bob", "fear"),
        ("f2", "0", "ann", "anger"),
        ("f2", "0", "bob", "fear"),
        ("f3", "0", "", ""),
        ("f4", "0", "", ""),
        ("p", "0", "", ""),
        ("p", "2", "ann", "happiness"),
        ("p", "4", "ann", "happiness"),
    ]
    assert lines[0]["attributes"] == "age=old;glasses=yes"
    assert [lines[0][side] for side in ("x1", "y1", "x2", "y2")] == ["10", "20", "30.5", "50"]
    assert [one["ignore"] for one in lines[3:6]] == ["no", "yes", "no"]
    assert (lines[7]["file"], lines[7]["seconds"], lines[7]["x1"]) == ("b.mkv", "0.200", "0")
    assert (lines[8]["seconds"], lines[8]["x1"]) == ("0.400", "")  # gone
    assert lines[0]["seconds"] == ""


def test_a_table_of_nothing_has_its_head() -> None:
    assert table(LabelFile()).count("\n") == 1


XML = """<?xml version='1.0' encoding='ISO-8859-1'?>
<dataset><name>N</name><images>
  <image file='a.png' width='100' height='80'>
    <box top='2' left='1' width='30' height='40'/>
    <box top='5' left='-3' width='20' height='20' ignore='1'><label>blurred</label></box>
  </image>
  <image file='b.jpg'/>
</images></dataset>"""


def xml(folder: Path, text: str = XML, orientation: int = 1) -> Path:
    picture(folder / "a.png")
    picture(folder / "b.jpg", orientation)
    path = folder / "boxes.xml"
    path.write_text(text, "latin-1")
    return path


def test_boxes_of_imglab(tmp_path: Path) -> None:
    labels = from_dlib(xml(tmp_path), tmp_path / "labels")
    assert [medium.file for medium in labels.media] == ["../a.png", "../b.jpg"]
    assert all(medium.complete for medium in labels.media)
    one, two = labels.media[0].faces
    assert one.marks == (Mark(x1=1, y1=2, x2=31, y2=42, by="imglab"),)
    assert (one.ignore, two.ignore, two.marks[0].x1) == (False, True, -3)
    assert labels.media[1].faces == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</images>", "", "is not XML"),
        ("dataset", "html", "is no file of imglab: <dataset> with <images> was expected, got <html>"),
        ("width='30'", "", r"a\.png: <box> needs a whole number as width, got ''"),
        ("width='30'", "width='0'", "is empty or lies outside"),
        ("ignore='1'", "ignore='yes'", "ignore must be 0 or 1, got 'yes'"),
        ("file='b.jpg'", "", "an <image> has no 'file'"),
        ("b.jpg", "c.jpg", r"cannot be read: .*c\.jpg does not exist"),
        ("width='100'", "width='101'", r"a\.png: the boxes are for 101 × 80 pixels"),
    ],
)
def test_xml_that_cannot_be_imported(tmp_path: Path, old: str, new: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_dlib(xml(tmp_path, XML.replace(old, new)), tmp_path)


def sized(width: int, height: int) -> str:
    return XML.replace("<image file='b.jpg'/>", f"<image file='b.jpg' width='{width}' height='{height}'/>")


@pytest.mark.parametrize(("text", "orientation"), [(XML, 6), (sized(100, 80), 6), (sized(100, 80), 3)])
def test_boxes_in_a_turned_picture_are_not_guessed(tmp_path: Path, text: str, orientation: int) -> None:
    """Drawn in the picture as it is stored they would be elsewhere in the upright one."""
    with pytest.raises(ConfigError, match=r"b\.jpg is stored turned"):
        from_dlib(xml(tmp_path, text, orientation), tmp_path)


def test_boxes_in_a_picture_that_was_shown_upright(tmp_path: Path) -> None:
    medium = from_dlib(xml(tmp_path, sized(80, 100), 6), tmp_path).media[1]
    assert (medium.width, medium.height) == (80, 100)
    still = LabelFile(media=(medium_of(picture(tmp_path / "c.jpg", 3), tmp_path),))
    assert from_coco(exported(still, tmp_path / "c.json"), tmp_path).media == still.media  # our own are


def test_the_boxes_at_hand() -> None:
    path = data("faces/training.xml")
    labels = from_dlib(path, path.parent)
    assert [len(medium.faces) for medium in labels.media] == [7, 6, 2, 3]
    assert Medium.model_validate(labels.media[0].model_dump()).faces[0].marks[0].x1 == 194
