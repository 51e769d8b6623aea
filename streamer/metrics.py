"""What the pipeline counts and times: one thing that every thread may write and anybody may read at any moment."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import accumulate

KEPT = 4096
"""Samples kept of each timing; older ones give way. At 30 a second this is the last 2¼ minutes."""

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
"""Upper bounds of the buckets that every sample is counted in, in seconds: those that Prometheus' own libraries have
(https://prometheus.io/docs/practices/histograms)."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Of the samples kept: how many there were ever, median, 95th percentile, greatest; seconds."""

    count: int
    p50: float
    p95: float
    greatest: float


@dataclass(frozen=True, slots=True)
class Histogram:
    """Of all samples there ever were: how many, their sum in seconds, and how many are at most each bound of BUCKETS;
    the bucket without a bound holds ``count``."""

    count: int
    total: float
    buckets: Mapping[float, int]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts, timings, the same as histograms, and values of now, by (name, source)."""

    counts: Mapping[tuple[str, str], int]
    timings: Mapping[tuple[str, str], Summary]
    histograms: Mapping[tuple[str, str], Histogram] = field(default_factory=dict)
    gauges: Mapping[tuple[str, str], float] = field(default_factory=dict)

    def count(self, name: str, source: str = "") -> int:
        return self.counts.get((name, source), 0)


class Timing:
    """The samples of one name and source; for whoever holds the lock."""

    def __init__(self) -> None:
        self.kept: deque[float] = deque(maxlen=KEPT)
        self.count, self.total = 0, 0.0
        self.tally = [0] * (len(BUCKETS) + 1)

    def add(self, seconds: float) -> None:
        self.kept.append(seconds)
        self.count += 1
        self.total += seconds
        self.tally[bisect_left(BUCKETS, seconds)] += 1

    def histogram(self) -> Histogram:
        return Histogram(self.count, self.total, dict(zip(BUCKETS, accumulate(self.tally), strict=False)))


class Metrics:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}
        self._gauges: dict[tuple[str, str], float] = {}
        self._followed: dict[tuple[str, str], Callable[[], float]] = {}
        self._timings: dict[tuple[str, str], Timing] = {}

    def count(self, name: str, source: str = "", amount: int = 1) -> None:
        with self._lock:
            self._counts[name, source] = self._counts.get((name, source), 0) + amount

    def set(self, name: str, value: float, source: str = "") -> None:
        """A value that goes up and down; the latest stands."""
        with self._lock:
            self._gauges[name, source] = value

    def follow(self, name: str, value: Callable[[], float], source: str = "") -> None:
        """A value that goes up and down and is asked for whenever somebody reads, in his thread; must answer at
        once."""
        with self._lock:
            self._followed[name, source] = value

    def observe(self, name: str, seconds: float, source: str = "") -> None:
        with self._lock:
            timing = self._timings.get((name, source))
            if timing is None:
                timing = self._timings[name, source] = Timing()
            timing.add(seconds)

    def snapshot(self) -> Snapshot:
        with self._lock:
            counts, gauges, followed = dict(self._counts), dict(self._gauges), dict(self._followed)
            taken = {key: (list(timing.kept), timing.histogram()) for key, timing in self._timings.items()}
        timings = {key: summary(histogram.count, sorted(kept)) for key, (kept, histogram) in taken.items()}
        gauges |= {key: value() for key, value in followed.items()}
        return Snapshot(counts, timings, {key: histogram for key, (_, histogram) in taken.items()}, gauges)


def summary(count: int, ordered: list[float]) -> Summary:
    """Percentiles by the nearest-rank rule of rising, non-empty samples."""
    return Summary(count, nearest_rank(ordered, 0.5), nearest_rank(ordered, 0.95), ordered[-1])


def nearest_rank(ordered: list[float], share: float) -> float:
    """The smallest sample that at least ``share`` of all do not exceed."""
    rank = -int(-share * len(ordered) // 1)  # ceiling
    return ordered[max(0, rank - 1)]


class Pace:
    """Events a second over the last second or so, told by their times; for one thread."""

    def __init__(self, span: float = 1.5) -> None:
        self._span = span
        self._times: deque[float] = deque(maxlen=512)

    def tick(self, now: float) -> float:
        """Note an event at ``now`` (monotonic seconds) and return the rate; 0.0 at the first."""
        self._times.append(now)
        while now - self._times[0] > self._span:
            self._times.popleft()
        elapsed = now - self._times[0]
        return (len(self._times) - 1) / elapsed if elapsed > 0 else 0.0
