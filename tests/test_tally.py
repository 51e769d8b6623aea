from __future__ import annotations

import pickle

import pytest

from streamer.sinks.tally import Tally
from streamer.types import UNSURE, Box, Face, FrameResult, Person, Track


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
