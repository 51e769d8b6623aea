from __future__ import annotations

import numpy as np
import pytest

from streamer.trends.certainty import LEVEL, T_95, Spread, difference, estimate, mean_of, spread_of, with_interval
from streamer.trends.series import Series
from tests.slow_rooms import BEGIN, course, slow


def test_the_table_is_student_s() -> None:
    stats = pytest.importorskip("scipy.stats")
    assert pytest.approx([stats.t.ppf(0.5 + LEVEL / 2, n) for n in range(1, 13)], abs=1e-3) == T_95


def test_the_spread_of_a_cosine_by_hand() -> None:
    # Eight cells of 60 s: two cosines. The first sum is 60 · √(2/8) · 4 = 120, the second 0, their mean square 7200,
    # and the variance 7200 · 8 / 480² = 0.25.
    values = np.cos(np.pi * (np.arange(8) + 0.5) / 8)
    spread = spread_of(values, np.full(8, 60.0))
    assert spread is not None
    assert spread.variance == pytest.approx(0.25)
    assert spread.degrees == 2
    whole = with_interval(0.1, spread, 480)
    assert whole.low == pytest.approx(0.1 - 2.92 * 0.5)
    assert whole.high == pytest.approx(0.1 + 2.92 * 0.5)


def test_a_gap_is_passed_over() -> None:
    values = np.cos(np.pi * (np.arange(8) + 0.5) / 8)
    holed = np.concatenate([values[:3], [np.nan] * 5, values[3:]])
    weights = np.where(np.isnan(holed), 0.0, 60.0)
    assert spread_of(holed, weights) == spread_of(values, np.full(8, 60.0))


def test_of_two_by_hand() -> None:
    alike = difference(Spread(0.01, 4), Spread(0.01, 4))
    assert alike is not None
    assert alike.degrees == pytest.approx(8)
    assert alike.variance == 0.02
    assert difference(Spread(0.01, 4), Spread(0.03, 12)) == Spread(0.04, 12)  # 16, but the table ends
    assert difference(Spread(0, 2), Spread(0, 5)) == Spread(0, 2)
    assert difference(None, Spread(0.01, 4)) is None


def test_too_short_for_an_interval() -> None:
    short = mean_of(course([0.1, 0.3] * 119))
    assert short is not None
    assert short.value == pytest.approx(0.2)
    assert (short.low, short.high, short.seconds) == (None, None, 238)
    long = mean_of(course([0.1, 0.3] * 120))
    assert long is not None
    assert long.low is not None
    assert mean_of(course([])) is None


@pytest.mark.parametrize(("tau", "minutes"), [(3, 5), (10, 5), (10, 30), (20, 10), (30, 30)])
def test_the_interval_holds_the_truth_nine_times_in_ten(tau: float, minutes: int) -> None:
    held = 0
    for values in slow(np.random.default_rng(1), 400, minutes * 60, tau):
        cells = values.reshape(-1, 5).mean(axis=1)
        found = estimate(Series(BEGIN, 5, cells, np.full(len(cells), 5.0)))
        assert found is not None
        assert found.low is not None
        assert found.high is not None
        held += found.low <= 0 <= found.high
    assert 0.84 <= held / 400 <= 0.94


def test_seconds_taken_as_independent_would_not_hold_it() -> None:
    values = slow(np.random.default_rng(1), 400, 600, 10)
    naive = 1.645 * values.std(axis=1) / np.sqrt(600)
    assert (np.abs(values.mean(axis=1)) <= naive).mean() < 0.5
