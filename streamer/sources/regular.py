"""Whether a path is a file that can be read at all, and the one clear reason where it is not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from streamer.errors import SourceError, nearest

_KINDS = (
    (stat.S_ISDIR, "is a folder; name a file in it, or use 'groupmood analyze' for a folder"),
    (stat.S_ISFIFO, "is a named pipe, not a file; save the video to a file first"),
    (stat.S_ISSOCK, "is a socket, not a file"),
    (stat.S_ISBLK, "is a block device, not a file"),
    (stat.S_ISCHR, "is a device, not a file; a camera is named by its number, as in 'groupmood run 0'"),
)


def check_regular(path: Path) -> int:
    """The size in bytes of a regular, readable, not empty file. A pipe or device is never opened.

    Raises:
        SourceError: it is anything else; the message names the path and what is wrong with it.
    """
    try:
        about = os.stat(path)
    except FileNotFoundError:
        raise SourceError(_missing(path)) from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise SourceError(f"{printable(path)}: cannot be looked at: {_reason(error)}") from None
    for is_kind, text in _KINDS:
        if is_kind(about.st_mode):
            raise SourceError(f"{printable(path)} {text}")
    if about.st_size == 0:
        raise SourceError(f"{printable(path)} is empty (0 bytes)")
    try:
        with path.open("rb"):
            pass
    except OSError as error:
        raise SourceError(f"{printable(path)}: cannot be read: {_reason(error)}; check its permissions") from None
    return about.st_size


def printable(path: Path) -> str:
    """The path as text that every terminal takes: bytes that are not UTF-8 and control characters are escaped."""
    text = str(path).encode("utf-8", "backslashreplace").decode()
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _missing(path: Path) -> str:
    if os.path.lexists(path):
        return f"{printable(path)} is a link to a file that does not exist"
    if not path.parent.is_dir():
        return f"{printable(path)} does not exist: there is no folder {printable(path.parent)}"
    near = nearest(path.name, _names(path.parent))
    hint = f"; did you mean {printable(path.with_name(near))}?" if near else "; check the path"
    return f"{printable(path)} does not exist{hint}"


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _reason(error: OSError | ValueError) -> str:
    return (error.strerror or str(error)) if isinstance(error, OSError) else str(error)
