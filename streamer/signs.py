"""What faces and heads do, where no emotion may be inferred: smile, frown, nod, shake, facing.

Recital 18 of Regulation (EU) 2024/1689 keeps the detection of readily apparent expressions, such as a frown or a smile,
and of movements of the head apart from inferring emotions, as long as nothing is concluded from them. So it is here:

- A smile and a frown come from the same network as elsewhere, used as a detector of two movements of the face: it was
  trained on words that annotators chose for pictures. What it answers to pictures that they called happy is taken for
  raised corners of the mouth, and what it answers to those that they called angry, sad or disgusted for drawn brows or
  lowered corners. That is a stand-in: nobody has marked the movements themselves in those pictures. Its numbers are
  used up in ``SignReader`` and leave it only as a yes or a no.
- Nod, shake and facing come from where eyes and nose lie (``streamer.head``); the network has no part in them.

The two thresholds were chosen on faces of FER+ kept aside, and held against those that ``python -m tools.signs``
measures on.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from streamer.emotions import LABELS
from streamer.errors import ConfigError
from streamer.head import Head
from streamer.known import Known
from streamer.labels import RESTED, Probabilities, from_rest, smooth
from streamer.types import SIGNS, UNSURE, Emotion, GroupMood, Person, Signs, Track

SMILING, FROWNING = ("happiness",), ("anger", "sadness", "disgust")
"""The network's words whose pictures show the movement."""


@dataclass(frozen=True, slots=True)
class SignRules:
    """``smile`` and ``frown``: the shares of ``SMILING`` and ``FROWNING`` from which on each is told, and below which
    no longer. ``tau``: time constant of their smoothing; ``hold``: seconds for which a change must last. ``stale``: age
    in seconds at which a reading says nothing more. A face below ``min_quality`` for ``blurred`` seconds says nothing
    until it has been above it as long.

    Raises:
        ConfigError: thresholds that are not 0 < lower ≤ upper < 1, or a time that cannot be.
    """

    smile: tuple[float, float] = (0.6, 0.4)
    frown: tuple[float, float] = (0.65, 0.45)
    tau: float = 0.4
    hold: float = 0.3
    stale: float = 2.0
    min_quality: float = 0.4
    blurred: float = 0.7

    def __post_init__(self) -> None:
        for name in ("smile", "frown"):
            upper, lower = getattr(self, name)
            if not 0 < lower <= upper < 1:
                raise ConfigError(f"{name} must be an upper and a lower threshold within 0…1, got {upper}, {lower}")
        if not (self.tau > 0 and self.stale > 0):
            raise ConfigError(f"tau and stale must be above 0 seconds, got {self.tau} and {self.stale}")
        for name in ("hold", "min_quality", "blurred"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} must be 0 or more, got {getattr(self, name)}")


class SignReader:
    """The people of one camera; stands where ``streamer.labels.Labels`` stands otherwise.

    Its people have no emotion. Their label is one of ``SIGNS`` or ``UNSURE``, their confidence 1 where one is said and
    0 elsewhere: a sign is a yes or a no.
    """

    def __init__(self, rules: SignRules | None = None) -> None:
        self._rules = rules or SignRules()
        self._known = Known(partial(_Face, self._rules))

    def update(
        self, tracks: Sequence[Track], readings: Mapping[int, Emotion], qualities: Mapping[int, float], pts: float
    ) -> tuple[Person, ...]:
        """See Known.update()."""
        return self._known.update(tracks, readings, qualities, pts)

    def calibrate(self) -> None:
        """Take what each face shows now for that person's resting face; faces without a fresh reading stay."""
        self._known.calibrate()

    def doubtful(self, track_id: int) -> bool:
        """Whether reading this face sooner may help: a smile or a frown is about to come or go."""
        return self._known.doubtful(track_id)


class NoMood:
    """Stands where a room's mood stands otherwise: there is none, and nobody votes."""

    def members(self) -> frozenset[tuple[str, int]]:
        return frozenset()

    def left_out(self) -> dict[str, int]:
        return {}

    def update(
        self,
        source: str,  # noqa: ARG002  (as streamer.stages.MoodMeter has it, like the rest)
        people: Sequence[Person],  # noqa: ARG002
        pts: float,  # noqa: ARG002
        size: tuple[int, int] | None = None,  # noqa: ARG002
    ) -> GroupMood | None:
        return None


class _Switch:
    """A yes or a no with two thresholds, changed only by what lasts."""

    def __init__(self, thresholds: tuple[float, float]) -> None:
        self._upper, self._lower = thresholds
        self.on = self.pending = False
        self._since = 0.0

    def settle(self, share: float) -> None:
        """Take it at once, as of a face never read before."""
        self.on, self.pending = share >= (self._upper + self._lower) / 2, False

    def turn(self, share: float, pts: float, hold: float) -> None:
        wanted = share >= (self._lower if self.on else self._upper)
        if wanted == self.on:
            self.pending = False
            return
        if not self.pending:
            self.pending, self._since = True, pts
        if pts - self._since >= hold - 1e-6:
            self.on, self.pending = wanted, False

    def near(self, share: float) -> bool:
        return self.pending or self._lower <= share < self._upper


class _Face:
    """What is known of one track."""

    def __init__(self, rules: SignRules) -> None:
        self._rules = rules
        self.shown = -math.inf
        self._quality: float | None = None
        self._clear = _Switch((rules.min_quality, rules.min_quality))
        self._head = Head()
        self._mean = RESTED
        self._rest, self._strength = RESTED, 0.0
        self._read_at = -math.inf
        self._smile, self._frown = _Switch(rules.smile), _Switch(rules.frown)

    def judge(self, quality: float, pts: float) -> None:
        """Take in the quality of the face as a picture."""
        if self._quality is None:
            self._clear.settle(quality)
        self._quality = quality
        self._clear.turn(quality, pts, self._rules.blurred)

    def read(self, reading: Emotion) -> None:
        """Take in a classification; one that is no newer than the last is left out."""
        elapsed, latest = reading.pts - self._read_at, np.array(reading.probabilities)
        if elapsed <= 0:
            return
        self._read_at = reading.pts
        if elapsed > self._rules.stale:
            self._mean = latest
            self._settle()
            return
        self._mean = smooth(self._mean, latest, elapsed, self._rules.tau)
        for switch, share in self._shares():
            switch.turn(share, reading.pts, self._rules.hold)

    def fresh(self, pts: float) -> bool:
        return pts - self._read_at <= self._rules.stale

    def calibrate(self) -> None:
        self._rest, self._strength = self._mean, 1.0
        self._settle()

    @property
    def doubtful(self) -> bool:
        known = math.isfinite(self._read_at) and self._clear.on
        return known and any(switch.near(share) for switch, share in self._shares())

    def person(self, track: Track, pts: float) -> Person:
        self.shown = pts
        if track.seen:  # a predicted place moves as the prediction does
            self._head.see(track.face.landmarks, pts)
        told = self.fresh(pts) and self._clear.on
        signs = Signs(
            smile=self._smile.on if told else None,
            frown=self._frown.on if told else None,
            nod=self._head.moved("nod", pts),
            shake=self._head.moved("shake", pts),
            facing=self._head.facing(pts),
        )
        label = label_of(signs)
        return Person(track, None, label, 0.0 if label == UNSURE else 1.0, self._quality or 0.0, signs)

    def _settle(self) -> None:
        for switch, share in self._shares():
            switch.settle(share)

    def _shares(self) -> tuple[tuple[_Switch, float], tuple[_Switch, float]]:
        shown = from_rest(self._mean, self._rest, self._strength)
        return (self._smile, share_of(shown, SMILING)), (self._frown, share_of(shown, FROWNING))


def share_of(probabilities: Probabilities, words: Sequence[str]) -> float:
    """The sum of the words' probabilities; a smile and a frown never both have more than half."""
    return float(sum(probabilities[LABELS.index(word)] for word in words))


def label_of(signs: Signs) -> str:
    """The first of ``SIGNS`` that holds; ``UNSURE`` where none is known to."""
    holds = {
        "nod": signs.nod,
        "shake": signs.shake,
        "smile": signs.smile,
        "frown": signs.frown,
        "away": signs.facing is False,
        "facing": signs.facing,
    }
    return next((word for word in SIGNS if holds[word]), UNSURE)
