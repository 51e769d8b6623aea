"""What the HTTP API answers besides the events of ``streamer.schema``; the OpenAPI document is made of the same."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from streamer.emotions import LABELS
from streamer.purposes import Purpose
from streamer.schema import VERSION, CameraEvent, Model, RoomEvent
from streamer.types import Command
from streamer.web.routing import Role


class Answer(Model):
    version: Literal[1] = VERSION


class RoomNow(Model):
    """A room and its newest event, null before the first. ``least``: people without whom it says nothing;
    ``overlap``: several cameras may see the same people, who then count twice."""

    room: str
    sources: tuple[str, ...]
    least: int
    overlap: bool
    now: RoomEvent | None


class Rooms(Answer):
    rooms: tuple[RoomNow, ...]


class History(Answer):
    """About one event a second of the last ``seconds``, oldest first."""

    room: str
    seconds: int
    events: tuple[RoomEvent, ...]


class Explanation(Answer):
    """Where a room's number of now comes from, in numbers of the whole room only; null while it has none."""

    room: str
    explained: dict[str, JsonValue] | None


class CameraNow(CameraEvent):
    """``picture``: /streams/SOURCE.mjpg and .jpg exist; ``video``: /whep/SOURCE; ``inlet``: a browser may bring its
    picture to /whip/SOURCE, and does so now where ``taken``."""

    picture: bool
    video: bool
    inlet: bool
    taken: bool


class Cameras(Answer):
    cameras: tuple[CameraNow, ...]


class Settings(Answer):
    """The configuration without its secrets."""

    settings: dict[str, JsonValue]


class About(Answer):
    """``program``: its version. ``models`` and engines. ``version`` is that of the schema."""

    program: str
    purpose: Purpose
    models: str
    labels: tuple[str, ...] = LABELS


class NoticeText(Answer):
    """What the people seen are told; ``link``: where it can be read."""

    title: str
    text: str
    contact: str
    link: str
    purpose: Purpose


class Asked(Answer):
    command: Command


class Session(Answer):
    """``role``: what the caller may do, null for nothing but to sign in. ``tokens``: whether tokens are needed."""

    role: Role | None
    tokens: bool


class Health(Answer):
    """``status``: ``ok``, ``waiting`` for what ``waiting`` says, or ``failed`` for the ``reason``."""

    status: Literal["ok", "waiting", "failed"]
    waiting: str
    reason: str
    cameras: dict[str, str] = Field(description="state by camera")


class Problem(Model):
    """RFC 9457, as application/problem+json."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str = ""


class SignIn(Model):
    """The body of POST /api/v1/session."""

    token: str = Field(max_length=1024)


class Ask(Model):
    """The body of POST /api/v1/commands."""

    command: Command
