"""What is remembered of those who signed in, and of those who failed to: both bounded."""

from __future__ import annotations

import hashlib
import ipaddress
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

from streamer.web.routing import Role

LIFETIME = 12 * 3600.0
"""Seconds for which a sign-in holds."""

SESSIONS = 256
"""Sign-ins held at once; the oldest gives way."""

TRIES, REGAINED = 10, 6.0
"""Wrong tokens that one address may send at once, and seconds after which it may send one more."""

ADDRESSES = 1024
"""Addresses whose wrong tokens are counted; the one that was quiet for longest gives way."""


@dataclass(slots=True)
class Held:
    """A sign-in until ``end``, with what is to be called when it is over."""

    role: Role
    end: float
    calls: dict[object, Callable[[], object]] = field(default_factory=dict)


class Sessions:
    """Roles by the random name in the browser's cookie, of which only a digest is kept. For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._held: OrderedDict[bytes, Held] = OrderedDict()

    def __len__(self) -> int:
        return len(self._held)

    def begin(self, role: Role) -> str:
        """A new name, 256 random bits."""
        name = secrets.token_urlsafe(32)
        if len(self._held) >= SESSIONS:
            self._over(next(iter(self._held)))
        self._held[digest(name)] = Held(role, self._clock() + LIFETIME)
        return name

    def role(self, name: str) -> Role | None:
        """None where there is no such session, or it is over."""
        held = self._held.get(digest(name))
        if held is not None and self._clock() >= held.end:
            self.end(name)
            return None
        return None if held is None else held.role

    def end(self, name: str) -> None:
        self._over(digest(name))

    def left(self, name: str) -> float:
        """Seconds until it is over by itself, 0.0 where it is."""
        held = self._held.get(digest(name))
        return 0.0 if held is None else max(0.0, held.end - self._clock())

    def at_end(self, name: str, call: Callable[[], object]) -> Callable[[], None]:
        """Have ``call`` called once when the session ends, or at once where it has; what comes back takes that back."""
        held, key = self._held.get(digest(name)), object()
        if held is None:
            call()
            return lambda: None
        held.calls[key] = call

        def forget() -> None:
            held.calls.pop(key, None)

        return forget

    def _over(self, key: bytes) -> None:
        held = self._held.pop(key, None)
        for call in () if held is None else tuple(held.calls.values()):
            call()


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
