"""Values that jump, but only once they have stayed: what is written must be read, and does not flicker."""

from __future__ import annotations

from typing import Generic, TypeVar

T = TypeVar("T")

HOLD = 0.5
"""Seconds for which a new value must stay the same before it is shown."""


class Held(Generic[T]):
    """One value; None while there is nothing to show. The very first value and None are taken at once."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._next: T | None = None
        self._since = 0.0
        self._begun = False

    def step(self, target: T | None, pts: float) -> T | None:
        """The value to show at ``pts``, media time in seconds."""
        if target != self._next:
            self._next, self._since = target, pts
        # Sums of frame times miss half a second by a rounding error.
        if target is None or not self._begun or pts - self._since >= HOLD - 1e-6:
            self._value = target
        self._begun = self._begun or target is not None
        return self._value
