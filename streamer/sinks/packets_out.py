"""Encoded pictures for the viewers of the web's thread: encoded once, whatever their number."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from streamer.fanout import Fanout
from streamer.packets import Packet


class PacketsOut:
    """Hands each packet to everybody who reads the fanout; at the end they are told that no more come."""

    def __init__(self, fanout: Fanout[Packet]) -> None:
        self._fanout = fanout

    @property
    def wanted(self) -> bool:
        """Whether anybody looks at all; from any thread."""
        return self._fanout.wanted

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._fanout.close()

    def write(self, packet: Packet) -> None:
        self._fanout.put(packet)
