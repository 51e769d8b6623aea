"""What is kept of a room, as the server tells it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")

from streamer.errors import SinkError
from streamer.occurrences import Mark, mark, past_moment
from streamer.timeline.rows import Row, RunBegan
from streamer.web.archive import since
from streamer.web.server import WebServer
from streamer.web.site import Access, Site
from streamer.web.timeline import OCCURRENCES
from tests.kept_rooms import DAY, YEAR, a_year, keep, run, sitting, two_sittings
from tests.page_state import page_site
from tests.web_site import ADMIN, TOKENS, VIEWER, Answer, ask, bearer, serving

ROOM = "/api/v1/rooms/Seminar"
END = 1_763_900_000
ROWS: list[tuple[str, str, float | None]] = []


def noted(room: str, text: str, utc: float | None) -> Mark:
    ROWS.append((room, text, utc))
    return mark(room, END if utc is None else utc, text)


def kept_site(path: Path | None, **changes: Any) -> Site:
    return page_site(timeline=path, mark=noted, **changes)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebServer]:
    path = tmp_path_factory.mktemp("kept") / "timeline.sqlite"
    two_sittings(path, end=END)
    with serving(kept_site(path)) as running:
        yield running


def told(server: WebServer, path: str) -> Any:
    answer = ask(server, f"{ROOM}{path}")
    assert answer.status == 200, answer.text
    return answer.json


def test_all_that_is_kept_is_told_at_most_in_so_many_points(server: WebServer) -> None:
    course = told(server, "/timeline?points=50")
    assert (course["first"], course["last"]) == (END - DAY - 1800, END)
    assert (course["begin"], course["end"]) == (course["first"], course["last"])
    assert len(course["buckets"]) <= 50
    assert sum(one["seconds"] for one in course["buckets"]) == 2 * 1440
    assert {one["type"] for one in course["occurrences"]} == {"moment", "alert", "mark"}
    assert course["left_out"] == 0


def test_a_span_is_told_second_by_second(server: WebServer) -> None:
    begin = END - 1800
    for way in (f"from={begin}&to={begin + 60}", "from=2025-11-23T11:43:20Z&to=2025-11-23T12:44:20%2B01:00"):
        course = told(server, f"/timeline?{way}")
        assert [one["utc"] for one in course["buckets"]] == list(range(begin, begin + 60))
        assert course["width"] == 1
        assert course["buckets"][0]["valence"] == pytest.approx(0.25)
        assert course["buckets"][0]["low"] == pytest.approx(0.13)


def test_times_without_numbers_are_told_apart(server: WebServer) -> None:
    course = told(server, f"/timeline?from={END - 3600}&to={END}&points=200")
    kinds = {
        (bool(one["known"]), one["valence"] is not None, one["paused"] == one["known"]) for one in course["buckets"]
    }
    assert (False, False, True) in kinds  # not running
    assert (True, True, False) in kinds
    assert (True, False, False) in kinds  # too few
    assert (True, False, True) in kinds  # the analysis off


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("from=20&to=10", "begins before it ends"),
        ("from=20&to=20", "begins before it ends"),
        ("from=0&to=5000000000", "20 years"),
        ("from=yesterday", "wrong: from"),
        ("from=2025-11-23T11:43:20", "wrong: from"),
        ("points=2001", "wrong: points"),
        ("points=0", "wrong: points"),
        ("points=many", "wrong: points"),
    ],
)
def test_a_wrong_span_is_refused_with_what_is_expected(server: WebServer, query: str, words: str) -> None:
    answer = ask(server, f"{ROOM}/timeline?{query}")
    assert answer.status == 400
    assert words in answer.json["detail"]
    assert "yesterday" not in answer.text


def test_sittings_are_told_newest_first(server: WebServer) -> None:
    found = told(server, "/sittings")["sittings"]
    assert [(one["begin"], one["end"], one["people"]) for one in found] == [
        (END - 1800, END, 15),
        (END - DAY - 1800, END - DAY, 15),
    ]


def test_two_spans_are_compared(server: WebServer) -> None:
    first, second = END - DAY - 1800, END - 1800
    found = told(server, f"/compare?a={first}-{first + 1800}&b={second}-{second + 1800}")
    assert found["whole"]["value"] == pytest.approx(0.35, abs=0.01)
    assert found["a"]["mean"]["value"] == pytest.approx(-0.1, abs=0.1)
    assert found["sentence"]
    assert found["a"]["buckets"][0]["utc"] <= first < found["b"]["buckets"][0]["utc"]
    for wrong in ("a=1-2", "a=1-2&b=x", "a=2-1&b=1-2", "a=1-2-3&b=1-2"):
        assert ask(server, f"{ROOM}/compare?{wrong}").status == 400


def test_of_no_emotion_nothing_is_compared(tmp_path: Path) -> None:
    with serving(kept_site(tmp_path / "none", purpose="expressions_only")) as server:
        assert ask(server, f"{ROOM}/compare?a=1-2&b=3-4").status == 409


def test_another_room_is_not_there(server: WebServer) -> None:
    for path in ("timeline", "sittings", "compare?a=1-2&b=3-4"):
        assert ask(server, f"/api/v1/rooms/Cellar/{path}").status == 404
    assert ask(server, "/api/v1/rooms/Cellar/marks", "POST", body={"text": "x"}).status == 404


def test_without_a_timeline_it_says_what_to_set() -> None:
    with serving(page_site()) as server:
        for path, method in (
            ("timeline", "GET"),
            ("sittings", "GET"),
            ("compare?a=1-2&b=3-4", "GET"),
            ("marks", "POST"),
        ):
            answer = ask(server, f"{ROOM}/{path}", method, body={"text": "x"} if method == "POST" else None)
            assert answer.status == 404
            assert "timeline: {enabled: true}" in answer.json["detail"]


def test_before_the_first_second_there_is_nothing_and_no_error(tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    with serving(kept_site(path)) as server:
        assert ask(server, f"{ROOM}/timeline").status == 404  # the file is not there yet
        keep(path, [run(END)])
        course = told(server, "/timeline")
        assert (course["first"], course["last"]) == (None, None)
        assert not any(one["known"] for one in course["buckets"])
        assert told(server, "/sittings")["sittings"] == []


def test_a_broken_file_is_told_without_its_place(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "timeline.sqlite"
    path.write_bytes(b"no database at all" * 300)
    with serving(kept_site(path)) as server:
        answer = ask(server, f"{ROOM}/timeline")
    assert answer.status == 503
    assert str(tmp_path) not in answer.text
    assert str(path) in caplog.text


def test_what_was_kept_for_another_purpose_is_not_shown(tmp_path: Path) -> None:
    """Two sittings for oneself alone, then one for others."""
    path = tmp_path / "timeline.sqlite"
    own: list[Row] = [run(END, "self", "own"), *sitting("Seminar", END, 300, 0.9, "own")]
    others: list[Row] = [run(END + 1000, "audience", "new"), *sitting("Seminar", END + 1000, 300, -0.5, "new")]
    keep(path, (*own, past_moment("Seminar", END + 10, 5, 0.7), *others))
    with serving(kept_site(path)) as server:
        course = told(server, "/timeline")
        assert course["first"] == END + 1000
        for points in (2, 3, 10, 600):
            course = told(server, f"/timeline?from={END - DAY}&to={END + DAY}&points={points}")
            assert all(one["utc"] >= END + 1000 for one in course["buckets"])
            assert course["occurrences"] == []
        assert told(server, f"/timeline?from={END}&to={END + 300}")["buckets"] == []
        assert [one["begin"] for one in told(server, "/sittings")["sittings"]] == [END + 1000]
    with serving(kept_site(path, purpose="self")) as server:
        assert told(server, "/timeline")["first"] is None  # nor that of others to oneself


def test_since_when_a_purpose_holds() -> None:
    def runs(*purposes: str) -> list[RunBegan]:
        return [run(10 * (index + 1), purpose) for index, purpose in enumerate(purposes)]

    assert since(runs(), "self", 99) == 0
    assert since(runs("self", "self"), "self", 99) == 0
    assert since(runs("self", "audience", "audience"), "audience", 99) == 20
    assert since(runs("audience", "self", "audience"), "audience", 99) == 30
    assert since(runs("audience", "self"), "audience", 99) == 99


def test_too_many_occurrences_are_counted_and_those_that_matter_told(tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    moments = [past_moment("Seminar", END + 10 * index, 5, 0.001 * index) for index in range(OCCURRENCES + 50)]
    keep(path, (run(END), *sitting("Seminar", END, 60), *moments, mark("Seminar", END + 1, "slide 7")))
    with serving(kept_site(path)) as server:
        course = told(server, f"/timeline?from={END}&to={END + DAY}")
    assert len(course["occurrences"]) == OCCURRENCES
    assert course["left_out"] == 51
    assert [one["text"] for one in course["occurrences"] if one["type"] == "mark"] == ["slide 7"]
    assert min(one["change"] for one in course["occurrences"] if one["type"] == "moment") == pytest.approx(0.051)


def post(server: WebServer, body: Any, token: str | None = None) -> Answer:
    return ask(server, f"{ROOM}/marks", "POST", body=body, headers=bearer(token) if token else None)


def test_a_mark_is_handed_on(server: WebServer) -> None:
    ROWS.clear()
    answer = post(server, {"text": "  slide 8 ", "utc": "2025-11-23T12:00:00.5Z"})
    assert answer.status == 201
    assert answer.json["mark"]["text"] == "slide 8"
    assert answer.json["mark"]["utc"] == "2025-11-23T12:00:00.500Z"
    assert post(server, {"text": "now"}).status == 201
    assert ROWS == [("Seminar", "slide 8", 1_763_899_200.5), ("Seminar", "now", None)]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"text": ""},
        {"text": "  "},
        {"text": "x" * 201},
        {"text": 7},
        {"text": "two\nlines"},
        {"text": "two\u2028lines"},
        {"text": "a\u0000b"},
        {"text": "a\u001b[31mb"},
        {"text": "a\u0085b"},
        {"text": "half \ud83d"},
        {"text": "\udc00 half"},
        {"text": "\ude00\ud83d turned"},
        {"text": "x", "utc": "tomorrow"},
        {"text": "x", "utc": time.time() + 3600},
        {"text": "x", "utc": -5},
    ],
    ids=str,
)
def test_a_wrong_mark_is_refused(server: WebServer, body: Any) -> None:
    ROWS.clear()
    answer = post(server, body)
    assert answer.status == 400
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert ROWS == []


@pytest.mark.parametrize("body", [b'{"text": "half \xed\xa0\xbd"}', b'{"text": "\xff"}'])
def test_a_mark_that_is_no_text_is_refused(server: WebServer, body: bytes) -> None:
    ROWS.clear()
    answer = ask(server, f"{ROOM}/marks", "POST", body=body, headers={"Content-Type": "application/json"})
    assert answer.status == 400
    assert ROWS == []


def test_a_mark_may_hold_whole_signs_of_any_script(server: WebServer) -> None:
    ROWS.clear()
    assert post(server, {"text": "Pause ☕ 👩\u200d🔬 مرحبا"}).status == 201  # JSON with surrogate pairs
    assert [row[1] for row in ROWS] == ["Pause ☕ 👩\u200d🔬 مرحبا"]


def test_whoever_may_look_may_not_mark(tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    two_sittings(path)
    with serving(kept_site(path, access=Access(tokens=TOKENS))) as server:
        assert ask(server, f"{ROOM}/timeline").status == 401
        assert ask(server, f"{ROOM}/timeline", headers=bearer(VIEWER)).status == 200
        assert post(server, {"text": "x"}, VIEWER).status == 403
        assert post(server, {"text": "x"}, ADMIN).status == 201


def test_a_mark_that_cannot_be_made_is_told() -> None:
    def refuse(room: str, text: str, utc: float | None) -> Mark:
        raise SinkError(f"{room}: no place for {text} at {utc}")

    with serving(page_site(mark=refuse)) as server:
        assert post(server, {"text": "x"}).status == 409


def test_a_year_is_told_within_a_second(tmp_path: Path) -> None:
    path = tmp_path / "timeline.sqlite"
    begin = a_year(path)
    with serving(kept_site(path)) as server:
        told(server, f"/timeline?from={begin}&to={begin + 60}")  # the thread and the modules are there
        started = time.monotonic()
        course = told(server, f"/timeline?from={begin}&to={begin + YEAR}")
        took = time.monotonic() - started
        assert 300 <= len(course["buckets"]) <= 600
        assert sum(one["seconds"] for one in course["buckets"]) > 365 * 8 * 3600 * 0.7
        assert len(told(server, "/sittings")["sittings"]) == 367  # its first minute, the days, its last hour
        near = told(server, f"/timeline?from={begin + YEAR - 60}&to={begin + YEAR}")
        assert [one["width"] for one in near["buckets"]] == [1] * 60
    assert took < 1.0
