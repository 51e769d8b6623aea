"""A video file, every picture of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

import av

from streamer.errors import SourceError
from streamer.sources.decoding import Decoding
from streamer.sources.picture import Converter
from streamer.sources.preflight import no_pictures, open_video, unreadable
from streamer.sources.timeline import Timeline
from streamer.types import Frame


class FileSource:
    """Loses nothing, waits for its reader. ``pts`` are the file's own timestamps (also of a variable frame rate), less
    the first one; see Timeline for what is done with missing and backward ones.

    A picture is converted when it is asked for. Damaged packets are counted in ``damaged`` and skipped; of a file that
    was cut off all that can be decoded is read. Reading goes on where it stopped if frames() is asked for again.
    """

    live = False

    def __init__(self, path: Path | str, *, name: str = "") -> None:
        """``name`` is the file's own where none is given."""
        self._path = Path(path)
        self.name = name or self._path.name
        self._decoding: Decoding | None = None

    def __enter__(self) -> Self:
        """
        Raises:
            SourceError: it cannot be used as a video; see ``preflight.open_video``.
        """
        self._decoding = open_video(self._path)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._decoding is not None:
            self._decoding.close()

    @property
    def damaged(self) -> int:
        """Packets that could not be read or decoded so far."""
        return self._decoding.damaged if self._decoding is not None else 0

    def frames(self) -> Iterator[Frame]:
        """
        Raises:
            SourceError: no picture can be decoded, or reading stopped.
        """
        if self._decoding is None or self._decoding.closed:
            raise RuntimeError("FileSource is opened by 'with' before its frames are read")
        timeline, converter, index = Timeline(self._decoding.rate), Converter(), -1
        try:
            for index, picture in enumerate(self._decoding.pictures()):
                pts = timeline.at(picture.time)
                yield Frame(self.name, index, pts, time.monotonic(), converter.later(picture))
        except av.FFmpegError as error:
            raise SourceError(unreadable(self._path, error)) from None
        if index < 0:
            raise SourceError(no_pictures(self._path))
