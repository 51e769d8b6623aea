"""Results as tables for a spreadsheet: a row for each face, a row for each group."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from streamer.emotions import LABELS
from streamer.errors import SinkError
from streamer.sinks.record import mood_record, person_record
from streamer.sinks.target import check_target, failed
from streamer.sinks.whole_file import WholeFile
from streamer.types import FrameResult

FACES = (
    "source",
    "index",
    "pts",
    "id",
    "x1",
    "y1",
    "x2",
    "y2",
    "seen",
    "label",
    "confidence",
    "quality",
    "emotion_age",
    *LABELS,
    "smile",
    "frown",
    "nod",
    "shake",
    "facing",
)
GROUPS = (
    "source",
    "index",
    "pts",
    "people",
    "used",
    "coverage",
    "valence",
    "arousal",
    "dispersion",
    *LABELS,
    "interval_low",
    "interval_high",
    "positive",
    "negative",
)


class Table:
    """A CSV file with the given columns (RFC 4180, UTF-8; bytes of a file name that are not are escaped), written
    through with every result; open and write it in one thread.

    An existing file of that name is replaced when the first result comes; without any result nothing is touched.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path, self._columns = path, columns
        self._file: WholeFile | None = None
        self._entered = False

    def __enter__(self) -> Self:
        """Raises:
        SinkError: the file cannot be written.
        """
        check_target(self._path)
        self._entered = True
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raises:
        SinkError: the system takes what was written back only now, as a network drive does that is full.
        """
        self._entered = False
        try:
            if self._file is not None:
                self._file.close()
        except OSError as fault:
            raise failed(self._path, fault) from fault

    def write_rows(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """All rows of one result; where it has none, the file is at least there, with its columns.

        Raises:
            SinkError: the file cannot be written (disk full, directory gone); the rows before these stay.
        """
        if not self._entered:
            raise SinkError(f"{self._path} is not open; enter it before writing")
        text = io.StringIO(newline="")
        writer = csv.DictWriter(text, self._columns, extrasaction="ignore")
        if self._file is None:
            writer.writeheader()
        writer.writerows(rows)
        try:
            self._append(text.getvalue().encode("utf-8", "backslashreplace"))
        except OSError as error:
            raise failed(self._path, error) from error

    def _append(self, lines: bytes) -> None:
        file = self._file = self._file or WholeFile(self._path)
        whole = file.taken
        try:
            file.write(lines)
        except OSError:
            self._entered = False
            file.give_up(whole)
            raise


def face_rows(result: FrameResult) -> list[dict[str, Any]]:
    """A row for each person of a result, keys as in FACES; empty where nothing is known."""
    rows = []
    for person in result.people:
        record = person_record(person, result.pts)
        corners = dict(zip(("x1", "y1", "x2", "y2"), record.pop("box") or (), strict=False))
        shares, signs = record["probabilities"] or {}, record.get("signs", {})
        rows.append({**where(result), **record, **corners, **shares, **signs})
    return rows


def group_row(result: FrameResult) -> dict[str, Any]:
    """The group of a result, keys as in GROUPS; without anybody only where it was, and people 0."""
    if result.mood is None:
        return {**where(result), "people": len(result.people), "used": 0}
    record = mood_record(result.mood)
    low, high = record["interval"] or (None, None)
    bounds = {"interval_low": low, "interval_high": high}
    return {**where(result), **record, **(record["shares"] or {}), **bounds}


def where(result: FrameResult) -> dict[str, Any]:
    return {"source": result.source, "index": result.index, "pts": round(result.pts, 6)}
