"""Minutes of a day in seconds, and whether what grows is told."""

from __future__ import annotations

import mmap
import os
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from streamer.errors import SourceLost
from streamer.hub import Event
from streamer.overlay.recent import Recent
from streamer.types import Frame
from tools.growth import Sample, counted, faults, largest, slope
from tools.holdings import holdings
from tools.soaking import RATE, SEATS, Camera, Clock, Day

pytest.importorskip("aiohttp", reason="needs aiohttp: pip install 'groupmood[web]'")
pytest.importorskip("aiortc", reason="needs aiortc: pip install 'groupmood[web]'")

from tools.soak import document, measured, soak
from tools.soak_rig import Settings, Soak
from tools.soak_table import table

proc = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs proc(5): Linux")

SHORT = Settings(hours=0.1, parts=4, viewers=8, peers=16, pulls=8, stay=20)


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
    leaking = [sample(float(hour), seen=10 * hour) for hour in range(1, 25)]
    assert faults(leaking) == ["seen: 120 at most in the first half, 240 in the last quarter"]
    assert largest(leaking) == {"seen": [10, 240, 240]}


@pytest.mark.parametrize("name", ["files", "threads", "tasks"])
def test_one_more_than_at_the_start_is_told_although_the_end_closes_it(name: str) -> None:
    day = [sample(float(hour)) for hour in range(1, 25)]
    before = getattr(day[0], name)
    opened = [replace(one, **{name: before + (7 <= one.hour < 24)}) for one in day]
    assert faults(opened) == [f"{name}: {before} at the start, {before + 1} after hour 23"]


@proc
def test_memory_that_is_kept_is_told() -> None:
    kept = list[mmap.mmap]()  # new pages: what a long run has given back is not taken for them
    day = list[Sample]()
    for hour in range(3, 15):
        kept.append(mmap.mmap(-1, 3_000_000))
        kept[-1].write(bytes(3_000_000))
        day.append(counted(hour))
    assert 2 < (slope(day) or 0) < 6
    assert len(faults(day)) == 1


class Leaking:
    """A part of the product that forgets nothing, and sometimes leaves a file open and a thread waiting."""

    __module__ = "streamer.leaking"

    def __init__(self, every: int = 0) -> None:
        self.all: list[Event] = []
        self.some: deque[int] = deque(range(100), maxlen=10)
        self.by_name = {"one": {1, 2}, "other": {3}}
        self._every, self._files, self._over = every, list[int](), threading.Event()
        self._threads = list[threading.Thread]()

    def hear(self, event: Event) -> None:
        self.all.append(event)
        if self._every and len(self.all) % self._every == 0:
            self._files.append(os.open(os.devnull, os.O_RDONLY))
            self._threads.append(threading.Thread(target=self._over.wait))
            self._threads[-1].start()

    def mended(self) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        for file in self._files:
            os.close(file)


@contextmanager
def leaking(every: int) -> Iterator[Leaking]:
    part = Leaking(every)
    try:
        yield part
    finally:
        part.mended()


def test_members_are_counted_wherever_they_are_and_once() -> None:
    part = Leaking()
    held = holdings({"k": part, "again": (part, part.by_name)})
    assert held == {"k.all": 0, "k.some": 10, "k.by_name": 2, "k.by_name[]": 3, "k._files": 0, "k._threads": 0}


def test_what_forgets_by_number_counts_by_that_number() -> None:
    signs = Recent[list[int]](3)
    for sign in range(5):
        signs.get(sign, lambda: [1, 2])
        assert holdings({"signs": signs, "lately": deque[int](maxlen=7)}) == {"signs": 3, "lately": 7}
    vars(signs)["_values"].update({key: [1] for key in range(10, 20)})
    assert holdings({"signs": signs}) == {"signs": 13}


def judged(samples: list[Sample], *names: str) -> list[str]:
    """Of what the first quarter of such a short day is for settling: the faults of these names."""
    return [text for text in faults(samples, samples[0].hour) if text.startswith(names)]


@proc
def test_some_minutes_of_a_day_leave_nothing_behind(tmp_path: Path) -> None:
    made, heard = Soak(SHORT, tmp_path), list[int]()
    samples = soak(made, lambda so_far: heard.append(len(so_far)))
    assert heard == [1, 2, 3, 4]
    assert made.source.reconnects == 8
    assert made.source.given == SHORT.frames * SHORT.parts == 1800
    assert [one.hour for one in samples] == pytest.approx([0.025, 0.05, 0.075, 0.1])
    assert judged(samples, "files", "threads", "tasks") == []
    assert faults(samples) == []
    assert made.glances.seen > 5
    held = samples[-1].held
    assert held["hub._history[]"] == 300
    assert 0 < held["analyzer._labels._known._faces"] <= 2 * SEATS
    assert made.chronicle.lost + made.timeline.dropped == 0
    assert made.timeline.acknowledged > 8640
    assert "0.1 hours of a camera" in table(document(made, samples, 60.0))


@proc
def test_what_is_left_behind_in_some_minutes_is_told(tmp_path: Path) -> None:
    with leaking(every=50) as part:
        alone = replace(SHORT, hours=0.05, viewers=0, peers=0, quiet=0.1)
        made = Soak(alone, tmp_path)
        made.hub.listen(part.hear)
        samples = soak(made)
    told = judged(samples, "files", "threads", "hub._listeners[].all")
    assert [text.partition(":")[0] for text in told] == ["files", "threads", "hub._listeners[].all"]


@pytest.mark.soak
@pytest.mark.timeout(3600)
@proc
def test_a_whole_day_leaves_nothing_behind() -> None:
    told = measured(Settings(), minutes=15)
    assert told["reconnects"] == 100
    assert told["served"] == {"viewers": 200, "peers": 200}
    assert told["faults"] == []
