"""The room's slow trend, and the moments in which its valence departs from it: "the room lifted for 40 s, +0.35".

A departure must hold beyond a threshold without a break, and is over only when it is back within half of it for as
long: a double threshold with a least duration. The threshold is at least the half width of the meter's interval, so
that nothing is told which the meter leaves open. A two-sided CUSUM (E. S. Page, "Continuous inspection schemes",
Biometrika 41 (1954) 100–115) was simulated beside it: it finds more of the small, short lifts, but calls many false
moments as soon as the meter's noise is a little larger than it was set for; with a limit that stands that noise it
finds no more than this, and later. tests/test_moments.py holds the rates of this one.

The size of a short moment is what the meter showed of it, so less than it was; one near the threshold begins late.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from streamer.errors import ConfigError
from streamer.types import Moment

LEAST_CHANGE = 0.15
"""A departure of valence that is worth a word, where the meter's interval is not wider."""

UNKNOWN_HALF = 0.1
"""Half the width of the interval where it is not known."""

HOLD = 4.0
"""Seconds for which a departure must last to be a moment, and for which the room must be back to end it."""

LONGEST = 120.0
"""Seconds after which the new level is the new usual."""

BRIDGED = 5.0
"""Seconds without a valence that make no break."""

SETTLING = 10.0
"""Seconds without moments at first, while the trend learns what is usual."""


@dataclass(frozen=True, slots=True)
class MomentRules:
    """``tau``: time constant of the trend in seconds.

    Raises:
        ConfigError: ``tau`` is not within 60…300 seconds.
    """

    tau: float = 120.0

    def __post_init__(self) -> None:
        if not 60 <= self.tau <= 300:
            raise ConfigError(f"tau of the trend must be within 60…300 seconds, got {self.tau}")


def sentence(moment: Moment) -> str:
    """'the room lifted for 40 s, +0.35'; the caller says when."""
    verb = "lifted" if moment.change > 0 else "sank"
    change = f"{moment.change:+.2f}".replace("-", "−")
    return f"the room {verb} for {moment.seconds:.0f} s, {change}"


class Moments:
    """The moments of one room, found as they happen."""

    def __init__(self, rules: MomentRules | None = None) -> None:
        self._usual = _Trend((rules or MomentRules()).tau)
        self._departure: _Departure | None = None
        self._known = -math.inf

    @property
    def trend(self) -> float | None:
        """The slow mean of valence, None before the first. It stands still during a moment."""
        return self._usual.level

    def update(self, valence: float | None, half: float | None, now: float) -> Moment | None:
        """The moment under way, or once the one that just ended; else None.

        ``valence``: the meter's, −1…1, smoothed over seconds, None where it is not known; ``half``: half the width of
        its 80 % interval, None where that is not known; ``now``: room time in seconds, which never falls.
        """
        ended, elapsed = None, now - self._known
        if elapsed > BRIDGED:
            ended, elapsed = self._end(), 0.0
        if valence is not None:
            self._known = now
            threshold = max(LEAST_CHANGE, UNKNOWN_HALF if half is None else half)
            ended = self._take(valence, threshold, now, elapsed) or ended
        return ended or (self._departure.moment() if self._departure else None)

    def _take(self, valence: float, threshold: float, now: float, elapsed: float) -> Moment | None:
        """Let the trend follow what is usual, or the departure what is not; the moment that ends here, if any."""
        if self._usual.level is None or self._usual.age < SETTLING:
            self._usual.follow(valence, elapsed)
            return None
        ended, away = None, valence - self._usual.level
        if self._departure is not None:
            self._departure.follow(away, threshold, now, elapsed)
            if self._departure.is_usual(now):
                self._usual.restart(valence)
                return self._end()
            if self._departure.is_back(now):
                ended = self._end()
        if self._departure is None and abs(away) > threshold / 2:
            self._departure = _Departure(away, threshold, now)
        if self._departure is None or not self._departure.holds_trend:
            self._usual.follow(valence, elapsed)
        return ended

    def _end(self) -> Moment | None:
        ended, self._departure = self._departure, None
        return ended.moment(over=True) if ended else None


class _Trend:
    """An exponential moving average in time that is the running mean at first.

    The weight of the latest is (1 − exp(−elapsed/τ)) / (1 − exp(−age/τ)), so that the weights of all sum to 1 (the
    bias correction of D. P. Kingma, J. Ba, "Adam", https://arxiv.org/abs/1412.6980, section 3, in continuous time).
    """

    def __init__(self, tau: float) -> None:
        self._tau = tau
        self.level: float | None = None
        self.age = 0.0

    def follow(self, value: float, elapsed: float) -> None:
        self.age += elapsed
        if self.level is None or self.age == 0:
            self.level = value
        else:
            self.level += math.expm1(-elapsed / self._tau) / math.expm1(-self.age / self._tau) * (value - self.level)

    def restart(self, value: float) -> None:
        self.level, self.age = value, 0.0


class _Departure:
    """Away from the trend to one side, by more than half the threshold; a moment once it held beyond the threshold.

    It starts where it left the inner half, for a smoothed step passes the threshold late, but at most HOLD before it
    passed the threshold. It reaches to where it was last beyond the threshold and half of its own mean, for a smoothed
    step lingers: it falls to half its height as long after the true end as it took to rise there after the true start.
    """

    def __init__(self, away: float, threshold: float, now: float) -> None:
        self._sign = math.copysign(1.0, away)
        self._left = now
        self._passed: float | None = None  # beyond the threshold without a break since, or at first for a moment
        self._back: float | None = None  # within half the threshold without a break since
        self._last = now
        self._area = self._area_beyond = 0.0
        self._is_moment = False
        self.follow(away, threshold, now, 0.0)

    @property
    def holds_trend(self) -> bool:
        return self._passed is not None

    def follow(self, away: float, threshold: float, now: float, elapsed: float) -> None:
        """Take in how far the room is away from the trend, ``elapsed`` seconds after the last time."""
        size = self._sign * away
        if size > threshold:
            self._go_beyond(size, now, elapsed)
        else:
            self._area += size * elapsed
            if not self._is_moment:
                self._passed = None
        if size > threshold / 2:
            self._back = None
        elif size < -threshold / 2:
            self._back = -math.inf  # away to the other side: nothing to wait for
        elif self._back is None:
            self._back = now

    def _go_beyond(self, size: float, now: float, elapsed: float) -> None:
        if self._passed is None:
            self._passed, self._area = now, 0.0
        else:
            self._area += size * elapsed
        if 2 * size * (now - self._passed) >= self._area:
            self._last, self._area_beyond = now, self._area
        self._is_moment = self._is_moment or now - self._passed >= HOLD - 1e-6

    def is_back(self, now: float) -> bool:
        return self._back is not None and now - self._back >= (HOLD - 1e-6 if self._is_moment else 0.0)

    def is_usual(self, now: float) -> bool:
        """Whether it lasted so long that it is no departure any more."""
        return self._is_moment and now - self._start >= LONGEST - 1e-6

    @property
    def _start(self) -> float:
        return self._left if self._passed is None else max(self._left, self._passed - HOLD)

    def moment(self, *, over: bool = False) -> Moment | None:
        """None where it did not hold long enough to be one."""
        if not self._is_moment or self._passed is None:
            return None
        change = self._sign * self._area_beyond / (self._last - self._passed)
        return Moment(self._start, self._last - self._start, change, over)
