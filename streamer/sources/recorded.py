"""When a video was recorded, as far as its file tells."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from streamer.sources.preflight import open_video

TAGS = ("com.apple.quicktime.creationdate", "creation_time")
"""The first is written by phones, with the time zone; the second by most others, in UTC."""

EARLIEST = datetime(1990, 1, 1, tzinfo=UTC).timestamp()
"""A container that says less counts from the begin of its own era (1904, 1970): its clock was never set."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """``begin``: seconds since 1970 at its first picture, known by ``source``; ``seconds`` that it lasts, None where it
    does not say."""

    begin: float
    seconds: float | None
    source: Literal["creation time", "last change"]


def recorded(path: Path) -> Recorded:
    """By the container's creation time; where it has none that can be, by the file's last change, which is taken for
    the end of it.

    Raises:
        SourceError: it cannot be used as a video; see ``preflight.open_video``.
    """
    decoding = open_video(path)
    try:
        tags, seconds = dict(decoding.stream.container.metadata), decoding.duration
    finally:
        decoding.close()
    created = creation_time(tags)
    if created is not None:
        return Recorded(created, seconds, "creation time")
    return Recorded(path.stat().st_mtime - (seconds or 0.0), seconds, "last change")


def creation_time(tags: Mapping[str, str]) -> float | None:
    """In seconds since 1970; None where there is none, or none that can be true."""
    for tag in TAGS:
        try:
            told = datetime.fromisoformat(tags.get(tag, "").strip())
        except ValueError:
            continue
        seconds = (told if told.tzinfo else told.replace(tzinfo=UTC)).timestamp()
        if EARLIEST <= seconds <= time.time():
            return seconds
    return None
