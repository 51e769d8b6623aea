"""A site with a real hub, metrics and fan-outs, whose values are made by hand, and a server for it."""

from __future__ import annotations

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from streamer.fanout import Fanout
from streamer.hub import Hub
from streamer.inlet import Inlet
from streamer.metrics import Metrics
from streamer.packets import Packet
from streamer.states import CameraState, CameraStatus
from streamer.types import Command, GroupMood, RoomResult
from streamer.web.limits import Limits
from streamer.web.routing import Route
from streamer.web.server import WebServer
from streamer.web.site import Access, Notice, RoomInfo, Site, Tokens

VIEWER, ADMIN = "viewer-token-0123456789", "admin-token-0123456789"
TOKENS = Tokens(VIEWER, ADMIN)

JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffd9")
"""The shortest thing that begins and ends as a JPEG picture does."""


def mood(valence: float | None = 0.35, people: int = 12) -> GroupMood:
    return GroupMood(
        people=people,
        used=people - 1,
        valence=valence,
        arousal=0.1,
        interval=(0.2, 0.5),
        shares=(0.3, 0.4, 0.1, 0.05, 0.05, 0.05, 0.03, 0.02),
        dispersion=0.3,
        cohesion=0.2,
        coverage=0.9,
        window=10.0,
        positive=7,
        negative=2,
        polarisation=0.2,
        together=True,
        trend=0.3,
    )


def result(room: str = "hall", pts: float = 1.0, **changes: Any) -> RoomResult:
    values: dict[str, Any] = {"mood": mood(), "sources": ("left", "right")} | changes
    return RoomResult(room, pts, **values)


def status(source: str = "left", state: CameraState = "online", room: str = "hall", **changes: Any) -> CameraStatus:
    return CameraStatus(source, room, state, time.monotonic(), **changes)


def site(access: Access | None = None, **changes: Any) -> Site:
    """Rooms ``hall`` (cameras left and right) and ``desk`` (a browser's picture); on loopback, at a free port.
    ``changes``: other fields of Site. ``asked(site)`` tells the commands that it was given."""
    asked: list[Command] = []
    values: dict[str, Any] = {
        "hub": Hub(),
        "metrics": Metrics(),
        "purpose": "audience",
        "notice": Notice("The mood of this room is being measured", "A camera reads apparent expressions."),
        "rooms": {
            "hall": RoomInfo("hall", ("left", "right"), 5, overlap=True),
            "desk": RoomInfo("desk", ("desk",), 5),
        },
        "sources": {"left": "hall", "right": "hall", "desk": "desk"},
        "settings": {"sources": {"left": {"address": "rtsp://***@cam/1"}}, "server": {"port": 8470}},
        "ask": asked.append,
        "explain": lambda room: {"people": 12, "valence": 0.35} if room == "hall" else None,
        "ready": lambda: "",
        "failed": lambda: "",
        "about": lambda: "YuNet and a classifier, onnxruntime CPU",
        "version": "0.0.1",
        "inlets": {"desk": Inlet("desk")},
        "pictures": {name: Fanout[bytes](2) for name in ("left", "right")},
        "packets": {"left": Fanout[Packet](64)},
    }
    access = access or Access()
    return Site(**(values | {"access": replace(access, port=0) if access.port == 8470 else access} | changes))


def asked(made: Site) -> list[Command]:
    """The commands that a site() was given, where it was made without an ``ask`` of its own."""
    told = getattr(made.ask, "__self__", None)
    return told if isinstance(told, list) else []


def told_site(access: Access | None = None, **changes: Any) -> Site:
    """A site that has something to show: a mood in the hall, two cameras, some seconds of history."""
    made = site(access, **changes)
    for second in range(5):
        made.hub.publish(result(pts=float(second)))
    made.hub.publish(status("left", size=(1280, 720)))
    made.hub.publish(status("right", "failed", reason="it refused the password (401)", fix="check its password"))
    made.metrics.count("captured", "left", 100)
    made.metrics.count("processed", "left", 90)
    made.metrics.count("failed outputs", "left")
    made.metrics.observe("detect", 0.012, "left")
    made.metrics.observe("result age", 0.06, "left")
    return made


@contextmanager
def serving(made: Site | None = None, limits: Limits | None = None) -> Iterator[WebServer]:
    with WebServer(made or site(), limits) as server:
        yield server


class Answer(NamedTuple):
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def ask(
    server: WebServer,
    path: str,
    method: str = "GET",
    *,
    headers: Mapping[str, str] | None = None,
    body: bytes | str | dict[str, Any] | None = None,
    whole: bool = True,
) -> Answer:
    """One request on a connection of its own; a mapping is sent as JSON. Redirects are not followed. Not ``whole``:
    without the body of an answer that is well, which may have no end."""
    url = urlsplit(server.url)
    sent = dict(headers or {})
    if isinstance(body, dict):
        sent, body = {"Content-Type": "application/json"} | sent, json.dumps(body)
    connection = HTTPConnection(url.hostname or "", url.port, timeout=10)
    try:
        connection.request(method, path, body=body, headers=sent)
        answer = connection.getresponse()
        said = answer.read() if whole or answer.status >= 400 else b""
        return Answer(answer.status, {name.title(): value for name, value in answer.getheaders()}, said)
    finally:
        connection.close()


NAMES = {"room": "hall", "source": "left", "id": "none", "path": "css/base.css"}
"""What stands in the places of a route's path."""


def connected(server: WebServer) -> socket.socket:
    return socket.create_connection(("127.0.0.1", server.port), timeout=10)


def until(condition: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Whether it comes true in time."""
    end = time.monotonic() + seconds
    waiting = threading.Event()
    while not condition() and time.monotonic() < end:
        waiting.wait(0.02)
    return condition()


def handshake(path: str = "/api/v1/events") -> bytes:
    lines = (
        f"GET {path} HTTP/1.1",
        "Host: localhost",
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
    )
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def path_of(route: Route) -> str:
    return re.sub(r"\{(\w+)(?::[^{}]*)?\}", lambda match: NAMES[match[1]], route.path)
