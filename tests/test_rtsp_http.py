"""Cameras that speak motion JPEG over HTTP."""

from __future__ import annotations

import base64
import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import islice, pairwise

import cv2
import numpy as np
import pytest

from streamer.errors import SourceError, SourceLost
from streamer.sources.rtsp import RtspSource

LOGIN = "adm.in:s3cr3t"


class Camera(BaseHTTPRequestHandler):
    """Pictures at ``/video``, ``/private`` for the right password, three at ``/short``, none after three at
    ``/frozen``, a way elsewhere at ``/moved``, words at ``/page``."""

    def do_GET(self) -> None:
        if self.path == "/moved":
            self.send_response(302)
            self.send_header("Location", "file:///etc/hostname")
            self.end_headers()
        elif self.path == "/page":
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<html>no picture</html>" * 100)
        elif self.path not in ("/video", "/private", "/short", "/frozen"):
            self.send_error(404)
        elif self.path == "/private" and self.headers.get("Authorization") != expected():
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.end_headers()
        else:
            self._play()

    def _play(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=--next")
        self.end_headers()
        over: threading.Event = self.server.over  # type: ignore[attr-defined]  # set by the fixture
        with contextlib.suppress(ConnectionError):
            for number in range(10_000):
                if number == 3 and self.path == "/short":
                    return
                if number == 3 and self.path == "/frozen":
                    over.wait(20)
                    return
                self.wfile.write(part(number))
                if over.wait(0.1):
                    return

    def log_message(self, *_: object) -> None:
        """Quiet."""


def part(number: int) -> bytes:
    picture = np.full((48, 64, 3), 40 + 10 * (number % 20), np.uint8)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()
    return b"----next\r\nContent-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n" % len(jpeg) + jpeg + b"\r\n"


def expected() -> str:
    return "Basic " + base64.b64encode(LOGIN.encode()).decode()


@pytest.fixture(scope="module")
def host() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    over = server.over = threading.Event()  # type: ignore[attr-defined]  # for the handlers
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    over.set()
    server.shutdown()
    server.server_close()
    thread.join(5)


def test_pictures_with_the_times_of_their_coming(host: str) -> None:
    with RtspSource(f"http://{host}/video", name="hall") as source:
        frames = list(islice(source.frames(), 12))
    assert [frame.index for frame in frames] == list(range(12))
    assert frames[-1].pts == pytest.approx(frames[-1].captured - frames[0].captured, abs=0.3)
    assert all(later.pts > earlier.pts for earlier, later in pairwise(frames))
    assert frames[0].image.shape == (48, 64, 3)


def test_the_right_password_is_sent(host: str) -> None:
    with RtspSource(f"http://{LOGIN}@{host}/private", name="hall") as source:
        assert len(list(islice(source.frames(), 2))) == 2


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("private", "refused the user name or the password"),
        ("nowhere", "no such stream"),
        ("page", "hall"),
        ("moved", "hall"),
    ],
)
def test_what_is_no_stream_is_refused(host: str, path: str, said: str) -> None:
    with pytest.raises(SourceError, match=said) as caught:
        RtspSource(f"http://adm.in:wr0ng@{host}/{path}", name="hall", stall=1.0).__enter__()
    assert not any(secret in str(caught.value) for secret in ("adm.in", "wr0ng", host))


@pytest.mark.parametrize("path", ["short", "frozen"])
def test_a_camera_that_ends_or_falls_silent_is_lost(host: str, path: str) -> None:
    with RtspSource(f"http://{host}/{path}", name="hall", stall=1.0) as source:
        frames = source.frames()
        with pytest.raises(SourceLost, match="hall"):
            list(islice(frames, 10))
