"""One session in which a stream is given to an RTSP server (RFC 2326: ANNOUNCE, SETUP, RECORD), over TCP alone.

(The media library can do this too, but its Python binding holds the interpreter while it waits for the server's answer,
so that a silent server would stop the whole program; and it has no time limit for sending.)
"""

from __future__ import annotations

import secrets
import socket
import ssl
import struct
import time
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from streamer.errors import SinkError
from streamer.packets import Packet, VideoFormat
from streamer.sinks.rtp import RtpStream, description
from streamer.sinks.rtsp_address import PushTarget

SENDING = 262_144
"""Bytes that may wait in the system for the network: about a second of video, so that a stall shows soon."""

LARGEST = 65_536
"""Bytes of an answer at most."""

REPORT, ALIVE = 5.0, 20.0
"""Seconds between two RTCP sender reports (RFC 3550, 6.2: at least 5), and between two requests that keep the session
(servers end it after 60 s unless they say otherwise: RFC 2326, 12.37)."""

GOODBYE = 0.5
"""Seconds for the end of a session."""

OK, UNAUTHORIZED = 200, 401


class Refused(SinkError):
    """The server does not want this stream: time alone hardly mends that."""


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: tuple[tuple[str, str], ...]

    def values(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]


class RtspSession:
    """``patience``: seconds that connecting, an answer, or the sending of a picture may take.

    Its errors are OSError where the network failed and Refused where the server declined. Used in one thread; only
    abort() may come from another.
    """

    def __init__(self, target: PushTarget, form: VideoFormat, patience: float) -> None:
        """Connects, and has the server ready to receive.

        Raises:
            OSError: it cannot be reached, or does not answer in time.
            Refused: it answers with an error.
        """
        self._target, self._count, self._id = target, 0, ""
        self._challenges: list[str] = []
        self._rtp = RtpStream(secrets.randbits(32), secrets.randbits(16), secrets.randbits(32))
        self._reported = self._alive = time.monotonic()
        self._buffer = b""
        self._socket = connected(target, patience)
        try:
            self._begin(form)
        except (OSError, SinkError):
            self._socket.close()
            raise

    def send(self, packet: Packet) -> None:
        """Raises:
        OSError: the server is gone, or takes nothing more.
        """
        now = time.monotonic()
        framed = b"".join(interleaved(0, data) for data in self._rtp.packets(packet))
        if now - self._reported >= REPORT:
            self._reported = now
            framed += interleaved(1, self._rtp.report(packet.pts, time.time()))
        if now - self._alive >= ALIVE:
            self._alive = now
            framed += self._request("OPTIONS", self._target.url)
        self._drain()
        self._socket.sendall(framed)

    def close(self) -> None:
        """Sees to it that what was sent arrives, if the server takes it within GOODBYE seconds."""
        end = time.monotonic() + GOODBYE
        with suppress(OSError):
            self._socket.settimeout(GOODBYE)
            self._socket.sendall(self._request("TEARDOWN", self._target.url))
            while (left := end - time.monotonic()) > 0:  # closing with an answer unread would cut off what is under way
                self._socket.settimeout(left)
                if b"RTSP/" in (data := self._socket.recv(4096)) or not data:
                    break
        self.drop()

    def drop(self) -> None:
        """Closes without a word."""
        self._socket.close()

    def abort(self) -> None:
        """Ends whatever the thread of this session waits for, with an OSError there."""
        with suppress(OSError):
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR)  # that of TLS would first go on in plain text

    def _begin(self, form: VideoFormat) -> None:
        url = self._target.url
        announced = {"Content-Type": "application/sdp"}
        self._ask("ANNOUNCE", url, announced, description(form))
        place = {"Transport": "RTP/AVP/TCP;unicast;interleaved=0-1;mode=record"}
        answer = self._ask("SETUP", f"{url}/trackID=0", place)
        self._id = next(iter(answer.values("session")), "").partition(";")[0].strip()
        self._ask("RECORD", url, {"Range": "npt=0.000-"})

    def _ask(self, method: str, url: str, headers: dict[str, str], body: str = "") -> Answer:
        """A request and its answer, with the password where the server asks for one.

        Raises:
            OSError, Refused: see __init__().
        """
        answer = self._asked(method, url, headers, body)
        if answer.status == UNAUTHORIZED and self._target.login is not None:
            self._challenges = answer.values("www-authenticate")
            answer = self._asked(method, url, headers, body)
        if answer.status == UNAUTHORIZED:
            raise Refused("it wants another user name and password (401)")
        if answer.status != OK:
            raise Refused(f"it answers {method} with {answer.status}{meaning(answer.status)}")
        return answer

    def _asked(self, method: str, url: str, headers: dict[str, str], body: str) -> Answer:
        self._socket.sendall(self._request(method, url, headers, body))
        return self._answer()

    def _request(self, method: str, url: str, headers: dict[str, str] | None = None, body: str = "") -> bytes:
        self._count += 1
        login = self._target.login
        said = {"CSeq": str(self._count), "User-Agent": "groupmood", "Session": self._id, **(headers or {})}
        said["Authorization"] = (login and login.answer(self._challenges, method, url)) or ""
        said["Content-Length"] = str(len(body)) if body else ""
        lines = "".join(f"{name}: {value}\r\n" for name, value in said.items() if value)
        return f"{method} {url} RTSP/1.0\r\n{lines}\r\n{body}".encode()

    def _answer(self) -> Answer:
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("utf-8", "replace").split("\r\n")
        protocol, _, rest = first.partition(" ")
        status = rest.partition(" ")[0]
        if not protocol.startswith("RTSP/") or not status.isdecimal():
            raise Refused("it does not speak RTSP")
        pairs = (line.partition(":") for line in lines)
        headers = tuple((name.strip().lower(), value.strip()) for name, _, value in pairs)
        answer = Answer(int(status), headers)
        self._skip(next(iter(answer.values("content-length")), ""))
        return answer

    def _skip(self, length: str) -> None:
        """Read over the body of an answer."""
        size = int(length) if length.isdecimal() else 0
        while len(self._buffer) < min(size, LARGEST):
            self._receive()
        self._buffer = self._buffer[size:]

    def _receive(self) -> None:
        data = self._socket.recv(4096)
        if not data:
            raise ConnectionResetError("it closed the connection")
        self._buffer += data
        if len(self._buffer) > LARGEST:
            raise Refused("its answer is too long for RTSP")

    def _drain(self) -> None:
        """Read over whatever the server sends meanwhile (reports, answers), so that it need not wait.

        Raises:
            OSError: it has ended the connection.
        """
        patience = self._socket.gettimeout()
        self._socket.settimeout(0)
        try:
            while self._socket.recv(4096):
                pass
        except (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
            return
        finally:
            self._socket.settimeout(patience)
        raise ConnectionResetError("it closed the connection")


def connected(target: PushTarget, patience: float) -> socket.socket:
    """Raises:
    OSError: the host is unknown or not reached in ``patience`` seconds, or its certificate is not good.
    """
    made = socket.create_connection((target.host, target.port), timeout=patience)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SENDING)
        made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if target.secure:
            return ssl.create_default_context().wrap_socket(made, server_hostname=target.host)
    except OSError:
        made.close()
        raise
    return made


def interleaved(channel: int, data: bytes) -> bytes:
    """An RTP or RTCP packet within the RTSP connection (RFC 2326, 10.12)."""
    return struct.pack(">cBH", b"$", channel, len(data)) + data


def meaning(status: int) -> str:
    """The standard's words for a status, not the server's, which might repeat what it was asked; '' for others."""
    known = {each.value: each.phrase for each in HTTPStatus}
    return f" ({known[status]})" if status in known else ""
