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
from streamer.config import Config
from streamer.mood import RoomMood
from streamer.sources.file import FileSource
from streamer.types import Box, Frame, FrameResult, Image

RATE = 30


def clips(source: Path, config: Config, folder: Path, faces: Sequence[int], sizes: Sequence[tuple[int, int]]) -> None:
    """Write ``faces-N-HEIGHTp.mp4`` for each number and size; the scene runs forward and backward, so it has no cut."""
    with FileSource(source) as opened:
        frames = [Frame(f.source, f.index, f.pts, f.captured, f.image) for f in opened.frames()]
    with build.analyzer(config, build.models(config), RoomMood(), live=False) as analyzer:
        results = [analyzer.process(frame) for frame in frames]
    staying = [track for track, _ in Counter(p.track.id for r in results for p in r.people).most_common()]
    for count in faces:
        kept = frozenset(staying[:count])
        pictures = [without(frame.image, result, kept) for frame, result in zip(frames, results, strict=True)]
        for width, height in sizes:
            write(folder / name(count, height), [*pictures, *reversed(pictures)], (width, height))


def name(faces: int, height: int) -> str:
    return f"faces-{faces}-{height}p.mp4"


def without(image: Image, result: FrameResult, kept: frozenset[int]) -> Image:
    """The picture with every face blurred away whose track is not kept."""
    out = image.copy()
    for person in result.people:
        if person.track.id not in kept:
            smear(out, person.track.face.box)
    return out


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
