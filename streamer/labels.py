"""What is said of each person: readings smoothed over time, a label that does not flicker, "unsure", a resting face.

The constants of ``LabelRules`` were chosen on simulated faces (tests/rooms.py) with the confusion, the spread between
people and the noise over time of a weak model read every 0.25 s. tests/test_labels_simulated.py holds what they are to
give: few changes of a neutral face's label, and a true change said within 1.5 s. A longer smoothing makes true changes
late without making labels much calmer; a shorter hold, a smaller margin, no slack or a shorter hold for "unsure" make
them restless.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeAlias, TypeVar

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import HIDDEN, LABELS
from streamer.errors import ConfigError
from streamer.known import Known
from streamer.types import UNSURE, Emotion, Person, Track

Probabilities: TypeAlias = NDArray[np.float64]
"""(8,) in the order of LABELS, summing to 1."""

T = TypeVar("T")

RESTED = np.array([0.86, 0.02, 0.02, 0.04, 0.02, 0.01, 0.02, 0.01])
RESTED.setflags(write=False)
"""What a resting face is taken to read as: neutral, with some of the rest. Set by us."""

ROLLING_STRENGTH = 0.5
"""Share of its correction that a baseline has which nobody asked for."""

CALM = 0.2
"""A face is calm while a reading and its mean differ by less than this (total variation, 0…1)."""


@dataclass(frozen=True, slots=True)
class LabelRules:
    """``tau``: time constant of the smoothing. ``margin``: by how much a new label must lead all others, and ``hold``:
    for how many seconds. A label may fall ``slack`` behind before it is given up, and is given up for "unsure" after
    ``unsure_hold`` seconds. ``stale``: age in seconds at which a reading counts no more. ``min_quality``: a face
    that stays below it for ``hold`` seconds is unsure, until it has been above it as long.
    ``baseline``: follow each person's resting face unasked, with the time constant ``baseline_tau``.

    Raises:
        ConfigError: a time constant that is not above 0, or another value below 0.
    """

    tau: float = 0.4
    margin: float = 0.2
    hold: float = 0.7
    slack: float = 0.1
    unsure_hold: float = 1.2
    stale: float = 2.0
    min_quality: float = 0.4
    baseline: bool = False
    baseline_tau: float = 30.0

    def __post_init__(self) -> None:
        for name in ("tau", "baseline_tau", "stale"):
            if not getattr(self, name) > 0:
                raise ConfigError(f"{name} must be above 0 seconds, got {getattr(self, name)}")
        for name in ("margin", "hold", "slack", "unsure_hold", "min_quality"):
            if not getattr(self, name) >= 0:
                raise ConfigError(f"{name} must be 0 or more, got {getattr(self, name)}")


class Labels:
    """The people of one camera. ``hidden`` labels are never said, but stay in the probabilities."""

    def __init__(self, rules: LabelRules | None = None, hidden: Collection[str] = HIDDEN) -> None:
        unknown = sorted(set(hidden) - set(LABELS))
        if unknown:
            raise ConfigError(f"hidden labels must be among {', '.join(LABELS)}; got {', '.join(unknown)}")
        self._rules = rules or LabelRules()
        self._visible = np.array([label not in hidden for label in LABELS])
        if not self._visible.any():
            raise ConfigError("every label is hidden: leave at least one to be shown")
        self._known = Known(partial(_Face, self._rules, self._visible))

    def update(
        self, tracks: Sequence[Track], readings: Mapping[int, Emotion], qualities: Mapping[int, float], pts: float
    ) -> tuple[Person, ...]:
        """See Known.update()."""
        return self._known.update(tracks, readings, qualities, pts)

    def calibrate(self) -> None:
        """Take what each face shows now for that person's resting face; faces without a fresh reading stay."""
        self._known.calibrate()

    def doubtful(self, track_id: int) -> bool:
        """Whether reading this face sooner may help: it leads by little, or its label is about to change."""
        return self._known.doubtful(track_id)


class _Held(Generic[T]):
    """A value that changes only after another was wanted without a break for some time."""

    def __init__(self, value: T) -> None:
        self.value, self._wanted, self._since = value, value, 0.0

    @property
    def pending(self) -> bool:
        return self._wanted != self.value

    def want(self, value: T, pts: float, hold: float) -> None:
        if value != self._wanted:
            self._wanted, self._since = value, pts
        if pts - self._since >= hold - 1e-6:
            self.value = value


class _Face:
    """What is known of one track."""

    def __init__(self, rules: LabelRules, visible: NDArray[np.bool_]) -> None:
        self._rules, self._visible = rules, visible
        self.shown = -math.inf
        self._mean = RESTED
        self._emotion: Emotion | None = None
        self._rest, self._strength = RESTED, ROLLING_STRENGTH if rules.baseline else 0.0
        self._label = _Held(UNSURE)
        self._quality = 0.0
        self._poor: _Held[bool] | None = None

    def judge(self, quality: float, pts: float) -> None:
        """Take in the quality of the face as a picture."""
        self._quality = quality
        poor = quality < self._rules.min_quality
        if self._poor is None:
            self._poor = _Held(poor)
        self._poor.want(poor, pts, self._rules.hold)

    def read(self, reading: Emotion) -> None:
        """Take in a classification; one that is no newer than the last is left out."""
        latest = np.array(reading.probabilities)
        if self._emotion is None or reading.pts - self._emotion.pts > self._rules.stale:
            self._mean = latest
            self._say(reading)
            self._settle()
        elif reading.pts > self._emotion.pts:
            elapsed = reading.pts - self._emotion.pts
            self._mean = smooth(self._mean, latest, elapsed, self._rules.tau)
            self._follow(latest, elapsed)
            self._say(reading)
            wanted = self._wanted()
            hold = self._rules.unsure_hold if wanted == UNSURE else self._rules.hold
            self._label.want(wanted, reading.pts, hold)

    def fresh(self, pts: float) -> bool:
        return self._emotion is not None and pts - self._emotion.pts <= self._rules.stale

    def calibrate(self) -> None:
        if self._emotion is not None:
            self._rest, self._strength = self._mean, 1.0
            self._say(self._emotion)
            self._settle()

    @property
    def doubtful(self) -> bool:
        if self._emotion is None or self._is_poor:
            return False
        best, others = self._leader(np.array(self._emotion.probabilities))
        return self._label.pending or best - others < self._rules.margin

    def person(self, track: Track, pts: float) -> Person:
        self.shown = pts
        if self._emotion is None:
            return Person(track, None, quality=self._quality)
        told = self.fresh(pts) and not self._is_poor
        label = self._label.value if told else UNSURE
        shown = np.array(self._emotion.probabilities)
        likeliest = shown[self._visible].max()
        confidence = float(likeliest if label == UNSURE else shown[LABELS.index(label)])
        return Person(track, self._emotion, label, confidence, self._quality)

    @property
    def _is_poor(self) -> bool:
        return self._poor is not None and self._poor.value

    def _say(self, reading: Emotion) -> None:
        """Set what is shown: the mean, seen from the person's own resting face."""
        shown = from_rest(self._mean, self._rest, self._strength)
        self._emotion = Emotion(tuple(shown.tolist()), reading.model, reading.pts)

    def _settle(self) -> None:
        """Take the label at once, as for a face never seen before."""
        self._label = _Held(UNSURE)
        self._label = _Held(self._wanted())

    def _follow(self, latest: Probabilities, elapsed: float) -> None:
        """Let the rolling baseline drift to what a calm face reads as; a smile is never taken for rest."""
        if not self._rules.baseline or self._strength == 1.0:
            return
        calm = np.abs(latest - self._mean).sum() / 2 < CALM
        if calm and self._mean[LABELS.index("happiness")] < 0.5:
            self._rest = smooth(self._rest, self._mean, elapsed, self._rules.baseline_tau)

    def _leader(self, shown: Probabilities) -> tuple[float, float]:
        """Probability of the likeliest visible label, and of the likeliest other one, hidden or not."""
        best = int(np.where(self._visible, shown, -1.0).argmax())
        return float(shown[best]), float(np.delete(shown, best).max())

    def _wanted(self) -> str:
        """The label that the probabilities of now speak for, given the one that is said."""
        if self._emotion is None:
            return UNSURE
        shown = np.array(self._emotion.probabilities)
        best, others = self._leader(shown)
        if best - others >= self._rules.margin:
            return LABELS[int(np.where(self._visible, shown, -1.0).argmax())]
        said = self._label.value
        if said != UNSURE and shown[LABELS.index(said)] >= shown.max() - self._rules.slack:
            return said
        return UNSURE


def smooth(mean: Probabilities, latest: Probabilities, elapsed: float, tau: float) -> Probabilities:
    """The exponential moving average in time: mean + (1 − exp(−elapsed/τ)) (latest − mean), whatever the rate."""
    return mean - math.expm1(-elapsed / tau) * (latest - mean)


def from_rest(probabilities: Probabilities, rest: Probabilities, strength: float) -> Probabilities:
    """The probabilities p as a change from a resting face that reads as r, where a rested one should read as n.

    p is taken for a mixture of the resting face and an expression; the resting face's share is the overlap
    s = Σ min(pᵢ, rᵢ), and in that share r gives way to n: p + strength · s · (n − r), negative values cut, normalised.
    So p = r gives n, and a reading that has nothing of r stays as it is. Our own formula.
    """
    if strength == 0:
        return probabilities
    share = strength * float(np.minimum(probabilities, rest).sum())
    moved = np.maximum(probabilities + share * (RESTED - rest), 0.0)
    result: Probabilities = moved / moved.sum()
    return result
