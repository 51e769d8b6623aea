"""The scripts' own functions, called in a real browser."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("aiohttp", reason="needs the extra 'web'")
pytest.importorskip("playwright", reason="needs playwright: uv sync --group dev")

from playwright.sync_api import Page

from streamer.schema import camera_event, room_event, self_event
from streamer.types import FrameResult, RoomResult
from tests.chromium import browser
from tests.page_state import SPLIT, page_site
from tests.rooms import person
from tests.web_site import serving, status


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with serving(page_site()) as server, browser() as running:
        opened = running.new_page()
        opened.goto(f"{server.url}/notice")
        yield opened


def call(page: Page, module: str, function: str, *arguments: Any) -> Any:
    script = "async ([path, name, given]) => (await import(path))[name](...given)"
    return page.evaluate(script, [f"/static/js/{module}.js", function, list(arguments)])


@pytest.mark.parametrize(
    ("value", "text"), [(0.35, "+0.35"), (-0.1, "−0.10"), (0.0, "0.00"), (-0.001, "0.00"), (1, "+1.00")]
)
def test_a_number_has_its_sign(page: Page, value: float, text: str) -> None:
    assert call(page, "words", "signed", value) == text


@pytest.mark.parametrize(
    ("valence", "interval", "text"),
    [
        (0.35, [0.2, 0.5], "The room looks rather pleasant"),
        (0.6, [0.5, 0.7], "The room looks clearly pleasant"),
        (-0.3, [-0.4, -0.2], "The room looks rather unpleasant"),
        (0.3, [-0.1, 0.7], "The room may look rather pleasant"),
        (0.05, [-0.1, 0.2], "The room leans to neither side"),
        (-0.5, None, "The room looks clearly unpleasant"),
    ],
)
def test_no_more_is_said_than_the_interval_allows(page: Page, valence: float, interval: Any, text: str) -> None:
    assert call(page, "words", "verdict", valence, interval) == text


def test_counts_that_are_rounded_down_say_so(page: Page) -> None:
    assert call(page, "words", "peopleUsed", 5, 10, 5) == "5+ of 10+ people"
    assert call(page, "words", "peopleUsed", 2, 3, 1) == "2 of 3 people"
    assert call(page, "words", "peopleUsed", 1, 1, 1) == "One person"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.062, "60\u202fms"), (1.44, "1.4\u202fs"), (12.3, "12\u202fs"), (200, "3\u202fmin"), (9000, "3\u202fh")],
)
def test_a_time_is_said_in_the_unit_that_fits(page: Page, seconds: float, text: str) -> None:
    assert call(page, "words", "span", seconds) == text


def test_the_servers_own_events_are_understood(page: Page) -> None:
    room = room_event(RoomResult("Seminar", 12.5, SPLIT, ("Front",)), 5, 0.0)
    told = call(page, "events", "parse", room.model_dump_json())
    assert (told["room"], told["at"], told["least"]) == ("Seminar", 12.5, 5)
    assert told["mood"]["interval"] == [-0.15, 0.35]
    assert told["mood"]["shares"]["happiness"] == 0.55
    assert (told["mood"]["positive"], told["mood"]["negative"], told["mood"]["together"]) == (8, 3, False)
    camera = call(page, "events", "parse", camera_event(status("Front", "stalled"), 1e9).model_dump_json())
    assert (camera["source"], camera["state"]) == ("Front", "stalled")
    result = FrameResult("Front", 7, 0.0, 0.0, (person(),), None, size=(128, 128))
    own = call(page, "events", "parse", self_event(result, 0.1).model_dump_json())
    assert own["picture"] == 7
    assert own["faces"][0]["box"] == [0, 0, 0.5, 0.5]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no JSON",
        "null",
        "[]",
        '{"version": 2, "type": "room", "room": "A", "at": 1}',
        '{"version": 1, "type": "weather"}',
        '{"version": 1, "type": "room", "room": 7, "at": 1}',
        '{"version": 1, "type": "room", "room": "A", "at": "now"}',
        '{"version": 1, "type": "camera", "source": "A"}',
        '{"version": 1, "type": "self", "faces": []}',
    ],
)
def test_what_is_no_event_is_ignored(page: Page, text: str) -> None:
    assert call(page, "events", "parse", text) is None


def test_unknown_fields_are_ignored_and_wrong_ones_are_not_known(page: Page) -> None:
    mood = {"valence": "high", "interval": [0, None], "shares": {"happiness": 0.5, "joy": "x"}, "people": 3, "new": 1}
    event = {"version": 1, "type": "room", "room": "A", "at": 1, "mood": mood, "later": True}
    told = call(page, "events", "parse", json.dumps(event))["mood"]
    assert (told["valence"], told["interval"], told["people"], told["shares"]) == (None, None, 3, {"happiness": 0.5})
    assert "new" not in told


def test_contempt_and_disgust_are_counted_as_other(page: Page) -> None:
    shares = {"neutral": 0.5, "happiness": 0.2, "disgust": 0.1, "contempt": 0.2}
    told = call(page, "shares", "grouped", shares)
    assert "disgust" not in told
    assert "contempt" not in told
    assert told["other"] == pytest.approx(0.3)
    assert sum(told.values()) == pytest.approx(1.0)


def test_a_lost_connection_is_tried_again_within_half_a_second_to_ten(page: Page) -> None:
    for attempt in range(12):
        shortest, longest = (call(page, "live", "pause", attempt, luck) for luck in (0, 1))
        assert shortest == 500
        assert longest == min(10_000, 500 * 2**attempt)


def test_a_line_breaks_where_nothing_is_known(page: Page) -> None:
    script = """async (values) => {
      const { runs } = await import('/static/js/trend.js');
      const samples = values.map(([at, valence]) => ({ at, valence, interval: null }));
      return runs(samples, (one) => one.valence !== null).map((run) => run.map((one) => one.at));
    }"""
    samples = [(0, 0.1), (1, 0.1), (2, None), (3, 0.1), (4, 0.1), (20, 0.1), (21, 0.1), (40, 0.1)]
    assert page.evaluate(script, samples) == [[0, 1], [3, 4], [20, 21]]


@pytest.mark.parametrize(
    ("wanted", "path"),
    [
        ("/cameras", "/cameras"),
        ("/room/A%20B", "/room/A%20B"),
        ("//evil.example/", "/"),
        ("https://evil.example/", "/"),
        ("/\\evil.example", "/"),
        ("/.//evil.example/", "/evil.example/"),
        ("/x/..//evil.example/", "/evil.example/"),
        ("javascript:alert(1)", "/"),
        ("//[", "/"),
        (None, "/"),
    ],
)
def test_a_sign_in_leads_to_no_other_site(page: Page, wanted: str | None, path: str) -> None:
    assert call(page, "dom", "ownPath", wanted) == path
