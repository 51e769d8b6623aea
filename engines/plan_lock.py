"""One builder at a time, across threads and processes; a lock ends with its process, however that ends."""

from __future__ import annotations

import contextlib
import datetime
import logging
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from engines.errors import EngineUnavailable

log = logging.getLogger(__name__)

RETRY = 0.1
"""Seconds between two tries: a file lock can be tried or waited for without end, nothing between."""

BEYOND = 2**30
"""Windows locks bytes and forbids to read them: one far behind the holder's name is taken."""


@contextlib.contextmanager
def held(path: Path, wait: float, what: str) -> Iterator[None]:
    """Hold the lock of that file while ``what`` is done; wait for another holder at most ``wait`` seconds.

    Raises:
        EngineUnavailable: another holds it for longer, or the lock cannot be had at all.
    """
    try:
        file = _wait(path, wait, what)
    except OSError as error:
        raise EngineUnavailable(f"the lock {path} cannot be taken: {error.strerror}; choose another folder") from error
    try:
        yield
    finally:
        _release(file, path)


def _wait(path: Path, wait: float, what: str) -> IO[str]:
    deadline, told = time.monotonic() + wait, False
    while True:
        file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600), "r+")
        if _try(file) and _is(file, path):
            _sign(file)
            return file
        file.seek(0)
        holder = file.read(100) or "somebody"
        file.close()
        if time.monotonic() >= deadline:
            raise EngineUnavailable(f"{holder} is at {what}: waited {wait:g} s for the lock {path}")
        if not told:
            log.info("waiting for %s, which is at %s", holder, what)
            told = True
        time.sleep(RETRY)


def _sign(file: IO[str]) -> None:
    file.seek(0)
    file.truncate()
    file.write(f"process {os.getpid()} since {datetime.datetime.now(datetime.UTC):%H:%M:%S} UTC")
    file.flush()


def _is(file: IO[str], path: Path) -> bool:
    """Whether the file is still the one of that name: its holder before takes the name away."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def _try(file: IO[str]) -> bool:
        file.seek(BEYOND)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(file: IO[str], path: Path) -> None:  # noqa: ARG001  # an open file keeps its name on Windows
        file.seek(BEYOND)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)
        file.close()

else:
    import fcntl

    def _try(file: IO[str]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(file: IO[str], path: Path) -> None:
        """The name goes before the lock does, so that whoever waits finds the new file, not this one."""
        path.unlink(missing_ok=True)
        file.close()
