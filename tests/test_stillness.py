from __future__ import annotations

import numpy as np
import pytest

from streamer.mood import RoomMood
from streamer.stillness import KEPT, MOST, STILL, Stillness
from streamer.types import Box, Face, Person, Track
from tests.rooms import emotion, every


def face(pts: float, x: float = 100.0, side: float = 60.0, happy: float = 0.2, *, number: int = 1) -> Person:
    track = Track(number, Face(Box(x, 50, x + side, 50 + side), 0.9), pts, True)
    return Person(track, emotion(pts, happiness=happy), "neutral", 0.8, 0.9)


def test_a_poster_is_found_after_two_minutes_though_its_box_trembles() -> None:
    rng, watch = np.random.default_rng(1), Stillness()
    said = {
        pts: watch.still(face(pts, 100 + rng.normal() * 0.8, 60 + rng.normal() * 0.6, 0.2 + rng.normal() * 0.01), pts)
        for pts in every(0.5, 180)
    }
    assert not any(still for pts, still in said.items() if pts < STILL)
    assert all(still for pts, still in said.items() if pts >= STILL)


@pytest.mark.parametrize("change", [(106.0, 60.0, 0.2), (100.0, 66.0, 0.2), (100.0, 60.0, 0.35)])
def test_one_that_moves_grows_or_changes_is_a_person(change: tuple[float, float, float]) -> None:
    watch = Stillness()
    for pts in every(1.0, 115):
        watch.still(face(pts), pts)
    assert not any(watch.still(face(pts, *change), pts) for pts in every(1.0, 110, start=115))


def test_no_more_faces_are_remembered_than_the_bound() -> None:
    watch = Stillness()
    watch.still(face(0.0, number=0), 0.0)
    for pts in every(20.0, STILL + 20):
        for number in range(1, MOST + 1):
            watch.still(face(pts, number=number), pts)
    assert not watch.still(face(STILL + 1, number=0), STILL + 1)
    assert watch.still(face(STILL + 1, number=MOST), STILL + 1)


def test_nothing_is_kept_of_who_is_gone_for_half_a_minute() -> None:
    for away, still in ((KEPT, True), (KEPT + 1, False)):
        watch = Stillness()
        for pts in every(1.0, STILL):
            watch.still(face(pts, number=1), pts)
        watch.still(face(STILL + away - 1, 500, number=2), STILL + away - 1)  # somebody else is there meanwhile
        assert watch.still(face(STILL + away - 1, number=1), STILL + away - 1) is still


def test_a_poster_does_not_vote() -> None:
    """Two people who sway, and a smiling poster: it is seen, and counts no more from two minutes on."""
    room, used = RoomMood(), {}
    mood = None
    for pts in every(0.5, 140):
        sway = 100 + 20 * np.sin(pts / 3)
        people = (face(pts, sway, number=1), face(pts, 300 + sway, number=2), face(pts, 500, happy=1.0, number=3))
        mood = room.update("a", people, pts)
        assert mood is not None
        used[pts] = mood.used
    assert mood is not None
    assert used[100.0] == 3
    assert used[130.0] == 2
    assert mood.people == 3
    assert mood.valence == pytest.approx(0.2 * 0.81, abs=0.06)
    explained = room.explain()
    assert explained is not None
    assert [share.reason for share in explained.shares] == ["", "", "does not move: a picture?"]
