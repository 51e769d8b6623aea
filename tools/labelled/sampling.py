"""Which frames of a medium are looked at where looking at each of them would say little more."""

from __future__ import annotations

from tools.labelled.document import Medium

RATE = 2.0
"""Frames a second of a video. Neighbouring frames show nearly the same and would only count one look many times."""


def sampled(medium: Medium, rate: float = RATE) -> tuple[int, ...]:
    """Frame 0 and then ``rate`` frames a second; every frame where the medium has fewer, or no known frame rate."""
    step = max(1.0, medium.fps / rate)
    count = int((medium.frames - 1) / step) + 1
    return tuple(round(index * step) for index in range(count))


def told(medium: Medium) -> tuple[int, ...]:
    """The frames on which somebody marked or said something, rising."""
    marks = {mark.frame for face in medium.faces for mark in face.marks}
    return tuple(sorted(marks | {one.frame for face in medium.faces for one in face.said}))
