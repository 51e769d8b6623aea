"""Rows as an outbox is given them, and a wait for what threads do."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from streamer.occurrences import Mark, mark
from streamer.row_events import told
from streamer.timeline.rows import Second
from streamer.types import GroupMood

BEGIN = 1_700_000_000


def marks(count: int, room: str = "hall", begin: int = 0) -> list[Mark]:
    """ "slide 0", "slide 1", …, a second apart."""
    return [mark(room, BEGIN + number, f"slide {number}") for number in range(begin, begin + count)]


def mood(valence: float = 0.25, people: int = 6) -> GroupMood:
    return GroupMood(
        people=people,
        used=people,
        valence=valence,
        arousal=0.0,
        interval=(valence - 0.1, valence + 0.1),
        shares=(0.5, 0.5, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0),
        dispersion=0.2,
        cohesion=None,
        coverage=1.0,
        window=10.0,
        positive=3,
        negative=1,
    )


def second(number: int = 0, room: str = "hall", valence: float = 0.25) -> Second:
    return Second(room, BEGIN + number, "run", mood(valence))


def text_of(payload: str | bytes) -> Any:
    """The text of a mark that was delivered."""
    event = json.loads(payload)
    assert event["type"] == "mark"
    assert event["version"] == 1
    assert event["utc"] == told(BEGIN + int(event["text"].removeprefix("slide ")))
    return event["text"]


def slides(count: int, begin: int = 0) -> list[str]:
    return [f"slide {number}" for number in range(begin, begin + count)]


def until(what: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether it holds within that time; looked at often, since no thread tells of it."""
    end, pause = time.monotonic() + seconds, threading.Event()
    while not what():
        if time.monotonic() > end:
            return False
        pause.wait(0.01)
    return True
