"""What is kept of a room, as JSON: its course over any span, its sittings, two of them compared; and marks into it.

No person can be found in it, by any choice of spans: only seconds that were published are kept (see ``archive``).
"""

from __future__ import annotations

import time
from dataclasses import replace

from aiohttp import web

from streamer.errors import StreamerError
from streamer.occurrences import Mark, Occurrence, PastMoment
from streamer.row_events import RowEvent, event_of
from streamer.timeline.answers import Course
from streamer.trends.certainty import mean_of
from streamer.trends.comparing import compare
from streamer.trends.words import of_comparison
from streamer.web.answers_past import (
    MOST_POINTS,
    Compared,
    MarkAsked,
    Marked,
    Past,
    PastSpan,
    Side,
    Sittings,
    TwoSpans,
)
from streamer.web.api import answer, body_of, query_of
from streamer.web.archive import ARCHIVE, NONE_KEPT, Kept
from streamer.web.problems import Refused
from streamer.web.routing import SITE, Route
from streamer.web.spans import asked_for, checked, course_of, known
from streamer.web.told import room_info

OCCURRENCES = 500
"""Told at most of a span; what is left out is counted."""

SITTINGS = 500
"""The newest of a room, at most."""

LINE = 300
"""Points of each line of a comparison."""

AHEAD = 60.0
"""Seconds by which the clock of whoever marks may be ahead of ours."""


async def timeline(request: web.Request) -> web.Response:
    name, asked = room_info(request.app[SITE], request.match_info["room"]).name, query_of(request, PastSpan)
    return answer(await request.app[ARCHIVE].ask(lambda kept: past(kept, name, asked)))


def past(kept: Kept, room: str, asked: PastSpan) -> Past:
    first, last = known(kept, room) or (None, None)
    begin, end = asked_for(kept, room, asked)
    course = course_of(kept, room, (begin, end), asked.points)
    told, left_out = occurrences_told(course.occurrences)
    return Past(
        room=room,
        begin=begin,
        end=end,
        width=course.width,
        first=first,
        last=last,
        now=int(time.time()),
        buckets=course.buckets,
        occurrences=told,
        left_out=left_out,
    )


def occurrences_told(found: tuple[Occurrence, ...]) -> tuple[tuple[RowEvent, ...], int]:
    """At most OCCURRENCES, oldest first: alerts and marks, the newest first, then the moments that changed most; and
    how many are left out."""
    chosen = sorted(found, key=_weight, reverse=True)[:OCCURRENCES]
    events = (event_of(one) for one in sorted(chosen, key=lambda one: one.utc))
    told = tuple(one for one in events if one is not None and one.type in ("moment", "alert", "mark"))
    return told, len(found) - len(told)


def _weight(one: Occurrence) -> tuple[bool, float]:
    return (False, abs(one.change)) if isinstance(one, PastMoment) else (True, one.utc)


async def sittings(request: web.Request) -> web.Response:
    name = room_info(request.app[SITE], request.match_info["room"]).name
    return answer(await request.app[ARCHIVE].ask(lambda kept: sittings_told(kept, name)))


def sittings_told(kept: Kept, room: str) -> Sittings:
    found = [one for one in reversed(kept.reader.sittings(room)) if one.end > kept.since]
    told = tuple(replace(one, begin=max(one.begin, kept.since)) for one in found[:SITTINGS])
    return Sittings(room=room, sittings=told, left_out=len(found) - len(told))


async def comparison(request: web.Request) -> web.Response:
    site = request.app[SITE]
    name, asked = room_info(site, request.match_info["room"]).name, query_of(request, TwoSpans)
    if site.purpose == "expressions_only":
        raise Refused(409, "sittings are compared by valence, and here no emotion is inferred")
    return answer(await request.app[ARCHIVE].ask(lambda kept: compared(kept, name, asked)))


def compared(kept: Kept, room: str, asked: TwoSpans) -> Compared:
    a, b = (checked(*span) for span in asked.spans)
    first, second = (course_of(kept, room, span, MOST_POINTS) for span in (a, b))
    found = compare(first, second, (a[0], b[0]))
    return Compared(
        room=room,
        a=side(kept, a, first),
        b=side(kept, b, second),
        whole=found.whole,
        common=found.common,
        uneven=found.uneven,
        sentence=of_comparison(found),
        step=found.step,
        minutes=found.minutes,
    )


def side(kept: Kept, span: tuple[int, int], fine: Course) -> Side:
    drawn = course_of(kept, fine.room, span, LINE)
    return Side(begin=span[0], end=span[1], width=drawn.width, mean=mean_of(fine), buckets=drawn.buckets)


async def mark(request: web.Request) -> web.Response:
    site = request.app[SITE]
    info, asked = room_info(site, request.match_info["room"]), await body_of(request, MarkAsked)
    if site.mark is None:
        raise Refused(404, NONE_KEPT)
    utc = None if asked.utc is None else asked.utc.timestamp()
    if utc is not None and not 0 <= utc <= time.time() + AHEAD:
        raise Refused(400, "utc: expected the time of something that has happened, not of the future")
    try:
        made = site.mark(info.name, asked.text, utc)
    except StreamerError as error:
        raise Refused(409, str(error)) from None
    return answer(marked(made), 201)


def marked(made: Mark) -> Marked:
    told = event_of(made)
    if told is None or told.type != "mark":
        raise Refused(500, "the mark could not be told")
    return Marked(mark=told)


ROUTES = (
    Route(
        "GET",
        "/api/v1/rooms/{room}/timeline",
        timeline,
        "viewer",
        answer=Past,
        query=PastSpan,
        summary="A room over any span that is kept, and what happened in it",
    ),
    Route(
        "GET",
        "/api/v1/rooms/{room}/sittings",
        sittings,
        "viewer",
        answer=Sittings,
        summary="A room's sittings, the newest first",
    ),
    Route(
        "GET",
        "/api/v1/rooms/{room}/compare",
        comparison,
        "viewer",
        answer=Compared,
        query=TwoSpans,
        summary="Two spans of a room on the same scale",
    ),
    Route(
        "POST",
        "/api/v1/rooms/{room}/marks",
        mark,
        "admin",
        answer=Marked,
        body=MarkAsked,
        summary="Note that something happened",
    ),
)
