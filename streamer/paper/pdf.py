"""A paper as a PDF."""

from __future__ import annotations

from pathlib import Path

from streamer.errors import ConfigError, SinkError
from streamer.paper.blocks import Paper

INSTALL = "pip install 'groupmood[report]'"


def pdf(paper: Paper, path: Path) -> None:
    """Writes it; nothing is written where it cannot be made.

    Raises:
        ConfigError: reportlab or a typeface is not installed.
        SinkError: the file cannot be written.
        ValueError: a table's row is not as wide as its head, or a picture is neither PNG nor JPEG.
    """
    try:
        from streamer.paper.pages import typeset
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "reportlab":
            raise
        raise ConfigError(f"a PDF needs the package 'reportlab', which is not installed: {INSTALL}") from None
    made = typeset(paper)
    try:
        path.write_bytes(made)
    except OSError as error:
        raise SinkError(f"{path} cannot be written: {error.strerror}; name another file") from None
