"""What leaves the machine of each room: from the results of its cameras to the events of the Hub."""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from streamer.errors import ConfigError
from streamer.explain import STILL_FACE
from streamer.hub import Event, Hub
from streamer.mood import MoodRules, RoomMood
from streamer.publish import PublishedRoom, Publisher, overlap_warning
from streamer.schema import room_event
from streamer.types import Face, FrameResult, GroupMood, Person, RoomResult, RoomSigns, Track
from tests.rooms import emotion, person
from tests.rooms import track as track_of

BEGAN = 5000.0
Key = tuple[str, int]


@dataclass
class FakeVotes:
    """As many votes as it is told to have."""

    voting: Collection[Key] = ()
    reasons: Mapping[str, int] = field(default_factory=dict)

    def members(self) -> Collection[Key]:
        return self.voting

    def left_out(self) -> Mapping[str, int]:
        return self.reasons


class FakeSigns:
    """Says how many it was told of; keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[tuple[list[int], list[object], float]] = []

    def update(self, people: Sequence[Person], members: Sequence[object], now: float) -> RoomSigns | None:
        self.given.append(([one.track.id for one in people], list(members), now))
        return RoomSigns(len(people), 0.5, None, None, None, 1.0) if len(people) >= 5 else None


class Rig:
    """A room with fake votes, and everything that the Hub says of it."""

    def __init__(self, *sources: str, overlap: bool = True, direct: bool = False) -> None:
        self.votes, self.hub, self.events = FakeVotes(), Hub(), list[RoomResult]()
        self.hub.listen(self._hear)
        self.room = PublishedRoom("hall", sources or ("left",), self.votes, overlap=overlap)
        self.publisher = Publisher([self.room], self.hub, "self" if direct else "audience", direct=direct)

    def _hear(self, event: Event) -> None:
        assert isinstance(event, RoomResult)
        self.events.append(event)

    def look(self, at: float, people: Mapping[str, int], valence: float = 0.4) -> None:
        """One round at ``at`` seconds: so many people vote in each source."""
        self.votes.voting = [(source, number) for source, count in people.items() for number in range(count)]
        total = len(self.votes.voting)
        mood = GroupMood(total, total, valence, 0.1, (valence - 0.1, valence + 0.1), None, 0.2, None, 1.0, 10.0)
        self.publisher.update([result(source, at, count, mood if total else None) for source, count in people.items()])

    def watch(
        self, start: float, seconds: float, people: Mapping[str, int], step: float = 0.5, valence: float = 0.4
    ) -> None:
        for number in range(round(seconds / step)):
            self.look(start + number * step, people, valence)

    @property
    def newest(self) -> GroupMood | None:
        return self.events[-1].mood


def result(source: str, at: float, count: int, mood: GroupMood | None) -> FrameResult:
    people = tuple(person(number, at) for number in range(count))
    return FrameResult(source, 0, at, BEGAN + at, people, mood)


def test_a_room_is_shown_from_least_people_on_and_no_sooner() -> None:
    rig = Rig()
    rig.watch(0, 30, {"left": 4})
    assert {event.mood for event in rig.events} == {None}
    rig.watch(30, 30, {"left": 5})
    assert rig.newest is not None
    assert (rig.newest.people, rig.newest.used) == (5, 5)
    assert rig.newest.valence is not None
    rig.look(60, {"left": 4})
    assert rig.newest is None


def test_each_result_tells_its_room_time_and_sources() -> None:
    rig = Rig("left", "right")
    rig.look(0.0, {"left": 3, "right": 3})
    rig.look(1.5, {"right": 3})
    rig.look(2.5, {"right": 3})  # the left one has been silent for longer than 2 s
    assert [(event.room, event.pts, event.sources) for event in rig.events] == [
        ("hall", 0.0, ("left", "right")),
        ("hall", 1.5, ("left", "right")),
        ("hall", 2.5, ("right",)),
    ]


def test_ten_results_a_second_at_most_but_an_end_at_once() -> None:
    rig = Rig()
    rig.watch(0, 40, {"left": 6}, step=1 / 30)
    empty = [event.pts for event in rig.events if event.mood is None]
    shown_at = [event.pts for event in rig.events if event.mood]
    assert len(shown_at) > 200
    for times in (empty, shown_at):
        assert min(later - sooner for sooner, later in pairwise(times)) >= 0.1
    shown = len(rig.events)
    rig.look(40.0, {"left": 6})
    rig.look(40.01, {"left": 2})
    assert len(rig.events) == shown + 2
    assert rig.newest is None


def test_numbers_of_silent_cameras_go_and_are_told_once() -> None:
    rig = Rig()
    rig.watch(0, 30, {"left": 6})
    before = len(rig.events)
    rig.publisher.tick(BEGAN + 31)
    assert len(rig.events) == before
    for second in (32, 33, 34):
        rig.publisher.tick(BEGAN + second)
    assert len(rig.events) == before + 1
    assert rig.events[-1] == RoomResult("hall", 32.0, None, (), captured=BEGAN + 32.0)
    assert rig.publisher.explain("hall") is None


def test_switching_off_lets_all_numbers_go_at_once() -> None:
    rig = Rig()
    rig.watch(0, 30, {"left": 6})
    assert rig.newest is not None
    rig.publisher.off()
    assert rig.newest is None
    rig.look(31, {"left": 6})
    assert rig.newest is None  # it waits again for as long as it did at first
    rig.watch(31.5, 20, {"left": 6})
    assert rig.newest is not None


def test_nothing_before_the_first_picture() -> None:
    rig = Rig()
    rig.publisher.tick(BEGAN)
    rig.publisher.update([])
    assert rig.events == []


@pytest.mark.parametrize(("away", "still"), [(0.5, False), (1.5, True)])
def test_a_face_that_is_hard_to_read_for_a_moment_has_not_left(away: float, still: bool) -> None:
    rig = Rig()
    rig.watch(0, 60, {"left": 8})
    rig.watch(60, away, {"left": 7}, step=0.25)
    start = len(rig.events)
    rig.watch(60 + away, 8, {"left": 8}, valence=-0.8)
    valences = {event.mood.valence for event in rig.events[start:] if event.mood}
    assert (len(valences) == 1) is still


def test_who_stays_away_is_a_member_no_more() -> None:
    rig = Rig()
    rig.watch(0, 60, {"left": 6})
    rig.watch(60, 30, {"left": 5})
    assert rig.newest is not None
    assert (rig.newest.people, rig.newest.used) == (5, 5)


def test_two_cameras_that_may_see_the_same_three_people_show_nothing() -> None:
    rig, apart = Rig("left", "right"), Rig("left", "right", overlap=False)
    for one in (rig, apart):
        one.watch(0, 30, {"left": 3, "right": 3})
    assert rig.newest is None
    assert apart.newest is not None
    rig.watch(30, 30, {"left": 5, "right": 4})
    assert rig.newest is not None
    assert (rig.newest.people, rig.newest.used) == (5, 5)
    rig.watch(60, 30, {"left": 9, "right": 9})
    assert rig.newest is not None
    assert (rig.newest.people, rig.newest.used) == (5, 5)


def test_a_room_with_several_cameras_is_warned_of() -> None:
    assert overlap_warning(Rig("left").room) == ""
    assert overlap_warning(Rig("left", "right", overlap=False).room) == ""
    said = overlap_warning(Rig("left", "right").room)
    assert said.startswith("room hall has 2 cameras (left, right): whoever is seen by two of them counts twice")
    assert "from 9 faces on, 5 people for certain" in said


def test_alone_before_the_own_camera_the_mood_is_shown_as_it_is() -> None:
    rig = Rig(direct=True)
    rig.look(0.0, {"left": 1}, valence=0.123)
    assert rig.newest is not None
    assert (rig.newest.people, rig.newest.valence) == (1, 0.123)
    rig.votes.reasons = {"not read yet": 2}
    rig.look(0.2, {"left": 1})
    told = rig.publisher.explain("hall")
    assert told is not None
    assert told["people"] == {"seen": "1", "used": "1"}
    assert told["left_out"] == {"not read yet": 2}
    rig.look(0.4, {"left": 0})
    assert rig.newest is None
    assert rig.publisher.explain("hall") is None


@pytest.mark.parametrize("purpose", ["audience", "research", "medical_safety"])
def test_nobody_else_is_shown_as_he_is(purpose: str) -> None:
    with pytest.raises(ConfigError, match=f"for the purpose self alone, got {purpose}"):
        Publisher([], Hub(), purpose, direct=True)  # type: ignore[arg-type]  # a plain word


def test_self_on_a_network_is_guarded_like_any_room() -> None:
    votes, hub = FakeVotes([("left", 1)]), Hub()
    publisher = Publisher([PublishedRoom("hall", ("left",), votes)], hub, "self")
    mood = GroupMood(1, 1, 0.4, 0.1, None, None, None, None, 1.0, 10.0)
    publisher.update([result("left", 0.0, 1, mood)])
    assert hub.rooms()["hall"].mood is None


def signing(votes: FakeVotes | None = None) -> tuple[Publisher, FakeSigns, Hub]:
    signs, hub = FakeSigns(), Hub()
    room = PublishedRoom("hall", ("left", "right"), votes or FakeVotes())
    return Publisher([room], hub, "expressions_only", signs=lambda _: signs), signs, hub


def test_where_no_emotion_is_inferred_no_mood_leaves_though_there_is_one() -> None:
    publisher, signs, hub = signing()
    mood = GroupMood(6, 6, 0.4, 0.1, None, None, None, None, 1.0, 10.0)
    publisher.update([result("left", 0.0, 4, mood), result("right", 0.1, 2, mood)])
    room = hub.rooms()["hall"]
    assert room.mood is None
    assert room.signs == RoomSigns(6, 0.5, None, None, None, 1.0)
    members = [("left", 0), ("left", 1), ("left", 2), ("left", 3), ("right", 0), ("right", 1)]
    ((people, named, now),) = signs.given
    assert (people, named) == ([0, 1, 2, 3, 0, 1], members)
    assert now == pytest.approx(0.1)
    told = publisher.explain("hall")
    assert told is not None
    assert "valence" not in json.dumps(told)
    publisher.off()
    assert hub.rooms()["hall"].signs is None
    assert publisher.explain("hall") is None


def test_pictures_on_the_wall_have_no_signs() -> None:
    publisher, signs, _ = signing()
    for second in range(130):
        sways = Person(Track(9, Face(track_of(9).face.box, 0.9), 1.0, True), emotion(0.0), quality=0.9)
        moving = Person(Track(1, moved(second % 2), 1.0, True), None, quality=0.9)
        publisher.update([FrameResult("left", second, second, BEGAN + second, (sways, moving), None)])
    assert signs.given[100][0] == [9, 1]
    assert signs.given[-1][0] == [1]


def moved(step: int) -> Face:
    box = track_of().face.box
    return Face(type(box)(box.x1 + 50 * step, box.y1, box.x2 + 50 * step, box.y2), 0.9)


def test_signs_must_be_there_where_they_are_all_that_may_leave() -> None:
    with pytest.raises(ConfigError, match="needs signs to publish"):
        Publisher([], Hub(), "expressions_only")


def test_the_explanation_says_nothing_that_the_result_does_not() -> None:
    rig = Rig()
    rig.votes.reasons = {STILL_FACE: 3, "too small, blurred or turned away": 2}
    assert rig.publisher.explain("hall") is None
    rig.watch(0, 30, {"left": 7})
    told = rig.publisher.explain("hall")
    assert told is not None
    assert rig.newest is not None
    assert told["people"] == {"seen": "5 or more", "used": "5 or more"}
    assert told["valence"] == rig.newest.valence
    assert told["interval"] == list(rig.newest.interval or ())
    assert told["left_out"] == {STILL_FACE: "some"}
    assert told["protection"]["least_people"] == 5
    assert told["protection"]["noise_at_most"] == 0.07  # 0.7 people × 0.5 between people / 5
    assert "3" not in json.dumps(told["left_out"])
    json.dumps(told)
    assert rig.publisher.explain("elsewhere") is None


def test_pictures_are_looked_for_as_seldom_as_the_numbers_move() -> None:
    rig = Rig()
    rig.watch(0, 25, {"left": 7})
    rig.votes.reasons = {STILL_FACE: 1}
    seen = []
    for number in range(24):
        rig.look(25 + number * 0.5, {"left": 7})
        seen.append(bool((rig.publisher.explain("hall") or {})["left_out"]))
    assert seen == [False] * 10 + [True] * 14  # looked up at 10, 20 and 30 s


def test_a_real_room_from_faces_to_the_event_on_the_wire() -> None:
    mood, hub = RoomMood(MoodRules(tau=5.0)), Hub()
    publisher = Publisher([PublishedRoom("hall", ("left",), mood)], hub, "audience")
    for number in range(120):
        at = number * 0.25
        people = tuple(person(one, at, happiness=0.9) for one in range(6))
        blurred = person(6, at, quality=0.1)
        publisher.update(
            [
                FrameResult(
                    "left", number, at, BEGAN + at, (*people, blurred), mood.update("left", (*people, blurred), at)
                )
            ]
        )
    event = room_event(hub.rooms()["hall"], 5, 0.0)
    assert event.mood is not None
    assert (event.mood.people, event.mood.used) == (5, 5)
    assert event.mood.valence == pytest.approx(0.73, abs=0.2)
    wire = event.model_dump_json()
    assert "track" not in wire
    assert "left_out" not in wire
    assert mood.members() == {("left", one) for one in range(6)}
    assert mood.left_out() == {"too small, blurred or turned away": 1}


def test_switching_off_from_another_thread_is_final_until_the_next_picture() -> None:
    rig = Rig()
    stop = threading.Event()

    def analyse() -> None:
        at = 0.0
        while not stop.is_set():
            rig.look(at, {"left": 6})
            at += 0.05

    thread = threading.Thread(target=analyse, daemon=True)
    thread.start()
    for number in range(200):
        rig.publisher.tick(BEGAN + number)
        rig.publisher.off()
        rig.publisher.explain("hall")
    stop.set()
    thread.join(10)
    assert not thread.is_alive()
    rig.publisher.off()
    assert rig.hub.rooms()["hall"].mood is None
