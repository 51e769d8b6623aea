"""Faces across frames, by Norfair (https://github.com/tryolabs/norfair) with a distance that knows sizes."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from streamer.types import Box, Face, Track

with warnings.catch_warnings():
    # filterpy, which norfair imports, has invalid escapes in its docstrings; Python says so when it compiles them.
    warnings.simplefilter("ignore", DeprecationWarning)
    warnings.simplefilter("ignore", SyntaxWarning)
    from norfair.distances import Distance
    from norfair.filter import FilterFactory
    from norfair.tracker import Detection, TrackedObject, Tracker

LINGER = 1.0
"""Seconds that a track lives on while looks do not find it."""

GAP = 2.0 + 0.001
"""Seconds without any look after which every track ends; a millisecond more, as some containers round to whole ones."""

REACH = 0.9
"""Distance, in face sizes, up to which a detection may belong to a track. Heads side by side are 1 apart."""

TICK = 1 / 30
"""Seconds; the filter's speeds are in pixels a tick, for which Norfair's noise settings are made."""

PLACE, SPEED, NOISE, ERROR = 10.0, 1.0, 0.1, 4.0
"""Norfair's noise settings, as variances in pixels² and (pixels a tick)²: how far off a place and a speed are at first,
how much both stray in a tick, and how far off a detection is."""

DAMPING = 0.95
"""Share of its speed that a face keeps with each tick since it was seen: it glides on for 20 ticks' worth in all.
Who vanishes behind somebody seldom keeps going, and a runaway box would take over somebody else."""

TRUST = 1_000_000
"""Norfair's life counters go down by 1 a frame and up by twice the ``period`` with each sighting. A period that no
video outlasts leaves them one use: the second sighting lifts them over the threshold. Life itself is media time."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What a Norfair detection was made of. ``pts`` in seconds."""

    face: Face
    pts: float


@dataclass(frozen=True, slots=True, eq=False)
class Life:
    """``born``: pts of the first sighting; ``offset``: from the filter's centre to that of the last seen box."""

    born: float
    offset: NDArray[np.float64]


class NorfairTracker:
    """Ids count from 1 and are never given again.

    A face gets its id with its second sighting, so that a single wrong find is never shown. It keeps it until it was
    unseen for ``LINGER`` seconds of media time; these count only when somebody looked, so that rare looks end nobody,
    up to ``GAP`` seconds. After a longer gap everybody is new, and has an id with the first sighting: in time-lapse,
    where each look comes after such a gap, there is never a second one. (The very first look has none before it.)
    When time goes backwards everybody is new, too.
    """

    def __init__(self) -> None:
        self._motion = Motion()
        self._pts = self._looked = -math.inf
        self._given = 0
        self._restart()

    def update(self, faces: Sequence[Face] | None, pts: float) -> tuple[Track, ...]:
        if pts < self._pts:
            self.reset()
        self._motion.ticks = max(0.0, pts - self._pts) / TICK
        self._pts = pts
        self._end()
        if faces is None:
            self._norfair.update(None)
        else:
            self._look(faces)
        tracks = (self._track(known) for known in self._norfair.get_active_objects())
        return tuple(sorted(tracks, key=lambda track: track.id))

    def reset(self) -> None:
        """Part with everybody: who is seen from now on is new."""
        self._given += self._norfair.total_object_count
        self._restart()

    def _look(self, faces: Sequence[Face]) -> None:
        after_gap = GAP < self._pts - self._looked < math.inf
        self._looked = self._pts
        found = [detection(face, self._pts) for face in faces]
        self._norfair.update(found, period=TRUST)
        if after_gap:
            self._motion.ticks = 0.0
            self._norfair.update(found, period=TRUST)  # their second sighting
        self._end()
        self._remember()

    def _end(self) -> None:
        """Part with everybody whose time is over."""
        self._norfair.tracked_objects = [
            known for known in self._norfair.tracked_objects if self._lives_on(sighting(known).pts)
        ]

    def _lives_on(self, seen: float) -> bool:
        return self._pts - seen <= (GAP if seen == self._looked else LINGER)

    def _restart(self) -> None:
        self._looked = -math.inf
        self._norfair = Tracker(
            distance_function="euclidean",  # a custom one would log a warning here
            distance_threshold=REACH,
            hit_counter_max=2 * TRUST,
            initialization_delay=TRUST,
            filter_factory=self._motion,
            past_detections_length=0,
        )
        self._norfair.distance_function = FaceDistance()  # type: ignore[assignment]  # its code wants one
        self._lives: dict[int | None, Life] = {}  # by initializing_id

    def _remember(self) -> None:
        """Note of everybody seen just now where the filter's centre is against theirs."""
        lives: dict[int | None, Life] = {}
        for known in self._norfair.tracked_objects:
            life = self._lives.get(known.initializing_id, Life(self._pts, np.zeros(2)))
            if sighting(known).pts == self._looked:
                life = replace(life, offset=np.array(sighting(known).face.box.center) - center(known))
            lives[known.initializing_id] = life
        self._lives = lives

    def _track(self, known: Any) -> Track:
        """A face seen in this very frame is as it was seen; else the last sighting, moved as the filter moved."""
        life, last = self._lives[known.initializing_id], sighting(known)
        face = last.face
        if last.pts != self._pts:
            face = moved(face, *(center(known) + life.offset - face.box.center))
        return Track(self._given + known.id, face, self._pts - life.born, last.pts == self._looked)


class FaceDistance(Distance):
    """Mean distance of the points that both know (two corners of the box, landmarks), in face sizes."""

    def get_distances(self, objects: Sequence[TrackedObject], candidates: Any) -> NDArray[np.float32]:
        """(candidates, objects) float32."""
        if not objects or not candidates:
            return np.full((len(candidates), len(objects)), np.inf, np.float32)
        there = np.stack([known.estimate for known in objects])
        here = np.stack([new.points for new in candidates])
        known = np.stack([new.scores for new in candidates])[:, None] * np.stack(
            [known.last_detection.scores for known in objects]
        )
        far = np.linalg.norm(here[:, None] - there[None], axis=-1)
        mean = (far * known).sum(-1) / known.sum(-1)
        sizes = np.add.outer([size(new.data) for new in candidates], [size(sighting(known)) for known in objects]) / 2
        return np.asarray(mean / np.maximum(sizes, 1.0), np.float32)


class Motion(FilterFactory):
    """Makes the filters and tells them how many ticks pass with the next frame."""

    def __init__(self) -> None:
        self.ticks = 1.0

    def create_filter(self, initial_detection: NDArray[np.float64]) -> Glide:
        return Glide(self, initial_detection)


class Glide:
    """A Kalman filter for each coordinate on its own, over uneven time, with ``DAMPING``.

    Norfair's own updates a coordinate's variances by one tick between two sightings, however many there were. After
    many it trusts its speed far too much, and swings further with each sighting.

    ``x`` (2 × ``dim_z``, 1): where the coordinates are, in pixels, then their speeds in pixels a tick; as Norfair reads
    it. ``place``, ``cross`` and ``speed`` are the variances and the covariance of a coordinate's place and speed.
    """

    def __init__(self, motion: Motion, points: NDArray[np.float64]) -> None:
        self.dim_z = points.size
        self.x = np.concatenate([points.reshape(-1, 1), np.zeros((points.size, 1))])
        self._motion, self._unseen = motion, np.zeros((points.size, 1))
        self._place, self._cross, self._speed = (np.full((points.size, 1), start) for start in (PLACE, 0.0, SPEED))

    def predict(self) -> None:
        """Variances grow as those of a constant speed that white noise disturbs (Bar-Shalom, Li and Kirubarajan,
        "Estimation with Applications to Tracking and Navigation", 2001, section 6.2.2), whatever the steps."""
        ticks, before = self._motion.ticks, DAMPING**self._unseen
        self._unseen += ticks
        self.x[: self.dim_z] += (before - DAMPING**self._unseen) / (1 - DAMPING) * self.x[self.dim_z :]
        self._place += 2 * ticks * self._cross + ticks**2 * self._speed + NOISE * (ticks + ticks**3 / 3)
        self._cross += ticks * self._speed + NOISE * ticks**2 / 2
        self._speed += NOISE * ticks

    def update(self, points: NDArray[np.float64], _noise: None, sensors: NDArray[np.float64]) -> None:
        """``points`` (dim_z, 1) seen; ``sensors`` (dim_z, 2 × dim_z) has 1 on its diagonal where one is known."""
        known = np.diagonal(sensors)[:, None]
        self._unseen *= 1 - known
        error = points - self.x[: self.dim_z]
        total = self._place + ERROR
        to_place, to_speed = known * self._place / total, known * self._cross / total
        self.x[: self.dim_z] += to_place * error
        self.x[self.dim_z :] += to_speed * error
        self._speed -= to_speed * self._cross
        self._cross *= 1 - to_place
        self._place *= 1 - to_place


def detection(face: Face, pts: float) -> Detection:
    """Two corners of the box, then the landmarks; an unknown one has score 0 and stands in the middle of the box."""
    box = face.box
    known = ~np.isnan(face.landmarks).any(1)
    landmarks = np.where(known[:, None], face.landmarks, box.center)
    points = np.concatenate([[(box.x1, box.y1), (box.x2, box.y2)], landmarks])
    return Detection(points, np.concatenate([[1.0, 1.0], known]), data=Sighting(face, pts))


def sighting(known: Any) -> Sighting:
    """The last one of a Norfair object."""
    seen: Sighting = known.last_detection.data
    return seen


def center(known: Any) -> NDArray[np.float64]:
    """(2,) that of the box by the filter."""
    middle: NDArray[np.float64] = known.estimate[:2].mean(0)
    return middle


def size(seen: Sighting) -> float:
    return max(seen.face.box.width, seen.face.box.height)


def moved(face: Face, x: float, y: float) -> Face:
    box = Box(face.box.x1 + x, face.box.y1 + y, face.box.x2 + x, face.box.y2 + y)
    return replace(face, box=box, landmarks=face.landmarks + np.array([x, y], np.float32))
