"""A web server that takes events as somebody else's would: checks who sent them, and can be made to fail."""

from __future__ import annotations

import hashlib
import hmac
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Literal

SECRET = "a secret of sixteen and more"

Fault = Literal["", "hang", "close", "junk", "drip"]


@dataclass(frozen=True, slots=True)
class Got:
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["X-Groupmood-Id"]

    def signed(self, secret: str = SECRET, now: float | None = None) -> bool:
        """As Stripe describes it to those who receive: split at the commas, then at the first =."""
        fields = dict(part.split("=", 1) for part in self.headers["X-Groupmood-Signature"].split(","))
        payload = fields["t"].encode() + b"." + self.body
        expected = hmac.new(secret.encode(), payload, hashlib.sha256).hexdigest()
        recent = now is None or abs(now - int(fields["t"])) < 300
        return recent and hmac.compare_digest(expected, fields["v1"])


class Receiver(ThreadingHTTPServer):
    """``asked``: all that came; ``taken``: what was answered with 200. ``status`` and ``headers`` of the answers;
    ``fault``: what is done instead."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int = 0) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.changed = threading.Condition()
        self.asked: list[Got] = []
        self.taken: list[Got] = []
        self.status, self.fault = 200, ""
        self.headers: dict[str, str] = {}
        self.ended = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/hook?token=CANARYtoken"

    def wait(self, count: int, *, asked: bool = False, seconds: float = 10.0) -> bool:
        """Whether so many were taken, or asked for, in time."""
        with self.changed:
            return self.changed.wait_for(lambda: len(self.asked if asked else self.taken) >= count, seconds)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that is gone is no news."""


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Receiver

    def do_POST(self) -> None:
        receiver = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        got = Got(self.path, dict(self.headers.items()), body)
        with receiver.changed:
            receiver.asked.append(got)
            fault, status, headers = receiver.fault, receiver.status, dict(receiver.headers)
            if not fault and status == 200:
                receiver.taken.append(got)
            receiver.changed.notify_all()
        self.close_connection = True
        if fault:
            self.misbehave(fault)
            return
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def misbehave(self, fault: str) -> None:
        if fault == "hang":
            self.server.ended.wait(20)
        elif fault == "junk":
            self.wfile.write(b"who knows " + self.path.encode() + b"\r\n\r\n")
        elif fault == "drip":
            self.wfile.write(b"HTTP/1.1 2")
            while not self.server.ended.wait(0.05):
                self.wfile.write(b"x")

    def log_message(self, format: str, *arguments: Any) -> None:
        """Says nothing."""


@contextmanager
def receiver(port: int = 0, certificate: tuple[Path, Path] | None = None) -> Iterator[Receiver]:
    server = Receiver(port)
    if certificate is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
