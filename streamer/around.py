"""A source by another one: what those that change a little of it have in common."""

from __future__ import annotations

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from streamer.stages import Source
from streamer.types import Frame


class Around:
    """A source that passes on everything of another."""

    def __init__(self, source: Source) -> None:
        self._source = source

    @property
    def name(self) -> str:
        return self._source.name

    @property
    def live(self) -> bool:
        return self._source.live

    @property
    def damaged(self) -> int:
        """Packets that could not be read, where the source counts them."""
        return int(getattr(self._source, "damaged", 0))

    def __enter__(self) -> Self:
        self._source.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._source.__exit__(kind, error, trace)

    def frames(self) -> Iterator[Frame]:
        yield from self._source.frames()
