"""Secrets of addresses, put into everything that the web may tell: none may come out anywhere."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import aiohttp
import pytest

from streamer.errors import SourceError, StreamerError
from streamer.types import Command
from streamer.web.app import ROUTES
from streamer.web.server import WebServer
from streamer.web.site import Access, Site
from tests.secret_urls import TOKEN, URLS, leaks
from tests.web_site import ADMIN, TOKENS, ask, bearer, path_of, serving, site, status


def poisoned(secret: str) -> Site:
    """A site that has the secret wherever there is text."""

    def refuse(command: Command) -> None:
        raise SourceError(f"{command}: cannot open {secret}")

    def fail(room: str) -> dict[str, Any]:
        raise StreamerError(f"{room}: {secret} is lost")

    told = f"cannot open '{secret}': refused"
    made = site(
        Access(tokens=TOKENS),
        ask=refuse,
        explain=fail,
        ready=lambda: f"waiting for {secret}",
        failed=lambda: told,
        settings={"sources": {"left": {"address": secret}, "all": [secret]}, "note": told},
    )
    made.hub.publish(status("left", "failed", reason=told, fix=f"check {secret}"))
    made.hub.publish(status("right", "reconnecting", reason=secret, fix=secret))
    made.metrics.count(f"dropped by {secret}", "left")
    made.metrics.set(secret, 1.0, "left")
    made.metrics.observe(secret, 1.0, "left")
    made.metrics.count("captured", secret)
    return made


def surfaces(server: WebServer) -> Iterator[tuple[str, str]]:
    """Whatever can be asked, and what came: head and body."""
    for route in ROUTES:
        if route.method == "GET" and route.kind in ("plain", "page"):
            answer = ask(server, path_of(route), headers=bearer(ADMIN))
            yield route.path, f"{answer.headers} {answer.text}"
    answer = ask(server, "/api/v1/commands", "POST", headers=bearer(ADMIN), body={"command": "record"})
    yield "command", f"{answer.headers} {answer.text}"
    yield "events", asyncio.run(events(server))


async def events(server: WebServer) -> str:
    """The state of now, of three cameras."""
    async with (
        aiohttp.ClientSession(headers=bearer(ADMIN)) as client,
        client.ws_connect(f"{server.url}/api/v1/events") as ws,
    ):
        return " ".join([await ws.receive_str(timeout=10) for _ in range(3)])


@pytest.mark.parametrize("secret", URLS)
def test_no_surface_leaks(secret: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(poisoned(secret)) as server:
        seen = dict(surfaces(server))
    assert {"/metrics", "/api/v1/cameras", "/api/v1/settings", "events", "command"} <= set(seen)
    assert [place for place, text in seen.items() if leaks(text)] == []
    assert not leaks(caplog.text)


def test_the_canary_would_be_seen() -> None:
    """The same way without a secret in the address shows that the texts do come through."""
    with serving(poisoned("rtsp://cam.example/1")) as server:
        seen = dict(surfaces(server))
    for place in ("/api/v1/cameras", "/api/v1/settings", "/healthz", "/metrics", "events", "command"):
        assert "cam.example" in seen[place], place


def test_what_a_caller_sends_is_in_no_log_and_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), serving(poisoned("x")) as server:
        for path in ("/api/v1/rooms", f"/{TOKEN}", f"/streams/{TOKEN}.jpg", f"/room/{quote(TOKEN)}", "/healthz"):
            for headers in ({}, bearer(TOKEN), {"Cookie": f"groupmood={TOKEN}"}, {"X-Forwarded-For": TOKEN}):
                answer = ask(server, f"{path}?token={TOKEN}", headers=headers)
                told = answer.headers.get("Location", "").partition("?next=")[0]
                assert not leaks(told + answer.text)
        body = {"token": TOKEN}
        assert not leaks(ask(server, "/api/v1/session", "POST", body=body).text)
    assert not leaks(caplog.text)
