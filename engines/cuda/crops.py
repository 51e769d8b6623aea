"""What is cut out of a frame on the device, and how a network takes it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from engines.cuda.runtime import Array, Buffer

CUT = np.dtype([("map", np.float64, (6,)), ("times", np.int32), ("unused", np.int32)])
"""One square: ``Cut`` in kernels/sampling.h."""

MOST_TIMES = 64
"""Pixels of the frame, in each direction, that one pixel of a chip is the mean of at most. Squares up to 64 chips wide
lose nothing by it; a senseless box of a network must not keep the device busy for seconds."""

MOST_CUTS = 65535
"""A grid's limit in its third direction (CUDA C++ Programming Guide, technical specifications)."""

COLOURS = ("gray", "bgr", "rgb")
"""In the order of ``Colour`` in kernels/faces.cu."""

LARGEST_SIDE = 32767
"""Of a frame: OpenCV's limit for warping, kept so that both paths take the same frames."""

Triple = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Pixels:
    """A frame on the device: height × width × 3 of uint8, BGR, its rows ``pitch`` bytes apart."""

    buffer: Buffer
    width: int
    height: int
    pitch: int

    def __post_init__(self) -> None:
        if not (1 <= self.width <= LARGEST_SIDE and 1 <= self.height <= LARGEST_SIDE):
            raise ValueError(f"a frame is 1 to {LARGEST_SIDE} pixels wide and high, got {self.width} × {self.height}")
        if self.pitch < 3 * self.width:
            raise ValueError(f"rows of {self.width} pixels need a pitch of {3 * self.width} bytes, got {self.pitch}")
        check_size("the frame", self.pitch * (self.height - 1) + 3 * self.width, self.buffer)


@dataclass(frozen=True, slots=True)
class Cuts:
    """Squares to cut into chips of ``side`` pixels, records of ``CUT``: the first ``most`` of them or, with ``count``
    (one int32 on the device), that many but no more than ``most``."""

    buffer: Buffer
    side: int
    most: int
    count: Buffer | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.most <= MOST_CUTS:
            raise ValueError(f"1 to {MOST_CUTS} squares are cut at once, got {self.most}")
        check_size(f"{self.most} squares", self.most * CUT.itemsize, self.buffer)


@dataclass(frozen=True, slots=True)
class Part:
    """``size`` bytes at ``address`` in somebody else's buffer: one camera's place in a batch of several, say."""

    address: int
    size: int

    def free(self) -> None:
        """Nothing: the buffer is its owner's."""


def part(buffer: Buffer, start: int, size: int) -> Part:
    """Raises:
    ValueError: it is not within the buffer.
    """
    if not 0 <= start <= start + size <= buffer.size:
        raise ValueError(f"{size} bytes from {start} on are not within a buffer of {buffer.size}")
    return Part(buffer.address + start, size)


@dataclass(frozen=True, slots=True)
class Look:
    """How a network takes chips: ``side`` pixels square, float32, each value 0…255 as (value − mean) / std."""

    side: int
    colour: Literal["gray", "bgr", "rgb"]
    layout: Literal["nchw", "nhwc"] = "nchw"
    mean: float | Triple = 0.0
    std: float | Triple = 1.0

    def __post_init__(self) -> None:
        if self.side < 1 or self.colour not in COLOURS or self.layout not in ("nchw", "nhwc"):
            raise ValueError(f"wanted a side, a colour of {COLOURS} and nchw or nhwc, got {self}")

    @property
    def channels(self) -> int:
        return 1 if self.colour == "gray" else 3

    def shape(self, count: int) -> tuple[int, int, int, int]:
        side, channels = self.side, self.channels
        return (count, channels, side, side) if self.layout == "nchw" else (count, side, side, channels)

    def size(self, count: int) -> int:
        """Bytes of ``count`` chips."""
        return 4 * math.prod(self.shape(count))


def cut_records(affines: NDArray[np.float64], *, smooth: bool = True) -> Array:
    """Records of ``CUT`` for affines (N, 2, 3) that map pixel centres of a chip to those of the frame.

    ``smooth``: where a chip shrinks, each of its pixels is the mean of those that fall into it, so the square is cut
    with ``times`` as many pixels on each side; the first of these lies (times − 1) / 2 of them before the chip's own.
    As ``streamer.chips.warp`` does, in the same order of operations.

    Raises:
        ValueError: another shape, or what is not finite.
    """
    if affines.ndim != 3 or affines.shape[1:] != (2, 3) or not np.isfinite(affines).all():
        raise ValueError(f"affines must be finite and have shape (N, 2, 3), got {affines.shape}")
    steps = np.hypot(affines[:, 0, 0], affines[:, 1, 0])
    times = np.clip(np.ceil(steps), 1, MOST_TIMES if smooth else 1)
    maps = affines.astype(np.float64)
    maps[:, :, :2] /= times[:, None, None]
    maps[:, :, 2] -= maps[:, :, :2].sum(axis=2) * (times - 1)[:, None] / 2
    records = np.zeros(len(affines), CUT)
    records["map"], records["times"] = maps.reshape(-1, 6), times
    return records


def check_size(what: str, wanted: int, buffer: Buffer) -> None:
    """Raises:
    ValueError: the buffer has fewer bytes than wanted.
    """
    if buffer.size < wanted:
        raise ValueError(f"{what} needs {wanted} bytes of device memory, the buffer has {buffer.size}")
