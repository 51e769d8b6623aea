"""The script of the made-up scene: who stands where at which moment. Times in seconds, no pixels.

One person waits, others join, somebody walks past in front of the camera, one goes out of focus, one leaves. What
follows after ``LENGTH`` only leads back to the beginning, for scenes that run on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

LENGTH = 20.0
PERIOD = 24.0
BEST = 8.2
"""Everyone is there, still, in focus and in full view."""

ARRIVALS = (0.0, 1.2, 3.2, 5.4)
WALK = 2.6
PASSING = (8.7, 13.4)
DEFOCUS = (13.6, 15.0)
RAMP = 0.25
LEAVING = 15.5
PARTING = 20.0

LEFT_TO_RIGHT = (2, 0, 1, 3)
"""Places of the cast, so that nobody who comes or goes has to cross the others."""

SEATS = {1: (0.5,), 2: (0.33, 0.67), 3: (0.19, 0.5, 0.81), 4: (0.135, 0.385, 0.63, 0.87)}
OUTSIDE = 0.34
"""How far beyond the edge one is out of sight, as a share of the width."""


@dataclass(frozen=True, slots=True)
class Pose:
    """``x`` of the face's centre as a share of the width; ``lift`` in 1/720 of the picture's height; ``scale`` and
    ``angle`` (degrees) about 1 and 0; ``blur`` 0 (sharp) … 1."""

    x: float
    lift: float = 0.0
    scale: float = 1.0
    angle: float = 0.0
    blur: float = 0.0


def eased(share: float) -> float:
    """0…1 to 0…1 with no jerk at either end (Perlin's 6t⁵ − 15t⁴ + 10t³)."""
    t = min(1.0, max(0.0, share))
    return t * t * t * (t * (t * 6 - 15) + 10)


class Story:
    """Poses of ``people`` (1…4) persons; ``phases`` (one for each, 0…1) make them sway out of step."""

    def __init__(self, people: int, phases: tuple[float, ...]) -> None:
        self._phases = phases
        self._line_ups = line_ups(people)
        self.out_of_focus = min(people - 1, 1)

    def pose(self, person: int, moment: float) -> Pose | None:
        """None while the person is out of sight."""
        t = moment % PERIOD
        x, walking = self._place(person, t)
        if not -OUTSIDE < x < 1 + OUTSIDE:
            return None
        turn = 2 * math.pi * (self._phases[person] + t * 5 / PERIOD)
        return Pose(
            x=x + 0.0022 * math.sin(turn),
            lift=1.6 * math.sin(1.4 * turn) * (1 - walking) + 7.0 * walking * abs(math.sin(math.pi * 1.9 * t)),
            scale=1 + 0.006 * math.sin(2 * turn),
            angle=0.55 * math.sin(turn + 1.0),
            blur=self._blur(person, t),
        )

    def _place(self, person: int, t: float) -> tuple[float, float]:
        """x and how briskly the person walks, 0…1."""
        x, walking = place(self._line_ups[0][1], person), 0.0
        for (_, before), (start, after) in pairwise(self._line_ups):
            share = (t - start) / WALK
            if share <= 0:
                break
            step = place(after, person) - place(before, person)
            x += step * eased(share)
            if share < 1:
                walking = min(1.0, abs(step) * 3) * math.sin(math.pi * share) ** 2
        return x, walking

    def _blur(self, person: int, t: float) -> float:
        if person != self.out_of_focus:
            return 0.0
        return min(eased((t - DEFOCUS[0]) / RAMP), eased((DEFOCUS[1] - t) / RAMP))


def line_ups(people: int) -> tuple[tuple[float, tuple[int, ...]], ...]:
    """From when on who is there, from left to right."""
    here = [tuple(p for p in LEFT_TO_RIGHT if p < count) for count in range(1, people + 1)]
    arrivals = list(zip(ARRIVALS, here, strict=False))
    if people == 1:
        return tuple(arrivals)
    leaver = min(people - 1, 2)
    staying = tuple(p for p in here[-1] if p != leaver)
    return (*arrivals, (LEAVING, staying), (PARTING, here[0]))


def place(line_up: tuple[int, ...], person: int) -> float:
    """x of a person's seat, or of where the person waits outside."""
    if person in line_up:
        return SEATS[len(line_up)][line_up.index(person)]
    return -OUTSIDE if LEFT_TO_RIGHT.index(person) < LEFT_TO_RIGHT.index(0) else 1 + OUTSIDE


def passing(moment: float) -> float | None:
    """How far somebody has walked past the camera, 0…1; None while nobody does."""
    start, end = PASSING
    share = (moment % PERIOD - start) / (end - start)
    return share if 0 < share < 1 else None
