"""Pictures in files: one, some, or folders of them."""

from __future__ import annotations

import io
import os
import re
import struct
import time
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from PIL import Image as Pillow
from PIL import ImageOps, UnidentifiedImageError

from streamer.errors import SourceError
from streamer.sources.regular import check_regular, printable
from streamer.types import Frame, Image

IMAGES = (".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".pgm", ".ppm", ".pnm")
VIDEOS = (
    *(".mp4", ".m4v", ".mov", ".mkv", ".webm", ".avi", ".ts", ".m2ts", ".mts", ".mpg", ".mpeg", ".wmv", ".flv"),
    *(".3gp", ".ogv", ".mxf", ".h264", ".hevc", ".ivf", ".y4m", ".dv"),
)

RESULTS = ("results.jsonl", "annotated")
"""The file and the folder beside it by which the results of an analysis are known; the folder holds its pictures."""

MAX_PIXELS = 2 * 89_478_485
"""178 megapixels: where Pillow refuses, too (https://pillow.readthedocs.io, Image.open, decompression bombs)."""

MAX_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Unreadable:
    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Media:
    """What was found, by suffix alone; nothing was opened."""

    images: tuple[Path, ...]
    videos: tuple[Path, ...]
    unreadable: tuple[Unreadable, ...]


class ImageSource:
    """Each picture a frame, in the order given; ``pts`` is the index in seconds. What cannot be read is left out and
    listed in ``unreadable``."""

    live = False

    def __init__(self, paths: Sequence[Path | str], *, name: str = "images") -> None:
        self._paths = tuple(Path(path) for path in paths)
        self.name = name
        self.unreadable: list[Unreadable] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open."""

    def frames(self) -> Iterator[Frame]:
        """
        Raises:
            SourceError: not one picture could be read; the first one's reason.
        """
        index = 0
        for path in self._paths:
            try:
                image = read_image(path)
            except SourceError as error:
                self.unreadable.append(Unreadable(path, str(error)))
                continue
            yield Frame(self.name, index, float(index), time.monotonic(), image)
            index += 1
        if index == 0:
            reason = self.unreadable[0].reason if self.unreadable else "no picture was named"
            raise SourceError(f"none of {len(self._paths)} pictures can be read: {reason}")


def read_image(path: Path) -> Image:
    """Height × width × 3, BGR, upright by its EXIF orientation; grey, 16-bit, palette, CMYK and alpha become that too
    (alpha is left out; of an animation the first picture).

    Raises:
        SourceError: it is no picture, damaged, cannot be read, or has more than MAX_PIXELS; the message says which.
    """
    size = check_regular(path)
    if size > MAX_BYTES:
        raise SourceError(f"{printable(path)} is too large for a picture: {size / 1e9:.1f} GB")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of half the limit of pixels, of odd EXIF; neither keeps it from decoding
            with Pillow.open(io.BytesIO(path.read_bytes())) as picture:
                return _pixels(ImageOps.exif_transpose(picture))
    except Pillow.DecompressionBombError as error:
        raise SourceError(f"{printable(path)} {_too_large(error)}") from None
    except UnidentifiedImageError:
        raise SourceError(f"{printable(path)} is not a picture that can be read") from None
    except (OSError, ValueError, SyntaxError, EOFError, MemoryError, struct.error) as error:  # all of them are Pillow's
        reason = str(error) or type(error).__name__
        raise SourceError(f"{printable(path)} is a damaged picture or cut off ({reason})") from None


def find_media(paths: Sequence[Path | str]) -> Media:
    """The pictures and videos that the paths name, folders searched in sorted order, each file once, however often and
    by whatever names it is found.

    In folders, files of other kinds, hidden ones, and the pictures that an earlier analysis made are passed over in
    silence; named one by one they are listed.
    """
    files: dict[str, tuple[Path, str]] = {}  # by what they are in truth, links followed
    for path in map(Path, paths):
        for found, fault in (_walk(path) if path.is_dir() else {path: _fault(path)}).items():
            files.setdefault(str(found) if fault else os.path.realpath(found), (found, fault))
    usable = [path for path, fault in files.values() if not fault]
    return Media(
        tuple(path for path in usable if _suffix(path) in IMAGES),
        tuple(path for path in usable if _suffix(path) in VIDEOS),
        tuple(Unreadable(path, fault) for path, fault in files.values() if fault),
    )


def _pixels(picture: Pillow.Image) -> Image:
    if picture.mode.startswith("I"):  # 16-bit grey, which convert() would clip at 255
        grey = (np.asarray(picture).astype(np.int64) >> 8).clip(0, 255).astype(np.uint8)
        return np.repeat(grey[:, :, None], 3, axis=2)
    return np.ascontiguousarray(np.asarray(picture.convert("RGB"), np.uint8)[:, :, ::-1])


def _too_large(error: Exception) -> str:
    """From Pillow's 'Image size (3600000000 pixels) exceeds limit …', said before anything is decoded."""
    pixels = re.search(r"\d+", str(error))
    said = f"{int(pixels[0]) / 1e6:.0f}" if pixels else "too many"
    return f"has {said} megapixels, at most {MAX_PIXELS // 1_000_000} are read; scale it down first"


def _walk(folder: Path) -> dict[Path, str]:
    """The media below a folder and, as a fault, folders in which nothing can be seen or found."""
    found: dict[Path, str] = {}

    def unseen(error: OSError) -> None:
        found[Path(error.filename)] = f"the folder cannot be read: {error.strerror}"

    for parent, folders, names in os.walk(folder, onerror=unseen):
        made = RESULTS[1] if RESULTS[0] in names else ""
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name != made)
        for name in sorted(names):
            path = Path(parent) / name
            if not name.startswith(".") and _suffix(path) in (*IMAGES, *VIDEOS):
                found[path] = ""
    return found or {folder: "there are no pictures or videos in this folder"}


def _fault(path: Path) -> str:
    """Why a file that was named cannot be used, '' if it may be."""
    try:
        check_regular(path)
    except SourceError as error:
        return str(error)
    if _suffix(path) not in (*IMAGES, *VIDEOS):
        return f"{printable(path)} is neither a picture nor a video by its name ({_suffix(path) or 'no suffix'})"
    return ""


def _suffix(path: Path) -> str:
    return path.suffix.lower()
