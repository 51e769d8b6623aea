"""A camera made by hand: RTSP/1.0 over TCP, interleaved (RFC 2326, RFC 6184), with faults on command.

    with rtsp_server(size=(640, 360), fps=25, picture=lambda number: image) as server:
        read(server.url)
        server.stall()

It runs in a thread of its own. As a process of its own, ``python -m tests.rtsp_server --port 8554 --size 640x360``, it
says "ready PORT" and can be killed and halted like any other.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import random
import signal
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from numpy.typing import NDArray

Picture = Callable[[int], NDArray[np.uint8]]
"""Height × width × 3, BGR, of a picture's number."""

Fault = Literal["", "stall", "mute", "corrupt"]

CLOCK = 90_000
"""Ticks a second of RTP video timestamps."""

PAYLOAD = 1400
"""Bytes of an RTP packet at most."""


def moving_square(width: int, height: int) -> Picture:
    """A white square that walks over grey."""

    def picture(number: int) -> NDArray[np.uint8]:
        image = np.full((height, width, 3), 90, np.uint8)
        side = height // 4
        left = number * 7 % (width - side)
        image[side : 2 * side, left : left + side] = 255
        return image

    return picture


@dataclass(frozen=True, slots=True)
class Loop:
    """Access units in the order they are sent, for ever; the first is a keyframe. ``seconds`` between two."""

    units: tuple[bytes, ...]
    seconds: float

    @property
    def parameters(self) -> tuple[bytes, ...]:
        """SPS and PPS."""
        return tuple(nal for nal in nals(self.units[0]) if nal[0] & 31 in (7, 8))


def loop(size: tuple[int, int], fps: float, picture: Picture | None = None, seconds: float = 2.0) -> Loop:
    """H.264 with a keyframe each second, as a camera's encoder makes it."""
    codec = av.CodecContext.create("libx264", "w")
    assert isinstance(codec, VideoCodecContext)
    codec.width, codec.height = size
    codec.pix_fmt, codec.framerate, codec.gop_size = "yuv420p", Fraction(round(fps)), max(1, round(fps))
    codec.thread_count = 1
    codec.options = {"preset": "ultrafast", "tune": "zerolatency"}
    picture = picture or moving_square(*size)
    packets = []
    for number in range(max(1, round(fps * seconds))):
        frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
        frame.pts = number
        packets += codec.encode(frame)
    return Loop(tuple(bytes(packet) for packet in (*packets, *codec.encode(None))), 1 / fps)


def nals(unit: bytes) -> list[bytes]:
    """The NAL units between the start codes of an Annex B access unit."""
    return [part.rstrip(b"\0") for part in unit.split(b"\0\0\1") if part.strip(b"\0")]


def payloads(nal: bytes) -> list[bytes]:
    """A NAL unit as it is, or as FU-A fragments (RFC 6184 section 5.8)."""
    if len(nal) <= PAYLOAD:
        return [nal]
    pieces = [nal[start : start + PAYLOAD - 2] for start in range(1, len(nal), PAYLOAD - 2)]
    head, kind, last = nal[0] & 0xE0 | 28, nal[0] & 31, len(pieces) - 1
    return [
        bytes([head, (number == 0) << 7 | (number == last) << 6 | kind]) + piece for number, piece in enumerate(pieces)
    ]


def spoiled(nal: bytes) -> bytes:
    """The second half replaced by noise."""
    half = len(nal) // 2
    return nal[:half] + random.randbytes(len(nal) - half)


class Sending:
    """One client's RTP stream, its sequence numbers and its timestamps."""

    def __init__(self, server: RtspServer, writer: asyncio.StreamWriter) -> None:
        self._server, self._writer = server, writer
        self._sequence = 0

    async def run(self) -> None:
        count, begin = 0, time.monotonic()
        with contextlib.suppress(ConnectionError):
            while True:
                film = self._server.film
                await asyncio.sleep(max(0.0, begin + count * film.seconds - time.monotonic()))
                if self._server.fault in ("stall", "mute"):
                    begin += 0.02  # the camera's clock stands still
                    await asyncio.sleep(0.02)
                    continue
                moment = count * film.seconds + self._server.shift
                self._writer.write(self._packets(film.units[count % len(film.units)], moment))
                await self._writer.drain()
                count += 1

    def _packets(self, unit: bytes, moment: float) -> bytes:
        parts, units = bytearray(), nals(unit)
        for nal in units:
            spoil = self._server.fault == "corrupt" and nal[0] & 31 == 1 and random.random() < 0.5
            pieces = payloads(spoiled(nal) if spoil else nal)
            for number, piece in enumerate(pieces):
                end = nal is units[-1] and number == len(pieces) - 1
                parts += self._packet(piece, round(moment * CLOCK) & 0xFFFFFFFF, end)
        return bytes(parts)

    def _packet(self, payload: bytes, stamp: int, end: bool) -> bytes:
        header = struct.pack(">BBHII", 0x80, 96 | end << 7, self._sequence & 0xFFFF, stamp, 1234)
        self._sequence += 1
        return struct.pack(">cBH", b"$", 0, len(header) + len(payload)) + header + payload


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    url: str
    headers: dict[str, str]


class RtspServer:
    """Every command works at once and returns when it has been carried out; ``playing`` counts clients that see it."""

    def __init__(
        self, path: str, film: Loop, *, login: str = "", port: int = 0, tls: ssl.SSLContext | None = None
    ) -> None:
        """``login``: "user:password" that is asked for, '' for none."""
        self.tls = tls
        self.path, self.film, self.login, self.port = path, film, login, port
        self.fault: Fault = ""
        self.shift, self.visits = 0.0, 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="rtsp server", daemon=True)
        self._changed = threading.Condition()
        self._writers: set[asyncio.StreamWriter] = set()
        self._playing: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        return f"rtsp{'' if self.tls is None else 's'}://127.0.0.1:{self.port}/{self.path}"

    def url_as(self, login: str) -> str:
        """The address with "user:password" in it."""
        return f"rtsp://{login}@127.0.0.1:{self.port}/{self.path}"

    # Commands

    def stall(self) -> None:
        """Send no more pictures, but keep the connections and answer."""
        self.fault = "stall"

    def mute(self) -> None:
        """Accept connections and say nothing at all."""
        self.fault = "mute"

    def corrupt(self) -> None:
        """Spoil every other picture that is no keyframe."""
        self.fault = "corrupt"

    def resume(self) -> None:
        """Be a good camera again."""
        self.fault = ""

    def leap(self, seconds: float) -> None:
        """From now on all timestamps are so much later; backwards if below 0."""
        self.shift += seconds

    def show(self, film: Loop) -> None:
        """Go over to other pictures, of any size, in mid-stream."""
        self.film = film

    def hang_up(self) -> None:
        """End each connection in order (FIN)."""
        self._do(self._end(reset=False))

    def reset(self) -> None:
        """End each connection at once (RST)."""
        self._do(self._end(reset=True))

    def kill(self) -> None:
        """Be gone: nobody listens any more."""
        self._do(self._close())

    def restart(self) -> None:
        """Be back at the same port."""
        self.fault = ""
        self._do(self._listen())

    def wait_playing(self, count: int, seconds: float = 20.0) -> bool:
        """Whether so many clients play within that time."""
        with self._changed:
            return self._changed.wait_for(lambda: len(self._playing) == count, seconds)

    # Life

    def open(self) -> None:
        self._thread.start()
        self._do(self._listen())

    def close(self) -> None:
        self._do(self._close())
        self._do(self._settle())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port, ssl=self.tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        await self._end(reset=False)

    async def _end(self, *, reset: bool) -> None:
        for writer in tuple(self._writers):
            if reset:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                writer.transport.abort()
            else:
                writer.close()

    async def _settle(self) -> None:
        """Wait for the connections' own ends."""
        rest = asyncio.all_tasks() - {asyncio.current_task()}
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)

    # Conversation

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.visits += 1
        self._writers.add(writer)
        sending: asyncio.Task[None] | None = None
        try:
            while (request := await read_request(reader)) is not None:
                if self.fault == "mute":
                    continue
                writer.write(self._answer(request).encode())
                if request.method == "TEARDOWN":
                    break
                if request.method == "PLAY" and sending is None:
                    sending = asyncio.create_task(Sending(self, writer).run())
                    self._note(writer, playing=True)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            if sending is not None:
                sending.cancel()
            self._writers.discard(writer)
            self._note(writer, playing=False)
            writer.close()

    def _note(self, writer: asyncio.StreamWriter, *, playing: bool) -> None:
        with self._changed:
            (self._playing.add if playing else self._playing.discard)(writer)
            self._changed.notify_all()

    def _answer(self, request: Request) -> str:
        status, headers, body = self._meaning(request)
        lines = [f"RTSP/1.0 {status}", f"CSeq: {request.headers.get('cseq', '0')}", *headers]
        if body:
            lines.append(f"Content-Length: {len(body)}")
        return "\r\n".join(lines) + "\r\n\r\n" + body

    def _meaning(self, request: Request) -> tuple[str, list[str], str]:
        if self.login and request.headers.get("authorization") != basic(self.login):
            return "401 Unauthorized", ['WWW-Authenticate: Basic realm="camera"'], ""
        if request.method != "OPTIONS" and f"/{self.path}" not in request.url:
            return "404 Not Found", [], ""
        session = "Session: 1;timeout=60"
        match request.method:
            case "OPTIONS":
                return "200 OK", ["Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"], ""
            case "DESCRIBE":
                return "200 OK", [f"Content-Base: {request.url}/", "Content-Type: application/sdp"], self._description()
            case "SETUP" if "TCP" not in request.headers.get("transport", ""):
                return "461 Unsupported Transport", [], ""
            case "SETUP":
                return "200 OK", [session, "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"], ""
            case _:
                return "200 OK", [session], ""

    def _description(self) -> str:
        sets = ",".join(base64.b64encode(nal).decode() for nal in self.film.parameters)
        lines = [
            "v=0",
            "o=- 0 0 IN IP4 127.0.0.1",
            "s=camera",
            "t=0 0",
            "m=video 0 RTP/AVP 96",
            f"a=rtpmap:96 H264/{CLOCK}",
            f"a=framerate:{1 / self.film.seconds:g}",
            f"a=fmtp:96 packetization-mode=1;sprop-parameter-sets={sets}",
            "a=control:trackID=0",
        ]
        return "\r\n".join(lines) + "\r\n"


def basic(login: str) -> str:
    """The header of RFC 7617."""
    return "Basic " + base64.b64encode(login.encode()).decode()


async def read_request(reader: asyncio.StreamReader) -> Request | None:
    """The next request; what the client sends interleaved (RTCP) is skipped. None at the end."""
    while (first := await reader.read(1)) == b"$":
        _, length = struct.unpack(">BH", await reader.readexactly(3))
        await reader.readexactly(length)
    if not first:
        return None
    head, *lines = (first + await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    method, url, _ = head.split(" ", 2)
    pairs = (line.split(":", 1) for line in lines if line)
    return Request(method, url, {name.lower(): value.strip() for name, value in pairs})


@contextlib.contextmanager
def rtsp_server(
    path: str = "cam",
    *,
    size: tuple[int, int] = (320, 240),
    fps: float = 30.0,
    picture: Picture | None = None,
    login: str = "",
) -> Iterator[RtspServer]:
    server = RtspServer(path, loop(size, fps, picture), login=login)
    server.open()
    try:
        yield server
    finally:
        server.close()


def main() -> None:
    parser = argparse.ArgumentParser(description="A camera for tests, until it is killed.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--path", default="cam")
    parser.add_argument("--size", default="640x360")
    parser.add_argument("--fps", type=float, default=25.0)
    given = parser.parse_args()
    width, height = (int(part) for part in given.size.split("x"))
    server = RtspServer(given.path, loop((width, height), given.fps), port=given.port)
    server.open()
    print(f"ready {server.port}", flush=True)  # noqa: T201  # whoever started it waits for this line
    signal.pause()


if __name__ == "__main__":
    main()
