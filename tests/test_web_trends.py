"""How a room changed, what came after its marks, who moved before whom, and its report, as the server tells them."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")

from streamer.occurrences import mark
from streamer.timeline.rows import PersonSecond, Row, Second
from streamer.web.reports import file_name
from streamer.web.server import WebServer
from streamer.web.site import Access
from streamer.web.trends import FOLLOWED, MARKS, lettered
from tests.kept_rooms import DAY, YEAR, a_year, keep, mood_at, run, sitting
from tests.page_state import page_site
from tests.slow_rooms import slow
from tests.web_site import ADMIN, TOKENS, VIEWER, ask, bearer, serving

ROOM = "/api/v1/rooms/Seminar"
END = 1_763_900_000
LENGTH = 5400
BEGIN = END - LENGTH
FELL, ROSE = BEGIN + 1800, BEGIN + 4200


def changing(begin: int = BEGIN, name: str = "run") -> list[Row]:
    """A room that falls by 0.3 half an hour in, and rises as much 20 minutes before its end."""
    random = np.random.default_rng(4)
    values = 0.2 + 0.05 * slow(random, 1, LENGTH, 10)[0]
    values[FELL - BEGIN : ROSE - BEGIN] -= 0.3
    mood = mood_at(0)
    return [
        Second("Seminar", begin + at, name, replace(mood, valence=value, interval=(value - 0.1, value + 0.1)))
        for at, value in enumerate(values.tolist())
    ]


def people(lag: int = 2) -> list[Row]:
    """Three in the last 40 minutes: ``q`` does what ``p`` did, the third has nothing to do with them."""
    random = np.random.default_rng(5)
    shared, other = 0.2 * slow(random, 2, 2400 + lag, 5)
    return [
        PersonSecond("Seminar", END - 2400 + at, name, "neutral", 0.9, float(np.clip(value, -1, 1)), 1.0)
        for at in range(2400)
        for name, value in (("p", shared[at + lag]), ("q", shared[at]), ("s", other[at]))
    ]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("kept") / "timeline.sqlite"
    marks = [
        mark("Seminar", at, text) for at, text in ((FELL - 3, "slide 7"), (BEGIN + 900, "coffee"), (END - 5, "end"))
    ]
    keep(path, [run(BEGIN, "self"), *changing(), *people(), *marks])
    return path


@pytest.fixture(scope="module")
def server(kept: Path) -> Iterator[WebServer]:
    with serving(page_site(timeline=kept, purpose="self")) as running:
        yield running


def told(server: WebServer, path: str) -> Any:
    answer = ask(server, f"{ROOM}{path}")
    assert answer.status == 200, answer.text
    return answer.json


def test_changes_are_told_with_the_times_between_which_they_lie(server: WebServer) -> None:
    found = told(server, "/trends")
    assert (found["begin"], found["end"], found["width"]) == (BEGIN, END, 10)
    fell, rose = found["changes"]
    assert (fell["size"], rose["size"]) == (pytest.approx(-0.3, abs=0.05), pytest.approx(0.3, abs=0.05))
    assert fell["size"] == pytest.approx(fell["after"] - fell["before"])
    assert fell["earliest"] <= FELL <= fell["latest"]
    assert rose["earliest"] <= ROSE <= rose["latest"]
    assert fell["latest"] - fell["earliest"] < 120
    assert fell["seconds"] == pytest.approx(2400, abs=30)
    assert fell["confidence"] >= 0.98


def test_what_followed_a_mark_is_told_with_chance(server: WebServer) -> None:
    found = told(server, "/trends")
    assert (found["window"], found["around"], found["left_out"]) == (120, 3600, 0)
    coffee, slide, end = found["aftermaths"]
    assert (slide["text"], slide["utc"]) == ("slide 7", "2025-11-23T11:13:17.000Z")
    assert slide["change"]["value"] == pytest.approx(-0.3, abs=0.05)
    assert slide["change"]["low"] < slide["change"]["value"] < slide["change"]["high"] < 0
    assert slide["changed"]
    assert slide["p"] <= 0.05
    assert slide["half"] <= 10
    assert not coffee["changed"]
    assert coffee["p"] > 0.05
    assert (end["change"], end["p"], end["changed"]) == (None, None, False)
    near = told(server, f"/trends?from={FELL - 60}&to={FELL + 60}")
    assert near["aftermaths"] == [slide]  # whatever a page shows beside it
    assert near["changes"] == []  # too little to know


def test_marks_near_each_other_are_named_and_the_newest_are_told(tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    marks = [mark("Seminar", BEGIN + 60 * index, f"slide {index}") for index in range(MARKS + 5)]
    keep(path, [run(BEGIN), *sitting("Seminar", BEGIN, 1800), *marks])
    with serving(page_site(timeline=path)) as server:
        found = told(server, "/trends")
    assert [one["text"] for one in found["aftermaths"]] == [f"slide {index}" for index in range(5, MARKS + 5)]
    assert found["left_out"] == 5
    assert set(found["aftermaths"][0]["overlaps"]) == {f"slide {index}" for index in (2, 3, 4, 6, 7, 8)}


def test_nothing_of_another_purpose_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    later: list[Row] = [run(END + 1000, "audience", "new"), *sitting("Seminar", END + 1000, 900, name="new")]
    keep(path, [run(BEGIN, "self"), *changing(), *people(), mark("Seminar", FELL, "slide 7"), *later])
    reports: list[tuple[int, int]] = []

    def report(room: str, begin: int, end: int) -> str:
        reports.append((begin, end))
        return room

    whole = f"?from={BEGIN}&to={END + DAY}"
    with serving(page_site(timeline=path, report=report)) as server:
        found = told(server, f"/trends{whole}")
        assert all(one["utc"] >= END + 1000 for one in found["changes"])
        assert found["aftermaths"] == []
        assert ask(server, f"{ROOM}/report{whole}").status == 200
        assert ask(server, f"{ROOM}/report?from={BEGIN}&to={END}").status == 404
    assert reports == [(END + 1000, END + DAY)]
    with serving(page_site(timeline=path, purpose="self")) as server:
        assert told(server, f"/followings?from={END - 2400}&to={END}")["people"] == 0


def test_where_no_emotion_is_inferred_there_is_none(kept: Path) -> None:
    with serving(page_site(timeline=kept, purpose="expressions_only")) as server:
        assert ask(server, f"{ROOM}/trends").status == 409
        assert ask(server, f"{ROOM}/followings").status == 409


@pytest.mark.parametrize("path", ["trends", "followings", "report"])
def test_what_cannot_be_told_is_refused(kept: Path, path: str) -> None:
    changes: dict[str, Any] = {"purpose": "self", "report": lambda *_: ""}
    with serving(page_site(timeline=kept, **changes)) as server:
        for wrong in ("from=20&to=10", "from=0&to=5000000000", "from=yesterday"):
            assert ask(server, f"{ROOM}/{path}?{wrong}").status == 400
        assert ask(server, f"/api/v1/rooms/Cellar/{path}").status == 404
    with serving(page_site(**changes)) as server:
        assert "timeline: {enabled: true}" in ask(server, f"{ROOM}/{path}").json["detail"]


def test_who_moved_before_whom_is_told_without_names(server: WebServer) -> None:
    found = told(server, f"/followings?from={END - 2400}&to={END}")
    assert (found["status"], found["people"], found["pairs"]) == ("exploratory", 3, 3)
    first = found["followings"][0]
    assert (first["first"], first["second"], first["lag"], first["above_chance"]) == ("A", "B", 2, True)
    assert not any(one["above_chance"] for one in found["followings"][1:])
    assert ask(server, f"{ROOM}/followings?from={END - FOLLOWED - 1}&to={END}").status == 400


def test_it_is_told_to_who_runs_it_for_purposes_that_look_at_single_people(kept: Path) -> None:
    path = f"{ROOM}/followings?from={END - 600}&to={END}"
    with serving(page_site(timeline=kept, purpose="self", access=Access(tokens=TOKENS))) as server:
        assert ask(server, path, headers=bearer(VIEWER)).status == 403
        assert ask(server, path, headers=bearer(ADMIN)).status == 200
    for purpose in ("audience", "medical_safety", "research"):
        with serving(page_site(timeline=kept, purpose=purpose)) as server:
            answer = ask(server, path)
            assert answer.status == 409
            assert "the purpose self only" in answer.json["detail"]


def test_letters_go_on_behind_z() -> None:
    letters = lettered()
    found = [next(letters) for _ in range(28)]
    assert [found[0], found[25], found[26], found[27]] == ["A", "Z", "AA", "AB"]


def test_a_report_comes_as_a_file(kept: Path) -> None:
    asked: list[tuple[str, int, int]] = []

    def report(room: str, begin: int, end: int) -> str:
        asked.append((room, begin, end))
        return "<!doctype html><title>Größe</title>"

    with serving(page_site(timeline=kept, purpose="self", report=report)) as server:
        answer = ask(server, f"{ROOM}/report?from={FELL}&to={ROSE}")
        ask(server, f"{ROOM}/report")
    assert answer.status == 200
    assert answer.text == "<!doctype html><title>Größe</title>"
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="groupmood-Seminar-2025-11-23.html"'
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert asked == [("Seminar", FELL, ROSE), ("Seminar", BEGIN, END)]


def test_without_one_it_says_how_to_make_it(server: WebServer) -> None:
    answer = ask(server, f"{ROOM}/report")
    assert answer.status == 404
    assert "groupmood report" in answer.json["detail"]


@pytest.mark.parametrize(
    ("room", "name"),
    [
        ("Seminar", "groupmood-Seminar-2025-11-23.html"),
        ('a"b\r\nX: y/../c', "groupmood-a-b-X-y-c-2025-11-23.html"),
        ("教室", "groupmood-room-2025-11-23.html"),
    ],
)
def test_the_file_has_a_name_that_every_system_takes(room: str, name: str) -> None:
    assert file_name(room, END) == name


def test_reports_are_made_one_at_a_time_and_hold_nobody_up(kept: Path) -> None:
    begun, go = threading.Semaphore(0), threading.Event()
    running, most = 0, 0
    lock = threading.Lock()

    def report(room: str, begin: int, end: int) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        begun.release()
        assert go.wait(10)
        with lock:
            running -= 1
        return f"{room} {begin} {end}"

    site = page_site(timeline=kept, purpose="self", report=report)
    with serving(site) as server, ThreadPoolExecutor(6) as visitors:
        answers = [visitors.submit(ask, server, f"{ROOM}/report") for _ in range(6)]
        assert begun.acquire(timeout=10)
        assert told(server, "/timeline")["first"] == BEGIN
        assert told(server, f"/trends?from={FELL}&to={FELL + 60}")["aftermaths"] == []
        go.set()
        statuses = sorted(one.result(10).status for one in answers)
    assert most == 1
    assert set(statuses) <= {200, 503}  # four wait or are made at most
    assert statuses[0] == 200


def test_of_a_year_it_is_told_soon_and_the_year_itself_at_once(tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    begin = a_year(path)
    keep(path, [mark("Seminar", begin + DAY * index + 40_000, f"day {index}") for index in range(60)])
    whole = f"?from={begin}&to={begin + YEAR}"
    with serving(page_site(timeline=path)) as server, ThreadPoolExecutor(2) as visitors:
        told(server, f"/timeline{whole}")
        studies = [visitors.submit(told, server, f"/trends{whole}") for _ in range(2)]
        started = time.monotonic()
        told(server, f"/timeline{whole}")
        took = time.monotonic() - started
        found = [one.result(60) for one in studies]
    assert took < 2
    assert found[0] == found[1]
    assert len(found[0]["aftermaths"]) == MARKS
    assert found[0]["left_out"] == 40
