"""The way of a round of results to the Hub: rooms, times, threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from streamer.aggregate import Aggregate
from streamer.errors import ConfigError
from streamer.hub import Hub
from streamer.publish.desks import Desk, DirectDesk, GuardedDesk, Signing, SignsDesk
from streamer.publish.rooms import PublishedRoom, aggregate_of
from streamer.purposes import Purpose, infers_emotion
from streamer.types import FrameResult, Person, RoomResult

SILENT = 2.0
"""Seconds after which a source that sends nothing counts no more, as in ``streamer.mood``."""

EVERY = 0.1
"""Seconds between two results of a room at least, unless its numbers come or go."""


class Publisher:
    """``update`` is called in the thread of the analysis; the rest in any. The Hub's listeners are called under a lock:
    they may ask for ``explain`` but for nothing else.

    ``direct``: nobody but the local user can be seen or can connect. ``signs`` makes a room's signs. ``make`` is there
    for measuring the protection.

    Raises:
        ConfigError: ``direct`` for another purpose than self, or a room's rules cannot be kept.
    """

    def __init__(
        self,
        rooms: Sequence[PublishedRoom],
        hub: Hub,
        purpose: Purpose,
        *,
        direct: bool = False,
        signs: Callable[[str], Signing] | None = None,
        make: Callable[[PublishedRoom], Aggregate] = aggregate_of,
    ) -> None:
        if direct and purpose != "self":
            raise ConfigError(f"moods are published as they are for the purpose self alone, got {purpose}")
        if not infers_emotion(purpose) and signs is None:
            raise ConfigError(f"the purpose {purpose} needs signs to publish, got none")
        self._hub, self._lock = hub, threading.Lock()
        self._began: float | None = None
        self._places: dict[str, _Place] = {}
        for room in rooms:
            if signs is not None and not infers_emotion(purpose):
                desk: Desk = SignsDesk(room, signs(room.name))
            else:
                desk = DirectDesk(room) if direct else GuardedDesk(room, make(room))
            self._places[room.name] = _Place(room, desk)

    def update(self, results: Sequence[FrameResult]) -> None:
        """Take in the results of one round, at most one of each source, in the order of their analysis."""
        with self._lock:
            for result in results[:1]:
                self._began = result.captured if self._began is None else self._began
            for place in self._places.values():
                mine = [result for result in results if result.source in place.room.sources]
                if mine:
                    self._say(place, place.take(mine, self._began or 0.0))

    def tick(self, now: float) -> None:
        """Let the numbers of rooms go whose cameras are all silent; ``now``: time.monotonic(), about once a second."""
        with self._lock:
            for place in self._places.values():
                if self._began is not None and place.heard and not place.listening(now - self._began):
                    self._say(place, place.clear(now - self._began))

    def off(self) -> None:
        """Let all numbers go at once: the analysis was switched off. The next update switches it on."""
        with self._lock:
            for place in self._places.values():
                self._publish(replace(place.clear(place.now), paused=True))

    def explain(self, room: str) -> Mapping[str, Any] | None:
        """Where the room's numbers of now come from, in numbers of the whole room; None where it has none."""
        place = self._places.get(room)
        return place.desk.explain() if place else None

    def _say(self, place: _Place, result: RoomResult) -> None:
        if place.due(result):
            self._publish(result)

    def _publish(self, result: RoomResult) -> None:
        self._hub.publish(replace(result, captured=(self._began or 0.0) + result.pts))


class _Place:
    """What is known of one room."""

    def __init__(self, room: PublishedRoom, desk: Desk) -> None:
        self.room, self.desk = room, desk
        self.now = 0.0
        self.heard: dict[str, tuple[float, Sequence[Person]]] = {}
        self._said: RoomResult | None = None

    def listening(self, now: float) -> bool:
        return any(now - at <= SILENT for at, _ in self.heard.values())

    def take(self, results: Sequence[FrameResult], began: float) -> RoomResult:
        for result in results:
            self.now = max(self.now, result.captured - began)
            self.heard[result.source] = self.now, result.people
        self.heard = {source: last for source, last in self.heard.items() if self.now - last[0] <= SILENT}
        people = {source: people for source, (_, people) in self.heard.items()}
        return self.desk.look(people, results[-1].mood, self.now)

    def clear(self, now: float) -> RoomResult:
        self.now, self.heard, self._said = max(now, self.now), {}, None
        return self.desk.look({}, None, self.now)

    def due(self, result: RoomResult) -> bool:
        """Whether this result is to be published now, which is noted."""
        before = self._said
        if before and shows(before) == shows(result) and 0 <= result.pts - before.pts < EVERY:
            return False
        self._said = result
        return True


def shows(result: RoomResult) -> tuple[bool, bool]:
    """Whether there is something to see, and whether there are numbers."""
    mood, signs = result.mood, result.signs
    return mood is not None or signs is not None, mood is not None and mood.valence is not None
