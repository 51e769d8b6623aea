"""A room's results as rows: one a second, and its moments once they are over."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

from streamer.occurrences import PastMoment, past_moment
from streamer.timeline.rows import Second
from streamer.types import Moment, RoomResult

SETTLED = 1.0
"""Seconds (monotonic) without a further result after which a second is told without waiting for the next."""


@dataclass(frozen=True, slots=True)
class Timed:
    """A row with the time that its result had itself (seconds since the run began), to measure by."""

    second: Second
    at: float


class RoomCourse:
    """The seconds of one room, each told once and in order.

    Of several results in one second the latest counts. A second without anything known (nobody, too few, or paused) is
    told when it begins to be so and not again, so that a second that is missing says "as before" after such a one.
    """

    def __init__(self, room: str, run: str) -> None:
        self._room, self._run = room, run
        self._waiting: Timed | None = None
        self._heard = 0.0
        self._told: Second | None = None

    def hear(self, result: RoomResult, utc: float) -> Iterator[Timed]:
        """The second before, when this result is of a later one; ``utc`` never falls."""
        second = Second(self._room, int(utc), self._run, result.mood, result.signs, result.paused)
        if self._waiting is not None and self._waiting.second.utc < second.utc:
            yield from self.end()
        self._heard = time.monotonic()
        if self._told is None or self._told.utc < second.utc:
            self._waiting = Timed(second, result.pts)

    def settle(self, now: float) -> Iterator[Timed]:
        """The latest second, where nothing more has come; ``now``: time.monotonic()."""
        if now - self._heard >= SETTLED:
            yield from self.end()

    def end(self) -> Iterator[Timed]:
        """What still waits."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and not (self._told and blank(self._told) and same(self._told, waiting.second)):
            self._told = waiting.second
            yield waiting


def blank(second: Second) -> bool:
    return second.mood is None and second.signs is None


def same(before: Second, now: Second) -> bool:
    """Whether both say the same of a room of which nothing is known."""
    return blank(now) and before.paused == now.paused


class Ended:
    """Tells each moment of one room once, when it is over.

    A moment is over when a result says so, and also when the next result has none or another: the result that said so
    may not have been published. Its start by the wall clock is counted back from where it was first heard of, by its
    own seconds until then.
    """

    def __init__(self, room: str) -> None:
        self._room = room
        self._held: tuple[Moment, float] | None = None
        self._done: float | None = None

    def hear(self, moment: Moment | None, utc: float) -> Iterator[PastMoment]:
        if moment is None or moment.start != self._done:
            self._done = None
        if self._held is not None and (moment is None or moment.start != self._held[0].start):
            yield from self.end()
        if moment is None or moment.start == self._done:
            return
        began = self._held[1] if self._held else utc - moment.seconds
        self._held = moment, began
        if moment.over:
            self._done = moment.start
            yield from self.end()

    def end(self) -> Iterator[PastMoment]:
        """The moment under way, as far as it came."""
        held, self._held = self._held, None
        if held is not None:
            yield past_moment(self._room, held[1], held[0].seconds, held[0].change)
