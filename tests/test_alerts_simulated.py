"""Rules on simulated rooms, whose people are read by the model's own mistakes, through the product's labels, mood and
publisher: each tells a bad time once, and a calm room sets off none."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from engines.cards import load_card
from streamer.aggregate import Aggregate
from streamer.alerts import Rule, rules_of
from streamer.analysing import answers_of
from streamer.chronicle import Chronicle
from streamer.hub import Hub
from streamer.labels import Labels
from streamer.mood import RoomMood
from streamer.noted import Alert as Settings
from streamer.occurrences import Alert
from streamer.publish import PublishedRoom, Publisher
from streamer.publish import rules_of as publish_rules
from streamer.publish.rooms import POINTS
from streamer.timeline.rows import Row, Second
from streamer.types import FrameResult
from tools.readings import OUT as READINGS
from tools.rooms import MIXES, Pool, Room, SimulatedPerson, pool
from tools.simulate import seen

STEP = 0.5
EPOCH = 1_800_000_000.0
GLOOMY = {"sadness": 0.75, "anger": 0.15, "neutral": 0.1}
RULES = rules_of(
    {
        "low": Settings.model_validate({"when": "valence < -0.3", "for": 30, "cooldown": 60}),
        "high": Settings.model_validate({"when": "valence > 0.3", "for": 30, "cooldown": 60}),
        "unsure": Settings.model_validate({"when": "valence < -0.3", "for": 30, "cooldown": 60, "sure": False}),
        "few": Settings.model_validate({"when": "people < 5", "for": 10, "people": 1}),
        "elsewhere": Settings.model_validate({"when": "valence > -0.9", "for": 10, "room": "desk"}),
    }
)


@pytest.fixture(scope="module")
def faces() -> Pool:
    return pool(READINGS)


def room_of(kinds: Sequence[tuple[str, int]], people: int, faces: Pool, seed: int) -> Room:
    """Each of ``kinds`` until so many seconds, in which everybody draws a new label from its mix."""
    rng, made = np.random.default_rng(seed), []
    for _ in range(people):
        mixes = [({**MIXES, "gloomy": GLOOMY}[kind], until) for kind, until in kinds]
        truths = [(str(rng.choice(list(mix), p=list(mix.values()))), until) for mix, until in mixes]
        made.append(SimulatedPerson(faces, truth_of(truths), rng))
    return Room("course", made, lambda _number, _pts: True, lambda _number, _pts: True, kinds[-1][1])


def truth_of(truths: Sequence[tuple[str, int]]) -> Callable[[float], str]:
    return lambda pts: next((label for label, until in truths if pts < until), truths[-1][0])


def guarded(room: PublishedRoom) -> Aggregate:
    """With the same noise each time."""
    return Aggregate(room.name, publish_rules(room), secret=bytes(32), points=POINTS)


def rows_of(room: Room, rules: Sequence[Rule] = RULES) -> list[Row]:
    """All rows of the room as its Chronicle tells them."""
    rows: list[Row] = []
    hub, mood, labels, now = Hub(), RoomMood(answers=answers_of(load_card("groupmood"))), Labels(), [0.0]
    publisher = Publisher([PublishedRoom("hall", ("left",), mood)], hub, "audience", make=guarded)
    with Chronicle(hub, [rows.append], rules, run="r", clock=lambda: EPOCH + now[0]):
        for tick in range(round(room.seconds / STEP)):
            now[0] = tick * STEP
            people = seen(room, labels, now[0])
            result = FrameResult("left", tick, now[0], 50.0 + now[0], people, mood.update("left", people, now[0]))
            publisher.update([result])
    return rows


def alerts_of(rows: Sequence[Row]) -> list[tuple[str, float]]:
    return [(one.rule, one.utc - EPOCH) for one in rows if isinstance(one, Alert)]


@pytest.mark.parametrize("seed", range(2))
def test_each_bad_and_each_good_time_is_told_once(faces: Pool, seed: int) -> None:
    """Two gloomy times and a happy one, each of 90 s; the meter needs some of them to follow."""
    kinds = [
        ("calm", 60),
        ("gloomy", 150),
        ("calm", 240),
        ("happy", 330),
        ("calm", 400),
        ("gloomy", 490),
        ("calm", 540),
    ]
    told = alerts_of(rows_of(room_of(kinds, 12, faces, seed)))
    for rule, begins in {"low": (60, 400), "unsure": (60, 400), "high": (240,)}.items():
        fired = [utc for name, utc in told if name == rule]
        assert len(fired) == len(begins), (rule, told)
        assert all(30 < utc - begin < 100 for utc, begin in zip(fired, begins, strict=True)), (rule, told)
    assert {name for name, _ in told} == {"low", "unsure", "high"}


@pytest.mark.parametrize("people", [6, 12])
def test_calm_rooms_set_off_nothing(faces: Pool, people: int) -> None:
    for seed in (5, 6):
        rows = rows_of(room_of([("calm", 240)], people, faces, seed))
        assert sum(isinstance(one, Second) for one in rows) > 220
        assert alerts_of(rows) == []
