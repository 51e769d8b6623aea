"""What a report says of a course, in sentences: what was seen and how sure that is, never why."""

from __future__ import annotations

from streamer.session_report.gathered import Gathered
from streamer.session_report.local_time import clock
from streamer.timeline.answers import Bucket
from streamer.trends.certainty import LEVEL
from streamer.trends.changes import LEAST_SIZE, LEAST_SPAN, Change
from streamer.trends.marks import Aftermath
from streamer.trends.words import lasted, percent, signed

CLEARLY, RATHER = 0.5, 0.15
"""Valence from which on the expressions are called so."""

ALL_OF_IT = 0.995
"""Share from which on a part is called the whole."""


def share(value: float | None) -> str:
    """'41 %', '–' where it is not known; 'under 1 %' and 'over 99 %' for what is neither none nor all."""
    if value is None:
        return "–"
    if 0 < value < 0.005:
        return "under 1 %"
    return "over 99 %" if ALL_OF_IT <= value < 1 else f"{100 * value:.0f} %"


def number(value: float | None) -> str:
    return "–" if value is None else signed(value)


def interval(low: float | None, high: float | None) -> str:
    return "–" if low is None or high is None else f"{signed(low)} to {signed(high)}"


def people(value: float | None) -> str:
    """'8', '7.5'"""
    return "–" if value is None else f"{value:.1f}".removesuffix(".0")


def counted(number: int, word: str, plural: str = "") -> str:
    return f"{number} {word if number == 1 else plural or f'{word}s'}"


def average(whole: Bucket) -> str:
    """How the room was on average, in one sentence."""
    value = whole.valence or 0.0
    told = f"valence **{number(value)}** on a scale from −1 (unpleasant) to +1 (pleasant)"
    if whole.low is None or whole.high is None:
        return f"On average the visible expressions were {mood_word(value)}: {told}."
    told = f"On average the visible expressions were {mood_word(value)}: {told}, 80 % interval {between(whole)}."
    sides = abs(value) >= RATHER and whole.low < 0 < whole.high
    return f"{told} The interval does not rule out the other side." if sides else told


def between(whole: Bucket) -> str:
    return interval(whole.low, whole.high)


def mood_word(value: float) -> str:
    """Of the word that the page shows, ``value`` rounded as it is shown."""
    value = round(value, 2)
    if abs(value) < RATHER:
        return "neither pleasant nor unpleasant"
    side = "pleasant" if value > 0 else "unpleasant"
    return f"{'clearly' if abs(value) >= CLEARLY else 'rather'} {side}"


def smiling(whole: Bucket) -> str:
    """The same of signs."""
    parts = {
        "smiled": whole.smile,
        "frowned": whole.frown,
        "nodded": whole.nod,
        "shook their heads": whole.shake,
        "faced the camera": whole.facing,
    }
    told = [f"**{share(value)}** {verb}" for verb, value in parts.items() if value is not None]
    return f"Of the people seen, on average {listed(told)} at a time."


def listed(parts: list[str]) -> str:
    """'a, b and c'"""
    return " and ".join(part for part in (", ".join(parts[:-1]), *parts[-1:]) if part)


def movement(found: Gathered, changes: tuple[Change, ...]) -> str:
    """Whether it rose, fell or stayed."""
    what = "The mood" if found.emotions else "The share who smile"
    if found.known < LEAST_SPAN:
        return (
            f"{what}: too short to tell a lasting change from chance, which takes {LEAST_SPAN / 60:.0f} minutes with "
            "numbers."
        )
    if not changes:
        return f"{what} stayed **steady**: no lasting change can be told from chance. A slow drift does not show so."
    first, last = changes[0].before, changes[-1].after
    ends = f"{level(found, first)} at first and {level(found, last)} at last"
    between = counted(len(changes), "lasting change")
    if abs(last - first) < LEAST_SIZE:
        return f"{what} **ended near where it began**, with {ends}, and {between} in between."
    return f"{what} **{'rose' if last > first else 'fell'}**, with {ends}; {between} can be told from chance."


def level(found: Gathered, value: float) -> str:
    return signed(value) if found.emotions else share(value)


def step(found: Gathered, value: float | None) -> str:
    """A change: '+0.35', or of shares '+12 points'."""
    if value is None:
        return "–"
    return signed(value) if found.emotions else f"{100 * value:+.0f} points".replace("-", "−").replace("+0 ", "0 ")


def of_change(found: Gathered, change: Change) -> str:
    """'**14:32**: up, +0.35, from +0.05 to +0.40 for 12 min'"""
    way = "up" if change.size > 0 else "down"
    ends = f"from {level(found, change.before)} to {level(found, change.after)}"
    size = step(found, change.size)
    return f"**{clock(change.utc, found.zone)}**: {way}, {size}, {ends} for {lasted(change.seconds)}"


def followed(one: Aftermath) -> str:
    """What came after a mark, in the words of the table."""
    if one.change is None:
        return "not enough numbers around it"
    if one.p is None:
        return "too short to tell from chance"
    told = "no more than at other times"
    if one.changed:
        told = "higher after it" if one.change.value > 0 else "lower after it"
        if one.half is not None:
            told += f", half of it within {lasted(one.half)}" if one.half else ", half of it at once"
    return f"{told}; other marks near" if one.overlaps else told


def usual(found: Gathered, one: Aftermath) -> str:
    """The range of what LEVEL of the other times change by, '–' where it is not known."""
    change = one.change
    if change is None or change.high is None:
        return "–"
    wide = change.high - change.value
    return f"±{wide:.2f}" if found.emotions else f"±{100 * wide:.0f} points"


LEVEL_WORD = percent(LEVEL)
