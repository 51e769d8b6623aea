"""Tracks and people made by hand, and simulated faces of known truth whose readings err as a real model's do."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from streamer.emotions import LABELS
from streamer.labels import Labels
from streamer.types import UNSURE, Box, Emotion, Face, Person, Track

CLASSES = ("neutral", "happiness", "surprise", "sadness", "anger", "fear")

LEVELS = {
    "neutral": (-1.4, -4.6, -5.6, -2.1, -3.0, -2.9),
    "happiness": (-5.2, -0.2, -6.5, -6.8, -6.4, -6.6),
    "surprise": (-6.9, -6.6, -0.5, -6.9, -6.2, -3.7),
    "sadness": (-3.6, -5.5, -6.4, -0.9, -3.2, -2.2),
}
"""Mean log probability of each of CLASSES by true expression: mini-XCEPTION on FER+ validation faces that 6 or more of
the 10 annotators agree on."""

SPREAD = (1.2, 2.3, 2.0, 1.4, 1.6, 1.4)
"""Standard deviation of the same between neutral faces."""

PERSONAL = 0.8
"""Share of that spread which stays with a person."""

FLICKER = 0.6
CORRELATION = 0.3
"""Standard deviation over time of one face's log probabilities, and the seconds over which it is alike: medians of
mini-XCEPTION on the faces of three sample videos (0.3 for people who sit, up to 1.2 for people who walk)."""


def track(track_id: int = 1, *, seen: bool = True) -> Track:
    return Track(track_id, Face(Box(0, 0, 64, 64), 0.9), 1.0, seen)


def emotion(pts: float, **shares: float) -> Emotion:
    """Probabilities as given; what is left goes to neutral, whatever was said of it."""
    rest = 1.0 - sum(shares.values())
    return Emotion(tuple(shares.get(label, 0.0) + (rest if label == "neutral" else 0.0) for label in LABELS), "m", pts)


def person(
    track_id: int = 1, pts: float = 0.0, *, quality: float = 0.9, seen: bool = True, read: bool = True, **shares: float
) -> Person:
    reading = emotion(pts, **shares) if read else None
    return Person(track(track_id, seen=seen), reading, UNSURE, 0.0, quality)


class SimulatedFace:
    """One person: an own bias that stays, and noise that comes and goes. Times must not fall."""

    def __init__(self, rng: np.random.Generator, flicker: float = FLICKER) -> None:
        self._rng, self._flicker = rng, flicker
        self._bias = rng.normal(size=6) * np.array(SPREAD) * PERSONAL
        self._noise, self._pts = rng.normal(size=6), 0.0

    def read(self, truth: str, pts: float) -> Emotion:
        kept = math.exp(-(pts - self._pts) / CORRELATION)
        self._noise = kept * self._noise + math.sqrt(1 - kept * kept) * self._rng.normal(size=6)
        self._pts = pts
        # The bias was measured of neutral faces; a strong expression is read alike in all.
        bias = self._bias * (1.0 if truth == "neutral" else 0.5)
        levels = np.exp(np.array(LEVELS[truth]) + bias + self._flicker * self._noise)
        return emotion(pts, **dict(zip(CLASSES, (levels / levels.sum()).tolist(), strict=True)))


def every(step: float, seconds: float, start: float = 0.0) -> Iterator[float]:
    """Times from ``start``, ``step`` apart, for ``seconds``."""
    for index in range(round(seconds / step)):
        yield start + index * step


def watch(
    labels: Labels, read: Callable[[float], Emotion], times: Sequence[float], quality: float = 0.9
) -> list[Person]:
    """What is said of one person who is read at each of these times."""
    return [labels.update((track(),), {1: read(pts)}, {1: quality}, pts)[0] for pts in times]


def changes(said: Sequence[str]) -> list[int]:
    """The indices at which it is not what it was before."""
    return [index for index in range(1, len(said)) if said[index] != said[index - 1]]


def once(labels: Labels, pts: float, *, quality: float | None = 0.9, **shares: float) -> Person:
    """One frame in which track 1 is read as this."""
    qualities = {} if quality is None else {1: quality}
    return labels.update((track(),), {1: emotion(pts, **shares)}, qualities, pts)[0]


def look(labels: Labels, pts: float) -> Person:
    """One frame in which track 1 is seen and not read."""
    return labels.update((track(),), {}, {}, pts)[0]


def share(person: Person, label: str) -> float:
    assert person.emotion is not None
    return person.emotion.probabilities[LABELS.index(label)]
