"""Viewers and peers of a server, in a process of their own, so that what they hold is not counted as the server's:
``python -m tools.visiting URL``. Each line of the input has so many of them come; one of the output says how many were
served."""

from __future__ import annotations

import asyncio
import contextlib
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self, TypeAlias

import aiohttp
from aiortc import MediaStreamError, RTCConfiguration, RTCPeerConnection, RTCSessionDescription

SOURCE, ROOM = "desk", "hall"

VISIT = 3.0
"""Seconds that somebody stays at most."""

AT_ONCE = 8

LOST = 4
"""Every so many peers one offers and never connects."""

UNSERVED = (TimeoutError, EOFError, MediaStreamError, aiohttp.ClientError)
"""What somebody may fail with to whom no picture comes any more."""


@dataclass(frozen=True, slots=True)
class Visitors:
    """``viewers`` of pages, ``peers`` by WebRTC."""

    viewers: int
    peers: int

    def __add__(self, other: Visitors) -> Visitors:
        return Visitors(self.viewers + other.viewers, self.peers + other.peers)


class Crowd:
    """That process, seen from the one with the server."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tools.visiting", self._url],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.communicate()

    def come(self, visitors: Visitors) -> None:
        """Let them come; returns at once."""
        if self._process.stdin is not None:
            self._process.stdin.write(json.dumps(asdict(visitors)) + "\n")
            self._process.stdin.flush()

    def gone(self) -> Visitors:
        """Wait until they have left: how many of them were served.

        Raises:
            RuntimeError: the process has ended, and said why.
        """
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not line:
            raise RuntimeError("those who visit the server have ended early; see above")
        return Visitors(**json.loads(line))


Visit: TypeAlias = Callable[[aiohttp.ClientSession, str, int], Awaitable[bool]]


async def visits(url: str, visitors: Visitors) -> Visitors:
    """Have them come, AT_ONCE at a time; how many were served."""
    places = asyncio.Semaphore(AT_ONCE)
    async with aiohttp.ClientSession() as session:

        async def one(visit: Visit, number: int) -> bool:
            async with places:
                return await served(visit, session, url, number)

        wanted = [(view, visitors.viewers), (look, visitors.peers)]
        viewers, peers = [asyncio.gather(*(one(visit, n) for n in range(count))) for visit, count in wanted]
        return Visitors(sum(await viewers), sum(await peers))


async def served(visit: Visit, session: aiohttp.ClientSession, url: str, number: int) -> bool:
    with contextlib.suppress(*UNSERVED):
        async with asyncio.timeout(VISIT):
            return await visit(session, url, number)
    return False


async def view(session: aiohttp.ClientSession, url: str, number: int) -> bool:
    """Ask for the day so far, then look at the pictures, as every fourth does, or hear events."""
    async with session.get(f"{url}/api/v1/rooms/{ROOM}/timeline") as answer:
        await answer.read()
        if answer.status != 200:
            return False
    if number % 4 == 3:
        async with session.get(f"{url}/streams/{SOURCE}.mjpg") as answer:
            await answer.content.readexactly(20_000)
        return True
    async with session.ws_connect(f"{url}/api/v1/events") as socket:
        told = [await socket.receive() for _ in range(3)]
    return all(one.type is aiohttp.WSMsgType.TEXT for one in told)


async def look(session: aiohttp.ClientSession, url: str, number: int) -> bool:
    """Look by WebRTC until there is a picture; every other says that it leaves."""
    connection = RTCPeerConnection(RTCConfiguration(iceServers=[]))
    try:
        transceiver = connection.addTransceiver("video", direction="recvonly")
        await connection.setLocalDescription(await connection.createOffer())
        offer, sdp = str(connection.localDescription.sdp), {"Content-Type": "application/sdp"}
        async with session.post(f"{url}/whep/{SOURCE}", data=offer, headers=sdp) as answer:
            text, place = await answer.text(), answer.headers.get("Location", "")
        if number % LOST == LOST - 1 or answer.status != 201:
            return answer.status == 201
        await connection.setRemoteDescription(RTCSessionDescription(text, "answer"))
        await transceiver.receiver.track.recv()
        if number % 2:
            await session.delete(url + place)
        return True
    finally:
        await connection.close()


def main() -> int:
    for line in sys.stdin:
        print(json.dumps(asdict(asyncio.run(visits(sys.argv[1], Visitors(**json.loads(line)))))), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
