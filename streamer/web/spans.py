"""Which span of a room's past is asked for, and what of it may be shown."""

from __future__ import annotations

import time
from dataclasses import replace

from streamer.timeline.answers import Course
from streamer.web.answers_past import SpanAsked
from streamer.web.archive import Kept
from streamer.web.problems import Refused

LONGEST = 20 * 366 * 86_400
"""Seconds of a span, at most."""


def known(kept: Kept, room: str) -> tuple[int, int] | None:
    """The begin and the end of all that may be shown of it."""
    first, last = kept.reader.span(room) or (0, 0)
    return (max(first, kept.since), last) if last > kept.since else None


def asked_for(kept: Kept, room: str, asked: SpanAsked) -> tuple[int, int]:
    """The span asked for; where an end is not told, that of all that is kept, or the last hour.

    Raises:
        Refused: nothing lies between, or too much.
    """
    now = int(time.time())
    first, last = known(kept, room) or (now - 3600, now)
    begin = int(asked.begin.timestamp()) if asked.begin else first
    return checked(begin, int(asked.end.timestamp()) if asked.end else last)


def checked(begin: int, end: int) -> tuple[int, int]:
    """
    Raises:
        Refused: nothing lies between, or too much.
    """
    if not 0 < end - begin <= LONGEST:
        raise Refused(400, "expected a span that begins before it ends, of 20 years at most")
    return begin, end


def course_of(kept: Kept, room: str, span: tuple[int, int], points: int) -> Course:
    """What may be shown of the span: without the bucket that reaches back to before that."""
    begin, end = span[0], span[1]
    if end <= kept.since:
        return Course(room, begin, end, 1, (), ())
    course = kept.reader.course(room, max(begin, kept.since), end, points)
    return replace(course, buckets=tuple(one for one in course.buckets if one.utc >= kept.since))
