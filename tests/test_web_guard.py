from __future__ import annotations

import pytest

from streamer.web.server import WebServer
from streamer.web.site import Access
from tests.web_site import ADMIN, TOKENS, ask, bearer, serving, site


def host(server: WebServer, name: str) -> int:
    return ask(server, "/livez", headers={"Host": name.format(port=server.port)}).status


@pytest.mark.parametrize(
    "name", ["localhost", "localhost:{port}", "127.0.0.1:{port}", "[::1]:{port}", "LocalHost.", "mood.example:443"]
)
def test_names_of_ours(name: str) -> None:
    with serving(site(Access(hosts=("Mood.example",)))) as server:
        assert host(server, name) == 200


@pytest.mark.parametrize(
    "name", ["evil.example", "localhost.evil", "127.0.0.1.nip.io", "192.168.1.5", "0.0.0.0", "mood.example.evil"]
)
def test_names_of_others(name: str) -> None:
    with serving(site(Access(hosts=("mood.example",)))) as server:
        assert host(server, name) == 421


@pytest.mark.parametrize("name", ["", "evil/..", "a b", "user@localhost", "localhost:port", "[::1", "localhost:1:2"])
def test_what_is_no_name(name: str) -> None:
    with serving() as server:
        assert host(server, name) == 400


def test_the_address_that_was_called_is_a_name_where_all_are_listened_on() -> None:
    access = Access(host="0.0.0.0", tokens=TOKENS, behind_proxy=True)
    with serving(site(access)) as server:
        assert server.url == f"http://localhost:{server.port}"
        assert host(server, "127.0.0.1:{port}") == 200
        assert host(server, "192.0.2.7") == 421


def test_behind_a_proxy_pages_are_reached_by_its_name_and_tls() -> None:
    access = Access(tokens=TOKENS, behind_proxy=True, hosts=("mood.example",))
    with serving(site(access)) as server:

        def asked(origin: str, name: str = "mood.example") -> int:
            sent = bearer(ADMIN) | {"Host": name, "Origin": origin}
            return ask(server, "/api/v1/commands", "POST", headers=sent, body={"command": "pause"}).status

        assert asked("https://mood.example") == 202
        assert asked("https://mood.example:443") == 202
        assert asked("https://mood.example:8443", "mood.example:8443") == 202
        assert asked("http://mood.example") == 403
        assert asked("https://mood.example:8443") == 403
        cookie = ask(server, "/api/v1/session", "POST", body={"token": ADMIN}).headers["Set-Cookie"]
        assert cookie.startswith("__Host-groupmood=")
        assert "Secure" in cookie.split("; ")


def test_a_page_of_ours_on_loopback_may() -> None:
    with serving() as server:
        for origin in (server.url, f"http://127.0.0.1:{server.port}"):
            headers = {"Origin": origin, "Sec-Fetch-Site": "same-origin"}
            assert ask(server, "/api/v1/commands", "POST", headers=headers, body={"command": "pause"}).status == 202


def test_two_origins_are_one_too_many() -> None:
    with serving() as server:
        headers = {"Origin": f"{server.url}, https://evil.example"}
        assert ask(server, "/api/v1/commands", "POST", headers=headers, body={"command": "pause"}).status == 403


def test_another_sites_image_gets_no_picture() -> None:
    """The browser's user may be the local one, whom no token keeps out."""
    with serving() as server:
        embedded = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}
        assert ask(server, "/streams/left.jpg", headers=embedded).status == 403


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("GET", "/evil<script>", 404, None),
        ("GET", "/api/v1/rooms/evil<script>", 404, None),
        ("GET", "/streams/evil.mjpg", 404, None),
        ("GET", "/streams/../../etc/passwd", 404, None),
        ("POST", "/api/v1/rooms", 405, "GET,HEAD"),
        ("OPTIONS", "/api/v1/rooms", 405, "GET,HEAD"),
        ("TRACE", "/livez", 405, "GET,HEAD"),
        ("HEAD", "/streams/left.mjpg", 405, "GET"),
        ("PUT", "/api/v1/session", 405, "DELETE,GET,HEAD,POST"),
    ],
)
def test_what_is_not_there(method: str, path: str, status: int, allow: str | None) -> None:
    with serving() as server:
        answer = ask(server, path, method)
        assert (answer.status, answer.headers.get("Allow")) == (status, allow)
        assert answer.headers["Content-Type"].startswith("application/problem+json")
        assert b"evil" not in answer.body
        if method != "HEAD":
            assert answer.json["status"] == status


def test_a_visitor_who_is_lost_gets_a_page() -> None:
    with serving(site(Access(tokens=TOKENS))) as server:
        answer = ask(server, "/evil<script>", headers={"Accept": "text/html,*/*"})
        assert (answer.status, answer.headers["Content-Type"]) == (404, "text/html; charset=utf-8")
        assert "No such page" in answer.text
        assert "evil" not in answer.text
        assert "hall" not in answer.text


def test_head_has_the_head_alone() -> None:
    with serving() as server:
        whole, head = ask(server, "/api/v1/rooms"), ask(server, "/api/v1/rooms", "HEAD")
        assert (head.status, head.body, head.headers["Content-Length"]) == (200, b"", str(len(whole.body)))
