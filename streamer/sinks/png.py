"""One picture as a PNG file: all of it or nothing."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
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
    part = path.with_name(f".part-{secrets.token_hex(4)}")  # short: the name itself may be as long as names may be
    try:
        with part.open("xb") as file:  # unlike those of tempfile, with the permissions of any new file
            file.write(data.tobytes())
        os.replace(part, path)
    except OSError as error:
        raise failed(path, error) from error
    finally:
        with suppress(OSError):  # it is gone already where all went well
            part.unlink()
