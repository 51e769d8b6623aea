"""What the HTTP API answers about how a room changed. Times: seconds since 1970. What comes after something did not
come because of it."""

from __future__ import annotations

from typing import Literal

from streamer.schema import Model
from streamer.trends.certainty import Estimate
from streamer.web.answers import Answer


class ChangeTold(Model):
    """The room's valence went at ``utc`` from a mean of ``before`` to one of ``after``, by ``size``, and kept that for
    ``seconds``, until the next change or the end of the span. With 90 % it happened from ``earliest`` to ``latest``.
    ``confidence`` 0…1: share of courses without any change that show less."""

    utc: int
    earliest: int
    latest: int
    seconds: int
    before: float
    after: float
    size: float
    confidence: float


class AftermathTold(Model):
    """What the room did after the mark ``id``, which is its text and its time in ISO 8601: mean valence of the time
    ``before`` it and of the time ``after``, and their difference ``change`` with its 90 % interval; ``p``: share of
    other moments around it at which as much changed or more, and ``changed`` whether they are so few that it is more
    than chance; null where the evidence is not enough. ``half``: seconds until it had gone half of the way.
    ``overlaps``: texts of other marks so near that it may as well have come after those."""

    id: str
    text: str
    utc: str
    before: float | None
    after: float | None
    change: Estimate | None
    p: float | None
    changed: bool
    half: int | None
    overlaps: tuple[str, ...]


class Trends(Answer):
    """Of a span. ``width``: seconds of the course in which changes were looked for. Each mark's time before and after
    is ``window`` seconds, its other moments are those of ``around`` seconds before and after it; ``left_out`` older
    marks."""

    room: str
    begin: int
    end: int
    width: int
    changes: tuple[ChangeTold, ...]
    window: int
    around: int
    aftermaths: tuple[AftermathTold, ...]
    left_out: int


class FollowingTold(Model):
    """Two of the people, by letters that are given anew in each answer: ``first`` moved ``lag`` seconds before
    ``second``, with a ``correlation`` −1…1. ``above_chance``: more than the same two do when shifted in time, for so
    many pairs, with probability ``p``; ``leads``: and it is sure who was first. ``seconds`` in which both were seen."""

    first: str
    second: str
    lag: int
    correlation: float
    p: float
    above_chance: bool
    leads: bool
    seconds: int


class Followings(Answer):
    """Who moved before whom; both may follow something else. ``people`` of whom something is kept in the span, and
    ``pairs`` of them that were seen together long enough; the surest first."""

    room: str
    begin: int
    end: int
    status: Literal["exploratory"] = "exploratory"
    people: int
    pairs: int
    followings: tuple[FollowingTold, ...]
