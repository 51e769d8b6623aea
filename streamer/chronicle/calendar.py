"""The wall clock as a label that never goes back."""

from __future__ import annotations

from collections.abc import Callable

SLOWED = 0.9
"""How fast the labels go on while they are ahead of a wall clock that was set back."""


class Calendar:
    """Seconds since 1970 that never fall, for one thread at a time.

    A clock that is set forward is followed at once. One that is set back is not: the labels go on from where they were
    at nine tenths of the speed until the clock has caught up (a step of a minute takes ten), as adjtime(3) slews a
    clock. So rows keep their order, none is written over one of another time, and none is left out.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._label = 0.0
        self._last: tuple[float, float] | None = None  # the own time and the label of the last event that had both

    def label(self, own: float | None = None) -> float:
        """The label of now; ``own``: the event's own time in seconds on a clock that is never set, None where it has
        none, always the same clock. Between two events without one the labels may stand still."""
        slowed = 0.0
        if own is not None and self._last is not None:
            slowed = self._last[1] + SLOWED * (own - self._last[0])
        self._label = max(self._clock(), self._label, slowed)
        if own is not None:
            self._last = own, self._label
        return self._label
