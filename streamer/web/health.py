"""Whether it lives, is ready, and is well: for whoever starts, watches and restarts it."""

from __future__ import annotations

from typing import Literal

from aiohttp import web

from streamer.redaction import redact
from streamer.web.answers import Health
from streamer.web.api import answer
from streamer.web.routing import SITE, Route
from streamer.web.site import Site
from streamer.web.told import cameras_told


async def livez(_: web.Request) -> web.Response:
    return web.Response(text="alive\n")


async def readyz(request: web.Request) -> web.Response:
    """For anyone, so it does not say what is waited for: /healthz does."""
    if request.app[SITE].ready():
        return web.Response(text="not ready\n", status=503, headers={"Retry-After": "2"})
    return web.Response(text="ready\n")


async def healthz(request: web.Request) -> web.Response:
    health = health_of(request.app[SITE])
    return answer(health, 503 if health.status == "failed" else 200)


def health_of(site: Site) -> Health:
    reason, waiting = redact(site.failed()), redact(site.ready())
    status: Literal["ok", "waiting", "failed"] = "failed" if reason else "waiting" if waiting else "ok"
    cameras = {camera.source: str(camera.state) for camera in cameras_told(site)}
    return Health(status=status, waiting=waiting, reason=reason, cameras=cameras)


ROUTES = (
    Route("GET", "/livez", livez, "anyone", summary="200 while the process answers"),
    Route("GET", "/readyz", readyz, "anyone", summary="200 once pictures are analysed, else 503"),
    Route("GET", "/healthz", healthz, "viewer", answer=Health, summary="Cameras and faults; 503 where it failed"),
)
