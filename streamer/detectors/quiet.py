"""The talk of a native library kept off the terminal."""

from __future__ import annotations

import logging
import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

logger = logging.getLogger(__name__)

NATIVE = re.compile(rb"(INFO|WARNING|VERBOSE): |[IW]\d{4} \d\d:\d\d:")
"""How LiteRT and Abseil begin a line that reports no error."""

STDERR = 2


@contextmanager
def quiet() -> Iterator[None]:
    """While it lasts, what is written to the process's stderr waits; then all but the library's chatter is passed on.

    LiteRT writes with C's stderr and knows no environment variable or call that lowers its level, so only the file
    descriptor is left. Keep it short, and in one thread: the descriptor belongs to the process.
    """
    try:
        kept = os.dup(STDERR)
    except OSError:  # a process without stderr has nothing to keep clean
        yield
        return
    with tempfile.TemporaryFile() as said:
        os.dup2(said.fileno(), STDERR)
        try:
            yield
        finally:
            os.dup2(kept, STDERR)
            os.close(kept)
            said.seek(0)
            pass_on(said.read())


def pass_on(said: bytes) -> None:
    """Chatter to the debug log, the rest to stderr."""
    for line in said.splitlines(keepends=True):
        if NATIVE.match(line):
            logger.debug("%s", line.decode(errors="replace").rstrip())
        else:
            os.write(STDERR, line)
