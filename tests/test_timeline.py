"""Worked by hand."""

from __future__ import annotations

import pytest

from streamer.sources.timeline import NUDGE, Timeline


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([5.0, 5.1, 5.3], [0, 0.1, 0.3]),
        ([None, None, None], [0, 0.1, 0.2]),
        ([None, 7.0, 7.2], [0, 0.1, 0.3]),
        ([0.0, None, 0.15], [0, 0.1, 0.15]),
        ([0.0, 0.1, 0.1, 0.2], [0, 0.1, 0.1 + 0.1 * NUDGE, 0.2]),
        ([0.0, 0.3, 0.2, 0.4], [0, 0.3, 0.3 + 0.1 * NUDGE, 0.4]),
        ([0.0, 5.0, 1.0, 1.2], [0, 5.0, 5.1, 5.3]),
        ([-3.0, -2.5], [0, 0.5]),
    ],
)
def test_timeline(given: list[float | None], expected: list[float]) -> None:
    timeline = Timeline(10)
    assert [timeline.at(one) for one in given] == pytest.approx(expected)


@pytest.mark.parametrize("rate", [None, 0.0, 90000.0])
def test_senseless_rates_count_as_25(rate: float | None) -> None:
    timeline = Timeline(rate)
    assert [timeline.at(None), timeline.at(None)] == [0, 1 / 25]
