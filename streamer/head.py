"""How a head turns, from where eyes and nose lie: whether it faces the camera, nods or is shaken.

A nod is told by two things at once. The point between the eyes goes up and down, as in S. Kawato, J. Ohya, "Real-time
detection of nodding and head-shaking by directly detecting and tracking the between-eyes" (FG 2000,
https://doi.org/10.1109/AFGR.2000.840610): that is large, but a walk, a sway or a shaken camera does it as well. And
the tip of the nose goes with it, further than the eyes because it lies before them: only a turn of the head does that.
Neither needs the mouth, which moves when people talk. A shake is the same from side to side.

Only alternating movements count, as for A. Kapoor, R. W. Picard, "A real-time head nod and shake detector" (PUI 2001,
https://doi.org/10.1145/971478.971509): three swings or more, so a single bow is no nod and a look aside no shake. All
is measured in distances of the eyes and in seconds, so neither the picture's size nor its rate matters.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, median
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from streamer.types import Landmarks

Axis: TypeAlias = Literal["nod", "shake"]
Floats: TypeAlias = NDArray[np.float64]
Turn: TypeAlias = tuple[float, float]
"""Time in seconds and place in distances of the eyes."""

SWING = 0.12
"""How far the point between the eyes must go each way, in distances of the eyes: some 5° of a head. Faces that sit
still stay far below, faces that sway or walk do not."""

FOLLOWS = 0.1
"""Distances that the nose must go ahead of the eyes for each one that they go. It lies about 0.4 distances before them
and they lie about 1.5 before the neck, so 0.3 would be right, but detectors report about half of a nose's way."""

AGREES = 0.6
"""Correlation of the two, from which on they are one movement."""

SHORTEST, LONGEST = 0.1, 0.75
"""Seconds of a swing: half the periods of 5 and 0.7 Hz. Faster is noise, slower is a change of posture."""

MEMORY = 3 * LONGEST
"""Seconds of movement that are looked at: three of the slowest swings."""

TOLD = 1.2
"""Seconds for which a nod or a shake stays told after it last turned back."""

BIN = 0.05
"""Seconds within which sightings are averaged, so that fast cameras give calmer numbers and no other ones."""

RATE = 6.0
"""Sightings a second without which no swing can be told from its neighbour."""

GAP = 0.35
"""Seconds without a sighting after which the movement before is no part of the one after."""

LEAST_EYES, LEAST_FACING = 12.0, 8.0
"""Pixels between the eyes, for a movement and for the direction of a face: in smaller faces the nose's place is guessed
from the face's."""

FACING_TAU, FACING_STALE = 0.3, 1.0
"""Time constant of the smoothing, and the age at which the last sighting says nothing more; seconds."""

NEAR, FAR = 0.25, 0.32
"""How far the nose may lie off its place in a face that is seen from before: along the line of the eyes from their
middle, over their distance, and down from that line, over the mouth's way down. Both are about 0.4 × the tangent of the
angle, so these are 31° and 38°. Below the first a face counts as facing, above the second no longer, between them it
stays what it was."""

LEVEL = 0.53
"""That second way in a level face. Where the mouth is not known only turning aside is seen."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Pixels: the point between the eyes, the vector from right to left eye, and those from between them to the nose
    and to the middle of the mouth, which is NaN where it is not known; ``apart``: the length of ``across``."""

    pts: float
    eyes: Floats
    across: Floats
    nose: Floats
    mouth: Floats
    apart: float


@dataclass(frozen=True, slots=True)
class Swing:
    """The smallest of three swings, in distances of the eyes; how far the nose went ahead for each distance, and how
    well the two agree, −1…1. ``turned``: when the last began."""

    size: float = 0.0
    ahead: float = 0.0
    agreement: float = 0.0
    turned: float = -math.inf

    @property
    def turns(self) -> bool:
        return self.size >= SWING and self.ahead >= FOLLOWS and self.agreement >= AGREES


class Head:
    """One head; ``see`` each sighting of it in the order of time, never a predicted place."""

    def __init__(self) -> None:
        self._bins: deque[Sighting] = deque()
        self._open: list[Sighting] = []
        self._told: dict[Axis, float] = {"nod": -math.inf, "shake": -math.inf}
        self._seen = self._faced = -math.inf
        self._pose: Floats | None = None
        self._facing: bool | None = None

    def see(self, landmarks: Landmarks, pts: float) -> None:
        """Takes in eyes and nose; nothing where one of them is unknown or the eyes lie on one spot."""
        sighting = sighting_of(landmarks, pts)
        if sighting is None:
            return
        if not 0 < pts - self._seen <= GAP:
            self._bins.clear()
            self._open.clear()
        self._seen = pts
        self._face(sighting)
        if self._open and pts - self._open[0].pts >= BIN - 1e-6:
            self._bins.append(mean(self._open))
            self._open.clear()
            self._look(pts)
        self._open.append(sighting)

    def moved(self, axis: Axis, pts: float) -> bool | None:
        """Whether the head has nodded, or was shaken, in the last second or so; None while it cannot be told."""
        if 0 <= pts - self._told[axis] <= TOLD:
            return True
        return False if self._clear(pts) else None

    def facing(self, pts: float) -> bool | None:
        """Whether the face is turned towards the camera; None where that was not seen lately."""
        return self._facing if 0 <= pts - self._faced <= FACING_STALE else None

    def _clear(self, pts: float) -> bool:
        """Whether the sightings are large, long and close enough to tell a movement."""
        if not 0 <= pts - self._seen <= GAP or len(self._bins) < RATE:
            return False
        span = self._bins[-1].pts - self._bins[0].pts
        return span >= 1.0 and (len(self._bins) - 1) / span >= RATE and self._scale() >= LEAST_EYES

    def _scale(self) -> float:
        return median(one.apart for one in self._bins)

    def _face(self, sighting: Sighting) -> None:
        if sighting.apart < LEAST_FACING:
            return
        elapsed, pose = sighting.pts - self._faced, pose_of(sighting)
        self._faced = sighting.pts
        if self._pose is None or not 0 < elapsed <= FACING_STALE:
            self._pose, self._facing = pose, None
        else:
            self._pose = self._pose - math.expm1(-elapsed / FACING_TAU) * (pose - self._pose)
        off = float(np.abs(self._pose).max())
        if off <= NEAR:
            self._facing = True
        elif off >= FAR or self._facing is None:
            self._facing = False

    def _look(self, pts: float) -> None:
        while self._bins[-1].pts - self._bins[0].pts > MEMORY:
            self._bins.popleft()
        if not self._clear(pts):
            return
        swings = swings_of(self._bins, self._scale())
        found = [axis for axis, swing in swings.items() if swing.turns]
        if found:
            # A head that turns about a tilted axis does a little of the other as well.
            axis = max(found, key=lambda one: swings[one].size)
            self._told[axis] = swings[axis].turned


def sighting_of(landmarks: Landmarks, pts: float) -> Sighting | None:
    points = landmarks[:3].astype(np.float64)
    if not np.isfinite(points).all():
        return None
    right, left, nose = points
    middle, across = (right + left) / 2, left - right
    apart = math.hypot(*across.tolist())
    if apart < 1.0:
        return None
    mouth = landmarks[3:].astype(np.float64).mean(axis=0) - middle
    return Sighting(pts, middle, across, nose - middle, mouth, apart)


def mean(sightings: Sequence[Sighting]) -> Sighting:
    if len(sightings) == 1:
        return sightings[0]
    eyes, across, nose, mouth = np.mean([(one.eyes, one.across, one.nose, one.mouth) for one in sightings], axis=0)
    return Sighting(fmean(one.pts for one in sightings), eyes, across, nose, mouth, math.hypot(*across.tolist()))


def pose_of(sighting: Sighting) -> Floats:
    """(2,): how far the nose lies to the side of, and below, its place in a level face that is seen from before; see
    NEAR for the units. The second is 0 where the mouth is not known or not below the eyes."""
    across = sighting.across
    down = np.array([-across[1], across[0]])
    aside, nose, mouth = (float(one) for one in (sighting.nose @ across, sighting.nose @ down, sighting.mouth @ down))
    return np.array([aside / float(across @ across), nose / mouth - LEVEL if mouth > 1e-6 else 0.0])


def swings_of(sightings: Sequence[Sighting], scale: float) -> dict[Axis, Swing]:
    """Of the movement up and down, and of that from side to side, as the head is tilted; ``scale``: pixels between the
    eyes, one number for all, as a turned face's eyes come nearer to each other."""
    times = np.array([one.pts for one in sightings])
    across = np.mean([one.across for one in sightings], axis=0)
    x, y = across / max(float(np.hypot(*across)), 1e-9)
    eyes, nose = (np.array([getattr(one, name) for one in sightings]) / scale for name in ("eyes", "nose"))
    down, along = np.array([-y, x]), np.array([x, y])
    return {
        "nod": swing_of(times, eyes @ down, nose @ down),
        "shake": swing_of(times, eyes @ along, nose @ along),
    }


def swing_of(times: Floats, eyes: Floats, nose: Floats) -> Swing:
    """The last three swings, if they are of the right length; else one of size 0."""
    turns = turning_points(times, eyes, SWING)[-4:]
    if len(turns) < 4:
        return Swing()
    lengths = [later[0] - earlier[0] for earlier, later in pairwise(turns[1:])]
    if lengths[0] < SHORTEST or max(lengths) > LONGEST or times[-1] - turns[-1][0] > LONGEST:
        return Swing()
    part = times >= turns[1][0] - lengths[0]
    ahead, agreement = regression(eyes[part], nose[part])
    size = min(abs(later[1] - earlier[1]) for earlier, later in pairwise(turns))
    return Swing(size, ahead, agreement, turns[-2][0])


def turning_points(times: Floats, places: Floats, least: float) -> list[Turn]:
    """Where the movement turns back by ``least`` or more, oldest first, then how far it has come since the last."""
    path = list(zip(times.tolist(), places.tolist(), strict=True))
    turns: list[Turn] = []
    low = high = furthest = path[0]
    sign = 0
    for now in path:
        if sign == 0:
            low, high = now if now[1] < low[1] else low, now if now[1] > high[1] else high
            sign = 1 if now[1] - low[1] >= least else -1 if high[1] - now[1] >= least else 0
            if sign:
                turns, furthest = [low if sign > 0 else high], now
        elif sign * (now[1] - furthest[1]) >= 0:
            furthest = now
        elif sign * (furthest[1] - now[1]) >= least:
            turns.append(furthest)
            sign, furthest = -sign, now
    return [*turns, furthest]


def regression(x: Floats, y: Floats) -> tuple[float, float]:
    """Slope of y over x by least squares, and their correlation; 0 where one of them stands still."""
    x, y = x - x.mean(), y - y.mean()
    both, first, second = float(x @ y), float(x @ x), float(y @ y)
    if first < 1e-12 or second < 1e-12:
        return 0.0, 0.0
    return both / first, both / math.sqrt(first * second)
