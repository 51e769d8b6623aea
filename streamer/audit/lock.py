"""One writer at a time, among all programs of this machine."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

WAIT, RETRY = 0.5, 0.01
"""Seconds: how long another writer is waited for, who needs milliseconds; between two looks."""

BEYOND = 2**40
"""The byte that is locked where locks are of bytes: beyond every log, so that it can be read all the same."""


@contextmanager
def locked(file: IO[bytes], wait: float = WAIT) -> Iterator[None]:
    """
    Raises:
        BlockingIOError: somebody else holds it for longer than ``wait`` seconds.
    """
    end = time.monotonic() + wait
    while not _try(file):
        if time.monotonic() >= end:
            raise BlockingIOError(f"another program has been writing it for more than {wait:.1f} s")
        time.sleep(RETRY)
    try:
        yield
    finally:
        _release(file)


if sys.platform == "win32":
    import msvcrt

    def _try(file: IO[bytes]) -> bool:
        file.seek(BEYOND)
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _release(file: IO[bytes]) -> None:
        file.seek(BEYOND)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _try(file: IO[bytes]) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _release(file: IO[bytes]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
