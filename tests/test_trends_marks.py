from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.errors import ConfigError
from streamer.occurrences import mark
from streamer.trends.marks import Window, aftermaths, steps_of
from streamer.trends.series import Series
from tests.slow_rooms import BEGIN, course, slow


def test_steps_by_hand() -> None:
    series = Series(BEGIN, 5, np.array([0.0, 0, 1, 2, np.nan, 3]), np.array([5.0, 5, 5, 5, 0, 5]))
    steps = steps_of(series, Window(10, 10))
    # Two cells each way; one known of two is enough; what lies outside is not known.
    assert steps == pytest.approx([np.nan, 0.5 - 0, 1.5 - 0, 2 - 0.5, 3 - 1.5, 3 - 2], nan_ok=True)
    assert series.values[0] == 0


def rising() -> NDArray[np.float64]:
    """At 600 s nothing yet, and 20 s later 0.3 more than the little it moves by."""
    values = np.tile([0.01, -0.01], 750)
    values[620:] += 0.3
    return values


def test_what_followed_by_hand() -> None:
    (found,) = aftermaths(course(rising()), [mark("room", BEGIN + 600, "slide 7")])
    assert found.before == pytest.approx(0)
    assert found.after == pytest.approx(0.2)
    assert found.change is not None
    assert found.change.value == pytest.approx(0.2)
    assert found.change.seconds == 120
    assert found.change.low == pytest.approx(0.2, abs=0.01)
    # The placebos are those at 0…480 and at 720…1499 but for the first and last 30, and none is as large.
    assert found.p == pytest.approx(1 / (1 + 451 + 751))
    assert found.changed
    assert found.half == 17  # of 617…621 two are 0.3 more: 0.12 is past the half of 0.2; of 616…620 one
    assert found.overlaps == ()


def test_what_did_not_change() -> None:
    (found,) = aftermaths(course(rising()), [mark("room", BEGIN + 300.4, "slide 3")])
    assert not found.changed
    assert found.half is None
    assert found.p is not None
    assert found.p > 0.1
    assert found.change is not None
    assert found.change.low is not None
    assert found.change.low < 0


def test_marks_of_the_course_in_their_order_and_near_each_other() -> None:
    marks = tuple(mark("room", BEGIN + at, text) for at, text in ((700, "c"), (200, "a"), (300, "b"), (1000, "d")))
    found = aftermaths(course(rising(), occurrences=marks))
    assert [(one.mark.text, one.overlaps) for one in found] == [("a", ("b",)), ("b", ("a",)), ("c", ()), ("d", ())]


@pytest.mark.parametrize("at", [-50, 5, 1498, 5000])
def test_too_little_before_or_after(at: int) -> None:
    (found,) = aftermaths(course(rising()), [mark("room", BEGIN + at, "x")])
    assert (found.change, found.p, found.changed, found.half) == (None, None, False, None)


def test_too_short_a_course_to_know_chance() -> None:
    (found,) = aftermaths(course(rising()[400:800]), [mark("room", BEGIN + 200, "x")])
    assert found.change is not None
    assert found.change.value == pytest.approx(0.2)
    assert (found.change.low, found.change.high) == (None, None)
    assert (found.p, found.changed) == (None, False)


def test_too_coarse_or_empty_a_course() -> None:
    there = [mark("room", BEGIN + 600, "x")]
    for seen in (course(rising(), 30), course([]), course([float("nan")] * 900)):
        assert [one.change for one in aftermaths(seen, there)] == [None]
    assert aftermaths(course(rising())) == ()


def test_a_window_out_of_bounds_is_refused() -> None:
    with pytest.raises(ConfigError, match="within 10…3600 seconds, got 5"):
        Window(before=5)


@pytest.mark.parametrize(("tau", "minutes"), [(5, 16), (10, 30), (30, 30), (120, 60)])
def test_at_most_one_in_ten_marks_at_random_times_claims_anything(tau: float, minutes: int) -> None:
    random = np.random.default_rng(10)
    told = 0
    for values in 0.1 * slow(random, 40, minutes * 60, tau):
        marks = [mark("room", BEGIN + at, "x") for at in random.uniform(60, minutes * 60 - 60, 10)]
        told += sum(one.changed for one in aftermaths(course(values, 2), marks))
    assert told <= 0.1 * 400


def test_what_is_there_is_found() -> None:
    found = 0
    for values in 0.05 * slow(np.random.default_rng(11), 40, 1800, 10):
        values[900:] += 0.2
        (one,) = aftermaths(course(values), [mark("room", BEGIN + 900, "x")])
        found += one.changed
    assert found >= 36
