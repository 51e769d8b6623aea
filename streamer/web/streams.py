"""The annotated pictures of a camera: as MJPEG, and the newest as one JPEG."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from streamer.fanout import Reader
from streamer.web.limits import LIMITS, abort, keep_little
from streamer.web.problems import Refused
from streamer.web.routing import SITE, Route

BOUNDARY = "picture"

FIRST = 5.0
"""Seconds to wait for a picture that is asked for alone."""


@asynccontextmanager
async def pictures(request: web.Request) -> AsyncIterator[Reader[bytes]]:
    """
    Raises:
        Refused: no picture is shown of such a camera.
    """
    fanout = request.app[SITE].pictures.get(request.match_info["source"])
    if fanout is None:
        raise Refused(404, "no picture is shown of such a camera")
    reader = fanout.join()
    try:
        yield reader
    finally:
        fanout.leave(reader)


async def motion(request: web.Request) -> web.StreamResponse:
    async with pictures(request) as reader:
        response = web.StreamResponse(headers={"Content-Type": f"multipart/x-mixed-replace; boundary={BOUNDARY}"})
        await response.prepare(request)
        keep_little(request)
        try:
            async for jpeg in reader:
                async with asyncio.timeout(request.app[LIMITS].write):
                    await response.write(part(jpeg))
        except (TimeoutError, ConnectionError):
            abort(request)
        return response


def part(jpeg: bytes) -> bytes:
    """One picture and the boundary behind it, which some browsers wait for before they show it."""
    head = f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
    return head.encode() + jpeg + b"\r\n"


async def still(request: web.Request) -> web.StreamResponse:
    async with pictures(request) as reader:
        try:
            async with asyncio.timeout(FIRST):
                jpeg = await reader.take()
        except TimeoutError:
            jpeg = None
    if jpeg is None:
        raise Refused(503, "no picture comes from this camera now", headers={"Retry-After": "5"})
    return web.Response(body=jpeg, content_type="image/jpeg")


ROUTES = (
    Route("GET", "/streams/{source}.mjpg", motion, "viewer", "stream", summary="Annotated pictures as MJPEG"),
    Route("GET", "/streams/{source}.jpg", still, "viewer", "stream", summary="The next annotated picture"),
)
