from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from itertools import islice, pairwise
from types import TracebackType
from typing import Self

import numpy as np
import pytest

from streamer.errors import SourceError, SourceLost
from streamer.sources.address import parse
from streamer.sources.capture import CaptureSource
from streamer.sources.reconnect import Reconnecting, Waiting, bound_of
from streamer.states import CameraState
from streamer.types import Frame


class Clock:
    """Time that passes only when it is told to: by waiting, and by a frame each 0.1 s."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def __call__(self) -> float:
        return self.now

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False


class Scripted:
    """Gives ``count`` frames, then raises ``end`` or ends; raises ``fault`` instead when it is opened."""

    def __init__(
        self, clock: Clock, count: int = 3, end: Exception | None = None, fault: Exception | None = None
    ) -> None:
        self.name = "desk"
        self._clock, self._count, self._end, self._fault = clock, count, end, fault
        self.opened = self.closed = self.damaged = 0

    def __enter__(self) -> Self:
        if self._fault is not None:
            raise self._fault
        self.opened += 1
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.closed += 1

    def frames(self) -> Iterator[Frame]:
        for index in range(self._count):
            self._clock.now += 0.1
            image = np.full((4, 4, 3), index, np.uint8)
            yield Frame(self.name, index, index * 0.1, self._clock.now, image)
        if self._end is not None:
            raise self._end


def line(sources: Sequence[Scripted]) -> Callable[[], Scripted]:
    """Gives one after the other, never more."""
    rest = iter(sources)
    return lambda: next(rest)


def test_goes_on_counting_with_the_true_gap() -> None:
    clock = Clock()
    sources = [Scripted(clock, 3, SourceLost("unplugged")), Scripted(clock, 3)]
    source = Reconnecting(line(sources), waiting=Waiting(clock.wait, clock, lambda: 1.0))
    with source:
        frames = list(islice(source.frames(), 6))
    assert [frame.index for frame in frames] == list(range(6))
    # 0.5 s of waiting and 0.1 s to the first frame lie between.
    assert [frame.pts for frame in frames] == pytest.approx([0, 0.1, 0.2, 0.8, 0.9, 1.0])
    assert [int(frame.image[0, 0, 0]) for frame in frames] == [0, 1, 2, 0, 1, 2]
    assert source.reconnects == 1
    assert [(one.opened, one.closed) for one in sources] == [(1, 1), (1, 1)]


def test_an_end_without_an_error_is_a_fault_too() -> None:
    clock = Clock()
    with Reconnecting(line([Scripted(clock, 2), Scripted(clock, 2)]), waiting=Waiting(clock.wait, clock)) as source:
        assert [frame.index for frame in islice(source.frames(), 4)] == [0, 1, 2, 3]


def test_waits_double_to_five_seconds_and_are_random_below() -> None:
    clock = Clock()
    absent = [Scripted(clock, fault=SourceLost("not there")) for _ in range(6)]
    source = Reconnecting(
        line([Scripted(clock, 1), *absent, Scripted(clock, 1)]), waiting=Waiting(clock.wait, clock, lambda: 0.5)
    )
    with source:
        assert [frame.index for frame in islice(source.frames(), 2)] == [0, 1]
    assert clock.waits == [0.25, 0.5, 1.0, 2.0, 2.5, 2.5, 2.5]
    assert source.reconnects == 1


def test_what_time_does_not_mend_is_tried_rarely() -> None:
    clock = Clock()
    denied = Scripted(clock, fault=SourceError("may not be opened"))
    source = Reconnecting(
        line([Scripted(clock, 1), denied, Scripted(clock, 1)]), waiting=Waiting(clock.wait, clock, lambda: 1.0)
    )
    with source:
        assert len(list(islice(source.frames(), 2))) == 2
    assert clock.waits == [0.5, 60.0]


@pytest.mark.parametrize(("frames", "second"), [(5, 1.0), (150, 0.5)])
def test_waits_begin_anew_after_ten_seconds_of_pictures_only(frames: int, second: float) -> None:
    clock = Clock()
    sources = [Scripted(clock, 1), Scripted(clock, frames), Scripted(clock, 1)]
    with Reconnecting(line(sources), waiting=Waiting(clock.wait, clock, lambda: 1.0)) as source:
        assert len(list(islice(source.frames(), frames + 2))) == frames + 2
    assert clock.waits == [0.5, second]


def test_the_first_opening_is_not_repeated() -> None:
    clock = Clock()
    wrong = Scripted(clock, fault=SourceLost("camera 9 is not there"))
    with pytest.raises(SourceLost, match="camera 9"):
        Reconnecting(line([wrong]), waiting=Waiting(clock.wait, clock)).__enter__()
    assert clock.waits == []


def test_times_rise_even_if_the_clock_stands_still() -> None:
    clock = Clock()
    sources = [Scripted(clock, 2), Scripted(clock, 2)]
    with Reconnecting(line(sources), waiting=Waiting(clock.wait, clock, lambda: 0.0)) as source:
        pts = []
        for frame in islice(source.frames(), 4):
            pts.append(frame.pts)
            clock.now -= 0.2
    assert all(later > earlier for earlier, later in pairwise(pts))


def test_one_line_for_each_change_without_secrets(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    lost = SourceLost("rtsp://me:s3cr@cam/1 ended")
    denied = [Scripted(clock, fault=SourceError("wrong password in rtsp://me:s3cr@cam/1")) for _ in range(3)]
    absent = [Scripted(clock, fault=lost) for _ in range(3)]
    sources = [Scripted(clock, 1, lost), *absent, *denied, Scripted(clock, 1)]
    with (
        caplog.at_level(logging.INFO),
        Reconnecting(line(sources), waiting=Waiting(clock.wait, clock, lambda: 1.0)) as source,
    ):
        assert len(list(islice(source.frames(), 2))) == 2
    assert [record.getMessage() for record in caplog.records] == [
        "desk is lost (rtsp://***@cam/1 ended); trying to bring it back",
        "desk: wrong password in rtsp://***@cam/1; next try within 60 s",
        "desk is back after 187.6 s",
    ]


def test_stop_ends_the_waiting_at_once() -> None:
    clock, stop, waiting = Clock(), threading.Event(), threading.Event()

    def wait(_seconds: float) -> bool:
        waiting.set()
        return stop.wait(600)

    source = Reconnecting(line([Scripted(clock, 1)]), stop, waiting=Waiting(wait, clock))
    seen: list[Frame] = []

    def read() -> None:
        with source:
            seen.extend(source.frames())

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert waiting.wait(10)
    source.stop()
    thread.join(10)
    assert not thread.is_alive()
    assert len(seen) == 1
    assert source.reconnects == 0


def test_stop_ends_the_reading() -> None:
    clock, stop = Clock(), threading.Event()
    scripted = Scripted(clock, 100)
    with Reconnecting(line([scripted]), stop, waiting=Waiting(clock.wait, clock)) as source:
        for frame in source.frames():
            if frame.index == 4:
                stop.set()
    assert frame.index == 4
    assert scripted.closed == 1


def test_left_while_lost_closes_nothing_twice() -> None:
    clock, stop = Clock(), threading.Event()

    def wait(_seconds: float) -> bool:
        stop.set()
        return True

    scripted = Scripted(clock, 1)
    with Reconnecting(line([scripted]), stop, waiting=Waiting(wait, clock)) as source:
        assert len(list(source.frames())) == 1
    assert (scripted.opened, scripted.closed) == (1, 1)


def test_a_real_source_comes_back() -> None:
    short = parse("lavfi:testsrc2=size=64x48:rate=10:duration=1")
    with Reconnecting(lambda: CaptureSource(short), waiting=Waiting(lambda _: False)) as source:
        frames = list(islice(source.frames(), 25))
    assert [frame.index for frame in frames] == list(range(25))
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))
    assert source.reconnects == 2


def test_bounds() -> None:
    assert [bound_of(attempt) for attempt in (0, 1, 2, 3, 4, 5, 10_000)] == [0.5, 1, 2, 4, 5, 5, 5]


class Told:
    """Keeps the states it is told, and the time of each."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.all: list[tuple[CameraState, str, str]] = []
        self.times: list[float] = []

    def __call__(self, state: CameraState, reason: str, fix: str) -> None:
        self.all.append((state, reason, fix))
        self.times.append(self._clock.now)

    @property
    def states(self) -> list[CameraState]:
        return [state for state, _, _ in self.all]


def test_each_state_is_told_once_with_its_reason_and_its_fix(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    told = Told(clock)
    absent = [Scripted(clock, fault=SourceLost("desk is not there; plug it in")) for _ in range(3)]
    denied = [Scripted(clock, fault=SourceError("desk refused me:s3cr@cam; set CAMERA_URL")) for _ in range(3)]
    sources = [Scripted(clock, 1, SourceLost("desk stopped; check its cable")), *absent, *denied, Scripted(clock, 1)]
    with Reconnecting(line(sources), on_state=told, waiting=Waiting(clock.wait, clock)) as source:
        assert told.states == ["starting"]
        assert len(list(islice(source.frames(), 2))) == 2
    assert told.all == [
        ("starting", "", ""),
        ("online", "", ""),
        ("reconnecting", "desk stopped", "check its cable"),
        ("reconnecting", "desk is not there", "plug it in"),
        ("failed", "desk refused ***@cam", "set CAMERA_URL"),
        ("online", "", ""),
        ("stopped", "", ""),
    ]
    assert caplog.records == []  # whoever is told says it


def test_a_first_opening_that_fails_is_tried_again_where_that_is_wished() -> None:
    clock = Clock()
    told = Told(clock)
    sources = [Scripted(clock, fault=SourceLost("desk is not there")) for _ in range(3)] + [Scripted(clock, 2)]
    waiting = Waiting(clock.wait, clock, lambda: 1.0)
    with Reconnecting(line(sources), on_state=told, first="retry", waiting=waiting) as source:
        frames = list(islice(source.frames(), 2))
        assert source.reconnects == 0  # it was never there before
    assert told.states == ["starting", "reconnecting", "online", "stopped"]
    assert clock.waits == [0.5, 1.0, 2.0]
    assert [(frame.index, round(frame.pts, 6)) for frame in frames] == [(0, 0.0), (1, 0.1)]


def test_a_wrong_password_at_the_first_opening_is_tried_rarely() -> None:
    clock = Clock()
    told = Told(clock)
    sources = [Scripted(clock, fault=SourceError("desk refused the password; mend it")), Scripted(clock, 1)]
    waiting = Waiting(clock.wait, clock, lambda: 1.0)
    with Reconnecting(line(sources), on_state=told, first="retry", waiting=waiting) as source:
        assert len(list(islice(source.frames(), 1))) == 1
    assert told.states == ["starting", "failed", "online", "stopped"]
    assert clock.waits == [60.0]


def test_online_is_told_with_the_first_picture_not_with_the_opening() -> None:
    clock = Clock()
    told = Told(clock)
    with Reconnecting(line([Scripted(clock, 1)]), on_state=told, waiting=Waiting(clock.wait, clock)) as source:
        frames = source.frames()
        assert told.states == ["starting"]
        next(frames)
        assert told.states == ["starting", "online"]


def test_a_source_that_never_shows_a_picture_keeps_its_long_waits() -> None:
    """Open for a long time is not enough."""
    clock = Clock()

    class Mute(Scripted):
        def frames(self) -> Iterator[Frame]:
            clock.now += 30
            yield from ()
            raise SourceLost("no picture")

    sources = [Scripted(clock, 1), Mute(clock), Mute(clock), Scripted(clock, 1)]
    with Reconnecting(line(sources), waiting=Waiting(clock.wait, clock, lambda: 1.0)) as source:
        assert len(list(islice(source.frames(), 2))) == 2
    assert clock.waits == [0.5, 1.0, 2.0]


def test_damage_is_counted_over_all_openings() -> None:
    clock = Clock()
    sources = [Scripted(clock, 1), Scripted(clock, 1)]
    for number, one in enumerate(sources, start=1):
        one.damaged = number
    with Reconnecting(line(sources), waiting=Waiting(clock.wait, clock)) as source:
        assert len(list(islice(source.frames(), 2))) == 2
        assert source.damaged == 3
    assert source.damaged == 3


def test_what_makes_a_source_may_fail_too() -> None:
    """On Windows the system is asked for the camera's name."""
    clock = Clock()
    sources = [Scripted(clock, 1), None, Scripted(clock, 1)]

    def make() -> Scripted:
        made = sources.pop(0)
        if made is None:
            raise SourceLost("camera 0 is not there")
        return made

    with Reconnecting(make, waiting=Waiting(clock.wait, clock)) as source:
        assert len(list(islice(source.frames(), 2))) == 2
