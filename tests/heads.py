"""Eyes, nose and mouth of a head that turns, as a camera far away sees them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

import numpy as np

from streamer.head import Head
from streamer.types import Box, Face, Landmarks, Track

POINTS = np.array([[-0.5, 0, 1.45], [0.5, 0, 1.45], [0, 0.55, 1.87], [-0.4, 1.05, 1.45], [0.4, 1.05, 1.45]])
"""x to the right, y down, z towards the camera from the axis about which the head turns; distances of the eyes."""

Pose = tuple[float, float]
"""Degrees down and to the right."""


def landmarks(
    pose: Pose = (0, 0), *, eyes: float = 30.0, tilt: float = 0.0, at: tuple[float, float] = (300, 200)
) -> Landmarks:
    """``eyes``: their distance in pixels of the frontal face; ``tilt`` of the head in degrees; ``at`` in pixels."""
    pitch, yaw = (math.radians(angle) for angle in pose)
    x, y, z = POINTS.T
    y, z = y * math.cos(pitch) + z * math.sin(pitch), z * math.cos(pitch) - y * math.sin(pitch)
    x = x * math.cos(yaw) + z * math.sin(yaw)
    turn = math.radians(tilt)
    turned = np.stack([x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)], axis=1)
    return np.asarray(turned * eyes + at, np.float32)


def swinging(degrees: float, hertz: float, start: float = 1.0, cycles: float = 3.0) -> Callable[[float], float]:
    """An angle that goes by ``degrees`` from one end to the other, so many times, and is 0 before and after."""

    def angle(pts: float) -> float:
        if not start <= pts <= start + cycles / hertz:
            return 0.0
        return degrees / 2 * math.sin(2 * math.pi * hertz * (pts - start))

    return angle


def times(fps: float, seconds: float) -> Iterator[float]:
    for index in range(round(seconds * fps)):
        yield index / fps


def watched(
    points: Callable[[float], Landmarks], fps: float = 15.0, seconds: float = 6.0, noise: float = 0.0, seed: int = 1
) -> list[tuple[float, bool | None, bool | None, bool | None]]:
    """Time, nod, shake and facing at each sighting; ``noise``: standard deviation of each coordinate in pixels."""
    head, rng, told = Head(), np.random.default_rng(seed), []
    for pts in times(fps, seconds):
        seen = points(pts) + rng.normal(0, noise, (5, 2)).astype(np.float32)
        head.see(seen.astype(np.float32), pts)
        told.append((pts, head.moved("nod", pts), head.moved("shake", pts), head.facing(pts)))
    return told


def track_at(points: Landmarks, *, seen: bool = True) -> Track:
    return Track(1, Face(Box(250, 150, 350, 250), 0.9, points), 1.0, seen)
