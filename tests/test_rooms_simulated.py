"""Simulated rooms of known truth through the product's own labels and mood: ``python -m tools.simulate``, in small."""

from __future__ import annotations

import numpy as np
import pytest

from engines.cards import load_card
from streamer.analysing import answers_of
from streamer.emotions import LABELS
from streamer.mood import RoomMood
from tests.rooms import person
from tools.readings import OUT as READINGS
from tools.rooms import MIXES, make, pool
from tools.simulate import Row, lag_of, sample, samples, settling, simulate


@pytest.fixture(scope="module")
def rows() -> dict[str, Row]:
    """Other rooms than those in the README: another seed."""
    return {row.room: row for row in simulate(pool(READINGS), answers_of(load_card("groupmood")), 6, seed=5)}


def test_the_correction_brings_the_shares_nearer_to_the_truth(rows: dict[str, Row]) -> None:
    assert rows.keys() == {*MIXES, "all"}
    assert rows["all"].misassigned <= 0.10
    assert rows["all"].misassigned < 0.8 * rows["all"].uncorrected


def test_valence_is_hardly_biased(rows: dict[str, Row]) -> None:
    assert abs(rows["all"].valence_bias) <= 0.05


def test_the_interval_holds_the_truth_about_as_often_as_it_says(rows: dict[str, Row]) -> None:
    """72 samples: 0.8 ± three standard errors."""
    assert 0.66 <= rows["all"].coverage <= 0.94


def test_labels_are_calm(rows: dict[str, Row]) -> None:
    assert all(row.switches <= 6 for row in rows.values())


def test_a_smile_is_said_soon() -> None:
    lags = settling(pool(READINGS), 4, seed=5)
    assert len(lags) > 15
    assert np.percentile(lags, 95) <= 1.5


def test_the_truth_follows_who_is_there() -> None:
    room = make("one leaves", 4, pool(READINGS), np.random.default_rng(1))
    first = room.people[0].truth(0.0)
    before, after = room.truth(0.0), room.truth(30.0)
    assert sum(before) == pytest.approx(1.0)
    assert sum(after) == pytest.approx(1.0)
    index = LABELS.index(first)
    assert after[index] == pytest.approx((4 * before[index] - 1) / 3)


def test_a_sample_by_hand() -> None:
    """Two neutral people of whom one is read as happy: half of them misassigned, valence 0.405 too high."""
    people = [person(1, 0.0, happiness=1.0), person(2, 0.0)]
    mood = RoomMood().update("a", people, 0.0)
    assert mood is not None
    given = sample((1.0, 0, 0, 0, 0, 0, 0, 0), mood, mood)
    assert given.misassigned == pytest.approx(0.5)
    assert given.error == pytest.approx(0.405)
    assert not given.held


def test_a_lag_by_hand() -> None:
    smile = (0.1, 0.9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    rest = (0.9, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    readings = [(0.0, rest), *((0.25 * tick, smile) for tick in range(1, 12))]
    assert lag_of(readings, [(0.0, "neutral"), (0.25, "neutral"), (1.25, "happiness")]) == pytest.approx(1.0)
    assert lag_of([(0.0, rest)] * 12, [(0.0, "neutral")]) is None


def test_a_room_without_answers_is_not_corrected() -> None:
    found, _ = samples(make("calm", 4, pool(READINGS), np.random.default_rng(1)), None)
    assert all(one.misassigned == one.plain for one in found)
