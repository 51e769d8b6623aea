"""Which packets can be decoded after those that came before them."""

from __future__ import annotations

from streamer.packets import Packet, VideoFormat


class Gaps:
    """Begins with a keyframe, and after a gap in the sequence or another VideoFormat waits for the next one.

    ``dropped``: packets that did not come, and those that could not be decoded without them.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._expected: int | None = None  # sequence of the next packet
        self._format: VideoFormat | None = None
        self._waiting = True  # for a keyframe

    def usable(self, packet: Packet) -> bool:
        """Whether it can be decoded; to be asked once of each packet."""
        lost = 0 if self._expected is None else packet.sequence - self._expected
        broken = lost != 0 or packet.format != self._format
        self._expected, self._format = packet.sequence + 1, packet.format
        self._waiting = not packet.keyframe and (self._waiting or broken)
        self.dropped += max(lost, 0) + self._waiting
        return not self._waiting

    def lose(self) -> None:
        """A usable packet did not get through: what follows needs a keyframe again."""
        self.dropped += 1
        self._waiting = True
