"""The parts of a configuration for what is kept and what is told: timeline, alerts, events for other machines."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, SecretStr

from streamer.part import Part
from streamer.served import Words


class Timeline(Part):
    """What is kept of rooms: their state each second, moments, marks, alerts; in ``file``, or under the state folder.
    Older than ``retention_days`` is deleted. ``people``: also a row a second for each tracked person, which only the
    purposes self and research allow."""

    enabled: bool = True
    file: Path | None = None
    retention_days: Annotated[int, Field(ge=1, le=3660)] = 30
    people: bool = False


class Webhook(Part):
    """``url`` gets each event as a POST, signed with ``secret``; ``events``: which kinds."""

    url: SecretStr
    secret: Annotated[SecretStr, Field(min_length=16)]
    events: Words = ("moment", "alert", "mark")


class Mqtt(Part):
    """A broker; ``ca``: who signed its certificate where it is none of the well-known ones, a file in PEM; only with
    ``tls``. ``prefix`` of the topics. ``discovery``: have Home Assistant find the rooms under this prefix, None for
    not. ``every``: seconds between two states of a room."""

    host: str
    port: Annotated[int, Field(ge=1, le=65535)] = 1883
    username: SecretStr | None = None
    password: SecretStr | None = None
    tls: bool = False
    ca: Path | None = None
    prefix: str = "groupmood"
    discovery: str | None = "homeassistant"
    every: Annotated[float, Field(ge=0.5, le=3600)] = 2.0


class Events(Part):
    """``file``: a line of JSON for each event; ``webhooks`` and ``mqtt``: other machines, which get what they missed
    once they are there again, at most ``outbox`` events of each."""

    file: Path | None = None
    webhooks: tuple[Webhook, ...] = ()
    mqtt: Mqtt | None = None
    outbox: Annotated[int, Field(ge=10, le=1_000_000)] = 10_000


class Audit(Part):
    """``enabled``: starts, ends, purpose, notice, exports and deletions are written into a log that shows tampering."""

    enabled: bool = True


class Alert(Part):
    """``when``: "valence < -0.4", "negative >= 3"; it must hold for ``for`` seconds while at least ``people`` are seen,
    and then tells nothing for ``cooldown`` seconds. ``room``: None for every room. ``sure``: of valence its whole 80 %
    interval must be beyond the threshold.

    In a file also as one line: "valence < -0.4 for 60 s, n >= 5, cooldown 10 min"."""

    when: str
    hold: Annotated[float, Field(ge=1, le=86400, alias="for")] = 60.0
    people: Annotated[int, Field(ge=1, le=1000)] = 5
    cooldown: Annotated[float, Field(ge=1, le=604800)] = 600.0
    room: str | None = None
    sure: bool = True
