"""What the HTTP API asks and answers about what is kept of a room. Times: seconds since 1970, or as it says."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AwareDatetime, Field, StringConstraints

from streamer.row_events import MarkEvent, RowEvent
from streamer.schema import Model
from streamer.timeline.answers import Bucket, Sitting
from streamer.trends.certainty import Estimate
from streamer.trends.comparing import Minute
from streamer.web.answers import Answer

MOST_POINTS = 2000


TIME = "ISO 8601 with its zone, or seconds since 1970"
SPAN = r"^\d{1,11}-\d{1,11}$"

Line: TypeAlias = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$"
    ),
]
"""In one line, without signs that control something."""


class SpanAsked(Model):
    """The query of a span of a room's past; without it all that is kept."""

    begin: AwareDatetime | None = Field(None, alias="from", description=TIME)
    end: AwareDatetime | None = Field(None, alias="to", description=TIME)


class PastSpan(SpanAsked):
    """The same with how finely it is to be told."""

    points: int = Field(600, ge=2, le=MOST_POINTS, description="the most buckets, 2 to 2000")


class TwoSpans(Model):
    """The query of a comparison."""

    a: str = Field(pattern=SPAN, description="BEGIN-END in seconds since 1970")
    b: str = Field(pattern=SPAN, description="BEGIN-END in seconds since 1970")

    @property
    def spans(self) -> tuple[tuple[int, int], tuple[int, int]]:
        (a, b), (c, d) = (map(int, one.split("-")) for one in (self.a, self.b))
        return (a, b), (c, d)


class Past(Answer):
    """A room over a span. ``first`` and ``last``: of all that may be shown of it, null where nothing is; ``now``: the
    server's clock. Buckets as wide as ``width``, oldest first, all from one end to the other. ``left_out``: occurrences
    that are not told, since there are too many."""

    room: str
    begin: int
    end: int
    width: int
    first: int | None
    last: int | None
    now: int
    buckets: tuple[Bucket, ...]
    occurrences: tuple[RowEvent, ...]
    left_out: int


class Sittings(Answer):
    """The newest first; ``left_out`` older ones."""

    room: str
    sittings: tuple[Sitting, ...]
    left_out: int


class Side(Model):
    """One of two that are compared; its mean as a sample of such a time."""

    begin: int
    end: int
    width: int
    mean: Estimate | None
    buckets: tuple[Bucket, ...]


class Compared(Answer):
    """All differences are b minus a, aligned at their begins: ``whole`` of the means of all that is known, ``common``
    of those minutes alone that are known of both; null where there is too little. ``uneven``: one has less than half of
    the other's. ``sentence``: the same in words. ``minutes``: as many steps of ``step`` seconds from the begins on."""

    room: str
    a: Side
    b: Side
    whole: Estimate | None
    common: Estimate | None
    uneven: bool
    sentence: str
    step: int
    minutes: tuple[Minute, ...]


class MarkAsked(Model):
    """The body of POST /api/v1/rooms/{room}/marks; ``utc``: when it happened, now where it is not told."""

    text: Line
    utc: AwareDatetime | None = None


class Marked(Answer):
    mark: MarkEvent
