"""Boxes and tracks that detectors propose: they come beside what is there, as one change."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")

from streamer.sources.portraits import COLLINS
from streamer.types import Box
from tests.label_rig import Labelling, Seeing, drawn, grey, labelling, moving, portrait
from tests.media import video
from tests.web_site import until
from tests.weights import weights
from tools.label.detecting import settings_of
from tools.labelled.document import Mark
from tools.labelled.truth import box_at, truths

LEFT, RIGHT = Box(2, 3, 22, 27), Box(40, 10, 60, 34)


@pytest.fixture
def seeing() -> Seeing:
    """The card of the detector that it stands for is asked for its weights all the same."""
    weights("centerface")
    return Seeing(LEFT, RIGHT)


@pytest.fixture
def made(tmp_path: Path, seeing: Seeing) -> Iterator[Labelling]:
    grey(tmp_path / "a.png")
    video(tmp_path / "b.mkv", 10)
    with labelling(tmp_path, detector=seeing) as running:
        yield running


def box_of(mark: Mark) -> Box:
    return Box(mark.x1, mark.y1, mark.x2, mark.y2)


def test_the_face_of_a_portrait(tmp_path: Path) -> None:
    weights("centerface")
    with labelling(portrait(tmp_path / "a.png")) as made:
        assert made.proposed()["state"] == "idle"
        (face,) = made.saved.media[0].faces
        assert box_of(face.marks[0]).iou(COLLINS.face) > 0.6
        assert face.marks[0].by == "centerface"
        assert made.now["media"][0]["unsaid"] == 1
        made.proposed()
        assert len(made.faces()) == 1
        assert made.now["revision"] == 1


def test_auto_finds_it_too(tmp_path: Path) -> None:
    for card in ("centerface", "mediapipe"):
        weights(card)
    with labelling(portrait(tmp_path / "a.png")) as made:
        assert made.proposed(detector="auto")["state"] == "idle"
        assert [face["marks"][0]["by"] for face in made.faces()] == ["auto"]


def test_the_way_of_a_face_through_a_video(tmp_path: Path) -> None:
    """30 frames, 10 a second: a head moves evenly, and is away for a second."""
    weights("centerface")
    shown = [frame < 12 or frame >= 22 for frame in range(30)]
    path = video(tmp_path / "a.mkv", moving(30, shown=shown))
    with labelling(path) as made:
        assert made.proposed()["state"] == "idle"
        medium = made.saved.media[0]
        assert made.now["undo"]
        made.post("/undo", revision=1)
        assert made.faces() == []
    seen = [len(truths(medium, frame)) for frame in range(30)]
    assert seen == [int(one) for one in shown]
    first, last = (truths(medium, frame)[0].box for frame in (0, 11))
    assert last.x1 - first.x1 == pytest.approx(4 * 11, abs=5)
    for face in medium.faces:
        assert len(face.marks) <= 8
        assert all(mark.by == "centerface" for mark in face.marks)


def test_one_frame_of_a_video(made: Labelling) -> None:
    made.proposed(1, frame=4)
    assert [[mark["frame"] for mark in face["marks"]] for face in made.faces(1)] == [[4], [4]]


def test_the_tracks_of_a_whole_video(made: Labelling) -> None:
    made.proposed(1)
    faces = made.saved.media[1].faces
    assert [box_at(face.marks, 9) for face in faces] == [LEFT, RIGHT]
    assert [len(face.marks) for face in faces] == [2, 2]
    assert faces[0].marks[0].frame == 0
    assert made.now["revision"] == 1


def test_faces_that_are_there_stay_as_they_are(made: Labelling) -> None:
    made.edit(do="add", mark=drawn(box=(0, 0, 24, 30)))
    made.edit(do="say", face="f1", frame=0, label="anger")
    (before,) = made.faces()
    made.proposed()
    assert made.faces()[0] == before
    assert [box_of(face.marks[0]) for face in made.saved.media[0].faces[1:]] == [RIGHT]


def test_a_track_of_somebody_who_is_there_is_not_added(made: Labelling) -> None:
    made.edit(1, do="add", mark=drawn(3, (38, 8, 62, 36)))
    (before,) = made.faces(1)
    made.proposed(1)
    assert made.faces(1)[0] == before
    assert [box_at(face.marks, 9) for face in made.saved.media[1].faces[1:]] == [LEFT]


def test_all_of_it_is_one_step_to_undo(made: Labelling) -> None:
    made.edit(do="complete", on=True)
    made.proposed()
    assert (made.now["revision"], len(made.faces())) == (2, 2)
    assert made.post("/undo", revision=2).json["medium"]["faces"] == []
    assert made.saved.media[0].complete


def test_while_it_works_edits_go_on_and_another_has_to_wait(made: Labelling, seeing: Seeing) -> None:
    seeing.go.clear()
    assert made.post("/media/1/proposals", detector="centerface", frame=None).status == 202
    assert seeing.looked.wait(10)
    now = made.now["proposing"]
    assert (now["state"], now["index"], now["total"]) == ("running", 1, 10)
    assert made.post("/media/0/proposals", detector="centerface", frame=None).status == 409
    assert made.edit(1, do="add", mark=drawn(0, (3, 3, 23, 27))).status == 200
    seeing.go.set()
    assert until(lambda: made.now["proposing"]["state"] == "idle")
    assert [face["marks"][0]["by"] for face in made.faces(1)] == ["Ada", "centerface"]


def test_the_progress_is_told(made: Labelling, seeing: Seeing) -> None:
    seeing.go.clear()
    made.post("/media/1/proposals", detector="centerface", frame=None)
    assert seeing.looked.wait(10)
    assert made.now["proposing"]["done"] == 0
    seeing.go.set()
    assert until(lambda: made.now["proposing"]["state"] == "idle")
    assert seeing.calls == 10


def test_it_ends_soon_in_the_middle_of_a_video(tmp_path: Path, seeing: Seeing) -> None:
    path = video(tmp_path / "a.mkv", 200)
    with labelling(path, detector=seeing) as made:
        made.post("/media/0/proposals", detector="centerface", frame=None)
        assert seeing.looked.wait(10)
    assert seeing.calls < 200
    assert seeing.closed == seeing.opened == 1
    assert until(lambda: not [one for one in threading.enumerate() if one.name.startswith(("detecting", "pictures"))])


def test_the_detector_is_opened_used_and_closed_in_one_thread(made: Labelling, seeing: Seeing) -> None:
    made.proposed()
    made.proposed()
    assert (seeing.opened, seeing.closed) == (1, 0)
    assert seeing.thread.startswith("detecting")


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"detector": "centreface", "frame": None}, "did you mean 'centerface'"),
        ({"detector": "centerface", "frame": 10}, "frames 0 to 9"),
        ({"detector": "centerface", "frame": -1}, "frames 0 to 9"),
    ],
)
def test_what_cannot_be_proposed_is_told(made: Labelling, body: dict[str, object], said: str) -> None:
    answer = made.post("/media/1/proposals", **body)
    assert answer.status == 422
    assert said in answer.json["detail"]
    assert made.now["proposing"]["state"] == "idle"


def test_a_video_that_breaks_off_is_told_and_adds_nothing(tmp_path: Path, seeing: Seeing) -> None:
    path = video(tmp_path / "a.mkv", 10)
    with labelling(path, detector=seeing) as made:
        video(path, [np.full((48, 64, 3), 9, np.uint8)] * 4)
        ended = made.proposed()
        assert ended["state"] == "failed"
        assert "changed since" in ended["reason"]
        assert made.faces() == []
        assert made.now["revision"] == 0


class Dying(Seeing):
    def detect(self, _: object) -> tuple[()]:
        raise RuntimeError("engine died at rtsp://user:secret@camera")


def test_an_error_nobody_foresaw_ends_the_proposal_only(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    weights("centerface")
    with labelling(grey(tmp_path / "a.png"), detector=Dying()) as made:
        ended = made.proposed()
        assert (ended["state"], "terminal" in ended["reason"]) == ("failed", True)
        assert made.edit(do="complete", on=True).status == 200
    assert "engine died" in caplog.text
    assert "secret" not in caplog.text


def test_what_cannot_be_saved_is_not_added(made: Labelling) -> None:
    made.file.write_text("{}")
    ended = made.proposed()
    assert ended["state"] == "failed"
    assert "changed by somebody else" in ended["reason"]
    assert made.faces() == []


def test_an_unknown_detector_is_refused_before_anything_opens() -> None:
    with pytest.raises(Exception, match="did you mean 'yunet'"):
        settings_of("yunett")
