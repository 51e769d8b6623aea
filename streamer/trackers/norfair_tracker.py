"""Faces across frames, by Norfair (https://github.com/tryolabs/norfair) with a distance that knows sizes."""

from __future__ import annotations

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
    from norfair.filter import FilterFactory, OptimizedKalmanFilter
    from norfair.tracker import Detection, TrackedObject, Tracker

LINGER = 1.0
"""Seconds that a track lives on unseen; so it ends, too, where a source pauses for longer."""

REACH = 0.9
"""Distance, in face sizes, up to which a detection may belong to a track. Heads side by side are 1 apart."""

TICK = 1 / 30
"""Seconds; the filter's speeds are in pixels a tick, for which Norfair's own noise settings are made."""

DAMPING = 0.95
"""Share of its speed that a face keeps with each tick while it is not seen: it glides on for 20 ticks' worth in all.
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

    A face gets its id with its second sighting and keeps it until it was unseen for ``LINGER`` seconds of media time.
    When time goes backwards everybody is new.
    """

    def __init__(self) -> None:
        self._motion = Motion()
        self._pts = self._looked = float("-inf")
        self._given = 0
        self._restart()

    def update(self, faces: Sequence[Face] | None, pts: float) -> tuple[Track, ...]:
        if pts < self._pts:
            self._given += self._norfair.total_object_count
            self._restart()
        self._motion.ticks = max(0.0, pts - self._pts) / TICK
        self._pts = pts
        self._norfair.tracked_objects = [o for o in self._norfair.tracked_objects if pts - sighting(o).pts <= LINGER]
        if faces is None:
            active = self._norfair.update(None)
        else:
            self._looked = pts
            active = self._norfair.update([detection(face, pts) for face in faces], period=TRUST)
            self._remember()
        return tuple(sorted((self._track(known) for known in active), key=lambda track: track.id))

    def _restart(self) -> None:
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


class Glide(OptimizedKalmanFilter):
    """Norfair's filter over uneven time, with ``DAMPING``."""

    def __init__(self, motion: Motion, points: NDArray[np.float64]) -> None:
        super().__init__(2 * points.size, points.size)  # type: ignore[no-untyped-call]  # norfair annotates it not
        self.x[: self.dim_z, 0] = points.flatten()
        self._motion = motion

    def predict(self) -> None:
        kept = DAMPING**self._motion.ticks
        speed = self.x[self.dim_z :]
        self.x[: self.dim_z] += speed * (1 - kept) / (1 - DAMPING)
        speed *= kept


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
