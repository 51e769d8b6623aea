"""All that the pages and the API may know and do, as plain values: the web has no other door into the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streamer.fanout import Fanout
from streamer.hub import Hub
from streamer.inlet import Inlet
from streamer.metrics import Metrics
from streamer.occurrences import Mark
from streamer.packets import Packet
from streamer.purposes import Purpose
from streamer.types import Command


def uncounted(_count: int) -> None:
    """Nobody wants to know."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """Of who may look, and who may also do; None where the local user alone can connect. Never printed."""

    viewer: str | None = field(default=None, repr=False)
    admin: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Access:
    """Where it listens and whom it lets in. ``certificate`` and ``key``: of TLS, PEM. ``behind_proxy``: TLS is done by
    a proxy in front. ``hosts``: names by which it may be called besides its own address. ``viewers``: connections that
    stay open (WebSocket, MJPEG, WHEP) at most. ``cookie``: its name; browsers tell servers at several ports of one
    machine by it alone."""

    host: str = "127.0.0.1"
    port: int = 8470
    tokens: Tokens = Tokens()
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    hosts: tuple[str, ...] = ()
    viewers: int = 16
    cookie: str = "groupmood"


@dataclass(frozen=True, slots=True)
class PeerRules:
    """``peers`` at most; ``handshake``: seconds in which a peer must be connected. ``ice_servers``: URLs, none unless
    the user wants them. ``addresses``: the local ones that an answer may name; () for the one listened on.
    ``candidates`` of a peer and ``body`` bytes of an offer at most; ``bitrate``: bit/s asked of a sender at most."""

    peers: int = 8
    handshake: float = 10.0
    ice_servers: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    candidates: int = 32
    body: int = 65_536
    bitrate: int = 2_500_000


@dataclass(frozen=True, slots=True)
class Notice:
    """What the people seen are told. ``link``: where the notice can be read, for the QR code; '' for this server's own
    page as the viewer reached it."""

    title: str
    text: str
    contact: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class RoomInfo:
    """``sources`` by name; ``least`` people for any number to be shown; ``overlap``: several cameras may see the same
    people, who then count twice."""

    name: str
    sources: tuple[str, ...]
    least: int
    overlap: bool = False


@dataclass(frozen=True, slots=True)
class Site:
    """``sources``: name to room. ``pictures``: by source, JPEG of the annotated picture (none where no picture may be
    shown); ``packets``: the same as H.264. ``inlets``: places for browsers that bring a picture. ``settings``: the
    configuration without its secrets. ``explain``: where a room's number of now comes from, in numbers of the whole
    room only; None where there is none. ``ask`` has a command carried out. ``ready``: '' once the models are open and
    pictures come, or what is waited for. ``failed``: '' or why the run is no longer healthy. ``about``: the models and
    engines. ``timeline``: the file of what is kept of the rooms, None where nothing is. ``mark``: has something that
    happened in a room noted, by its name, a text, and the time in seconds since 1970, None for now; from any thread,
    at once. None where nothing is kept. ``wrong_tokens`` is told how many came since it was told last. ``report``: the
    report of a room from one time to another (seconds since 1970) as one page of HTML; called in a thread of its own,
    and may take seconds. None where there is none."""

    hub: Hub
    metrics: Metrics
    purpose: Purpose
    notice: Notice
    rooms: Mapping[str, RoomInfo]
    sources: Mapping[str, str]
    settings: Mapping[str, Any]
    ask: Callable[[Command], None]
    explain: Callable[[str], Mapping[str, Any] | None]
    ready: Callable[[], str]
    failed: Callable[[], str]
    about: Callable[[], str]
    version: str
    access: Access = Access()
    peer_rules: PeerRules = PeerRules()
    inlets: Mapping[str, Inlet] = field(default_factory=dict)
    pictures: Mapping[str, Fanout[bytes]] = field(default_factory=dict)
    packets: Mapping[str, Fanout[Packet]] = field(default_factory=dict)
    timeline: Path | None = None
    mark: Callable[[str, str, float | None], Mark] | None = None
    wrong_tokens: Callable[[int], None] = uncounted
    report: Callable[[str, int, int], str] | None = None
