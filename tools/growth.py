"""What grows that must not: samples of a long run, judged."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

SLOPE = 1.0
"""Megabytes that an hour of that day may cost, from its third on."""

SETTLED = 2
"""Hours after which nothing is filled for the first time any more."""

MORE, SPARE = 1.5, 16
"""A container may hold in the last quarter this many times what it held at most in the first half, and so many more."""


@dataclass(frozen=True, slots=True)
class Sample:
    """At the end of a part. ``memory`` in MB; ``held``: see tools.holdings."""

    hour: float
    memory: float
    files: int
    threads: int
    tasks: int
    held: Mapping[str, int] = field(default_factory=dict)


def counted(hour: float, held: Mapping[str, int] | None = None) -> Sample:
    """This process of now, by proc(5)."""
    status = Path("/proc/self/status").read_text()
    kilobytes = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
    tasks = sum(issubclass(type(one), asyncio.Task) and not one.done() for one in gc.get_objects())
    files = len(os.listdir("/proc/self/fd"))
    return Sample(round(hour, 4), round(kilobytes / 1024, 2), files, threading.active_count(), tasks, held or {})


def slope(samples: Sequence[Sample], settled: float = SETTLED) -> float | None:
    """MB an hour: the straight line nearest to the samples after ``settled`` hours (least squares); None where there
    are fewer than three."""
    later = [one for one in samples if one.hour > settled]
    if len(later) < 3:
        return None
    return float(np.polyfit([one.hour for one in later], [one.memory for one in later], 1)[0])


def faults(samples: Sequence[Sample], settled: float = SETTLED) -> list[str]:
    """What grows that must not: of files, threads and tasks there may never be more than in the first ``settled``
    hours, and what memory and containers do is looked at from then on."""
    found = [text for name in ("files", "threads", "tasks") if (text := more(samples, name, settled))]
    grown = slope(samples, settled)
    if grown is not None and grown >= SLOPE:
        found.append(f"memory: {grown:.2f} MB an hour")
    return [*found, *(unbounded(samples) if samples[-1].hour > settled else [])]


def more(samples: Sequence[Sample], name: str, settled: float) -> str:
    """'' or by how many they are more than at the start."""
    start = [one for one in samples if one.hour <= settled] or samples[:1]
    most = max(getattr(one, name) for one in start)
    over = [one for one in samples[len(start) :] if getattr(one, name) > most]
    if not over:
        return ""
    return f"{name}: {most} at the start, {getattr(over[-1], name)} after hour {over[-1].hour:g}"


def unbounded(samples: Sequence[Sample]) -> list[str]:
    """The containers that hold much more in the last quarter than ever in the first half."""
    half, late = samples[: len(samples) // 2], samples[-max(1, len(samples) // 4) :]
    found = []
    for path in sorted({path for one in late for path in one.held}):
        before, now = (max(one.held.get(path, 0) for one in some) for some in (half, late))
        if now > MORE * before + SPARE:
            found.append(f"{path}: {before} at most in the first half, {now} in the last quarter")
    return found


def largest(samples: Sequence[Sample], count: int = 12) -> dict[str, list[int]]:
    """The containers that held most, each after the first part, at most, and in the end."""
    peaks = {path: max(one.held.get(path, 0) for one in samples) for one in samples for path in one.held}
    chosen = sorted(peaks, key=lambda path: (-peaks[path], path))[:count]
    return {path: [samples[0].held.get(path, 0), peaks[path], samples[-1].held.get(path, 0)] for path in chosen}
