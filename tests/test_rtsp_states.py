"""What a page sees of a network camera, through every fault and back."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import pytest

from streamer.errors import SourceLost
from streamer.sources.reconnect import Reconnecting
from streamer.sources.rtsp import RtspSource
from tests.camera_course import Course
from tests.rtsp_server import RtspServer, loop, rtsp_server

LOGIN = "adm.in:s3cr3t"


@pytest.fixture
def server() -> Iterator[RtspServer]:
    with rtsp_server(size=(160, 120), fps=50) as server:
        yield server


def gone_and_back(server: RtspServer, course: Course) -> None:
    server.kill()
    assert course.reached("reconnecting")
    server.restart()


def hung_up(server: RtspServer, course: Course) -> None:
    server.hang_up()
    assert course.reached("reconnecting")


def reset(server: RtspServer, course: Course) -> None:
    server.reset()
    assert course.reached("reconnecting")


def locked(server: RtspServer, course: Course) -> None:
    server.login = LOGIN
    server.hang_up()
    assert course.reached("failed")
    server.login = ""


def moved(server: RtspServer, course: Course) -> None:
    server.path = "main"
    server.hang_up()
    assert course.reached("failed")
    server.path = "cam"


@pytest.mark.parametrize(
    ("fault", "between"),
    [
        (gone_and_back, ["reconnecting"]),
        (hung_up, ["reconnecting"]),
        (reset, ["reconnecting"]),
        (locked, ["reconnecting", "failed"]),
        (moved, ["reconnecting", "failed"]),
    ],
)
def test_lost_and_back(server: RtspServer, fault: Callable[[RtspServer, Course], None], between: list[str]) -> None:
    url = server.url
    with Course(lambda: url) as course:
        assert course.reached("online")
        fault(server, course)
        assert course.reached("online")
        assert course.seen(5)
    assert course.ended
    assert course.states == ["starting", "online", *between, "online", "stopped"]
    assert course.source.reconnects == course.hub.cameras()["hall"].reconnects == 1


@pytest.mark.parametrize("fault", [RtspServer.stall, RtspServer.mute])
def test_silent_then_given_up_then_back(server: RtspServer, fault: Callable[[RtspServer], None]) -> None:
    with Course(lambda: server.url, stall=3.0) as course:
        assert course.reached("online")
        assert course.seen(10)
        fault(server)
        frozen = time.monotonic()
        assert course.reached("stalled")
        assert time.monotonic() - frozen < 2.5
        assert course.reached("reconnecting")
        server.resume()
        assert course.reached("online")
    assert course.states[:4] == ["starting", "online", "stalled", "reconnecting"]
    assert course.states[-2:] == ["online", "stopped"]


def test_a_pause_is_a_stall_and_no_loss(server: RtspServer) -> None:
    with Course(lambda: server.url, stall=8.0) as course:
        assert course.reached("online")
        assert course.seen(10)
        server.stall()
        assert course.reached("stalled")
        server.resume()
        assert course.reached("online")
    assert course.states == ["starting", "online", "stalled", "online", "stopped"]
    assert course.source.reconnects == 0


@pytest.mark.parametrize(
    "fault",
    [
        RtspServer.corrupt,
        lambda server: server.leap(-30.0),
        lambda server: server.leap(3600.0),
        lambda server: server.show(loop((320, 240), 50, seconds=1)),
    ],
)
def test_what_a_camera_survives(server: RtspServer, fault: Callable[[RtspServer], None]) -> None:
    with Course(lambda: server.url, stall=3.0) as course:
        assert course.seen(10)
        fault(server)
        assert course.seen(80)
    assert course.states == ["starting", "online", "stopped"]


def test_absent_at_the_start_is_no_end(server: RtspServer) -> None:
    server.kill()
    with Course(lambda: server.url) as course:
        assert course.reached("reconnecting")
        status = course.hub.cameras()["hall"]
        assert (status.reason, status.fix) == (
            "hall refuses connections",
            "check that it is on, and the port in its address",
        )
        server.restart()
        assert course.reached("online")
    assert course.states == ["starting", "reconnecting", "online", "stopped"]
    assert course.source.reconnects == 0


def test_absent_at_the_start_ends_a_run_on_the_command_line(server: RtspServer) -> None:
    server.kill()
    with pytest.raises(SourceLost, match="refuses connections"):
        Reconnecting(lambda: RtspSource(server.url, name="hall")).__enter__()


def connecting(server: RtspServer, course: Course) -> None:
    server.mute()
    server.hang_up()
    assert course.reached("reconnecting")
    visits = server.visits
    while server.visits == visits:
        assert server.wait_playing(0, 0.01)


def waiting(server: RtspServer, course: Course) -> None:
    server.kill()
    assert course.reached("reconnecting")


def reading(server: RtspServer, course: Course) -> None:
    assert server.wait_playing(1)
    assert course.seen(5)


def stalled(server: RtspServer, course: Course) -> None:
    server.stall()
    assert course.reached("stalled")


@pytest.mark.parametrize("fault", [connecting, waiting, stalled, reading])
def test_stop_is_heeded_soon_whatever_goes_on(server: RtspServer, fault: Callable[[RtspServer, Course], None]) -> None:
    with Course(lambda: server.url, stall=4.0) as course:
        assert course.seen(5)
        fault(server, course)
        began = time.monotonic()
    assert course.ended
    assert time.monotonic() - began < 3.0
    assert course.states[-1] == "stopped"


def test_no_secret_in_any_state_or_line(server: RtspServer, caplog: pytest.LogCaptureFixture) -> None:
    url = server.url_as(LOGIN) + "?token=t0ken"
    server.login = LOGIN
    with caplog.at_level(logging.DEBUG), Course(lambda: url) as course:
        assert course.reached("online")
        server.login = "other:words"
        server.hang_up()
        assert course.reached("failed")
        server.kill()
        assert course.reached("reconnecting")
    told = repr(course.said) + caplog.text
    assert "refused the user name or the password" in told
    assert not any(secret in told for secret in ("s3cr3t", "adm.in", "t0ken", "rtsp://"))
