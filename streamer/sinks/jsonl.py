"""Results as lines of JSON, each of them there for its readers as soon as it is written."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

from streamer.errors import SinkError
from streamer.sinks.record import to_record
from streamer.sinks.target import check_target, failed
from streamer.sinks.whole_file import WholeFile
from streamer.types import FrameResult

__all__ = ["JsonLines", "to_record"]


def wall_clock() -> datetime:
    return datetime.now(UTC)


class JsonLines:
    """One result a line (``streamer.sinks.record``), written through with every line.

    An existing file of that name is replaced when the first result comes; without any result nothing is touched. A
    program killed in the middle leaves at most the last line unfinished.
    """

    def __init__(self, path: Path, *, clock: Callable[[], datetime] = wall_clock) -> None:
        """``clock`` gives the wall clock with its time zone; a label in the records, nothing else."""
        self._path, self._clock = path, clock
        self._file: WholeFile | None = None
        self._entered = False

    def __enter__(self) -> JsonLines:
        check_target(self._path)
        self._entered = True
        return self

    def write(self, result: FrameResult) -> None:
        """Raises:
        SinkError: the file cannot be written (disk full, directory gone); the lines before it stay.
        """
        if not self._entered:
            raise SinkError(f"{self._path} is not open; enter it before writing")
        line = json.dumps(to_record(result, self._clock()), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        try:
            self._append(line.encode("utf-8", "replace") + b"\n")
        except OSError as error:
            raise failed(self._path, error) from error

    def close(self) -> None:
        """Closing again does nothing."""
        self._entered = False
        if self._file is not None:
            self._file.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _append(self, line: bytes) -> None:
        file = self._file = self._file or WholeFile(self._path)
        whole = file.taken
        try:
            file.write(line)
        except OSError:
            self._entered = False
            file.give_up(whole)
            raise
