"""Rows of single people: for the purposes that allow it, under names that nobody can lead back."""

from __future__ import annotations

from dataclasses import fields

import pytest

from streamer.chronicle import Ephemeral, PeopleToTimeline, people_rows
from streamer.errors import ConfigError
from streamer.timeline.rows import PersonSecond, Row
from streamer.types import FrameResult, Person
from tests.rooms import person


def result(at: float, *people: Person) -> FrameResult:
    return FrameResult("left", round(at * 10), at, 500.0 + at, people, None)


def played(seconds: float, *people: Person, start: float = 0.0) -> list[FrameResult]:
    return [result(start + tenth / 10, *people) for tenth in range(round(seconds * 10))]


class Rig:
    def __init__(self, purpose: str = "self") -> None:
        self.rows, self.now, self.back = list[PersonSecond](), 0.0, 0.0
        self.sink = PeopleToTimeline(self._put, "hall", purpose, clock=lambda: 1_800_000_000 + self.now - self.back)

    def _put(self, row: Row) -> None:
        assert isinstance(row, PersonSecond)
        self.rows.append(row)

    def write(self, results: list[FrameResult]) -> None:
        for one in results:
            self.now = one.captured
            self.sink.write(one)


def test_a_row_of_each_person_a_second() -> None:
    rig = Rig()
    with rig.sink:
        rig.write(played(3, person(1, 0.0, happiness=1.0), person(2, 0.0)))
    assert len(rig.rows) == 6
    assert len({(row.utc, row.person) for row in rig.rows}) == 6
    assert len({row.person for row in rig.rows}) == 2
    assert {row.room for row in rig.rows} == {"hall"}
    happy, calm = rig.rows[:2]
    assert happy.valence == pytest.approx(0.81, abs=0.05)
    assert calm.valence == pytest.approx(0.0, abs=0.05)


def test_without_people_or_reading() -> None:
    rig = Rig()
    unread = Person(person(1, 0.0).track, None)
    with rig.sink:
        rig.write([result(0.0), result(0.1, unread)])
    assert [(row.valence, row.label) for row in rig.rows] == [(None, "unsure")]


def test_names_are_random_in_each_run_and_for_each_track() -> None:
    names = set()
    for _ in range(3):
        ids = Ephemeral()
        rows = people_rows(result(0.0, person(1, 0.0), person(2, 0.0)), "hall", ids, 1)
        names |= {row.person for row in rows}
        assert {row.person for row in people_rows(result(1.0, person(1, 0.0)), "hall", ids, 2)} <= names
    assert len(names) == 6
    assert all(len(name) == 16 for name in names)
    assert Ephemeral().name("left", 1, 0.0) != Ephemeral().name("right", 1, 0.0)


def test_a_name_is_forgotten_half_a_minute_after_the_end() -> None:
    ids = Ephemeral()
    first = ids.name("left", 1, 0.0)
    assert ids.name("left", 1, 29.0) == first
    assert ids.name("left", 1, 58.0) == first
    ids.forget(88.5)
    assert len(ids) == 0
    assert ids.name("left", 1, 89.0) != first


def test_it_is_forgotten_also_while_nobody_is_seen() -> None:
    ids = Ephemeral()
    people_rows(result(0.0, person(1, 0.0)), "hall", ids, 1)
    people_rows(result(31.0), "hall", ids, 32)
    assert len(ids) == 0


def test_a_clock_set_back_gives_no_second_row() -> None:
    rig = Rig()
    rig.write(played(5, person(1, 0.0)))
    rig.back = 3600.0
    rig.write(played(5, person(1, 0.0), start=5.0))
    labels = [row.utc for row in rig.rows]
    assert labels == sorted(set(labels))
    assert 9 <= len(labels) <= 10


@pytest.mark.parametrize("purpose", ["audience", "medical_safety", "expressions_only", None])
def test_other_purposes_are_refused(purpose: str | None) -> None:
    with pytest.raises(ConfigError, match="for the purposes self and research alone, got"):
        PeopleToTimeline(lambda _: None, "hall", purpose)


def test_a_row_holds_no_picture_place_or_track() -> None:
    assert {field.name for field in fields(PersonSecond)} == {
        "room",
        "utc",
        "person",
        "label",
        "confidence",
        "valence",
        "quality",
    }
