from __future__ import annotations

import logging
import ssl
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from streamer.errors import SinkError
from streamer.packets import Packet
from streamer.sinks.gaps import Gaps
from streamer.sinks.rtp import PAYLOAD, RtpStream, fragments, nal_units
from streamer.sinks.rtsp_address import check_push_target, parse_push_target
from streamer.sinks.rtsp_login import Login
from streamer.sinks.rtsp_push import Pace, RtspPush
from tests.clips import packets, play
from tests.rtsp_record_server import PATIENCE, RecordServer

CODED = packets([n / 30 for n in range(90)])
"""Three seconds, keyframes 0, 30 and 60."""

KEYS = {grey + n for grey in (40, 70, 100) for n in range(-3, 4)}
"""The greys of its keyframes, as decoded."""

QUICK = Pace(patience=1.0, first=0.02, longest=0.05, hopeless=0.05)


def pushing(port: int, *, login: str = "", scheme: str = "rtsp", pace: Pace = QUICK) -> RtspPush:
    return RtspPush(f"{scheme}://{login}127.0.0.1:{port}/live/s3cret-path", pace=pace)


def feed(sink: RtspPush, until: Callable[[], object], coded: list[Packet] | None = None) -> int:
    """Write packets over and over, as a camera that never ends, until something holds; how many it were."""
    coded = coded or CODED
    end, count = time.monotonic() + PATIENCE, 0
    while not until():
        assert time.monotonic() < end, "what was waited for did not come"
        sink.write(replace(coded[count % len(coded)], sequence=count))
        count += 1
        time.sleep(0.002)  # the pace of a camera, only faster
    return count


def test_every_picture_arrives_at_its_time() -> None:
    with RecordServer() as server:
        with pushing(server.port) as sink:
            for packet in CODED[:60]:
                sink.write(packet)
            assert sink.dropped == 0
        (push,) = server.pushes
        server.wait_for(lambda: len(push.times) == 60)
    url = f"rtsp://127.0.0.1:{server.port}/live/s3cret-path"
    methods = [f"ANNOUNCE {url}", f"SETUP {url}/trackID=0", f"RECORD {url}", f"TEARDOWN {url}"]
    assert push.requests == [f"{method} RTSP/1.0" for method in methods]
    assert push.times == [packet.pts - CODED[0].pts for packet in CODED[:60]]
    assert push.greys == pytest.approx([40 + n for n in range(60)], abs=3)
    assert [list(nal_units(one)) for one in push.pictures] == [list(nal_units(one.data)) for one in CODED[:60]]
    numbers = [struct.unpack(">H", packet[2:4])[0] for packet in push.rtp]
    assert all((later - earlier) & 0xFFFF == 1 for earlier, later in pairwise(numbers))


def test_the_description_names_the_format_with_its_parameter_sets() -> None:
    with RecordServer() as server, pushing(server.port) as sink:
        feed(sink, lambda: server.pushes)
        sdp = server.pushes[0].sdp
    assert "m=video 0 RTP/AVP 96\r\n" in sdp
    assert "a=rtpmap:96 H264/90000\r\n" in sdp
    sps = next(unit for unit in nal_units(CODED[0].format.extradata) if unit[0] & 31 == 7)
    assert f"profile-level-id={sps[1:4].hex()};sprop-parameter-sets=Z" in sdp  # an SPS begins with 0x67, Base64 "Z"
    assert "cam" not in sdp


def test_large_pictures_are_sent_in_fragments() -> None:
    unit = bytes([0x65]) + bytes(range(256)) * 40
    parts = list(fragments(unit))
    assert len(parts) > 5
    assert max(map(len, parts)) <= PAYLOAD
    assert {part[0] for part in parts} == {0x60 | 28}
    assert [part[1] for part in (parts[0], parts[1], parts[-1])] == [0x85, 0x05, 0x45]
    assert bytes([parts[0][0] & 0xE0 | parts[0][1] & 31]) + b"".join(part[2:] for part in parts) == unit
    edge = bytes([0x65]) + bytes(PAYLOAD - 1)
    assert list(fragments(edge)) == [edge]
    assert [len(part) for part in fragments(edge + b"x")] == [PAYLOAD, 2 + 2]


def test_sequence_and_times_wrap_around() -> None:
    stream = RtpStream(7, 0xFFFF, 0xFFFFFFFF)
    packet = replace(CODED[1], pts=90_000)
    first, second = (b"".join(stream.packets(packet)) for _ in range(2))
    assert struct.unpack(">HI", first[2:8]) == (0xFFFF, 89_999)
    assert struct.unpack(">HI", second[2:8]) == (0, 89_999)


def test_the_sender_report_by_hand() -> None:
    stream = RtpStream(0x01020304, 0, 10)
    sent = list(stream.packets(CODED[1]))
    report = stream.report(90_000, 0.5)  # half a second after midnight of 1 January 1970
    head = bytes([0x80, 200, 0, 6, 1, 2, 3, 4])
    octets = sum(len(packet) - 12 for packet in sent)
    assert report == head + struct.pack(">IIIII", 2_208_988_800, 1 << 31, 90_010, len(sent), octets)


def test_a_server_that_is_absent_is_waited_for(caplog: pytest.LogCaptureFixture) -> None:
    with RecordServer() as server:
        port = server.port
    with caplog.at_level(logging.WARNING), pushing(port) as sink:
        feed(sink, lambda: caplog.records)
        with RecordServer(port=port) as server:
            feed(sink, lambda: server.pushes and len(server.pushes[0].times) > 5)
            (push,) = server.pushes
            assert push.greys[0] in KEYS
    assert caplog.messages[0] == f"rtsp://127.0.0.1:{port}: Connection refused; trying again"
    assert caplog.messages[1] == f"rtsp://127.0.0.1:{port} takes the stream"


def test_a_server_that_goes_and_comes_back(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), RecordServer() as server:
        with pushing(server.port, pace=Pace(patience=1.0, chance=lambda: 0.0)) as sink:
            for round_ in range(1, 4):
                feed(sink, lambda n=round_: len(server.pushes) == n and len(server.pushes[n - 1].times) > 5)  # type: ignore[misc]  # bound now
                server.hang_up()
                feed(sink, lambda n=round_: sink.connections > n or not sink.connected)  # type: ignore[misc]  # bound now
            assert sink.connections >= 3
            assert sink.dropped > 0
        for push in server.pushes[:3]:
            steps = [later - earlier for earlier, later in pairwise(push.times[:6])]
            assert steps == [3000] * 5
            assert push.greys[0] in KEYS
    assert all("the connection is lost" in line or "takes the stream" in line for line in caplog.messages)


def test_a_server_that_takes_nothing_more_holds_nobody_up(caplog: pytest.LogCaptureFixture) -> None:
    heavy = [replace(packet, data=packet.data + b"\0\0\1\x0c" + b"\xff" * 60_000) for packet in CODED]  # filler data
    with caplog.at_level(logging.WARNING), RecordServer() as server:
        server.fault = "stall"
        with pushing(server.port, pace=Pace(0.3, 0.02, 0.05, 0.05)) as sink:
            asked: list[float] = []

            def lost() -> bool:
                asked.append(time.monotonic())
                return "timed out" in caplog.text

            feed(sink, lost, heavy)
            assert max(later - earlier for earlier, later in pairwise(asked)) < 0.25  # while the sending waited 0.3 s
            server.fault = ""
            server.hang_up()
            feed(sink, lambda: len(server.pushes) > 1 and len(server.pushes[-1].times) > 5)
    assert "the connection is lost: timed out; trying again" in caplog.text


def test_a_stalled_server_does_not_hold_up_the_end(caplog: pytest.LogCaptureFixture) -> None:
    heavy = [replace(packet, data=packet.data + b"\0\0\1\x0c" + b"\xff" * 200_000) for packet in CODED]
    with RecordServer() as server:
        server.fault = "stall"
        sink = pushing(server.port, pace=Pace(patience=60.0))
        with sink:
            feed(sink, lambda: server.pushes and server.pushes[0].rtp, heavy)
            for number in range(200):  # 40 MB
                sink.write(replace(heavy[number % 90], sequence=number))
            start = time.monotonic()
        assert time.monotonic() - start < 2.0
        assert threads() == []
    assert caplog.messages == []


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("push to ")]


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ("mute", "timed out"),
        ("refuse", r"it answers ANNOUNCE with 404 \(Not Found\); check the address and the server"),
        ("gibberish", "it does not speak RTSP; check the address and the server"),
    ],
)
def test_a_server_that_does_not_want_it(fault: str, said: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), RecordServer() as server:
        server.fault = fault  # type: ignore[assignment]  # one of the three
        with pushing(server.port, login="cam:hush@", pace=Pace(0.2, 0.02, 0.05, 0.05)) as sink:
            feed(sink, lambda: caplog.records)
            server.fault = ""
            feed(sink, lambda: server.pushes)
    assert len([line for line in caplog.messages if said.replace("\\", "") in line]) == 1
    assert_no_secret(caplog.text)


class Clock:
    """Time that stands until it is set."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_one_that_declines_is_asked_again_after_a_minute_at_most(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    with caplog.at_level(logging.WARNING), RecordServer() as server:
        server.fault = "refuse"
        url = f"rtsp://127.0.0.1:{server.port}/live"
        with RtspPush(url, pace=Pace(chance=lambda: 1.0), clock=clock) as sink:
            for passed, tries in ((0, 1), (59.9, 1), (60.1, 2), (120.0, 2), (120.3, 3)):
                clock.now = 1000 + passed
                lost = sink.dropped
                feed(sink, lambda lost=lost: sink.dropped > lost + 90)  # type: ignore[misc]  # bound now
                assert server.connections == tries
    assert len(caplog.messages) == 1  # the reason is the same


def test_waits_grow_to_five_seconds() -> None:
    assert [Pace().bound(attempt) for attempt in (*range(6), 10_000)] == [0.5, 1, 2, 4, 5, 5, 5]


def test_what_the_server_says_meanwhile_is_taken_from_it() -> None:
    with RecordServer() as server:
        server.fault = "chatter"
        with pushing(server.port) as sink:
            feed(sink, lambda: server.pushes and len(server.pushes[0].times) > 100)
            assert sink.connections == 1


def assert_no_secret(text: str) -> None:
    for secret in ("hush", "s3cret", "cam:"):
        assert secret not in text


CHALLENGES = {
    "basic": ('Basic realm="here"',),
    "digest": ('Digest realm="here", nonce="abc"',),
    "digest with all": ('Digest realm="here", nonce="abc", qop="auth,auth-int", opaque="xyz", algorithm=MD5',),
    "sha": ('Digest realm="here", nonce="abc", algorithm="SHA-256"', 'Digest realm="here", nonce="abc"'),
}


@pytest.mark.parametrize("challenges", CHALLENGES.values(), ids=CHALLENGES)
def test_a_password(challenges: tuple[str, ...]) -> None:
    with RecordServer(challenges=challenges, password="h@u:s/h é") as server:
        with pushing(server.port, login="cam:h%40u%3As%2Fh%20%C3%A9@") as sink:
            feed(sink, lambda: server.pushes and len(server.pushes[0].times) > 5)
        assert [request.split()[0] for request in server.pushes[0].requests[:4]] == [
            "ANNOUNCE",
            "ANNOUNCE",
            "SETUP",
            "RECORD",
        ]


@pytest.mark.parametrize("login", ["", "cam:wrong-hush@"])
def test_a_wrong_password_is_said_without_it(login: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG), RecordServer(challenges=CHALLENGES["digest"], password="hush") as server:
        with pushing(server.port, login=login) as sink:
            feed(sink, lambda: caplog.records)
        assert server.pushes == []
    assert "it wants another user name and password (401)" in caplog.text
    assert_no_secret(caplog.text)


def test_digest_by_the_book() -> None:
    """The example of RFC 2617, 3.5, without qop, where A1 is as there; worked out with md5sum."""
    asked = 'Digest realm="testrealm@host.com", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093"'
    said = Login("Mufasa", "Circle Of Life").answer([asked], "GET", "/dir/index.html")
    assert said is not None
    assert 'response="670fd8c2df070c60b045671b8b24ff02"' in said
    assert Login("a", "b").answer(["Negotiate"], "GET", "/") is None


def test_another_size_goes_on_in_the_same_session() -> None:
    large = [
        replace(packet, sequence=30 + n, pts=packet.pts + 90_000) for n, packet in enumerate(packets([0.0], 96, 80))
    ]
    with RecordServer() as server:
        with pushing(server.port) as sink:
            for packet in [*CODED[:30], *large]:
                sink.write(packet)
        (push,) = server.pushes
        server.wait_for(lambda: len(push.times) == 31)
        assert push.greys == pytest.approx([*(40 + n for n in range(30)), 40], abs=3)


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's, of its own making: nobody vouches for it."""
    made = folder / "cert.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -days 1"
    subprocess.run([*command.split(), "-keyout", made, "-out", folder / "c.pem"], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "c.pem", made)
    return context


def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    try:
        context = certificate(tmp_path)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl here to make a certificate with")
    with caplog.at_level(logging.WARNING), RecordServer(tls=context) as server:
        with pushing(server.port, scheme="rtsps", login="cam:hush@") as sink:
            feed(sink, lambda: caplog.records)
        assert server.pushes == []
    assert "certificate verify failed" in caplog.text
    assert_no_secret(caplog.text)


def test_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    try:
        context = certificate(tmp_path)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no openssl here to make a certificate with")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "c.pem"))  # now the system vouches for it
    with RecordServer(tls=context) as server:
        with RtspPush(f"rtsps://localhost:{server.port}/live", pace=QUICK) as sink:
            feed(sink, lambda: server.pushes and len(server.pushes[0].times) > 5)
        assert server.pushes[0].greys[:3] == pytest.approx([40, 41, 42], abs=3)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://cam:hush@host/live", "rtsp:// or rtsps:// address, got http://"),
        ("cam:hush@host/live", "rtsp:// or rtsps:// address; expected"),
        ("", "expected rtsp://user"),
        ("rtsp://", "no host"),
        ("rtsp:///hush", "no host"),
        ("rtsp://cam:hush@host:99999/live", "not understood"),
        ("rtsp://cam:hu/sh@host/live", "not understood"),
        ("rtsp://cam:1/hush@host/live", "write @ as %40"),
        ("rtsp://cam:hu sh@host/live", "spaces in it"),
        ("rtsp://cam:hush@host/live\nSession: 1", "spaces in it"),
        ("rtsp://cam:hush@[::1/live", "not understood"),
        (f"rtsp://cam:hush@{'a' * 70}.example/live", "not understood"),
    ],
)
def test_what_is_no_address_to_push_to(url: str, said: str) -> None:
    with pytest.raises(SinkError, match=said) as caught:
        check_push_target(url)
    assert_no_secret(str(caught.value))
    assert caught.value.__cause__ is None
    with pytest.raises(SinkError, match=said):
        RtspPush(url)


def test_nothing_of_an_address_is_printed_but_its_host() -> None:
    target = parse_push_target("rtsp://cam:hush@host:8554/s3cret/?token=hush")
    assert (target.label, target.url) == ("rtsp://host:8554", "rtsp://host:8554/s3cret?token=hush")
    assert (target.host, target.port, target.secure) == ("host", 8554, False)
    assert parse_push_target("rtsps://[::1]/a").label == "rtsps://[::1]"
    assert parse_push_target("rtsps://host/a").port == 322
    sink = RtspPush("rtsp://cam:hush@host:8554/s3cret")
    assert_no_secret(f"{target!r} {target} {target.login!r} {sink!r}")
    assert "rtsp://host:8554" in repr(sink)


def test_it_must_be_entered_and_closing_is_idempotent() -> None:
    sink = pushing(1)
    with pytest.raises(SinkError, match="enter it before writing"):
        sink.write(CODED[0])
    with sink:
        sink.close()
        with pytest.raises(SinkError, match="enter it before writing"):
            sink.write(CODED[0])
    sink.close()
    assert threads() == []


def test_which_packets_can_be_decoded() -> None:
    gaps = Gaps()
    large = packets([0.0], 96, 80)[0]
    came = [*CODED[20:40], *CODED[41:62], replace(CODED[62], format=large.format), replace(large, sequence=63)]
    kept = [packet.sequence for packet in came if gaps.usable(packet)]
    assert kept == [*range(30, 40), 60, 61, 63]
    assert gaps.dropped == 10 + 20 + 1
    gaps.lose()
    assert not gaps.usable(replace(CODED[1], sequence=64, format=large.format))
    assert gaps.dropped == 31 + 2


GSTREAMER = """
import sys, gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst, GstRtspServer, GLib
Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service("0")
factory = GstRtspServer.RTSPMediaFactory()
factory.set_transport_mode(GstRtspServer.RTSPTransportMode.RECORD)
form = "video/x-h264,stream-format=byte-stream"
sink = f"filesink location={sys.argv[1]} buffer-mode=unbuffered"
factory.set_launch(f"( rtph264depay name=depay0 ! h264parse config-interval=-1 ! {form} ! {sink} )")
server.get_mount_points().add_factory("/live", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


@contextmanager
def gstreamer(path: Path) -> Iterator[int]:
    """The port of GStreamer's server, which writes what it is sent to a file."""
    python = Path("/usr/bin/python3")
    if sys.platform != "linux" or not python.exists():
        pytest.skip("GStreamer's RTSP server is run by Debian's Python")
    command = [str(python), "-c", GSTREAMER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        line = server.stdout.readline()
        try:
            if not line.strip():
                pytest.skip("GStreamer's RTSP server is not installed: gir1.2-gst-rtsp-server-1.0, python3-gi")
            yield int(line)
        finally:
            server.kill()


def test_gstreamers_server_gets_every_picture(tmp_path: Path) -> None:
    path = tmp_path / "got.h264"
    with gstreamer(path) as port, RtspPush(f"rtsp://127.0.0.1:{port}/live") as sink:
        for packet in CODED:
            sink.write(packet)
            time.sleep(0.005)  # faster than a camera, slower than a box that fills up
        sink.close()
        assert (sink.connections, sink.dropped) == (1, 0)
        played = await_pictures(path, len(CODED) - 1)
    assert played == pytest.approx([40 + n for n in range(len(played))], abs=3)


def await_pictures(path: Path, count: int) -> list[float]:
    """The greys in a file that another program is writing, once there are so many."""
    end, seen = time.monotonic() + PATIENCE, -1
    while time.monotonic() < end:
        size = path.stat().st_size if path.exists() else 0
        if size == seen and size:
            greys = play(path).greys
            if len(greys) >= count:
                return greys
        seen = size
        threading.Event().wait(0.05)
    raise AssertionError(f"{count} pictures did not come")


def test_gstreamers_server_refuses_what_it_does_not_know(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with (
        gstreamer(tmp_path / "got.h264") as port,
        caplog.at_level(logging.WARNING),
        RtspPush(f"rtsp://127.0.0.1:{port}/s3cret", pace=QUICK) as sink,
    ):
        feed(sink, lambda: caplog.records)
    assert "it answers ANNOUNCE with 404 (Not Found)" in caplog.text
    assert_no_secret(caplog.text)
