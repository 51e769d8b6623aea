"""Network cameras and what goes wrong with them, against a camera made by hand."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice, pairwise

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.errors import SourceError, SourceLost
from streamer.sources.network import options, refusal
from streamer.sources.rtsp import RtspSource, Times
from streamer.types import Frame
from tests.rtsp_server import Loop, RtspServer, loop, rtsp_server

LOGIN = "adm.in:s3cr3t"

FPS = 100.0


def steps(number: int) -> NDArray[np.uint8]:
    """Grey that brightens with each picture."""
    return np.full((240, 320, 3), 40 + 3 * (number % 50), np.uint8)


@pytest.fixture(scope="module")
def shared() -> Iterator[RtspServer]:
    with rtsp_server(picture=steps, fps=FPS) as server:
        yield server


@pytest.fixture
def server(shared: RtspServer) -> Iterator[RtspServer]:
    """One camera for many tests, well again after each."""
    film = shared.film
    yield shared
    shared.kill()
    shared.restart()
    shared.login, shared.film, shared.shift = "", film, 0.0


def camera(server: RtspServer, stall: float = 1.0, url: str = "", stopped: Callable[[], bool] = bool) -> RtspSource:
    return RtspSource(url or server.url, name="hall", stall=stall, stopped=stopped)


def until_lost(source: RtspSource, at: int, fault: Callable[[], None]) -> tuple[list[Frame], SourceError, float]:
    """The frames, what ended them, and the seconds from the fault, done at that many frames, to the end."""
    frames: list[Frame] = []
    began = 0.0

    def read() -> None:
        nonlocal began
        with source:
            for frame in source.frames():
                frames.append(frame)
                if len(frames) == at:
                    fault()
                    began = time.monotonic()

    with pytest.raises(SourceError) as caught:
        read()
    return frames, caught.value, time.monotonic() - began


def test_pictures_in_order_with_the_cameras_own_times(server: RtspServer) -> None:
    with camera(server) as source:
        frames = list(islice(source.frames(), 20))
        assert source.live
    assert [frame.index for frame in frames] == list(range(20))
    assert frames[0].pts == 0
    assert frames[-1].pts == pytest.approx(19 / FPS, abs=0.002)
    grey = [float(frame.image.mean()) for frame in frames]
    assert all(1 < later - earlier < 6 for earlier, later in pairwise(grey))
    assert frames[0].size == (320, 240)
    assert source.damaged == 0


def test_nothing_is_converted_before_somebody_looks(server: RtspServer) -> None:
    """Carrying on behind the live edge costs decoding only: a second of pictures is read in a moment."""
    with camera(server) as source:
        frames = source.frames()
        next(frames)
        assert server.wait_playing(1)
        threading.Event().wait(1.0)
        began = time.monotonic()
        late = list(islice(frames, 95))
    assert late[-1].pts > 0.9
    assert time.monotonic() - began < 0.7


@pytest.mark.parametrize("end", [RtspServer.hang_up, RtspServer.reset, RtspServer.kill])
def test_every_end_is_a_loss(server: RtspServer, end: Callable[[RtspServer], None]) -> None:
    frames, error, _ = until_lost(camera(server), 5, lambda: end(server))
    assert len(frames) >= 5
    assert isinstance(error, SourceLost)
    assert "hall" in str(error)
    assert "; check" in str(error)


@pytest.mark.parametrize("fault", [RtspServer.stall, RtspServer.mute])
def test_a_camera_that_falls_silent_is_lost_after_the_time_given(
    server: RtspServer, fault: Callable[[RtspServer], None]
) -> None:
    _, error, seconds = until_lost(camera(server, stall=1.0), 5, lambda: fault(server))
    assert isinstance(error, SourceLost)
    assert "hall has sent no picture for 1 s" in str(error)
    assert 0.8 < seconds < 2.2


def test_a_short_pause_loses_nothing(server: RtspServer) -> None:
    """Shorter than the whole patience, longer than one read of it."""
    frames: list[Frame] = []
    with camera(server, stall=3.0) as source:
        for frame in source.frames():
            frames.append(frame)
            if len(frames) == 20:
                server.stall()
                threading.Timer(2.0, server.resume).start()
            if len(frames) > 1 and frame.captured - frames[-2].captured > 1.7:
                break
            assert frame.index < 200
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert frames[-1].pts == pytest.approx((len(frames) - 1) / FPS, abs=0.1)  # the camera's clock stood still, too
    assert source.damaged == 0


@pytest.mark.parametrize("fault", [RtspServer.stall, RtspServer.mute])
def test_stop_ends_a_read_that_waits(server: RtspServer, fault: Callable[[RtspServer], None]) -> None:
    stop = threading.Event()
    with camera(server, stall=2.0, stopped=stop.is_set) as source:
        for frame in source.frames():
            if frame.index == 3:
                fault(server)
                stop.set()
                began = time.monotonic()
    assert time.monotonic() - began < 1.6


def test_stop_ends_the_reading_at_once(server: RtspServer) -> None:
    stop = threading.Event()
    with camera(server, stopped=stop.is_set) as source:
        for frame in source.frames():
            if frame.index == 3:
                stop.set()
    assert frame.index == 3


def test_nobody_there(server: RtspServer) -> None:
    server.kill()
    began = time.monotonic()
    with pytest.raises(SourceLost, match="hall refuses connections; check that it is on"):
        camera(server, stall=4.0).__enter__()
    assert time.monotonic() - began < 1


def test_a_mute_server_costs_half_the_patience(server: RtspServer) -> None:
    server.mute()
    began = time.monotonic()
    with pytest.raises(SourceLost, match="hall does not answer as a camera; "):
        camera(server, stall=1.0).__enter__()
    assert time.monotonic() - began < 1.4


def test_a_host_that_takes_no_connection_costs_half_the_patience() -> None:
    """As one behind a firewall: the queue of those who wait to be accepted is full."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        began = time.monotonic()
        with pytest.raises(SourceLost, match="does not answer"):
            RtspSource(f"rtsp://127.0.0.1:{deaf.getsockname()[1]}/cam", name="hall", stall=1.0).__enter__()
        assert time.monotonic() - began < 1.4
        for one in waiting:
            one.close()


def test_a_server_that_drips_costs_the_patience() -> None:
    """Each byte comes in time, the answer never."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        over = threading.Event()

        def drip() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(ConnectionError):
                while not over.wait(0.1):
                    connection.send(b"R")

        thread = threading.Thread(target=drip, daemon=True)
        thread.start()
        began = time.monotonic()
        with pytest.raises(SourceLost, match="does not answer"):
            RtspSource(f"rtsp://127.0.0.1:{listener.getsockname()[1]}/cam", name="hall", stall=1.0).__enter__()
        assert time.monotonic() - began < 1.6
        over.set()
        thread.join(5)


def test_a_name_that_nobody_knows() -> None:
    with pytest.raises(SourceLost, match="hall cannot be found in the network; check its name"):
        RtspSource(f"rtsp://{LOGIN}@no-such-host.invalid/cam", name="hall").__enter__()


def test_the_right_password_is_sent(server: RtspServer) -> None:
    server.login = LOGIN
    with camera(server, url=server.url_as(LOGIN)) as source:
        assert len(list(islice(source.frames(), 3))) == 3


@pytest.mark.parametrize("login", ["", "adm.in:wr0ng"])
def test_a_wrong_password_says_where_it_belongs(server: RtspServer, login: str) -> None:
    server.login = LOGIN
    with pytest.raises(SourceError) as caught:
        camera(server, url=server.url_as(login) if login else server.url).__enter__()
    assert not isinstance(caught.value, SourceLost)
    assert "hall refused the user name or the password; " in str(caught.value)
    assert "${CAMERA_URL}" in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_path_that_does_not_exist(server: RtspServer) -> None:
    with pytest.raises(SourceError, match="hall has no such stream; check the path") as caught:
        camera(server, url=server.url.replace("/cam", "/main")).__enter__()
    assert not isinstance(caught.value, SourceLost)


class Describing(RtspServer):
    """Says other things of itself."""

    words: tuple[str, str] = ("", "")

    def _description(self) -> str:
        return super()._description().replace(*self.words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("H264/90000", "H266/90000"), "a format that cannot be decoded; set the camera to H.264 or H.265"),
        (("m=video", "m=audio"), "hall has no video in it"),
    ],
)
def test_no_video_or_none_that_can_be_decoded(words: tuple[str, str], said: str) -> None:
    server = Describing("cam", loop((64, 48), FPS))
    server.words = words
    server.open()
    with pytest.raises(SourceError, match=said) as caught:
        camera(server).__enter__()
    server.close()
    assert not isinstance(caught.value, SourceLost)


@pytest.mark.parametrize("url", ["rtsp://127.0.0.1:99999/cam", "rtsp://[::1/cam", "rtmp://127.0.0.1/cam"])
def test_an_address_that_cannot_be(url: str) -> None:
    with pytest.raises(SourceError, match=r"hall cannot be opened at this address; it should be like rtsp://host"):
        RtspSource(url, name="hall", stall=1.0).__enter__()


def test_no_message_holds_a_secret(server: RtspServer) -> None:
    told = []
    for fault in (server.mute, server.kill):
        fault()
        with pytest.raises(SourceError) as caught:
            camera(server, url=server.url_as(LOGIN) + "?token=t0ken").__enter__()
        told.append(str(caught.value))
    server.restart()
    _, error, _ = until_lost(camera(server, url=server.url_as(LOGIN)), 3, server.stall)
    told += [str(error), repr(error)]
    assert not any(secret in text for text in told for secret in ("s3cr3t", "adm.in", "t0ken", "rtsp://"))


def test_refusals_that_time_mends_and_others() -> None:
    url = f"rtsp://{LOGIN}@cam/1"
    busy = av.error.HTTPServerError(1, "Server returned 5XX Server Error reply", url)
    assert isinstance(refusal("hall", busy), SourceLost)
    assert "s3cr3t" not in str(refusal("hall", busy))
    forbidden = av.error.HTTPForbiddenError(1, "Server returned 403 Forbidden", url)
    assert not isinstance(refusal("hall", forbidden), SourceLost)


def test_another_size_in_mid_stream(server: RtspServer) -> None:
    with camera(server, stall=3.0) as source:
        frames = []
        for frame in source.frames():
            frames.append(frame)
            if len(frames) == 5:
                server.show(loop((640, 360), FPS, seconds=1))
            if frame.index > 5 and frame.size == (640, 360):
                break
            assert frame.index < 400
    assert frames[0].size == (320, 240)
    assert frames[-1].image.shape == (360, 640, 3)
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))


@pytest.mark.parametrize("seconds", [-20.0, 3600.0])
def test_a_camera_that_sets_its_clock_makes_no_gap(server: RtspServer, seconds: float) -> None:
    with camera(server) as source:
        frames = []
        for frame in islice(source.frames(), 25):
            frames.append(frame)
            if len(frames) == 5:
                server.leap(seconds)
    assert [frame.index for frame in frames] == list(range(25))
    assert all(0 < later.pts - earlier.pts < 2 for earlier, later in pairwise(frames))
    assert frames[-1].pts < 3


def test_spoiled_pictures_are_left_out_and_end_nothing(server: RtspServer) -> None:
    noise = np.random.default_rng(1).integers(80, 140, (10, 240, 320, 3)).astype(np.uint8)
    server.show(loop((320, 240), FPS, lambda number: noise[number % 10], seconds=1))
    frames = []
    with camera(server, stall=3.0) as source:
        for frame in source.frames():
            frames.append(frame)
            if len(frames) == 20:
                server.corrupt()
            if source.damaged > 20:
                server.resume()
                break
        whole = list(islice(source.frames(), 120))
    assert [frame.index for frame in frames] == list(range(len(frames)))
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))
    assert float(whole[-1].image.mean()) == pytest.approx(float(frames[10].image.mean()), abs=3)


def test_a_stream_of_nothing_but_damage_is_lost(server: RtspServer) -> None:
    """Packets come all the time, pictures do not: no read ever waits in vain."""
    bad = Loop((b"\0\0\1\x61" + bytes([7]) * 400,) * 30, 1 / FPS)
    _, error, seconds = until_lost(camera(server, stall=1.0), 5, lambda: server.show(bad))
    assert "no picture for 1 s" in str(error)
    assert seconds < 3


def test_the_camera_is_told_goodbye(server: RtspServer) -> None:
    with camera(server) as source:
        next(source.frames())
        assert server.wait_playing(1)
    assert server.wait_playing(0)


def test_read_before_opened() -> None:
    with pytest.raises(RuntimeError, match="opened by 'with'"):
        next(RtspSource("rtsp://127.0.0.1/cam", name="hall").frames())


def test_only_the_cameras_own_protocol_is_followed() -> None:
    assert options("rtsp", 4.0)["protocol_whitelist"] == "rtsp,tcp"
    assert options("rtsp", 4.0)["timeout"] == "2000000"
    assert options("rtsp", 60.0)["timeout"] == "5000000"
    assert "file" not in options("http", 4.0)["protocol_whitelist"]


def test_times() -> None:
    """By hand: a gap is a gap, but only if the clock saw it; a step back is none."""
    times = Times(10.0)
    stamps = [(None, 0.0), (100.0, 0.1), (100.1, 0.2), (103.1, 3.2), (203.1, 3.3), (203.2, 3.4), (50.0, 3.5)]
    got = [times.at(stamp, captured) for stamp, captured in stamps]
    assert got == pytest.approx([0.0, 0.1, 0.2, 3.2, 3.3, 3.4, 3.5])
