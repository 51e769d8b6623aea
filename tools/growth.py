"""What grows that must not: samples of a long run, judged."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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


def slope(samples: Sequence[Sample]) -> float | None:
    """MB an hour: the straight line nearest to the samples after SETTLED hours (least squares); None where there are
    fewer than three."""
    later = [one for one in samples if one.hour > SETTLED]
    if len(later) < 3:
        return None
    return float(np.polyfit([one.hour for one in later], [one.memory for one in later], 1)[0])


def faults(samples: Sequence[Sample]) -> list[str]:
    """What grows that must not."""
    first, last = samples[0], samples[-1]
    found = [
        f"{name}: {getattr(first, name)} after the first part, {getattr(last, name)} in the end"
        for name in ("files", "threads", "tasks")
        if getattr(last, name) > getattr(first, name)
    ]
    grown = slope(samples)
    if grown is not None and grown >= SLOPE:
        found.append(f"memory: {grown:.2f} MB an hour")
    return [*found, *(unbounded(samples) if last.hour > SETTLED else [])]


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
