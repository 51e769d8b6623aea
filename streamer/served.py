"""The parts of a configuration for what is seen by others: the server, WebRTC, the notice, and how late it may be."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from streamer.part import Part, list_of

Words: TypeAlias = Annotated[tuple[str, ...], BeforeValidator(list_of)]
"""Several, or one text with commas."""

ICE = re.compile(r"stuns?:[^\s@:/?]+(:\d+)?|turns?:[^\s:@]+:[^\s@]+@[^\s@:/?]+(:\d+)?")
"""Addresses of STUN and TURN servers (RFC 7064, RFC 7065), with the account that TURN wants."""

Token: TypeAlias = Annotated[SecretStr, Field(min_length=16)]


class Latency(Part):
    """``target``: seconds from a picture's capture to its result, which a live source is kept within by detecting and
    classifying less often."""

    target: Annotated[float, Field(ge=0.02, le=5)] = 0.1


class Notice(Part):
    """What the people seen are told. ``link``: where it can be read, for the QR code; without one, this server's own
    page."""

    title: str = "The mood of this room is being measured"
    text: str = (
        "A camera reads apparent expressions and shows the mood of the group as a whole. Nobody is identified, no "
        "picture is kept, and no number is shown of fewer people than the room's limit."
    )
    contact: str = ""
    link: str = ""


class Server(Part):
    """Loopback by default; another ``host`` needs ``token`` (of who may look) and ``admin_token``, and ``certificate``
    and ``key``, or ``behind_proxy``. ``hosts``: further names by which it may be called. ``picture``: what of the
    cameras is shown on pages and streams. ``viewers``: open connections at most."""

    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8470
    token: Token | None = None
    admin_token: Token | None = None
    certificate: Path | None = None
    key: Path | None = None
    behind_proxy: bool = False
    hosts: Words = ()
    picture: Literal["none", "blurred", "plain"] = "blurred"
    viewers: Annotated[int, Field(ge=1, le=1000)] = 16


def ice_of(urls: tuple[str, ...]) -> tuple[str, ...]:
    """
    Raises:
        ValueError: one is no address of a STUN or TURN server; it is not repeated, as it may hold a password.
    """
    for number, url in enumerate(urls, 1):
        if not ICE.fullmatch(url):
            raise ValueError(f"number {number}: expected stun:HOST:PORT or turn:USER:PASSWORD@HOST:PORT")
    return urls


class WebRtc(Part):
    """``peers`` at most; ``handshake``: seconds for one to be connected; ``ice_servers``: ``stun:HOST:PORT`` or
    ``turn:USER:PASSWORD@HOST:PORT``, none by default; ``addresses``: those of this machine that an answer may name;
    ``bitrate``: bit/s asked of a sender."""

    peers: Annotated[int, Field(ge=1, le=256)] = 8
    handshake: Annotated[float, Field(ge=1, le=60)] = 10.0
    ice_servers: Annotated[Words, AfterValidator(ice_of)] = ()
    addresses: Words = ()
    bitrate: Annotated[int, Field(ge=100_000, le=50_000_000)] = 2_500_000
