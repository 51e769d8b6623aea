"""The differencing attack on everything that tells of a room at once, stored rows included; 0.7 of a blind guess' error
is asked for. What is not simulated for itself tells the numbers of the events and no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")

from streamer.aggregate import AggregateRules
from streamer.alerts import rules_of
from streamer.chronicle import Chronicle
from streamer.occurrences import Alert, PastMoment
from streamer.row_events import event_of
from streamer.schema import mood_of
from streamer.timeline.rows import Row, Second
from streamer.types import GroupMood, RoomResult
from streamer.web.site import RoomInfo
from tests.web_site import ask, serving, site
from tools.attack_api import attack_api, fresh, main, show
from tools.attack_published import Stage, stage
from tools.attack_surfaces import ALERTS, BEGAN, courses


@pytest.mark.parametrize(("name", "rooms"), [("one leaves", 110), ("one joins", 110)])
def test_all_that_is_told_together_tells_little_more_than_a_guess(name: str, rooms: int) -> None:
    found = attack_api(AggregateRules(), 6, rooms, 2, name)
    assert found.result.ratio >= 0.7
    assert min(found.surfaces.values()) >= 0.7
    assert found.result.shown > 0.9
    assert {"live", "rows", "timeline 1 s", "timeline 10 s", "moments and alerts"} <= set(found.surfaces)


def test_the_attack_works_where_nothing_is_added() -> None:
    found = attack_api(AggregateRules(noise=0.0), 6, 60, 2, "one leaves")
    assert found.result.ratio < 0.6
    assert found.surfaces["rows"] < 0.75
    assert found.surfaces["timeline 10 s"] < 0.75


class Told:
    """A room of eight whose moods wander, with everything that was told of it."""

    def __init__(self, seconds: int = 120) -> None:
        self.room: Stage = stage(AggregateRules(noise=0.3), bytes(range(32)), ("camera",))
        self.rows: list[Row] = []
        self.moods: list[GroupMood | None] = []
        now, rng = [float(BEGAN)], np.random.default_rng(3)
        valence = rng.normal(0.1, 0.2, 9)
        with Chronicle(self.room.hub, [self.rows.append], rules_of(ALERTS), run="one", clock=lambda: now[0]):
            for second in range(seconds):
                now[0] = BEGAN + second
                valence += rng.normal(0.1 if 50 < second < 70 else 0.0, 0.02, 9)
                show(self.room, range(8 - (second > 90)), np.clip(valence, -0.5, 0.8), float(second))
                self.moods += [mood for _, mood in fresh(self.room, 0.0)]


@pytest.fixture(scope="module")
def told() -> Told:
    return Told()


def test_stored_and_sent_are_the_moods_of_events_and_no_others(told: Told) -> None:
    seconds = [row for row in told.rows if isinstance(row, Second)]
    assert len(seconds) > 100
    assert all(any(row.mood is mood for mood in told.moods) for row in seconds)
    for row in seconds:
        event = event_of(row)
        assert event is not None
        assert event.model_dump()["mood"] == (None if row.mood is None else mood_of(row.mood).model_dump())


def test_alerts_and_moments_are_made_of_what_was_published(told: Told) -> None:
    shown = {mood.valence for mood in told.moods if mood} | {mood.dispersion for mood in told.moods if mood}
    alerts = [row for row in told.rows if isinstance(row, Alert)]
    assert alerts
    assert {row.value for row in alerts} <= shown
    moments = {(mood.moment.seconds, mood.moment.change) for mood in told.moods if mood and mood.moment}
    assert {(row.seconds, row.change) for row in told.rows if isinstance(row, PastMoment)} <= moments


def test_the_extremes_of_a_bucket_were_published(told: Told) -> None:
    shown = {mood.valence for mood in told.moods if mood}
    for buckets in courses(told.rows, 120).values():
        known = [one for one in buckets if one.seconds]
        assert known
        assert all(one.least in shown and one.most in shown for one in known)


def test_the_api_and_the_metrics_tell_the_newest_event_once_more(told: Told) -> None:
    rooms = {"room": RoomInfo("room", ("camera",), 5)}
    made = site(hub=told.room.hub, rooms=rooms, sources={"camera": "room"}, explain=told.room.publisher.explain)
    newest = told.room.hub.rooms()["room"].mood
    assert newest is not None
    with serving(made) as server:
        (now,) = json.loads(ask(server, "/api/v1/rooms").text)["rooms"]
        history = json.loads(ask(server, "/api/v1/rooms/room/history").text)["events"]
        metrics = ask(server, "/metrics").text
    assert now["now"]["mood"] == json.loads(mood_of(newest).model_dump_json())
    published = {json.dumps(json.loads(mood_of(mood).model_dump_json())) for mood in told.moods if mood}
    assert {json.dumps(event["mood"]) for event in history if event["mood"]} <= published
    found = dict(re.findall(r'groupmood_room_(\w+)\{room="room"\} (\S+)', metrics))
    assert {name: float(value) for name, value in found.items()} == {
        "people": newest.people,
        "valence": newest.valence,
        "arousal": newest.arousal,
    }


def test_no_answer_has_a_place_for_people(told: Told) -> None:
    events = [event_of(row) for row in told.rows]
    names = set(keys([event.model_dump() for event in events if event]))
    assert not names & {"person", "track", "box", "label", "confidence", "quality", "id_of_person", "landmarks"}
    assert all(isinstance(one, RoomResult) for one in told.room.hub.history("room"))


def keys(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from value
        for one in value.values():
            yield from keys(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from keys(one)


def test_too_few_rooms_to_learn_on_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["--rooms", "10", "--out", str(tmp_path / "out.json")])
