"""A small RTSP server that is sent a stream (ANNOUNCE, SETUP, RECORD over TCP), with faults on command.

It reads RTP by the book and not by our code: RFC 2326 and RFC 6184.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType
from typing import BinaryIO, Literal, Self

import av
from av.video.codeccontext import VideoCodecContext

Fault = Literal["", "mute", "stall", "refuse", "gibberish", "chatter"]
PATIENCE = 10.0


@dataclass(slots=True)
class Push:
    """What one client did: the first lines of its requests, its description, RTP and RTCP packets as they came."""

    requests: list[str] = field(default_factory=list)
    sdp: str = ""
    rtp: list[bytes] = field(default_factory=list)
    rtcp: list[bytes] = field(default_factory=list)

    @property
    def pictures(self) -> list[bytes]:
        """The access units, Annex B."""
        units, unit, part = [], b"", b""
        for packet in self.rtp:
            payload = packet[12:]
            if payload[0] & 31 == 28:  # FU-A
                if payload[1] & 0x80:
                    part = bytes([payload[0] & 0xE0 | payload[1] & 31])
                part += payload[2:]
                if payload[1] & 0x40:
                    unit, part = unit + b"\0\0\0\1" + part, b""
            else:
                unit += b"\0\0\0\1" + payload
            if packet[1] & 0x80:
                units.append(unit)
                unit = b""
        return units

    @property
    def times(self) -> list[int]:
        """Of the pictures, in 1/90 000 s from the first one."""
        stamps = [struct.unpack(">I", packet[4:8])[0] for packet in self.rtp if packet[1] & 0x80]
        return [(stamp - stamps[0]) & 0xFFFFFFFF for stamp in stamps]

    @property
    def greys(self) -> list[float]:
        """See tests.clips.picture()."""
        decoder = av.CodecContext.create("h264", "r")
        assert isinstance(decoder, VideoCodecContext)
        decoder.thread_count = 1
        decoder.flags |= 1 << 19  # AV_CODEC_FLAG_LOW_DELAY: nothing is held back
        frames = [frame for unit in self.pictures for frame in decoder.decode(av.Packet(unit))]
        frames += decoder.decode(None)
        return [float(frame.to_ndarray(format="bgr24")[:, frame.width // 2 :].mean()) for frame in frames]


class RecordServer:
    """``challenges``: what it asks for in WWW-Authenticate, of the user "cam" and ``password``.

    ``fault``: "mute" answers nothing, "refuse" with 404, "gibberish" in no language; "stall" takes no more packets;
    "chatter" sends much itself, and waits until that is taken.
    """

    def __init__(
        self, *, challenges: tuple[str, ...] = (), password: str = "", tls: ssl.SSLContext | None = None, port: int = 0
    ) -> None:
        self.challenges, self.password, self.tls = challenges, password, tls
        self.fault: Fault = ""
        self.pushes: list[Push] = []
        self._changed, self._let_go = threading.Condition(), threading.Event()
        self._clients: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._listener = socket.socket()
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)  # so that a stall shows soon
        self._listener.bind(("127.0.0.1", port))
        self.port = self._listener.getsockname()[1]

    def __enter__(self) -> Self:
        self._listener.listen()
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    @property
    def connections(self) -> int:
        """That were made so far."""
        return len(self._clients)

    def hang_up(self) -> None:
        """Cut every connection off."""
        self._let_go.set()
        for client in self._clients:
            with suppress(OSError):
                socket.socket.shutdown(client, socket.SHUT_RDWR)

    def wait_for(self, condition: Callable[[], object]) -> None:
        """Until it holds; asked again whenever something came."""
        with self._changed:
            assert self._changed.wait_for(condition, PATIENCE), "what was waited for did not come"

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        self._threads.append(threading.Thread(target=target, args=arguments, daemon=True))
        self._threads[-1].start()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                self._start(self._serve, self._listener.accept()[0])

    def _serve(self, client: socket.socket) -> None:
        self._clients.append(client)
        try:
            if self.tls is not None:
                client = self.tls.wrap_socket(client, server_side=True)
            with client, client.makefile("rb") as stream:
                self._read(client, stream, Push())
        except (OSError, EOFError):
            pass
        with self._changed:
            self._changed.notify_all()

    def _read(self, client: socket.socket, stream: BinaryIO, push: Push) -> None:
        while (first := exactly(stream, 1)) != b"":
            if self.fault == "stall" and push.rtp:
                self._let_go.wait()
                return
            if first == b"$":
                channel, size = struct.unpack(">BH", exactly(stream, 3))
                (push.rtcp if channel else push.rtp).append(exactly(stream, size))
                if self.fault == "chatter":
                    client.sendall((b"$\1\xff\xff" + bytes(65_535)) * 2)
            else:
                answer = self._answer(first, stream, push)
                if answer is not None:
                    client.sendall(answer)
            with self._changed:
                self._changed.notify_all()

    def _answer(self, first: bytes, stream: BinaryIO, push: Push) -> bytes | None:
        request = (first + stream.readline()).decode().strip()
        lines = iter(lambda: stream.readline().decode().strip(), "")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        push.sdp += exactly(stream, int(headers.get("content-length", 0))).decode()
        push.requests.append(request)
        method = request.split()[0]
        if self.fault == "mute":
            return None
        if self.fault == "gibberish":
            return b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"
        if self.fault == "refuse":
            return answer_of("404 of rtsp://cam:hush@here", headers)
        if not self._may(method, request.split()[1], headers.get("authorization", "")):
            return answer_of("401 Unauthorized", headers, *(f"WWW-Authenticate: {one}" for one in self.challenges))
        if method == "SETUP":
            return answer_of("200 OK", headers, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1;mode=record")
        if method == "RECORD":
            self.pushes.append(push)
        return answer_of("200 OK", headers)

    def _may(self, method: str, url: str, said: str) -> bool:
        if not self.challenges:
            return True
        if said.startswith("Basic "):
            return base64.b64decode(said[6:]).decode() == f"cam:{self.password}"
        given = dict(re.findall(r'(\w+)="?([^",]*)"?', said))
        name = given.get("algorithm", "MD5").replace("-", "").lower()
        known = hashed(name, f"cam:{given.get('realm')}:{self.password}")
        middle = f"{given['nc']}:{given['cnonce']}:{given['qop']}:" if "qop" in given else ""
        wanted = hashed(name, f"{known}:{given.get('nonce')}:{middle}{hashed(name, f'{method}:{url}')}")
        return given.get("uri") == url and given.get("response") == wanted


def hashed(name: str, text: str) -> str:
    return hashlib.new(name, text.encode()).hexdigest()


def answer_of(status: str, headers: dict[str, str], *more: str) -> bytes:
    lines = (f"RTSP/1.0 {status}", f"CSeq: {headers['cseq']}", "Session: 4711;timeout=60", *more)
    return "".join(f"{line}\r\n" for line in (*lines, "")).encode()


def exactly(stream: BinaryIO, size: int) -> bytes:
    """So many bytes; b'' where the first of them is the end.

    Raises:
        EOFError: there are fewer.
    """
    data = stream.read(size)
    if data and len(data) < size:
        raise EOFError
    return data
