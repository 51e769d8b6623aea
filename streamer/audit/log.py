"""Writes the audit log: appends only, each line is on the disk before the next thing happens."""

from __future__ import annotations

import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from streamer.audit.entries import BEGUN, INTERRUPTED, VERSION, Entry, Fact, checked, digest, read, told
from streamer.audit.lock import WAIT, locked
from streamer.errors import SinkError

log = logging.getLogger(__name__)

WAITING = 256
"""Entries that are kept while the log cannot be written; further ones are counted as lost."""

TAIL = 1 << 16
"""Bytes from the end in which the last whole line is looked for first."""


@dataclass(frozen=True, slots=True)
class End:
    """Of the log: the last whole line (None where there is none) and what stands behind it that is no whole line;
    ``open``: its last byte ends no line."""

    line: bytes | None
    torn: bytes
    open: bool = False

    @property
    def number(self) -> int:
        """Of the line that comes next."""
        entry = None if self.line is None else read(self.line)
        return 0 if entry is None else entry.number + 1


class Audit:
    """``write`` may be called in any thread; several programs may write the same log. What cannot be written (the disk
    is full, somebody holds the log) waits in memory and comes, with its own time, before the next entry: a log that
    cannot be written does not end a run. ``state``: '' or what is wrong.

    Raises:
        SinkError: it cannot be opened or written at the start.
    """

    def __init__(self, path: Path, clock: Callable[[], float] = time.time, *, wait: float = WAIT) -> None:
        self._path, self._clock, self._wait = path, clock, wait
        self._lock = threading.Lock()
        self._entries: list[tuple[str, str, Mapping[str, Fact]]] = []
        self._lost = 0
        self.state = ""
        self._flush()
        if self.state:
            raise SinkError(self.state)

    def write(self, what: str, **facts: Fact) -> None:
        """
        Raises:
            ValueError: nothing of that kind is written, or not with such facts; see streamer.audit.entries.FACTS.
        """
        entry = told(self._clock()), what, checked(what, facts)
        with self._lock:
            if len(self._entries) < WAITING:
                self._entries.append(entry)
            else:
                self._lost += 1
            self._flush()

    def _flush(self) -> None:
        """Write all that waits, or note why not."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            with opened(self._path) as file, locked(file, self._wait):
                self._append(file)
        except OSError as error:
            state = f"the audit log {self._path} cannot be written: {error.strerror or error}; entries wait in memory"
            if state != self.state:
                log.error(state)
            self.state = state
        else:
            self.state = ""

    def _append(self, file: IO[bytes]) -> None:
        end = end_of(file)
        torn: dict[str, Fact] = {"torn": digest(end.torn), "bytes": len(end.torn)} if end.torn else {}
        if end.line is None:
            facts: Mapping[str, Fact] = {"version": VERSION, "seed": secrets.token_hex(16), **torn}
            end = self._put(file, end, (told(self._clock()), BEGUN, facts))
        elif torn or self._lost:
            end = self._put(file, end, (told(self._clock()), INTERRUPTED, {**torn, "lost": self._lost}))
            self._lost = 0
        while self._entries:
            end = self._put(file, end, self._entries[0])
            del self._entries[0]

    def _put(self, file: IO[bytes], end: End, entry: tuple[str, str, Mapping[str, Fact]]) -> End:
        """Write one line, durably; what it comes behind is ended first if need be."""
        line = Entry(end.number, *entry, digest(end.line) if end.line else "").line
        text = memoryview((b"\n" if end.torn or end.open else b"") + line + b"\n")
        while text:
            text = text[os.write(file.fileno(), text) :]
        os.fsync(file.fileno())
        return End(line, b"")


def opened(path: Path) -> IO[bytes]:
    """For reading and for appending, its owner's alone."""
    flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    file = os.fdopen(os.open(path, flags, 0o600), "r+b", buffering=0)
    if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
        os.fchmod(file.fileno(), 0o600)
    return file


def end_of(file: IO[bytes]) -> End:
    size = file.seek(0, os.SEEK_END)
    return last_whole(file, max(0, size - TAIL)) or last_whole(file, 0) or End(None, b"")


def last_whole(file: IO[bytes], begin: int) -> End | None:
    """What a log ends with, of its bytes from ``begin`` on; None where these are too few to know."""
    file.seek(begin)
    text = file.read()
    whole, torn = text, b""
    while whole:
        rest, newline, line = whole.removesuffix(b"\n").rpartition(b"\n")
        if (newline or begin == 0) and read(line) is not None:
            return End(line, torn, not text.endswith(b"\n"))
        torn = text[len(rest) + len(newline) :]
        whole = rest + newline
    return End(None, torn) if begin == 0 else None
