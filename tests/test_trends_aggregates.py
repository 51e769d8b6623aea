from __future__ import annotations

from dataclasses import replace

import pytest

from streamer.errors import ConfigError
from streamer.timeline.answers import Course
from streamer.trends.aggregates import DAY, HOUR, MINUTE, by
from tests.slow_rooms import bucket, course

MIDNIGHT = 1_699_920_000
"""14 November 2023, 00:00 UTC."""


def test_minutes_are_weighted_by_seconds_and_keep_gaps() -> None:
    values = [0.2] * 40 + [0.5] * 20 + [float("nan")] * 60 + [-0.4] * 30
    first, gap, last = by(course(values, begin=MIDNIGHT), MINUTE)
    assert (first.utc, first.width, first.known, first.seconds) == (MIDNIGHT, 60, 60, 60)
    assert first.valence == pytest.approx((40 * 0.2 + 20 * 0.5) / 60)
    assert (first.least, first.most) == (0.2, 0.5)
    assert (gap.utc, gap.known, gap.seconds, gap.valence, gap.least, gap.shares) == (
        MIDNIGHT + 60,
        0,
        0,
        None,
        None,
        None,
    )
    assert (last.utc, last.seconds) == (MIDNIGHT + 120, 30)
    assert last.valence == pytest.approx(-0.4)


def test_a_bucket_with_more_numbers_counts_for_more() -> None:
    one = replace(bucket(MIDNIGHT, 0.0, 10, 9), shares=(1.0, 0.0), arousal=0.3, paused=1)
    other = replace(bucket(MIDNIGHT + 10, 0.8, 10, 3), shares=(0.0, 1.0))
    (whole,) = by(Course("room", MIDNIGHT, MIDNIGHT + 20, 10, (one, other), ()), HOUR)
    assert whole.valence == pytest.approx(0.2)
    assert whole.shares == pytest.approx((0.75, 0.25))
    assert whole.arousal == pytest.approx(0.3)  # of those that know it
    assert whole.smile is None
    assert whole.paused == 1


def test_a_day_is_one_of_the_zone() -> None:
    noon, evening = MIDNIGHT + 12 * HOUR, MIDNIGHT + 23 * HOUR + 1800
    buckets = (bucket(noon, 0.1), bucket(evening, 0.3))
    both = Course("room", noon, evening + 1, 1, buckets, ())
    assert [one.utc for one in by(both, DAY)] == [MIDNIGHT]
    days = by(both, DAY, offset=HOUR)  # half past midnight there
    assert [(one.utc, one.valence) for one in days] == [(MIDNIGHT - HOUR, 0.1), (MIDNIGHT + DAY - HOUR, 0.3)]


def test_nothing_recorded_is_no_bucket() -> None:
    assert by(course([]), MINUTE) == ()
    assert by(course([float("nan")] * 90), MINUTE) == ()


def test_nothing_finer_can_be_made() -> None:
    with pytest.raises(ConfigError, match="buckets of 60 s cannot be made from a course of 90 s; read a finer course"):
        by(course([0.1] * 900, 90), MINUTE)
