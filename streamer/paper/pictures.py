"""What kind of picture some bytes are, and how large."""

from __future__ import annotations

import io
from dataclasses import dataclass

from PIL import Image as Pictures
from PIL import UnidentifiedImageError

MIMES = {"PNG": "image/png", "JPEG": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Shape:
    """``mime`` type, ``width`` and ``height`` in pixels."""

    mime: str
    width: int
    height: int


def shape_of(data: bytes) -> Shape:
    """Of a PNG or JPEG; only its beginning is read.

    Raises:
        ValueError: it is neither.
    """
    try:
        with Pictures.open(io.BytesIO(data), formats=tuple(MIMES)) as picture:
            return Shape(MIMES[str(picture.format)], *picture.size)
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError(f"a picture of a paper must be PNG or JPEG, got {len(data)} bytes that are neither") from error
