"""The labelling server as its page and strangers meet it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

import cv2
import numpy as np
import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")

from streamer.web.routing import Route
from tests.label_rig import LABEL, TOKEN, Labelling, drawn, grey, labelling, write
from tests.media import level, turned, video
from tests.web_site import ask, bearer
from tools.label.api import ROUTES
from tools.label.pages import files
from tools.labelled.document import LabelFile
from tools.labelled.truth import truths


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def path_of(route: Route) -> str:
    path = route.path.replace("{index:[0-9]{1,9}}", "0").replace("{frame:[0-9]{1,9}}", "0")
    own = next(iter(files()), "css/label.css")
    return path.replace("{path:.+}", own if path.startswith("/label/") else "css/base.css")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Labelling]:
    with labelling(grey(tmp_path_factory.mktemp("served") / "a.png")) as running:
        yield running


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Labelling]:
    """A picture and a video."""
    grey(tmp_path / "a.png")
    video(tmp_path / "b.mkv", 10)
    with labelling(tmp_path) as running:
        yield running


@pytest.mark.parametrize("route", ROUTES, ids=name)
@pytest.mark.parametrize("headers", [{}, bearer(TOKEN)], ids=["stranger", "admin"])
def test_who_gets_in(served: Labelling, route: Route, headers: Mapping[str, str]) -> None:
    status = ask(served.server, path_of(route), route.method, headers=headers).status
    if route.role == "anyone" or headers:
        assert status not in (401, 403, 421, 429, 500)
    else:
        assert status == 401


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_another_sites_page_gets_nothing_even_with_the_token(served: Labelling, route: Route) -> None:
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    assert ask(served.server, path_of(route), route.method, headers=bearer(TOKEN) | foreign).status == 403
    assert ask(served.server, path_of(route), route.method, headers={"Host": "evil.example"}).status == 421


@pytest.mark.parametrize("route", [one for one in ROUTES if one.method == "POST"], ids=name)
def test_what_changes_something_must_come_from_the_page(served: Labelling, route: Route) -> None:
    for origin in ("null", "http://localhost:1", "https://evil.example"):
        headers = bearer(TOKEN) | {"Origin": origin}
        assert ask(served.server, path_of(route), route.method, headers=headers).status == 403


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_every_answer_is_closed_to_what_it_does_not_need(served: Labelling, route: Route) -> None:
    headers = ask(served.server, path_of(route), route.method, headers=bearer(TOKEN)).headers
    assert headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self';")
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in headers


def test_only_the_page_the_files_and_the_sign_in_are_for_anyone() -> None:
    assert {name(route) for route in ROUTES if route.role == "anyone"} == {
        "GET /",
        "GET /label/{path:.+}",
        "GET /static/{path:.+}",
        "GET /api/v1/session",
        "POST /api/v1/session",
        "DELETE /api/v1/session",
    }


def test_nothing_of_the_live_pages_is_here(served: Labelling) -> None:
    for path in ("/meeting", "/api/v1/rooms", "/metrics", "/livez"):
        assert ask(served.server, path, headers=bearer(TOKEN) | {"Accept": "text/html"}).status == 404


def test_the_token_becomes_a_cookie_which_alone_changes_nothing(two: Labelling) -> None:
    answer = ask(two.server, "/api/v1/session", "POST", body={"token": TOKEN})
    cookie = {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}
    assert answer.json["role"] == "admin"
    assert ask(two.server, LABEL, headers=cookie).status == 200
    body = {"revision": 0, "edit": {"do": "complete", "on": True}}
    assert ask(two.server, f"{LABEL}/media/0/edits", "POST", headers=cookie, body=body).status == 403
    own = cookie | {"Origin": two.server.url, "Sec-Fetch-Site": "same-origin"}
    assert ask(two.server, f"{LABEL}/media/0/edits", "POST", headers=own, body=body).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/label/../api.py",
        "/label/..%2fapi.py",
        "/label/%2e%2e/%2e%2e/label/api.py",
        "/label//etc/passwd",
        "/label/label.html/../../api.py",
        "/static/../../../tools/label/api.py",
        "/static/..%2fpages.py",
        f"{LABEL}/media/..%2f..%2flabels.json",
        f"{LABEL}/media/0/frames/..%2f..%2f0.jpg",
        f"{LABEL}/media/-1",
        f"{LABEL}/media/1",
        f"{LABEL}/media/{'9' * 5000}",
        f"{LABEL}/media/0/frames/1.jpg",
        f"{LABEL}/media/0/frames/-1.jpg",
        "/labels.json",
        "/a.png",
    ],
)
def test_nothing_else_can_be_had(served: Labelling, path: str) -> None:
    assert ask(served.server, path, headers=bearer(TOKEN)).status == 404


def test_the_page_and_its_files_come_with_their_type(served: Labelling) -> None:
    answer = ask(served.server, "/")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    for path, file in files().items():
        assert ask(served.server, f"/label/{path}").body == file.read_bytes()


def test_the_overview(two: Labelling) -> None:
    now = two.now
    assert (now["revision"], now["annotator"], now["annotators"]) == (0, "Ada", ["Ada"])
    assert now["file"] == str(two.file)
    assert now["labels"][-1] == "unsure"
    assert len(now["labels"]) == 9
    assert set(now["hidden"]) < set(now["labels"])
    assert now["detector"] in now["detectors"]
    assert now["proposing"] == {"state": "idle", "index": 0, "done": 0, "total": 0, "reason": ""}
    picture, clip = now["media"]
    assert picture == {
        "index": 0, "file": "a.png", "kind": "image", "width": 64, "height": 48, "frames": 1, "fps": 0.0,
        "complete": False, "faces": 0, "unsaid": 0, "fault": "",
    }  # fmt: skip
    assert (clip["kind"], clip["frames"], clip["fps"]) == ("video", 10, 10.0)


def test_edits_go_to_the_file_at_once(two: Labelling) -> None:
    answer = two.edit(do="add", mark=drawn())
    assert (answer.status, answer.json["revision"]) == (200, 1)
    (face,) = answer.json["medium"]["faces"]
    assert two.now["media"][0]["unsaid"] == 1
    two.edit(do="say", face=face["id"], frame=0, label="happiness")
    two.edit(do="attribute", face=face["id"], name="glasses", value="yes")
    two.edit(do="complete", on=True)
    saved = two.saved.media[0]
    assert saved.complete
    assert saved.faces[0].attributes == {"glasses": "yes"}
    assert [(one.annotator, one.label) for one in saved.faces[0].said] == [("Ada", "happiness")]
    assert saved.faces[0].marks[0].by == "Ada"
    assert two.faces() == [saved.faces[0].model_dump(mode="json")]
    assert (two.now["media"][0]["faces"], two.now["media"][0]["unsaid"]) == (1, 0)


def test_who_is_ignored_waits_for_no_word(two: Labelling) -> None:
    two.edit(do="add", mark=drawn())
    two.edit(do="ignore", face=two.faces()[0]["id"], on=True)
    assert (two.now["media"][0]["faces"], two.now["media"][0]["unsaid"]) == (1, 0)


def test_a_face_on_its_way_through_a_video(two: Labelling) -> None:
    two.edit(1, do="add", mark=drawn(1, (0, 0, 10, 10)))
    face = two.faces(1)[0]["id"]
    two.edit(1, do="move", face=face, mark=drawn(5, (20, 0, 30, 10)))
    two.edit(1, do="gone", face=face, frame=8)
    shown = [frame for frame in range(10) if truths(two.saved.media[1], frame)]
    assert shown == [1, 2, 3, 4, 5, 6, 7]


def test_who_has_not_seen_the_newest_state_changes_nothing(two: Labelling) -> None:
    two.edit(do="add", mark=drawn())
    for answer in (
        two.edit(revision=0, do="complete", on=True),
        two.post("/undo", revision=0),
        two.post("/redo", revision=0),
        two.edit(revision=2, do="complete", on=True),
    ):
        assert answer.status == 409
        assert "changed since" in answer.json["detail"]
    assert not two.saved.media[0].complete
    assert two.now["revision"] == 1


def test_undo_and_redo_reach_the_file(two: Labelling) -> None:
    assert two.post("/undo", revision=0).status == 409
    two.edit(1, do="add", mark=drawn(3))
    assert (two.now["undo"], two.now["redo"]) == (True, False)
    back = two.post("/undo", revision=1).json
    assert (back["revision"], back["index"], back["medium"]["faces"]) == (2, 1, [])
    assert two.saved.media[1].faces == ()
    assert (two.now["undo"], two.now["redo"]) == (False, True)
    again = two.post("/redo", revision=2).json
    assert (again["revision"], len(again["medium"]["faces"])) == (3, 1)
    assert len(two.saved.media[1].faces) == 1
    assert two.post("/redo", revision=3).status == 409


@pytest.mark.parametrize(
    ("edit", "said"),
    [
        ({"do": "dance"}, "do"),
        ({"do": "add", "mark": drawn(box=(9, 9, 2, 2))}, "x1 < x2"),
        ({"do": "add", "mark": drawn(1)}, "frames 0 to 0"),
        ({"do": "remove", "face": "f9"}, "no face 'f9'"),
        ({"do": "say", "face": "f1", "frame": 0, "label": "hapiness"}, "did you mean 'happiness'"),
    ],
)
def test_a_senseless_edit_is_told_and_not_done(two: Labelling, edit: dict[str, object], said: str) -> None:
    answer = two.post("/media/0/edits", revision=0, edit=edit)
    assert answer.status == 422
    assert said in answer.json["detail"]
    assert two.now["revision"] == 0


def test_a_body_that_is_none_is_refused(two: Labelling) -> None:
    for body in ("", "[]", '{"revision": 0}', '{"revision": 0, "edit": []}', '{"revision": "x", "edit": {}}'):
        headers = bearer(TOKEN) | {"Content-Type": "application/json"}
        assert ask(two.server, f"{LABEL}/media/0/edits", "POST", headers=headers, body=body).status == 400


def test_what_somebody_else_wrote_is_left_and_the_edit_not_done(two: Labelling) -> None:
    other = two.file.read_text().replace('"title": ""', '"title": "mine"')
    two.file.write_text(other)
    answer = two.edit(do="complete", on=True)
    assert answer.status == 507
    assert "changed by somebody else" in answer.json["detail"]
    assert two.file.read_text() == other
    assert (two.now["revision"], two.now["media"][0]["complete"], two.now["undo"]) == (0, False, False)


def test_where_nothing_can_be_written_nothing_is_done(two: Labelling) -> None:
    two.edit(do="add", mark=drawn())
    shutil.rmtree(two.file.parent)
    assert two.edit(do="add", mark=drawn()).status == 507
    assert two.post("/undo", revision=1).status == 507
    now = two.now
    assert (now["revision"], now["media"][0]["faces"], now["undo"], now["redo"]) == (1, 1, True, False)
    two.file.parent.mkdir()
    assert two.post("/undo", revision=1).status == 200
    assert two.saved.media[0].faces == ()


def test_the_labels_are_for_this_user_alone(two: Labelling) -> None:
    two.edit(do="complete", on=True)
    assert two.file.stat().st_mode & 0o077 == 0


def test_pictures_come_whole_and_are_known_again(tmp_path: Path) -> None:
    path = write(tmp_path / "a.png", np.tile(np.arange(0, 240, dtype=np.uint8)[None, :, None], (100, 1, 3)))
    with labelling(path) as made:
        answer = made.get("/media/0/frames/0.jpg")
        shown = cv2.imdecode(np.frombuffer(answer.body, np.uint8), cv2.IMREAD_COLOR)
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert answer.headers["Cache-Control"].startswith("private")
        assert hashlib.sha256(path.read_bytes()).hexdigest()[:32] in answer.headers["Etag"]
        again = ask(
            made.server,
            f"{LABEL}/media/0/frames/0.jpg",
            headers=bearer(TOKEN) | {"If-None-Match": answer.headers["Etag"]},
        )
    assert shown is not None
    assert shown.shape == (100, 240, 3)
    assert np.abs(shown.astype(int) - cv2.imread(str(path)).astype(int)).mean() < 2
    assert (again.status, again.body) == (304, b"")


def test_each_frame_of_a_video_in_any_order(two: Labelling) -> None:
    for frame in (7, 2, 9, 0, 2):
        data = two.get(f"/media/1/frames/{frame}.jpg").body
        shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        assert shown is not None
        assert abs(float(shown.mean()) - level(frame)) < 4


def test_a_video_held_upright_is_shown_upright(tmp_path: Path) -> None:
    plain = video(tmp_path / "plain.mp4", 3, codec="mpeg4")
    path = turned(tmp_path / "turned.mp4", plain)
    with labelling(path) as made:
        medium = made.now["media"][0]
        shown = cv2.imdecode(np.frombuffer(made.get("/media/0/frames/1.jpg").body, np.uint8), cv2.IMREAD_COLOR)
    assert (medium["width"], medium["height"]) == (48, 64)
    assert shown is not None
    assert shown.shape[:2] == (64, 48)


def test_several_annotators_share_a_file(tmp_path: Path) -> None:
    path = grey(tmp_path / "a.png")
    with labelling(path, annotator="Ada") as made:
        made.edit(do="add", mark=drawn())
        made.edit(do="say", face=made.faces()[0]["id"], frame=0, label="neutral")
    with labelling(path, annotator="Ben") as made:
        assert made.now["annotators"] == ["Ada", "Ben"]
        assert made.now["media"][0]["unsaid"] == 1
        made.edit(do="say", face=made.faces()[0]["id"], frame=0, label="unsure")
        said = made.saved.media[0].faces[0].said
    assert {(one.annotator, one.label) for one in said} == {("Ada", "neutral"), ("Ben", "unsure")}


def test_what_is_missing_or_changed_is_listed_and_its_labels_are_left(tmp_path: Path) -> None:
    for one in ("a.png", "b.png", "c.png"):
        grey(tmp_path / one)
    with labelling(tmp_path) as made:
        for index in range(3):
            made.edit(index, do="add", mark=drawn())
        before = made.saved
    (tmp_path / "a.png").unlink()
    grey(tmp_path / "b.png", level=10)
    grey(tmp_path / "d.png")
    with labelling(tmp_path) as made:
        faults = {one["file"]: one["fault"] for one in made.now["media"]}
        assert "does not exist" in faults["a.png"]
        assert "changed since" in faults["b.png"]
        assert (faults["c.png"], faults["d.png"]) == ("", "")
        for index in (0, 1):
            assert made.get(f"/media/{index}").json["medium"]["faces"]
            assert made.get(f"/media/{index}/frames/0.jpg").status == 404
            assert made.edit(index, do="complete", on=True).status == 422
            assert made.post(f"/media/{index}/proposals", detector="auto", frame=None).status == 422
        assert made.edit(3, do="add", mark=drawn()).status == 200
        after: LabelFile = made.saved
    assert after.media[:3] == before.media


def test_a_picture_that_is_changed_meanwhile_is_not_shown(two: Labelling) -> None:
    grey(two.file.parent / "a.png", level=5)
    answer = two.get("/media/0/frames/0.jpg")
    assert answer.status == 422
    assert "changed since" in answer.json["detail"]
