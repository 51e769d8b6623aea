"""The server's WebRTC and peers of it, in one loop: fast, and without a browser."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from fractions import Fraction

import aiohttp
import av
import numpy as np
import pytest
from aiohttp.test_utils import TestServer

from streamer.inlet import Inlet
from streamer.packets import Packet
from streamer.sinks.h264 import H264Encoder
from streamer.types import Frame
from streamer.web.app import make_app
from streamer.web.guard import bound
from streamer.web.limits import Limits
from streamer.web.peers import PEERS, Peers
from streamer.web.site import PeerRules, Site
from tests.web_site import site

pytest.importorskip("aiortc", reason="needs aiortc: pip install 'groupmood[web]'")

from aiortc import MediaStreamTrack, RTCConfiguration, RTCDataChannel, RTCPeerConnection, RTCSessionDescription

SDP = {"Content-Type": "application/sdp"}

PATIENCE = 10.0


class Pictures(MediaStreamTrack):
    """Grey pictures of 160 × 120, as many a second; the n-th is a little brighter than the one before."""

    kind = "video"

    def __init__(self, fps: float = 30.0) -> None:
        super().__init__()
        self._period, self._count = 1 / fps, 0

    async def recv(self) -> av.VideoFrame:
        await asyncio.sleep(self._period)
        picture = av.VideoFrame.from_ndarray(np.full((120, 160, 3), 40 + self._count % 100, np.uint8), format="bgr24")
        picture.pts, picture.time_base = round(self._count * self._period * 90_000), Fraction(1, 90_000)
        self._count += 1
        return picture


@dataclass(frozen=True, slots=True)
class Answer:
    """``place``: the path in Location."""

    status: int
    text: str
    place: str
    headers: dict[str, str]


class Server:
    """The server as a client sees it, with its own Peers for a look inside."""

    def __init__(self, http: aiohttp.ClientSession, url: str, peers: Peers, made: Site) -> None:
        self._http, self.url, self.peers, self.site = http, url, peers, made

    async def post(self, path: str, text: str, headers: dict[str, str] = SDP) -> Answer:
        return await self.ask("POST", path, text, headers)

    async def ask(self, method: str, path: str, text: str = "", headers: dict[str, str] | None = None) -> Answer:
        async with self._http.request(method, self.url + path, data=text.encode(), headers=headers) as answer:
            kept = dict(answer.headers)
            return Answer(answer.status, await answer.text(), kept.get("Location", ""), kept)

    async def end(self, place: str) -> int:
        return (await self.ask("DELETE", place)).status


def rtc_site(*, rules: PeerRules | None = None, **changes: object) -> Site:
    """A site with the inlet ``desk`` and the packets of ``left``."""
    return replace(site(), peer_rules=rules or PeerRules(), **changes)  # type: ignore[arg-type]  # names of its fields


@asynccontextmanager
async def running(made: Site | None = None) -> AsyncIterator[Server]:
    made = made or rtc_site()
    app = make_app(made, bound(made.access, 0), Limits())
    async with TestServer(app) as server, aiohttp.ClientSession() as http:
        yield Server(http, str(server.make_url("")).rstrip("/"), app[PEERS], made)


def client() -> RTCPeerConnection:
    return RTCPeerConnection(RTCConfiguration(iceServers=[]))


async def offer_of(connection: RTCPeerConnection) -> str:
    await connection.setLocalDescription(await connection.createOffer())
    return str(connection.localDescription.sdp)


async def camera_offer() -> str:
    """An offer of somebody who has gone since: nobody will ever answer there."""
    connection = client()
    connection.addTransceiver("video", direction="sendonly")
    connection.createDataChannel("events")
    text = await offer_of(connection)
    await connection.close()
    return text


async def viewer_offer() -> str:
    connection = client()
    connection.addTransceiver("video", direction="recvonly")
    text = await offer_of(connection)
    await connection.close()
    return text


@dataclass(slots=True)
class Caller:
    """A peer that brings pictures, with its data channel and what was said there."""

    connection: RTCPeerConnection
    channel: RTCDataChannel
    said: list[str]
    place: str = ""

    async def close(self) -> None:
        await self.connection.close()


@asynccontextmanager
async def caller(
    server: Server, path: str = "/whip/desk", track: MediaStreamTrack | None = None
) -> AsyncIterator[Caller]:
    """A peer that brings pictures, connected."""
    connection = client()
    try:
        connection.addTransceiver(track or Pictures(), direction="sendonly")
        channel = connection.createDataChannel("events", ordered=False, maxRetransmits=0)
        made = Caller(connection, channel, [])
        channel.on("message", made.said.append)
        answer = await server.post(path, await offer_of(connection))
        assert answer.status == 201, answer.text
        made.place = answer.place
        await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        await until(lambda: connection.connectionState == "connected")
        yield made
    finally:
        await connection.close()


@asynccontextmanager
async def viewer(server: Server, path: str = "/whep/left") -> AsyncIterator[tuple[MediaStreamTrack, str]]:
    """Somebody who looks, connected: the track to read, and the place."""
    connection = client()
    try:
        transceiver = connection.addTransceiver("video", direction="recvonly")
        answer = await server.post(path, await offer_of(connection))
        assert answer.status == 201, answer.text
        await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
        await until(lambda: connection.connectionState == "connected")
        yield transceiver.receiver.track, answer.place
    finally:
        await connection.close()


async def until(true: Callable[[], object], seconds: float = PATIENCE) -> None:
    """Wait until something has come about in this loop or in another thread."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "did not come about in time"
        await asyncio.sleep(0.01)


async def arrived(inlet: Inlet) -> av.VideoFrame:
    """The next picture that an inlet gets."""
    await until(lambda: inlet.box.waiting)
    arrival = inlet.box.take(0)
    assert arrival is not None
    return arrival.picture


def run(scenario: Callable[[], Awaitable[None]]) -> None:
    """A scenario in a loop of its own, whose forgotten errors are the test's."""
    faults: list[object] = []

    async def watched() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
        await scenario()

    asyncio.run(watched())
    assert faults == []


@contextmanager
def encoded(size: tuple[int, int] = (160, 120)) -> Iterator[Callable[[], Packet]]:
    """Gives the next packet of a real H.264 stream of grey pictures, 30 a second."""
    count = 0
    with H264Encoder(rate_hint=Fraction(30)) as encoder:

        def following() -> Packet:
            nonlocal count
            image = np.full((size[1], size[0], 3), 40 + count * 5 % 200, np.uint8)
            packets = encoder.encode(Frame("left", count, count / 30, time.monotonic(), image))
            count += 1
            return packets[0]

        yield following
