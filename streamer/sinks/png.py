"""One picture as a PNG file: all of it or nothing."""

from __future__ import annotations

import os
from pathlib import Path

import cv2

from streamer.errors import SinkError
from streamer.sinks.target import failed
from streamer.types import Image


def write_png(path: Path, image: Image) -> None:
    """Writes beside ``path`` and renames, so that nobody ever sees half a picture; replaces what is there.

    Raises:
        SinkError: it cannot be encoded or written.
    """
    try:
        done, data = cv2.imencode(".png", image)
    except cv2.error as error:
        raise SinkError(f"cannot write {path}: OpenCV refuses the picture of shape {image.shape}") from error
    if not done:
        raise SinkError(f"cannot write {path}: OpenCV cannot encode the picture of shape {image.shape}")
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_bytes(data.tobytes())
        os.replace(part, path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise failed(path, error) from error
