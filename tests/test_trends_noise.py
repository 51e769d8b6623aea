from __future__ import annotations

import numpy as np
import pytest

from streamer.trends.noise import ORDER, STEEPEST, alike, clipped, drawn, longer, slowness
from streamer.trends.series import Array
from tests.slow_rooms import slow


def test_durbin_s_recursion_by_hand() -> None:
    # x[t] = 0.5 x[t−1] + 0.3 x[t−2] has the partial autocorrelations 0.5 / 0.7 and 0.3.
    first = longer(np.zeros((1, 0)), np.array([0.5 / 0.7]))
    assert longer(first, np.array([0.3])) == pytest.approx(np.array([[0.5, 0.3]]))


def test_clipped_by_hand() -> None:
    # Median 2, distances 2 1 0 1 8, so their median 1: all beyond 1.5 · 1.4826 = 2.2239 counts as that.
    assert clipped(np.array([[0.0, 1, 2, 3, 10]])) == pytest.approx(np.array([[-2, -1, 0, 1, 2.2239]]))
    mostly_equal = clipped(np.array([[0.0] * 9 + [1.0]]))
    assert mostly_equal[0, -1] == pytest.approx(1.5 * 0.3)  # their plain standard deviation


def test_the_slowness_of_an_alternation_by_hand() -> None:
    # 1, −1, 1, −1 …: every autocorrelation is ±1, so the first partial one −1, which is held at −STEEPEST.
    found = slowness(np.tile([1.0, -1.0], 50)[None], np.ones(100, bool))
    assert found.partials[0, 0] == -STEEPEST
    assert found.spread[0] < 0.2


def test_slowness_is_found_through_gaps() -> None:
    values = slow(np.random.default_rng(3), 1, 40_000, 10)
    known = np.ones(40_000, bool)
    known[5000:7000] = known[::50] = False
    values[:, ~known] = 9.0
    found = slowness(values, known)
    keep = np.exp(-0.1)
    assert found.partials[0] == pytest.approx([keep, 0, 0], abs=0.03)
    # Clipping at 1.5 makes it a little less than the true √((1 + φ) / (1 − φ)) = 4.47.
    assert 3 < found.spread[0] < 4.6


def test_nothing_moves() -> None:
    still = slowness(np.zeros((1, 30)), np.ones(30, bool))
    assert not still.partials.any()
    assert still.spread[0] < 1e-6


def test_series_are_drawn_as_slow_as_asked() -> None:
    # Partials 0.75 and 0.2 make the weights 0.75 − 0.2 · 0.75 = 0.6 and 0.2, with r₁ = 0.75 and r₂ = 0.6 · 0.75 + 0.2.
    series = drawn(np.random.default_rng(4), np.tile([0.75, 0.2, 0.0], (200, 1)), 500)
    assert series.shape == (200, 500)
    lagged = [np.corrcoef(series[:, lag:].ravel(), series[:, : 500 - lag].ravel())[0, 1] for lag in (1, 2)]
    assert lagged == pytest.approx([0.75, 0.65], abs=0.02)


def test_what_an_estimate_is_too_low_by_is_put_right() -> None:
    random = np.random.default_rng(5)
    seen = np.array([0.5, 0.0, 0.0])

    def low(values: Array) -> Array:
        """A fifth too little, as on a short series."""
        return slowness(values, np.ones(values.shape[1], bool)).partials * 0.8

    series = alike(random, seen, low, (100, 400))
    found = slowness(series, np.ones(400, bool)).partials
    assert found.shape == (100, ORDER)
    assert found[:, 0].mean() == pytest.approx(0.625, abs=0.05)
