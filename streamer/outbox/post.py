"""One attempt to hand an event to a webhook, and what came of it."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import ipaddress
import socket
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPException, HTTPSConnection, RemoteDisconnected
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, unquote, urlsplit

from streamer.errors import ConfigError

Verdict: TypeAlias = Literal["delivered", "later", "refused"]

LATER = frozenset((408, 425, 429))
"""Statuses below 500 that time may mend: Request Timeout, Too Early, Too Many Requests (RFC 9110, 8470, 6585)."""

PRIVATE = tuple(
    ipaddress.ip_network(net)
    for net in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1",
        "fc00::/7",
        "fe80::/10",
    )
)
"""Where http may be spoken: this machine and the local network (RFC 1918, 3927, 4193, 4291)."""


@dataclass(frozen=True, slots=True)
class Answer:
    """``reason`` without secrets, '' when delivered. ``after``: seconds that the receiver wants to be left alone."""

    verdict: Verdict
    reason: str = ""
    after: float | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """Where events go; ``path`` with its query. Only ``shown``, the host, may be told to anybody."""

    secure: bool
    host: str
    port: int
    path: str
    login: str

    @property
    def shown(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def target_of(url: str) -> Target:
    """
    Raises:
        ConfigError: it is no URL that events may be sent to. The message does not hold it.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host.encode("idna")
        usable = bool(host) and url.isascii() and url.isprintable() and " " not in url
    except ValueError:
        raise ConfigError("a webhook's url cannot be read; give https://HOST/PATH") from None
    if parts.scheme not in ("http", "https") or not usable:
        raise ConfigError("a webhook's url must be https://HOST/PATH, with all but plain letters percent-encoded")
    secure = parts.scheme == "https"
    if not secure and not local(host):
        raise ConfigError(
            f"the webhook at {host} would be spoken to without encryption; give https:// "
            "(http:// is for localhost and for private addresses written as numbers)"
        )
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(secure, host, port or (443 if secure else 80), path, login_of(parts))


def local(host: str) -> bool:
    """Whether the host is this machine, or a private address written as numbers: a name may lead anywhere."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost"
    return any(address in net for net in PRIVATE)


def login_of(parts: SplitResult) -> str:
    """The header Authorization (RFC 7617), '' without user."""
    if parts.username is None:
        return ""
    pair = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def signature(secret: str, at: int, body: bytes) -> str:
    """The header of Stripe's scheme v1 (https://docs.stripe.com/webhooks#verify-manually): HMAC-SHA256 over the time in
    seconds since 1970, a full stop and the body. Whoever receives it refuses what is old, so that nothing heard on the
    way can be sent again."""
    digest = hmac.new(secret.encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


class Poster:
    """For one thread, but ``cut``."""

    def __init__(self, target: Target, secret: str, timeout: float, clock: Callable[[], float]) -> None:
        self._target, self._secret, self._timeout, self._clock = target, secret, timeout, clock
        self._tls = ssl.create_default_context() if target.secure else None
        self._connection: HTTPConnection | None = None
        self._ended = False

    def send(self, id: str, body: bytes) -> Answer:
        """A connection for this event alone; redirects are not followed, and the body of the answer is not read. After
        the timeout it is cut, however the receiver dawdles."""
        connection = self._connection = self._made()
        if self._ended:
            return Answer("later", "is not asked any more")
        deadline = threading.Timer(self._timeout, cut, (connection,))
        deadline.daemon = True
        deadline.start()
        try:
            connection.request("POST", self._target.path, body, self._headers(id, body))
            response = connection.getresponse()
            return answer_of(response.status, response.getheader("Retry-After"), self._clock())
        except (TimeoutError, RemoteDisconnected):  # the latter also where the time was up
            return Answer("later", "gave no answer")
        except OSError as error:
            return Answer("later", f"cannot be reached ({error.strerror or type(error).__name__})")
        except HTTPException:  # its text may hold what the receiver said, and that the URL
            return Answer("later", "answered with what is no HTTP")
        finally:
            deadline.cancel()
            connection.close()

    def cut(self) -> None:
        """End what is under way, from any thread; nothing more is sent."""
        self._ended = True
        if self._connection is not None:
            cut(self._connection)

    def _made(self) -> HTTPConnection:
        target = self._target
        if self._tls is None:
            return HTTPConnection(target.host, target.port, timeout=self._timeout)
        return HTTPSConnection(target.host, target.port, timeout=self._timeout, context=self._tls)

    def _headers(self, id: str, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "groupmood",
            "Connection": "close",
            "X-Groupmood-Id": id,
            "X-Groupmood-Signature": signature(self._secret, int(self._clock()), body),
            "Idempotency-Key": id,
        }
        return headers | ({"Authorization": self._target.login} if self._target.login else {})


def cut(connection: HTTPConnection) -> None:
    """Have whoever reads from or writes to this connection fail at once."""
    sock = connection.sock
    if sock is not None:
        with contextlib.suppress(OSError):
            # Not the method of an SSLSocket, which would take the session away from under the other thread.
            socket.socket.shutdown(sock, socket.SHUT_RDWR)


def answer_of(status: int, retry_after: str | None, now: float) -> Answer:
    if 200 <= status < 300:
        return Answer("delivered")
    if status >= 500 or status in LATER:
        return Answer("later", f"answered {status}", seconds_asked(retry_after, now))
    moved = ", which is not followed; give the address it moved to" if 300 <= status < 400 else ""
    return Answer("refused", f"answered {status}{moved}")


def seconds_asked(retry_after: str | None, now: float) -> float | None:
    """Of the header Retry-After (RFC 9110, 10.2.3): a number of seconds or a date; None where it is neither."""
    if retry_after is None:
        return None
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return None
