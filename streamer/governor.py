"""How much less is done where there is no time for all of it: one ladder for all live cameras of an analysis thread.

Whoever comes late to the box takes the newest picture, so no delay can pile up; what the ladder decides is how much is
done with a picture. It is climbed at once, as soon as the work at hand would take more than its share of the thread, or
results are late; it is descended one rung at a time, when the work of the rung below would fit for certain and nothing
was late for a while. A rung that did not hold is tried again ever later, so that nothing flickers.

No clock: times are given.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median

LOAD, EASY = 0.8, 0.65
"""Share of the thread that the work may take, and that the next rung down may be expected to take."""

BUSY = 0.4
"""Share below which late results are not the analysis' doing, so that less of it would not help."""

WINDOW = 1.0
"""Seconds of results whose ages count."""

LATE, FEW = 0.05, 3
"""Results are late when more than this share of the window's, and at least so many, are over the bound: then the 95th
percentile is."""

PROOF = 0.5
"""Seconds that a rung has before late results lead to the next."""

HOLD, LONGEST_HOLD = 2.0, 60.0
"""Seconds without trouble before a rung is left downwards; doubled each time that this proves to be too early."""

EARLY, SETTLED = 10.0, 30.0
"""Trouble within EARLY seconds of a descent means that it was too early; SETTLED without any, that all is well."""

WAVERING = 0.1
"""Share by which the time between two frames may be off."""

AWAY = 2.0
"""Seconds without a result after which a camera asks for nothing."""

SELDOM = 1.0
"""Seconds between two readings of a face that no rung goes beyond, unless the configuration itself does: a reading of
2 s ago counts no more (``streamer.labels.LabelRules.stale``)."""


@dataclass(frozen=True, slots=True)
class Rung:
    """``look``: seconds between two detections of a camera, 0 for each frame; ``stretch``: by how much the interval
    between two readings of a face is longer; ``pace``: seconds between two frames that are analysed, 0 for each."""

    look: float = 0.0
    stretch: float = 1.0
    pace: float = 0.0


LADDER = (
    Rung(),
    Rung(1 / 15),
    Rung(1 / 10),
    Rung(2 / 15),
    Rung(1 / 5, 2),
    Rung(3 / 10, 2),
    Rung(2 / 5, 4),
    Rung(1 / 2, 4),
    Rung(1 / 2, 4, 1 / 15),
    Rung(1 / 2, 4, 1 / 8),
)
"""In seconds, so that all cameras are looked at equally often, whatever their rates: the fastest gives way first. Looks
give way first, as a face between two looks is still followed; no rung looks less often than twice a second, since a
face that is only followed soon counts no more (``streamer.mood.MoodRules.oldest_unseen``)."""


def frames(seconds: float, period: float) -> int:
    """How many frames of ``period`` seconds make up so many seconds, but for a sixth of one; at least 1."""
    return 1 if period <= 0 else max(1, math.ceil(seconds / period - 1 / 6))


class Typical:
    """The median of the last few values: one that is out of line changes nothing. 0 before the first."""

    def __init__(self, kept: int) -> None:
        self._values: deque[float] = deque(maxlen=kept)
        self.value = 0.0

    def add(self, value: float) -> None:
        self._values.append(value)
        self.value = median(self._values)


class Load:
    """What one camera asks of the analysis thread.

    ``interval``: seconds between two readings of a face as configured; ``fixed``: detect on each k-th frame whatever
    the rung. ``period``: seconds between two frames, set by ``gap``; ``faces``: how many there are, those in doubt
    counted twice, as they are read twice as often; ``heard``: when the latest result was out.
    """

    def __init__(self, interval: float, fixed: int | None = None) -> None:
        self.interval, self.fixed = interval, fixed
        self.period, self.faces, self.heard = 0.0, 0, -math.inf
        self.look, self.rest, self.face = Typical(5), Typical(15), Typical(5)
        self._gap = Typical(15)

    def gap(self, seconds: float) -> None:
        """Take in the time between two frames. One that only wavers does not move the period, on which all hangs."""
        self._gap.add(seconds)
        if abs(self._gap.value - self.period) > WAVERING * self.period:
            self.period = self._gap.value

    def every(self, rung: Rung) -> int:
        """Detect on each k-th frame."""
        return frames(rung.look, self.period) if self.fixed is None else self.fixed

    def skip(self, rung: Rung) -> int:
        """Analyse each k-th frame."""
        return frames(rung.pace, self.period)

    def reading(self, rung: Rung) -> float:
        """Seconds between two readings of a face."""
        return max(self.interval, min(SELDOM, self.interval * rung.stretch))

    def share(self, rung: Rung) -> float:
        """Of the thread's time, 0 before anything is known; above 1 for what cannot be."""
        if self.period <= 0:
            return 0.0
        skip = self.skip(rung)
        analysed = 1 / (self.period * skip)
        looks = 1 / (self.period * max(skip, self.every(rung)))
        readings = self.faces / self.reading(rung)
        return analysed * self.rest.value + looks * self.look.value + readings * self.face.value


class Governor:
    """Keeps the results of all its cameras within ``target`` seconds of their capture, as far as that can be done by
    doing less. ``level``: the number of the rung, 0 where everything is done as configured."""

    def __init__(self, target: float = 0.1) -> None:
        self.target, self.level = target, 0
        self._loads: list[Load] = []
        self._ages: deque[tuple[float, float]] = deque()
        self._changed, self._eased, self._hold = -math.inf, False, HOLD

    @property
    def rung(self) -> Rung:
        return LADDER[self.level]

    def join(self, load: Load) -> None:
        """Count one more camera in."""
        self._loads.append(load)

    def arrived(self, now: float, age: float) -> None:
        """A result was out at ``now``, ``age`` seconds after its frame's capture."""
        if now < self._changed:  # another clock: what is remembered of the old one means nothing
            self._changed = -math.inf
            self._ages.clear()
        self._ages.append((now, age))
        since = max(now - WINDOW, self._changed)
        while self._ages[0][0] < since:
            self._ages.popleft()
        loads = [load for load in self._loads if now - load.heard <= AWAY]
        busy, late = share(loads, self.level), self._late(loads)
        if busy > LOAD:
            self._shed(now, next((n for n in self._above() if share(loads, n) <= LOAD), len(LADDER) - 1))
        elif late and busy > BUSY and now - self._changed >= PROOF:
            self._shed(now, min(self.level + 1, len(LADDER) - 1))
        elif self.level and not late and now - self._changed >= self._hold and share(loads, self.level - 1) <= EASY:
            self._ease(now)

    def _above(self) -> range:
        return range(self.level + 1, len(LADDER))

    def _late(self, loads: list[Load]) -> bool:
        """Whether the 95th percentile is over the bound: the target or, where that takes longer, what a frame of each
        camera with one look or one reading takes, as doing them less often makes none of them shorter."""
        least = sum(load.rest.value for load in loads)
        least += max((max(load.look.value, load.face.value) for load in loads), default=0.0)
        bound = max(self.target, 1.25 * least)
        late = sum(age > bound for _, age in self._ages)
        return late >= FEW and late > LATE * len(self._ages)

    def _shed(self, now: float, level: int) -> None:
        if level == self.level:
            return
        if self._eased and now - self._changed < EARLY:
            self._hold = min(LONGEST_HOLD, 2 * self._hold)
        self.level, self._changed, self._eased = level, now, False

    def _ease(self, now: float) -> None:
        if now - self._changed >= max(SETTLED, 2 * self._hold):
            self._hold = HOLD
        self.level, self._changed, self._eased = self.level - 1, now, True


def share(loads: list[Load], level: int) -> float:
    """Of the thread's time that these cameras ask for on a rung."""
    return sum(load.share(LADDER[level]) for load in loads)
