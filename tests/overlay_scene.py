"""People, moods and grounds for the tests of the overlay."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from streamer.emotions import LABELS
from streamer.overlay import Overlay
from streamer.types import (
    UNSURE,
    Box,
    Emotion,
    Face,
    Frame,
    FrameResult,
    GroupMood,
    Image,
    Person,
    Status,
    Track,
    View,
)

SHARES = (0.3, 0.4, 0.1, 0.05, 0.05, 0.02, 0.06, 0.02)
STATUS = Status(30.0, 0.045, 0, "onnxruntime")
BARE = View(labels=False, meter=False)


YELLOW, AMBER, VERMILLION, BLUE = (0x42, 0xE4, 0xF0), (0x00, 0x9F, 0xE6), (0x00, 0x5E, 0xD5), (0xB2, 0x72, 0x00)
"""Happiness, lateness, recording and the negative end, the positive end; each blue, green, red."""


def plain(width: int, height: int, level: int = 128) -> Image:
    return np.full((height, width, 3), level, np.uint8)


def noise(width: int, height: int, seed: int = 1) -> Image:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)


def person(
    number: int, box: Box, label: str | None = "happiness", pts: float = 0.0, seen: bool = True, confidence: float = 0.8
) -> Person:
    """``label`` None: before the first reading; ``pts`` of the reading."""
    emotion = None
    if label is not None:
        index = LABELS.index(label) if label in LABELS else 0
        emotion = Emotion(tuple(0.79 if i == index else 0.03 for i in range(8)), "test", pts)
    track = Track(number, Face(box, 0.9), 1.0, seen)
    return Person(track, emotion, label or UNSURE, confidence if label else 0.0, 0.9)


def mood(
    valence: float | None,
    arousal: float | None = None,
    interval: tuple[float, float] | None = None,
    people: int = 4,
    shares: tuple[float, ...] | None = None,
) -> GroupMood:
    return GroupMood(people, people, valence, arousal, interval, shares, None, None, 1.0, 8.0)


def draw(
    overlay: Overlay,
    image: Image,
    pts: float = 0.0,
    people: Sequence[Person] = (),
    room: GroupMood | None = None,
    view: View | None = None,
) -> Image:
    frame = Frame("camera", 0, pts, pts, image)
    result = FrameResult("camera", 0, pts, pts, tuple(people), room)
    return overlay.draw(frame, result, view or View(), STATUS).image


def inform(overlay: Overlay, image: Image, status: Status, pts: float = 0.0) -> Image:
    """The info line alone."""
    frame = Frame("camera", 0, pts, pts, image)
    return overlay.draw(frame, FrameResult("camera", 0, pts, pts, (), None), BARE, status).image


def changed(before: Image, after: Image, box: Box | None = None) -> NDArray[np.bool_]:
    """Where two pictures differ, height × width; within a box if one is given."""
    differ: NDArray[np.bool_] = np.any(before != after, axis=2)
    if box is None:
        return differ
    return differ[max(0, int(box.y1)) : int(box.y2), max(0, int(box.x1)) : int(box.x2)]


def luminance(image: Image) -> NDArray[np.float64]:
    """Relative luminance, WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-relative-luminance."""
    value = image.astype(np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    result: NDArray[np.float64] = linear @ np.array([0.0722, 0.7152, 0.2126])
    return result


def contrast(light: float, dark: float) -> float:
    """Contrast ratio of two luminances, WCAG 2.2, https://www.w3.org/TR/WCAG22/#dfn-contrast-ratio."""
    return (max(light, dark) + 0.05) / (min(light, dark) + 0.05)


def near(image: Image, colour: tuple[int, int, int], tolerance: int = 12) -> NDArray[np.bool_]:
    mask: NDArray[np.bool_] = np.all(np.abs(image.astype(int) - np.array(colour)) <= tolerance, axis=2)
    return mask
