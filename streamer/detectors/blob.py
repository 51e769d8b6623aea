"""A picture as a detection network takes it."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.types import Image

MULTIPLE = 32
"""The coarsest stride of CenterFace and YuNet: their feature maps fit together only at multiples of it."""


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """``tensor`` (1, 3, height, width) float32, 0…255; ``scale`` its pixels per frame pixel in x and y."""

    tensor: NDArray[np.float32]
    scale: tuple[float, float]


def blob(image: Image, long_side: int, *, rgb: bool, fixed: tuple[int, int] | None = None) -> Blob:
    """The picture shrunk to ``long_side``, and black to the right and below up to a ``MULTIPLE``; where the network has
    one size only, ``fixed`` = its height and width, shrunk to fit into that and black up to it.

    A smaller one keeps its size: enlarged, it costs more and showed no face of 12 to 50 pixels more (recall 43 of 43
    at 250 × 190 either way), only more that are none.

    A coordinate of the frame times ``scale`` is that of the tensor, both counted from the outer corner of the top left
    pixel. ``rgb`` turns the colours round.
    """
    height, width = image.shape[:2]
    room = fixed or (long_side, long_side)
    ratio = min(1.0, room[0] / height, room[1] / width)
    new_width, new_height = max(1, round(width * ratio)), max(1, round(height * ratio))
    small = cv2.resize(image, (new_width, new_height), interpolation=cv2.INTER_LINEAR)
    below, right = -new_height % MULTIPLE, -new_width % MULTIPLE
    if fixed:
        below, right = fixed[0] - new_height, fixed[1] - new_width
    padded = cv2.copyMakeBorder(small, 0, below, 0, right, cv2.BORDER_CONSTANT)
    tensor = cv2.dnn.blobFromImage(padded, swapRB=rgb)
    return Blob(np.asarray(tensor, np.float32), (new_width / width, new_height / height))
