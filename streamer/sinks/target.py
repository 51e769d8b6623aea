"""The checks every sink makes of the path it is to write, and the words it has for a failure."""

from __future__ import annotations

import os
import re
from pathlib import Path

from streamer.errors import SinkError


def check_target(path: Path) -> None:
    """Nothing, where a file may be written at ``path``; touches nothing.

    Raises:
        SinkError: it is no place for a file (a directory, a pipe), or its directory is missing or closed to us.
    """
    try:
        wrong = objection(path)
    except OSError as error:  # a name that is too long, a directory that may not be entered
        raise failed(path, error) from error
    if wrong:
        raise SinkError(f"cannot write {path}: {wrong}")


def objection(path: Path) -> str:
    """What speaks against a file at ``path`` and what to do, or ''."""
    parent = path.parent
    if not parent.exists():
        return f"its directory does not exist; make it: mkdir -p {parent}"
    if not parent.is_dir():
        return f"{parent} is a file, not a directory; name another place"
    if path.is_dir():
        return "it is a directory; name a file in it"
    if path.is_fifo() or path.is_socket():
        return "it is a pipe or a socket, not a file; name a file"
    effective = os.access in os.supports_effective_ids
    if not os.access(path if path.exists() else parent, os.W_OK, effective_ids=effective):
        return "no permission; name another place or change its permissions"
    return ""


def failed(path: Path, error: Exception) -> SinkError:
    """The error of a sink for what the system, or PyAV, said when ``path`` was written."""
    reason = getattr(error, "strerror", None) or error
    return SinkError(f"cannot write {path}: {reason}; mend that or name another place")


def free_name(path: Path) -> Path:
    """``path``, or where that exists the first free of ``name-2.ext``, ``name-3.ext`` …"""
    candidate, number = path, 1
    while candidate.exists():
        number += 1
        candidate = path.with_stem(f"{path.stem}-{number}")
    return candidate


def file_word(text: str) -> str:
    """``text`` with whatever a file name cannot carry everywhere replaced by ``_``, at most 60 characters; never ''."""
    return re.sub(r"[^A-Za-z0-9.-]+", "_", text).strip("._")[:60] or "picture"
