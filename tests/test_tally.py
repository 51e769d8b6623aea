from __future__ import annotations

import pickle

import pytest

from streamer.sinks.tally import MOST, Tally
from streamer.types import UNSURE, Box, Face, FrameResult, GroupMood, Moment, Person, Track


def shown(source: str, pts: float, ages: dict[int, float]) -> FrameResult:
    """People of the given ids who were first seen so many seconds ago."""
    face = Face(Box(0, 0, 10, 10), 0.9)
    people = tuple(Person(Track(number, face, age, True), None, UNSURE) for number, age in ages.items())
    return FrameResult(source, int(pts * 10), pts, pts, people, None)


def test_each_id_that_lasts_is_counted_once_for_each_source() -> None:
    tally = Tally()
    for result in (
        shown("left", 0.0, {1: 0.0, 2: 0.0}),
        shown("left", 0.4, {1: 0.4, 2: 0.4}),
        shown("right", 0.5, {1: 0.6}),
        shown("left", 0.5, {1: 0.5}),  # the second one went before half a second was over
        shown("right", 0.6, {1: 0.7}),
        shown("left", 0.6, {1: 0.6, 3: 0.0}),
        shown("left", 1.2, {3: 0.6}),
    ):
        tally.write(result)
    totals = tally.totals()
    assert (totals.tracks, totals.people) == (3, 2)
    assert totals.seconds == pytest.approx(1.2)


def test_people_who_left_are_forgotten() -> None:
    tally, sizes = Tally(), []
    for number in range(1000):
        tally.write(shown("cam", 1000.0 + number, {1000 + number: 1.0}))
        sizes.append(len(pickle.dumps(tally)))
    assert tally.totals().tracks == 1000
    assert sizes[-1] <= sizes[10] + 20


def told(
    pts: float,
    moment: Moment | None = None,
    valence: float | None = 0.1,
    interval: tuple[float, float] | None = None,
    people: int = 3,
) -> FrameResult:
    """A room's mood with this moment."""
    mood = GroupMood(people, people, valence, 0.0, interval, None, None, None, 1.0, 10.0, moment=moment)
    return FrameResult("cam", int(pts * 10), pts, pts, (), mood)


def tallied(*results: FrameResult) -> Tally:
    tally = Tally()
    for result in results:
        tally.write(result)
    return tally


def test_each_moment_is_kept_once_as_it_was_told_last() -> None:
    begun, longer, over = (Moment(14.0, seconds, 0.3, seconds == 40.0) for seconds in (4.0, 9.0, 40.0))
    tally = tallied(told(18.0, begun), told(23.0, longer))
    assert tally.totals().moments == (longer,)  # under way
    for result in (
        told(54.0, over),
        told(54.1, over, people=0),  # a room that has just emptied repeats what was said last
        told(54.2, over, people=0),
        FrameResult("cam", 543, 54.3, 54.3, (), None),
        told(99.0),
    ):
        tally.write(result)
    assert tally.totals().moments == (over,)


def test_a_moment_whose_end_is_not_told_counts_as_far_as_it_was_seen() -> None:
    cut, second = Moment(14.0, 9.0, 0.3, False), Moment(60.0, 6.0, -0.4, False)
    nobody = FrameResult("cam", 0, 30.0, 30.0, (), None)
    assert tallied(told(23.0, cut), nobody, told(66.0, second)).totals().moments == (cut, second)
    assert tallied(told(23.0, cut), told(66.0, second)).totals().moments == (cut, second)


def test_the_largest_moments_are_kept_in_the_order_of_time_and_no_more() -> None:
    changes = [(-1) ** number * (0.2 + 0.001 * (number * 37 % 500)) for number in range(500)]
    found = [Moment(100.0 * number, 20.0, change, True) for number, change in enumerate(changes)]
    tally, sizes = Tally(), []
    for moment in found:
        tally.write(told(moment.start + 20, moment))
        tally.write(told(moment.start + 21))
        sizes.append(len(pickle.dumps(tally)))
    kept = tally.totals().moments
    assert set(kept) == set(sorted(found, key=lambda moment: abs(moment.change))[-MOST:])
    assert [moment.start for moment in kept] == sorted(moment.start for moment in kept)
    assert sizes[-1] <= sizes[2 * MOST] + 20


def test_a_run_without_moments_and_intervals_has_none() -> None:
    totals = tallied(told(0.0), told(0.1)).totals()
    assert (totals.moments, totals.half) == ((), None)


def test_half_the_width_of_the_interval_is_a_mean_over_the_frames_that_have_one() -> None:
    totals = tallied(
        told(0.0, valence=0.2, interval=(0.1, 0.3)),
        told(0.1, valence=0.4, interval=(0.1, 0.7)),
        told(0.2, valence=None),
    ).totals()
    assert totals.half == pytest.approx(0.2)
    assert totals.valence == pytest.approx(0.3)
    assert totals.last_valence is None
