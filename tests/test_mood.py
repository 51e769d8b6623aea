from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pytest

from streamer.chips import MIN_QUALITY
from streamer.correction import effective_size
from streamer.emotions import valence_arousal
from streamer.errors import ConfigError
from streamer.labels import LabelRules, Labels
from streamer.mood import MoodRules, RoomMood
from streamer.summing import ALIKE, MODEL_ERROR, measure
from streamer.types import Box, Face, GroupMood, Person
from tests.rooms import SimulatedFace, emotion, every, person, track

HAPPY, SAD = 0.81, -0.63
"""Valence of the two in emotions.CIRCUMPLEX."""


def group(pts: float, happy: int, neutral: int = 0, sad: int = 0) -> list[Person]:
    """So many certain faces of each kind, read at ``pts``."""
    kinds = [(1.0, 0.0)] * happy + [(0.0, 0.0)] * neutral + [(0.0, 1.0)] * sad
    return [person(index, pts, happiness=smile, sadness=grief) for index, (smile, grief) in enumerate(kinds)]


def told(mood: GroupMood | None) -> GroupMood:
    assert mood is not None
    return mood


def valence(mood: GroupMood | None) -> float:
    value = told(mood).valence
    assert value is not None
    return value


def test_the_first_frame_by_hand() -> None:
    """Two happy, one sad, one neutral: valence (0.81 + 0.81 − 0.63 + 0) / 4 = 0.2475, arousal (2 · 0.51 − 0.27) / 4 =
    0.1875; the squares 0.5625², 0.5625², 0.8775², 0.2475² sum to 1.464075, and a quarter of it is 0.604995²."""
    mood = told(RoomMood().update("a", group(0.0, 2, 1, 1), 0.0))
    assert (mood.people, mood.used, mood.coverage) == (4, 4, 1.0)
    assert mood.valence == pytest.approx(0.2475)
    assert mood.arousal == pytest.approx(0.1875)
    assert mood.dispersion == pytest.approx(0.604995, abs=1e-6)
    assert mood.shares == pytest.approx((0.25, 0.5, 0, 0.25, 0, 0, 0, 0))
    assert mood.window == 0.0
    assert mood.interval == pytest.approx((0.2475 - 1.2816 * MODEL_ERROR, 0.2475 + 1.2816 * MODEL_ERROR))
    assert (mood.positive, mood.negative) == (2, 1)
    assert mood.polarisation == pytest.approx(4 * (2 / 4) * (1 / 4))
    assert mood.trend == pytest.approx(0.2475)
    assert mood.cohesion is None
    assert mood.together is None
    assert mood.moment is None


def test_the_meter_follows_its_formula() -> None:
    room = RoomMood(MoodRules(tau=5.0))
    room.update("a", group(0.0, 0, 2), 0.0)
    assert valence(room.update("a", group(1.0, 2), 1.0)) == pytest.approx(HAPPY * (1 - math.exp(-0.2)))
    assert valence(room.update("a", group(2.0, 2), 2.0)) == pytest.approx(HAPPY * (1 - math.exp(-0.4)))


def test_thirty_frames_a_second_look_like_ten() -> None:
    ends = []
    for rate in (10, 30):
        room = RoomMood()
        values = [
            valence(room.update("a", group(t, 5 if t >= 2 else 0, 0 if t >= 2 else 5), t)) for t in every(1 / rate, 6)
        ]
        ends.append([values[4 * rate], values[-1]])
    assert ends[0] == pytest.approx(ends[1], abs=0.02)
    assert 0.2 < ends[0][0] < 0.4


def test_one_person_alone_is_that_person() -> None:
    mood = told(RoomMood().update("a", group(0.0, 1), 0.0))
    assert mood.valence == pytest.approx(HAPPY)
    assert mood.dispersion == 0.0
    assert (mood.people, mood.used) == (1, 1)


def test_one_person_alone_under_a_new_id_is_that_person_at_once() -> None:
    """At 60 frames a second the weight of who has just come is next to nothing."""
    room = RoomMood()
    room.update("a", [person(1, 0.0)], 0.0)
    assert valence(room.update("a", [person(2, 1 / 60, happiness=1.0)], 1 / 60)) == pytest.approx(HAPPY)


def test_one_person_who_cannot_be_read_has_no_mood() -> None:
    mood = told(RoomMood().update("a", [person(read=False)], 0.0))
    assert (mood.people, mood.used, mood.coverage) == (1, 0, 0.0)
    assert mood.valence is None


@pytest.mark.parametrize(
    ("read", "unread", "enough"),
    [(1, 1, False), (2, 0, True), (2, 2, True), (2, 3, False), (5, 5, True), (5, 6, False)],
)
def test_too_few_read_of_those_seen_is_not_enough_evidence(read: int, unread: int, enough: bool) -> None:
    people = [*group(0.0, read), *(person(50 + index, read=False) for index in range(unread))]
    mood = told(RoomMood().update("a", people, 0.0))
    assert (mood.people, mood.used) == (read + unread, read)
    assert mood.coverage == pytest.approx(read / (read + unread))
    numbers = (mood.valence, mood.arousal, mood.shares, mood.dispersion)
    assert all((number is not None) == enough for number in numbers)


def test_who_votes() -> None:
    def used(*people: Person, pts: float = 10.0) -> int:
        return told(RoomMood().update("a", people, pts)).used

    assert used(person(pts=10.0, quality=0.39)) == 0
    assert used(person(pts=10.0, quality=0.4)) == 1
    assert used(person(pts=9.1, seen=False)) == 1
    assert used(person(pts=8.9, seen=False)) == 0
    assert used(person(pts=5.1)) == 1
    assert used(person(pts=4.9)) == 0


def test_a_person_who_comes_or_goes_makes_no_jump() -> None:
    """The sixth person is as sad as can be among five as happy as can be."""
    room, values = RoomMood(), []
    for pts in every(1 / 10, 30):
        sad = 1 if 10 <= pts < 20 else 0
        mood = told(room.update("a", group(pts, 5, 0, sad), pts))
        assert mood.people == 5 + sad
        values.append(valence(mood))
    assert np.abs(np.diff(values)).max() <= 0.15
    assert values[199] == pytest.approx((5 * HAPPY + SAD) / 6, abs=0.05)


def test_nobody_ever_is_no_data() -> None:
    room = RoomMood()
    assert [room.update("a", (), pts) for pts in every(0.1, 4)] == [None] * 40


def test_no_data_a_second_after_everybody_left_and_a_fresh_start_after_it() -> None:
    room = RoomMood()
    for pts in every(0.1, 5):
        room.update("a", group(pts, 0, 0, 3), pts)
    held = told(room.update("a", (), 5.5))
    assert (held.people, held.used, held.coverage) == (0, 0, 0.0)
    assert held.valence == pytest.approx(SAD)
    assert room.update("a", (), 6.0) is None
    assert valence(room.update("a", group(6.1, 3), 6.1)) == pytest.approx(HAPPY)


def test_someone_who_is_back_within_a_second_finds_the_old_meter() -> None:
    room = RoomMood()
    room.update("a", group(0.0, 3), 0.0)
    room.update("a", (), 0.5)
    assert valence(room.update("a", group(1.0, 0, 3), 1.0)) == pytest.approx(HAPPY * math.exp(-0.2))


@pytest.mark.parametrize("pts", [-1.0, 2.1, 60.0])
def test_a_time_that_falls_or_leaps_starts_the_room_anew(pts: float) -> None:
    room = RoomMood()
    room.update("a", group(0.0, 3), 0.0)
    mood = told(room.update("a", group(pts, 0, 0, 3), pts))
    assert mood.valence == pytest.approx(SAD)
    assert mood.window == 0.0


def test_the_window_grows_to_twice_the_time_constant() -> None:
    room = RoomMood(MoodRules(tau=5.0))
    windows = [told(room.update("a", group(pts, 2), pts)).window for pts in every(1.0, 15)]
    assert windows[:3] == pytest.approx([0.0, 1.0, 2.0])
    assert windows[-5:] == [10.0] * 5


def test_two_sources_with_zeros_of_their_own_make_one_room() -> None:
    room = RoomMood()
    room.update("a", group(100.0, 2), 100.0)
    mood = told(room.update("b", group(7.0, 0, 0, 2), 7.0))
    assert (mood.people, mood.used) == (4, 4)
    assert told(room.update("a", group(100.1, 2), 100.1)).window == pytest.approx(0.1)
    for step in range(2, 400):
        room.update("a", group(100.0 + step / 10, 2), 100.0 + step / 10)
        mood = told(room.update("b", group(7.0 + step / 10, 0, 0, 2), 7.0 + step / 10))
    assert mood.valence == pytest.approx((HAPPY + SAD) / 2, abs=0.001)
    assert mood.dispersion == pytest.approx((HAPPY - SAD) / 2, abs=0.001)
    assert mood.window == 10.0


def test_a_source_with_a_slow_clock_does_not_turn_the_room_s_time_back() -> None:
    room = RoomMood()
    for source, pts in (("a", 0.0), ("b", 0.0), ("a", 1.5)):
        room.update(source, group(pts, 2), pts)
    mood = told(room.update("b", group(0.1, 0, 0, 2), 0.1))
    assert mood.window == pytest.approx(1.5)
    assert mood.valence == pytest.approx(HAPPY)


def test_a_source_that_is_silent_counts_for_two_seconds() -> None:
    room = RoomMood()
    room.update("a", group(0.0, 2), 0.0)
    room.update("b", group(50.0, 0, 3), 50.0)
    people = {pts: told(room.update("a", group(pts, 2), pts)).people for pts in every(0.5, 3, start=0.5)}
    assert people == {0.5: 5, 1.0: 5, 1.5: 5, 2.0: 5, 2.5: 2, 3.0: 2}


def test_a_source_whose_time_leaps_beside_another_moves_no_time() -> None:
    """b leaps by an hour: a's people still count, and the meter goes on from where it was."""
    room = RoomMood()
    room.update("a", group(0.0, 2), 0.0)
    room.update("b", group(0.0, 2), 0.0)
    mood = told(room.update("b", group(3600.0, 0, 2), 3600.0))
    assert mood.people == 4
    assert mood.valence == pytest.approx(HAPPY)
    mood = told(room.update("a", group(0.1, 2), 0.1))
    assert mood.people == 4
    assert mood.window == pytest.approx(0.1)


def test_one_source_without_people_takes_nothing_from_the_other() -> None:
    room = RoomMood()
    for pts in every(0.1, 5):
        room.update("a", group(pts, 2), pts)
        mood = told(room.update("b", (), pts))
    assert mood.people == 2
    assert mood.valence == pytest.approx(HAPPY)


def crowd(pts: float, labels: Labels, faces: Sequence[SimulatedFace], truths: Sequence[str]) -> Sequence[Person]:
    ids = range(len(faces))
    readings = {id_: faces[id_].read(truths[id_], pts) for id_ in ids}
    return labels.update([track(id_) for id_ in ids], readings, dict.fromkeys(ids, 0.9), pts)


def test_a_simulated_room_stays_in_range_and_rises_when_people_smile() -> None:
    rng = np.random.default_rng(1)
    faces, labels, room = [SimulatedFace(rng) for _ in range(8)], Labels(), RoomMood()
    before: list[float] = []
    after: list[float] = []
    for pts in every(0.25, 60):
        truths = ["happiness" if pts >= 30 and index < 6 else "neutral" for index in range(8)]
        mood = told(room.update("a", crowd(pts, labels, faces, truths), pts))
        assert mood.shares is not None
        assert mood.dispersion is not None
        assert mood.arousal is not None
        assert sum(mood.shares) == pytest.approx(1.0)
        assert min(mood.shares) >= 0
        assert -1 <= valence(mood) <= 1
        assert -1 <= mood.arousal <= 1
        assert 0 <= mood.dispersion <= 1
        if 15 <= pts < 30 or pts >= 45:
            (after if pts >= 45 else before).append(valence(mood))
    assert np.std(before) < 0.05
    assert np.mean(after) - np.mean(before) > 0.4


def test_measure_is_the_weighted_mean_of_the_people() -> None:
    votes = [emotion(0.0, happiness=0.5, fear=0.2).probabilities, emotion(0.0, anger=0.3).probabilities]
    numbers = measure(np.array(votes), np.array([3.0, 1.0]))
    (first, second), (calm, tense) = zip(*(valence_arousal(vote) for vote in votes), strict=True)
    assert numbers.shares == pytest.approx([0.75 * a + 0.25 * b for a, b in zip(*votes, strict=True)])
    assert numbers.valence == pytest.approx(0.75 * first + 0.25 * second)
    assert numbers.arousal == pytest.approx(0.75 * calm + 0.25 * tense)
    assert numbers.each == pytest.approx([first, second])
    assert numbers.dispersion == pytest.approx(math.sqrt(0.75 * 0.25) * abs(first - second))


def test_the_interval_by_hand() -> None:
    """One who is certainly happy, and one who is as likely happy as neutral: ½ · 0.81² − (½ · 0.81)² = 0.164025."""
    rows = np.array([emotion(0.0, happiness=1.0).probabilities, emotion(0.0, happiness=0.5).probabilities])
    variance = 0.25 * 0.164025 * ALIKE**2 + MODEL_ERROR**2
    assert measure(rows, np.ones(2)).half == pytest.approx(1.2816 * math.sqrt(variance))
    unread = (2 / 4) ** 2 * 0.2025**2 * (1 / 2 + 1 / 2)  # valences 0.81 and 0.405 differ by 0.2025 from their mean
    assert measure(rows, np.ones(2), 2).half == pytest.approx(1.2816 * math.sqrt(variance + unread))


def test_a_room_that_is_certainly_split_is_certain_and_split() -> None:
    mood = told(RoomMood().update("a", group(0.0, 6, 0, 6), 0.0))
    assert mood.interval is not None
    assert mood.interval[1] - mood.interval[0] < 0.1
    assert (mood.positive, mood.negative, mood.polarisation) == (6, 6, 1.0)
    assert mood.dispersion == pytest.approx((HAPPY - SAD) / 2)


def test_effective_size_by_hand() -> None:
    assert effective_size([1.0, 1.0, 1.0]) == pytest.approx(3.0)
    assert effective_size([3.0, 1.0]) == pytest.approx(16 / 10)
    assert effective_size([1.0, 0.0]) == pytest.approx(1.0)
    assert effective_size([]) == 0.0


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("tau", lambda: MoodRules(tau=0.0)),
        ("min_quality", lambda: MoodRules(min_quality=-0.1)),
        ("oldest", lambda: MoodRules(oldest=math.nan)),
        ("weighting", lambda: MoodRules(weighting="loudest")),  # type: ignore[arg-type]  # what a program may get wrong
    ],
)
def test_rules_that_cannot_be_are_refused(name: str, make: Callable[[], MoodRules]) -> None:
    with pytest.raises(ConfigError, match=name):
        make()


def test_larger_and_more_central_faces_weigh_more_where_asked_for() -> None:
    def at(x: float, side: float, happy: float, number: int) -> Person:
        given = person(number, 0.0, happiness=happy)
        face = Face(Box(x, 500 - side / 2, x + side, 500 + side / 2), 0.9)
        return replace(given, track=replace(given.track, face=face))

    people = [at(900, 200, 1.0, 1), at(0, 40, 0.0, 2)]
    found = [
        valence(RoomMood(MoodRules(weighting=weighting)).update("a", people, 0.0, (2000, 1000)))
        for weighting in ("equal", "perceptual")
    ]
    assert found[0] == pytest.approx(HAPPY / 2)
    assert HAPPY * 0.6 < found[1] < HAPPY * 0.8


def test_faces_too_poor_to_be_read_neither_get_a_label_nor_vote() -> None:
    """One bound in three modules that may not import each other."""
    assert LabelRules().min_quality == MoodRules().min_quality == MIN_QUALITY
