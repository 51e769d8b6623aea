from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from streamer.fanout import Fanout
from streamer.web.limits import Limits
from streamer.web.server import WebServer
from tests.web_site import JPEG, ask, connected, serving, site, until


@contextmanager
def looking(server: WebServer, source: str = "left") -> Iterator[socket.socket]:
    with connected(server) as one:
        one.sendall(f"GET /streams/{source}.mjpg HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        yield one


def received(one: socket.socket, end: bytes) -> bytes:
    """What comes up to ``end``."""
    data = b""
    while end not in data:
        chunk = one.recv(65536)
        if not chunk:
            raise AssertionError(f"the connection ended before {end!r} came")
        data += chunk
    return data


def test_each_picture_is_a_part() -> None:
    made = site()
    seen = made.pictures["left"]
    with serving(made) as server, looking(server) as one:
        assert until(lambda: seen.wanted)
        head = received(one, b"\r\n\r\n")
        assert b"Content-Type: multipart/x-mixed-replace; boundary=picture" in head
        assert b"Cache-Control: no-store" in head
        for number in range(3):
            picture = JPEG + bytes([number])
            seen.put(picture)
            part = received(one, picture)
            assert b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n" % len(picture) in part
    assert until(lambda: not seen.wanted)


def test_nobody_looks_any_more_once_the_viewer_has_left() -> None:
    made = site()
    seen = made.pictures["left"]
    with serving(made) as server:
        with looking(server):
            assert until(lambda: seen.wanted)

        def shown_to_nobody() -> bool:
            seen.put(JPEG)
            return not seen.wanted

        assert until(shown_to_nobody)


def test_a_stream_ends_with_its_camera() -> None:
    made = site()
    with serving(made) as server, looking(server) as one:
        assert until(lambda: made.pictures["left"].wanted)
        made.pictures["left"].close()
        assert received(one, b"\r\n0\r\n\r\n")


def test_a_viewer_who_never_reads_is_closed_and_holds_nobody_up() -> None:
    made = site()
    seen, picture = made.pictures["left"], JPEG + bytes(50_000)
    with serving(made, Limits(write=0.5, backlog=4096)) as server:
        with looking(server):
            assert until(lambda: seen.wanted)
            worst, end = 0.0, time.monotonic() + 20
            pause = threading.Event()
            while seen.wanted and time.monotonic() < end:
                began = time.monotonic()
                seen.put(picture)
                worst = max(worst, time.monotonic() - began)
                pause.wait(0.005)
        assert not seen.wanted
        assert worst < 1.0


def test_one_picture_is_the_next_one() -> None:
    seen: Fanout[bytes] = Fanout(2, lambda: seen.put(JPEG))
    with serving(site(pictures={"left": seen})) as server:
        answer = ask(server, "/streams/left.jpg")
        assert (answer.status, answer.headers["Content-Type"], answer.body) == (200, "image/jpeg", JPEG)
        assert not seen.wanted


def test_a_camera_that_has_ended_gives_none() -> None:
    made = site()
    made.pictures["left"].close()
    with serving(made) as server:
        answer = ask(server, "/streams/left.jpg")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


def test_no_picture_of_a_camera_that_shows_none() -> None:
    with serving(site(pictures={})) as server:
        for path in ("/streams/left.mjpg", "/streams/left.jpg"):
            answer = ask(server, path)
            assert (answer.status, answer.json["detail"]) == (404, "no picture is shown of such a camera")


def test_names_with_dots_and_spaces() -> None:
    seen: Fanout[bytes] = Fanout(2, lambda: seen.put(JPEG))
    with serving(site(pictures={"hall 1.jpg": seen})) as server:
        assert ask(server, "/streams/hall%201.jpg.jpg").status == 200
