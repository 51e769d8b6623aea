"""What TensorRT-RTX compiled for this GPU, kept in a file, so that the next start need not compile it again."""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)


class JitCache:
    """The runtime cache of one network. It is native code: a file that another user could have written is not read,
    and TensorRT-RTX itself refuses one of another version or GPU."""

    def __init__(self, settings: Any, file: Path) -> None:
        """``settings``: TensorRT's IRuntimeConfig, given the cache before it makes a context; the context of the
        device is current."""
        self._file = file
        self._cache = settings.create_runtime_cache()
        kept = _read(file)
        if kept and not self._cache.deserialize(kept):
            log.info("%s is of another version or GPU: it is compiled anew", file)
        settings.set_runtime_cache(self._cache)
        self._before = self._content()

    def save(self) -> None:
        """Write the file, for this user alone, if more was compiled; a failure is logged, the next start is slower."""
        content = self._content()
        if not content or content == self._before:
            return
        try:
            _write(self._file, content)
        except OSError as error:
            log.warning("what was compiled cannot be kept in %s: %s", self._file, error)
        else:
            self._before = content

    def _content(self) -> bytes:
        memory = self._cache.serialize()
        return b"" if memory is None else bytes(memory)


def _read(file: Path) -> bytes:
    """The file's bytes; b"" where there is none, or it is not this user's alone."""
    try:
        with file.open("rb") as opened:
            state = os.fstat(opened.fileno())
            if hasattr(os, "getuid") and (state.st_uid != os.getuid() or state.st_mode & 0o022):
                log.warning("%s is not read: another user may write it; delete it", file)
                return b""
            return opened.read()
    except FileNotFoundError:
        return b""
    except OSError as error:
        log.warning("%s cannot be read: %s", file, error)
        return b""


def _write(file: Path, content: bytes) -> None:
    """Whole or not at all, mode 0600 (that of a temporary file)."""
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=file.name)
    try:
        with os.fdopen(handle, "wb") as opened:
            opened.write(content)
        Path(temporary).replace(file)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise
