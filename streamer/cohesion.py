"""Whether the people of a room move together: how alike their valences rise and fall, and whether that is more than
chance. Exploratory: it says that expressions move alike, not why, and not that people agree.

The measure is the mean correlation over all pairs of tracks in a sliding window (windowed correlation: S. M. Boker et
al., "Windowed cross-correlation and peak picking for the analysis of variability in the association between
behavioral time series", Psychological Methods 7 (2002) 338–355), at lag zero. Simulated and left out: the best of all
lags up to 1 s (for data and surrogates alike), which never finds anything between two people, less among four or more
who move at once, and hardly more among four who follow each other by up to a second; and more smoothing than the
readings have already, which finds less.

Chance is what the same tracks give when each is turned in time by an offset of its own (circular shifts; surrogates for
synchrony: R. G. Moulder et al., "Determining synchrony between behavioral time series: an application of surrogate
data generation for establishing falsifiable null-hypotheses", Psychological Methods 23 (2018) 757–773). That keeps how
slow each face is, which is what makes independent slow faces look alike for a while. The offsets of two tracks may be
close to each other: to forbid it would make two independent tracks look above chance far too often.

What it does not tell apart: a trend that all tracks have in common over the whole window counts as moving together,
whether the room warmed up or the light changed, and a face in the view of two cameras moves with itself. People who
have nothing to do with each other are above chance in about 1 window of 20 by construction, two with slow faces more
often, so one such window is no news. Where half of each face's variance is that of all, 20 s often do not suffice for
two people and nearly always do for many (tests/test_cohesion.py holds the rates).
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from streamer.errors import ConfigError

Matrix: TypeAlias = NDArray[np.float64]

Key = TypeVar("Key", bound=Hashable)
"""What tells a person of one camera from all others in the room."""

RATE = 5
"""Samples a second, whatever the frame rate."""

HELD = 1.0
"""Seconds for which a track's last value stands in while it says nothing."""

COVERAGE = 0.8
"""Share of the window that a track must cover, and that must have passed before anything is said."""

LEAST_MOVEMENT = 0.02
"""Standard deviation of valence below which a track does not move, so that there is nothing to be alike."""

MOST_TRACKS = 40
"""Tracks followed at most; while there are more, those known longest."""

SURROGATES = 99
BELOW = 95
"""Above chance: the data exceeds at least so many of the surrogates. Were it one of them, it would rank so high in 5
of 100 windows (a Monte Carlo test: A. C. A. Hope, Journal of the Royal Statistical Society B 30 (1968) 582–598)."""

LEAST_OFFSET = 2.0
"""Seconds by which a surrogate turns each track at least."""


@dataclass(frozen=True, slots=True)
class CohesionRules:
    """``window``: seconds looked back on.

    Raises:
        ConfigError: ``window`` is not within 10…30 seconds.
    """

    window: float = 20.0

    def __post_init__(self) -> None:
        if not 10 <= self.window <= 30:
            raise ConfigError(f"window must be within 10…30 seconds, got {self.window}")


@dataclass(frozen=True, slots=True)
class Together:
    """How alike ``tracks`` moved over the last ``seconds``.

    ``cohesion``: mean correlation over pairs, −1…1, about 0 for people who have nothing to do with each other;
    ``above_chance``: whether that is more than the same tracks give when they are shifted in time.
    """

    cohesion: float
    above_chance: bool
    tracks: int
    seconds: float


class Cohesion:
    """The cohesion of one room. Of the same values it always says the same: its random numbers are its own."""

    def __init__(self, rules: CohesionRules | None = None) -> None:
        length = round((rules or CohesionRules()).window * RATE)
        self._samples: deque[dict[Hashable, float]] = deque(maxlen=length)
        self._least = math.ceil(COVERAGE * length)
        self._heard: dict[Hashable, tuple[float, float]] = {}
        self._tick: int | None = None
        self._together: Together | None = None
        # Drawn once, so that the same window is judged alike each second.
        self._turns = np.random.default_rng(2018).random((SURROGATES, MOST_TRACKS))

    def update(self, valences: Mapping[Key, float], now: float) -> Together | None:
        """What is known with these valences (−1…1, by person) of the frame at ``now``, in seconds that never fall.

        None where fewer than two tracks cover the window and move. Worked out anew once a second.
        """
        if self._sample_before(now):
            self._together = self._judge()
        for key, valence in valences.items():
            if key in self._heard or len(self._heard) < MOST_TRACKS:
                self._heard[key] = valence, now
        return self._together

    def _sample_before(self, now: float) -> bool:
        """Take the samples that were due before ``now`` from what had been heard by then; whether a second is full."""
        end = math.ceil(now * RATE)
        start = end if self._tick is None else self._tick
        self._tick = max(start, end)
        second = False
        for tick in range(max(start, end - (self._samples.maxlen or 0)), end):
            time = tick / RATE
            self._heard = {key: heard for key, heard in self._heard.items() if time - heard[1] <= HELD}
            self._samples.append({key: valence for key, (valence, _) in self._heard.items()})
            second = second or tick % RATE == 0
        return second

    def _judge(self) -> Together | None:
        known = Counter(key for sample in self._samples for key in sample)
        keys = [key for key, count in known.most_common(MOST_TRACKS) if count >= self._least]
        if len(keys) < 2:
            return None
        tracks = standardise(np.array([[sample.get(key, math.nan) for sample in self._samples] for key in keys]))
        count, length = tracks.shape
        if count < 2:
            return None
        least = round(LEAST_OFFSET * RATE)
        offsets = least + (self._turns[:, :count] * (length - 2 * least + 1)).astype(np.intp)
        turned = sliding_window_view(np.tile(tracks, 2), length, axis=1)[np.arange(count), offsets]
        cohesion = float(mean_correlation(tracks))
        below = int((mean_correlation(turned) < cohesion).sum())
        return Together(min(1.0, cohesion), below >= BELOW, count, length / RATE)


def standardise(tracks: Matrix) -> Matrix:
    """Of (tracks, samples) those that move, with mean 0 and variance 1; what is not known (NaN) takes the mean."""
    moving = tracks[np.nanstd(tracks, axis=1) >= LEAST_MOVEMENT]
    centred = np.nan_to_num(moving - np.nanmean(moving, axis=1, keepdims=True))
    result: Matrix = centred / centred.std(axis=1, keepdims=True)
    return result


def mean_correlation(tracks: Matrix) -> Matrix:
    """The mean of Pearson's r over all pairs of n standardised tracks, over the last two axes (tracks, samples).

    The square of the sum over tracks holds each pair's product twice and each track's own square once, so the mean is
    (‖Σz‖² / T − n) / (n (n − 1)); −1 / (n − 1)…1.
    """
    count, length = tracks.shape[-2:]
    total = tracks.sum(axis=-2)
    result: Matrix = ((total * total).sum(axis=-1) / length - count) / (count * (count - 1))
    return result
