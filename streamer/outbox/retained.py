"""What a broker keeps of each room: its newest second, and how Home Assistant finds it."""

from __future__ import annotations

import contextlib

from streamer.outbox.broker import Broker
from streamer.outbox.entries import entry_of
from streamer.outbox.topics import Topics
from streamer.timeline.rows import Second


class Retained:
    """A room is told when it is new to the broker, and then at most each ``every`` seconds."""

    def __init__(self, topics: Topics, broker: Broker, every: float) -> None:
        self._topics, self._broker, self._every = topics, broker, every
        self._newest: dict[str, str] = {}
        self._told: dict[str, tuple[float, str]] = {}

    def note(self, second: Second) -> None:
        with contextlib.suppress(ValueError):  # cannot be told; the one before stands
            entry = entry_of(second)
            if entry is not None:
                self._newest[second.room] = entry.payload

    def tell(self, now: float) -> float | None:
        """Tell what is due at ``now`` (monotonic seconds): the seconds until something else is, None for nothing."""
        if not self._broker.connected:
            return None
        if self._broker.fresh.is_set():
            self._broker.fresh.clear()
            self._told.clear()
        waits = [self._tell(room, text, now) for room, text in self._newest.items()]
        return min((wait for wait in waits if wait is not None), default=None)

    def _tell(self, room: str, text: str, now: float) -> float | None:
        told = self._told.get(room)
        if told is None:
            for topic, config in self._topics.announced(room, self._every):
                self._broker.tell(topic, config)
        elif told[1] == text:
            return None
        elif now - told[0] < self._every:
            return self._every - (now - told[0])
        self._broker.tell(self._topics.state(room), text)
        self._told[room] = now, text
        return None
