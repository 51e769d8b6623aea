"""A row a second for each tracked person, for the purposes that allow it; names that say nothing and are soon
forgotten."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from streamer.chronicle.calendar import Calendar
from streamer.emotions import valence_arousal
from streamer.errors import ConfigError
from streamer.timeline.rows import PersonSecond, Row
from streamer.types import FrameResult, Person

FORGOTTEN = 30.0
"""Seconds after the end of a track after which nothing leads from it to its name any more."""

ALLOWED = ("self", "research")


class Ephemeral:
    """A random name for each track of a run; for one thread. ``now`` in seconds on one clock that never falls."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, int], tuple[str, float]] = {}

    def name(self, source: str, track: int, now: float) -> str:
        """The track's name: the same for as long as it is seen, and FORGOTTEN seconds on."""
        self.forget(now)
        name = self._names.get((source, track), (secrets.token_hex(8), now))[0]
        self._names[source, track] = name, now
        return name

    def forget(self, now: float) -> None:
        """Let go of those not seen any more. Must be called now and then also while nobody is seen."""
        self._names = {key: one for key, one in self._names.items() if now - one[1] <= FORGOTTEN}

    def clear(self) -> None:
        self._names = {}

    def __len__(self) -> int:
        """Names that are known still."""
        return len(self._names)


def people_rows(result: FrameResult, room: str, ids: Ephemeral, utc: int) -> tuple[PersonSecond, ...]:
    """A row for each person of the result, without box, landmarks or track."""
    ids.forget(result.captured)
    return tuple(person_row(result, room, ids, utc, person) for person in result.people)


def person_row(result: FrameResult, room: str, ids: Ephemeral, utc: int, person: Person) -> PersonSecond:
    name = ids.name(result.source, person.track.id, result.captured)
    valence = None if person.emotion is None else valence_arousal(person.emotion.probabilities)[0]
    return PersonSecond(room, utc, name, person.label, person.confidence, valence, person.quality)


class PeopleToTimeline:
    """A ResultSink: of each second the first result in which people are seen, as rows. One for each source.

    Raises:
        ConfigError: the purpose does not allow it.
    """

    def __init__(
        self,
        put: Callable[[Row], None],
        room: str,
        purpose: str | None,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if purpose not in ALLOWED:
            raise ConfigError(
                f"single people are kept for the purposes {' and '.join(ALLOWED)} alone, got {purpose or 'none'}; "
                "leave 'people' out of 'timeline', or set it to false"
            )
        self._put, self._room = put, room
        self._calendar, self._ids, self._told = Calendar(clock), Ephemeral(), 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The names are forgotten at once."""
        self._ids.clear()

    def write(self, result: FrameResult) -> None:
        self._ids.forget(result.captured)
        utc = int(self._calendar.label(result.captured))
        if result.people and utc > self._told:
            self._told = utc
            for row in people_rows(result, self._room, self._ids, utc):
                self._put(row)
