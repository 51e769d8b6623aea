"""What every request and every answer must be: called by a name of ours, not sent by another site's page, and closed to
whatever a page of ours does not need."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

from aiohttp import web
from yarl import URL

from streamer.errors import ConfigError
from streamer.web.problems import Refused
from streamer.web.routing import Route
from streamer.web.site import Access

SAFE = ("GET", "HEAD", "OPTIONS")

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "media-src 'self' blob:; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

HEADERS = {
    "Content-Security-Policy": POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Frame-Options": "DENY",
    "Server": "groupmood",
}

CLOSED = "microphone=(), geolocation=(), usb=(), serial=(), payment=()"
"""Of the browser's abilities, those that no page of ours uses."""

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::([0-9]{1,5}))?")


@dataclass(frozen=True, slots=True)
class Bound:
    """Where the server listens: ``port``, ``names`` by which it may be called, ``scheme`` that browsers see."""

    port: int
    names: frozenset[str]
    scheme: str


BOUND: web.AppKey[Bound] = web.AppKey("bound", Bound)


def check_access(access: Access) -> None:
    """
    Raises:
        ConfigError: it would let in whom it should not.
    """
    tokens = (access.tokens.viewer, access.tokens.admin)
    if (access.certificate is None) != (access.key is None):
        raise ConfigError("server: certificate and key belong together; give both, or neither")
    if tokens[0] is not None and tokens[0] == tokens[1]:
        raise ConfigError("server: token and admin_token are the same; whoever may look could then also change")
    where = f"server: host {access.host!r} can be reached by other machines"
    if access.behind_proxy:
        where = "server: what is behind a proxy can be reached by other machines"
    elif is_loopback(access.host):
        return
    elif access.certificate is None:
        raise ConfigError(
            f"{where}, so it needs certificate and key (TLS), or behind_proxy: true where a proxy in front does that; "
            "or keep host: 127.0.0.1"
        )
    if None in tokens:
        raise ConfigError(f"{where}, so it needs token (of who may look) and admin_token, 16 characters or more each")


def is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def is_everywhere(host: str) -> bool:
    """Whether it stands for all addresses of the machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return host == ""


def bound(access: Access, port: int) -> Bound:
    names = {name.lower().rstrip(".") for name in access.hosts}
    if is_loopback(access.host) or is_everywhere(access.host):
        names |= {"localhost", "127.0.0.1", "::1"}
    if not is_everywhere(access.host):
        names.add(access.host.lower())
    secure = access.certificate is not None or access.behind_proxy
    return Bound(port, frozenset(names), "https" if secure else "http")


def check_host(request: web.Request) -> None:
    """Another name that leads here is another site's, which would so read what is ours (DNS rebinding).

    Raises:
        Refused: called by no name of ours.
    """
    if not request.raw_path.startswith(("/", "*")):
        raise Refused(400, "expected a path, got a whole URL; this is no proxy")
    hosts = request.headers.getall("Host", ())
    match = _HOST.fullmatch(hosts[0]) if len(hosts) == 1 else None
    if match is None:
        raise Refused(400, "expected one Host header with a name or an address")
    name = match[1].strip("[]").lower().rstrip(".")
    if name not in request.app[BOUND].names and not is_ours(name, request):
        raise Refused(421, "this server is not called so; add the name to 'hosts' of the server's configuration")


def is_ours(name: str, request: web.Request) -> bool:
    """Whether it is the very address that the connection was made to."""
    called = None if request.transport is None else request.transport.get_extra_info("sockname")
    if not called:
        return False
    try:
        return ipaddress.ip_address(name) == ipaddress.ip_address(str(called[0]).partition("%")[0])
    except ValueError:
        return False


def check_origin(request: web.Request, route: Route, *, by_cookie: bool) -> None:
    """What changes something or opens a channel must come from a page of ours or from no browser at all; what only
    reads, not from within another site's page. A page may be led to from anywhere.

    Raises:
        Refused: another site's page sent it.
    """
    fetched = request.headers.get("Sec-Fetch-Site")
    if route.method in SAFE and route.kind not in ("socket", "sdp"):
        navigated = request.headers.get("Sec-Fetch-Mode") == "navigate"
        if fetched in ("cross-site", "same-site") and not navigated:
            raise foreign()
        return
    origins = request.headers.getall("Origin", ())
    if fetched not in (None, "same-origin", "none") or not all(is_same(one, request) for one in origins):
        raise foreign()
    if not origins and by_cookie:
        raise Refused(403, "without an Origin header a Bearer token is needed instead of the cookie")


def is_same(origin: str, request: web.Request) -> bool:
    """Whether a page of ``origin`` is one of ours, as the browser sees it."""
    try:
        theirs, ours = URL(origin), URL(f"{request.app[BOUND].scheme}://{request.headers['Host']}")
        return (theirs.scheme, theirs.host, theirs.port) == (ours.scheme, ours.host, ours.port)
    except ValueError:
        return False


def foreign() -> Refused:
    return Refused(
        403,
        "another site's page sent this; open this server's own page. Behind a proxy, have it pass the Host header on",
    )


async def put_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Signal of aiohttp: for each answer, just before it is sent."""
    response.headers.update(HEADERS)
    response.headers["Permissions-Policy"] = f"{abilities(request.path)}, {CLOSED}"
    if "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"


def abilities(path: str) -> str:
    """Camera and screen, for the pages that ask for them only."""
    who = "(self)" if is_meeting(path) else "()"
    return f"camera={who}, display-capture={who}"


def is_meeting(path: str) -> bool:
    return path == "/meeting" or path.startswith("/meeting/")
