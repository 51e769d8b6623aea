from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import Context
from typing import Any, TypeVarTuple

import aiohttp
import pytest
from pydantic import TypeAdapter

from streamer.schema import CameraEvent, Event, RoomEvent, SelfEvent
from streamer.types import RoomResult
from streamer.web.events import Spread
from streamer.web.limits import Limits
from streamer.web.server import WebServer
from streamer.web.site import Access
from tests.web_site import (
    TOKENS,
    VIEWER,
    ask,
    bearer,
    connected,
    handshake,
    mood,
    result,
    serving,
    site,
    status,
    told_site,
    until,
)

EVENT: TypeAdapter[RoomEvent | CameraEvent | SelfEvent] = TypeAdapter(Event)

Given = TypeVarTuple("Given")

Socket = aiohttp.ClientWebSocketResponse


@asynccontextmanager
async def joined(server: WebServer, query: str = "", **settings: Any) -> AsyncIterator[Socket]:
    async with (
        aiohttp.ClientSession() as client,
        client.ws_connect(f"{server.url}/api/v1/events{query}", **settings) as ws,
    ):
        yield ws


async def heard(ws: Socket, count: int) -> list[RoomEvent | CameraEvent]:
    events = [EVENT.validate_json(await ws.receive_str(timeout=10)) for _ in range(count)]
    assert not any(isinstance(one, SelfEvent) for one in events)
    return [one for one in events if not isinstance(one, SelfEvent)]


def run(work: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        await asyncio.wait_for(work(), 30)

    asyncio.run(limited())


def test_first_the_state_of_now_then_what_changes() -> None:
    made = told_site()

    async def work() -> None:
        async with joined(server) as ws:
            room, *cameras = await heard(ws, 4)
            assert isinstance(room, RoomEvent)
            assert (room.room, room.at) == ("hall", 4.0)
            assert [(one.source, one.state) for one in cameras if isinstance(one, CameraEvent)] == [
                ("left", "online"),
                ("right", "failed"),
                ("desk", "starting"),
            ]
            made.hub.publish(result(pts=5.0))
            (room,) = await heard(ws, 1)
            assert isinstance(room, RoomEvent)
            assert room.at == 5.0
            made.hub.publish(status("right", "online", reconnects=1))
            (camera,) = await heard(ws, 1)
            assert isinstance(camera, CameraEvent)
            assert (camera.source, camera.state, camera.reconnects) == ("right", "online", 1)

    with serving(made) as server:
        run(work)


def test_one_room_alone() -> None:
    made = told_site()

    async def work() -> None:
        async with joined(server, "?room=desk") as ws:
            (camera,) = await heard(ws, 1)
            assert isinstance(camera, CameraEvent)
            assert camera.source == "desk"
            made.hub.publish(result("hall", pts=6.0))
            made.hub.publish(status("left", "stalled"))
            made.hub.publish(result("desk", pts=7.0, sources=("desk",)))
            (room,) = await heard(ws, 1)
            assert isinstance(room, RoomEvent)
            assert (room.room, room.at) == ("desk", 7.0)

    with serving(made) as server:
        run(work)
        assert ask(server, "/api/v1/events?room=evil").status == 404


def test_what_is_not_of_the_site_is_not_told() -> None:
    made = site()

    async def work() -> None:
        async with joined(server, "?room=hall") as ws:
            await heard(ws, 2)
            made.hub.publish(result("elsewhere"))
            made.hub.publish(status("stranger", room="hall"))
            made.hub.publish(result("hall", pts=1.0))
            (room,) = await heard(ws, 1)
            assert isinstance(room, RoomEvent)
            assert room.room == "hall"

    with serving(made) as server:
        run(work)


def test_the_newest_of_each_wins() -> None:
    """Of many events in a moment a reader gets few, and the last of each for certain."""
    made = site()
    many = 2000

    async def work() -> None:
        async with joined(server) as ws:
            await heard(ws, 3)
            for number in range(many):
                made.hub.publish(result("hall" if number % 2 else "desk", pts=float(number)))
            count, last = 0, dict[str, float]()
            while last != {"hall": many - 1.0, "desk": many - 2.0}:
                (event,) = await heard(ws, 1)
                assert isinstance(event, RoomEvent)
                count += 1
                last[event.room] = event.at
            assert count < many / 4

    with serving(made) as server:
        run(work)


def test_while_the_loop_is_busy_no_more_waits_than_there_are_rooms_and_cameras() -> None:
    made = site()

    async def work() -> None:
        spread = Spread(made, asyncio.get_running_loop())
        with spread.reader(None) as fast, spread.reader("desk") as slow:
            for number in range(10_000):  # nothing else runs in the loop meanwhile
                made.hub.publish(result("hall" if number % 2 else "desk", pts=float(number)))
            taken = await fast.take()
            assert [(one.room, one.pts) for one in taken if isinstance(one, RoomResult)] == [
                ("desk", 9998.0),
                ("hall", 9999.0),
            ]
            for number in range(10):
                made.hub.publish(result("desk", pts=float(number)))
                await asyncio.sleep(0)
            assert len(await slow.take()) == 1
        spread.end()

    run(work)


class BusyLoop(asyncio.SelectorEventLoop):
    """Never comes to what it is asked to call."""

    calls = 0

    def call_soon_threadsafe(
        self, callback: Callable[[*Given], object], *args: *Given, context: Context | None = None
    ) -> asyncio.Handle:
        self.calls += 1
        return asyncio.Handle(callback, args, self, context)


def test_a_busy_loop_is_woken_once() -> None:
    made, loop = site(), BusyLoop()
    spread = Spread(made, loop)
    for number in range(100):
        made.hub.publish(result(pts=float(number)))
    assert loop.calls == 1
    spread.end()
    loop.close()


def test_without_the_token_nothing_is_heard_and_with_it_all() -> None:
    async def work() -> None:
        with pytest.raises(aiohttp.WSServerHandshakeError, match="401"):
            async with joined(server):
                pass
        async with aiohttp.ClientSession(headers=bearer(VIEWER)) as client:
            async with client.ws_connect(f"{server.url}/api/v1/events") as ws:
                await heard(ws, 4)
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                async with client.ws_connect(f"{server.url}/api/v1/events", origin="https://evil.example"):
                    pass
            async with client.ws_connect(f"{server.url}/api/v1/events", origin=server.url) as ws:
                await heard(ws, 4)

    with serving(told_site(Access(tokens=TOKENS))) as server:
        run(work)


@pytest.mark.parametrize(("text", "code"), [("hello", 1008), ("x" * 5000, 1009)])
def test_who_says_anything_is_closed(text: str, code: int) -> None:
    async def work() -> None:
        async with joined(server) as ws:
            await heard(ws, 3)
            await ws.send_str(text)
            message = await ws.receive(timeout=10)
            assert (message.type, message.data) == (aiohttp.WSMsgType.CLOSE, code)

    with serving() as server:
        run(work)


def test_no_more_than_so_many_and_the_next_when_one_has_left() -> None:
    async def work() -> None:
        async with joined(server) as ws, joined(server):
            await heard(ws, 3)
            answer = await asyncio.to_thread(ask, server, "/streams/left.mjpg")
            assert (answer.status, answer.headers["Retry-After"]) == (503, "10")
            with pytest.raises(aiohttp.WSServerHandshakeError, match="503"):
                async with joined(server):
                    pass
        assert await asyncio.to_thread(until, lambda: running_connections(server) < 2)
        async with joined(server) as ws:
            await heard(ws, 3)

    with serving(site(Access(viewers=2))) as server:
        run(work)


def test_an_event_that_cannot_be_told_ends_the_connection_and_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Rather than a page that waits for ever."""
    made = site()

    async def work() -> None:
        async with joined(server) as ws:
            await heard(ws, 3)
            made.hub.publish(result(mood=mood(valence=7.0)))
            assert (await ws.receive(timeout=10)).type in (aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSED)

    with serving(made) as server:
        run(work)
        assert until(lambda: bool(caplog.records))
    assert "valence" in caplog.text


def test_the_end_of_the_server_is_said() -> None:
    codes: list[int | None] = []
    there, thread = threading.Event(), None

    def listen() -> None:
        async def work() -> None:
            async with joined(server) as ws:
                await heard(ws, 3)
                there.set()
                await ws.receive(timeout=10)
                codes.append(ws.close_code)

        run(work)

    with serving() as server:
        thread = threading.Thread(target=listen)
        thread.start()
        assert there.wait(10)
    thread.join(10)
    assert codes == [1001]


def stopped_reader(server: WebServer) -> socket.socket:
    """A connection that never reads, with as little room for what comes as the system allows."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    one.connect(("127.0.0.1", server.port))
    one.settimeout(10)
    one.sendall(handshake())
    return one


def test_a_reader_that_never_reads_is_closed_and_costs_nobody_anything() -> None:
    made = told_site()
    rooms = ("hall", "desk")

    async def work() -> None:
        async with joined(server) as ws:
            await heard(ws, 4)
            stuck = await asyncio.to_thread(stopped_reader, server)
            end, number, worst = time.monotonic() + 20, 0, 0.0
            while await asyncio.to_thread(running_connections, server) > 1 and time.monotonic() < end:
                number += 1
                began = time.monotonic()
                made.hub.publish(result(rooms[number % 2], pts=float(number)))
                worst = max(worst, time.monotonic() - began)
                await heard(ws, 1)
            assert await asyncio.to_thread(running_connections, server) == 1
            assert worst < 1.0
            stuck.close()

    limits = Limits(write=0.5, pause=0.0, backlog=2048, heartbeat=30.0)
    with serving(made, limits) as server:
        run(work)


def running_connections(server: WebServer) -> int:
    text = ask(server, "/metrics").text
    (line,) = [one for one in text.splitlines() if one.startswith('groupmood_web_open_connections{kind="socket"}')]
    return int(float(line.rpartition(" ")[2]))


def test_a_reader_that_answers_no_ping_is_closed() -> None:
    with serving(limits=Limits(heartbeat=0.3)) as server, connected(server) as mute:
        mute.sendall(handshake())
        assert until(lambda: running_connections(server) == 1)
        assert until(lambda: running_connections(server) == 0)


def test_a_pong_keeps_it_open() -> None:
    """aiohttp's client answers pings by itself while it reads."""

    async def work() -> None:
        async with joined(server) as ws:
            await heard(ws, 3)
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(1.0):  # each ping would begin that of receive() anew
                    await ws.receive()
            made.hub.publish(result())
            await heard(ws, 1)

    made = site()
    with serving(made, Limits(heartbeat=0.2)) as server:
        run(work)


def test_a_frame_cut_short_ends_nobody_else() -> None:
    with serving() as server:
        with connected(server) as cut:
            cut.sendall(handshake() + b"\x81\xfe" + struct.pack(">H", 500) + b"half")
        with connected(server) as odd:
            odd.sendall(handshake() + b"\xff\xff\xff\xff")
            assert until(lambda: running_connections(server) == 0)
        assert json.loads(ask(server, "/api/v1/cameras").body)["version"] == 1
