"""A room by the minute, the hour or the day."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from streamer.errors import ConfigError
from streamer.timeline.answers import Bucket, Course

MINUTE, HOUR, DAY = 60, 3600, 86400


def by(course: Course, width: int, offset: int = 0) -> tuple[Bucket, ...]:
    """The course in buckets of ``width`` seconds, oldest first, from that of its first recorded second to that of its
    last.

    They begin at whole multiples of ``width`` in a zone ``offset`` seconds east of UTC, so that a day is a day there.
    Where nothing is known there is a bucket with ``known`` 0 and None. Means are weighted by seconds with numbers;
    ``least`` and ``most`` are those of all. A bucket of the course that lies across a border counts where it begins.

    Raises:
        ConfigError: ``width`` is less than that of the course, from which nothing finer can be made.
    """
    if width < course.width:
        raise ConfigError(f"buckets of {width} s cannot be made from a course of {course.width} s; read a finer course")
    groups: dict[int, list[Bucket]] = {}
    for bucket in course.buckets:
        if bucket.known:
            groups.setdefault((bucket.utc + offset) // width, []).append(bucket)
    if not groups:
        return ()
    slots = range(min(groups), max(groups) + 1)
    return tuple(merged(groups.get(slot, ()), slot * width - offset, width) for slot in slots)


def merged(buckets: Sequence[Bucket], utc: int, width: int) -> Bucket:
    """All of them as the one from ``utc`` on."""

    def mean(value: Callable[[Bucket], float | None]) -> float | None:
        return weighted([(number, bucket.seconds) for bucket in buckets if (number := value(bucket)) is not None])

    return Bucket(
        utc=utc,
        width=width,
        known=sum(bucket.known for bucket in buckets),
        seconds=sum(bucket.seconds for bucket in buckets),
        people=mean(lambda one: one.people),
        used=mean(lambda one: one.used),
        valence=mean(lambda one: one.valence),
        low=mean(lambda one: one.low),
        high=mean(lambda one: one.high),
        least=min((one.least for one in buckets if one.least is not None), default=None),
        most=max((one.most for one in buckets if one.most is not None), default=None),
        arousal=mean(lambda one: one.arousal),
        dispersion=mean(lambda one: one.dispersion),
        cohesion=mean(lambda one: one.cohesion),
        coverage=mean(lambda one: one.coverage),
        positive=mean(lambda one: one.positive),
        negative=mean(lambda one: one.negative),
        shares=mean_shares(buckets),
        smile=mean(lambda one: one.smile),
        frown=mean(lambda one: one.frown),
        nod=mean(lambda one: one.nod),
        shake=mean(lambda one: one.shake),
        facing=mean(lambda one: one.facing),
        paused=sum(bucket.paused for bucket in buckets),
    )


def mean_shares(buckets: Sequence[Bucket]) -> tuple[float, ...] | None:
    """The labels' shares over all of them, weighted by seconds with numbers; None where none has any."""
    known = [(bucket.shares, bucket.seconds) for bucket in buckets if bucket.shares is not None and bucket.seconds > 0]
    if not known:
        return None
    total = sum(seconds for _, seconds in known)
    columns = zip(*(shares for shares, _ in known), strict=True)
    weights = [seconds / total for _, seconds in known]
    return tuple(sum(share * weight for share, weight in zip(column, weights, strict=True)) for column in columns)


def weighted(pairs: Sequence[tuple[float, float]]) -> float | None:
    """The mean of (value, weight); None where there is no weight."""
    total = sum(weight for _, weight in pairs)
    return sum(value * weight for value, weight in pairs) / total if total > 0 else None
