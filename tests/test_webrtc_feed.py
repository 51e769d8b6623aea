from __future__ import annotations

import asyncio
import json
import time
from typing import cast

import pytest

pytest.importorskip("aiortc", reason="needs aiortc: pip install 'groupmood[web]'")

from aiortc import RTCDataChannel

from streamer.purposes import PURPOSES
from streamer.types import FrameResult
from streamer.web.feed import BACKLOG, RESULTS, Feed
from tests.web_site import result, site, status
from tests.webrtc_rig import run, until


class Channel:
    """A data channel to a peer that takes nothing: what is sent to it waits."""

    def __init__(self, state: str = "open") -> None:
        self.readyState, self.bufferedAmount = state, 0
        self.sent: list[str] = []

    def send(self, text: str) -> None:
        self.sent.append(text)
        self.bufferedAmount += len(text)


def of_own(index: int) -> FrameResult:
    return FrameResult("desk", index, index / 30, time.monotonic(), (), None, size=(64, 48))


def test_a_peer_that_takes_nothing_is_sent_no_more_than_the_backlog() -> None:
    async def scenario() -> None:
        feed = Feed(site(purpose="self"), "desk")
        channel = Channel()
        telling = asyncio.create_task(feed.tell_results(cast(RTCDataChannel, channel)))
        hear = feed.hear
        assert hear is not None
        for index in range(2000):
            hear(of_own(index))
            await asyncio.sleep(0)
        feed.end()
        await telling
        assert BACKLOG <= channel.bufferedAmount < BACKLOG + 1000
        assert feed.dropped > 100

    run(scenario)


def test_a_closed_channel_is_sent_nothing() -> None:
    async def scenario() -> None:
        made = site()
        feed = Feed(made, "desk")
        channel = Channel("closed")
        made.hub.publish(result("desk", sources=("desk",)))
        telling = asyncio.create_task(feed.tell_rooms(cast(RTCDataChannel, channel)))
        await until(lambda: feed.dropped)
        feed.end()
        await telling
        assert channel.sent == []

    run(scenario)


def test_of_results_that_wait_the_newest_are_told() -> None:
    async def scenario() -> None:
        feed = Feed(site(purpose="self"), "desk")
        channel = Channel()
        assert feed.hear is not None
        for index in range(100):
            feed.hear(of_own(index))
        feed.end()
        await feed.tell_results(cast(RTCDataChannel, channel))
        assert [json.loads(text)["picture"] for text in channel.sent] == list(range(100 - RESULTS, 100))

    run(scenario)


def test_cameras_and_other_rooms_are_not_told() -> None:
    async def scenario() -> None:
        made = site()
        feed = Feed(made, "desk")
        channel = Channel()
        for event in (result("desk", pts=3.0, sources=("desk",)), result("hall"), status("desk", room="desk")):
            made.hub.publish(event)
        feed.end()
        made.hub.publish(result("desk", pts=9.0, sources=("desk",)))
        await feed.tell_rooms(cast(RTCDataChannel, channel))
        assert [(json.loads(text)["room"], json.loads(text)["at"]) for text in channel.sent] == [("desk", 3.0)]

    run(scenario)


def test_the_room_is_told_ten_times_a_second_at_most() -> None:
    async def scenario() -> None:
        made = site()
        feed = Feed(made, "desk")
        channel = Channel()
        telling = asyncio.create_task(feed.tell_rooms(cast(RTCDataChannel, channel)))
        began = time.monotonic()
        for count in range(40):
            made.hub.publish(result("desk", pts=float(count), sources=("desk",)))
            await asyncio.sleep(0.01)
        seconds = time.monotonic() - began
        feed.end()
        await telling
        assert 2 <= len(channel.sent) <= seconds * 10 + 3
        assert json.loads(channel.sent[-1])["at"] == 39.0

    run(scenario)


def test_the_results_of_ones_own_pictures_are_for_self_alone() -> None:
    async def scenario() -> None:
        hearing = [purpose for purpose in PURPOSES if Feed(site(purpose=purpose), "desk").hear is not None]
        assert hearing == ["self"]

    run(scenario)


def test_one_channel_is_enough() -> None:
    async def scenario() -> None:
        feed = Feed(site(), "desk")
        assert [feed.begin(), feed.begin()] == [True, False]
        feed.end()

    run(scenario)
