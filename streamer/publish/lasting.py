"""A secret that outlasts a run: noise that is drawn anew at each start averages out over many starts."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path

from streamer.errors import SinkError

NAME = "noise.key"
"""Of its file in the state folder."""

SIZE = 32


def lasting_secret(path: Path) -> bytes:
    """SIZE random bytes, the same whenever they are asked for; made the first time, for nobody but the user. Who has
    them can take a part of the noise away; without the file they are new.

    Raises:
        SinkError: it can be neither made nor read, or is not whole.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not path.exists():
            make(path)
        if os.name == "posix" and path.stat().st_mode & 0o077:
            path.chmod(0o600)
        found = path.read_bytes()
    except OSError as error:
        raise SinkError(f"the key {path} cannot be kept: {error.strerror}; name another state_dir") from None
    if len(found) != SIZE:
        raise SinkError(f"the key {path} must have {SIZE} bytes, has {len(found)}; delete it, and a new one is made")
    return found


def make(path: Path) -> None:
    """It is there whole or not at all; where another program comes first, that one's stays."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_bytes(SIZE))
        file.flush()
        os.fsync(file.fileno())
    try:
        with suppress(FileExistsError):
            os.link(draft, path)
    finally:
        draft.unlink()
