from __future__ import annotations

import pytest

from streamer.errors import ConfigError
from streamer.outbox.post import Answer, answer_of, local, seconds_asked, signature, target_of
from streamer.outbox.terms import Terms

NOW = 1_700_000_000


def test_the_signature_is_what_openssl_says() -> None:
    # printf '1700000000.{"a":1}' | openssl dgst -sha256 -hmac "a secret of ours"
    digest = "19cd0e546804e6e3c2f74b9695783785acc9dd0fff5a393201e89b04181d76c2"
    assert signature("a secret of ours", NOW, b'{"a":1}') == f"t=1700000000,v1={digest}"


@pytest.mark.parametrize(
    ("url", "shown", "path", "secure"),
    [
        ("https://example.org", "example.org", "/", True),
        ("https://example.org/hook?key=1&b=2#part", "example.org", "/hook?key=1&b=2", True),
        ("https://example.org:8443/a", "example.org:8443", "/a", True),
        ("HTTPS://EXAMPLE.org:443/a", "example.org", "/a", True),
        ("http://127.0.0.1:8080/a", "127.0.0.1:8080", "/a", False),
        ("http://localhost/a", "localhost", "/a", False),
        ("http://192.168.1.9/a", "192.168.1.9", "/a", False),
        ("http://[fd00::1]:81/a", "[fd00::1]:81", "/a", False),
    ],
)
def test_where_events_go(url: str, shown: str, path: str, secure: bool) -> None:
    target = target_of(url)
    assert (target.shown, target.path, target.secure) == (shown, path, secure)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "CANARY",
        "ftp://example.org/CANARY",
        "https:///CANARY",
        "https://example.org:CANARY/",
        "https://example.org:99999/CANARY",
        "https://example.org/CANARY hook",
        "https://example.org/CANARY\r\nHost: x",
        "https://example.org/CANARY/ü",
        "https://a..b/CANARY",
        "https://[CANARY/",
        "http://example.org/CANARY",
        "http://user:CANARY@example.org/",
        "http://8.8.8.8/CANARY",
        "http://printer.local/CANARY",
    ],
)
def test_where_none_may_go(url: str) -> None:
    with pytest.raises(ConfigError, match="https://") as raised:
        target_of(url)
    assert "CANARY" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    "host", ["127.9.9.9", "::1", "10.1.1.1", "172.16.0.1", "172.31.255.255", "fe80::1", "localhost"]
)
def test_hosts_nearby(host: str) -> None:
    assert local(host)


@pytest.mark.parametrize(
    "host", ["172.32.0.1", "11.0.0.1", "192.169.0.1", "2001:db8::1", "0.0.0.0", "localhost.example"]
)
def test_hosts_elsewhere(host: str) -> None:
    assert not local(host)


def test_a_user_is_told_in_a_header_and_nowhere_else() -> None:
    target = target_of("https://Aladdin:open%20sesame@example.org/a")
    assert target.login == "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ=="  # RFC 7617, section 2
    assert (target.shown, target.path) == ("example.org", "/a")
    assert "sesame" not in repr(target)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        *((status, "delivered") for status in (200, 201, 202, 204, 299)),
        *((status, "later") for status in (408, 425, 429, 500, 502, 503, 504, 599)),
        *((status, "refused") for status in (301, 302, 307, 308, 400, 401, 403, 404, 410, 413, 422)),
    ],
)
def test_what_an_answer_means(status: int, verdict: str) -> None:
    answer = answer_of(status, None, NOW)
    assert answer.verdict == verdict
    assert (str(status) in answer.reason) == (verdict != "delivered")


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        (None, None),
        ("120", 120.0),
        (" 0 ", 0.0),
        ("9" * 400, float("inf")),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),  # date -u -d @1700000060
        ("Tue, 14 Nov 2023 22:13:00 GMT", 0.0),
        ("-5", None),
        ("soon", None),
        ("Tue, 99 Nov 2023 22:14:20 GMT", None),
        ("", None),
    ],
)
def test_how_long_a_receiver_wants_to_be_left_alone(header: str | None, seconds: float | None) -> None:
    assert seconds_asked(header, NOW) == seconds


def test_it_is_told_with_the_answer() -> None:
    assert answer_of(429, "7", NOW) == Answer("later", "answered 429", 7.0)


def test_waits_double_to_five_minutes_and_are_random_below() -> None:
    greatest, half = Terms(chance=lambda: 1.0), Terms(chance=lambda: 0.5)
    assert [greatest.wait(attempt, None) for attempt in range(11)] == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
    assert [half.wait(attempt, None) for attempt in (0, 3, 1000)] == [0.5, 4, 150]


def test_what_is_asked_for_is_granted_up_to_five_minutes() -> None:
    terms = Terms(chance=lambda: 0.5)
    assert [terms.wait(0, asked) for asked in (0.0, 0.2, 30.0, 301.0, float("inf"))] == [0.5, 0.5, 30, 300, 300]
