"""How long one run takes, and how many there are in a second when several want one at the same time."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from statistics import median

from engines.base import Array, Engine
from streamer.metrics import nearest_rank
from tools.gpu_sections import Row

CALLERS = 4
"""Threads that want something at once: as many cameras."""

SECONDS = 0.4
"""Each figure is measured for so long, after ``WARM_UP`` runs that do not count."""

WARM_UP = 10

Feeds = Mapping[str, Array]


def seconds_of(job: Callable[[], object], seconds: float = SECONDS) -> list[float]:
    """Of each run, one after the other, for so long; at least one."""
    for _ in range(WARM_UP):
        job()
    end = time.perf_counter() + seconds
    taken: list[float] = []
    while not taken or time.perf_counter() < end:
        start = time.perf_counter()
        job()
        taken.append(time.perf_counter() - start)
    return taken


def per_second(job: Callable[[], object], *, callers: int = CALLERS, seconds: float = SECONDS) -> float:
    """Runs a second of several threads that each call it again and again."""
    for _ in range(WARM_UP):
        job()
    start = time.perf_counter()
    with ThreadPoolExecutor(callers) as pool:
        counts = [pool.submit(_repeated, job, start + seconds) for _ in range(callers)]
        done = sum(count.result() for count in counts)
    return done / (time.perf_counter() - start)


def _repeated(job: Callable[[], object], end: float) -> int:
    count = 0
    while not count or time.perf_counter() < end:
        job()
        count += 1
    return count


def summary(taken: list[float]) -> Row:
    """Median and 95th percentile in milliseconds."""
    return {
        "median_ms": round(median(taken) * 1000, 4),
        "p95_ms": round(nearest_rank(sorted(taken), 0.95) * 1000, 4),
    }


def timed(engine: Engine, feeds: Feeds, seconds: float = SECONDS) -> Row:
    """Latency of one caller; faces a second of one, and of ``CALLERS`` at once."""
    run = partial(engine.run, feeds)
    rows = len(next(iter(feeds.values())))
    taken = seconds_of(run, seconds)
    return {
        "batch": rows,
        **summary(taken),
        "faces_per_second": round(rows * len(taken) / sum(taken)),
        "faces_per_second_in_flight": round(rows * per_second(run, seconds=seconds)),
        "callers": CALLERS,
    }
