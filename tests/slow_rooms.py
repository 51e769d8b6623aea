"""Rooms for the tests of trends: as slow and noisy as a meter is, and with nothing in them but what is put there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamer.occurrences import Occurrence
from streamer.timeline.answers import Bucket, Course

BEGIN = 1_700_000_000


def slow(random: np.random.Generator, count: int, seconds: int, tau: float) -> NDArray[np.float64]:
    """(count, seconds): first-order autoregressions with variance 1 that forget by e in ``tau`` seconds."""
    keep = float(np.exp(-1 / tau))
    values = random.standard_normal((seconds, count))
    for time in range(1, seconds):
        values[time] = keep * values[time - 1] + np.sqrt(1 - keep**2) * values[time]
    return values.T.copy()


def bucket(utc: int, valence: float | None, width: int = 1, seconds: int | None = None) -> Bucket:
    """One with this valence in all its seconds, or unknown."""
    known = (0 if valence is None else width) if seconds is None else seconds
    people = None if valence is None else 5.0
    return Bucket(
        utc=utc,
        width=width,
        known=known,
        seconds=known,
        people=people,
        used=people,
        valence=valence,
        low=valence,
        high=valence,
        least=valence,
        most=valence,
        arousal=None,
        dispersion=None,
        cohesion=None,
        coverage=None,
        positive=None,
        negative=None,
        shares=None,
    )


def course(
    values: Sequence[float] | NDArray[np.float64],
    width: int = 1,
    begin: int = BEGIN,
    occurrences: tuple[Occurrence, ...] = (),
) -> Course:
    """A value a second, NaN for gaps, in buckets of ``width``."""
    array = np.asarray(values, np.float64)
    buckets = []
    for start in range(0, len(array), width):
        known = array[start : start + width][~np.isnan(array[start : start + width])]
        valence = float(known.mean()) if len(known) else None
        buckets.append(bucket(begin + start, valence, width, len(known)))
    return Course("room", begin, begin + len(array), width, tuple(buckets), occurrences)
