"""What the SOURCE of ``groupmood run SOURCE`` names, and how to speak of it without its secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

from streamer.errors import ConfigError

Kind: TypeAlias = Literal["camera", "device", "lavfi", "synthetic", "file", "url"]

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
# Everything between :// and the last @ of the same word: a password may itself hold @, : and /.
_USERINFO = re.compile(r"(?<=://)\S+@")
# The same without a scheme, as in "admin:secret@10.0.0.2:554".
_BARE_USERINFO = re.compile(r"(?<![\w/*])[^\s:/@'\"]+:[^\s/@]+@(?=[\w\[])")
_SECRET = re.compile(
    r"((?:pass|pas|pwd|psw|psk|token|secret|key|auth|signature|sig|credential|jwt|session|sid)\w*(?:=|%3[Dd]))"
    r"[^&;\s'\"#]+",
    re.IGNORECASE,
)
_HEADER = re.compile(r"(authorization\s*:\s*\w+\s+)[^\s'\"]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, repr=False)
class Address:
    """``value`` by kind: camera "0", device "/dev/video0" or "video=Name", lavfi the graph, synthetic what follows the
    colon (may be ''), file the path, url the whole URL, secrets included. Printing an address masks them."""

    kind: Kind
    value: str

    def __str__(self) -> str:
        if self.kind == "url":
            return redact_url(self.value)
        prefix = {"camera": "camera ", "lavfi": "lavfi:", "synthetic": "synthetic:"}.get(self.kind, "")
        return prefix + redact(self.value)

    def __repr__(self) -> str:
        return f"Address(kind={self.kind!r}, value={redact_url(self.value)!r})"


def parse(text: str) -> Address:
    """The address a text stands for; whether it can be opened shows when it is opened.

    A file that is called "0" or "lavfi:x" is given as "./0" or "file:lavfi:x".

    Raises:
        ConfigError: the text is empty.
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
    if colon and prefix == "lavfi":
        return Address("lavfi", rest)
    if colon and prefix == "synthetic":
        return Address("synthetic", rest)
    if colon and prefix == "file":
        return Address("file", rest.removeprefix("//"))
    return Address("url" if _SCHEME.match(text) else "file", text)


def redact(text: str) -> str:
    """The text with user names, passwords and tokens of every URL in it replaced by ***; rather too much than too
    little."""
    text = _USERINFO.sub("***@", text)
    text = _BARE_USERINFO.sub("***@", text)
    text = _SECRET.sub(r"\1***", text)
    return _HEADER.sub(r"\1***", text)


def redact_url(url: str) -> str:
    """The same for a text that is one URL and nothing else: then a password may also hold spaces."""
    scheme, separator, rest = url.partition("://")
    if separator and "@" in rest:
        url = f"{scheme}://***@{rest.rpartition('@')[2]}"
    return redact(url)
