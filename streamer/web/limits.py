"""How much of the server one caller may hold: seconds, bytes, connections."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from aiohttp import web

from streamer.web.problems import Refused


@dataclass(frozen=True, slots=True)
class Limits:
    """Seconds: ``idle`` for a request to come in whole, on a new connection or after the last one; ``body`` for its
    body; ``handling`` for its answer; ``write`` for a reader that stays to take the next part; ``heartbeat`` between
    two pings of a WebSocket; ``stop`` for all connections to end; ``pause`` between two messages of a WebSocket.
    Bytes: ``plain`` of a body that is no SDP; ``message`` of a WebSocket's; ``backlog`` of what was written and not
    yet taken, in the kernel. ``connections`` at most."""

    idle: float = 10.0
    body: float = 5.0
    handling: float = 30.0
    write: float = 10.0
    heartbeat: float = 20.0
    stop: float = 0.7
    pause: float = 0.05
    plain: int = 16_384
    message: int = 1024
    backlog: int = 131_072
    connections: int = 256


class Viewers:
    """The connections that stay open, ``most`` at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open: dict[asyncio.Task[object], str] = {}

    @contextmanager
    def place(self, kind: str) -> Iterator[None]:
        """A place for the task that asks.

        Raises:
            Refused: all are taken.
        """
        task = asyncio.current_task()
        if task is None or len(self._open) >= self._most:
            raise Refused(503, "all places for viewers are taken; try again later", headers={"Retry-After": "10"})
        self._open[task] = kind
        try:
            yield
        finally:
            del self._open[task]

    def count(self, kind: str) -> int:
        return sum(one == kind for one in self._open.values())

    async def end(self, seconds: float) -> None:
        """Close them all, and wait for that so long."""
        tasks = tuple(self._open)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)


def keep_little(request: web.Request) -> None:
    """Have the system hold little of what a slow reader has not taken yet: it would be old, and memory."""
    one = None if request.transport is None else request.transport.get_extra_info("socket")
    if one is not None:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, request.app[LIMITS].backlog)


def abort(request: web.Request) -> None:
    """Close the connection at once, whatever is still to be sent."""
    if request.transport is not None:
        request.transport.abort()


LIMITS: web.AppKey[Limits] = web.AppKey("limits", Limits)
VIEWERS: web.AppKey[Viewers] = web.AppKey("viewers", Viewers)
