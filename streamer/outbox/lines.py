"""Events as lines of JSON behind those of a file: each is there for its readers as soon as it is written."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from types import TracebackType
from typing import Self

from streamer.errors import SinkError
from streamer.metrics import Metrics
from streamer.outbox.entries import KIND_OF, Entry
from streamer.outbox.intake import Intake
from streamer.outbox.tally import Tally
from streamer.timeline.rows import Row

CLOSING = 2.0
"""Seconds that closing may take."""


class LinesOut:
    """The file is opened for each line, so that it may be moved away at any time. A line that a killed program left
    unfinished is ended before the next; what a full disk takes only half of is taken back and written later.

    A context manager; ``put`` from any thread.
    """

    def __init__(self, path: Path, metrics: Metrics | None = None) -> None:
        self._path = path
        self._tally = Tally(f"file {path.name}", metrics or Metrics(), "file")
        self._intake = Intake(self._tally, tuple(KIND_OF.values()), self._write)
        self.name = self._tally.name

    def __enter__(self) -> Self:
        """
        Raises:
            SinkError: the path can never be written: it is no file, or its folder does not exist.
        """
        if not self._path.parent.is_dir():
            raise SinkError(f"the folder of {self._path} does not exist; make it, or give another path for the events")
        if self._path.exists() and not self._path.is_file():
            raise SinkError(f"{self._path} is no file; give the path of a file for the events")
        self._tally.begin(lambda: self.state)
        self._intake.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def state(self) -> str:
        """'' or what is wrong."""
        return self._intake.state

    def put(self, row: Row) -> None:
        self._intake.put(row)

    def close(self) -> None:
        """Closing again does nothing."""
        self._intake.close(CLOSING)

    def _write(self, entry: Entry) -> None:
        try:
            append(self._path, entry.payload.encode() + b"\n")
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise SinkError(f"{self._path} cannot be written: {reason}; make room, or give another path") from error
        self._tally.delivered()


def append(path: Path, line: bytes) -> None:
    """Write a line behind the last one, whole or not at all; a new file is for its owner alone.

    Raises:
        OSError: the disk is full, the folder is gone.
    """
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0), 0o600)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise OSError("it is no file")
        whole = status.st_size
        write_whole(file, line if ended(file, whole) else b"\n" + line, whole)
    finally:
        os.close(file)


def ended(file: int, size: int) -> bool:
    """Whether the last line of the file is whole."""
    if not size:
        return True
    os.lseek(file, -1, os.SEEK_END)
    return os.read(file, 1) == b"\n"


def write_whole(file: int, text: bytes, before: int) -> None:
    """Where not all of it can be written, the file is ``before`` bytes long again."""
    written = 0
    try:
        while written < len(text):
            written += os.write(file, text[written:])
    except OSError:
        if written:
            os.ftruncate(file, before)
        raise
