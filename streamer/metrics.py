"""What the pipeline counts and times: one thing that every thread may write and anybody may read at any moment."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

KEPT = 4096
"""Samples kept of each timing; older ones give way. At 30 a second this is the last 2¼ minutes."""


@dataclass(frozen=True, slots=True)
class Summary:
    """Of the samples kept: how many there were ever, median, 95th percentile, greatest; seconds."""

    count: int
    p50: float
    p95: float
    greatest: float


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Counts and timings by (name, source)."""

    counts: Mapping[tuple[str, str], int]
    timings: Mapping[tuple[str, str], Summary]

    def count(self, name: str, source: str = "") -> int:
        return self.counts.get((name, source), 0)


class Metrics:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: dict[tuple[str, str], int] = {}
        self._samples: dict[tuple[str, str], deque[float]] = {}
        self._seen: dict[tuple[str, str], int] = {}

    def count(self, name: str, source: str = "", amount: int = 1) -> None:
        with self._lock:
            self._counts[name, source] = self._counts.get((name, source), 0) + amount

    def observe(self, name: str, seconds: float, source: str = "") -> None:
        with self._lock:
            self._samples.setdefault((name, source), deque(maxlen=KEPT)).append(seconds)
            self._seen[name, source] = self._seen.get((name, source), 0) + 1

    def snapshot(self) -> Snapshot:
        with self._lock:
            counts = dict(self._counts)
            samples = {key: (self._seen[key], sorted(values)) for key, values in self._samples.items()}
        return Snapshot(counts, {key: summary(seen, values) for key, (seen, values) in samples.items()})


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
