"""What of a room's mood may leave the process: never a number of fewer than ``least`` people, and none so exact that
the numbers before and after somebody leaves give that person away.

A mood and its members → noise that belongs to this set of people → smoothing → freezing → rounding → RoomResult.
The noise is added first and takes the same way through time as the votes do, so everything that is published, at any
moment, is made of the noisy means alone: neither a transition nor its smoothing shows more than these.
"""

from __future__ import annotations

import hashlib
import hmac
import math
import secrets
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.errors import ConfigError
from streamer.types import GroupMood, RoomResult

Numbers: TypeAlias = NDArray[np.float64]
"""(13,): the eight shares, valence, arousal, dispersion, how far the interval reaches below valence and above it;
NaN where a number is not known."""

TYPICAL = np.array([0.45, 0.22, 0.05, 0.14, 0.05, 0.03, 0.03, 0.03])
"""How often people show each label (order of ``streamer.emotions.LABELS``), set by us with more of the unpleasant than
is common. The noise is spread over the labels as people are: then no share says more of a person than another does."""

SPREAD = (0.50, 0.31)
"""Standard deviation of valence and arousal between such people (by ``streamer.emotions.CIRCUMPLEX``)."""

SPREAD_OF_DISPERSION = 0.32
"""How much one person moves the dispersion, times the number of people: s / √2 for normal votes of deviation s."""

OF_ROOM = 0.4
"""Share of the noise's variance that belongs to the room alone; the rest belongs to the set of people in it."""

WIDTH = 1.2816
"""Half the width of an 80 % interval of a normal distribution, in standard deviations."""

LEAST = 3
"""No rule may show fewer people than these."""

LONGEST = 3
"""Where people keep coming and going, all stands still for no longer than so many smoothing times in a row."""


@dataclass(frozen=True, slots=True)
class AggregateRules:
    """``least`` people for any number; numbers in steps of ``step``, counts in steps of ``band`` (rounded down);
    ``smoothing``: time constant in seconds, also the time for which all stands still when membership changes.
    ``noise``: how much is added, in people: 1 is as much as one more person, unknown to everybody, would bring in.
    0 takes the protection away and is there for measuring it. ``tau``: that of the MoodRules which made the moods.
    ``double``: as how many members one person may count, where several cameras see the same people.

    Raises:
        ConfigError: ``least``, ``band`` or ``double`` is too small, ``smoothing`` or ``tau`` is not above 0, ``noise``
            is below 0, 1 is no multiple of ``step``.
    """

    least: int = 5
    step: float = 0.05
    smoothing: float = 10.0
    noise: float = 0.7
    band: int = 5
    tau: float = 5.0
    double: int = 1

    def __post_init__(self) -> None:
        if self.least < LEAST:
            raise ConfigError(f"least must be {LEAST} people or more, got {self.least}: fewer would show a person")
        for name in ("band", "double"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 person or more, got {getattr(self, name)}")
        if not 0 < self.step <= 0.5 or abs(1 / self.step - round(1 / self.step)) > 1e-6:
            raise ConfigError(f"step must go into 1 a whole number of times (0.05, 0.1, 0.25 …), got {self.step}")
        for name in ("smoothing", "tau"):
            if not 0 < getattr(self, name) < math.inf:
                raise ConfigError(f"{name} must be above 0 seconds, got {getattr(self, name)}")
        if not 0 <= self.noise < math.inf:
            raise ConfigError(f"noise must be 0 people or more, got {self.noise}")


class Aggregate:
    """What of one room may be published, from the room's moods in the order of time.

    ``secret``: key of the noise, 16 bytes or more; by default new ones that nobody knows. Who has it can take the
    noise away. ``points``: valence and arousal of each label, (8, 2); without them no shares are published, because
    they would tell of valence a second time, with noise of their own. ``lasting``: key of the part of the
    noise that belongs to the room; the same in all runs, or it averages out over many; by default ``secret``.

    Raises:
        ConfigError: ``secret``, ``lasting`` or ``points`` is too short.
    """

    def __init__(
        self,
        room: str,
        rules: AggregateRules | None = None,
        *,
        secret: bytes | None = None,
        points: Sequence[tuple[float, float]] | None = None,
        lasting: bytes | None = None,
    ) -> None:
        self._room = room
        self._rules = rules or AggregateRules()
        self._noise = _Noise(room, (secret, lasting), points)
        self._shares = points is not None
        self._start_anew(math.inf)

    @property
    def rules(self) -> AggregateRules:
        return self._rules

    def update(
        self, mood: GroupMood | None, members: Collection[Hashable], sources: Sequence[str], now: float
    ) -> RoomResult:
        """What may be published of this mood, made of the votes of ``members``; ``now`` in seconds.

        ``members`` differ from each other in their repr (a source and a track's id), and each keeps its own. The
        result has no mood where there are fewer than ``least`` people, and it does not tell so from nobody at all.
        Counts are those of at least so many people, coverage is in quarters; what speaks of single people (cohesion,
        and all fields of GroupMood that are not named here) is left out.
        """
        shown = self._look(mood, frozenset(members), now)
        return RoomResult(self._room, now, shown, tuple(sources))

    def _start_anew(self, now: float) -> None:
        self._now = now
        self._members: frozenset[Hashable] | None = None
        self._drawn = np.zeros(len(TYPICAL) + 5)
        self._following = _Average(self._rules.tau)
        self._hide(None)

    def _hide(self, shown: GroupMood | None) -> None:
        """Show this instead of numbers, and let nothing that was not shown colour what is shown later."""
        self._smoothed = _Average(self._rules.smoothing)
        self._shown = shown
        self._frozen: float | None = self._now
        self._thaw = self._now + self._rules.smoothing

    def _surely(self, members: int) -> int:
        """So many different people at least."""
        return -(-members // self._rules.double)

    def _look(self, mood: GroupMood | None, members: frozenset[Hashable], now: float) -> GroupMood | None:
        if mood is None or now < self._now:
            self._start_anew(now)
        self._now = now
        if mood is None:
            return None
        over = self._frozen is not None and now >= self._thaw
        if over:
            self._frozen = None
        if members != self._members:
            self._change(members)
        numbers = self._disturbed(mood)
        if self._surely(min(len(members), mood.used)) < self._rules.least:
            self._hide(None)
        elif numbers is None:
            self._hide(self._published(mood, None))
        else:
            smoothed = self._smoothed.add(numbers, now)
            if over or self._frozen is None:
                self._shown = self._published(mood, smoothed)
        return self._shown

    def _change(self, members: frozenset[Hashable]) -> None:
        """Other members: stand still, and take the noise that belongs to them."""
        if self._frozen is None:
            self._frozen = self._now
        self._thaw = min(self._now, self._frozen + (LONGEST - 1) * self._rules.smoothing) + self._rules.smoothing
        count = max(1, len(members))
        self._members = members
        self._drawn = self._noise.of(members, self._surely(count)) * (self._rules.noise * self._rules.double / count)
        self._drawn[-2:] = self._drawn[-3] * WIDTH / math.sqrt(count)

    def _disturbed(self, mood: GroupMood) -> Numbers | None:
        """The mood's numbers with the noise of its members, which comes and goes as the members' votes do."""
        if mood.valence is None:
            return None
        numbers = _numbers(mood)
        count = max(1, len(self._members or ()))
        noise = self._rules.noise * self._rules.double
        numbers[-2:] = np.hypot(numbers[-2:], WIDTH * SPREAD[0] * noise / count)
        return numbers + self._following.add(self._drawn, self._now)

    def _published(self, mood: GroupMood, numbers: Numbers | None) -> GroupMood:
        """A new mood of the known fields alone: a field that is added to GroupMood does not leave by itself."""
        band, least = self._rules.band, self._rules.least
        people, used = (max(least, self._surely(count) // band * band) for count in (mood.people, mood.used))
        coverage = round(4 * mood.coverage) / 4
        blank = GroupMood(people, used, None, None, None, None, None, None, coverage, 0.0)
        if numbers is None:
            return blank
        step = self._rules.step
        valence, arousal, dispersion, below, above = numbers[-5:].tolist()
        return replace(
            blank,
            valence=_rounded(valence, step),
            arousal=None if math.isnan(arousal) else _rounded(arousal, step),
            interval=None if math.isnan(below + above) else _outward(valence - below, valence + above, step),
            shares=None if not self._shares or np.isnan(numbers[:-5]).any() else _shared_out(numbers[:-5], step),
            dispersion=None if math.isnan(dispersion) else _rounded(dispersion, step, 0),
            window=2 * (self._rules.smoothing + self._rules.tau),
        )


class _Noise:
    """Normal numbers that look random to all who do not have the secret, and that are the same for the same people.

    A part belongs to the set of people. Whoever goes and comes back is new to the tracker, so this part is new each
    time, and over many such rounds its mean goes to 0. The other part therefore belongs to the room alone, and changes
    its sign with each person more or less: it never averages out. But somebody who knows his own mood can learn it
    by going out himself: from him the first part protects.
    """

    def __init__(self, room: str, keys: tuple[bytes | None, ...], points: Sequence[tuple[float, float]] | None) -> None:
        """``keys``: of the set's part and of the room's."""
        for secret in keys:
            if secret is not None and len(secret) < 16:
                raise ConfigError(f"secret must have 16 bytes or more, got {len(secret)}")
        if points is not None and len(points) != len(TYPICAL):
            raise ConfigError(f"points must be {len(TYPICAL)} pairs of valence and arousal, got {len(points)}")
        self._room = room
        self._secret = keys[0] or secrets.token_bytes(32)
        self._lasting = keys[1] or self._secret
        self._points = None if points is None else np.array(points)

    def of(self, members: Collection[Hashable], people: int) -> Numbers:
        """(13,) of about the spread that one person's numbers have; the last two are 0."""
        of_set = self._normal(self._secret, "set", *sorted(map(repr, members)))
        of_room = self._normal(self._lasting, "room") * (-1) ** people
        return self._like_people(math.sqrt(1 - OF_ROOM) * of_set + math.sqrt(OF_ROOM) * of_room)

    def _normal(self, secret: bytes, *words: str) -> Numbers:
        """(11,) independent standard normal numbers."""
        message = "\0".join((self._room, *words)).encode()
        seed = hmac.digest(secret, message, hashlib.sha256)
        return np.random.default_rng(int.from_bytes(seed, "big")).standard_normal(len(TYPICAL) + 3)

    def _like_people(self, normal: Numbers) -> Numbers:
        """Shares with the covariance of one draw from TYPICAL, diag(p) − p pᵀ, and the valence and arousal of these."""
        root = np.sqrt(TYPICAL)
        shares = root * normal[:-3] - TYPICAL * (root @ normal[:-3])
        place = SPREAD * normal[-3:-1] if self._points is None else shares @ self._points
        dispersion = SPREAD_OF_DISPERSION * normal[-1]
        return np.array([*shares, *place, dispersion, 0, 0])


class _Average:
    """Exponential moving averages in time; the first numbers are taken as they are. NaN: not known."""

    def __init__(self, tau: float) -> None:
        self._tau = tau
        self._numbers: Numbers | None = None
        self._moved = 0.0

    def add(self, numbers: Numbers, now: float) -> Numbers:
        """The averages with these numbers: mean + (1 − exp(−elapsed/τ)) (numbers − mean), whatever the frame rate."""
        if self._numbers is not None:
            old = np.where(np.isnan(self._numbers), numbers, self._numbers)
            numbers = old - math.expm1((self._moved - now) / self._tau) * (numbers - old)
        self._numbers, self._moved = numbers, now
        return numbers


def _numbers(mood: GroupMood) -> Numbers:
    below, above = math.nan, math.nan
    if mood.interval is not None and mood.valence is not None:
        below, above = mood.valence - mood.interval[0], mood.interval[1] - mood.valence
    shares = mood.shares or (math.nan,) * len(TYPICAL)
    single = (math.nan if number is None else number for number in (mood.valence, mood.arousal, mood.dispersion))
    return np.array([*shares, *single, below, above])


def _rounded(number: float, step: float, least: float = -1.0) -> float:
    """The nearest multiple of the step within ``least``…1."""
    return max(least, min(round(round(number / step) * step, 9), 1.0)) + 0.0  # + 0.0 makes 0 of −0


def _outward(low: float, high: float, step: float) -> tuple[float, float]:
    """The interval's next steps outside, within −1…1."""
    down, up = math.floor(round(low / step, 6)), math.ceil(round(high / step, 6))
    return _rounded(down * step, step), _rounded(up * step, step)


def _shared_out(shares: Numbers, step: float) -> tuple[float, ...]:
    """Multiples of the step that sum to 1: each rounded down, what is left to those that lost most."""
    positive = np.clip(shares, 1e-9, None)
    units = positive / positive.sum() / step
    whole = np.floor(units)
    left = round(1 / step) - int(whole.sum())
    whole[np.argsort(whole - units, kind="stable")[:left]] += 1
    return tuple(round(unit * step, 9) for unit in whole.tolist())
