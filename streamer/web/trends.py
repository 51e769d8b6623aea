"""How a room changed in a span of its past, what it did after each mark, and who moved before whom, as JSON.

Changes and what followed marks are made of published seconds alone, so they tell of nobody more than those do. Who
moved before whom is of single people: only for the purposes that let the timeline keep them, and for who runs this.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count, product
from string import ascii_uppercase

from aiohttp import web

from streamer.occurrences import Mark
from streamer.purposes import Purpose
from streamer.row_events import told as iso
from streamer.timeline.answers import Course
from streamer.timeline.rows import PersonSecond
from streamer.trends.changes import Change, changes
from streamer.trends.contagion import Following, followings
from streamer.trends.dating import Between, dated
from streamer.trends.marks import Aftermath, Window, aftermaths
from streamer.web.answers_past import SpanAsked
from streamer.web.answers_trends import AftermathTold, ChangeTold, Followings, FollowingTold, Trends
from streamer.web.api import answer, query_of
from streamer.web.archive import STUDY, Kept
from streamer.web.problems import Refused
from streamer.web.routing import SITE, Route
from streamer.web.spans import asked_for, course_of
from streamer.web.told import room_info

POINTS = 720
"""Of the course in which changes are looked for: more than streamer.trends.changes makes cells of would be lost."""

WINDOW = 120
"""Seconds before and after a mark that are compared."""

AROUND = 3600
"""Seconds before and after a mark whose other moments say what chance does: always the same, however a page zooms."""

FINE = 1440
"""Points of that time, of five seconds each."""

MARKS = 20
"""The newest of a span, at most."""

NEAR = 8
"""Marks so near to one that it cannot be told which was followed, at most."""

SINGLE: tuple[Purpose, ...] = ("self",)
"""Purposes for which single people are looked at."""

FOLLOWED = 3600
"""Seconds of a span in which it is asked who moved before whom, at most: it takes a processor's second an hour."""


async def trends(request: web.Request) -> web.Response:
    site = request.app[SITE]
    name, asked = room_info(site, request.match_info["room"]).name, query_of(request, SpanAsked)
    if site.purpose == "expressions_only":
        raise Refused(409, "changes are those of valence, and here no emotion is inferred")
    return answer(await request.app[STUDY].ask(lambda kept: found(kept, name, asked)))


def found(kept: Kept, room: str, asked: SpanAsked) -> Trends:
    begin, end = asked_for(kept, room, asked)
    course = course_of(kept, room, (begin, end), POINTS)
    changed = changes(course)
    marks = [one for one in course.occurrences if isinstance(one, Mark)]
    return Trends(
        room=room,
        begin=begin,
        end=end,
        width=course.width,
        changes=tuple(map(change_told, changed, dated(course, changed))),
        window=WINDOW,
        around=AROUND,
        aftermaths=tuple(after(kept, mark) for mark in marks[-MARKS:]),
        left_out=max(0, len(marks) - MARKS),
    )


def change_told(change: Change, between: Between) -> ChangeTold:
    return ChangeTold(
        utc=change.utc,
        earliest=between.earliest,
        latest=between.latest,
        seconds=change.seconds,
        before=change.before,
        after=change.after,
        size=change.size,
        confidence=change.confidence,
    )


def after(kept: Kept, mark: Mark) -> AftermathTold:
    """What followed it, among the moments of the time AROUND it."""
    course = course_of(kept, mark.room, (int(mark.utc) - AROUND, int(mark.utc) + AROUND), FINE)
    return aftermath_told(aftermath_of(course, mark))


def aftermath_of(course: Course, mark: Mark) -> Aftermath:
    marks = (one for one in course.occurrences if isinstance(one, Mark) and one.id != mark.id)
    near = sorted(marks, key=lambda one: abs(one.utc - mark.utc))[:NEAR]
    made = aftermaths(course, (mark, *near), Window(WINDOW, WINDOW))
    return next(one for one in made if one.mark.id == mark.id)


def aftermath_told(aftermath: Aftermath) -> AftermathTold:
    return AftermathTold(
        id=aftermath.mark.id,
        text=aftermath.mark.text,
        utc=iso(aftermath.mark.utc),
        before=aftermath.before,
        after=aftermath.after,
        change=aftermath.change,
        p=aftermath.p,
        changed=aftermath.changed,
        half=aftermath.half,
        overlaps=aftermath.overlaps,
    )


async def who_first(request: web.Request) -> web.Response:
    site = request.app[SITE]
    name, asked = room_info(site, request.match_info["room"]).name, query_of(request, SpanAsked)
    if site.purpose not in SINGLE:
        raise Refused(409, f"single people are looked at for the purpose {' and '.join(SINGLE)} only")
    return answer(await request.app[STUDY].ask(lambda kept: followed(kept, name, asked)))


def followed(kept: Kept, room: str, asked: SpanAsked) -> Followings:
    """
    Raises:
        Refused: the span is too long.
    """
    begin, end = asked_for(kept, room, asked)
    if end - begin > FOLLOWED:
        raise Refused(400, f"expected a span of {FOLLOWED // 60} minutes at most; give from and to")
    rows = tuple(kept.reader.people(room, max(begin, kept.since), end))
    pairs, letters = followings(rows), letters_of(rows)
    told = tuple(following_told(one, letters) for one in pairs)
    return Followings(room=room, begin=begin, end=end, people=len(letters), pairs=len(pairs), followings=told)


def letters_of(rows: tuple[PersonSecond, ...]) -> dict[str, str]:
    """A … Z, AA … for each person, in the order in which they were seen; they say nothing of who it is, and another
    span has others."""
    seen = dict.fromkeys(row.person for row in rows)
    return dict(zip(seen, lettered(), strict=False))


def lettered() -> Iterator[str]:
    for length in count(1):
        yield from ("".join(signs) for signs in product(ascii_uppercase, repeat=length))


def following_told(following: Following, letters: dict[str, str]) -> FollowingTold:
    return FollowingTold(
        first=letters[following.first],
        second=letters[following.second],
        lag=following.lag,
        correlation=following.correlation,
        p=following.p,
        above_chance=following.above_chance,
        leads=following.leads,
        seconds=following.seconds,
    )


ROUTES = (
    Route(
        "GET",
        "/api/v1/rooms/{room}/trends",
        trends,
        "viewer",
        answer=Trends,
        query=SpanAsked,
        summary="When a room changed in a span, and what it did after each mark",
    ),
    Route(
        "GET",
        "/api/v1/rooms/{room}/followings",
        who_first,
        "admin",
        answer=Followings,
        query=SpanAsked,
        summary="Exploratory: who moved before whom, where the purpose lets the timeline keep single people",
    ),
)
