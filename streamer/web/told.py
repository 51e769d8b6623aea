"""The site's values as they are told: once more without secrets, whoever wrote them."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import PurePath
from typing import Annotated, Any, TypeAlias

from pydantic import Field, JsonValue, SecretStr

from streamer.occurrences import Occurrence
from streamer.redaction import redact, redact_url
from streamer.row_events import AlertEvent, MarkEvent, MomentEvent, event_of
from streamer.schema import CameraEvent, RoomEvent, SelfEvent, camera_event, room_event
from streamer.states import CameraStatus
from streamer.types import RoomResult
from streamer.web.problems import Refused
from streamer.web.site import RoomInfo, Site

Happened: TypeAlias = MomentEvent | AlertEvent | MarkEvent

Told: TypeAlias = RoomEvent | CameraEvent | Happened

Message: TypeAlias = Annotated[RoomEvent | CameraEvent | SelfEvent | Happened, Field(discriminator="type")]
"""All that the WebSocket and the data channel may say."""

MASKED = "***"

SECRET_WORDS = ("password", "passphrase", "token", "secret", "credential", "_key")
"""A setting whose name ends so is not shown."""


def room_told(site: Site, result: RoomResult) -> RoomEvent:
    return room_event(result, site.rooms[result.room].least, time.monotonic())


def camera_told(status: CameraStatus) -> CameraEvent:
    event = camera_event(status, time.monotonic())
    return event.model_copy(update={"reason": redact(event.reason), "fix": redact(event.fix)})


def happened_told(occurrence: Occurrence) -> Happened:
    told = event_of(occurrence)
    if not isinstance(told, MomentEvent | AlertEvent | MarkEvent):
        raise TypeError(f"expected a moment, an alert or a mark, got {type(occurrence).__name__}")
    return told


def cameras_told(site: Site) -> tuple[CameraEvent, ...]:
    """Every camera of the configuration in its order; those not heard of yet are starting."""
    known = site.hub.cameras()
    now = time.monotonic()
    return tuple(
        camera_told(known.get(source) or CameraStatus(source, room, "starting", now))
        for source, room in site.sources.items()
    )


def room_info(site: Site, name: str) -> RoomInfo:
    """
    Raises:
        Refused: there is no such room.
    """
    if name not in site.rooms:
        raise Refused(404, "there is no such room")
    return site.rooms[name]


def settings_view(dump: Mapping[str, Any]) -> dict[str, JsonValue]:
    """A configuration as it may be read: secrets masked, addresses without theirs."""
    return {str(name): shown(str(name), value) for name, value in dump.items()}


def shown(name: str, value: object) -> JsonValue:
    """One setting; ``name`` tells whether it is a secret."""
    if isinstance(value, Mapping):
        return settings_view(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [shown(name, one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, PurePath):
        return redact(str(value))
    if isinstance(value, SecretStr) or name.lower().endswith(SECRET_WORDS):
        return MASKED
    return redact_url(str(value))
