"""Minutes of a day in seconds, and whether what grows is told."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.errors import SourceLost
from streamer.hub import Event
from streamer.types import Frame
from tools.growth import Sample, faults, largest, slope
from tools.holdings import holdings
from tools.soak import Settings, Soak, soak
from tools.soaking import RATE, SEATS, Camera, Clock, Day

proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs proc(5): Linux")
pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")


def test_people_come_and_go_and_are_in_the_picture() -> None:
    day = Day(3600.0)
    counts = {len(day.faces(day.picture(tick))) for tick in range(0, 18000, 300)}
    assert 0 in counts
    assert 5 <= max(counts) <= SEATS
    sitters = {day.seats[0].sitter(seconds) for seconds in range(3600)}
    assert len(sitters - {None}) >= 2
    assert None in sitters


def test_a_cable_is_pulled_when_it_is_to_be() -> None:
    clock = Clock()
    frames = list[Frame]()
    with Camera(Day(60.0), clock, [10]) as camera, pytest.raises(SourceLost, match="the cable was pulled"):
        frames.extend(camera.frames())
    assert [frame.index for frame in frames] == list(range(9))
    assert clock.now == pytest.approx(1000.0 + 10 / RATE)


def sample(hour: float, memory: float = 200.0, files: int = 10, **held: int) -> Sample:
    return Sample(hour, memory, files, 8, 2, held)


def test_what_grows_is_told() -> None:
    day = [sample(float(hour), labels=12 + hour % 5) for hour in range(1, 25)]
    assert faults(day) == []
    growing = [replace(one, memory=200 + 1.5 * one.hour) for one in day]
    assert slope(growing) == pytest.approx(1.5)
    assert faults(growing) == ["memory: 1.50 MB an hour"]
    warm = [replace(one, memory=300.0 if one.hour > 2 else 100.0) for one in day]
    assert faults(warm) == []
    assert faults([*day[:-1], sample(24.0, files=11)]) == ["files: 10 after the first part, 11 in the end"]
    leaking = [sample(float(hour), seen=10 * hour) for hour in range(1, 25)]
    assert faults(leaking) == ["seen: 120 at most in the first half, 240 in the last quarter"]
    assert largest(leaking) == {"seen": [10, 240, 240]}


class Keeper:
    """A part of the product that forgets nothing."""

    __module__ = "streamer.keeper"

    def __init__(self) -> None:
        self.all: list[Event] = []
        self.some: deque[int] = deque(range(100), maxlen=10)
        self.by_name = {"one": {1, 2}, "other": {3}}

    def hear(self, event: Event) -> None:
        self.all.append(event)


def test_members_are_counted_wherever_they_are() -> None:
    keeper = Keeper()
    assert holdings(keeper, "k") == {"k.all": 0, "k.some": 10, "k.by_name": 2, "k.by_name[]": 3}


@proc
def test_some_minutes_of_a_day_leave_nothing_behind_but_with_one_who_keeps_everything(tmp_path: Path) -> None:
    settings = Settings(hours=0.1, parts=4, viewers=16, pulls=8, stay=20)
    made = Soak(settings, tmp_path)
    made.hub.listen(Keeper().hear)
    samples = soak(made)
    assert made.source.reconnects == 8
    assert made.source.given == settings.frames * settings.parts == 1800
    assert [one.hour for one in samples] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert faults(samples) == []
    held = samples[-1].held
    assert held["hub._history[]"] <= 300
    assert 0 < held["analyzer._labels._known._faces"] <= 2 * SEATS
    kept = [one.held["hub._listeners[].all"] for one in samples]
    assert kept == sorted(kept)
    assert kept[-1] > 3 * kept[0] > 0


@pytest.mark.soak
@pytest.mark.timeout(3600)
@proc
def test_a_whole_day_leaves_nothing_behind(tmp_path: Path) -> None:
    made = Soak(Settings(), tmp_path)
    samples = soak(made)
    assert made.source.reconnects == 100
    assert faults(samples) == []
