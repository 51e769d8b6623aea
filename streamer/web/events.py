"""The WebSocket of events: the state of now, then what changes and what happens. The newest of each room and camera
wins, and of moments, alerts and marks the latest few wait, so that a slow reader loses what is old, and one that reads
nothing is closed; neither costs memory or holds anybody up."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections import deque
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import TypeAlias

from aiohttp import WSCloseCode, WSMsgType, web

from streamer.hub import Event
from streamer.occurrences import Occurrence
from streamer.states import CameraStatus
from streamer.types import RoomResult
from streamer.web.limits import LIMITS, abort, keep_little
from streamer.web.routing import SITE, Route
from streamer.web.site import Site
from streamer.web.told import Told, camera_told, cameras_told, happened_told, room_info, room_told

Key: TypeAlias = tuple[str, str]
"""("room" or "camera", its name)."""


State: TypeAlias = RoomResult | CameraStatus

WAITING = 100
"""Moments, alerts and marks that may wait for one reader; beyond, the oldest is left out."""


def key_of(event: Event) -> Key:
    """Of what it tells: a camera, else a room."""
    return ("camera", event.source) if isinstance(event, CameraStatus) else ("room", event.room)


class Latest:
    """One reader's newest event of each room and camera, and what has happened; for the loop's thread."""

    def __init__(self, room: str | None) -> None:
        self._room = room
        self._waiting: dict[Key, State] = {}
        self._happened: deque[Occurrence] = deque(maxlen=WAITING)
        self._there = asyncio.Event()

    def put(self, events: Mapping[Key, State], happened: Iterable[Occurrence] = ()) -> None:
        self._waiting.update({key: one for key, one in events.items() if self._room in (None, one.room)})
        self._happened.extend(one for one in happened if self._room in (None, one.room))
        if self._waiting or self._happened:
            self._there.set()

    async def take(self) -> tuple[Event, ...]:
        """All that waits, one at least: states first."""
        await self._there.wait()
        self._there.clear()
        taken = (*self._waiting.values(), *self._happened)
        self._waiting = {}
        self._happened.clear()
        return taken


class Spread:
    """From the threads that publish to the readers in the loop. Between the two lies at most one event of each room and
    camera, and WAITING of what has happened, also while the loop is busy."""

    def __init__(self, site: Site, loop: asyncio.AbstractEventLoop) -> None:
        self._loop, self._lock = loop, threading.Lock()
        self._between: dict[Key, State] = {}
        self._happened: deque[Occurrence] = deque(maxlen=WAITING)
        self._readers: set[Latest] = set()
        self._known = {("room", name) for name in site.rooms} | {("camera", name) for name in site.sources}
        self.end = site.hub.listen(self._hear)

    def _hear(self, event: Event) -> None:
        """In the thread that publishes."""
        key = key_of(event)
        if key not in self._known:
            return
        with self._lock:
            asleep = not self._between and not self._happened
            if isinstance(event, RoomResult | CameraStatus):
                self._between[key] = event
            else:
                self._happened.append(event)
        if asleep:
            with contextlib.suppress(RuntimeError):  # the loop has just been closed
                self._loop.call_soon_threadsafe(self._hand_out)

    def _hand_out(self) -> None:
        with self._lock:
            events, self._between = self._between, {}
            happened = tuple(self._happened)
            self._happened.clear()
        for reader in self._readers:
            reader.put(events, happened)

    @contextlib.contextmanager
    def reader(self, room: str | None) -> Iterator[Latest]:
        latest = Latest(room)
        self._readers.add(latest)
        try:
            yield latest
        finally:
            self._readers.discard(latest)


SPREAD: web.AppKey[Spread] = web.AppKey("spread", Spread)


async def spreading(app: web.Application) -> AsyncIterator[None]:
    app[SPREAD] = Spread(app[SITE], asyncio.get_running_loop())
    yield
    app[SPREAD].end()


async def events(request: web.Request) -> web.StreamResponse:
    limits, room = request.app[LIMITS], request.query.get("room")
    if room is not None:
        room_info(request.app[SITE], room)
    ws = web.WebSocketResponse(
        timeout=limits.stop, heartbeat=limits.heartbeat, compress=False, max_msg_size=limits.message, writer_limit=0
    )
    await ws.prepare(request)
    keep_little(request)
    with request.app[SPREAD].reader(room) as latest:
        sending = asyncio.create_task(send(request, ws, latest, room))
        sending.add_done_callback(lambda done: None if done.cancelled() else abort(request))
        try:
            await listen(ws)
        except asyncio.CancelledError:
            sending.cancel()
            await close(request, ws, WSCloseCode.GOING_AWAY)
            raise
        finally:
            sending.cancel()
            await asyncio.wait({sending})
    if not sending.cancelled():
        sending.result()
    return ws


async def send(request: web.Request, ws: web.WebSocketResponse, latest: Latest, room: str | None) -> None:
    """The state of now, then each change, until the connection takes nothing any more."""
    limits, site = request.app[LIMITS], request.app[SITE]
    with contextlib.suppress(TimeoutError, ConnectionError):
        for told in state(site, room):
            await put(ws, told, limits.write)
        while not ws.closed:
            for event in await latest.take():
                await put(ws, tell(site, event), limits.write)
            await asyncio.sleep(limits.pause)


async def put(ws: web.WebSocketResponse, told: Told, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        await ws.send_str(told.model_dump_json())


async def listen(ws: web.WebSocketResponse) -> None:
    """Until the connection ends. Nothing is expected but pongs; who sends anything else is closed."""
    async for message in ws:
        if message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            await ws.close(code=WSCloseCode.POLICY_VIOLATION, message=b"nothing is expected here")


async def close(request: web.Request, ws: web.WebSocketResponse, code: WSCloseCode) -> None:
    """Say that it ends, if the other side takes that."""
    try:
        async with asyncio.timeout(request.app[LIMITS].stop):
            await ws.close(code=code)
    except (TimeoutError, ConnectionError):
        abort(request)


def state(site: Site, room: str | None) -> Iterator[Told]:
    """Of all rooms and cameras, or of one room and its own."""
    for name, result in site.hub.rooms().items():
        if name in site.rooms and room in (None, name):
            yield room_told(site, result)
    for camera in cameras_told(site):
        if room in (None, camera.room):
            yield camera


def tell(site: Site, event: Event) -> Told:
    if isinstance(event, RoomResult):
        return room_told(site, event)
    return camera_told(event) if isinstance(event, CameraStatus) else happened_told(event)


ROUTES = (Route("GET", "/api/v1/events", events, "viewer", "socket", summary="WebSocket of events; ?room= for one"),)
