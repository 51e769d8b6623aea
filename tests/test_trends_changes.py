from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.timeline.answers import Course
from streamer.trends.changes import CHANCE, LEAST_SIZE, Change, changes, lasts
from streamer.trends.scan import Scan, contrasts, scanned, without
from streamer.trends.series import Series
from tests.slow_rooms import BEGIN, bucket, course, slow


def test_the_contrast_by_hand() -> None:
    # Eight cells of 20 s; the two that are 1 hold 40 of 160 s: (1 − 0) · √(40 · 120 / 160) = √30.
    series = Series(BEGIN, 20, np.array([0, 0, 0, 0, 1, 1, 0, 0.0]), np.full(8, 20.0))
    found = contrasts(series.values[None], series, 2)[0]
    assert found.argmax() == 4
    assert found[4] == pytest.approx(np.sqrt(30))
    # One cell of 1 beside one of 0: |1/2 − 1/6| · √30.
    assert found[3] == pytest.approx((1 / 2 - 1 / 6) * np.sqrt(30))


def test_the_strongest_stretch_is_taken_out_by_hand() -> None:
    series = Series(BEGIN, 20, np.array([0, 0, 0.2, -0.2, 1, 1.2, 0, np.nan]), np.array([20.0] * 7 + [0]))
    values = np.nan_to_num(series.values)[None]
    scan: Scan = scanned(values, series)
    assert scan.lengths == (2, 3, 4, 5, 6)
    assert scan.places[0, 0] == 4
    assert without(values, series, scan)[0] == pytest.approx([0, 0, 0.2, -0.2, -0.1, 0.1, 0, 0])


def test_a_step_is_told_with_its_time_size_and_confidence() -> None:
    values = 0.05 * slow(np.random.default_rng(1), 1, 1200, 10)[0]
    values[700:] += 0.3
    (step,) = changes(course(values))
    assert step.utc == pytest.approx(BEGIN + 700, abs=10)
    assert step.utc + step.seconds == BEGIN + 1200
    assert step.before == pytest.approx(values[:700].mean(), abs=0.01)
    assert step.size == pytest.approx(0.3, abs=0.05)
    assert 1 - CHANCE <= step.confidence < 1
    assert changes(course(values)) == (step,)


def test_a_lift_for_a_minute_is_two_changes() -> None:
    values = 0.05 * slow(np.random.default_rng(5), 1, 1800, 10)[0]
    values[900:960] -= 0.35
    down, up = changes(course(values))
    assert down.utc == pytest.approx(BEGIN + 900, abs=10)
    assert down.seconds == pytest.approx(60, abs=15)
    assert down.size == pytest.approx(-0.35, abs=0.08)
    assert up.size == pytest.approx(0.35, abs=0.08)


def test_a_change_within_a_gap_is_told_at_its_end() -> None:
    values = 0.05 * slow(np.random.default_rng(2), 1, 1800, 5)[0]
    values[900:] += 0.4
    values[700:1000] = np.nan
    (step,) = changes(course(values, 5))
    assert step.utc == BEGIN + 1000


@pytest.mark.parametrize(
    "values",
    [[], [0.3], [0.0, 1.0] * 50, [0.25] * 3000, [float("nan")] * 500],
    ids=["nothing", "a second", "too short", "without movement", "without numbers"],
)
def test_no_change_in(values: list[float]) -> None:
    assert changes(course(values)) == ()


def test_no_change_in_a_few_wide_buckets() -> None:
    assert changes(course([0.0] * 3600 + [0.8] * 3600, 600)) == ()


def test_what_nobody_needs_to_know_is_not_told() -> None:
    values = np.tile([0.001, -0.001], 600)
    values[600:] += LEAST_SIZE * 0.8
    assert changes(course(values)) == ()
    values[600:] += LEAST_SIZE
    assert len(changes(course(values))) == 1


def published(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """As an aggregate goes out: in steps of 0.05."""
    return np.asarray(np.round(values * 20) / 20)


@pytest.mark.parametrize(("minutes", "taus"), [(10, (3, 6, 10)), (30, (20,))])
def test_at_most_one_session_in_twenty_has_a_change_where_there_is_none(minutes: int, taus: tuple[float, ...]) -> None:
    random = np.random.default_rng(7)
    sessions = [
        one for tau in taus for one in 0.1 * slow(random, (60 if minutes == 10 else 40) // len(taus), minutes * 60, tau)
    ]
    told = 0
    for index, values in enumerate(sessions):
        if index % 2:
            values[:] = published(values)
            values[200:260] = np.nan
        told += bool(changes(course(values)))
    assert told <= 0.05 * len(sessions)


@pytest.mark.parametrize(("noise", "least"), [(0.05, 0.95), (0.075, 0.5), (0.1, 0.15)])
def test_how_often_a_lift_of_a_minute_is_found(noise: float, least: float) -> None:
    """0.3 for 60 s in 20 minutes; ``noise``: the meter's standard deviation around the truth, forgetting in 10 s."""
    random = np.random.default_rng(8)
    found = 0
    for values in noise * slow(random, 24, 1200, 10):
        begin = int(random.integers(60, 1080))
        values[begin : begin + 60] += 0.3
        found += any(is_there(change, BEGIN + begin) for change in changes(course(values)))
    assert found >= least * 24


def is_there(change: Change, utc: int) -> bool:
    return abs(change.utc - utc) <= 15 and change.size > 0.15


def test_steps_one_upon_the_other_are_all_told() -> None:
    values = 0.05 * slow(np.random.default_rng(3), 1, 3600, 10)[0]
    values[1200:] += 0.3
    values[2400:] += 0.3
    found = changes(course(values))
    near = [[one for one in found if abs(one.utc - BEGIN - at) <= 15] for at in (1200, 2400)]
    assert [[round(one.size, 1) for one in ones] for ones in near] == [[0.3], [0.3]]


def test_a_lower_time_of_the_year_is_found_although_the_nights_are_unknown() -> None:
    """Days of which a third is known, as buckets of a day."""
    random = np.random.default_rng(6)
    days = 0.2 + 0.04 * random.standard_normal(200) - np.where(np.arange(200) >= 120, 0.15, 0)
    buckets = tuple(bucket(BEGIN + 86_400 * day, value, 86_400, 28_800) for day, value in enumerate(days.tolist()))
    (fell,) = changes(Course("room", BEGIN, BEGIN + 200 * 86_400, 86_400, buckets, ()))
    assert fell.utc == pytest.approx(BEGIN + 120 * 86_400, abs=86_400)
    assert fell.size == pytest.approx(-0.15, abs=0.03)


@pytest.mark.parametrize("cut", [0, 1, 99, 100])
def test_what_is_but_a_moment_from_an_end_has_not_lasted(cut: int) -> None:
    part = Series(BEGIN, 10, np.zeros(100), np.full(100, 10.0))
    assert not lasts(part, cut)
    assert lasts(part, 2)
    assert lasts(part, 98)


def test_no_change_is_told_a_moment_before_the_end() -> None:
    """The last seconds differ, and the first by nothing: what is between differs from both of them together."""
    random = np.random.default_rng(4)
    values = 0.15 + 0.05 * slow(random, 1, 5400, 15)[0]
    values[1800:3000] -= 0.3
    values[4200:] += 0.25
    found = changes(course(values, 10))
    assert [round(one.size, 1) for one in found] == [-0.3, 0.3, 0.2]
    assert all(one.seconds >= 20 for one in found)
