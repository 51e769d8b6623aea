"""Who a caller is: by a Bearer token, by the cookie of a sign-in, or as the local user where no token is set."""

from __future__ import annotations

import asyncio
import hmac
import logging
import math
import time
from collections.abc import Callable

from aiohttp import web

from streamer.web.problems import Refused
from streamer.web.routing import Role
from streamer.web.sessions import LIFETIME, Attempts, Sessions, digest
from streamer.web.site import Access, uncounted

log = logging.getLogger(__name__)

RANKS: dict[Role, int] = {"anyone": 0, "viewer": 1, "admin": 2}

QUIET = 60.0
"""Seconds between two lines of the log about wrong tokens."""


class Doorkeeper:
    """``secure``: browsers reach the server by TLS, here or at a proxy in front. ``wrong`` is told of wrong tokens as
    the log is: at once, and then no oftener than each QUIET seconds, how many."""

    def __init__(
        self,
        access: Access,
        clock: Callable[[], float] = time.monotonic,
        wrong: Callable[[int], None] = uncounted,
    ) -> None:
        self._clock, self._wrong = clock, wrong
        self._behind_proxy = access.behind_proxy
        self.secure = access.certificate is not None or access.behind_proxy
        self.cookie = f"__Host-{access.cookie}" if self.secure else access.cookie
        given: tuple[tuple[Role, str | None], ...] = (("viewer", access.tokens.viewer), ("admin", access.tokens.admin))
        self._tokens = tuple((role, digest(token)) for role, token in given if token is not None)
        self.sessions, self.attempts = Sessions(clock), Attempts(clock)
        self._told, self._untold = -QUIET, 0

    @property
    def tokens(self) -> bool:
        """Whether tokens are needed; else whoever reaches the server is its local user."""
        return bool(self._tokens)

    def role(self, request: web.Request) -> Role | None:
        """What the caller may do; None for a stranger.

        Raises:
            Refused: a wrong token, or too many of them.
        """
        if not self.tokens:
            return "admin"
        header = request.headers.get("Authorization")
        if header is None:
            return self.sessions.role(request.cookies.get(self.cookie, ""))
        scheme, _, token = header.partition(" ")
        if scheme.lower() != "bearer":
            raise unauthorised("expected a Bearer token in the Authorization header")
        return self.checked(request, token.strip())

    def checked(self, request: web.Request, token: str) -> Role:
        """The role of a token that was sent.

        Raises:
            Refused: it is none of ours, or too many wrong ones came from there.
        """
        address = self._address(request)
        wait = self.attempts.wait(address)
        if wait > 0:
            raise Refused(429, "too many wrong tokens; wait", headers={"Retry-After": str(math.ceil(wait))})
        sent, found = digest(token), None
        for role, known in self._tokens:
            if hmac.compare_digest(sent, known):
                found = role
        if found is None:
            self.attempts.failed(address)
            self._tell(address)
            raise unauthorised("the token is not valid")
        return found

    def sign_in(self, response: web.StreamResponse, role: Role) -> None:
        """Give the browser a cookie for ``role``."""
        name, age = self.sessions.begin(role), int(LIFETIME)
        response.set_cookie(
            self.cookie, name, max_age=age, path="/", httponly=True, samesite="Strict", secure=self.secure
        )

    def sign_out(self, request: web.Request, response: web.StreamResponse) -> None:
        self.sessions.end(request.cookies.get(self.cookie, ""))
        response.del_cookie(self.cookie, path="/", httponly=True, samesite="Strict", secure=self.secure)

    def until_signed_out(self, request: web.Request, call: Callable[[], object]) -> Callable[[], None]:
        """Have ``call`` called when the sign-in that let this caller in is over: by signing out, for its age, or as
        a newer one takes its place. What comes back takes that back. Never for who came with a token of his own."""
        if not self.tokens or not self.by_cookie(request):
            return nothing
        name = request.cookies[self.cookie]
        undo = self.sessions.at_end(name, call)
        timer = asyncio.get_running_loop().call_later(self.sessions.left(name), self.sessions.end, name)

        def forget() -> None:
            timer.cancel()
            undo()

        return forget

    def by_cookie(self, request: web.Request) -> bool:
        """Whether the browser's cookie is what the caller has to show: it sends that on its own."""
        return self.cookie in request.cookies and "Authorization" not in request.headers

    def _address(self, request: web.Request) -> str:
        """Of the caller; as the proxy in front names it, whose own entry is the last."""
        forwarded = request.headers.getall("X-Forwarded-For", ())
        if self._behind_proxy and forwarded:
            return forwarded[-1].rpartition(",")[2].strip()
        return request.remote or ""

    def _tell(self, address: str) -> None:
        self._untold += 1
        if self._clock() - self._told >= QUIET:
            self._told = self._clock()
            log.warning("a wrong token was sent from %s", printable(address))
            self._wrong(self._untold)
            self._untold = 0


def nothing() -> None:
    """There is nothing to take back."""


def printable(address: str) -> str:
    """A header's text made fit for a line of the log."""
    return "".join(sign for sign in address[:45] if sign in "0123456789abcdefABCDEF.:") or "an unknown address"


def unauthorised(detail: str) -> Refused:
    return Refused(401, detail, headers={"WWW-Authenticate": 'Bearer realm="groupmood"'})


KEEPER: web.AppKey[Doorkeeper] = web.AppKey("keeper", Doorkeeper)
