"""What is remembered of those who signed in, and of those who failed to: both bounded."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable

from streamer.web.routing import Role

LIFETIME = 12 * 3600.0
"""Seconds for which a sign-in holds."""

SESSIONS = 256
"""Sign-ins held at once; the oldest gives way."""

TRIES, REGAINED = 10, 6.0
"""Wrong tokens that one address may send at once, and seconds after which it may send one more."""

ADDRESSES = 1024
"""Addresses whose wrong tokens are counted; the one that was quiet for longest gives way."""


class Sessions:
    """Roles by the random name in the browser's cookie, of which only a digest is kept. For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[bytes, tuple[Role, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def begin(self, role: Role) -> str:
        """A new name, 256 random bits."""
        name = secrets.token_urlsafe(32)
        if len(self._held) >= SESSIONS:
            self._held.popitem(last=False)
        self._held[digest(name)] = (role, self._clock() + LIFETIME)
        return name

    def role(self, name: str) -> Role | None:
        """None where there is no such session, or it is over."""
        role, end = self._held.get(digest(name), (None, 0.0))
        if role is not None and self._clock() >= end:
            self.end(name)
            return None
        return role

    def end(self, name: str) -> None:
        self._held.pop(digest(name), None)


class Attempts:
    """Counts wrong tokens by address, an IPv6 one by its network of 64 bits. For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failed: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._failed)

    def wait(self, address: str) -> float:
        """Seconds after which another token may be sent; 0.0 for at once."""
        return max(0.0, (self._count(network(address)) - TRIES + 1) * REGAINED)

    def failed(self, address: str) -> None:
        name = network(address)
        count = self._count(name) + 1
        self._failed[name] = (count, self._clock())
        self._failed.move_to_end(name)
        if len(self._failed) > ADDRESSES:
            self._failed.popitem(last=False)

    def _count(self, name: str) -> float:
        """Failures that still count: each is forgotten after REGAINED seconds."""
        count, last = self._failed.get(name, (0.0, 0.0))
        return max(0.0, count - (self._clock() - last) / REGAINED)


def digest(text: str) -> bytes:
    """Of equal length for every text, so that a comparison tells nothing of it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def network(address: str) -> str:
    """Who counts as one caller."""
    try:
        known = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if isinstance(known, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((known, 64), strict=False))
    return address
