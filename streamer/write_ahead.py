"""SQLite's write-ahead log, switched on while others open the same new file."""

from __future__ import annotations

import sqlite3
import time

PAUSE = 0.01
"""Seconds between two tries."""

PRIMARY = 0xFF
"""The part of an extended result code that says what is the matter."""


def write_ahead(connection: sqlite3.Connection, wait: float) -> None:
    """Have the file written ahead. SQLite's own timeout is not kept for this pragma: who comes while another program
    switches it on is told at once that it is locked, and so tries again for ``wait`` seconds.

    Raises:
        sqlite3.Error: it cannot be, or others still hold the file.
    """
    end = time.monotonic() + wait
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & PRIMARY != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise
        time.sleep(PAUSE)
