"""Label files written so that nothing is ever lost: whole or not at all, and never over what somebody else wrote."""

from __future__ import annotations

import contextlib
import hashlib
import os
import sys
import tempfile
from pathlib import Path

from streamer.errors import ConfigError, SinkError
from streamer.sources.regular import printable
from tools.labelled.document import LabelFile
from tools.labelled.reading import bytes_of, parsed


class Saved:
    """A label file at work. ``labels``: as they were last read or written. For one thread.

    The first save keeps what was there before as "NAME.bak".
    """

    def __init__(self, path: Path | str, new: LabelFile | None = None) -> None:
        """``new``: what to begin with where the file does not exist yet; it is written by the first save.

        Raises:
            ConfigError: the file exists and cannot be used, or it does not and nothing to begin with was given.
        """
        self._path = Path(os.path.realpath(path))  # a link stays one
        fresh = new is not None and not self._path.exists()
        self._first = None if fresh else bytes_of(self._path)
        self.labels = new if new is not None and self._first is None else parsed(self._first or b"", self._name)
        self._digest = _digest(self._first)
        self._kept = self._first is None

    @property
    def path(self) -> Path:
        return self._path

    def save(self, labels: LabelFile) -> None:
        """
        Raises:
            ConfigError: somebody else changed the file since it was read or written here; it stays as it is.
            SinkError: it cannot be written, such as on a full disk; it stays as it is.
        """
        self._check_own()
        if not self._kept and self._first is not None:
            write(self._path.with_name(f"{self._path.name}.bak"), self._first)
            self._kept, self._first = True, None
        data = bytes_for(labels)
        write(self._path, data)
        self._digest, self.labels = _digest(data), labels

    @property
    def _name(self) -> str:
        return printable(self._path)

    def _check_own(self) -> None:
        """A file that was removed may be written again: nothing is lost by that."""
        if not os.path.lexists(self._path):
            return
        try:
            found = _digest(self._path.read_bytes())
        except OSError as error:
            raise SinkError(f"{self._name} cannot be looked at before it is written: {error.strerror}") from None
        if found != self._digest:
            raise ConfigError(
                f"{self._name} was changed by somebody else since it was read here, and is left as it is; end the "
                "other program, keep a copy of the file if it matters, and start this one again"
            )


def save_new(path: Path | str, labels: LabelFile, *, force: bool = False) -> None:
    """
    Raises:
        ConfigError: the file exists and ``force`` is not given.
        SinkError: it cannot be written; what was there stays as it is.
    """
    write_new(Path(path), bytes_for(labels), force=force)


def write_new(path: Path, data: bytes, *, force: bool = False) -> None:
    """
    Raises:
        ConfigError: the file exists and ``force`` is not given.
        SinkError: it cannot be written; what was there stays as it is.
    """
    check_new(path, force=force)
    write(path, data)


def check_new(path: Path, *, force: bool = False) -> None:
    """
    Raises:
        ConfigError: the file exists and ``force`` is not given, or it is no file, or its folder does not exist.
    """
    if path.is_dir():
        raise ConfigError(f"{printable(path)} is a folder; name a file in it")
    if os.path.lexists(path) and not force:
        raise ConfigError(f"{printable(path)} exists and is left as it is; name another file, or add --force")
    if not path.parent.is_dir():
        raise ConfigError(f"{printable(path)}: there is no folder {printable(path.parent)}; make it first")


def bytes_for(labels: LabelFile) -> bytes:
    """The file: UTF-8, a line for each value, so that two versions can be compared by lines."""
    return (labels.model_dump_json(indent=1) + "\n").encode()


def write(path: Path, data: bytes) -> None:
    """At once and whole, for this user alone; on the disk when this returns.

    Raises:
        SinkError: it cannot be written; what was there stays, and nothing half done stays behind.
    """
    part = ""
    try:
        handle, part = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:40]}-", suffix=".part")
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        reason = error.strerror or str(error)
        raise SinkError(f"{printable(path)} cannot be written: {reason}; what was there before stays") from None
    finally:
        if part:
            Path(part).unlink(missing_ok=True)  # it is the file itself by now, if all went well
    _settle(path.parent)


def _settle(folder: Path) -> None:
    """Has the folder's new entry on the disk too, on systems and disks that can."""
    if sys.platform == "win32":
        return
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _digest(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()
