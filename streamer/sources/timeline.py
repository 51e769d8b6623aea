"""Media time that can be relied upon, from timestamps that cannot."""

from __future__ import annotations

RESTART = 4
"""Average frames: a step back by more is a new count of timestamps (joined recordings), by less one out of order."""

NUDGE = 1 / 8
"""Of a frame's duration: by how much a repeated or slightly backward timestamp is put after the one before. Small, so
that a file whose every timestamp comes twice still has its true length."""


class Timeline:
    """Seconds from 0, strictly rising.

    True timestamps pass as they are, less the first one. A missing one is set one average frame after the one before,
    a repeated or slightly backward one an eighth of that; after a step back by more than RESTART the new count goes on
    one average frame after the old one.
    """

    def __init__(self, rate: float | None) -> None:
        """``rate``: average frames a second; 25 stands in for an unknown or senseless one."""
        self._step = 1 / rate if rate is not None and 0.1 <= rate <= 1000 else 1 / 25
        self._origin: float | None = None
        self._last: float | None = None

    def at(self, timestamp: float | None) -> float:
        """The media time of the next frame, whose own timestamp in seconds is given; None where it has none."""
        self._last = self._place(timestamp)
        return self._last

    def _place(self, timestamp: float | None) -> float:
        if self._last is None:
            self._origin = timestamp
            return 0.0
        following = self._last + self._step
        if timestamp is None:
            return following
        if self._origin is None:
            self._origin = timestamp - following
        seconds = timestamp - self._origin
        if seconds > self._last:
            return seconds
        if self._last - seconds > RESTART * self._step:
            self._origin = timestamp - following
            return following
        return self._last + self._step * NUDGE
