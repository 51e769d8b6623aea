from __future__ import annotations

import logging
import threading

import pytest

from streamer.hub import Hub
from streamer.metrics import Metrics
from streamer.states import CameraStatus
from streamer.watch import PATIENCE, Watch


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class Scene:
    """A watch whose time stands still between the calls, and all that it published."""

    def __init__(self, *sources: str, files: tuple[str, ...] = ()) -> None:
        self.clock, self.hub, self.metrics = Clock(), Hub(), Metrics()
        self.told: list[CameraStatus] = []
        self.hub.listen(self._note)
        rooms = dict.fromkeys(sources or ("hall",), "lobby")
        self.watch = Watch(self.hub, rooms, self.metrics, files=files, clock=self.clock)

    def _note(self, event: object) -> None:
        assert isinstance(event, CameraStatus)
        self.told.append(event)

    def play(self, seconds: float, fps: float = 20.0, source: str = "hall") -> None:
        for _ in range(round(seconds * fps)):
            self.clock.now += 1 / fps
            self.watch.check()
            self.watch.seen(source)

    def wait(self, seconds: float) -> None:
        """Time passes as for the thread: it looks whenever somebody would be overdue."""
        end = self.clock.now + seconds
        while (left := self.watch.check()) is not None and self.clock.now + left < end:
            self.clock.now += left
        self.clock.now = end
        self.watch.check()

    @property
    def states(self) -> list[str]:
        return [status.state for status in self.told]


def test_every_camera_begins_as_starting() -> None:
    scene = Scene("hall", "door")
    assert [(status.source, status.room, status.state) for status in scene.told] == [
        ("hall", "lobby", "starting"),
        ("door", "lobby", "starting"),
    ]
    assert scene.hub.cameras()["hall"].since == 100.0


def test_online_with_the_first_picture_stalled_without_and_back() -> None:
    scene = Scene()
    scene.play(3)
    scene.wait(5)
    assert scene.states == ["starting", "online", "stalled"]
    stalled = scene.told[-1]
    assert stalled.since == pytest.approx(103 + PATIENCE, abs=0.01)
    assert stalled.reason == "no picture for 1.5 s"
    assert "check the camera" in stalled.fix
    scene.play(1)
    assert scene.states == ["starting", "online", "stalled", "online"]
    assert (scene.told[-1].reason, scene.told[-1].fix, scene.told[-1].reconnects) == ("", "", 0)


def test_one_late_picture_does_not_bring_a_stalled_camera_back() -> None:
    """The decoder hands out what it held back, when the read has waited in vain."""
    scene = Scene()
    scene.play(3)
    scene.wait(2)
    scene.watch.seen("hall")
    scene.wait(2)
    scene.watch.state("hall", "reconnecting", "hall has sent no picture for 4 s", "check it")
    assert scene.states == ["starting", "online", "stalled", "reconnecting"]


def test_a_camera_with_few_pictures_is_waited_for() -> None:
    """One picture each two seconds: it may seem to stall once, before its pace is known."""
    scene = Scene()
    for _ in range(20):
        scene.watch.seen("hall")
        scene.wait(2.0)
    assert scene.states == ["starting", "online", "stalled", "online"]
    scene.wait(5)
    assert scene.states[-1] == "stalled"


def test_a_source_that_waits_for_its_reader_never_stalls() -> None:
    scene = Scene("film", files=("film",))
    scene.watch.seen("film")
    scene.wait(100)
    assert scene.states == ["starting", "online"]


def test_the_course_of_a_camera_that_is_lost() -> None:
    scene = Scene()
    scene.play(1)
    scene.watch.state("hall", "reconnecting", "hall ended the connection", "check that it has power")
    scene.wait(100)  # no stall is seen in what is closed
    scene.watch.state("hall", "reconnecting", "hall refuses connections", "check that it is on")
    scene.watch.state("hall", "failed", "hall refused the password", "set it")
    scene.watch.state("hall", "online")
    assert scene.states == ["starting", "online", "reconnecting", "reconnecting", "failed"]
    scene.play(0.1)
    scene.watch.state("hall", "stopped")
    scene.watch.ended("hall")
    assert scene.states == ["starting", "online", "reconnecting", "reconnecting", "failed", "online", "stopped"]
    first, second = scene.told[2:4]
    assert first.since == second.since
    assert second.reason == "hall refuses connections"
    assert scene.told[-1].reconnects == 1


def test_one_count_and_one_line_for_each_change(caplog: pytest.LogCaptureFixture) -> None:
    scene = Scene()
    with caplog.at_level(logging.INFO):
        scene.play(1)
        scene.wait(3)
        for reason in ("hall refuses connections", "hall does not answer"):
            scene.watch.state("hall", "reconnecting", reason, "check it")
        scene.play(1)
        scene.watch.ended("hall", "hall sends pictures that are too large; set it to less")
    lines = [(record.levelname, record.getMessage()) for record in caplog.records]
    assert lines == [
        ("INFO", "hall is online (was starting)"),
        ("WARNING", lines[1][1]),
        ("WARNING", "hall is reconnecting (hall refuses connections; check it)"),
        ("WARNING", "hall is online (was reconnecting)"),
        ("WARNING", "hall is failed (hall sends pictures that are too large; set it to less)"),
    ]
    assert lines[1][1].startswith("hall is stalled (no picture for 1.5 s; check the camera")
    assert scene.metrics.snapshot().count("state changes", "hall") == len(lines)


def test_the_others_go_on() -> None:
    scene = Scene("hall", "door")
    for _ in range(40):
        scene.clock.now += 0.1
        scene.watch.check()
        scene.watch.seen("hall")
        if scene.clock.now < 101:
            scene.watch.seen("door")
    cameras = scene.hub.cameras()
    assert (cameras["hall"].state, cameras["door"].state) == ("online", "stalled")


def test_its_size_is_told_when_it_changes() -> None:
    scene = Scene()
    for size in ((640, 360), (640, 360), None, (1280, 720)):
        scene.watch.sized("hall", size)
    assert [status.size for status in scene.told] == [None, (640, 360), (1280, 720)]


def test_what_is_not_watched_is_left_alone() -> None:
    scene = Scene()
    scene.watch.seen("elsewhere")
    scene.watch.state("elsewhere", "failed")
    scene.watch.sized("elsewhere", (1, 1))
    assert len(scene.told) == 1


def test_nobody_is_looked_for_while_nobody_is_online() -> None:
    scene = Scene()
    assert scene.watch.check() is None
    scene.watch.seen("hall")
    assert scene.watch.check() == pytest.approx(PATIENCE)


def test_the_thread_sees_a_stall_in_time_and_ends() -> None:
    hub, stalled = Hub(), threading.Event()
    hub.listen(lambda event: stalled.set() if isinstance(event, CameraStatus) and event.state == "stalled" else None)
    with Watch(hub, {"hall": "lobby"}) as watch:
        watch.seen("hall")
        assert stalled.wait(PATIENCE + 1)
    status = hub.cameras()["hall"]
    assert status.reason == f"no picture for {PATIENCE:.1f} s"
    assert "watch" not in {thread.name for thread in threading.enumerate()}
