"""What a service manager hears, on a real socket."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streamer.notify import Notifier, Pulse

pytestmark = pytest.mark.skipif(not hasattr(socket, "AF_UNIX"), reason="needs AF_UNIX sockets: Linux or macOS")


@contextmanager
def manager(address: str) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
        one.bind(address)
        one.settimeout(10)
        yield one


def heard(one: socket.socket) -> dict[str, str]:
    """The lines of one datagram."""
    return dict(line.split("=", 1) for line in one.recv(4096).decode().split("\n"))


@pytest.fixture
def place(tmp_path: Path) -> str:
    return str(tmp_path / "notify")


def test_it_tells_what_happens(place: str) -> None:
    with manager(place) as one:
        notifier = Notifier({"NOTIFY_SOCKET": place})
        notifier.ready("serves hall")
        assert heard(one) == {"READY": "1", "STATUS": "serves hall"}
        before = time.monotonic_ns() // 1000
        notifier.reloading()
        told = heard(one)
        assert told["RELOADING"] == "1"
        assert before <= int(told["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
        notifier.status("the new one is wrong:\nREADY=0")
        assert heard(one) == {"STATUS": "the new one is wrong: READY=0"}
        notifier.stopping()
        assert heard(one)["STOPPING"] == "1"


@pytest.mark.skipif(not Path("/proc").exists(), reason="only Linux has abstract names")
def test_an_abstract_name() -> None:
    name = f"groupmood-test-{os.getpid()}"
    with manager("\0" + name) as one:
        Notifier({"NOTIFY_SOCKET": "@" + name}).ready("")
        assert heard(one)["READY"] == "1"


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234"])
def test_without_a_manager_nothing_is_told(address: str, caplog: pytest.LogCaptureFixture) -> None:
    notifier = Notifier({"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "1000"})
    notifier.ready("nobody hears it")
    assert notifier.interval is None
    assert caplog.records == []


def test_a_manager_that_is_gone_ends_nobody(place: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        Notifier({"NOTIFY_SOCKET": place}).ready("")
    assert "cannot be told READY=1: No such file or directory" in caplog.text


@pytest.mark.parametrize(
    ("usec", "whose", "interval"),
    [("30000000", "7", 15.0), ("30000000", None, 15.0), ("30000000", "8", None), ("0", "7", None), ("-1", "7", None)],
)
def test_half_of_what_the_manager_waits(usec: str, whose: str | None, interval: float | None) -> None:
    pid = {} if whose is None else {"WATCHDOG_PID": whose}
    assert Notifier({"NOTIFY_SOCKET": "@any", "WATCHDOG_USEC": usec, **pid}, pid=7).interval == interval


def test_signs_of_life_only_while_it_is_well(place: str, caplog: pytest.LogCaptureFixture) -> None:
    states = iter([True, True, False, False, True])
    with manager(place) as one:
        notifier = Notifier({"NOTIFY_SOCKET": place, "WATCHDOG_USEC": "40000"})
        with Pulse(notifier, lambda: next(states, False)):
            assert [heard(one) for _ in range(3)] == [{"WATCHDOG": "1"}] * 3
        one.settimeout(0.1)
        with pytest.raises(TimeoutError):
            one.recv(4096)
    assert next(states, None) is None
    assert caplog.text.count("no sign of life is given") >= 1


def test_who_wants_no_signs_gets_none(place: str) -> None:
    with manager(place) as one, Pulse(Notifier({"NOTIFY_SOCKET": place}), lambda: True):
        one.settimeout(0.1)
        with pytest.raises(TimeoutError):
            one.recv(4096)
