from __future__ import annotations

import asyncio
import json
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction

import av
import pytest

pytest.importorskip("aiortc", reason="needs aiortc: pip install 'groupmood[web]'")

from aiortc import MediaStreamError, MediaStreamTrack
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType

from streamer.fanout import Fanout
from streamer.packets import Packet, VideoFormat
from streamer.sinks.packets_out import PacketsOut
from streamer.web.site import Access, PeerRules
from streamer.web.tracks import PacketTrack, drain
from tests.webrtc_rig import camera_offer, encoded, rtc_site, run, running, until, viewer, viewer_offer

FORMAT = VideoFormat("h264", 160, 120, Fraction(30), b"")


@contextmanager
def filled(fanout: Fanout[Packet]) -> Iterator[list[Packet]]:
    """A thread that encodes thirty pictures a second for whoever looks; all its packets."""
    made: list[Packet] = []
    over = threading.Event()

    def work() -> None:
        with PacketsOut(fanout) as sink, encoded() as following:
            while not over.wait(1 / 30):
                made.append(following())
                sink.write(made[-1])

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield made
    finally:
        over.set()
        thread.join()


async def picture_of(track: MediaStreamTrack) -> av.VideoFrame:
    picture = await track.recv()
    assert isinstance(picture, av.VideoFrame)
    return picture


def test_three_viewers_see_what_was_encoded_once() -> None:
    async def scenario() -> None:
        async with running() as server:
            fanout = server.site.packets["left"]
            with filled(fanout) as made:
                async with viewer(server) as (one, place), viewer(server) as (two, _), viewer(server) as (three, _):
                    pictures = [await picture_of(track) for track in (one, two, three) for _ in range(10)]
                    assert {(picture.width, picture.height) for picture in pictures} == {(160, 120)}
                    assert [packet.sequence for packet in made] == list(range(len(made)))
                    assert await server.end(place) == 200
                    await drain(one, pictures.append)  # ends with the track
                await until(lambda: not fanout.wanted)

    run(scenario)


def test_the_end_of_the_packets_ends_the_viewers() -> None:
    async def scenario() -> None:
        async with running() as server:
            with filled(server.site.packets["left"]):
                looking = viewer(server)
                track, _ = await looking.__aenter__()
                await track.recv()
            await until(lambda: len(server.peers) == 0)
            await looking.__aexit__(None, None, None)

    run(scenario)


def test_nobody_is_waited_for_who_is_not_connected() -> None:
    async def scenario() -> None:
        async with running() as server:
            answer = await server.post("/whep/left", await viewer_offer())
            assert answer.status == 201
            assert not server.site.packets["left"].wanted

    run(scenario)


@pytest.mark.parametrize(
    ("change", "status", "words"),
    [
        (("H264", "H265"), 406, "no H.264 in packetization mode 1"),
        (("packetization-mode=1", "packetization-mode=0"), 406, "no H.264 in packetization mode 1"),
        (("a=recvonly", "a=sendonly"), 400, "takes no video"),
        (("a=recvonly", "a=inactive"), 400, "takes no video"),
    ],
)
def test_an_offer_that_cannot_be_served(change: tuple[str, str], status: int, words: str) -> None:
    async def scenario() -> None:
        async with running() as server:
            answer = await server.post("/whep/left", (await viewer_offer()).replace(*change))
            problem = json.loads(answer.text)
            assert (answer.status, problem["status"]) == (status, status)
            assert words in problem["detail"]

    run(scenario)


def test_only_high_profile_is_not_enough() -> None:
    async def scenario() -> None:
        async with running(rtc_site(rules=PeerRules(handshake=60.0))) as server:
            offer = (await viewer_offer()).replace("profile-level-id=42", "profile-level-id=64")
            answer = await server.post("/whep/left", offer)
            assert (answer.status, "constrained baseline" in answer.text) == (406, True)
            await until(lambda: len(server.peers) == 0)

    run(scenario)


def test_the_answer_has_h264_alone_and_no_address_of_a_viewer() -> None:
    async def scenario() -> None:
        async with running() as server:
            answer = await server.post("/whep/left", await viewer_offer())
            codecs = {line.split()[1] for line in answer.text.splitlines() if line.startswith("a=rtpmap:")}
            assert codecs == {"H264/90000", "rtx/90000"}
            assert "a=sendonly" in answer.text

    run(scenario)


def test_an_answer_that_comes_too_late_is_not_blamed_on_the_offer() -> None:
    async def scenario() -> None:
        async with running(rtc_site(rules=PeerRules(handshake=0.0))) as server:
            for path, offer in (("/whep/left", await viewer_offer()), ("/whip/desk", await camera_offer())):
                late = await server.post(path, offer)
                assert (late.status, late.headers["Retry-After"]) == (503, "10")
                assert "closed before its answer" in late.text
            await until(lambda: len(server.peers) == 0)

    run(scenario)


def test_a_camera_without_video_for_others_is_not_found() -> None:
    async def scenario() -> None:
        async with running() as server:
            assert (await server.post("/whep/desk", await viewer_offer())).status == 404

    run(scenario)


def test_viewers_share_the_places_of_all_that_stays_open() -> None:
    async def scenario() -> None:
        async with running(rtc_site(access=Access(viewers=1))) as server:
            assert (await server.post("/whep/left", await viewer_offer())).status == 201
            full = await server.post("/whep/left", await viewer_offer())
            assert (full.status, full.headers["Retry-After"]) == (503, "10")
            assert (await server.post("/whip/desk", await camera_offer())).status == 201

    run(scenario)


def packet(sequence: int, key: bool, size: int = 100) -> Packet:
    return Packet(bytes(size), sequence * 3000, sequence * 3000, key, sequence, FORMAT)


def test_a_track_begins_with_a_keyframe_and_waits_for_one_after_a_gap() -> None:
    async def scenario() -> None:
        asked: list[bool] = []
        fanout: Fanout[Packet] = Fanout(16, lambda: asked.append(True))
        times = iter([10.0, 10.1, 10.1, 9.0])
        track = PacketTrack(fanout, clock=lambda: next(times))
        first = asyncio.ensure_future(track.recv())
        await until(lambda: fanout.wanted)
        assert asked == [True]
        for sequence, key in [(3, False), (4, True), (5, False), (7, False), (8, False), (9, True), (10, False)]:
            fanout.put(packet(sequence, key, 100 + sequence))
        taken = [await first, *[await track.recv() for _ in range(3)]]
        assert [one.size for one in taken] == [104, 105, 109, 110]
        assert [one.pts for one in taken] == [900_000, 909_000, 909_001, 909_002]
        assert taken[0].time_base == Fraction(1, 90_000)
        track.stop()
        assert not fanout.wanted
        with pytest.raises(MediaStreamError):
            await track.recv()

    run(scenario)


def test_a_viewer_who_never_reads_costs_no_memory() -> None:
    """20 MB of packets for somebody who asked once and never again."""

    async def scenario() -> None:
        fanout: Fanout[Packet] = Fanout(8)
        track = PacketTrack(fanout)
        first = asyncio.ensure_future(track.recv())
        await until(lambda: fanout.wanted)
        fanout.put(packet(0, True))
        await first
        tracemalloc.start()
        for sequence in range(1, 2001):
            fanout.put(packet(sequence, False, 10_000))
        await asyncio.sleep(0)
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert kept < 200_000
        track.stop()

    run(scenario)


def test_the_packets_are_constrained_baseline() -> None:
    """profile_idc 66 with constraint_set1_flag (ITU-T H.264, A.2.1), as profile-level-id 42e01f promises."""
    with encoded() as following:
        data = following().data
    start = data.index(b"\0\0\1\x67") + 4
    assert data[start] == 66
    assert data[start + 1] & 0x40
    decoder = av.CodecContext.create("h264", "r")
    assert isinstance(decoder, VideoCodecContext)
    pictures = [*decoder.decode(av.Packet(data)), *decoder.decode(None)]
    assert [picture.pict_type for picture in pictures] == [PictureType.I]
