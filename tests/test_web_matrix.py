"""Every route of the table, called by everybody: who gets in, and who is told what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest

from streamer.fanout import Fanout
from streamer.inlet import Inlet
from streamer.web.app import ROUTES
from streamer.web.doorkeeper import RANKS
from streamer.web.routing import Role, Route
from streamer.web.server import WebServer
from streamer.web.site import Access, Site
from tests.web_site import ADMIN, JPEG, TOKENS, VIEWER, Answer, ask, bearer, path_of, serving, told_site

CALLERS: dict[str, tuple[Role | None, Mapping[str, str]]] = {
    "nobody": (None, {}),
    "viewer": ("viewer", bearer(VIEWER)),
    "admin": ("admin", bearer(ADMIN)),
}


def name(route: Route) -> str:
    return f"{route.method} {route.path}"


def guarded_site() -> Site:
    """One whose left camera shows a picture as soon as anybody looks, and takes a browser's as well."""
    seen: Fanout[bytes] = Fanout(2, lambda: seen.put(JPEG))
    return told_site(Access(tokens=TOKENS), pictures={"left": seen}, inlets={"left": Inlet("left")})


@pytest.fixture(scope="module")
def server() -> Iterator[WebServer]:
    with serving(guarded_site()) as running:
        yield running


@pytest.fixture(scope="module")
def pestered() -> Iterator[WebServer]:
    """Another one for wrong tokens, since too many of them have everybody at that address wait."""
    with serving(guarded_site()) as running:
        yield running


def call(server: WebServer, route: Route, headers: Mapping[str, str]) -> Answer:
    """The answer's head; a stream's body has no end."""
    return ask(server, path_of(route), route.method, headers=headers, whole=route.kind != "stream")


@pytest.mark.parametrize("route", ROUTES, ids=name)
@pytest.mark.parametrize("caller", CALLERS)
def test_who_gets_in(server: WebServer, route: Route, caller: str) -> None:
    role, headers = CALLERS[caller]
    answer = call(server, route, headers)
    if role is None and route.role == "anyone":
        assert answer.status not in (401, 403, 421, 429, 500)
    elif role is None and route.kind == "page":
        assert (answer.status, answer.headers["Location"].partition("=")[0]) == (303, "/sign-in?next")
    elif role is None:
        assert answer.status == 401
    elif RANKS[role] < RANKS[route.role]:
        assert answer.status == 403
    else:
        assert answer.status not in (401, 403, 421, 429, 500)


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_a_wrong_token_opens_nothing(pestered: WebServer, route: Route) -> None:
    status = call(pestered, route, bearer("x" * 20)).status
    if route.role == "anyone" and route.path != "/api/v1/session":
        assert status not in (401, 403, 421, 429, 500)
    elif route.role != "anyone":
        assert status in (401, 429)


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_another_name_gets_nothing(server: WebServer, route: Route) -> None:
    answer = call(server, route, bearer(ADMIN) | {"Host": f"evil.example:{server.port}"})
    assert answer.status == 421
    assert "evil" not in answer.text


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_another_sites_page_gets_nothing(server: WebServer, route: Route) -> None:
    """Not even with the token, from a script, an image or a form."""
    foreign = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}
    answer = call(server, route, bearer(ADMIN) | foreign)
    assert answer.status == 403
    assert "evil" not in answer.text


@pytest.mark.parametrize(
    "route", [one for one in ROUTES if one.method not in ("GET",) or one.kind in ("socket", "sdp")], ids=name
)
@pytest.mark.parametrize(
    "foreign",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:1"},
        {"Origin": "https://127.0.0.1:{port}"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_what_changes_something_must_come_from_a_page_of_ours(
    server: WebServer, route: Route, foreign: Mapping[str, str]
) -> None:
    sent = {key: value.format(port=server.port) for key, value in foreign.items()}
    assert call(server, route, bearer(ADMIN) | sent).status == 403


@pytest.mark.parametrize("route", [one for one in ROUTES if one.kind == "page"], ids=name)
def test_a_page_may_be_led_to_from_anywhere(server: WebServer, route: Route) -> None:
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert call(server, route, bearer(VIEWER) | link).status == 200


@pytest.mark.parametrize("route", ROUTES, ids=name)
def test_every_answer_is_closed_to_what_it_does_not_need(server: WebServer, route: Route) -> None:
    headers = call(server, route, bearer(ADMIN)).headers
    policy = headers["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'; script-src 'self';")
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in headers
    own = "(self)" if route.path.startswith("/meeting") else "()"
    assert f"camera={own}, display-capture={own}, microphone=()" in headers["Permissions-Policy"]
    assert "Python" not in headers["Server"]
    if "static" not in route.path:
        assert headers["Cache-Control"] == "no-store"


def test_the_table_names_each_route_once() -> None:
    assert len({name(route) for route in ROUTES}) == len(ROUTES)


def test_who_is_let_in_without_a_token() -> None:
    """The list is short, and grows only on purpose."""
    assert {name(route) for route in ROUTES if route.role == "anyone"} <= {
        "GET /livez",
        "GET /readyz",
        "GET /notice",
        "GET /sign-in",
        "GET /static/{path:.+}",
        "GET /api/v1/notice",
        "GET /api/v1/session",
        "POST /api/v1/session",
        "DELETE /api/v1/session",
        "OPTIONS /whip/{source}",
        "OPTIONS /whep/{source}",
    }
