from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable

import pytest

pytest.importorskip("aiortc", reason="needs aiortc: pip install 'groupmood[web]'")

from aiortc import RTCSessionDescription

from streamer.web.problems import Refused
from streamer.web.sdp import answer_of, offer_of
from streamer.web.site import Access, PeerRules
from tests.webrtc_rig import Server, client, rtc_site, run, running, until

OFFER = """v=0
o=- 4004401271 4004401271 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0 1
a=msid-semantic:WMS *
m=video 44657 UDP/TLS/RTP/SAVPF 97 98 101 102
c=IN IP4 192.0.2.2
a=recvonly
a=extmap:1 urn:ietf:params:rtp-hdrext:sdes:mid
a=mid:0
a=rtcp:9 IN IP4 0.0.0.0
a=rtcp-mux
a=ssrc-group:FID 853668315 285793933
a=ssrc:853668315 cname:05270ed9
a=rtpmap:97 VP8/90000
a=rtcp-fb:97 nack pli
a=rtpmap:98 rtx/90000
a=fmtp:98 apt=97
a=rtpmap:101 H264/90000
a=rtcp-fb:101 nack pli
a=fmtp:101 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f
a=rtpmap:102 rtx/90000
a=fmtp:102 apt=101
a=candidate:1 1 udp 2130706431 192.0.2.2 44657 typ host
a=end-of-candidates
a=ice-ufrag:z7df
a=ice-pwd:8ErsKSxQhil5D3EiBZv7dF
a=fingerprint:sha-256 C2:8B:64:FE:C3:85:3A:AB:99:4A:67:37:DC:0E:2E:D5:5E:68:00:55:C3:CB:54:A6:EF:44:B6:AE:7E:43:23:81
a=setup:actpass
m=application 53479 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 192.0.2.2
a=mid:1
a=sctp-port:5000
a=max-message-size:262144
a=candidate:1 1 udp 2130706431 192.0.2.2 53479 typ host
a=ice-ufrag:z7df
a=ice-pwd:8ErsKSxQhil5D3EiBZv7dF
a=fingerprint:sha-256 C2:8B:64:FE:C3:85:3A:AB:99:4A:67:37:DC:0E:2E:D5:5E:68:00:55:C3:CB:54:A6:EF:44:B6:AE:7E:43:23:81
a=setup:actpass
""".replace("\n", "\r\n")

BROKEN: dict[str, tuple[type[Exception], Callable[[str], str]]] = {
    "a port that is no number": (AssertionError, lambda text: text.replace("m=video 44657", "m=video x")),
    "a candidate cut short": (AssertionError, lambda text: text.replace(" 44657 typ host", "")),
    "a candidate's port": (ValueError, lambda text: text.replace("192.0.2.2 44657", "192.0.2.2 x")),
    "no password": (ValueError, lambda text: text.replace("a=ice-pwd:8ErsKSxQhil5D3EiBZv7dF\r\n", "")),
    "no rtcp-mux": (ValueError, lambda text: text.replace("a=rtcp-mux\r\n", "")),
    "no direction": (ValueError, lambda text: text.replace("a=recvonly\r\n", "")),
    "an unknown role": (KeyError, lambda text: text.replace("a=setup:actpass", "a=setup:whatever")),
    "no role": (AttributeError, lambda text: text.replace("a=setup:actpass\r\n", "")),
    "an empty attribute": (AttributeError, lambda text: text.replace("a=fmtp:98 apt=97", "a=fmtp")),
    "half a codec": (IndexError, lambda text: text.replace("H264/90000", "H264")),
    "parameters of no codec": (StopIteration, lambda text: text.replace("a=fmtp:98 ", "a=fmtp:77 ")),
    "a mode without a number": (TypeError, lambda text: text.replace("packetization-mode=1", "packetization-mode")),
}
"""By what is wrong: what aiortc raises at it, and how to make it."""


async def taken(text: str) -> None:
    """What aiortc does with an offer, unguarded."""
    connection = client()
    try:
        await connection.setRemoteDescription(RTCSessionDescription(text, "offer"))
        await connection.setLocalDescription()
    finally:
        await connection.close()


def kind_of(text: str) -> type[BaseException] | None:
    try:
        asyncio.run(taken(text))
    except Exception as error:  # noqa: BLE001 — which kind it is, is the question
        stopped = isinstance(error, RuntimeError) and "StopIteration" in str(error)
        return StopIteration if stopped else type(error)
    return None


@pytest.mark.parametrize("name", BROKEN)
def test_each_kind_of_fault_is_one(name: str) -> None:
    kind, broken = BROKEN[name]
    assert kind_of(broken(OFFER)) is kind


def test_the_offer_is_good_unbroken() -> None:
    assert kind_of(OFFER) is None


def test_every_kind_of_fault_is_the_callers() -> None:
    async def scenario() -> None:
        async with running() as server:
            for name, (_, broken) in BROKEN.items():
                answer = await post(server, broken(OFFER))
                assert answer in (400, 406), name
            await until(lambda: len(server.peers) == 0)
            assert await post(server, OFFER) == 201

    run(scenario)


async def post(server: Server, text: str) -> int:
    answer = await server.post("/whep/left", text)
    if answer.status != 201:
        assert json.loads(answer.text)["status"] == answer.status
        assert not re.search(r"Traceback|\.py|44657|8ErsK", answer.text)
    return answer.status


def test_offers_with_random_faults_harm_nothing() -> None:
    chance = random.Random(7)

    async def scenario() -> None:
        async with running(rtc_site(rules=PeerRules(peers=256, handshake=1.0), access=Access(viewers=256))) as server:
            statuses = set()
            for _ in range(200):
                text = OFFER
                for _ in range(chance.randint(1, 3)):
                    text = mutated(text, chance)
                statuses.add(await post(server, text))
            assert {201, 400} <= statuses <= {201, 400, 406}
            await until(lambda: len(server.peers) == 0)

    run(scenario)


def mutated(text: str, chance: random.Random) -> str:
    lines = text.split("\r\n")
    place = chance.randrange(len(lines))
    match chance.randrange(5):
        case 0:
            spot = chance.randrange(len(text))
            return text[:spot] + chr(chance.randrange(32, 127)) + text[spot + 1 :]
        case 1:
            del lines[place]
        case 2:
            lines[place] = lines[place][: chance.randrange(len(lines[place]) + 1)]
        case 3:
            lines.insert(place, chance.choice(lines))
        case _:
            lines[place] = re.sub(r"\d+", lambda _: chance.choice(["-1", "0", "99999999999", ""]), lines[place])
    return "\r\n".join(lines)


VIDEO = OFFER[OFFER.index("m=video") : OFFER.index("m=application")]
DATA = OFFER[OFFER.index("m=application") :]


def with_sections(*sections: str) -> str:
    """An offer of these m= sections, named and bundled as they should be."""
    head = OFFER[: OFFER.index("m=video")].replace("BUNDLE 0 1", "BUNDLE " + " ".join(map(str, range(len(sections)))))
    return head + "".join(re.sub("a=mid:.", f"a=mid:{number}", each) for number, each in enumerate(sections))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has 0 m= lines"),
        ("hello", "has 0 m= lines"),
        (with_sections(DATA), "needs one video section"),
        (with_sections(VIDEO, VIDEO), "needs one video section"),
        (with_sections(VIDEO, DATA, DATA, DATA, DATA), "has 5 m= lines, expected 1 to 4"),
        (with_sections(VIDEO, DATA.replace("m=application", "m=message")), "other than audio, video and application"),
        (OFFER.replace("BUNDLE 0 1", "BUNDLE 0"), "must name them all"),
        (OFFER.replace("a=group:BUNDLE 0 1\r\n", ""), "must name them all"),
        (OFFER.replace("a=mid:1", "a=mid:0"), "must name them all"),
        (OFFER.replace("a=mid:1\r\n", ""), "needs a=mid"),
        (re.sub("a=fingerprint.*\r\n", "", OFFER), "needs a=fingerprint"),
        ("\0" * 1000, "has 0 m= lines"),
    ],
)
def test_what_an_offer_must_have(text: str, words: str) -> None:
    with pytest.raises(Refused, match=words) as refused:
        offer_of(text, 32)
    assert refused.value.status == 400


def test_a_body_that_is_too_long_is_not_read() -> None:
    async def scenario() -> None:
        async with running() as server:
            assert await post(server, OFFER + "a=x:" + "y" * 70_000) == 413

    run(scenario)


def candidates(text: str) -> list[str]:
    return [line.split()[4] for line in text.splitlines() if line.startswith("a=candidate:")]


def test_candidates_are_limited_and_no_name_is_asked_for() -> None:
    line = "a=candidate:1 1 udp 2130706431 192.0.2.2 44657 typ host\r\n"
    named = [
        *("7546d7b6-b2dc-469b-89cc-798fe65077d0.local", "example.org", "224.0.0.251", "0.0.0.0", "ff02::fb"),
        *(f"198.51.100.{number}" for number in range(50)),
    ]
    tcp = line.replace(" udp ", " tcp ").replace("192.0.2.2", "203.0.113.1")
    flood = OFFER.replace(line, tcp + "".join(line.replace("192.0.2.2", name) for name in named))
    kept = offer_of(flood, 8).text
    assert candidates(kept) == [f"198.51.100.{number}" for number in range(8)]
    assert "end-of-candidates" not in kept


ANSWER = """v=0
o=- 1 1 IN IP4 0.0.0.0
s=-
t=0 0
a=group:BUNDLE 0 1
m=video 40001 UDP/TLS/RTP/SAVPF 97 98 101
c=IN IP4 192.0.2.2
a=recvonly
a=mid:0
a=rtcp:9 IN IP4 0.0.0.0
a=rtpmap:97 VP8/90000
a=rtpmap:98 rtx/90000
a=fmtp:98 apt=97
a=rtpmap:101 H264/90000
a=fmtp:101 packetization-mode=1
a=candidate:1 1 udp 2130706431 192.0.2.2 40001 typ host
a=candidate:2 1 udp 2130706431 fd00::2 40002 typ host
a=candidate:3 1 udp 1694498815 203.0.113.5 40003 typ srflx raddr 192.0.2.2 rport 40001
a=end-of-candidates
m=application 40001 UDP/DTLS/SCTP webrtc-datachannel
c=IN IP4 192.0.2.2
a=mid:1
a=candidate:1 1 udp 2130706431 192.0.2.2 40001 typ host
a=candidate:2 1 udp 2130706431 fd00::2 40002 typ host
""".replace("\n", "\r\n")


def test_an_answer_has_only_the_addresses_that_are_allowed() -> None:
    told = answer_of(ANSWER, ["fd00:0:0::2"])
    assert candidates(told) == ["fd00::2", "203.0.113.5", "fd00::2"]
    assert "192.0.2.2" not in told
    assert told.count("c=IN IP6 fd00::2\r\n") == 2
    assert "m=video 40002 " in told
    assert "typ srflx raddr 0.0.0.0 rport 9" in told


def test_an_answer_without_an_address_is_not_given() -> None:
    with pytest.raises(Refused, match=r"webrtc\.addresses"):
        answer_of(ANSWER.replace("a=candidate:3", "a=was:3"), ())


def test_a_section_without_an_address_has_none_in_its_other_lines() -> None:
    told = answer_of(ANSWER, ())
    data = told[told.index("m=application") :]
    assert data.startswith("m=application 9 UDP/DTLS/SCTP webrtc-datachannel\r\nc=IN IP4 0.0.0.0\r\n")


def test_a_sender_is_asked_for_so_much_from_the_start_and_no_more() -> None:
    told = answer_of(ANSWER, None, 2_500_000)
    hints = "x-google-start-bitrate=2500;x-google-max-bitrate=2500;x-google-min-bitrate=300"
    assert f"a=rtpmap:97 VP8/90000\r\na=fmtp:97 {hints}\r\n" in told
    assert f"a=fmtp:101 packetization-mode=1;{hints}\r\n" in told
    assert "a=fmtp:98 apt=97\r\n" in told
    assert "c=IN IP4 192.0.2.2\r\nb=AS:2500\r\nb=TIAS:2500000\r\na=recvonly\r\n" in told
    assert told.count("b=AS") == 1
