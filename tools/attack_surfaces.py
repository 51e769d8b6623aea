"""What an attacker makes of all that a room has told: numbers for each surface, averaged over the phases in which the
same people were there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeAlias

import numpy as np

from streamer.noted import Alert
from streamer.occurrences import Alert as Told
from streamer.occurrences import PastMoment
from streamer.timeline.answers import Bucket
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import Row, Second
from streamer.timeline.schema import transaction, writing
from streamer.timeline.storing import Batch
from streamer.types import GroupMood
from tools.attack import SETTLED, Array, Phase

BEGAN = 1_800_000_000 // 86_400 * 86_400
"""When the simulated rooms begin: midnight of a day."""

WIDTHS = (1, 10, 60)
"""Seconds of the buckets that the timeline is asked for."""

ALERTS = {
    "low": Alert.model_validate({"when": "valence < -0.1", "for": 10, "cooldown": 1}),
    "high": Alert.model_validate({"when": "valence > 0.2", "for": 10, "cooldown": 1}),
    "apart": Alert.model_validate({"when": "dispersion > 0.3", "for": 10, "cooldown": 1}),
}
"""Rules that tell more often than anybody would want, for his sake."""


@dataclass(slots=True)
class Heard:
    """All that one room has told: at each tick the numbers of the live event and of the explanation; each event with
    its time; the rows; and the mean valence in truth."""

    sights: Array
    true: Array
    events: list[tuple[float, GroupMood | None]] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


def told(heard: Heard, phases: Sequence[Phase]) -> dict[str, Array]:
    """Groups of features, each a mean over the phases of a kind."""
    spans = spans_of(phases)
    live = [(at, values(mood)) for at, mood in heard.events]
    kept = [(row.utc - BEGAN, values(row.mood)) for row in heard.rows if isinstance(row, Second)]
    groups = {"live": means(live, spans), "rows": means(kept, spans), "times of events": pace(heard.events, spans)}
    for width, buckets in courses(heard.rows, round(spans[-1][2])).items():
        middle = [(one.utc + width / 2 - BEGAN, told_by(one)) for one in buckets]
        groups[f"timeline {width} s"] = means(middle, spans)
    return groups | {"moments and alerts": happened(heard.rows, spans)}


Spans: TypeAlias = Sequence[tuple[str, float, float]]
"""Kind of each phase, its begin and its end in seconds."""


def spans_of(phases: Sequence[Phase]) -> Spans:
    ends = np.cumsum([phase.seconds for phase in phases]).tolist()
    return [(phase.kind, begin, end) for phase, begin, end in zip(phases, [0, *ends], ends, strict=False)]


def by_kind(spans: Spans, of: Callable[[float, float], Array]) -> Array:
    """The mean over the phases of each kind, one kind behind the other; 0 where a phase tells nothing."""
    kinds = dict.fromkeys(kind for kind, _, _ in spans)
    return np.concatenate(
        [np.mean([np.nan_to_num(of(begin, end)) for kind, begin, end in spans if kind == one], axis=0) for one in kinds]
    )


def means(timed: Sequence[tuple[float, Array]], spans: Spans) -> Array:
    """Of all that was told once things have settled, with how much there was of it."""
    times = np.array([at for at, _ in timed])
    table = np.array([numbers for _, numbers in timed])

    def of(begin: float, end: float) -> Array:
        part = table[(times >= begin + SETTLED) & (times < end)]
        known = part[~np.isnan(part[:, 0])] if len(part) else part
        return np.append(known.mean(axis=0) if len(known) else np.zeros(table.shape[1]), len(known))

    return by_kind(spans, of)


def pace(events: Sequence[tuple[float, GroupMood | None]], spans: Spans) -> Array:
    """When the valence first moved after each change, how often it moved, and how many events there were."""
    said = [(at, None if mood is None else mood.valence) for at, mood in events]
    moved = np.array([at for (at, now), (_, before) in zip(said[1:], said, strict=False) if now != before])
    times = np.array([at for at, _ in said])

    def of(begin: float, end: float) -> Array:
        inside = moved[(moved >= begin) & (moved < end)]
        first = inside[0] - begin if len(inside) else end - begin
        return np.array([first, len(inside), ((times >= begin) & (times < end)).sum()], np.float64)

    return by_kind(spans, of)


def happened(rows: Sequence[Row], spans: Spans) -> Array:
    """How often each kind of moment and alert was told, and the sum of its numbers."""
    found = [(row.utc - BEGAN, "moment", row.change) for row in rows if isinstance(row, PastMoment)]
    found += [(row.utc - BEGAN, row.rule, row.value) for row in rows if isinstance(row, Told)]
    names = ("moment", *ALERTS)

    def of(begin: float, end: float) -> Array:
        inside = [(name, value) for at, name, value in found if begin <= at < end]
        return np.array([[sum(n == name for n, _ in inside), sum(v for n, v in inside if n == name)] for name in names])

    return by_kind(spans, lambda begin, end: of(begin, end).ravel())


def courses(rows: Sequence[Row], seconds: int) -> dict[int, tuple[Bucket, ...]]:
    """What the timeline answers, by the width of its buckets."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "timeline.sqlite"
        connection = writing(path)
        with transaction(connection):
            batch = Batch(connection, {})
            for one in rows:
                batch.add(one)
            batch.finish()
        connection.close()
        with TimelineReader(path) as reader:
            asked = [reader.course("room", BEGAN, BEGAN + seconds, -(-seconds // width)) for width in WIDTHS]
    return {one.width: one.buckets for one in asked}


def values(mood: GroupMood | None) -> Array:
    """Every number of a mood, valence first; NaN where it has none."""
    if mood is None:
        return np.full(21, np.nan)
    moment = (mood.moment.change, mood.moment.seconds) if mood.moment else (0.0, 0.0)
    single = (mood.valence, mood.arousal, mood.dispersion, *(mood.interval or (None, None)), mood.trend, *moment)
    counts = (mood.people, mood.used, mood.coverage, mood.window, mood.cohesion)
    return np.array([*single, *counts, *(mood.shares or (None,) * 8)], np.float64)


def told_by(bucket: Bucket) -> Array:
    """The same of a bucket."""
    numbers = (bucket.valence, bucket.least, bucket.most, bucket.low, bucket.high, bucket.arousal, bucket.dispersion)
    counts = (bucket.known, bucket.seconds, bucket.people, bucket.used, bucket.coverage)
    return np.array([*numbers, *counts, *(bucket.shares or (None,) * 8)], np.float64)
