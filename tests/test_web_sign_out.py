"""What stays open for somebody who signed in ends with the sign-in, and nothing else does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from aiohttp import WSMsgType
from aiohttp.test_utils import make_mocked_request

from streamer.web.doorkeeper import Doorkeeper
from streamer.web.server import WebServer
from streamer.web.sessions import LIFETIME, SESSIONS, Sessions
from streamer.web.site import Access
from tests.test_web_events import heard, joined
from tests.test_web_events import run as run_soon
from tests.test_web_sessions import Clock, own, sign_in
from tests.test_web_streams import received
from tests.web_site import ADMIN, JPEG, TOKENS, VIEWER, ask, bearer, connected, serving, site, told_site, until
from tests.webrtc_rig import SDP, camera_offer, rtc_site, run, running, viewer_offer
from tests.webrtc_rig import until as until_in_loop

GUARDED = Access(tokens=TOKENS)


def signed(server: WebServer, token: str = VIEWER) -> dict[str, str]:
    return {"Cookie": sign_in(server, token, **own(server)).headers["Set-Cookie"].partition(";")[0]}


def sign_out(server: WebServer, cookie: dict[str, str]) -> None:
    assert ask(server, "/api/v1/session", "DELETE", headers=cookie | own(server)).status == 204


def begun(sessions: Sessions) -> tuple[str, list[str], Callable[[], None]]:
    """A session, the list in which its end is told, and what takes one of two calls back."""
    name, told = sessions.begin("viewer"), list[str]()
    sessions.at_end(name, lambda: told.append("one"))
    return name, told, sessions.at_end(name, lambda: told.append("other"))


def test_the_end_of_a_session_is_told_once() -> None:
    sessions = Sessions(Clock())
    name, told, _ = begun(sessions)
    sessions.end("another")
    assert told == []
    sessions.end(name)
    sessions.end(name)
    assert told == ["one", "other"]


def test_what_was_taken_back_is_not_called() -> None:
    sessions = Sessions(Clock())
    name, told, forget = begun(sessions)
    forget()
    sessions.end(name)
    forget()
    assert told == ["one"]


def test_a_session_that_grows_old_or_gives_way_is_over_too() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    name, told, _ = begun(sessions)
    clock.now += LIFETIME - 5
    assert (told, sessions.left(name)) == ([], 5)
    clock.now += 5
    sessions.role(name)
    assert (told, sessions.left(name)) == (["one", "other"], 0)
    name, told, _ = begun(sessions)
    for _ in range(SESSIONS):
        sessions.begin("admin")
    assert told == ["one", "other"]


def test_of_a_session_that_is_over_the_end_is_told_at_once() -> None:
    told: list[str] = []
    Sessions(Clock()).at_end("none", lambda: told.append("over"))()
    assert told == ["over"]


def test_a_sign_in_ends_what_it_let_in_when_its_time_is_over() -> None:
    async def scenario() -> None:
        clock, over = Clock(), asyncio.Event()
        keeper = Doorkeeper(GUARDED, clock)
        name = keeper.sessions.begin("viewer")
        clock.now += LIFETIME - 0.05
        keeper.until_signed_out(
            make_mocked_request("GET", "/", headers={"Cookie": f"{keeper.cookie}={name}"}), over.set
        )
        assert not over.is_set()
        await over.wait()
        assert len(keeper.sessions) == 0

    run_soon(scenario)


@pytest.mark.parametrize("anew", [False, True])
def test_a_socket_ends_with_the_sign_in_and_others_go_on(anew: bool) -> None:
    made = told_site(GUARDED)

    with serving(made) as server:

        async def work() -> None:
            cookie, other = [await asyncio.to_thread(signed, server) for _ in range(2)]
            async with (
                joined(server, headers=cookie | own(server)) as ended,
                joined(server, headers=other | own(server)) as second,
                joined(server, headers=bearer(VIEWER)) as third,
            ):
                for one in (ended, second, third):
                    await heard(one, 4)
                if anew:
                    await asyncio.to_thread(sign_in, server, ADMIN, **cookie, **own(server))
                else:
                    await asyncio.to_thread(sign_out, server, cookie)
                assert (await ended.receive(timeout=10)).type in (WSMsgType.CLOSE, WSMsgType.CLOSED)
                made.hub.publish(made.hub.rooms()["hall"])
                for one in (second, third):
                    await heard(one, 1)

        run_soon(work)


def test_pictures_end_with_the_sign_in() -> None:
    made = site(GUARDED)
    seen = made.pictures["left"]
    with serving(made) as server, ExitStack() as stack:
        cookies = [signed(server) for _ in range(2)]
        ended, other = (stack.enter_context(connected(server)) for _ in range(2))
        for one, cookie in zip((ended, other), cookies, strict=True):
            one.sendall(
                f"GET /streams/left.mjpg HTTP/1.1\r\nHost: localhost\r\nCookie: {cookie['Cookie']}\r\n\r\n".encode()
            )
            received(one, b"\r\n\r\n")
        assert until(lambda: seen.wanted)
        sign_out(server, cookies[0])
        ended.settimeout(10)
        while ended.recv(65536):  # what was on its way
            pass
        seen.put(JPEG)
        received(other, JPEG)


def test_a_peer_ends_with_the_sign_in() -> None:
    async def scenario() -> None:
        made = rtc_site(access=GUARDED)
        async with running(made) as server:

            async def cookie(token: str) -> dict[str, str]:
                json = {"Content-Type": "application/json"}
                answer = await server.ask("POST", "/api/v1/session", f'{{"token": "{token}"}}', json)
                return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0], "Origin": server.url}

            ended, other = await cookie(ADMIN), await cookie(VIEWER)
            assert (await server.post("/whep/left", await viewer_offer(), SDP | ended)).status == 201
            assert (await server.post("/whip/desk", await camera_offer(), SDP | ended)).status == 201
            assert (await server.post("/whep/left", await viewer_offer(), SDP | other)).status == 201
            assert len(server.peers) == 3
            assert (await server.ask("DELETE", "/api/v1/session", headers=ended)).status == 204
            await until_in_loop(lambda: len(server.peers) == 1)
            assert [one.kind for one in server.peers.of("whep", "left")] == ["whep"]

    run(scenario)
