"""Rows of a timeline, made by arithmetic so that what comes back can be reckoned."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable
from pathlib import Path

from streamer.timeline.rows import Row, RunBegan, Second
from streamer.timeline.writer import TimelineWriter
from streamer.types import GroupMood, RoomSigns

BEGAN = 1_700_000_400
"""Ten minutes before a whole hour: 2023-11-14 22:20:00 UTC."""

RUN = RunBegan("run-1", BEGAN, "audience", "groupmood 0.1", "yunet (ort)", '{"rooms": {}}', "you were told")


def mood(valence: float | None = 0.25, people: int = 5) -> GroupMood:
    interval = None if valence is None else (round(valence - 0.1, 4), round(valence + 0.1, 4))
    return GroupMood(
        people=people,
        used=people - 1,
        valence=valence,
        arousal=0.1,
        interval=interval,
        shares=(0.3, 0.3, 0.1, 0.1, 0.1, 0.05, 0.03, 0.02),
        dispersion=0.2,
        cohesion=-0.3,
        coverage=0.8,
        window=10.0,
        positive=3,
        negative=1,
        polarisation=0.6,
        together=True,
        trend=0.1,
    )


def second(at: int, valence: float | None = 0.25, *, room: str = "hall", people: int = 5) -> Second:
    """``at``: seconds since BEGAN."""
    return Second(room, BEGAN + at, RUN.run, mood(valence, people))


def signs(at: int, smile: float | None = 0.4) -> Second:
    return Second("hall", BEGAN + at, RUN.run, None, RoomSigns(6, smile, 0.1, None, 0.05, 0.9))


def wave(at: int) -> float:
    return round(math.sin(at / 300) / 2, 4)


def write(path: Path, rows: Iterable[Row], now: float = BEGAN) -> None:
    """Through a writer, all of it committed; ``now`` its clock."""
    with TimelineWriter(path, retention_days=3650, clock=lambda: now) as writer:
        for row in rows:
            writer.put(row)


def until(condition: object, seconds: float = 10.0) -> bool:
    """Whether ``condition()`` came true within ``seconds``; asked again every 10 ms."""
    assert callable(condition)
    pause = threading.Event()
    for _ in range(int(seconds * 100)):
        if condition():
            return True
        pause.wait(0.01)
    return bool(condition())
