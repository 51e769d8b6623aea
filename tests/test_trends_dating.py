from __future__ import annotations

import numpy as np
import pytest

from streamer.trends.changes import changes
from streamer.trends.dating import HALF, between, dated
from streamer.trends.series import Series
from tests.slow_rooms import BEGIN, course, slow


def test_by_hand() -> None:
    series = Series(BEGIN, 5, np.zeros(100), np.full(100, 5.0))
    # 7.687 · 0.6² = 2.8 cells, so 3 of 5 s to either side.
    found = between(series, (0, 40, 100), 0.6)
    assert (found.earliest, found.latest) == (BEGIN + 185, BEGIN + 215)
    sure = between(series, (0, 40, 100), 0.01)
    assert (sure.earliest, sure.latest) == (BEGIN + 195, BEGIN + 205)
    vague = between(series, (38, 40, 41), 3.0)
    assert (vague.earliest, vague.latest) == (BEGIN + 190, BEGIN + 205)


def test_the_constant_is_the_quantile_of_a_walk_s_peak() -> None:
    """|argmax W(s) − |s| / 2| drawn in steps of a tenth, out to 40."""
    random, step = np.random.default_rng(1987), 0.1
    walks = np.cumsum(random.standard_normal((4000, 2, 400)) * np.sqrt(step) - step / 2, axis=2)
    best, place = walks.max(axis=2), (walks.argmax(axis=2) + 1) * step
    side = best.argmax(axis=1)
    peaks = np.where(best.max(axis=1) > 0, place[np.arange(4000), side], 0.0)
    assert np.mean(peaks <= HALF) == pytest.approx(0.9, abs=0.015)


def test_what_happened_within_a_gap_lies_anywhere_in_it() -> None:
    values = 0.05 * slow(np.random.default_rng(2), 1, 1800, 5)[0]
    values[900:] += 0.4
    values[700:1000] = np.nan
    one = course(values, 5)
    (found,) = dated(one, changes(one))
    assert BEGIN + 660 <= found.earliest <= BEGIN + 700
    assert BEGIN + 1000 <= found.latest <= BEGIN + 1040


def test_of_nothing_nothing() -> None:
    assert dated(course([]), ()) == ()
    assert dated(course([0.1] * 900), ()) == ()


@pytest.mark.parametrize(("noise", "tau", "size"), [(0.1, 10, 0.3), (0.1, 5, 0.15)])
def test_it_holds_as_often_as_it_says(noise: float, tau: float, size: float) -> None:
    random = np.random.default_rng(3)
    held, lengths = [], []
    for values in noise * slow(random, 16, 1200, tau):
        at = int(random.integers(240, 960))
        values[at:] += size
        one = course(values)
        found = changes(one)
        near = [times for change, times in zip(found, dated(one, found), strict=True) if change.size > size / 2]
        if near:
            held.append(near[0].earliest <= BEGIN + at <= near[0].latest)
            lengths.append(near[0].latest - near[0].earliest)
    assert len(held) >= 12
    assert np.mean(held) >= 0.8
    assert np.mean(lengths) < 120
