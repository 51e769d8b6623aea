"""Results that go back to whoever brought the picture, and to nobody else."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from streamer.inlet import Inlet
from streamer.types import FrameResult


class Personal:
    """Hands each result to the inlet that its picture came through. Only where the purpose is ``self``."""

    def __init__(self, inlet: Inlet) -> None:
        self._inlet = inlet

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing stays open."""

    def write(self, result: FrameResult) -> None:
        self._inlet.tell(result)
