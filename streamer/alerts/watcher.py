"""Whether rules hold, second by second, on what is published: smoothed, corrected, with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from streamer.alerts.quantities import Quantity
from streamer.alerts.rules import Rule
from streamer.occurrences import Alert, identity
from streamer.timeline.rows import Second

GAP = 3.0
"""Seconds without the number that make no break."""

BACK = 10.0
"""Seconds for which a number must be back within for the next alert, or as long as the rule's own, if that is less."""

ABSENT = 60.0
"""Seconds without the number after which whatever comes is another episode."""

WORDS = {"<": "below", "<=": "at or below", ">": "above", ">=": "at or above"}


class Watcher:
    """All rules in all rooms.

    A rule fires when it has held for its whole time without a break, once in an episode: it fires again only when its
    cooldown is over and the number has been back within, by the quantity's band, for a while. What begins during the
    cooldown and still holds at its end is told then.
    """

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._episodes: dict[tuple[str, str], _Episode] = {}

    def update(self, second: Second, at: float | None = None) -> tuple[Alert, ...]:
        """The alerts that this second sets off. ``at``: the time to measure by, in seconds, which should not fall
        within a room; the second's own label where there is none."""
        now = float(second.utc) if at is None else at
        return tuple(self._fired(second, now))

    def _fired(self, second: Second, now: float) -> Iterator[Alert]:
        for rule in self._rules:
            if rule.room not in (None, second.room):
                continue
            episode = self._episodes.setdefault((rule.name, second.room), _Episode(rule))
            value = known(rule, second)
            if value is not None and episode.follow(holds(rule, second, value), rule.condition.is_back(value), now):
                yield alert(rule, second, value, now - episode.began)


class _Episode:
    """One rule in one room; times in seconds."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule
        self._began: float | None = None  # it holds since
        self._back: float | None = None  # it is back within since
        self._fired, self._known = -math.inf, -math.inf
        self._armed = True

    @property
    def began(self) -> float:
        return self._known if self._began is None else self._began

    def follow(self, holds: bool, is_back: bool, now: float) -> bool:
        """Whether it fires now."""
        if not 0 <= now - self._known <= GAP:
            self._armed = self._armed or not 0 <= now - self._known <= ABSENT
            self._began = self._back = None
        self._known = now
        self._began = (now if self._began is None else self._began) if holds else None
        self._back = (now if self._back is None else self._back) if is_back else None
        if self._back is not None and now - self._back >= min(BACK, self._rule.hold):
            self._armed = True
        return self._fires(now)

    def _fires(self, now: float) -> bool:
        if self._began is None or not self._armed:
            return False
        if now - self._began < self._rule.hold - 1e-6 or now - self._fired < self._rule.cooldown - 1e-6:
            return False
        self._fired, self._armed = now, False
        return True


def known(rule: Rule, second: Second) -> float | None:
    """The number that the rule is about; None where it is not known, or of too few people."""
    seen = second.mood or second.signs
    if seen is None or seen.people < rule.people:
        return None
    return rule.condition.quantity.of(second)


def interval_of(quantity: Quantity, second: Second) -> tuple[float, float] | None:
    """The 80 % interval; valence alone has one."""
    return second.mood.interval if second.mood is not None and quantity.name == "valence" else None


def holds(rule: Rule, second: Second, value: float) -> bool:
    """Whether it is beyond the threshold; where it must be sure, with its whole interval."""
    condition = rule.condition
    if not rule.sure or condition.quantity.name != "valence":
        return condition.holds(value)
    interval = interval_of(condition.quantity, second)
    return interval is not None and condition.holds(interval[1] if condition.below else interval[0])


def alert(rule: Rule, second: Second, value: float, seconds: float) -> Alert:
    interval, seen = interval_of(rule.condition.quantity, second), second.mood or second.signs
    people = seen.people if seen is not None else 0
    reason = sentence(rule, value, interval, people, seconds)
    name = identity("alert", second.room, rule.name, second.utc)
    return Alert(name, second.room, float(second.utc), rule.name, reason, value, interval, people)


def sentence(rule: Rule, value: float, interval: tuple[float, float] | None, people: int, seconds: float) -> str:
    """'valence with its whole 80 % interval has been below −0.40 for 60 s: −0.62 now (−0.75…−0.48), 12 people seen'."""
    condition = rule.condition
    count = condition.quantity.is_count
    whole = " with its whole 80 % interval" if rule.sure and interval else ""
    band = "" if interval is None else f" ({number(interval[0])}…{number(interval[1])})"
    return (
        f"{condition.quantity.name}{whole} has been {WORDS[condition.operator]} {number(condition.threshold, count)} "
        f"for {seconds:.0f} s: {number(value, count)} now{band}, {people} people seen"
    )


def number(value: float, count: bool = False) -> str:
    return (f"{value:g}" if count else f"{value:.2f}").replace("-", "−")
