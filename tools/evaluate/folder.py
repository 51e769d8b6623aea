"""The folder that results go into: new or empty, so that nothing is ever overwritten unasked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from streamer.errors import ConfigError, SinkError

NOTICE = (
    "NOTICE: the pictures in {folder} show the people who were labelled. Keep them where those people would want them, "
    "and delete them when they have served."
)


def usable(folder: Path, *, force: bool = False) -> None:
    """Nothing, where results may be written into a folder that is there or may be made; touches nothing. ``force``: it
    may have something in it.

    Raises:
        ConfigError: it has, or is no folder.
    """
    try:
        if folder.exists() and not folder.is_dir():
            raise ConfigError(f"{folder} is a file, not a folder; name another with --out")
        if folder.is_dir() and any(folder.iterdir()) and not force:
            raise ConfigError(
                f"{folder} has something in it, which is not overwritten; name a new folder with --out, or say --force"
            )
    except OSError as error:
        raise ConfigError(f"the folder {folder} cannot be used: {error.strerror}; name another with --out") from None


@contextmanager
def writing(folder: Path) -> Iterator[Path]:
    """The folder, made for this user alone where it is not there.

    Raises:
        SinkError: something cannot be written into it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield folder
    except OSError as error:
        raise SinkError(f"cannot write into {folder}: {error.strerror or error}; name another with --out") from None
