from __future__ import annotations

import logging

import pytest

from streamer.web.doorkeeper import printable
from streamer.web.server import WebServer
from streamer.web.sessions import ADDRESSES, LIFETIME, REGAINED, SESSIONS, TRIES, Attempts, Sessions, network
from streamer.web.site import Access, Tokens
from tests.web_site import ADMIN, TOKENS, VIEWER, Answer, ask, bearer, serving, site


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_session_ends_by_itself() -> None:
    clock = Clock()
    sessions = Sessions(clock)
    name = sessions.begin("viewer")
    clock.now += LIFETIME - 1
    assert sessions.role(name) == "viewer"
    clock.now += 1
    assert sessions.role(name) is None
    assert len(sessions) == 0


def test_sessions_are_long_and_random_and_as_many_as_they_may_be() -> None:
    sessions = Sessions(Clock())
    names = [sessions.begin("admin") for _ in range(SESSIONS + 10)]
    assert len(set(names)) == len(names)
    assert min(map(len, names)) >= 43  # 256 bits in base 64
    assert len(sessions) == SESSIONS
    assert [sessions.role(name) for name in names[:10]] == [None] * 10
    assert sessions.role(names[-1]) == "admin"
    assert sessions.role("") is sessions.role("x" * 5000) is None


def test_wrong_tokens_are_waited_for() -> None:
    clock = Clock()
    attempts = Attempts(clock)
    for _ in range(TRIES):
        assert attempts.wait("192.0.2.1") == 0
        attempts.failed("192.0.2.1")
    assert attempts.wait("192.0.2.1") == REGAINED
    assert attempts.wait("192.0.2.2") == 0
    clock.now += REGAINED
    assert attempts.wait("192.0.2.1") == 0
    attempts.failed("192.0.2.1")
    assert attempts.wait("192.0.2.1") == REGAINED


def test_addresses_are_counted_up_to_a_bound_and_ipv6_by_network() -> None:
    attempts = Attempts(Clock())
    for number in range(ADDRESSES + 500):
        attempts.failed(f"10.1.{number // 256}.{number % 256}")
    assert len(attempts) == ADDRESSES
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("no address") == ""


def sign_in(server: WebServer, token: str, **headers: str) -> Answer:
    return ask(server, "/api/v1/session", "POST", body={"token": token}, headers=headers)


def own(server: WebServer) -> dict[str, str]:
    """What a browser adds on a page of ours."""
    return {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}


@pytest.mark.parametrize(("token", "role", "settings"), [(VIEWER, "viewer", 403), (ADMIN, "admin", 200)])
def test_signing_in_and_out(token: str, role: str, settings: int) -> None:
    with serving(site(Access(tokens=TOKENS))) as server:
        answer = sign_in(server, token, **own(server))
        assert (answer.status, answer.json) == (201, {"version": 1, "role": role, "tokens": True})
        cookie = answer.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/", f"Max-Age={int(LIFETIME)}"} <= set(cookie.split("; "))
        assert token not in cookie
        signed = {"Cookie": cookie.partition(";")[0]}
        assert ask(server, "/api/v1/rooms", headers=signed).status == 200
        assert ask(server, "/api/v1/session", headers=signed).json["role"] == role
        assert ask(server, "/api/v1/settings", headers=signed).status == settings
        gone = ask(server, "/api/v1/session", "DELETE", headers=signed | own(server))
        assert (gone.status, "Max-Age=0" in gone.headers["Set-Cookie"]) == (204, True)
        assert ask(server, "/api/v1/rooms", headers=signed).status == 401
        assert ask(server, "/api/v1/session", headers=signed).json["role"] is None


def test_a_cookie_needs_an_origin_for_what_changes_something_and_a_token_does_not() -> None:
    with serving(site(Access(tokens=TOKENS))) as server:
        signed = {"Cookie": sign_in(server, ADMIN).headers["Set-Cookie"].partition(";")[0]}
        command = {"command": "pause"}
        assert ask(server, "/api/v1/commands", "POST", headers=signed, body=command).status == 403
        assert ask(server, "/api/v1/commands", "POST", headers=signed | own(server), body=command).status == 202
        assert ask(server, "/api/v1/commands", "POST", headers=bearer(ADMIN), body=command).status == 202
        wrong = signed | bearer("x" * 20) | own(server)
        assert ask(server, "/api/v1/commands", "POST", headers=wrong, body=command).status == 401


def test_signing_in_anew_ends_the_session_before() -> None:
    with serving(site(Access(tokens=TOKENS))) as server:
        first = {"Cookie": sign_in(server, VIEWER).headers["Set-Cookie"].partition(";")[0]}
        assert sign_in(server, ADMIN, **first, **own(server)).status == 201
        assert ask(server, "/api/v1/rooms", headers=first).status == 401


def test_a_token_in_the_address_is_no_token() -> None:
    with serving(site(Access(tokens=TOKENS))) as server:
        assert ask(server, f"/api/v1/rooms?token={VIEWER}&access_token={VIEWER}").status == 401


@pytest.mark.parametrize(
    "header", ["Basic dTpw", "Bearer", "Bearer ", "bearer\t", VIEWER, f"Bearer {VIEWER}x", "Bearer é"]
)
def test_other_headers_let_nobody_in(header: str) -> None:
    with serving(site(Access(tokens=TOKENS))) as server:
        answer = ask(server, "/api/v1/rooms", headers={"Authorization": header})
        assert (answer.status, answer.headers["Www-Authenticate"]) == (401, 'Bearer realm="groupmood"')


def test_without_tokens_the_local_user_may_do_everything() -> None:
    with serving() as server:
        assert ask(server, "/api/v1/session").json == {"version": 1, "role": "admin", "tokens": False}
        assert "Set-Cookie" not in sign_in(server, "anything").headers
        assert ask(server, "/api/v1/settings", headers=bearer("anything")).status == 200


@pytest.mark.parametrize(("tokens", "role"), [(Tokens(viewer=VIEWER), "viewer"), (Tokens(admin=VIEWER), "admin")])
def test_one_token_alone_is_needed_by_everybody(tokens: Tokens, role: str) -> None:
    with serving(site(Access(tokens=tokens))) as server:
        assert ask(server, "/api/v1/rooms").status == 401
        assert ask(server, "/api/v1/session", headers=bearer(VIEWER)).json["role"] == role


def test_a_thousand_wrong_tokens_cost_little_and_are_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with serving(site(Access(tokens=TOKENS))) as server, caplog.at_level(logging.DEBUG, "streamer"):
        answers = [sign_in(server, f"wrong-{number}") for number in range(1000)]
        statuses = [answer.status for answer in answers]
        assert statuses[:TRIES] == [401] * TRIES
        assert statuses.count(401) <= TRIES + 5
        assert set(statuses[TRIES:]) <= {401, 429}
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= REGAINED + 1
        assert sign_in(server, VIEWER).status == 429
    assert [record.getMessage() for record in caplog.records] == ["a wrong token was sent from 127.0.0.1"]


def test_who_keeps_a_log_is_told_of_wrong_tokens_as_rarely() -> None:
    told = list[int]()
    with serving(site(Access(tokens=TOKENS), wrong_tokens=told.append)) as server:
        for _ in range(3):
            assert sign_in(server, "wrong").status == 401
        assert sign_in(server, VIEWER).status == 201
    assert told == [1]


def test_behind_a_proxy_callers_are_told_apart_by_its_own_entry_and_otherwise_not() -> None:
    for behind, second in ((True, 401), (False, 429)):
        access = Access(tokens=TOKENS, behind_proxy=behind)
        with serving(site(access)) as server:
            for number in range(TRIES):
                forged = {"X-Forwarded-For": f"198.51.100.{number}, 203.0.113.1"}
                assert sign_in(server, "wrong", **forged).status == 401
            assert sign_in(server, "wrong", **{"X-Forwarded-For": "198.51.100.99, 203.0.113.1"}).status == 429
            assert sign_in(server, "wrong", **{"X-Forwarded-For": "198.51.100.99, 203.0.113.2"}).status == second


def test_an_address_cannot_write_the_log() -> None:
    assert printable("192.0.2.1") == "192.0.2.1"
    assert "\n" not in printable("192.0.2.1\n2026 all is well" * 100)
    assert printable("xyz") == "an unknown address"
