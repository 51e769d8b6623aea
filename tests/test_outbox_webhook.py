from __future__ import annotations

import json
import logging
import socket
import threading
import time
from pathlib import Path

import pytest

from streamer.errors import ConfigError
from streamer.metrics import Metrics
from streamer.outbox.terms import Terms
from streamer.outbox.webhook import Webhook
from tests.certificates import certificate
from tests.outbox_rows import BEGIN, marks, second, slides, text_of, until
from tests.webhook_receiver import SECRET, Got, Receiver, receiver

SOON = 0.02
"""Seconds of the first wait."""


def webhook(
    url: str, folder: Path, metrics: Metrics | None = None, *, timeout: float = 10.0, most: int = 100
) -> Webhook:
    terms = Terms("hook", "", metrics or Metrics(), timeout, first=SOON, longest=0.1, chance=lambda: 1.0)
    return Webhook(url, SECRET, ("moment", "alert", "mark"), folder / "outbox.sqlite3", most, terms)


def texts(got: list[Got]) -> list[str]:
    return [text_of(one.body) for one in got]


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def test_each_event_is_posted_once_signed_and_in_order(tmp_path: Path) -> None:
    metrics = Metrics()
    with receiver() as server, webhook(server.url, tmp_path, metrics) as hook:
        rows = marks(5)
        for row in rows:
            hook.put(row)
        hook.put(second())  # which is not asked for
        hook.put(rows[2])  # told twice
        assert server.wait(5)
        assert until(lambda: metrics.snapshot().gauges.get(("events waiting", "hook")) == 0)
        assert hook.state == ""
    assert texts(server.asked) == slides(5)
    assert [one.id for one in server.asked] == [row.id for row in rows]
    assert metrics.snapshot().count("events delivered", "hook") == 5
    got = server.asked[0]
    assert got.path == "/hook?token=CANARYtoken"
    assert got.headers["Content-Type"] == "application/json"
    assert got.headers["Idempotency-Key"] == got.id == json.loads(got.body)["id"]
    assert all(one.signed(now=time.time()) for one in server.asked)
    assert not got.signed("another secret")
    assert not Got(got.path, got.headers, got.body.replace(b"slide 0", b"slide 9")).signed()


@pytest.mark.parametrize("status", [500, 503, 429, 408])
def test_a_receiver_in_trouble_is_tried_again(tmp_path: Path, status: int) -> None:
    metrics = Metrics()
    with receiver() as server, webhook(server.url, tmp_path, metrics) as hook:
        server.status, server.headers = status, {"Retry-After": "0"}
        for row in marks(3):
            hook.put(row)
        assert server.wait(3, asked=True)
        assert hook.state == f"hook answered {status}; its events wait"
        assert len({one.id for one in server.asked}) == 1  # the first holds up the others
        server.status = 200
        assert server.wait(3)
        assert until(lambda: hook.state == "")
    assert texts(server.taken) == slides(3)
    assert metrics.snapshot().count("events delivered", "hook") == 3
    assert metrics.snapshot().count("events failed", "hook") == 0


@pytest.mark.parametrize("fault", ["hang", "close", "junk", "drip"])
def test_a_receiver_that_misbehaves_is_tried_again(tmp_path: Path, fault: str) -> None:
    with receiver() as server, webhook(server.url, tmp_path, timeout=0.3) as hook:
        server.fault = fault
        hook.put(marks(1)[0])
        assert server.wait(2, asked=True)
        assert "CANARY" not in hook.state
        server.fault = ""
        assert server.wait(1)
    assert texts(server.taken) == slides(1)


def test_a_second_attempt_has_the_same_id_and_a_signature_of_its_own(tmp_path: Path) -> None:
    times = iter(range(BEGIN, BEGIN + 1000))
    terms = Terms("hook", first=SOON, longest=SOON, clock=lambda: float(next(times)))
    with receiver() as server:
        server.status = 500
        with Webhook(server.url, SECRET, ("mark",), tmp_path / "outbox.sqlite3", 10, terms) as hook:
            hook.put(marks(1)[0])
            assert server.wait(2, asked=True)
    first, again = server.asked[:2]
    assert first.id == again.id
    assert first.body == again.body
    assert first.headers["X-Groupmood-Signature"] != again.headers["X-Groupmood-Signature"]
    assert first.signed()
    assert again.signed()


def test_retry_after_is_honoured(tmp_path: Path) -> None:
    terms = Terms("hook", first=0.001, longest=1.0)
    with receiver() as server:
        server.status, server.headers = 429, {"Retry-After": "1"}
        with Webhook(server.url, SECRET, ("mark",), tmp_path / "outbox.sqlite3", 10, terms) as hook:
            hook.put(marks(1)[0])
            assert server.wait(1, asked=True)
            server.status, began = 200, time.monotonic()
            assert server.wait(1)
            assert time.monotonic() - began > 0.8
    assert len(server.asked) == 2


@pytest.mark.parametrize("status", [302, 400, 401, 404, 410])
def test_what_is_refused_is_given_up_with_one_line(
    tmp_path: Path, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    metrics = Metrics()
    with receiver() as server, receiver() as elsewhere, webhook(server.url, tmp_path, metrics) as hook:
        server.status, server.headers = status, {"Location": elsewhere.url}
        first, after = marks(2)
        hook.put(first)
        assert until(lambda: metrics.snapshot().count("events failed", "hook") == 1)
        assert str(status) in hook.state
        server.status = 200
        hook.put(after)
        assert server.wait(1)
        assert until(lambda: hook.state == "")
        hook.put(first)  # told again, it stays given up
    assert texts(server.asked) == slides(2)
    assert elsewhere.asked == []
    lines = [record.message for record in caplog.records if "gave up" in record.message]
    assert len(lines) == 1
    assert f"the mark {first.id}" in lines[0]
    assert "CANARY" not in caplog.text


def test_a_receiver_that_is_away_gets_all_of_it_later(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    halls, attics = marks(10), marks(10, "attic")
    with webhook(url, tmp_path) as hook:
        for pair in zip(halls, attics, strict=True):
            for row in pair:
                hook.put(row)
        assert until(lambda: hook.state)
        assert hook.state == "hook cannot be reached (Connection refused); its events wait"
        with receiver(port) as server:
            assert server.wait(20)
            for row in (*halls, *marks(1, begin=10)):
                hook.put(row)
            assert server.wait(21)
    events = [json.loads(one.body) for one in server.taken]
    assert len({event["id"] for event in events}) == 21
    assert [event["text"] for event in events if event["room"] == "hall"] == slides(11)
    assert [event["text"] for event in events if event["room"] == "attic"] == slides(10)
    messages = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert messages == ["hook cannot be reached (Connection refused); its events wait", "hook takes events again"]


def test_what_was_not_delivered_is_in_the_next_run(tmp_path: Path) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/"
    for begin in (0, 3):
        with webhook(url, tmp_path) as hook:
            for row in marks(3, begin=begin):
                hook.put(row)
    with receiver(port) as server, webhook(url, tmp_path) as hook:
        hook.put(marks(1, begin=6)[0])
        assert server.wait(7)
    with receiver(port) as later, webhook(url, tmp_path) as hook:
        hook.put(marks(1, begin=6)[0])
        hook.put(marks(1, begin=7)[0])
        assert later.wait(1)
    assert texts(server.asked) == slides(7)
    assert texts(later.asked) == ["slide 7"]


def test_the_oldest_give_way_while_nobody_takes_them(tmp_path: Path) -> None:
    metrics, port = Metrics(), free_port()
    with webhook(f"http://127.0.0.1:{port}/", tmp_path, metrics, most=10) as hook:
        for row in marks(30):
            hook.put(row)
        assert until(lambda: metrics.snapshot().count("events dropped", "hook") == 20)
        assert until(lambda: metrics.snapshot().gauges.get(("events waiting", "hook")) == 10)
        with receiver(port) as server:
            assert server.wait(10)
    assert texts(server.taken)[-10:] == slides(10, 20)


def test_closing_does_not_wait_for_a_receiver_that_hangs(tmp_path: Path) -> None:
    with receiver() as server:
        server.fault = "hang"
        hook = webhook(server.url, tmp_path).__enter__()
        for row in marks(3):
            hook.put(row)
        assert server.wait(1, asked=True)
        began = time.monotonic()
        hook.close()
        assert time.monotonic() - began < 3
        assert not any(thread.name.startswith("hook") for thread in threading.enumerate())
        hook.close()
    with receiver(server.server_port) as again, webhook(server.url, tmp_path):
        assert again.wait(3)
    assert texts(again.taken) == slides(3)


def test_closing_does_not_wait_for_the_next_attempt(tmp_path: Path) -> None:
    terms = Terms("hook", first=300.0, chance=lambda: 1.0)
    url = f"http://127.0.0.1:{free_port()}/"
    with Webhook(url, SECRET, ("mark",), tmp_path / "outbox.sqlite3", 10, terms) as hook:
        hook.put(marks(1)[0])
        assert until(lambda: hook.state)
        began = time.monotonic()
    assert time.monotonic() - began < 3


def test_over_tls_the_certificate_is_checked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = certificate(tmp_path)
    with receiver(certificate=pair) as server:
        url = server.url.replace("http://", "https://")
        with webhook(url, tmp_path) as hook:
            hook.put(marks(1)[0])
            assert until(lambda: hook.state)
            assert hook.state.startswith("hook cannot be reached")
            assert server.asked == []
        monkeypatch.setenv("SSL_CERT_FILE", str(pair[0]))
        with webhook(url, tmp_path):
            assert server.wait(1)
    assert texts(server.taken) == slides(1)


def test_what_is_wrong_with_it_is_told_without_its_secrets(tmp_path: Path) -> None:
    store = tmp_path / "outbox.sqlite3"
    with pytest.raises(ConfigError, match=r"webhook at hooks\.example would be spoken to without encryption"):
        Webhook("http://hooks.example/CANARY", SECRET, ("mark",), store, 10)
    with pytest.raises(
        ConfigError, match=r"webhook hooks\.example: events may be .* 'alarm' \(did you mean 'alert'\?\)"
    ):
        Webhook("https://hooks.example/CANARY", SECRET, ("alarm",), store, 10)
    with pytest.raises(ConfigError, match="empty secret"):
        Webhook("https://hooks.example/CANARY", "", ("mark",), store, 10)


def test_no_secret_is_on_the_disk_in_the_log_or_in_the_metrics(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    metrics = Metrics()
    url = f"http://CANARYuser:CANARYpass@127.0.0.1:{free_port()}/CANARYpath?token=CANARYtoken"
    hook = Webhook(url, "CANARYsecret0123", ("mark",), tmp_path / "outbox.sqlite3", 10, Terms(metrics=metrics))
    with hook:
        hook.put(marks(1)[0])
        assert until(lambda: hook.state)
        said = f"{hook.state} {hook.name} {caplog.text} {metrics.snapshot()} {hook!r}"
    assert "CANARY" not in said
    assert b"CANARY" not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


def test_a_receiver_may_ask_for_a_password(tmp_path: Path) -> None:
    with receiver() as server, webhook(server.url.replace("//", "//me:it%20is@"), tmp_path) as hook:
        hook.put(marks(1)[0])
        assert server.wait(1)
    assert server.asked[0].headers["Authorization"] == "Basic bWU6aXQgaXM="  # printf 'me:it is' | base64


def test_faults_of_the_receiver_itself() -> None:
    """The tests above rely on it: what it answers with 500 it does not take."""
    server = Receiver()
    try:
        assert not server.wait(1, seconds=0.01)
    finally:
        server.server_close()
