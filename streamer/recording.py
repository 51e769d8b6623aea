"""Encode once: the thread that turns pictures into packets and hands them to every packet sink, as long as one is
there; a recording may begin and end in mid-run."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from streamer.line import PACKETS, Line
from streamer.mailbox import Mailbox
from streamer.packets import Packet
from streamer.stages import Encoder, PacketSink
from streamer.types import Frame, View

Spawn = Callable[[PacketSink, Mailbox[Packet]], None]
"""Starts a thread that writes what comes into the box into the sink."""


class Encoding:
    """The encode thread of one line."""

    def __init__(self, line: Line, spawn: Spawn) -> None:
        self._line, self._spawn = line, spawn
        self._boxes = [box for _, box in line.packets]
        self._recording: Mailbox[Packet] | None = None

    def run(self, encoder: Encoder, pictures: Mailbox[tuple[Frame, View]]) -> None:
        """Encode until no more pictures come."""
        try:
            with encoder:
                for picture, view in pictures:
                    if view.recording != (self._recording is not None):
                        self._hand_out(encoder.flush())  # the next picture is then a keyframe
                        self._record(view.recording)
                    if self._wanted():
                        self._encode(encoder, picture)
                self._hand_out(encoder.flush())
        finally:
            pictures.close(discard=True)
            self._record(False)
            for box in self._boxes:
                box.close()

    def _wanted(self) -> bool:
        return bool(self._boxes) or self._recording is not None

    def _encode(self, encoder: Encoder, picture: Frame) -> None:
        start = time.monotonic()
        packets = encoder.encode(picture)
        self._line.metrics.observe("encode", time.monotonic() - start, self._line.name)
        self._line.metrics.count("encoded", self._line.name)
        self._hand_out(packets)

    def _hand_out(self, packets: Sequence[Packet]) -> None:
        boxes = [*self._boxes, *([self._recording] if self._recording else [])]
        for packet in packets:
            for box in boxes:
                box.put(packet)

    def _record(self, wanted: bool) -> None:
        """Begin or end the recording that a viewer asks for."""
        recorder = self._line.camera.recorder
        if wanted and self._recording is None and recorder is not None:
            self._recording = Mailbox(self._line.policy, PACKETS)
            self._spawn(recorder(), self._recording)
        elif not wanted and self._recording is not None:
            self._recording.close()
            self._recording = None
