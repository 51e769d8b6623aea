"""Nods and shakes made of real pictures: the heads in a clip are turned a little, as bodies with depth, and each
picture goes through a detector, the tracker and the reader. They stand for real ones, of which no clip could be had."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Literal, TypeAlias

import av
import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.signs import SignReader
from streamer.stages import Detector
from streamer.trackers.norfair_tracker import NorfairTracker
from streamer.types import Face, Image

Floats: TypeAlias = NDArray[np.float32]
Kind: TypeAlias = Literal["nod", "shake", "sway"]
"""``sway``: the whole picture goes up and down as far as a nod's eyes would, and nothing turns."""

CENTRE, HALF, DEPTH = 0.35, (1.25, 1.75), 1.45
"""The head as an ellipsoid, in distances of the eyes: how far its centre lies below their line, half its width and
height, and how far the eyes lie before its axis."""

NOSE, TIP, SIDES = 0.55, 0.42, (0.28, 0.3)
"""The nose as a bump: how far below the line of the eyes, how far before the face, and its width and height. Place and
depth are those of the generic head of https://learnopencv.com/head-pose-estimation-using-opencv-and-dlib/."""

Sighting: TypeAlias = tuple[float, bool | None, bool | None, bool | None]
"""Time, and whether the head nodded, was shaken and faced the camera."""

SECONDS, BEGIN, LASTS = 4.0, 1.0, 1.5
"""Length of a made clip, when the gesture begins in it, and for how long it lasts at least."""

CYCLES = 1.5
"""Down, up, down: the shortest gesture that counts."""


@dataclass(frozen=True, slots=True)
class Clip:
    """``finds``: what the detector finds in each picture as it is."""

    name: str
    fps: float
    pictures: tuple[Image, ...]
    finds: tuple[tuple[Face, ...], ...]


@dataclass(frozen=True, slots=True)
class Motion:
    """``degrees`` from one end to the other, ``hertz`` cycles a second."""

    kind: Kind
    degrees: float
    hertz: float

    def angle(self, pts: float) -> float:
        """Radians."""
        if not BEGIN <= pts <= BEGIN + max(LASTS, CYCLES / self.hertz):
            return 0.0
        return math.radians(self.degrees / 2) * math.sin(2 * math.pi * self.hertz * (pts - BEGIN))


@dataclass(frozen=True, slots=True)
class Told:
    """One head: how often each gesture began to be told, the seconds in which both could be, the share of its sightings
    that face the camera, and their number."""

    nods: int
    shakes: int
    known: float
    facing: float
    sightings: int


def clip_of(path: Path, detector: Detector) -> Clip:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        stream.thread_type = "NONE"
        pictures = tuple(frame.to_ndarray(format="bgr24").astype(np.uint8) for frame in container.decode(stream))
        fps = float(stream.average_rate or 30)
    return Clip(path.name, fps, pictures, tuple(tuple(detector.detect(picture)) for picture in pictures))


def moved(clip: Clip, motion: Motion | None) -> Iterator[tuple[float, Image]]:
    """The clip forward and backward for SECONDS with a motion of every head; without one, as it is."""
    count = len(clip.pictures)
    for index in range(count if motion is None else round(SECONDS * clip.fps)):
        pts, turn = index / clip.fps, index % (2 * count - 2)
        place = min(turn, 2 * count - 2 - turn)
        angle = motion.angle(pts) if motion else 0.0
        picture = clip.pictures[place]
        yield pts, picture if motion is None or angle == 0 else changed(picture, clip.finds[place], motion, angle)


def changed(picture: Image, faces: Sequence[Face], motion: Motion, angle: float) -> Image:
    faces = [face for face in faces if np.isfinite(face.landmarks[:3]).all()]
    if motion.kind == "sway":
        eyes = [float(np.hypot(*(face.landmarks[1] - face.landmarks[0]))) for face in faces]
        way = DEPTH * math.sin(angle) * max(eyes, default=0.0)
        shift = np.array([[1, 0, 0], [0, 1, way]], np.float32)
        size = picture.shape[1], picture.shape[0]
        return np.asarray(cv2.warpAffine(picture, shift, size, borderMode=cv2.BORDER_REPLICATE), np.uint8)
    for face in faces:
        pitch, yaw = (angle, 0.0) if motion.kind == "nod" else (0.0, angle)
        picture = turned(picture, face, pitch, yaw)
    return picture


def turned(picture: Image, face: Face, pitch: float, yaw: float) -> Image:
    """The picture with this head turned by so many radians, down and to its left: each point of the head moves as its
    depth says, x + z sin α − x (1 − cos α), and what is not head stays."""
    right, left = face.landmarks[:2].astype(np.float64)
    middle, across = (right + left) / 2, left - right
    eyes = max(float(np.hypot(*across)), 1.0)
    along, down = across / eyes, np.array([-across[1], across[0]]) / eyes
    rows, columns = np.mgrid[0 : picture.shape[0], 0 : picture.shape[1]].astype(np.float32)
    x = ((columns - middle[0]) * along[0] + (rows - middle[1]) * along[1]) / eyes
    y = ((columns - middle[0]) * down[0] + (rows - middle[1]) * down[1]) / eyes
    inside, depth = depth_of(x, y)
    edge = eyes * np.clip(6 * inside, 0, 1)  # fades out towards the head's outline
    right_by = edge * (depth * math.sin(yaw) - x * (1 - math.cos(yaw)))
    down_by = edge * (depth * math.sin(pitch) - (y - CENTRE) * (1 - math.cos(pitch)))
    ways = (along[0] * right_by + down[0] * down_by, along[1] * right_by + down[1] * down_by)
    return warped(picture, columns, rows, (ways[0].astype(np.float32), ways[1].astype(np.float32)))


def depth_of(x: Floats, y: Floats) -> tuple[Floats, Floats]:
    """How far inside the head's outline each point is, 0 at it and 1 in its middle, and its depth; all in distances of
    the eyes from between them."""
    inside = 1 - (x / HALF[0]) ** 2 - ((y - CENTRE) / HALF[1]) ** 2
    bump = TIP * np.exp(-((x / SIDES[0]) ** 2) / 2 - ((y - NOSE) / SIDES[1]) ** 2 / 2)
    return inside, np.asarray(DEPTH * np.sqrt(np.clip(inside, 0, 1)) + bump * (inside > 0), np.float32)


def warped(picture: Image, columns: Floats, rows: Floats, ways: tuple[Floats, Floats]) -> Image:
    """Each point moved by its way. Where a point comes from is found by taking the way at that place, five times."""
    x, y = columns - ways[0], rows - ways[1]
    for _ in range(5):
        at = [cv2.remap(way, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) for way in ways]
        x, y = (columns - at[0]).astype(np.float32), (rows - at[1]).astype(np.float32)
    return np.asarray(cv2.remap(picture, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.uint8)


def read(pictures: Iterator[tuple[float, Image]], detect: Callable[[Image], Sequence[Face]]) -> list[Told]:
    """What is told of each head, by its track."""
    tracker, reader = NorfairTracker(), SignReader()
    seen: dict[int, list[Sighting]] = {}
    for pts, picture in pictures:
        for person in reader.update(tracker.update(tuple(detect(picture)), pts), {}, {}, pts):
            if (signs := person.signs) and person.track.seen:
                seen.setdefault(person.track.id, []).append((pts, signs.nod, signs.shake, signs.facing))
    return [told_of(rows) for rows in seen.values()]


def told_of(rows: Sequence[Sighting]) -> Told:
    nods, shakes, facing = [row[1] for row in rows], [row[2] for row in rows], [row[3] for row in rows]
    steps = [min(0.5, later[0] - earlier[0]) for earlier, later in pairwise(rows)]
    known = sum(step for step, row in zip(steps, rows[1:], strict=True) if None not in row[1:3])
    return Told(begun(nods), begun(shakes), known, sum(map(bool, facing)) / len(rows), len(rows))


def begun(told: Sequence[bool | None]) -> int:
    """How often it became true."""
    return sum(bool(now) and not before for before, now in zip([None, *told], told, strict=False))
