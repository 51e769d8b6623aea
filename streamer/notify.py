"""Tells the service manager how this service is, as sd_notify(3) and sd_watchdog_enabled(3) have it: one datagram of
lines to the socket that it names. Without such a manager nothing is told, and nothing is different."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Self

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds that a manager may take to take a line."""


class Notifier:
    """May be used from any thread. Whatever goes wrong here is logged, and the service goes on."""

    def __init__(self, environ: Mapping[str, str], pid: int | None = None) -> None:
        """``environ`` with what the manager set: NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID."""
        self._place = place_of(environ.get("NOTIFY_SOCKET", ""))
        self.interval = interval_of(environ, os.getpid() if pid is None else pid) if self._place else None
        """Seconds between two signs of life, half of what the manager waits for; None where it wants none."""

    def ready(self, status: str) -> None:
        """It has started, or goes on after reloading(); ``status``: one line for people."""
        self._tell("READY=1", f"STATUS={line(status)}")

    def reloading(self) -> None:
        """The configuration is read again; ready() must follow."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}", "STATUS=reading the configuration")

    def stopping(self) -> None:
        self._tell("STOPPING=1", "STATUS=ending")

    def status(self, text: str) -> None:
        self._tell(f"STATUS={line(text)}")

    def alive(self) -> None:
        """A sign of life; without one for twice the ``interval`` the manager ends and restarts this process."""
        self._tell("WATCHDOG=1")

    def _tell(self, *lines: str) -> None:
        if self._place is None:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
                one.settimeout(PATIENCE)
                one.sendto("\n".join(lines).encode("utf-8", "replace"), self._place)
        except OSError as error:
            log.warning("the service manager cannot be told %s: %s", lines[0], error.strerror or error)


class Pulse:
    """Gives the manager its signs of life while entered, and while ``healthy`` says so; a thread of its own, none
    where no sign is wanted. ``healthy`` must not wait for longer than the interval."""

    def __init__(self, notifier: Notifier, healthy: Callable[[], bool]) -> None:
        self._notifier, self._healthy = notifier, healthy
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pulse", daemon=True)

    def __enter__(self) -> Self:
        if self._notifier.interval is not None:
            self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        if self._notifier.interval is not None:
            self._thread.join(PATIENCE)

    def _run(self) -> None:
        well = True
        while not self._over.wait(self._notifier.interval):
            before, well = well, self._healthy()
            if well:
                self._notifier.alive()
            elif before:
                log.error("no sign of life is given: the service does not go on; it will be restarted")


def place_of(address: str) -> str | None:
    """The socket that NOTIFY_SOCKET names: a path, or ``@name`` for an abstract one; None for anything else."""
    if not hasattr(socket, "AF_UNIX") or address[:1] not in ("/", "@"):
        return None
    return "\0" + address[1:] if address[0] == "@" else address


def interval_of(environ: Mapping[str, str], pid: int) -> float | None:
    """Half of WATCHDOG_USEC in seconds; None where that is not set, no number, or meant for another process."""
    wanted, whose = environ.get("WATCHDOG_USEC", ""), environ.get("WATCHDOG_PID", str(pid))
    if not wanted.isdecimal() or int(wanted) == 0 or whose != str(pid):
        return None
    return int(wanted) / 2e6


def line(text: str) -> str:
    """``text`` in one line: another one would be taken for an assignment of its own."""
    return " ".join(text.split())
