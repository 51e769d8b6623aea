"""What is said to pages and other machines: one versioned schema for the WebSocket, the data channel and the HTTP API,
whose OpenAPI document is generated from these same models. Unknown fields may be added within a version; none goes.

Times: ``at`` in seconds since the run began; ``age`` in seconds since the pictures behind it were captured, or since a
state began.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from streamer.emotions import LABELS
from streamer.states import CameraState, CameraStatus
from streamer.types import FrameResult, GroupMood, Moment, Person, RoomResult, RoomSigns, Signs

VERSION: Literal[1] = 1

Signed: TypeAlias = Annotated[float, Field(ge=-1, le=1)]
Share: TypeAlias = Annotated[float, Field(ge=0, le=1)]


class Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Mood(Model):
    """A room's mood. ``valence`` and the numbers that go with it are null where the evidence is not enough."""

    people: int
    used: int
    valence: Signed | None
    interval: tuple[float, float] | None
    arousal: Signed | None
    shares: dict[str, Share] | None
    dispersion: Share | None
    positive: int | None
    negative: int | None
    polarisation: Share | None
    cohesion: Signed | None
    together: bool | None
    coverage: Share
    trend: Signed | None
    moment: RoomMoment | None


class RoomMoment(Model):
    start: float
    seconds: float
    change: float
    over: bool


class SignShares(Model):
    """Shares of the people of whom it can be told, where no emotion is inferred."""

    people: int
    smile: Share | None
    frown: Share | None
    nod: Share | None
    shake: Share | None
    facing: Share | None


class RoomEvent(Model):
    """A room now. Both ``mood`` and ``signs`` are null while fewer than ``least`` people are seen, or nobody, or while
    the analysis is off (``paused``)."""

    version: Literal[1] = VERSION
    type: Literal["room"] = "room"
    room: str
    at: float
    age: float
    paused: bool
    least: int
    mood: Mood | None
    signs: SignShares | None
    sources: tuple[str, ...]


class CameraEvent(Model):
    """The state of a camera, with the reason and what to do, where there is something to do."""

    version: Literal[1] = VERSION
    type: Literal["camera"] = "camera"
    source: str
    room: str
    state: CameraState
    age: float
    reason: str
    fix: str
    reconnects: int
    size: tuple[int, int] | None


class FaceSigns(Model):
    smile: bool | None
    frown: bool | None
    nod: bool | None
    shake: bool | None
    facing: bool | None


class Face(Model):
    """One face of a self peer's own picture; ``box`` x1, y1, x2, y2 as shares of width and height."""

    box: tuple[float, float, float, float]
    seen: bool
    label: str
    confidence: Share
    signs: FaceSigns | None


class SelfEvent(Model):
    """What a self peer's own picture showed; goes to that peer alone. ``picture``: its count among those that came;
    ``age``: seconds from its coming to this event; ``dropped`` pictures so far."""

    version: Literal[1] = VERSION
    type: Literal["self"] = "self"
    picture: int
    pts: float
    age: float
    dropped: int
    faces: tuple[Face, ...]
    mood: Mood | None


Event: TypeAlias = Annotated[RoomEvent | CameraEvent | SelfEvent, Field(discriminator="type")]


def room_event(result: RoomResult, least: int, now: float) -> RoomEvent:
    """``now``: time.monotonic()."""
    return RoomEvent(
        room=result.room,
        at=result.pts,
        age=max(0.0, now - result.captured),
        paused=result.paused,
        least=least,
        mood=None if result.mood is None else mood_of(result.mood),
        signs=None if result.signs is None else sign_shares(result.signs),
        sources=result.sources,
    )


def camera_event(status: CameraStatus, now: float) -> CameraEvent:
    """``now``: time.monotonic()."""
    return CameraEvent(
        source=status.source,
        room=status.room,
        state=status.state,
        age=max(0.0, now - status.since),
        reason=status.reason,
        fix=status.fix,
        reconnects=status.reconnects,
        size=status.size,
    )


def self_event(result: FrameResult, now: float) -> SelfEvent:
    """``now``: time.monotonic()."""
    return SelfEvent(
        picture=result.index,
        pts=result.pts,
        age=max(0.0, now - result.captured),
        dropped=result.dropped,
        faces=tuple(face_of(person, result.size or (1, 1)) for person in result.people),
        mood=None if result.mood is None else mood_of(result.mood),
    )


def mood_of(mood: GroupMood) -> Mood:
    shares = None if mood.shares is None else dict(zip(LABELS, mood.shares, strict=True))
    return Mood(
        people=mood.people,
        used=mood.used,
        valence=mood.valence,
        interval=mood.interval,
        arousal=mood.arousal,
        shares=shares,
        dispersion=mood.dispersion,
        positive=mood.positive,
        negative=mood.negative,
        polarisation=mood.polarisation,
        cohesion=mood.cohesion,
        together=mood.together,
        coverage=mood.coverage,
        trend=mood.trend,
        moment=None if mood.moment is None else moment_of(mood.moment),
    )


def moment_of(moment: Moment) -> RoomMoment:
    return RoomMoment(start=moment.start, seconds=moment.seconds, change=moment.change, over=moment.over)


def sign_shares(signs: RoomSigns) -> SignShares:
    return SignShares(
        people=signs.people,
        smile=signs.smile,
        frown=signs.frown,
        nod=signs.nod,
        shake=signs.shake,
        facing=signs.facing,
    )


def face_of(person: Person, size: tuple[int, int]) -> Face:
    box, (width, height) = person.track.face.box, size
    place = (box.x1 / width, box.y1 / height, box.x2 / width, box.y2 / height)
    return Face(
        box=place,
        seen=person.track.seen,
        label=person.label,
        confidence=min(1.0, max(0.0, person.confidence)),
        signs=None if person.signs is None else face_signs(person.signs),
    )


def face_signs(signs: Signs) -> FaceSigns:
    return FaceSigns(smile=signs.smile, frown=signs.frown, nod=signs.nod, shake=signs.shake, facing=signs.facing)
