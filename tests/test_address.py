from __future__ import annotations

import pytest

from streamer.errors import ConfigError
from streamer.sources.address import Address, parse, redact


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("0", "camera", "0"),
        ("01", "camera", "1"),
        (" 2 ", "camera", "2"),
        ("/dev/video0", "device", "/dev/video0"),
        ("video=HD Webcam", "device", "video=HD Webcam"),
        ("lavfi:testsrc2=size=64x48:rate=30,realtime", "lavfi", "testsrc2=size=64x48:rate=30,realtime"),
        ("synthetic", "synthetic", ""),
        ("synthetic:people=3", "synthetic", "people=3"),
        ("film.mp4", "file", "film.mp4"),
        ("./0", "file", "./0"),
        ("a:b.mp4", "file", "a:b.mp4"),
        (r"C:\films\a.mp4", "file", r"C:\films\a.mp4"),
        ("C:/films/a.mp4", "file", "C:/films/a.mp4"),
        ("file:lavfi:x", "file", "lavfi:x"),
        ("file:///films/a.mp4", "file", "/films/a.mp4"),
        ("rtsp://cam/1", "url", "rtsp://cam/1"),
        ("RTSPS://u:p@cam/1", "url", "RTSPS://u:p@cam/1"),
        ("http://cam/video.mjpg", "url", "http://cam/video.mjpg"),
        ("webrtc:", "webrtc", ""),
        ("screen:", "screen", ""),
        ("screen:640x480+10,20", "screen", "640x480+10,20"),
        ("file:screen:", "file", "screen:"),
        ("screen", "file", "screen"),
    ],
)
def test_parse(text: str, kind: str, value: str) -> None:
    address = parse(text)
    assert (address.kind, address.value) == (kind, value)


@pytest.mark.parametrize("text", ["", "  "])
def test_an_empty_source_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="the source is empty"):
        parse(text)


@pytest.mark.parametrize("text", ["rtmp://adm:s3cr@cam/1", "ftp://cam/a.mp4", "file2://x", "concat://a"])
def test_other_kinds_of_urls_are_refused_without_repeating_them(text: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(text)
    scheme = text.partition(":")[0]
    assert f"a source cannot be {scheme}://…; give rtsp://, rtsps://, http://, https://" in str(caught.value)
    assert "cam" not in str(caught.value)


def test_nothing_follows_webrtc() -> None:
    with pytest.raises(ConfigError, match=r"nothing can follow webrtc: .* got 'hall'"):
        parse("webrtc:hall")


SECRETS = ("s3cr", "t0psecret", "admin", "hunter2")


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("rtsp://admin:s3cr@cam:554/1", "rtsp://***@cam:554/1"),
        ("rtsp://admin@cam/1", "rtsp://***@cam/1"),
        ("rtsp://:s3cr@cam/1", "rtsp://***@cam/1"),
        ("https://t0psecret@host/a", "https://***@host/a"),
        ("rtsp://admin:s3cr%40t0psecret@cam/1", "rtsp://***@cam/1"),
        ("rtsp://admin:s3cr@t0psecret@cam/1", "rtsp://***@cam/1"),
        ("rtsp://admin:s3cr/t0psecret@cam/1", "rtsp://***@cam/1"),
        ("rtsp://admin:s3cr'hunter2@cam/1", "rtsp://***@cam/1"),
        ("rtsp://admin:s3cr://hunter2@cam/1", None),
        ("RTSP://admin:s3cr@[fe80::1]:554/1", "RTSP://***@[fe80::1]:554/1"),
        ("http://cam/a?token=t0psecret&x=1", "http://cam/a?token=***&x=1"),
        ("http://cam/a?x=1&access_token=t0psecret", "http://cam/a?x=1&access_token=***"),
        ("http://cam/a?API_KEY=t0psecret;b=2", "http://cam/a?API_KEY=***;b=2"),
        ("http://cam/a?loginuse=x&loginpas=hunter2", "http://cam/a?loginuse=***&loginpas=***"),
        ("http://cam/a?pwd=hunter2#f", "http://cam/a?pwd=***#f"),
        ("http://cam/a#access_token=t0psecret", "http://cam/a#access_token=***"),
        ("http://cam/a?X-Amz-Signature=t0psecret", "http://cam/a?X-Amz-Signature=***"),
        ("http://cam/a?u=http%3A%2F%2Fx%3Ftoken%3Dt0psecret", "http://cam/a?u=http%3A%2F%2Fx%3Ftoken%3D***"),
        ("rtsp://cam:554/user=x_password=hunter2_channel=1", "rtsp://cam:554/user=***"),
        (
            "[Errno 111] Connection refused: 'rtsp://admin:s3cr@cam/1'",
            "[Errno 111] Connection refused: 'rtsp://***@cam/1'",
        ),
        ("rtsp://admin:s3cr@a/1 and rtsp://admin:hunter2@b/2", "rtsp://***@a/1 and rtsp://***@b/2"),
        ("rtsp://admin:s3cr@a/1,rtsp://admin:hunter2@b/2", None),
        ("connecting to admin:s3cr@10.0.0.2:554", "connecting to ***@10.0.0.2:554"),
        ("Authorization: Basic t0psecret", "Authorization: Basic ***"),
        ("movie=rtsp\\://admin:s3cr@cam/1", None),
    ],
)
def test_secrets_are_masked(text: str, masked: str | None) -> None:
    told = redact(text)
    assert not any(secret in told for secret in SECRETS), told
    if masked is not None:
        assert told == masked


@pytest.mark.parametrize(
    "text",
    [
        "rtsp://cam:554/1",
        "film.mp4 does not exist; did you mean films.mp4?",
        "the lavfi graph 'testsrc2=size=64x48:rate=30,realtime' cannot be opened",
        "http://cam/a?channel=1&subtype=0",
        "mail somebody@example.org",
        r"C:\films\a.mp4",
        "12:30:15 camera 0 is back",
    ],
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


def test_printing_an_address_masks_it() -> None:
    address = parse("rtsp://admin:s3cr hunter2@cam/1?token=t0psecret")
    assert address.value == "rtsp://admin:s3cr hunter2@cam/1?token=t0psecret"
    for told in (str(address), repr(address), f"{address}", f"{[address]}"):
        assert "rtsp://***@cam/1?token=***" in told
        assert not any(secret in told for secret in SECRETS)


def test_how_addresses_are_called() -> None:
    assert str(Address("camera", "0")) == "camera 0"
    assert str(Address("device", "/dev/video2")) == "/dev/video2"
    assert str(Address("lavfi", "testsrc2")) == "lavfi:testsrc2"
    assert str(Address("synthetic", "")) == "synthetic:"
    assert str(Address("webrtc", "")) == "webrtc:"
    assert str(Address("screen", "0,0")) == "screen:0,0"
