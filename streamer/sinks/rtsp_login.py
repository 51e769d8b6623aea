"""A user name and a password for a server that asks for them (RFC 7617 Basic, RFC 7616 Digest)."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HASHES: dict[str, Callable[[bytes], str]] = {
    "SHA-256": lambda data: hashlib.sha256(data).hexdigest(),
    "MD5": lambda data: hashlib.md5(data, usedforsecurity=False).hexdigest(),
}
"""Best first."""

_PARAMETER = re.compile(r'(\w+)=(?:"([^"]*)"|([^\s,]+))')


@dataclass(frozen=True, slots=True)
class Login:
    """Never printed."""

    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    def answer(self, challenges: Sequence[str], method: str, url: str) -> str | None:
        """What to say in ``Authorization`` to the best of the ``WWW-Authenticate`` values; None where none can be
        answered."""
        for name, digest in HASHES.items():
            for challenge in challenges:
                asked = parameters(challenge)
                if challenge[:7].lower() == "digest " and asked.get("algorithm", "MD5").upper() == name:
                    return self._digest(digest, asked, method, url)
        if any(challenge[:5].lower() == "basic" for challenge in challenges):
            return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()
        return None

    def _digest(self, digest: Callable[[bytes], str], asked: dict[str, str], method: str, url: str) -> str:
        realm, nonce = asked.get("realm", ""), asked.get("nonce", "")
        known = digest(f"{self.user}:{realm}:{self.password}".encode())
        wanted = digest(f"{method}:{url}".encode())
        said = {"username": self.user, "realm": realm, "nonce": nonce, "uri": url}
        counted = ""
        if "auth" in asked.get("qop", "").replace(",", " ").split():
            said["cnonce"] = secrets.token_hex(8)
            counted = f"00000001:{said['cnonce']}:auth:"
        said["response"] = digest(f"{known}:{nonce}:{counted}{wanted}".encode())
        said |= {key: asked[key] for key in ("opaque",) if key in asked}
        plain = [f"algorithm={asked['algorithm']}"] if "algorithm" in asked else []
        plain += ["qop=auth", "nc=00000001"] if counted else []
        return "Digest " + ", ".join([*(f'{key}="{value}"' for key, value in said.items()), *plain])


def parameters(challenge: str) -> dict[str, str]:
    """The name="value" pairs of a challenge, names in small letters."""
    return {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(challenge)}
