from __future__ import annotations

import pytest

from streamer.sources.paced import Limited, Paced
from tests.fakes import FakeSource


class Clock:
    """A clock that only moves when somebody waits, or is pushed."""

    def __init__(self) -> None:
        self.now, self.ended = 100.0, False

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.now += seconds
        return self.ended


def test_a_file_plays_at_its_own_speed() -> None:
    clock = Clock()
    times = [clock.now for _ in Paced(FakeSource(31, live=False), clock.wait, clock).frames()]
    assert times[0] == 100.0
    assert times[-1] == pytest.approx(101.0)


def test_frames_that_come_late_are_not_waited_for_and_none_is_lost() -> None:
    clock, indices = Clock(), []
    for frame in Paced(FakeSource(30, live=False), clock.wait, clock).frames():
        indices.append(frame.index)
        clock.now += 0.05
    assert indices == list(range(30))
    assert clock.now == pytest.approx(100.0 + 30 * 0.05)


def test_after_a_long_break_the_rest_is_not_rushed_through() -> None:
    clock, times = Clock(), []
    for frame in Paced(FakeSource(61, live=False), clock.wait, clock).frames():
        times.append(clock.now)
        if frame.index == 30:
            clock.now += 10
    assert times[-1] - times[32] == pytest.approx(28 / 30, abs=0.05)


def test_waiting_ends_with_the_run() -> None:
    clock = Clock()
    clock.ended = True
    assert len(list(Paced(FakeSource(30, live=False), clock.wait, clock).frames())) == 1


def test_only_the_first_seconds() -> None:
    assert len(list(Limited(FakeSource(100, live=False), 1.0).frames())) == 30
