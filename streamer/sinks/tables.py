"""Results as tables for a spreadsheet: a row for each face, a row for each group."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from streamer.emotions import LABELS
from streamer.errors import SinkError
from streamer.sinks.record import mood_record, person_record
from streamer.sinks.target import failed
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
)
GROUPS = ("source", "index", "pts", "people", "used", "coverage", "valence", "arousal", "dispersion", *LABELS)


class Table:
    """A CSV file with the given columns (RFC 4180, UTF-8); open and write it in one thread.

    Raises:
        SinkError: from ``with`` and ``row``, where the file cannot be written.
    """

    def __init__(self, path: Path, columns: Sequence[str]) -> None:
        self._path, self._columns = path, columns
        self._file: IO[str] | None = None
        self._writer: csv.DictWriter[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._file = self._path.open("w", encoding="utf-8", newline="")
            self._writer = csv.DictWriter(self._file, self._columns, extrasaction="ignore")
            self._writer.writeheader()
        except OSError as error:
            raise failed(self._path, error) from error
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()

    def row(self, values: Mapping[str, Any]) -> None:
        if self._writer is None:
            raise SinkError(f"{self._path} is not open; enter it before writing")
        try:
            self._writer.writerow(values)
        except OSError as error:
            raise failed(self._path, error) from error


def face_rows(result: FrameResult) -> list[dict[str, Any]]:
    """A row for each person of a result, keys as in FACES; empty where nothing is known."""
    rows = []
    for person in result.people:
        record = person_record(person, result.pts)
        corners = dict(zip(("x1", "y1", "x2", "y2"), record.pop("box") or (), strict=False))
        rows.append({**where(result), **record, **corners, **(record["probabilities"] or {})})
    return rows


def group_row(result: FrameResult) -> dict[str, Any]:
    """The group of a result, keys as in GROUPS; without anybody only where it was, and people 0."""
    if result.mood is None:
        return {**where(result), "people": len(result.people), "used": 0}
    record = mood_record(result.mood)
    return {**where(result), **record, **(record["shares"] or {})}


def where(result: FrameResult) -> dict[str, Any]:
    return {"source": result.source, "index": result.index, "pts": round(result.pts, 6)}
