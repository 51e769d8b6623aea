from __future__ import annotations

import pytest

from streamer.redaction import redact, redact_url
from tests.secret_urls import URLS, leaks


@pytest.mark.parametrize("secret", URLS)
def test_no_secret_is_left(secret: str) -> None:
    around = (secret, f"cannot open '{secret}': refused; check it", f"{secret} is lost", f"a\n({secret})\nb")
    assert [told for text in around if leaks(told := redact(text))] == []
    assert not leaks(redact_url(secret))


def test_a_password_over_two_lines_is_masked_where_the_whole_is_an_address() -> None:
    assert redact_url("rtsp://user:one\ntwo@cam/1") == "rtsp://***@cam/1"


@pytest.mark.parametrize(
    "text",
    [
        "server: port 80 of 127.0.0.1 is in use by another program",
        "expected rtsp://HOST:PORT/PATH",
        "it wants Basic authentication; basic problems of tokens",
        "sources.left.address: is empty",
        "server.token: String should have at least 16 characters",
        "http://[::1]:8470/api/v1/rooms?room=hall",
        "rtsp://cam:554/1 is lost (it ended); trying to bring it back",
        "contact: somebody@example.org",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_masking_twice_changes_nothing() -> None:
    for secret in URLS:
        once = redact(f"cannot open {secret}: refused")
        assert redact(once) == once
