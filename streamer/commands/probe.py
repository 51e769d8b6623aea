"""``groupmood probe SOURCE``: what a source gives, and whether the faces in it are large enough."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median

import cv2

from streamer import build
from streamer.chips import MIN_QUALITY, quality
from streamer.commands.setup import configured, ready
from streamer.commands.terminal import rows
from streamer.config import Config
from streamer.sources.address import parse
from streamer.sources.preflight import facts
from streamer.stages import Detector
from streamer.types import Frame

LOOKS = 24
"""Frames that are searched for faces, spread over the time."""

SMALLEST = 24.0
"""Height in pixels from which on a face is read, with a margin over the size at which ``chips.quality`` gives it up."""


@dataclass(frozen=True, slots=True)
class Seen:
    """``sizes`` of the frames in pixels, ``times`` their pts, ``faces`` by looked-at frame: heights and qualities."""

    sizes: frozenset[tuple[int, int]]
    times: tuple[float, ...]
    faces: tuple[tuple[tuple[float, float], ...], ...]


def probe(source: str, seconds: float, *, offline: bool) -> int:
    """Raises:
    StreamerError, EngineError: it cannot be opened, or no detector can.
    """
    config = configured(None, {"source": source, "detector.name": "centerface"}, {})
    ready(config, offline=offline)
    cv2.setNumThreads(1)
    with build.detector(config, build.engines_of(config)) as detector:
        seen = look(config, detector, seconds)
    rows([*stated(source), *measured(seen), *advice(seen)])
    return 0


def look(config: Config, detector: Detector, seconds: float) -> Seen:
    """Read the first ``seconds`` and search some of the frames for faces."""
    (name, settings) = next(iter(config.sources.items()))
    sizes, times, faces = set[tuple[int, int]](), list[float](), list[tuple[tuple[float, float], ...]]()
    with build.source(name, settings, threading.Event(), build.Extras(seconds=seconds)) as opened:
        for frame in opened.frames():
            times.append(frame.pts)
            if frame.pts >= len(faces) * seconds / LOOKS:
                sizes.add(frame.size)
                faces.append(found(frame, detector))
    return Seen(frozenset(sizes), tuple(times), tuple(faces))


def found(frame: Frame, detector: Detector) -> tuple[tuple[float, float], ...]:
    """Height in pixels and quality of each face."""
    return tuple((face.box.height, quality(frame.image, face)) for face in detector.detect(frame.image))


def stated(source: str) -> list[tuple[str, str]]:
    """What the container says of a file; nothing for a camera."""
    address = parse(source)
    if address.kind != "file":
        return [("source", str(address))]
    said = facts(Path(address.value))
    length = "length not stated" if said.duration is None else f"{said.duration:.1f} s"
    turned = f", turned by {said.rotation}°" if said.rotation else ""
    return [("source", str(address)), ("codec", f"{said.codec}, {length}{turned}")]


def measured(seen: Seen) -> list[tuple[str, str]]:
    if not seen.times:
        return [("frames", "none came")]
    gaps = [later - earlier for earlier, later in pairwise(seen.times)]
    rate = f"{1 / median(gaps):.1f} a second" if gaps and median(gaps) > 0 else "too few to say how fast"
    sizes = ", ".join(f"{width}×{height}" for width, height in sorted(seen.sizes))
    return [("size", sizes), ("frames", f"{len(seen.times)} read, {rate}")]


def advice(seen: Seen) -> list[tuple[str, str]]:
    """What the faces' sizes mean, and what to do."""
    faces = [face for look in seen.faces for face in look]
    if not faces:
        return [("faces", "none seen"), ("advice", "check that people face the camera and that there is enough light")]
    heights = sorted(height for height, _ in faces)
    counts = [len(look) for look in seen.faces]
    usable = sum(grade >= MIN_QUALITY for _, grade in faces) / len(faces)
    return [
        ("faces", f"{min(counts)} to {max(counts)} at once"),
        ("face height", f"{heights[0]:.0f} to {heights[-1]:.0f} px, half of them under {median(heights):.0f} px"),
        ("smallest", f"a face must be {SMALLEST:.0f} px high to be read; {usable:.0%} of those seen can be"),
        ("advice", distance_advice(heights)),
    ]


def distance_advice(heights: Sequence[float]) -> str:
    """How much further away people may be, or how much nearer they must come."""
    factor = median(heights) / SMALLEST
    if factor >= 1.5:
        return f"fine: people may be {factor:.1f} times as far away"
    if factor >= 1:
        return "just large enough: a larger picture or people closer by would be surer"
    return f"too far: come {1 / factor:.1f} times as close, zoom in, or choose a larger picture (--size)"
