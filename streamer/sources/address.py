"""What the SOURCE of ``groupmood run SOURCE`` names, and how to speak of it without its secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from streamer.errors import ConfigError
from streamer.redaction import redact as redact
from streamer.redaction import redact_url as redact_url

Kind: TypeAlias = Literal["camera", "device", "lavfi", "synthetic", "screen", "webrtc", "file", "url"]

_NETWORK = ("rtsp", "rtsps", "http", "https")

_PREFIXES: tuple[Kind, ...] = ("lavfi", "synthetic", "screen")
"""Kinds that are named before a colon."""

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """``value`` by kind: camera "0", device "/dev/video0" or "video=Name", lavfi the graph, synthetic and screen what
    follows the colon (may be ''), webrtc '', file the path, url the whole URL, secrets included. Printing an address
    masks them."""

    kind: Kind
    value: str

    def __str__(self) -> str:
        if self.kind == "url":
            return redact_url(self.value)
        prefix = "camera " if self.kind == "camera" else f"{self.kind}:" if self.kind in (*_PREFIXES, "webrtc") else ""
        return prefix + redact(self.value)

    def __repr__(self) -> str:
        return f"Address(kind={self.kind!r}, value={redact_url(self.value)!r})"


def parse(text: str) -> Address:
    """The address a text stands for; whether it can be opened shows when it is opened.

    A file that is called "0" or "lavfi:x" is given as "./0" or "file:lavfi:x".

    Raises:
        ConfigError: the text is empty, or a URL of a kind that is not read.
    """
    text = text.strip()
    if not text:
        raise ConfigError("the source is empty; give a camera (0), a video file, synthetic: or lavfi:GRAPH")
    if text.isdecimal():
        return Address("camera", str(int(text)))
    if text.startswith(("/dev/video", "video=")):
        return Address("device", text)
    if text == "synthetic":
        return Address("synthetic", "")
    prefix, colon, rest = text.partition(":")
    if colon and prefix == "file":
        return Address("file", rest.removeprefix("//"))
    if (scheme := _SCHEME.match(text)) is not None:
        return _network(scheme[1], text)
    if colon and prefix == "webrtc":
        return _brought(rest)
    for kind in _PREFIXES:
        if colon and prefix == kind:
            return Address(kind, rest)
    return Address("file", text)


def _network(scheme: str, url: str) -> Address:
    if scheme.lower() not in _NETWORK:
        known = ", ".join(f"{name}://" for name in _NETWORK)
        raise ConfigError(f"a source cannot be {scheme}://…; give {known}, or the path of a file")
    return Address("url", url)


def _brought(rest: str) -> Address:
    if rest:
        raise ConfigError(
            f"nothing can follow webrtc: (a browser brings the picture), got {redact(rest)!r}; leave it away"
        )
    return Address("webrtc", "")
