from __future__ import annotations

import asyncio
import json
import os
import time
from dataclasses import replace

import pytest

pytest.importorskip("aiortc", reason="needs aiortc: pip install 'groupmood[web]'")

from aiortc import RTCSessionDescription

from streamer.types import Box, Face, FrameResult, Person, Track
from streamer.web.site import PeerRules
from tests.web_site import result
from tests.webrtc_rig import (
    Server,
    arrived,
    caller,
    camera_offer,
    client,
    offer_of,
    rtc_site,
    run,
    running,
    until,
    viewer_offer,
)


def of_one_face(captured: float) -> FrameResult:
    person = Person(Track(7, Face(Box(16, 12, 80, 60), 0.9), 1.0, True), None, "happiness", 0.8)
    return FrameResult("desk", 3, 1.0, captured, (person,), None, size=(160, 120))


def test_a_camera_is_let_in_and_its_pictures_arrive() -> None:
    async def scenario() -> None:
        async with running() as server, caller(server) as camera:
            assert camera.place.startswith("/whip/desk/")
            picture = await arrived(server.site.inlets["desk"])
            assert (picture.width, picture.height) == (160, 120)
            assert await server.end(camera.place) == 200
            await until(lambda: not server.site.inlets["desk"].taken)
            await until(lambda: camera.connection.connectionState == "closed")
            assert await server.end(camera.place) == 404
            await until(lambda: len(server.peers) == 0)

    run(scenario)


def test_nobody_else_gets_the_place_until_it_is_free() -> None:
    async def scenario() -> None:
        async with running() as server:
            async with caller(server):
                refused = await server.post("/whip/desk", await camera_offer())
                assert refused.status == 409
                assert "somebody else" in json.loads(refused.text)["detail"]
            await until(lambda: not server.site.inlets["desk"].taken)
            async with caller(server):
                assert server.site.inlets["desk"].taken

    run(scenario)


def test_who_held_the_place_may_take_it_again() -> None:
    async def scenario() -> None:
        async with (
            running() as server,
            caller(server) as lost,
            caller(server, f"/whip/desk?replaces={lost.place.rpartition('/')[2]}"),
        ):
            await until(lambda: lost.connection.connectionState == "closed")
            assert server.site.inlets["desk"].taken
            assert (await arrived(server.site.inlets["desk"])).width == 160

    run(scenario)


def test_a_source_that_is_no_place_is_not_found() -> None:
    async def scenario() -> None:
        async with running() as server:
            assert (await server.post("/whip/left", await camera_offer())).status == 404
            assert (await server.post("/whip/nowhere", await camera_offer())).status == 404

    run(scenario)


def test_the_methods_of_whip() -> None:
    async def scenario() -> None:
        async with running() as server:
            options = await server.ask("OPTIONS", "/whip/desk")
            assert (options.status, options.headers["Accept-Post"]) == (204, "application/sdp")
            patch = await server.ask(
                "PATCH", "/whip/desk/1", headers={"Content-Type": "application/trickle-ice-sdpfrag"}
            )
            assert (patch.status, patch.headers["Allow"]) == (405, "DELETE")
            plain = await server.post("/whip/desk", "v=0", {"Content-Type": "text/plain"})
            assert plain.status == 415
            assert not server.site.inlets["desk"].taken

    run(scenario)


def test_an_offer_that_only_looks_is_refused() -> None:
    async def scenario() -> None:
        async with running() as server:
            assert (await server.post("/whip/desk", await viewer_offer())).status == 400
            assert not server.site.inlets["desk"].taken

    run(scenario)


def test_sound_is_not_taken() -> None:
    async def scenario() -> None:
        async with running() as server:
            connection = client()
            connection.addTransceiver("audio", direction="sendonly")
            connection.addTransceiver("video", direction="sendonly")
            answer = await server.post("/whip/desk", await offer_of(connection))
            audio = answer.text[answer.text.index("m=audio") : answer.text.index("m=video")]
            assert "a=inactive" in audio
            await connection.close()

    run(scenario)


def test_the_peers_are_counted() -> None:
    async def scenario() -> None:
        made = rtc_site(rules=PeerRules(peers=1))
        async with running(made) as server:
            async with caller(server):
                full = await server.post("/whep/left", await viewer_offer())
                assert (full.status, full.headers["Retry-After"]) == (503, "10")
            await until(lambda: len(server.peers) == 0)
            assert (await server.post("/whep/left", await viewer_offer())).status == 201

    run(scenario)


def test_who_is_never_connected_is_closed_and_leaves_nothing() -> None:
    """Ten peers whose offers nobody stands behind, with 3 s each."""

    async def scenario() -> None:
        made = rtc_site(rules=PeerRules(peers=16, handshake=3.0))
        async with running(made) as server:
            offer = await viewer_offer()
            assert (await server.ask("OPTIONS", "/whep/left")).status == 204  # the connection of the client is there
            before = descriptors()
            answers = [await server.post("/whep/left", offer) for _ in range(10)]
            assert [answer.status for answer in answers] == [201] * 10
            assert descriptors() > before
            await until(lambda: len(server.peers) == 0)
            assert descriptors() <= before

    run(scenario)


def descriptors() -> int:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("file descriptors are counted under /proc, which is not on this system")
    return len(os.listdir("/proc/self/fd"))


def test_a_silent_place_is_anybodys() -> None:
    async def scenario() -> None:
        async with running() as server:
            first = await server.post("/whip/desk", await camera_offer())
            assert first.status == 201
            (silent,) = server.peers.of("whip", "desk")
            assert (await server.post("/whip/desk", await camera_offer())).status == 409
            silent.heard -= 6.0
            assert (await server.post("/whip/desk", await camera_offer())).status == 201
            assert (await server.end(first.place)) == 404

    run(scenario)


def test_a_run_that_has_ended_ends_its_peers() -> None:
    async def scenario() -> None:
        async with running() as server, caller(server) as camera:
            server.site.inlets["desk"].box.close()
            await until(lambda: camera.connection.connectionState == "closed")

    run(scenario)


async def told(camera_said: list[str], kind: str) -> dict[str, object]:
    def found() -> list[dict[str, object]]:
        return [event for event in map(json.loads, camera_said) if event["type"] == kind]

    await until(found)
    return found()[-1]


def test_the_room_is_told_on_the_data_channel() -> None:
    async def scenario() -> None:
        async with running() as server:
            server.site.hub.publish(result("desk", pts=1.0, sources=("desk",)))
            async with caller(server) as camera:
                now = await told(camera.said, "room")
                assert (now["room"], now["at"], now["least"]) == ("desk", 1.0, 5)
                for count in range(50):
                    server.site.hub.publish(result("desk", pts=2.0 + count, sources=("desk",)))
                    server.site.hub.publish(result("hall", pts=2.0))
                await until(lambda: json.loads(camera.said[-1])["at"] == 51.0)
                assert len(camera.said) < 10
                assert {json.loads(text)["room"] for text in camera.said} == {"desk"}

    run(scenario)


def test_ones_own_picture_is_told_where_the_purpose_is_self() -> None:
    async def scenario() -> None:
        async with running(rtc_site(purpose="self")) as server, caller(server) as camera:
            inlet = server.site.inlets["desk"]
            await until(lambda: camera.channel.readyState == "open")
            captured = time.monotonic()
            await asyncio.to_thread(inlet.tell, of_one_face(captured))
            event = await told(camera.said, "self")
            assert event["picture"] == 3
            assert event["faces"] == [
                {"box": [0.1, 0.1, 0.5, 0.5], "seen": True, "label": "happiness", "confidence": 0.8, "signs": None}
            ]

    run(scenario)


@pytest.mark.parametrize("purpose", ["audience", "research", "expressions_only", "medical_safety"])
def test_no_other_purpose_tells_of_a_person(purpose: str) -> None:
    async def scenario() -> None:
        async with running(rtc_site(purpose=purpose)) as server, caller(server) as camera:
            await until(lambda: camera.channel.readyState == "open")
            server.site.inlets["desk"].tell(of_one_face(time.monotonic()))
            server.site.hub.publish(result("desk", sources=("desk",)))
            assert (await told(camera.said, "room"))["room"] == "desk"
            await asyncio.sleep(0.2)
            assert {json.loads(text)["type"] for text in camera.said} == {"room"}

    run(scenario)


def test_another_channel_is_closed() -> None:
    async def scenario() -> None:
        async with running() as server:
            connection = client()
            connection.addTransceiver("video", direction="sendonly")
            channel = connection.createDataChannel("anything")
            answer = await server.post("/whip/desk", await offer_of(connection))
            await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
            await until(lambda: channel.readyState == "closed")
            await connection.close()

    run(scenario)


def test_the_end_of_the_server_ends_its_peers() -> None:
    async def scenario() -> None:
        async with running() as server:
            connection = client()
            connection.addTransceiver("video", direction="sendonly")
            answer = await server.post("/whip/desk", await offer_of(connection))
            await connection.setRemoteDescription(RTCSessionDescription(answer.text, "answer"))
            await until(lambda: connection.connectionState == "connected")
            inlet = server.site.inlets["desk"]
        assert not inlet.taken
        assert len(server.peers) == 0
        await until(lambda: connection.connectionState == "closed")
        await connection.close()  # it does so by itself, but not at once

    run(scenario)


async def named(server: Server, rules: PeerRules) -> str:
    answer = await server.post("/whip/desk", await camera_offer())
    assert rules == server.site.peer_rules
    return answer.text if answer.status == 201 else str(answer.status)


def test_the_answer_names_only_the_addresses_allowed() -> None:
    async def scenario() -> None:
        async with running() as server:
            everything = await named(server, server.site.peer_rules)
        addresses = {line.split()[4] for line in everything.splitlines() if line.startswith("a=candidate:")}
        chosen = sorted(addresses)[0]
        rules = PeerRules(addresses=(chosen,))
        async with running(rtc_site(rules=rules)) as server:
            text = await named(server, rules)
        assert {line.split()[4] for line in text.splitlines() if line.startswith("a=candidate:")} == {chosen}
        assert not [other for other in addresses - {chosen} if other in text]
        rules = PeerRules(addresses=("203.0.113.9",))
        async with running(rtc_site(rules=rules)) as server:
            assert await named(server, rules) == "503"
        proxied = rtc_site()
        async with running(replace(proxied, access=replace(proxied.access, behind_proxy=True))) as server:
            assert await named(server, PeerRules()) == "503"

    run(scenario)
