from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from streamer.errors import ConfigError
from streamer.timeline.answers import Course
from streamer.trends.comparing import compare
from tests.slow_rooms import BEGIN, course, slow


def test_minutes_side_by_side_by_hand() -> None:
    nan = float("nan")
    first = course([0.1] * 60 + [0.3] * 60)
    second = course([nan] * 7 + [0.5] * 60 + [nan] * 60 + [0.9] * 30, begin=BEGIN + 86_400)
    found = compare(first, second)
    assert [one.minute for one in found.minutes] == [0, 1, 2]
    assert [one.first for one in found.minutes] == [pytest.approx(0.1), pytest.approx(0.3), None]
    assert [one.second for one in found.minutes] == [pytest.approx(0.5), None, pytest.approx(0.9)]
    assert [one.difference for one in found.minutes] == [pytest.approx(0.4), None, None]
    assert (found.first_seconds, found.second_seconds, found.uneven, found.step) == (120, 90, False, 60)
    assert found.whole is not None
    assert found.whole.value == pytest.approx((60 * 0.5 + 30 * 0.9) / 90 - 0.2)
    assert found.common is not None
    assert found.common.value == pytest.approx(0.4)
    assert found.common.seconds == 120
    assert (found.common.low, found.common.high) == (None, None)  # far too short


def test_aligned_at_a_mark() -> None:
    first, second = course([0.0] * 120 + [0.4] * 60), course([0.1] * 60 + [0.6] * 60, begin=BEGIN + 5000)
    found = compare(first, second, at=(BEGIN + 120, BEGIN + 5060))
    assert [(one.minute, one.first, one.second) for one in found.minutes] == [
        (-2, 0.0, None),
        (-1, 0.0, pytest.approx(0.1)),
        (0, pytest.approx(0.4), pytest.approx(0.6)),
    ]


def test_shares_are_those_of_all_seconds() -> None:
    first, second = course([0.0, 0.0]), course([0.0, 0.0])
    found = compare(with_shares(first, (0.5, 0.5), (0.3, 0.7)), with_shares(second, (0.1, 0.9), (0.1, 0.9)))
    assert found.shares == pytest.approx((-0.3, 0.3))
    assert compare(first, second).shares is None


def with_shares(course: Course, *shares: tuple[float, ...]) -> Course:
    buckets = tuple(replace(one, shares=share) for one, share in zip(course.buckets, shares, strict=True))
    return replace(course, buckets=buckets)


def test_one_much_shorter_is_said() -> None:
    assert compare(course([0.1] * 600), course([0.1] * 299)).uneven
    assert not compare(course([0.1] * 600), course([0.1] * 300)).uneven


def test_nothing_to_compare() -> None:
    found = compare(course([]), course([0.1] * 60))
    assert (found.whole, found.common, found.uneven) == (None, None, True)
    assert [one.minute for one in found.minutes] == [0]
    assert [one.first for one in found.minutes] == [None]
    assert [one.second for one in found.minutes] == [pytest.approx(0.1)]
    nothing = compare(course([]), course([]))
    assert (nothing.minutes, nothing.uneven) == ((), False)


def test_a_coarse_course_makes_longer_minutes() -> None:
    found = compare(course([0.1] * 1800, 90), course([0.3] * 1800))
    assert found.step == 120
    assert [one.minute for one in found.minutes] == list(range(0, 30, 2))
    assert all(one.difference == pytest.approx(0.2) for one in found.minutes)


def test_an_alignment_that_is_far_off_is_refused() -> None:
    with pytest.raises(ConfigError, match="at most 100000 minutes"):
        compare(course([0.1] * 60), course([0.1] * 60), at=(BEGIN, 0.0))


def test_the_interval_of_a_difference_holds_it() -> None:
    held = 0
    pairs = 0.1 * slow(np.random.default_rng(9), 400, 900, 10).reshape(200, 2, 900)
    for one, other in pairs:
        whole = compare(course(one, 3), course(other[:600] + 0.05, 3)).whole
        assert whole is not None
        assert whole.low is not None
        assert whole.high is not None
        held += whole.low <= 0.05 <= whole.high
    assert 0.84 <= held / 200 <= 0.95
