"""Times of day and charts of a report: what stands where on the axis, and that nothing is drawn over another."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image

from streamer.emotions import LABELS
from streamer.occurrences import mark
from streamer.paper.blocks import Picture
from streamer.session_report.drawing import label, ticks
from streamer.session_report.happened import Event
from streamer.session_report.local_time import SystemZone, local, times, zone_name
from streamer.session_report.shares_chart import STACK, stacked
from streamer.session_report.spells import NUMBERS, Spell, State, coarse
from streamer.session_report.trend_chart import numbered
from tests.session_timelines import BEGAN, ROOM, meeting, paper_of, rows_of, run, signs, steady, text_of

BERLIN = ZoneInfo("Europe/Berlin")
AUTUMN = int(datetime(2025, 10, 26, 0, 30, tzinfo=UTC).timestamp())
"""02:30 summer time, half an hour before the clock is put back."""


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
@pytest.mark.parametrize(
    "utc", [BEGAN, AUTUMN, AUTUMN + 1800, AUTUMN + 5400, 1_748_000_000, 1_743_296_399, 1_743_296_400]
)
def test_the_computers_zone_is_that_of_the_data_base(utc: int) -> None:
    here, there = local(utc, SystemZone()), local(utc, BERLIN)
    assert here.replace(tzinfo=None) == there.replace(tzinfo=None)
    assert (here.utcoffset(), here.tzname()) == (there.utcoffset(), there.tzname())


def test_times_name_their_zone_and_its_change() -> None:
    assert times(BEGAN, BEGAN + 3000, BERLIN) == "09:00 to 09:50, CET (UTC+01:00)"
    assert times(AUTUMN, AUTUMN + 3600, BERLIN) == (
        "02:30 CEST (UTC+02:00) to 02:30 CET (UTC+01:00); the clock was changed between"
    )
    assert times(BEGAN + 57_000, BEGAN + 60_000, UTC) == "23:50 to 00:40 on Wednesday, 19 November 2025, UTC"
    assert zone_name(BEGAN, ZoneInfo("Asia/Kathmandu")) == "UTC+05:45"
    assert zone_name(BEGAN, ZoneInfo("America/St_Johns")) == "NST (UTC−03:30)"


def test_a_report_over_the_change_of_the_clock(tmp_path: Path) -> None:
    began = AUTUMN - BEGAN
    path = steady(tmp_path / "t.sqlite", range(began, began + 3600), run(AUTUMN))
    text = text_of(paper_of(path, began, began + 3600, BERLIN))
    assert "the clock was changed between" in text
    assert "60 min, 60 min of it with numbers" in text


@pytest.mark.parametrize("seconds", [3, 40, 300, 3000, 8 * 3600, 25 * 3600])
@pytest.mark.parametrize("zone", [UTC, BERLIN, ZoneInfo("Asia/Kathmandu")])
def test_times_on_the_axis_are_round_and_few(seconds: int, zone: ZoneInfo) -> None:
    step, places = ticks(BEGAN + 7, BEGAN + 7 + seconds, zone)
    assert 2 <= len(places) <= 9
    assert all(BEGAN + 7 <= place <= BEGAN + 7 + seconds for place in places)
    for place in places:
        when = local(place, zone)
        assert (when.hour * 3600 + when.minute * 60 + when.second) % step == 0


def test_a_new_day_is_named_where_it_begins() -> None:
    midnight = int(datetime(2025, 11, 19, tzinfo=BERLIN).timestamp())
    assert label(midnight, BEGAN, BERLIN, seconds=False) == "00:00\n19 Nov"
    assert label(midnight + 60, midnight, BERLIN, seconds=True) == "00:01:00"


def events(places: list[float]) -> list[Event]:
    return [Event(number, "mark", mark(ROOM, at, "x")) for number, at in enumerate(places, 1)]


def test_numbers_in_the_chart_never_touch() -> None:
    random = np.random.default_rng(1)
    for count in (1, 8, 40, 150):
        made = numbered(events(sorted(random.uniform(0, 3000, count).tolist())), 3000)
        assert made
        for row in range(3):
            places = [(one.utc, len(str(one.number))) for one, level in made if level == row]
            for (first, digits), (second, more) in pairwise(places):
                # A digit is 0.009 of the width at most, and a little space is left.
                assert second - first > 3000 * (0.0085 * (digits + more) / 2)


def test_numbers_far_apart_stand_in_one_row() -> None:
    assert [level for _, level in numbered(events([100, 1000, 2000]), 3000)] == [0, 0, 0]


def spells(*lengths: tuple[State, int]) -> list[Spell]:
    found, at = [], BEGAN
    for state, length in lengths:
        found.append(Spell(state, at, at + length))
        at += length
    return found


def test_a_chart_shows_what_there_is_most_of() -> None:
    some = spells((NUMBERS, 1000), ("gap", 1), (NUMBERS, 999), ("paused", 1000), ("off", 3000))
    assert coarse(some, 60) == tuple(spells((NUMBERS, 2000), ("paused", 1000), ("off", 3000)))
    assert coarse(some[:1], 1000) == tuple(some[:1])
    swift = spells(*[(NUMBERS, 1), ("gap", 2)] * 10_000)
    assert coarse(swift, 60) == tuple(spells(("gap", 30_000)))


def test_states_without_any_known_run(tmp_path: Path) -> None:
    made = paper_of(steady(tmp_path / "t.sqlite", range(20)), end=40)
    table = rows_of(made, "The 40 s of this report")
    assert [table[name][0] for name in ("with numbers", "nothing recorded")] == ["20 s", "20 s"]
    assert "tells of no start of the program" in text_of(made)


def test_hidden_labels_are_summed() -> None:
    shares = dict(zip(STACK, stacked([0.3, 0.2, 0.1, 0.1, 0.1, 0.08, 0.05, 0.07]), strict=True))
    assert shares["other"] == pytest.approx(0.15)
    assert shares["happiness"] == 0.2
    assert set(STACK) - {"other"} < set(LABELS)
    assert sum(shares.values()) == pytest.approx(1)


def pixels(data: bytes) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    with Image.open(BytesIO(data)) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.mark.parametrize("kind", ["mood", "signs"])
def test_nothing_of_a_chart_is_cut_off(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "t.sqlite"
    made = paper_of(meeting(path)) if kind == "mood" else paper_of(signs(path), end=1500)
    charts = [one for one in made.blocks if isinstance(one, Picture)]
    assert len(charts) == (2 if kind == "mood" else 1)
    for chart in charts:
        image = pixels(chart.data)
        edges = (image[0], image[-1], image[:, 0], image[:, -1])
        assert all((edge > 250).all() for edge in edges)
        assert (image < 200).any(axis=2).sum() > 5000
