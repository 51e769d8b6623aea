"""Where the room's number comes from, by cases worked by hand and by a second room that knows no correction."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from streamer.correction import Answers
from streamer.emotions import LABELS
from streamer.explain import Explained, Share
from streamer.mood import MoodRules, RoomMood
from streamer.stillness import STILL
from streamer.types import Box, Face, GroupMood, Person, Track
from tests.rooms import SimulatedFace, every, person

HAPPY, SAD = 0.81, -0.63
"""Valence of the two in emotions.CIRCUMPLEX."""

NEUTRAL, SADNESS = LABELS.index("neutral"), LABELS.index("sadness")


def confused() -> Answers:
    """A model that gives a neutral face 0.6 neutral and 0.4 sadness; nothing else is mistaken."""
    mean = np.eye(len(LABELS))
    mean[NEUTRAL, [NEUTRAL, SADNESS]] = 0.6, 0.4
    return Answers.of(mean.tolist(), [100] * len(LABELS), range(len(LABELS)))


def happy(track: int, pts: float) -> Person:
    return person(track, pts, happiness=1.0)


def explained(room: RoomMood) -> Explained:
    told = room.explain()
    assert told is not None
    return told


def shares(room: RoomMood) -> dict[int, Share]:
    return {share.track: share for share in explained(room).shares}


def test_nobody_ever_is_nothing_to_explain() -> None:
    room = RoomMood()
    assert room.explain() is None
    room.update("a", (), 0.0)
    assert room.explain() is None


def test_two_people_have_half_each() -> None:
    room = RoomMood()
    mood = room.update("a", [happy(1, 0.1), replace(person(2, 0.3, sadness=1.0), quality=0.5)], 0.4)
    told = explained(room)
    assert told.mood == mood
    assert [(one.source, one.track, one.quality, one.reason) for one in told.shares] == [
        ("a", 1, 0.9, ""),
        ("a", 2, 0.5, ""),
    ]
    assert [one.weight for one in told.shares] == [0.5, 0.5]
    assert [one.before for one in told.shares] == pytest.approx([HAPPY, SAD])
    assert [one.after for one in told.shares] == pytest.approx([HAPPY, SAD])
    assert [one.age for one in told.shares] == pytest.approx([0.3, 0.1])
    assert told.before == pytest.approx((HAPPY + SAD) / 2)
    assert mood is not None
    assert told.before_interval == mood.interval


def test_the_correction_is_told_of_each_person() -> None:
    """One who is as likely neutral as sad goes with eleven who are certainly neutral, one who is happy stays so."""
    people = [*(person(track, 0.0) for track in range(11)), person(50, 0.0, sadness=0.5), happy(51, 0.0)]
    room = RoomMood(answers=confused())
    mood = room.update("a", people, 0.0)
    told = {share.track: share for share in explained(room).shares}
    before, after = told[50].before, told[50].after
    assert before == pytest.approx(SAD / 2)
    assert after is not None
    assert SAD / 4 < after < 0
    assert told[51].before == told[51].after == pytest.approx(HAPPY)
    assert mood is not None
    assert mood.valence == pytest.approx((after + HAPPY) / 13)
    assert explained(room).before == pytest.approx((SAD / 2 + HAPPY) / 13)


def test_who_left_fades() -> None:
    """After 1 s of 5 s the weight of who left is e^−0.2 of that of who stayed."""
    room = RoomMood(MoodRules(tau=5.0))
    room.update("a", [happy(1, 0.0), happy(2, 0.0), person(3, 0.0, sadness=1.0)], 0.0)
    mood = room.update("a", [happy(1, 1.0), happy(2, 1.0)], 1.0)
    told, left = shares(room), math.exp(-0.2)
    assert (told[3].reason, told[3].quality) == ("has left", 0.9)
    assert told[3].age == pytest.approx(1.0)
    assert told[3].weight == pytest.approx(left / (2 + left))
    assert told[1].weight == told[2].weight == pytest.approx(1 / (2 + left))
    assert mood is not None
    assert mood.valence == pytest.approx((2 * HAPPY + left * SAD) / (2 + left))
    for pts in every(1.0, 25, start=2.0):
        room.update("a", [happy(1, pts), happy(2, pts)], pts)
    assert set(shares(room)) == {1, 2}


def test_who_is_not_read_any_more_fades_with_the_reason() -> None:
    room = RoomMood(MoodRules(tau=5.0))
    room.update("a", [happy(1, 0.0), happy(2, 0.0), person(3, 0.0, sadness=1.0)], 0.0)
    room.update("a", [happy(1, 1.0), happy(2, 1.0), person(3, 1.0, sadness=1.0, quality=0.1)], 1.0)
    turned = shares(room)[3]
    assert (turned.reason, turned.quality) == ("too small, blurred or turned away", 0.1)
    assert turned.weight == pytest.approx(math.exp(-0.2) / (2 + math.exp(-0.2)))


@pytest.mark.parametrize(
    ("out", "reason"),
    [
        (person(9, read=False), "not read yet"),
        (person(9, 10.0, quality=0.39), "too small, blurred or turned away"),
        (person(9, 4.9), "read too long ago"),
        (person(9, 8.9, seen=False), "read too long ago"),
    ],
)
def test_who_never_counted_has_a_reason_and_no_part(out: Person, reason: str) -> None:
    room = RoomMood()
    room.update("a", [happy(1, 10.0), happy(2, 10.0), out], 10.0)
    left_out = shares(room)[9]
    assert (left_out.weight, left_out.before, left_out.after, left_out.reason) == (0.0, None, None, reason)
    assert [share.reason for share in explained(room).shares].count("") == 2


def test_a_picture_on_the_wall_is_told() -> None:
    room = RoomMood()
    for pts in every(1.0, STILL + 40):
        moving = [
            Person(Track(n, Face(Box(pts, n, pts + 60, 64), 0.9), pts, True), happy(n, pts).emotion) for n in (1, 2)
        ]
        moving = [replace(one, quality=0.9) for one in moving]
        room.update("a", [*moving, person(3, pts, sadness=1.0)], pts)
    poster = shares(room)[3]
    assert (poster.weight, poster.reason) == (0.0, "does not move: a picture?")


def test_a_single_person_is_that_person_whoever_was_there() -> None:
    room = RoomMood()
    room.update("a", [happy(1, 0.0), person(2, 0.0, sadness=1.0)], 0.0)
    mood = room.update("a", [happy(1, 0.5)], 0.5)
    told = shares(room)
    assert (told[1].weight, told[1].reason) == (1.0, "")
    assert (told[2].weight, told[2].after, told[2].reason) == (0.0, None, "has left")
    assert mood is not None
    assert mood.valence == told[1].after == explained(room).before


def test_who_has_just_come_has_no_part_yet_and_is_told_why() -> None:
    """A thirtieth of a second of 5 s gives a weight of 0.0066, below FORGOTTEN."""
    room = RoomMood()
    room.update("a", [happy(1, 0.0), happy(2, 0.0)], 0.0)
    room.update("a", [happy(1, 1 / 30), happy(2, 1 / 30), happy(3, 1 / 30)], 1 / 30)
    assert (shares(room)[3].weight, shares(room)[3].reason) == (0.0, "has just come")
    room.update("a", [happy(1, 2 / 30), happy(2, 2 / 30), happy(3, 2 / 30)], 2 / 30)
    assert shares(room)[3].reason == ""
    assert shares(room)[3].weight > 0


def test_for_a_second_after_all_have_left_the_last_numbers_are_explained() -> None:
    room = RoomMood()
    room.update("a", [happy(1, 0.0), person(2, 0.0, sadness=1.0)], 0.0)
    mood = room.update("a", (), 0.5)
    told = explained(room)
    assert told.mood == mood
    assert told.mood.people == told.mood.used == 0
    assert [(share.weight, share.reason) for share in told.shares] == [(0.5, "has left")] * 2
    assert told.before == pytest.approx((HAPPY + SAD) / 2)
    room.update("a", (), 1.5)
    assert room.explain() is None


def test_who_is_gone_from_one_camera_is_not_gone_from_the_other() -> None:
    room = RoomMood()
    room.update("a", [happy(1, 100.0), happy(2, 100.0)], 100.0)
    room.update("b", [person(1, 7.0, sadness=1.0)], 7.2)
    room.update("a", (), 100.1)
    told = {(share.source, share.track): share for share in explained(room).shares}
    assert {key: share.reason for key, share in told.items()} == {
        ("a", 1): "has left",
        ("a", 2): "has left",
        ("b", 1): "",
    }
    assert told["b", 1].age == pytest.approx(0.3)
    assert explained(room).mood.people == 1


def test_without_enough_evidence_there_is_no_valence_before_either() -> None:
    room = RoomMood()
    room.update("a", [happy(1, 0.0), person(2, read=False), person(3, read=False)], 0.0)
    told = explained(room)
    assert (told.mood.valence, told.before, told.before_interval) == (None, None, None)
    assert [share.weight for share in told.shares] == [1.0, 0.0, 0.0]


def test_nobody_who_can_be_read_has_no_weights() -> None:
    room = RoomMood()
    room.update("a", [person(1, read=False)], 0.0)
    told = explained(room)
    assert (told.mood.valence, told.before) == (None, None)
    assert [(share.weight, share.reason) for share in told.shares] == [(0.0, "not read yet")]


@pytest.mark.parametrize(("size", "weights"), [((600, 600), (1 / 3.5, 2 / 3.5, 0.5 / 3.5)), (None, (1 / 3,) * 3)])
def test_large_and_central_faces_weigh_more_in_a_picture_of_known_size(
    size: tuple[int, int] | None, weights: tuple[float, ...]
) -> None:
    """A sixth of the height at the middle: √1 · 1 = 1. Two thirds of it at the middle: √4 · 1 = 2. A sixth, with its
    centre in the corner: √1 · ½ = ½."""
    boxes = (Box(250, 250, 350, 350), Box(100, 100, 500, 500), Box(-50, -50, 50, 50))
    people = [replace(happy(n, 0.0), track=Track(n, Face(box, 0.9), 0.0, True)) for n, box in enumerate(boxes)]
    room = RoomMood(MoodRules(weighting="perceptual"))
    room.update("a", people, 0.0, size)
    assert [share.weight for share in explained(room).shares] == pytest.approx(weights)


def test_in_any_room_the_parts_make_the_whole() -> None:
    """A room in which people come, go and turn away; beside it one without correction, which is the room before."""
    rng = np.random.default_rng(3)
    faces = [SimulatedFace(rng) for _ in range(6)]
    room, plain = RoomMood(answers=confused()), RoomMood()
    told = 0
    for pts in every(0.2, 40):
        people = [
            person_of(track, pts, face, rng.uniform() < 0.9)
            for track, face in enumerate(faces)
            if (track + pts / 5) % 6 < 3.5
        ]
        mood, before = room.update("a", people, pts), plain.update("a", people, pts)
        told += check(explained(room), mood, before)
    assert told > 150


def person_of(track: int, pts: float, face: SimulatedFace, good: bool) -> Person:
    one = person(track, pts, quality=0.9 if good else 0.2)
    return replace(one, emotion=face.read("happiness" if track % 2 else "neutral", pts))


def check(told: Explained, mood: GroupMood | None, before: GroupMood | None) -> bool:
    """Whether there was a valence to explain, once everything about it has been found right."""
    assert mood is not None
    assert before is not None
    assert told.mood == mood
    assert sum(share.weight for share in told.shares) == pytest.approx(1.0)
    parts = [(share.weight, share.before, share.after) for share in told.shares if share.weight]
    assert all((share.before is None) == (share.after is None) == (not share.weight) for share in told.shares)
    assert all(share.reason for share in told.shares if not share.weight)
    assert [told.before, told.before_interval] == [pytest.approx(before.valence), pytest.approx(before.interval)]
    if mood.valence is None:
        return False
    assert sum(weight * (value or 0.0) for weight, value, _ in parts) == pytest.approx(told.before)
    assert sum(weight * (value or 0.0) for weight, _, value in parts) == pytest.approx(mood.valence)
    return True
