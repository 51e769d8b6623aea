"""Whether a file holds pictures: by the marks of their formats anywhere in it, and by rows of known pictures as they
lie in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np

from streamer.types import Image

MARKS = {
    "JPEG": (b"\xff\xd8\xff\xe0", b"\xff\xd8\xff\xe1", b"\xff\xd8\xff\xdb"),
    "PNG": (b"\x89PNG\r\n\x1a\n",),
    "GIF": (b"GIF87a", b"GIF89a"),
    "WebP": (b"WEBPVP8",),
    "TIFF": (b"II*\x00\x08\x00", b"MM\x00*\x00\x00"),
    "MP4": (b"ftypiso", b"ftypmp4", b"ftypM4V", b"moovmvhd", b"moof"),
    "Matroska": (b"\x1aE\xdf\xa3",),
    "NumPy": (b"\x93NUMPY",),
    "base64 JPEG": (b"/9j/4AAQ",),
    "base64 PNG": (b"iVBORw0KGgo",),
}

PART, APART = 24, 12.0
"""Bytes of a row that are looked for; their least standard deviation: even ground lies everywhere."""


def found_in(path: Path, pictures: Sequence[Image] = ()) -> list[str]:
    """What of a picture is in the file."""
    data = path.read_bytes()
    marks = [f"{path.name}: {name}" for name, starts in MARKS.items() if any(start in data for start in starts)]
    return marks + [f"{path.name}: pixels" for one in pictures if any(row in data for row in rows(one))][:1]


def rows(picture: Image) -> Iterator[bytes]:
    """Parts of the picture with some texture: as it is, with red first, grey, and 1/2 and 1/4 as large."""
    small = (cv2.resize(picture, None, fx=f, fy=f, interpolation=cv2.INTER_AREA) for f in (0.5, 0.25))
    for one in (picture, *small):
        grey = cv2.cvtColor(one, cv2.COLOR_BGR2GRAY)
        for plane in (one, one[..., ::-1], grey):
            yield from parts(np.ascontiguousarray(plane).reshape(plane.shape[0], -1))


def parts(plane: np.ndarray[tuple[int, ...], np.dtype[np.generic]]) -> Iterable[bytes]:
    for row in plane[:: max(1, len(plane) // 24)]:
        for begin in range(0, len(row) - PART, max(PART, len(row) // 12)):
            piece = row[begin : begin + PART]
            if piece.astype(float).std() >= APART:
                yield piece.tobytes()
