"""What a peer is told on its data channel: its room, and where the purpose is ``self`` its own pictures' results."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from aiortc import RTCDataChannel

from streamer.fanout import Reader
from streamer.hub import Event as Published
from streamer.purposes import may_show_people
from streamer.schema import Event, self_event
from streamer.types import FrameResult, RoomResult
from streamer.web.site import Site
from streamer.web.told import room_told

LABEL = "events"

PAUSE = 0.1
"""Seconds between two events of the room at least."""

RESULTS = 4
"""Results that wait to be told; older ones give way."""

BACKLOG = 65_536
"""Bytes that may wait for a slow peer; more is dropped."""


class Feed:
    """Made and used in the loop's thread; ``hear`` takes results in any."""

    def __init__(self, site: Site, source: str) -> None:
        self._site, self.room = site, site.sources[source]
        loop = asyncio.get_running_loop()
        self._rooms: Reader[RoomResult] = Reader(1, loop)
        self._results: Reader[FrameResult] = Reader(RESULTS, loop)
        self._end = site.hub.listen(self._heard)
        self._begun = False
        self.dropped = 0

    @property
    def hear(self) -> Callable[[FrameResult], None] | None:
        """Where the results of the peer's own pictures go; None where the purpose does not allow them."""
        return self._results.put if may_show_people(self._site.purpose, "peer") else None

    def begin(self) -> bool:
        """False to whoever comes later than the first."""
        first, self._begun = not self._begun, True
        return first

    def end(self) -> None:
        self._end()
        self._rooms.close()
        self._results.close()

    async def tell_rooms(self, channel: RTCDataChannel) -> None:
        """The room as it is, then each change, ten a second at most, until the feed ends."""
        if (now := self._site.hub.rooms().get(self.room)) is not None:
            self._rooms.put(now)
        async for result in self._rooms:
            self._send(channel, room_told(self._site, result))
            await asyncio.sleep(PAUSE)

    async def tell_results(self, channel: RTCDataChannel) -> None:
        """Each result of the peer's own pictures, until the feed ends."""
        async for result in self._results:
            self._send(channel, self_event(result, time.monotonic()))

    def _heard(self, event: Published) -> None:
        if isinstance(event, RoomResult) and event.room == self.room:
            self._rooms.put(event)

    def _send(self, channel: RTCDataChannel, event: Event) -> None:
        if channel.readyState == "open" and channel.bufferedAmount < BACKLOG:
            channel.send(event.model_dump_json())
        else:
            self.dropped += 1
