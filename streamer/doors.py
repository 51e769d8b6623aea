"""The ways by which pictures, packets and results of each source reach the web, and a browser's pictures come in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

from streamer.config import Config
from streamer.fanout import Fanout
from streamer.inlet import Inlet
from streamer.packets import Packet
from streamer.purposes import Purpose, may_show_people
from streamer.sinks.mjpeg import Mjpeg
from streamer.sinks.packets_out import PacketsOut
from streamer.sinks.personal import Personal
from streamer.sourcing import address_of
from streamer.stages import PacketSink, PictureSink, ResultSink

PACKETS = 128
"""Packets that may wait for a slow viewer: about four seconds; then it goes on with a keyframe."""


def nobody() -> None:
    """There is no encoder yet."""


@dataclass(slots=True)
class KeyframeWish:
    """Asks the encoder of a source for a keyframe when a viewer joins; ``ask`` is known once there is an encoder."""

    ask: Callable[[], None] = field(default=nobody)

    def __call__(self) -> None:
        self.ask()


@dataclass(frozen=True, slots=True)
class Doors:
    """By source. ``inlets`` of those whose picture a browser brings; ``pictures`` and ``packets`` where any may be
    shown."""

    purpose: Purpose
    inlets: Mapping[str, Inlet]
    pictures: Mapping[str, Fanout[bytes]]
    packets: Mapping[str, Fanout[Packet]]
    wishes: Mapping[str, KeyframeWish]

    def results(self, source: str) -> tuple[ResultSink, ...]:
        """What tells a browser of its own picture, where it may know."""
        inlet = self.inlets.get(source)
        return () if inlet is None or not may_show_people(self.purpose, "peer") else (Personal(inlet),)

    def jpegs(self, source: str) -> tuple[PictureSink, ...]:
        fanout = self.pictures.get(source)
        return () if fanout is None else (Mjpeg(fanout),)

    def encoded(self, source: str) -> tuple[PacketSink, ...]:
        fanout = self.packets.get(source)
        return () if fanout is None else (PacketsOut(fanout),)

    def close(self) -> None:
        """Nobody is sent anything more."""
        for pictures in self.pictures.values():
            pictures.close()
        for packets in self.packets.values():
            packets.close()


def doors(config: Config, purpose: Purpose, on_place: Callable[[str, bool], None]) -> Doors:
    """``on_place`` is told of each place that a browser takes or leaves."""
    sources = tuple(config.sources)
    brought = [name for name, settings in config.sources.items() if address_of(settings).kind == "webrtc"]
    shown = sources if config.server.picture != "none" else ()
    wishes = {name: KeyframeWish() for name in shown}
    return Doors(
        purpose,
        {name: Inlet(name, on_change=partial(on_place, name)) for name in brought},
        {name: Fanout[bytes](1) for name in shown},
        {name: Fanout[Packet](PACKETS, wishes[name]) for name in shown},
        wishes,
    )
