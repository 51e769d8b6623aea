"""For sinks that hold nothing open."""

from __future__ import annotations

from types import TracebackType
from typing import Self


class Unmanaged:
    """Enters and leaves without doing anything, as a sink must that only counts or passes on."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open."""
