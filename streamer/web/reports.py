"""The report of a room over a span, to take away as a file. It is never shown within these pages, whose
Content-Security-Policy is not made for it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

from aiohttp import web

from streamer.web.answers_past import SpanAsked
from streamer.web.api import query_of
from streamer.web.archive import REPORTS, Kept
from streamer.web.problems import Refused
from streamer.web.routing import SITE, Route
from streamer.web.spans import asked_for
from streamer.web.told import room_info

NO_REPORT = "this server makes no reports; 'groupmood report' makes one of a timeline"


async def report(request: web.Request) -> web.Response:
    site = request.app[SITE]
    name, asked = room_info(site, request.match_info["room"]).name, query_of(request, SpanAsked)
    make = site.report
    if make is None:
        raise Refused(404, NO_REPORT)
    begin, text = await request.app[REPORTS].ask(lambda kept: made(kept, make, name, asked))
    headers = {"Content-Disposition": f'attachment; filename="{file_name(name, begin)}"'}
    return web.Response(text=text, content_type="text/html", headers=headers)


def made(kept: Kept, make: Callable[[str, int, int], str], room: str, asked: SpanAsked) -> tuple[int, str]:
    """The begin of the report and its text; of nothing that may not be shown.

    Raises:
        Refused: nothing of the span may be.
    """
    begin, end = asked_for(kept, room, asked)
    begin = max(begin, kept.since)
    if begin >= end:
        raise Refused(404, "nothing is kept of this span")
    return begin, make(room, begin, end)


def file_name(room: str, begin: int) -> str:
    """'groupmood-Seminar-2026-11-23.html', of signs that every system takes."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", room).strip("-") or "room"
    return f"groupmood-{words[:60]}-{datetime.fromtimestamp(begin, UTC):%Y-%m-%d}.html"


ROUTES = (
    Route(
        "GET",
        "/api/v1/rooms/{room}/report",
        report,
        "viewer",
        query=SpanAsked,
        summary="The report of a room over a span, as a file",
        media="text/html",
    ),
)
