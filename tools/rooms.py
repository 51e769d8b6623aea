"""Simulated rooms of known truth: people whose readings err as the model errs, each in an own way."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from streamer.types import Box, Emotion, Face, Track

Pool: TypeAlias = dict[str, NDArray[np.float64]]
"""By true label, log probabilities of real readings (faces, 8)."""

PERSONAL = 0.35
"""Standard deviation of each person's own bias of each log probability, which stays for the whole time."""

HELD = 2.5
"""Mean seconds for which a face looks alike to the model; then it is another face of the same label."""

FLICKER, CORRELATION = 0.4, 0.3
"""Standard deviation of a log probability from reading to reading, and the seconds over which it is alike."""

STEP = 0.25
"""Seconds from one reading to the next, as in the live loop."""

MIXES = {
    "calm": {"neutral": 0.9, "happiness": 0.05, "sadness": 0.05},
    "happy": {"neutral": 0.25, "happiness": 0.65, "surprise": 0.1},
    "tense": {"neutral": 0.45, "anger": 0.25, "sadness": 0.2, "fear": 0.05, "surprise": 0.05},
    "split": {"happiness": 0.5, "anger": 0.25, "sadness": 0.25},
    "one leaves": {"neutral": 0.5, "happiness": 0.3, "sadness": 0.2},
    "one turns away": {"neutral": 0.5, "happiness": 0.3, "sadness": 0.2},
}
"""Shares from which each person's expression is drawn."""


def pool(path: Path) -> Pool:
    """From the file that ``tools.readings`` writes."""
    readings = json.loads(path.read_text("utf-8"))["readings"]
    return {label: np.log(np.maximum(np.array(rows), 1e-4)) for label, rows in readings.items()}


class SimulatedPerson:
    """``truth`` by time; times of ``read`` must not fall."""

    def __init__(self, faces: Pool, truth: Callable[[float], str], rng: np.random.Generator) -> None:
        self._faces, self.truth, self._rng = faces, truth, rng
        self._bias = PERSONAL * rng.normal(size=len(LABELS))
        self._noise = rng.normal(size=len(LABELS))
        self._pts, self._until, self._shown = 0.0, -1.0, ""
        self._face = np.zeros(len(LABELS))

    def read(self, pts: float) -> Emotion:
        truth = self.truth(pts)
        if pts >= self._until or truth != self._shown:
            rows = self._faces[truth]
            self._face, self._shown = rows[self._rng.integers(len(rows))], truth
            self._until = pts + self._rng.exponential(HELD)
        kept = math.exp(-(pts - self._pts) / CORRELATION)
        self._noise = kept * self._noise + math.sqrt(1 - kept * kept) * self._rng.normal(size=len(LABELS))
        self._pts = pts
        levels = np.exp(self._face + self._bias + FLICKER * self._noise)
        return Emotion(tuple((levels / levels.sum()).tolist()), "simulated", pts)


@dataclass(frozen=True, slots=True, eq=False)
class Room:
    """People, who of them is there and seen well at a time, and how long it goes on (seconds)."""

    kind: str
    people: Sequence[SimulatedPerson]
    there: Callable[[int, float], bool]
    clear: Callable[[int, float], bool]
    seconds: float

    def truth(self, pts: float) -> tuple[float, ...]:
        """True shares of the labels among those who are there."""
        shown = [person.truth(pts) for number, person in enumerate(self.people) if self.there(number, pts)]
        return tuple(shown.count(label) / len(shown) for label in LABELS)


def make(kind: str, people: int, faces: Pool, rng: np.random.Generator, seconds: float = 40.0) -> Room:
    """A room of that kind; in "one leaves" and "one turns away" it happens halfway."""
    mix, half = MIXES[kind], seconds / 2
    truths = [str(rng.choice(list(mix), p=list(mix.values()))) for _ in range(people)]
    made = [SimulatedPerson(faces, _always(truth), rng) for truth in truths]
    leaves, turns = kind == "one leaves", kind == "one turns away"
    return Room(
        kind,
        made,
        lambda number, pts: not (leaves and number == 0 and pts >= half),
        lambda number, pts: not (turns and number == 0 and pts >= half),
        seconds,
    )


def lifted(people: int, faces: Pool, rng: np.random.Generator, seconds: float = 24.0) -> Room:
    """Neutral people who all smile from halfway on."""

    def truth(pts: float) -> str:
        return "happiness" if pts >= seconds / 2 else "neutral"

    made = [SimulatedPerson(faces, truth, rng) for _ in range(people)]
    return Room("lifted", made, lambda _number, _pts: True, lambda _number, _pts: True, seconds)


def _always(truth: str) -> Callable[[float], str]:
    return lambda _: truth


def track(number: int, pts: float) -> Track:
    """A face that sways a little, so that nobody takes it for a picture."""
    x = 100.0 * number + 20 * math.sin(pts + number)
    return Track(number, Face(Box(x, 0, x + 64, 64), 0.9), pts, True)
