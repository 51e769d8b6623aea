"""Tiny moving pictures, their packets, and what a player finds in a recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from streamer.packets import Packet
from streamer.sinks.h264 import H264Encoder
from streamer.types import Frame, FrameResult, Image


def plain(level: int, width: int = 64, height: int = 48) -> Image:
    """A grey picture with a dark stripe, so that there is something to encode."""
    image = np.full((height, width, 3), level, np.uint8)
    image[:, : max(1, width // 8)] = 10
    return image


def picture(index: int, pts: float, width: int = 64, height: int = 48) -> Frame:
    """Its grey, 40…199, tells ``index``."""
    return Frame("cam", index, pts, 100.0 + pts, plain(40 + index % 160, width, height))


def result(index: int, pts: float) -> FrameResult:
    return FrameResult("cam", index, pts, 100.0 + pts, (), None)


def packets(times: Sequence[float], width: int = 64, height: int = 48) -> list[Packet]:
    """One packet for each time."""
    with H264Encoder(rate_hint=Fraction(30)) as encoder:
        return [
            packet for index, pts in enumerate(times) for packet in encoder.encode(picture(index, pts, width, height))
        ]


@dataclass(frozen=True, slots=True)
class Played:
    """``times`` in seconds and the ``greys`` of the pictures as decoded."""

    width: int
    height: int
    times: list[float]
    greys: list[float]


def play(path: Path) -> Played:
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        times, greys = [], []
        for frame in container.decode(stream):
            times.append(frame.time)
            greys.append(float(frame.to_ndarray(format="bgr24")[:, frame.width // 2 :].mean()))
        return Played(stream.width, stream.height, times, greys)
