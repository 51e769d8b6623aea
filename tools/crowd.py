"""Clips with a known number of faces for the benchmark: a street scene in which all faces but some are blurred away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np

from streamer import build
from streamer.chips import quality
from streamer.config import Config
from streamer.mood import RoomMood
from streamer.sources.file import FileSource
from streamer.types import Box, Frame, FrameResult, Image

RATE = 30

COPY = 160
"""Pixels of the side of a copied face with what is around it, in the scene of 1080 lines."""


def clips(source: Path, config: Config, folder: Path, faces: Sequence[int], sizes: Sequence[tuple[int, int]]) -> None:
    """Write ``faces-N-HEIGHTp.mp4`` for each number and size; the scene runs forward and backward, so it has no cut."""
    with FileSource(source) as opened:
        frames = [Frame(f.source, f.index, f.pts, f.captured, f.image) for f in opened.frames()]
    with build.analyzer(config, build.models(config), RoomMood(), live=False) as analyzer:
        results = [analyzer.process(frame) for frame in frames]
    staying = [track for track, _ in Counter(p.track.id for r in results for p in r.people).most_common()]
    patches = clearest(frames, results)
    for count in faces:
        kept = frozenset(staying[:count])
        pictures = [
            with_more(without(frame.image, result, kept), count - present(result, kept), patches)
            for frame, result in zip(frames, results, strict=True)
        ]
        for width, height in sizes:
            write(folder / name(count, height), [*pictures, *reversed(pictures)], (width, height))


def name(faces: int, height: int) -> str:
    return f"faces-{faces}-{height}p.mp4"


def without(image: Image, result: FrameResult, kept: frozenset[int]) -> Image:
    """The picture with every face blurred away whose track is not kept."""
    out = image.copy()
    staying = [person.track.face.box for person in result.people if person.track.id in kept]
    others = [person.track.face.box for person in result.people if person.track.id not in kept]
    others += [face.box for face in result.faces if all(face.box.iou(box) < 0.3 for box in staying)]
    for box in others:
        smear(out, box)
    return out


def present(result: FrameResult, kept: frozenset[int]) -> int:
    return sum(person.track.seen and person.track.id in kept for person in result.people)


def clearest(frames: Sequence[Frame], results: Sequence[FrameResult]) -> list[Image]:
    """What is to be copied: the clearest face of the scene with what is around it; [] where none is whole."""
    found = [
        ((round(quality(frame.image, person.track.face), 1), person.track.face.box.area), patch)
        for frame, result in zip(frames, results, strict=True)
        for person in result.people
        if (patch := cut(frame.image, person.track.face.box)) is not None
    ]
    return [patch for _, patch in sorted(found, key=lambda one: one[0])[-1:]]


def with_more(image: Image, missing: int, patches: Sequence[Image]) -> Image:
    """The picture with ``missing`` copies along its upper edge."""
    for number in range(missing if patches else 0):
        copy = cv2.resize(patches[number % len(patches)], (COPY, COPY), interpolation=cv2.INTER_AREA)
        left = COPY // 2 + number * COPY * 5 // 4
        image[COPY // 4 : COPY // 4 + COPY, left : left + COPY] = copy
    return image


def cut(image: Image, box: Box) -> Image | None:
    """The square of twice the face's size around it; None where it is not whole in the picture."""
    (x, y), half = box.center, int(max(box.width, box.height))
    left, top = int(x) - half, int(y) - half
    if left < 0 or top < 0 or left + 2 * half > image.shape[1] or top + 2 * half > image.shape[0]:
        return None
    return image[top : top + 2 * half, left : left + 2 * half].copy()


def smear(image: Image, box: Box) -> None:
    """Replace a face by the mean colours around it."""
    height, width = image.shape[:2]
    x1, y1 = max(0, int(box.x1 - 0.3 * box.width)), max(0, int(box.y1 - 0.3 * box.height))
    x2, y2 = min(width, int(box.x2 + 0.3 * box.width)), min(height, int(box.y2 + 0.3 * box.height))
    if x2 > x1 and y2 > y1:
        tiny = cv2.resize(image[y1:y2, x1:x2], (2, 2), interpolation=cv2.INTER_AREA)
        image[y1:y2, x1:x2] = cv2.resize(tiny, (x2 - x1, y2 - y1), interpolation=cv2.INTER_LINEAR)


def write(path: Path, pictures: Sequence[Image], size: tuple[int, int]) -> None:
    """H.264 as a camera would send it: 30 a second, a keyframe each second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "23", "g": str(RATE)})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = Fraction(1, RATE)
        for number, image in enumerate(pictures):
            scaled = np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.uint8)
            frame = av.VideoFrame.from_ndarray(scaled, format="bgr24")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
