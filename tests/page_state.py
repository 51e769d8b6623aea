"""Rooms as a page may find them: published numbers with a plausible last five minutes."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from streamer.fanout import Fanout
from streamer.hub import Hub
from streamer.types import GroupMood, Moment, RoomResult, RoomSigns
from streamer.web.site import RoomInfo, Site
from tests.web_site import site, status

SOURCES = ("Front", "Back")
PICTURE = Path(__file__).parent.parent / "tools" / "results" / "demo.jpg"

LIVELY = GroupMood(
    people=10,
    used=10,
    valence=0.35,
    arousal=0.3,
    interval=(0.2, 0.5),
    shares=(0.35, 0.45, 0.1, 0.05, 0.0, 0.0, 0.05, 0.0),
    dispersion=0.3,
    cohesion=None,
    coverage=1.0,
    window=30.0,
    trend=0.2,
)
"""A group as it is published: counts rounded down, nothing of camps or of moving together."""

SPLIT = replace(
    LIVELY,
    people=12,
    used=11,
    valence=0.1,
    interval=(-0.15, 0.35),
    shares=(0.05, 0.55, 0.05, 0.1, 0.2, 0.0, 0.0, 0.05),
    dispersion=0.55,
    cohesion=0.05,
    positive=8,
    negative=3,
    polarisation=0.75,
    together=False,
)
"""A room where camps may be counted."""


def page_site(*, pictures: bool = False, **changes: Any) -> Site:
    """One room, "Seminar", with two cameras. ``pictures``: each viewer is shown one."""
    rooms = {"Seminar": RoomInfo("Seminar", SOURCES, 5)}
    values: dict[str, Any] = {
        "rooms": rooms,
        "sources": dict.fromkeys(SOURCES, "Seminar"),
        "pictures": {name: _still() for name in SOURCES} if pictures else {},
        "packets": {},
        "inlets": {},
    }
    return site(**(values | changes))


def _still() -> Fanout[bytes]:
    """Gives each new reader the same picture, often enough for a browser to show it."""

    def joined() -> None:
        for _ in range(2):
            made.put(PICTURE.read_bytes())

    made: Fanout[bytes] = Fanout(2, joined)
    return made


def publish(
    hub: Hub, mood: GroupMood | None, at: float, *, room: str = "Seminar", signs: RoomSigns | None = None
) -> None:
    hub.publish(RoomResult(room, at, mood, SOURCES, signs, captured=time.monotonic()))


def cameras(hub: Hub) -> None:
    for name in SOURCES:
        hub.publish(status(name, room="Seminar", size=(1280, 720)))


def five_minutes(hub: Hub, mood: GroupMood = LIVELY) -> float:
    """Publish a past that ends in ``mood``: a calm start, one lift, a time of too few people. Gives back its end."""
    cameras(hub)
    end = 300
    for second in range(end):
        left = (end - second) / end
        wave = 0.12 * math.sin(second / 23) + 0.06 * math.sin(second / 7)
        valence = _stepped((mood.valence or 0.0) * (1 - left) + wave * left + 0.4 * _bump(second, 205, 20))
        low, high = _stepped(valence - 0.15 - 0.1 * left), _stepped(valence + 0.15 + 0.1 * left)
        arousal = _stepped(0.1 + 0.25 * _bump(second, 290, 10) + wave)
        moment = Moment(185.0, min(40.0, second - 185.0), 0.35, second > 228) if 190 <= second <= 230 else None
        past = replace(mood, valence=valence, interval=(low, high), arousal=arousal, moment=moment)
        publish(hub, None if 92 <= second < 108 else past, float(second))
    publish(hub, mood, float(end))
    return float(end)


def _bump(second: float, middle: float, width: float) -> float:
    return math.exp(-(((second - middle) / width) ** 2))


def _stepped(value: float) -> float:
    return max(-1.0, min(1.0, round(value / 0.05) * 0.05))
