"""Files that are this user's alone: a plan is native code, and whoever can write it can run anything here."""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

OPENING = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
"""No link is followed, and a pipe is not waited for."""


class Refused(Exception):
    """A file or folder that must not be trusted, with the reason."""


def this_user() -> int | None:
    """None on Windows, where the user's own folders keep others out."""
    return os.getuid() if hasattr(os, "getuid") else None


def foreign(status: os.stat_result, user: int | None) -> str:
    """Why somebody else may have written it; "" where only this user can have."""
    if user is None:
        return ""
    if status.st_uid != user:
        return f"it belongs to user {status.st_uid}, not to you (user {user})"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return f"others may write to it (mode {stat.S_IMODE(status.st_mode):o})"
    return ""


def read(path: Path) -> bytes:
    """The very bytes of a file that is this user's alone; what is checked is what was opened.

    Raises:
        Refused: it is not, or no regular file.
        OSError: it cannot be read; FileNotFoundError: it is not there.
    """
    with os.fdopen(os.open(path, OPENING), "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise Refused("it is no regular file")
        if reason := foreign(status, this_user()):
            raise Refused(reason)
        return file.read()


def write(path: Path, data: bytes) -> None:
    """At once and whole, for this user alone: another process sees the old file or the new one.

    Raises:
        OSError: it cannot be written; nothing half done stays behind.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".part-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(name, path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def own_folder(folder: Path) -> None:
    """Make it for this user alone, with its parents; those that exist stay as they are.

    Raises:
        OSError: it cannot be made.
    """
    for parent in (*reversed(folder.parents), folder):
        if not parent.exists():
            parent.mkdir(mode=0o700, exist_ok=True)
