"""A file that takes all it is given, or raises and keeps what was whole before."""

from __future__ import annotations

from contextlib import suppress
from io import FileIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class WholeFile(FileIO):
    """Opened for writing, emptied, unbuffered: what is written is with the system, whatever happens to this process.

    Raises:
        OSError: it cannot be opened.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(path, "wb")
        self.path = path
        self.taken = 0
        """Bytes written so far; told without a seek, which a terminal refuses."""

    def write(self, data: ReadableBuffer, /) -> int:
        """All of ``data``, also where the system takes it in parts, as a disk does that is nearly full.

        Raises:
            OSError: it cannot be written; a part may have been.
        """
        rest = memoryview(data).cast("B")
        size = len(rest)
        while rest:
            rest = rest[super().write(rest) :]
        self.taken += size
        return size

    def give_up(self, whole: int) -> None:
        """Closes with the first ``whole`` bytes kept; where there are none, the file goes. Never raises."""
        with suppress(OSError):  # a device cannot be cut
            self.truncate(whole)
        with suppress(OSError):
            self.close()
        with suppress(OSError):
            if self.path.is_file() and self.path.stat().st_size == 0:
                self.path.unlink()
