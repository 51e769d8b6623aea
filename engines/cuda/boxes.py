"""What is found in a frame on the device: a detector's input, its maps, and the faces in them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engines.cuda.crops import check_size
from engines.cuda.runtime import Buffer

FACE = np.dtype(
    [("box", np.float32, (4,)), ("score", np.float32), ("points", np.float32, (5, 2)), ("unused", np.float32)]
)
"""``Face`` in kernels/boxes.h: x1, y1, x2, y2; right eye, left eye, nose, right and left mouth corner *of the subject*,
each x, y."""

MOST_CANDIDATES = 1024
"""The best of a frame, before suppression; kernels/boxes.h has the same number. Faces beyond it are lost, the worst
first: on 640 pixels 1024 candidates are some hundreds of faces."""


MULTIPLE = 32
"""The coarsest stride of CenterFace and YuNet: their feature maps fit together only at multiples of it."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """A frame in a detector's input of ``width`` × ``height``: resized to ``inner_width`` × ``inner_height`` in its top
    left corner, black elsewhere; ``rgb`` turns the colours round."""

    width: int
    height: int
    inner_width: int
    inner_height: int
    rgb: bool

    def __post_init__(self) -> None:
        if not (1 <= self.inner_width <= self.width and 1 <= self.inner_height <= self.height):
            raise ValueError(
                f"a picture of {self.inner_width} × {self.inner_height} must fit into the input of "
                f"{self.width} × {self.height}"
            )

    @classmethod
    def into(cls, frame: tuple[int, int], long_side: int, *, rgb: bool, fixed: tuple[int, int] | None = None) -> Fitted:
        """A frame (width, height) shrunk, never enlarged, to ``long_side``, its input a multiple of 32; or into
        the network's one size ``fixed`` (width, height). The same as ``streamer.detectors.blob``."""
        width, height = frame
        room = fixed or (long_side, long_side)
        ratio = min(1.0, room[1] / height, room[0] / width)
        inner = max(1, round(width * ratio)), max(1, round(height * ratio))
        outer = fixed or (inner[0] + -inner[0] % MULTIPLE, inner[1] + -inner[1] % MULTIPLE)
        return cls(*outer, *inner, rgb)

    @property
    def size(self) -> int:
        """Bytes of the input, float32 (1, 3, height, width)."""
        return 12 * self.width * self.height

    def scale(self, width: int, height: int) -> tuple[float, float]:
        """Input pixels per pixel of a frame of this size, in x and y."""
        return self.inner_width / width, self.inner_height / height


@dataclass(frozen=True, slots=True)
class CenterFaceMaps:
    """CenterFace's four outputs on the device, float32 (1, channels, rows, columns)."""

    heat: Buffer
    scale: Buffer
    offset: Buffer
    landmarks: Buffer
    rows: int
    columns: int

    def __post_init__(self) -> None:
        if self.rows < 1 or self.columns < 1:
            raise ValueError(f"maps have at least one row and column, got {self.rows} × {self.columns}")
        for name, channels in (("heat", 1), ("scale", 2), ("offset", 2), ("landmarks", 10)):
            check_size(f"the map {name!r}", 4 * channels * self.cells, getattr(self, name))

    @property
    def cells(self) -> int:
        return self.rows * self.columns


@dataclass(frozen=True, slots=True)
class Found:
    """Faces on the device, best first, in pixels of the frame: ``count`` (one int32) records of ``FACE``."""

    faces: Buffer
    count: Buffer

    def __post_init__(self) -> None:
        check_size("the faces", MOST_CANDIDATES * FACE.itemsize, self.faces)
        check_size("their number", 4, self.count)


@dataclass(frozen=True, slots=True)
class Squares:
    """Which square of a detector's box a classifier sees, resampled to ``side`` pixels.

    ``fit_scale`` and ``fit_shift`` as ``streamer.types.Fit``, ``crop_scale`` and ``margin`` as ``streamer.types.Crop``;
    ``smooth``: averaged where it shrinks.
    """

    side: int
    fit_scale: float = 1.0
    fit_shift: float = 0.0
    crop_scale: float = 1.0
    margin: float = 0.0
    smooth: bool = True

    def __post_init__(self) -> None:
        if self.side < 1:
            raise ValueError(f"a chip has at least one pixel on a side, got {self.side}")
