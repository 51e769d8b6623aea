"""Rows of the timeline as events for other machines: the schema of ``streamer.schema``, with ids and the wall clock.

Where the same row is told twice, its ``id`` is the same, so whoever receives it can leave the second one out.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from streamer.occurrences import Alert, Mark, PastMoment, identity
from streamer.schema import VERSION, Model, Mood, SignShares, mood_of, sign_shares
from streamer.states import CameraState
from streamer.timeline.rows import CameraChange, Row, Second


class Dated(Model):
    """``utc``: ISO 8601 with its zone, to milliseconds."""

    version: Literal[1] = VERSION
    id: str
    room: str
    utc: str


class SecondEvent(Dated):
    """A room in one second. Both ``mood`` and ``signs`` are null while too few people are seen, or nobody."""

    type: Literal["second"] = "second"
    mood: Mood | None
    signs: SignShares | None
    paused: bool


class MomentEvent(Dated):
    """A moment that is over: from ``utc`` on for ``seconds`` the room's valence was away from its usual by
    ``change``."""

    type: Literal["moment"] = "moment"
    seconds: float
    change: float


class AlertEvent(Dated):
    """A rule held: the ``value`` with its 80 % ``interval``, null where it has none."""

    type: Literal["alert"] = "alert"
    rule: str
    reason: str
    value: float
    interval: tuple[float, float] | None
    people: int


class MarkEvent(Dated):
    """What somebody marked."""

    type: Literal["mark"] = "mark"
    text: str


class CameraChanged(Dated):
    """A camera is in another state than before."""

    type: Literal["camera_changed"] = "camera_changed"
    source: str
    state: CameraState
    reason: str


RowEvent: TypeAlias = Annotated[
    SecondEvent | MomentEvent | AlertEvent | MarkEvent | CameraChanged, Field(discriminator="type")
]

KINDS = ("second", "moment", "alert", "mark", "camera_changed")


def event_of(row: Row) -> SecondEvent | MomentEvent | AlertEvent | MarkEvent | CameraChanged | None:
    """None for rows that leave this machine in no case: people, runs."""
    match row:
        case Second():
            return SecondEvent(
                id=identity("second", row.room, row.utc),
                room=row.room,
                utc=told(row.utc),
                mood=None if row.mood is None else mood_of(row.mood),
                signs=None if row.signs is None else sign_shares(row.signs),
                paused=row.paused,
            )
        case PastMoment():
            return MomentEvent(id=row.id, room=row.room, utc=told(row.utc), seconds=row.seconds, change=row.change)
        case Alert():
            return AlertEvent(
                id=row.id,
                room=row.room,
                utc=told(row.utc),
                rule=row.rule,
                reason=row.reason,
                value=row.value,
                interval=row.interval,
                people=row.people,
            )
        case Mark():
            return MarkEvent(id=row.id, room=row.room, utc=told(row.utc), text=row.text)
        case CameraChange():
            return CameraChanged(
                id=identity("camera", row.source, row.utc, row.state),
                room=row.room,
                utc=told(row.utc),
                source=row.source,
                state=row.state,
                reason=row.reason,
            )
        case _:
            return None


def told(utc: float) -> str:
    return datetime.fromtimestamp(utc, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
