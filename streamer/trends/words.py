"""Each finding as one calm sentence: what was seen and how sure, never why. Times of day are those of ``zone``."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo

from streamer.timeline.answers import Bucket
from streamer.trends.aggregates import DAY, HOUR
from streamer.trends.certainty import LEVEL, Estimate
from streamer.trends.changes import Change
from streamer.trends.comparing import Comparison
from streamer.trends.contagion import Following
from streamer.trends.marks import Aftermath


def of_change(change: Change, zone: tzinfo = UTC) -> str:
    """'14:32: the room lifted, +0.35 for 40 s, confidence 96 %'"""
    lasting = f"{signed(change.size)} for {lasted(change.seconds)}"
    return (
        f"{clock(change.utc, zone)}: the room {moved(change.size)}, {lasting}, confidence {percent(change.confidence)}"
    )


def of_comparison(comparison: Comparison) -> str:
    """'The second was higher than the first by 0.12 (90 %: +0.03 to +0.21).', and what to think of their lengths."""
    if comparison.whole is None:
        return "There is not enough evidence to compare the two."
    told = f"{compared(comparison.whole)}."
    if not comparison.uneven:
        return told
    lengths = f"{lasted(comparison.first_seconds)} and {lasted(comparison.second_seconds)}"
    told += f" They are known for {lengths}, so one is a part of a sitting beside a whole one"
    return f"{told}{minutes_alone(comparison.common)}."


def compared(whole: Estimate) -> str:
    if whole.low is None or whole.high is None:
        return f"The second differs from the first by {signed(whole.value)}, too short to tell that from chance"
    if whole.low <= 0 <= whole.high:
        return f"No difference between the two can be told from chance: {signed(whole.value)} {between(whole)}"
    which = "higher" if whole.value > 0 else "lower"
    return f"The second was {which} than the first by {abs(whole.value):.2f} {between(whole)}"


def minutes_alone(common: Estimate | None) -> str:
    if common is None:
        return "; no minute is known of both"
    return f"; in the minutes known of both it is {signed(common.value)}{between(common, ' ')}"


def of_following(following: Following) -> str:
    """'Exploratory: A before B by 2 s, more than chance (1 of 3 pairs)'"""
    one, other = following.first, following.second
    among = "the only pair" if following.pairs == 1 else f"one of {following.pairs} pairs"
    if not following.above_chance:
        return f"Exploratory: {one} and {other} moved together no more than chance ({among})"
    if not following.leads:
        return f"Exploratory: {one} and {other} moved together more than chance, neither surely first ({among})"
    return f"Exploratory: {one} before {other} by {following.lag} s, more than chance ({among})"


def of_aftermath(aftermath: Aftermath, zone: tzinfo = UTC) -> str:
    """'14:32, "slide 7": after it the room lifted, +0.20 (90 %: +0.08 to +0.32), half of it within 12 s'"""
    told = f'{clock(aftermath.mark.utc, zone)}, "{aftermath.mark.text}": {followed(aftermath)}'
    if not aftermath.overlaps:
        return told
    others = ", ".join(f'"{text}"' for text in aftermath.overlaps)
    return f"{told}; {others} was marked near it, so it may as well have come after that"


def followed(aftermath: Aftermath) -> str:
    change = aftermath.change
    if change is None or aftermath.p is None:
        return "not enough evidence of what came after it"
    if not aftermath.changed:
        return f"after it no more changed than at other times, {signed(change.value)}{between(change, ' ')}"
    told = f"after it the room {moved(change.value)}, {signed(change.value)}{between(change, ' ')}"
    return told if aftermath.half is None else f"{told}, half of it within {lasted(aftermath.half)}"


def of_bucket(bucket: Bucket, zone: tzinfo = UTC) -> str:
    """'14:00–15:00: valence +0.12, between −0.20 and +0.40, known for 55 min'"""
    when = datetime.fromtimestamp(bucket.utc, zone).strftime("%Y-%m-%d")
    if bucket.width < DAY:
        when = f"{clock(bucket.utc, zone)}–{clock(bucket.utc + bucket.width, zone)}"
    if bucket.valence is None:
        return f"{when}: nothing is known"
    told = f"{when}: valence {signed(bucket.valence)}"
    if bucket.least is not None and bucket.most is not None:
        told += f", between {signed(bucket.least)} and {signed(bucket.most)}"
    return f"{told}, known for {lasted(bucket.seconds)}"


def between(estimate: Estimate, ahead: str = "") -> str:
    """'(90 %: +0.03 to +0.21)', '' where there is no interval."""
    if estimate.low is None or estimate.high is None:
        return ""
    return f"{ahead}({percent(LEVEL)}: {signed(estimate.low)} to {signed(estimate.high)})"


def moved(change: float) -> str:
    return "lifted" if change > 0 else "sank"


def signed(value: float) -> str:
    """'+0.35', '−0.35', '0.00'"""
    text = f"{value:+.2f}"
    return "0.00" if float(text) == 0 else text.replace("-", "−")


def percent(share: float) -> str:
    """Cut, not rounded, so that nothing is surer than it is; what a float cannot hold is forgiven."""
    return f"{int(share * 100 + 1e-6)} %"


def lasted(seconds: float) -> str:
    """'40 s', '12 min', '2 h 5 min'"""
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes * 60 < 2 * HOUR:
        return f"{minutes} min"
    hours, rest = divmod(minutes, 60)
    return f"{hours} h {rest} min" if rest else f"{hours} h"


def clock(utc: float, zone: tzinfo) -> str:
    return datetime.fromtimestamp(utc, zone).strftime("%H:%M")
