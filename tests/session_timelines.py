"""Timelines of whole sittings, written through the writer as a run would, and what is known of them beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import UTC, tzinfo
from pathlib import Path
from typing import Any

import numpy as np

from streamer.occurrences import Alert, identity, mark, past_moment
from streamer.paper.blocks import Paper, Table
from streamer.paper.html import html
from streamer.session_report import About, Measured, Score, Scores, session_report
from streamer.timeline.reader import TimelineReader
from streamer.timeline.rows import CameraChange, PersonSecond, Row, RunBegan, RunEnded, Second
from streamer.types import GroupMood, RoomSigns
from tests.test_paper import Seen
from tests.timeline_rows import write

BEGAN = 1_763_452_800
"""2025-11-18 08:00:00 UTC, 09:00 in Berlin."""

ROOM = "Board room"
LENGTH = 3000
NOTICE = "A camera reads the apparent expressions of the faces it sees.\n\nNo picture is kept."

SETTINGS: Mapping[str, Any] = {
    "sources": {"front": {"address": "rtsp://me:hunter2@10.0.0.7/1", "zones": [[0, 0, 0.1, 0.1]]}},
    "rooms": {ROOM: {"sources": ["front"], "smoothing": 5.0, "least": 6, "weighting": "equal", "correction": True}},
    "server": {"host": "0.0.0.0", "token": "tok-secret"},
    "timeline": {"people": True, "retention_days": 30},
    "output": {"video": None},
}
HOME: Mapping[str, Any] = {**SETTINGS, "server": {"host": "127.0.0.1"}}

CARD = Measured(
    "Test model",
    Scores("a test", 1234, Score(0.81, 0.8, 0.82), Score(0.7, 0.6, 0.8), Score(0.02, 0.01, 0.03), {"neutral": 0.9}),
    "It knows nothing of hats.",
    verified=True,
)


def run(utc: int, name: str = "r1", purpose: str = "audience", **more: Any) -> RunBegan:
    settings = json.dumps(more.get("settings", SETTINGS))
    return RunBegan(name, utc, purpose, "0.9.1", "centerface + testcard", settings, more.get("notice", NOTICE))


def mood(valence: float, people: int = 8) -> GroupMood:
    shares = (0.4, 0.3, 0.1, 0.08, 0.05, 0.02, 0.03, 0.02)
    half = round(0.1 + 0.05 * abs(valence), 2)
    interval = (round(valence - half, 2), round(valence + half, 2))
    return GroupMood(people, people - 1, valence, 0.1, interval, shares, 0.25, None, 0.9, 30.0)


def wander(length: int, seed: int = 3) -> list[float]:
    """As slow as a meter, in steps as they are published."""
    random = np.random.default_rng(seed)
    noise, value, found = random.standard_normal(length) * 0.016, 0.0, []
    for step in noise:
        value = 0.95 * value + float(step)
        found.append(round(round((0.2 + value) / 0.05) * 0.05, 2))
    return found


def meeting_seconds() -> Iterator[Second]:
    """Too few for the first minute, paused from 900 to 1000, nothing recorded from 2000 to 2100 (as if killed), a dip
    of 0.5 from 1400 to 1800."""
    yield Second(ROOM, BEGAN, "r1", None)
    for at, value in enumerate(wander(LENGTH)):
        if at < 60 or 900 < at < 1000 or 2000 <= at < 2100:
            continue
        if at == 900:
            yield Second(ROOM, BEGAN + at, "r1", None, paused=True)
            continue
        yield Second(ROOM, BEGAN + at, "r1", mood(round(value - 0.5 * (1400 <= at < 1800), 2)))


def meeting(path: Path) -> Path:
    happened = (
        past_moment(ROOM, BEGAN + 1400, 120, -0.48),
        past_moment(ROOM, BEGAN + 300, 20, 0.21),
        mark(ROOM, BEGAN + 1395.0, "slide 7"),
        mark(ROOM, BEGAN + 2500.0, "<b>questions</b>"),
        Alert(identity("a", 1), ROOM, BEGAN + 1470.0, "low", "valence −0.30 for 60 s", -0.3, (-0.4, -0.2), 8),
        CameraChange("front", ROOM, BEGAN + 2000, "reconnecting", "no picture for 4 s"),
        CameraChange("front", ROOM, BEGAN + 2060, "failed", "no route"),
        CameraChange("front", ROOM, BEGAN + 2100, "online"),
        PersonSecond(ROOM, BEGAN + 70, "person-9f3a", "happiness", 0.9, 0.8, 0.9),
    )
    rows: list[Row] = [run(BEGAN - 60), *meeting_seconds(), *happened, RunEnded("r1", BEGAN + LENGTH + 30)]
    write(path, rows, BEGAN)
    return path


def signs(path: Path, length: int = 1500) -> Path:
    """Smiles doubled from 700 to 1000."""
    rows: list[Row] = [run(BEGAN, purpose="expressions_only", notice="Smiles are counted.")]
    for at, value in enumerate(wander(length, 5)):
        smile = round(min(1.0, value + 0.35 * (700 <= at < 1000)), 2)
        rows.append(Second(ROOM, BEGAN + at, "r1", None, RoomSigns(10, smile, 0.1, None, 0.05, 0.9)))
    write(path, [*rows, mark(ROOM, BEGAN + 698.0, "the joke")], BEGAN)
    return path


def steady(path: Path, seconds: range, *rows: Row, room: str = ROOM) -> Path:
    """The same mood each second, of which ``seconds`` since BEGAN are written, after the other ``rows``."""
    write(path, [*rows, *(Second(room, BEGAN + at, "r1", mood(0.3)) for at in seconds)], BEGAN)
    return path


def paper_of(path: Path, begin: int = 0, end: int = LENGTH, zone: tzinfo = UTC, room: str = ROOM) -> Paper:
    """``begin`` and ``end`` since BEGAN."""
    about = About(zone=zone, made=BEGAN + 1e6, measured={"testcard": CARD})
    with TimelineReader(path) as reader:
        return session_report(reader, room, BEGAN + begin, BEGAN + end, about)


def text_of(paper: Paper) -> str:
    """What can be read of it, in one line."""
    return " ".join(Seen(html(paper)).text.split())


def table_of(paper: Paper, caption: str) -> Table:
    """The table whose caption begins so."""
    return next(one for one in paper.blocks if isinstance(one, Table) and one.caption.startswith(caption))


def rows_of(paper: Paper, caption: str) -> dict[str, tuple[str, ...]]:
    """By their first cells."""
    return {row[0]: row[1:] for row in table_of(paper, caption).rows}
