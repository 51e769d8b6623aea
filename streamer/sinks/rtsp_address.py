"""The address that a stream is sent to, checked and taken apart, so that its password is never printed."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from streamer.errors import SinkError
from streamer.sinks.rtsp_login import Login

PORTS = {"rtsp": 554, "rtsps": 322}
"""By scheme; rtsps is RTSP within TLS (RFC 7826, 22.1 and 22.2)."""

_EXAMPLE = "rtsp://user:password@host:8554/name"


@dataclass(frozen=True, slots=True)
class PushTarget:
    """``url`` without user name and password: what the server is asked for, itself not to be printed (its path may be
    a key). ``label`` is what may be said of it: scheme, host and port."""

    host: str
    port: int
    secure: bool
    url: str
    label: str
    login: Login | None

    def __repr__(self) -> str:
        return f"PushTarget({self.label})"


def parse_push_target(text: str) -> PushTarget:
    """
    Raises:
        SinkError: it is no RTSP address; the message holds nothing of it but the scheme.
    """
    text = text.strip()
    try:
        parts = urlsplit(text)
        host, port = parts.hostname, parts.port
        (host or "").encode("idna")
    except ValueError:  # of which what IDNA refuses is one
        raise SinkError(f"the address to push to is not understood; expected {_EXAMPLE}") from None
    scheme = parts.scheme.lower()
    if scheme not in PORTS:
        came = f", got {scheme}://" if "://" in text and scheme.isalnum() else ""
        raise SinkError(f"a stream is pushed to an rtsp:// or rtsps:// address{came}; expected {_EXAMPLE}")
    if not host or any(letter.isspace() or not letter.isprintable() for letter in text):
        raise SinkError(f"the address to push to has no host, or spaces in it; expected {_EXAMPLE}")
    if "@" in parts.path + parts.query + parts.fragment:  # else a piece of a password would count as the host
        raise SinkError(
            "the address to push to has an @ behind the host; in a user name, password or path write @ as %40, "
            "/ as %2F, ? as %3F, # as %23"
        )
    shown = f"[{host}]" if ":" in host else host
    place = f"{scheme}://{shown}" + (f":{port}" if port else "")
    rest = parts.path.rstrip("/") + (f"?{parts.query}" if parts.query else "")
    login = Login(unquote(parts.username or ""), unquote(parts.password or "")) if "@" in parts.netloc else None
    return PushTarget(host, port or PORTS[scheme], scheme == "rtsps", place + rest, place, login)


def check_push_target(text: str) -> None:
    """Nothing, where a stream may be pushed to such an address; asks nobody.

    Raises:
        SinkError: see parse_push_target().
    """
    parse_push_target(text)
