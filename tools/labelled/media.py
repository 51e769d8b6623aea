"""The pictures and videos that a label file speaks of: described and opened."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from streamer.errors import ConfigError, SourceError
from streamer.sources.file import FileSource
from streamer.sources.images import IMAGES, read_image
from streamer.sources.preflight import open_video
from streamer.sources.regular import check_regular, printable
from streamer.types import Frame, Image
from tools.labelled.changing import faults
from tools.labelled.document import Medium

CACHE = 256_000_000
"""Bytes of pictures that ``MediaFolder.frame`` keeps at most."""


def medium_of(path: Path, folder: Path) -> Medium:
    """A picture or video without labels, for a label file in ``folder``. The frames of a video are counted by decoding
    them; ``fps`` is their mean rate.

    Raises:
        SourceError: it cannot be read as a picture or video.
        ConfigError: its name cannot stand in a label file.
    """
    check_regular(path)
    digest = digest_of(path)
    if path.suffix.lower() in IMAGES:
        height, width = read_image(path).shape[:2]
        kind, frames, fps = "image", 1, 0.0
    else:
        kind = "video"
        width, height, frames, fps = _counted(path)
    about = {"kind": kind, "sha256": digest, "width": width, "height": height, "frames": frames, "fps": fps}
    try:
        return Medium.model_validate({"file": name_of(path, folder), **about})
    except ValidationError as error:
        raise ConfigError(f"{printable(path)} cannot be labelled: {faults(error)}; rename it") from None


def name_of(path: Path, folder: Path) -> str:
    """How a file is called in a label file in ``folder``.

    Raises:
        ConfigError: there is no way from one to the other, as between the drives of Windows.
    """
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        raise ConfigError(f"{printable(path)} and the label file must lie on the same drive") from None


def digest_of(path: Path) -> str:
    """SHA-256 of a file's bytes, hexadecimal.

    Raises:
        SourceError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(f"{printable(path)} cannot be read: {error.strerror}") from None


class MediaFolder:
    """Opens the media of a label file that lies in ``folder``. Each is compared with its digest when it is first used,
    and again when its file looks changed. Any thread may use it, one at a time does; frames() is not part of that: its
    pictures are for the thread that asks.
    """

    def __init__(self, folder: Path, cache: int = CACHE) -> None:
        """``cache``: bytes of pictures that frame() keeps at most; always one picture."""
        self._folder = folder
        self._checked: set[tuple[str, str, int, int]] = set()
        self._kept: OrderedDict[tuple[str, int], Frame] = OrderedDict()
        self._limit = cache
        self._reading: tuple[Medium, Iterator[Frame]] | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the open video and the kept pictures; using it again opens anew."""
        with self._lock:
            self._stop()
            self._kept.clear()

    def path(self, medium: Medium) -> Path:
        """Where it lies.

        Raises:
            ConfigError: it is missing, or not what was labelled; the message says which.
        """
        path = self._folder / medium.file
        try:
            check_regular(path)
            about = path.stat()
            key = (medium.file, medium.sha256, about.st_size, about.st_mtime_ns)
            if key in self._checked:
                return path
            if digest_of(path) != medium.sha256:
                raise ConfigError(
                    f"{medium.file} is not the file that was labelled: {printable(path)} was changed since; put the "
                    "labelled one there, or label the new one under another name"
                )
        except (SourceError, OSError) as error:
            raise ConfigError(f"{medium.file} of the label file cannot be opened: {error}") from None
        self._checked.add(key)
        return path

    def picture(self, medium: Medium) -> Image:
        """A picture, or the first frame of a video: height × width × 3, BGR, upright.

        Raises:
            ConfigError: as path(); or it cannot be read, or has another size than the labels say.
        """
        return self.frame(medium, 0).image

    def frames(self, medium: Medium) -> Iterator[Frame]:
        """Every frame, ``index`` from 0; of a picture the one.

        Raises:
            ConfigError: as picture(); or the video has more or fewer frames than the labels say.
        """
        path, count = self.path(medium), 0
        try:
            for count, frame in enumerate(_read(path, medium), start=1):
                if count == 1:
                    _check_size(medium, frame)
                if count > medium.frames:
                    break
                yield frame
        except SourceError as error:
            raise ConfigError(f"{medium.file} of the label file cannot be read: {error}") from None
        if count != medium.frames:
            what = "more" if count > medium.frames else f"only {count}"
            raise ConfigError(f"{medium.file} has {medium.frames} frames by its labels, {what} can be decoded here")

    def frame(self, medium: Medium, index: int) -> Frame:
        """One frame, its picture converted. Going forward in a video goes on reading, going back begins anew, unless
        the frame is among those that were kept.

        Raises:
            ConfigError: as frames(); or there is no such frame.
        """
        if not 0 <= index < medium.frames:
            raise ConfigError(f"{medium.file} has frames 0 to {medium.frames - 1}, got {index}")
        with self._lock:
            self.path(medium)
            kept = self._kept.get((medium.sha256, index))
            if kept is None:
                kept = self._advanced(medium, index)
            self._kept.move_to_end((medium.sha256, index))
            _ = kept.image
            return kept

    def _advanced(self, medium: Medium, index: int) -> Frame:
        """Reads up to a frame and keeps what is passed on the way: who goes back one frame goes back another."""
        if self._reading is None or self._reading[0].sha256 != medium.sha256:
            self._begin(medium)
        frame = self._next()
        if frame is None or frame.index > index:
            self._begin(medium)
            frame = self._next()
        while frame is not None and frame.index < index:
            frame = self._next()
        if frame is None:
            raise ConfigError(f"{medium.file}: frame {index} cannot be decoded")
        return frame

    def _begin(self, medium: Medium) -> None:
        self._stop()
        self._reading = (medium, self.frames(medium))

    def _next(self) -> Frame | None:
        """The next frame of what is being read, kept; None at its end."""
        if self._reading is None:
            return None
        medium, frames = self._reading
        frame = next(frames, None)
        if frame is None:
            self._reading = None
            return None
        self._kept[medium.sha256, frame.index] = frame
        size = 3 * medium.width * medium.height
        while len(self._kept) > max(1, self._limit // size):
            self._kept.popitem(last=False)
        return frame

    def _stop(self) -> None:
        if self._reading is not None:
            frames = self._reading[1]
            self._reading = None
            if hasattr(frames, "close"):
                frames.close()


def _read(path: Path, medium: Medium) -> Iterator[Frame]:
    if medium.kind == "image":
        yield Frame(medium.file, 0, 0.0, time.monotonic(), read_image(path))
        return
    with FileSource(path, name=medium.file) as source:
        yield from source.frames()


def _check_size(medium: Medium, frame: Frame) -> None:
    if frame.size != (medium.width, medium.height):
        raise ConfigError(
            f"{medium.file}: the labels are for pictures of {medium.width} × {medium.height} pixels, it has "
            f"{frame.size[0]} × {frame.size[1]}"
        )


def _counted(path: Path) -> tuple[int, int, int, float]:
    """Width, height, frames and mean frame rate of a video."""
    with closing(open_video(path)) as decoding:
        rate = decoding.rate or 0.0
    size, last, count = (0, 0), 0.0, 0
    with FileSource(path) as source:
        for count, frame in enumerate(source.frames(), start=1):
            last = frame.pts
            size = size if count > 1 else frame.size
    return *size, count, round((count - 1) / last if last > 0 else rate, 3)
