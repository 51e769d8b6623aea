"""What the Hub says as rows: seconds, moments, alerts, camera changes, marks; in order, each once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from streamer.alerts import Rule, alert_of, rules_of
from streamer.chronicle import Chronicle
from streamer.chronicle import chronicle as chronicle_module
from streamer.chronicle.calendar import Calendar
from streamer.errors import ConfigError
from streamer.hub import Event, Hub
from streamer.metrics import Metrics
from streamer.noted import Alert as Settings
from streamer.occurrences import Alert, Mark, PastMoment
from streamer.outbox.lines import LinesOut
from streamer.row_events import event_of
from streamer.states import CameraState, CameraStatus
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import CameraChange, Row, Second
from streamer.timeline.writer import TimelineWriter
from streamer.types import GroupMood, Moment, RoomResult, RoomSigns

EPOCH = 1_800_000_000


def mood(valence: float | None = 0.2, moment: Moment | None = None, people: int = 12) -> GroupMood:
    interval = None if valence is None else (valence - 0.1, valence + 0.1)
    return GroupMood(people, people, valence, 0.1, interval, None, 0.2, None, 1.0, 10.0, moment=moment)


class Rig:
    """A Chronicle on a hub whose wall clock goes with the results' own times, plus ``ahead`` seconds."""

    def __init__(
        self, *rules: Rule, told: Sequence[Callable[[Row], None]] = (), broken: Callable[[], None] = lambda: None
    ) -> None:
        self.hub, self.rows, self.published = Hub(), list[Row](), list[Event]()
        self.pts, self.ahead = 0.0, 0.0
        self._changed = threading.Condition()
        self.hub.listen(self.published.append)
        self.chronicle = Chronicle(self.hub, [*told, self._keep], rules, run="r1", clock=self.clock, broken=broken)

    def clock(self) -> float:
        return EPOCH + self.pts + self.ahead

    def _keep(self, row: Row) -> None:
        with self._changed:
            self.rows.append(row)
            self._changed.notify_all()

    def wait(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, 10)

    def play(self, seconds: float, shown: GroupMood | None = None, *, step: float = 0.25, **more: Any) -> None:
        for _ in range(round(seconds / step)):
            self.pts += step
            self.hub.publish(RoomResult(more.pop("room", "hall"), self.pts, shown, ("left",), **more))

    def camera(self, state: CameraState, reason: str = "", source: str = "left") -> None:
        self.hub.publish(CameraStatus(source, "hall", state, 0.0, reason))

    def of(self, kind: type[Any]) -> list[Any]:
        return [row for row in self.rows if isinstance(row, kind)]

    def seconds(self) -> list[int]:
        return [one.utc - EPOCH for one in self.of(Second)]


def test_a_row_a_second_with_its_latest_result() -> None:
    rig = Rig()
    with rig.chronicle:
        for tenth in range(35):
            rig.pts = tenth / 10
            rig.hub.publish(RoomResult("hall", rig.pts, mood(tenth / 100), ("left",)))
    assert rig.seconds() == [0, 1, 2, 3]
    assert [one.mood.valence for one in rig.of(Second)] == [0.09, 0.19, 0.29, 0.34]
    assert {(one.room, one.run, one.paused) for one in rig.of(Second)} == {("hall", "r1", False)}


def test_rooms_are_apart() -> None:
    rig = Rig()
    with rig.chronicle:
        for _ in range(3):
            rig.play(1, mood(), step=1)
            rig.hub.publish(RoomResult("desk", rig.pts, None, (), RoomSigns(7, 0.5, None, None, None, 1.0)))
    assert [(one.room, one.utc - EPOCH) for one in rig.of(Second) if one.signs] == [
        ("desk", 1),
        ("desk", 2),
        ("desk", 3),
    ]
    assert [(one.room, one.utc - EPOCH) for one in rig.of(Second) if one.mood] == [
        ("hall", 1),
        ("hall", 2),
        ("hall", 3),
    ]


def test_nobody_and_off_are_told_once_each() -> None:
    rig = Rig()
    with rig.chronicle:
        rig.play(2, mood())
        rig.play(60)
        rig.play(60, paused=True)
        rig.play(60)
        rig.play(2, mood())
    told = [(one.utc - EPOCH, one.mood is not None, one.paused) for one in rig.of(Second)]
    assert told == [
        (0, True, False),
        (1, True, False),
        (2, False, False),
        (62, False, True),
        (122, False, False),
        (182, True, False),
        (183, True, False),
        (184, True, False),
    ]


def test_too_few_for_a_number_are_told_each_second() -> None:
    rig = Rig()
    with rig.chronicle:
        rig.play(3, mood(None), step=1)
    assert rig.seconds() == [1, 2, 3]


def test_the_last_second_is_told_without_another() -> None:
    """A room that falls silent says so soon; what comes later in a second that was told is no second row."""
    rig = Rig()
    with rig.chronicle:
        rig.play(0.5)
        rig.wait(lambda: rig.seconds() == [0])
        rig.play(0.25, mood())
    assert [(one.utc - EPOCH, one.mood) for one in rig.of(Second)] == [(0, None)]


def test_a_moment_is_told_once_when_it_is_over() -> None:
    rig, moment = Rig(), Moment(10.0, 4.0, 0.3, False)
    with rig.chronicle:
        rig.play(14, mood())
        for second in range(20):
            rig.play(1, mood(0.5, replace(moment, seconds=4.0 + second)))
        rig.play(1, mood(0.2, Moment(10.0, 23.0, 0.35, True)))
        rig.play(5, mood())
    (told,) = rig.of(PastMoment)
    assert (told.utc, told.seconds, told.change) == (EPOCH + 10.25, 23.0, 0.35)
    assert [one for one in rig.published if isinstance(one, PastMoment)] == [told]
    assert list(rig.hub.occurrences("hall")) == [told]


@pytest.mark.parametrize("after", [mood(), None, mood(0.5, Moment(40.0, 4.0, 0.2, False))])
def test_a_moment_whose_end_was_not_published_is_over_all_the_same(after: GroupMood | None) -> None:
    rig, moment = Rig(), Moment(10.0, 4.0, 0.3, False)
    with rig.chronicle:
        rig.play(14, mood())
        rig.play(3, mood(0.5, moment))
        rig.play(5, after)
        count = len(rig.hub.occurrences("hall"))
    moments = rig.of(PastMoment)
    assert [(one.seconds, one.change) for one in moments[:1]] == [(4.0, 0.3)]
    assert len(moments) == (2 if after and after.moment else 1)
    assert count <= len(moments)


def test_a_moment_under_way_is_told_at_the_end() -> None:
    rig = Rig()
    with rig.chronicle:
        rig.play(3, mood(0.5, Moment(1.0, 4.0, 0.3, False)))
    assert len(rig.of(PastMoment)) == 1


def test_an_alert_follows_its_second_and_is_published() -> None:
    rig = Rig(*rules_of({"low": Settings.model_validate(alert_of("valence < -0.4 for 10 s"))}))
    with rig.chronicle:
        rig.play(5, mood())
        rig.play(60, mood(-0.8))
    (alert,) = rig.of(Alert)
    before = rig.rows[rig.rows.index(alert) - 1]
    assert isinstance(before, Second)
    assert before.utc == alert.utc
    assert alert.reason.startswith("valence with its whole 80 % interval has been below −0.40 for 10 s")
    assert rig.published.count(alert) == 1
    assert rig.hub.counts() == {("alert", "hall", "low"): 1}


def test_cameras_are_told_as_they_change() -> None:
    rig = Rig()
    rig.camera("starting")
    with rig.chronicle:
        rig.camera("starting", "still no picture")
        rig.camera("online")
        rig.camera("online")
        rig.pts = 7.0
        rig.camera("failed", "it refused the password (401)")
        rig.camera("starting", source="right")
    changes = [(one.source, one.room, one.utc - EPOCH, one.state, one.reason) for one in rig.of(CameraChange)]
    assert changes == [
        ("left", "hall", 0, "starting", ""),
        ("left", "hall", 0, "online", ""),
        ("left", "hall", 7, "failed", "it refused the password (401)"),
        ("right", "hall", 7, "starting", ""),
    ]


def test_marks_are_kept_and_told() -> None:
    rig = Rig()
    rig.camera("online")
    with rig.chronicle:
        rig.pts = 3.5
        first = rig.chronicle.mark("hall", "  slide \n 7 ")
        second = rig.chronicle.mark("hall", "before", utc=EPOCH - 60.0)
    assert (first.text, first.utc) == ("slide 7", EPOCH + 3.5)
    assert rig.of(Mark) == [first, second]
    assert rig.hub.occurrences("hall") == (first, second)
    assert second.utc == EPOCH - 60


@pytest.mark.parametrize(
    ("room", "text", "utc", "fault"),
    [
        ("hal", "x", None, "there is no room 'hal' (did you mean 'hall'?); known: hall"),
        ("hall", " \n", None, "a mark needs a text of 1 to 200 characters, got 0"),
        ("hall", "x" * 201, None, "a mark needs a text of 1 to 200 characters, got 201"),
        ("hall", "a\x00b", None, "a mark needs a text without control characters"),
        ("hall", "\ud800", None, "a mark needs a text without control characters"),
        ("hall", "x", float("nan"), "the time of a mark must be in seconds since 1970, got nan"),
        ("hall", "x", -1.0, "got -1.0"),
        ("hall", "x", 1e12, "got 1000000000000.0"),
    ],
)
def test_a_mark_that_is_none(room: str, text: str, utc: float | None, fault: str) -> None:
    rig = Rig()
    rig.camera("online")
    with rig.chronicle, pytest.raises(ConfigError) as caught:
        rig.chronicle.mark(room, text, utc)
    assert fault in str(caught.value)
    assert rig.of(Mark) == []


def test_a_room_without_anything_heard_has_no_marks() -> None:
    rig = Rig()
    with rig.chronicle, pytest.raises(ConfigError, match=r"there is no room 'hall'$"):
        rig.chronicle.mark("hall", "x")


@pytest.mark.parametrize("error", [OSError("secret"), RuntimeError("secret"), KeyError("secret")])
def test_who_raises_has_the_run_end_and_its_error_told(error: Exception, caplog: pytest.LogCaptureFixture) -> None:
    """Nobody who is told may raise: what was a fault of this program is not passed over in silence."""
    asked, broken = list[Row](), threading.Event()

    def failing(row: Row) -> None:
        asked.append(row)
        raise error

    first = list[Row]()
    rig = Rig(told=[first.append, failing], broken=broken.set)
    with ExitStack() as stack:
        stack.enter_context(rig.chronicle)
        assert rig.chronicle.state == ""
        rig.play(5, mood())
        assert broken.wait(10)
        assert rig.chronicle.state == "events are told no more, their thread ended"
        rig.play(5, mood())  # the analysis comes to its end without being held up
        with pytest.raises(type(error)) as raised:
            stack.close()
    assert raised.value is error
    assert len(asked) == len(first) == 1
    (line,) = caplog.records
    assert line.getMessage() == f"events are told no more, the run ends: {type(error).__name__}"


def test_a_row_that_cannot_be_kept_is_left_out_and_the_others_are_kept(tmp_path: Path) -> None:
    """With what a run has: each of those told counts it, says it once, and goes on."""
    metrics = Metrics()
    writer, lines = TimelineWriter(tmp_path / "t.sqlite", retention_days=1), LinesOut(tmp_path / "events", metrics)
    with writer, lines:
        rig = Rig(told=[writer.put, lines.put])
        with rig.chronicle:
            rig.play(2, mood())
            rig.camera("stalled", "\ud800")
            rig.hub.publish(RoomResult("\ud800", rig.pts, mood(), ("left",)))
            rig.play(2, mood())
            rig.chronicle.mark("hall", "after")
        assert writer.flush()
    told = [json.loads(line) for line in (tmp_path / "events").read_text().splitlines()]
    assert sorted(one["type"] for one in told) == ["mark", *["second"] * 5]
    assert metrics.snapshot().count("events failed", "file") == 2
    with TimelineReader(tmp_path / "t.sqlite") as reader:
        assert [one.utc for one in reader.seconds("hall", EPOCH, EPOCH + 60)] == [EPOCH + second for second in range(5)]
        assert len(reader.occurrences("hall", EPOCH, EPOCH + 60)) == 1


def test_who_is_slow_holds_nobody_up() -> None:
    """Publishing goes on while a row waits to be taken; what is too much is left out, the oldest first, and counted."""
    let_go, stuck = threading.Event(), threading.Event()

    def slow(_: Row) -> None:
        stuck.set()
        assert let_go.wait(10)

    many = chronicle_module.WAITING + 50
    rig = Rig(told=[slow])
    with rig.chronicle:
        rig.play(2, mood(), step=1)
        assert stuck.wait(10)
        rig.play(many, mood(), step=1)
        let_go.set()
    assert rig.chronicle.lost > 0
    assert "rows were left out" in rig.chronicle.state
    assert len(rig.rows) + rig.chronicle.lost == many + 2
    assert rig.seconds()[-1] == many + 2


def test_a_clock_set_back_puts_no_row_over_another() -> None:
    """By an hour, in the middle of second 10: the seconds go on, one after the other, none twice."""
    rig = Rig()
    with rig.chronicle:
        rig.play(10, mood(0.1))
        rig.ahead = -3600.0
        rig.play(98, mood(0.2))
    assert rig.seconds() == list(range(99))  # nine tenths as fast
    assert {one.mood.valence for one in rig.of(Second) if one.utc > EPOCH + 10} == {0.2}


def test_a_clock_set_forward_is_followed() -> None:
    rig = Rig()
    with rig.chronicle:
        rig.play(10, mood())
        rig.ahead = 3600.0
        rig.play(10, mood())
    assert rig.seconds() == [*range(11), *range(3610, 3621)]


def test_the_label_meets_the_clock_again() -> None:
    """Set back by 9 s: after 90 s the two agree, and never before did the label fall or stand still."""
    wall = [1000.0]
    calendar = Calendar(lambda: wall[0])
    assert calendar.label(0.0) == 1000.0
    wall[0] -= 9.0
    labels = []
    for own in range(1, 100):
        wall[0] += 1.0
        labels.append(calendar.label(float(own)))
        calendar.label()  # of a mark, which has no time of its own
    assert all(after > before for before, after in pairwise(labels))
    assert labels[50] > 991.0 + 51
    assert labels[95] == pytest.approx(991.0 + 96)


def test_a_long_silence_moves_no_label_beyond_the_clock() -> None:
    wall = [1000.0]
    calendar = Calendar(lambda: wall[0])
    calendar.label(0.0)
    wall[0] += 3600.0
    assert calendar.label() == 4600.0
    assert calendar.label(3600.0) == 4600.0


def test_after_the_end_nothing_is_heard() -> None:
    rig = Rig()
    with rig.chronicle:
        rig.play(1, mood())
    before = list(rig.rows)
    rig.play(5, mood())
    assert rig.rows == before


def test_each_row_has_its_event_with_an_id_of_its_own() -> None:
    rig = Rig(*rules_of({"low": Settings.model_validate(alert_of("valence < -0.4 for 5 s"))}))
    rig.camera("online")
    with rig.chronicle:
        rig.play(20, mood(-0.8, Moment(1.0, 4.0, -0.3, False)))
        rig.chronicle.mark("hall", "slide 7")
        rig.camera("stalled")
    told = [event_of(row) for row in rig.rows]
    assert None not in told
    assert len({one.id for one in told if one}) == len(told)
    assert {one.type for one in told if one} == {"second", "moment", "alert", "mark", "camera_changed"}
