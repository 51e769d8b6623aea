"""How rules are written, and when they fire: cases worked by hand."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from streamer.alerts import Rule, Watcher, alert_of, never_told, rules_of
from streamer.alerts.writing import condition_of, duration_of
from streamer.errors import ConfigError
from streamer.noted import Alert as Settings
from streamer.occurrences import Alert
from streamer.timeline.rows import Second
from streamer.types import GroupMood, RoomSigns


def mood(valence: float | None, half: float | None = 0.1, people: int = 12, **more: Any) -> GroupMood:
    interval = None if valence is None or half is None else (round(valence - half, 6), round(valence + half, 6))
    values: dict[str, Any] = {"arousal": 0.1, "shares": None, "dispersion": 0.2, "cohesion": None, "coverage": 1.0}
    return GroupMood(people, people, valence, interval=interval, window=10.0, **(values | more))


def rule(line: str, name: str = "low") -> Rule:
    (made,) = rules_of({name: Settings.model_validate(alert_of(line))})
    return made


class Room:
    """A room whose seconds are played to a Watcher one by one; ``fired``: when."""

    def __init__(self, *rules: Rule, name: str = "hall") -> None:
        self.watcher, self.name, self.now = Watcher(rules), name, 0
        self.alerts: list[Alert] = []

    @property
    def fired(self) -> list[tuple[str, float]]:
        return [(one.rule, one.utc) for one in self.alerts]

    def play(self, seconds: int, valence: float | None, **more: Any) -> None:
        shown = mood(valence, **more)
        for _ in range(seconds):
            self.now += 1
            self.alerts += self.watcher.update(Second(self.name, self.now, "r", shown))

    def silent(self, seconds: int) -> None:
        self.now += seconds


def test_a_rule_in_one_line() -> None:
    assert alert_of("valence < -0.4 for 60 s, n >= 5, cooldown 10 min") == {
        "when": "valence < -0.4",
        "for": 60.0,
        "people": 5,
        "cooldown": 600.0,
    }
    made = alert_of(" negative ≥ 3 ,for 1.5 h, people>=8,room Großer Saal, sure no")
    assert made == {"when": "negative ≥ 3", "for": 5400.0, "people": 8, "room": "Großer Saal", "sure": False}
    assert alert_of("coverage <= .5") == {"when": "coverage <= .5"}
    assert Settings.model_validate(alert_of("valence < −0.4")) == Settings(when="valence < −0.4")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "expected a condition like 'valence < -0.4', got ''"),
        ("valence", "expected a condition"),
        ("valenz < 0", "unknown quantity 'valenz' (did you mean 'valence'?); known: valence, arousal"),
        ("anger > 0.5", "no alert on anger: a single expression is read wrongly"),
        ("Angry > 0.5 for 5 s", "use valence (the whole room's) or negative (how many people)"),
        ("valence == 0", "expected one of < <= > >= in 'valence == 0', got =="),
        ("valence < -4", "valence is within -1…1, got -4"),
        ("smile > 50", "smile is within 0…1, got 50"),
        ("negative >= 0", "'negative >= 0' always holds"),
        ("coverage > 1", "'coverage > 1' never holds"),
        ("valence < 0 for 60", "expected a time with its unit (60 s, 10 min, 1 h), got '60'"),
        ("valence < 0 for 2 days", "got '2 days'"),
        ("valence < 0, cooldwn 10 min", "'cooldwn 10 min' is not understood (did you mean 'cooldown'?)"),
        ("valence < 0, n <= 5", "expected 'n >= 5', got 'n <= 5'"),
        ("valence < 0, n>5", "expected 'n >= 5', got 'n>5'"),
        ("valence < 0 for 5 s, for 6 s", "'for 6 s': this has been said before"),
        ("valence < -0,4", "'4' is not understood"),
        ("valence < 0, sure maybe", "expected 'sure yes' or 'sure no', got 'sure maybe'"),
        ("valence < 0,", "'' is not understood; expected a rule like 'valence < -0.4 for 60 s"),
    ],
)
def test_what_is_wrong_is_said(text: str, fault: str) -> None:
    with pytest.raises(ValueError, match=re.escape(fault)):
        alert_of(text)


@pytest.mark.parametrize(
    ("text", "seconds"), [("60 s", 60), ("1 second", 1), ("10min", 600), ("2 Minutes", 120), ("1.5 h", 5400)]
)
def test_times_have_units(text: str, seconds: float) -> None:
    assert duration_of(text) == seconds


def test_all_faults_of_a_configuration_are_said() -> None:
    with pytest.raises(ConfigError) as caught:
        rules_of(
            {"a": Settings(when="joy > 1"), "b": Settings(when="people > 2"), "c": Settings(when="calmness > 0.1")}
        )
    first, second = str(caught.value).splitlines()
    assert first.startswith("alerts.a.when: no alert on joy")
    assert second.startswith("alerts.c.when: unknown quantity 'calmness'")


@pytest.mark.parametrize(
    ("text", "over", "back"),
    [
        ("valence < -0.4", (-0.41,), (-0.35, 0.0)),
        ("valence <= -0.4", (-0.4,), (-0.35,)),
        ("valence > 0.4", (0.41,), (0.35,)),
        ("negative >= 3", (3, 9), (2, 0)),
        ("negative > 3", (4,), (3,)),
        ("coverage < 1", (0.99,), (1.0,)),
    ],
)
def test_beyond_and_back(text: str, over: Iterable[float], back: Iterable[float]) -> None:
    condition = condition_of(text)
    assert all(condition.holds(value) and not condition.is_back(value) for value in over)
    assert all(condition.is_back(value) and not condition.holds(value) for value in back)


def test_between_beyond_and_back_there_is_a_band() -> None:
    condition = condition_of("valence < -0.4")
    assert not condition.holds(-0.37)
    assert not condition.is_back(-0.37)


def test_it_fires_once_when_it_has_held_for_the_whole_time() -> None:
    room = Room(rule("valence < -0.4 for 60 s, n >= 5, cooldown 10 min"))
    room.play(30, 0.1)
    room.play(60, -0.62)
    assert room.fired == []
    room.play(2000, -0.62)
    assert room.fired == [("low", 91.0)]
    (told,) = room.alerts
    assert told.reason == (
        "valence with its whole 80 % interval has been below −0.40 for 60 s: −0.62 now (−0.72…−0.52), 12 people seen"
    )
    assert (told.value, told.interval, told.people, told.room) == (-0.62, (-0.72, -0.52), 12, "hall")


def test_one_second_within_begins_it_anew() -> None:
    room = Room(rule("valence < -0.4 for 60 s"))
    room.play(60, -0.7)
    room.play(1, -0.39)
    room.play(60, -0.7)
    assert room.fired == []
    room.play(1, -0.7)
    assert room.fired == [("low", 122.0)]


@pytest.mark.parametrize(("gap", "fired"), [(2, 61.0), (3, 94.0)])
@pytest.mark.parametrize("people", [None, 4])
def test_a_gap_of_more_than_three_seconds_begins_it_anew(gap: int, fired: float, people: int | None) -> None:
    """The number is known at second 30 and again 3 or 4 seconds later; between, nothing is told or too few are seen."""
    room = Room(rule("valence < -0.4 for 60 s"))
    room.play(30, -0.7)
    if people is None:
        room.silent(gap)
    else:
        room.play(gap, -0.7, people=people)
    room.play(100, -0.7)
    assert room.fired == [("low", fired)]


def test_the_whole_interval_must_be_beyond_unless_the_rule_says_otherwise() -> None:
    room = Room(rule("valence < -0.4 for 10 s"), rule("valence < -0.4 for 10 s, sure no", "unsure"))
    room.play(100, -0.45)
    assert [name for name, _ in room.fired] == ["unsure"]
    assert room.alerts[0].reason.startswith("valence has been below −0.40 for 10 s: −0.45 now (−0.55…−0.35)")
    room.play(100, -0.45, half=0.04)
    assert [name for name, _ in room.fired] == ["unsure", "low"]


def test_without_an_interval_nothing_is_sure() -> None:
    room = Room(rule("valence < -0.4 for 10 s"))
    room.play(100, -0.9, half=None)
    assert room.fired == []


def test_too_few_people_are_no_reason() -> None:
    room = Room(rule("valence < -0.4 for 10 s, n >= 8"))
    room.play(100, -0.9, people=7)
    assert room.fired == []
    room.play(20, -0.9, people=8)
    assert len(room.fired) == 1


def test_after_the_cooldown_only_once_it_was_back() -> None:
    room = Room(rule("valence < -0.4 for 20 s, cooldown 100 s"))
    room.play(50, -0.8)
    room.play(300, -0.45)  # not beyond for certain, but not back either
    room.play(100, -0.8)
    assert room.fired == [("low", 21.0)]
    room.play(9, 0.0)  # back, but not for long enough
    room.play(100, -0.8)
    assert len(room.fired) == 1
    room.play(11, 0.0)
    room.play(100, -0.8)
    assert room.fired == [("low", 21.0), ("low", 50 + 300 + 100 + 9 + 100 + 11 + 21.0)]


def test_within_the_cooldown_nothing_is_told() -> None:
    room = Room(rule("valence < -0.4 for 20 s, cooldown 300 s"))
    for _ in range(3):
        room.play(30, -0.8)
        room.play(40, 0.0)
    assert room.fired == [("low", 21.0)]
    room.play(200, -0.8)  # still so when the cooldown is over
    assert room.fired == [("low", 21.0), ("low", 321.0)]


def test_who_comes_after_a_break_is_another_episode() -> None:
    room = Room(rule("valence < -0.4 for 20 s, cooldown 30 s"))
    room.play(50, -0.8)
    room.silent(59)
    room.play(50, -0.8)
    assert len(room.fired) == 1
    room.silent(100)
    room.play(50, -0.8)
    assert len(room.fired) == 2


def test_time_is_the_results_own() -> None:
    """The wall clock leaps by an hour and back; the rule holds for 20 s all the same, and no longer."""
    watcher = Watcher([rule("valence < -0.4 for 20 s")])
    labels = [*range(10), *range(3600, 3610), *range(20, 40)]
    fired = [
        at
        for at, label in enumerate(labels)
        for _ in watcher.update(Second("hall", label, "r", mood(-0.8)), 1000.0 + at)
    ]
    assert fired == [20]


def test_rooms_are_apart_and_a_rule_may_be_of_one() -> None:
    every, one = rule("valence < -0.4 for 20 s"), rule("valence < -0.4 for 20 s, room desk", "of desk")
    watcher = Watcher([every, one])
    found = [
        (alert.rule, alert.room)
        for utc in range(60)
        for room in ("hall", "desk")
        for alert in watcher.update(Second(room, utc, "r", mood(-0.8 if room == "desk" or utc > 30 else 0.5)))
    ]
    assert found == [("low", "desk"), ("of desk", "desk"), ("low", "hall")]


def test_counts_and_signs() -> None:
    watcher = Watcher([rule("negative >= 3 for 10 s", "camp"), rule("frown > 0.5 for 10 s, n >= 6", "frowns")])
    signs = RoomSigns(8, None, 0.75, None, None, 1.0)
    found = [
        alert
        for utc in range(30)
        for second in (
            Second("hall", utc, "r", mood(None, negative=3, positive=0)),
            Second("desk", utc, "r", None, signs),
            Second("desk", utc, "r", None, replace(signs, people=5)),
        )
        for alert in watcher.update(second)
    ]
    assert [one.reason for one in found] == [
        "negative has been at or above 3 for 10 s: 3 now, 12 people seen",
        "frown has been above 0.50 for 10 s: 0.75 now, 8 people seen",
    ]
    assert [one.interval for one in found] == [None, None]


def test_an_alert_told_again_is_the_same() -> None:
    told = []
    for _ in range(2):
        room = Room(rule("valence < -0.4 for 20 s"))
        room.play(30, -0.8)
        told += room.alerts
    assert told[0] == told[1]
    assert len(told[0].id) == 32


def test_what_is_never_published_is_said() -> None:
    rules = (
        rule("negative >= 3", "camp"),
        rule("smile > 0.5", "smiles"),
        rule("people > 5", "full"),
        rule("trend < 0"),
    )
    assert [one.split(" will")[0] for one in never_told(rules, infers=True, direct=False)] == [
        "the alert camp",
        "the alert smiles",
    ]
    assert [one.split(" will")[0] for one in never_told(rules, infers=True, direct=True)] == ["the alert smiles"]
    assert [one.split(" will")[0] for one in never_told(rules, infers=False, direct=False)] == [
        "the alert camp",
        "the alert low",
    ]
