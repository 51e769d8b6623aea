from __future__ import annotations

import math
from fractions import Fraction

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from streamer.errors import SinkError
from streamer.packets import Packet
from streamer.sinks.h264 import TICKS, H264Encoder, i420, parameter_sets
from streamer.types import Frame
from tests.clips import packets, picture, plain


def decode(coded: list[Packet]) -> list[NDArray[np.uint8]]:
    """The pictures of a bare stream of packets, BGR."""
    decoder = av.VideoCodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames = [frame for packet in coded for frame in decoder.decode(av.Packet(packet.data))]
    frames += decoder.decode(None)
    return [frame.to_ndarray(format="bgr24").astype(np.uint8) for frame in frames]


def keys(coded: list[Packet]) -> list[float]:
    return [packet.pts / TICKS for packet in coded if packet.keyframe]


def test_every_picture_gives_its_packet_at_once_with_its_own_time() -> None:
    times = [7.0, 7.02, 7.1, 7.5, 7.50001, 9.25]  # as a camera with a variable rate gives them
    with H264Encoder(rate_hint=Fraction(30)) as encoder:
        for index, pts in enumerate(times):
            (packet,) = encoder.encode(picture(index, pts))
            assert packet.pts == packet.dts == round(pts * 90_000)
            assert packet.sequence == index
        assert list(encoder.flush()) == []


def test_packets_are_annex_b_and_each_keyframe_carries_its_parameter_sets() -> None:
    coded = packets([n / 10 for n in range(25)])
    assert coded[0].keyframe
    for packet in coded:
        assert packet.data.startswith(b"\0\0\0\1") or packet.data.startswith(b"\0\0\1")
        assert (parameter_sets(packet.data) == packet.format.extradata) is packet.keyframe
        assert not packet.keyframe or packet.format.extradata in packet.data.replace(b"\0\0\0\1", b"\0\0\1").replace(
            b"\0\0\1", b"\0\0\0\1"
        )


def test_parameter_sets_of_a_unit_written_by_hand() -> None:
    unit = b"\0\0\0\1\x67\xaa\xbb" + b"\0\0\1\x68\xcc" + b"\0\0\1\x06\x05\x01" + b"\0\0\1\x65\x11\x22"
    assert parameter_sets(unit) == b"\0\0\0\1\x67\xaa\xbb\0\0\0\1\x68\xcc"
    assert parameter_sets(b"\0\0\1\x41\x9a") == b""


def test_a_keyframe_comes_at_least_every_second_of_media_time() -> None:
    assert keys(packets([n / 30 for n in range(91)])) == [0.0, 1.0, 2.0, 3.0]
    assert keys(packets([n * 2.0 for n in range(4)])) == [0.0, 2.0, 4.0, 6.0]
    coded = packets([0.0, 0.4, 0.8, 1.1, 1.15, 1.9, 2.6])
    latest = 0.0
    for packet in coded:
        latest = packet.pts / TICKS if packet.keyframe else latest
        assert packet.pts / TICKS - latest <= 1.0


def test_pictures_come_back_as_they_were_without_b_frames() -> None:
    coded = packets([n / 30 for n in range(40)])
    decoded = decode(coded)
    assert len(decoded) == 40
    for index, image in enumerate(decoded):
        assert abs(float(image[:, 32:].mean()) - (40 + index)) < 3, index


def test_colours_come_back_and_are_marked_as_they_are_coded() -> None:
    image = np.zeros((720, 1280, 3), np.uint8)
    image[:] = (40, 80, 220)  # a red on which BT.601 and BT.709 differ by 20 and more
    with H264Encoder(rate_hint=Fraction(30), crf=10) as encoder:
        coded = list(encoder.encode(Frame("cam", 0, 0.0, 0.0, image)))
    decoder = av.VideoCodecContext.create("h264", "r")
    frame = [*decoder.decode(av.Packet(coded[0].data)), *decoder.decode(None)][0]
    assert (frame.colorspace, frame.color_range) == (6, 1)
    back = frame.to_ndarray(format="bgr24").reshape(-1, 3).mean(axis=0)
    assert np.abs(back - (40, 80, 220)).max() < 4


@pytest.mark.parametrize(("width", "height", "coded"), [(63, 47, (64, 48)), (1, 1, (2, 2)), (101, 60, (102, 60))])
def test_odd_sizes_are_padded_with_their_edge(width: int, height: int, coded: tuple[int, int]) -> None:
    (packet,) = packets([0.0], width, height)
    assert (packet.format.width, packet.format.height) == coded
    image = plain(200, width, height)
    image[-1, -1] = (10, 200, 60)
    planes = i420(image)
    assert planes.shape == (coded[1] * 3 // 2, coded[0])
    assert planes[coded[1] - 1, coded[0] - 1] == planes[height - 1, width - 1]


def test_another_size_starts_anew_and_the_sequence_goes_on() -> None:
    with H264Encoder(rate_hint=Fraction(30)) as encoder:
        coded = [
            packet
            for index in range(9)
            for packet in encoder.encode(picture(index, index / 30, *((64, 48) if index < 5 else (96, 80))))
        ]
    assert [packet.sequence for packet in coded] == list(range(9))
    assert [packet.keyframe for packet in coded] == [n in (0, 5) for n in range(9)]
    assert coded[4].format != coded[5].format
    assert (coded[5].format.width, coded[5].format.height) == (96, 80)
    assert [image.shape for image in decode(coded[5:])] == [(80, 96, 3)] * 4


def test_after_a_flush_it_goes_on_with_a_keyframe() -> None:
    with H264Encoder(rate_hint=Fraction(30)) as encoder:
        before = [*encoder.encode(picture(0, 0.0)), *encoder.encode(picture(1, 0.1)), *encoder.flush()]
        after = list(encoder.encode(picture(2, 0.2)))
    assert [packet.keyframe for packet in [*before, *after]] == [True, False, True]
    assert after[0].sequence == 2


def test_a_keyframe_that_is_asked_for_comes_with_the_next_picture_and_can_be_decoded_from() -> None:
    coded: list[Packet] = []
    with H264Encoder(rate_hint=Fraction(30), keyframe_seconds=10) as encoder:
        for index in range(12):
            if index == 7:
                encoder.ask_keyframe()
                encoder.ask_keyframe()
            coded += encoder.encode(picture(index, index / 30))
    assert [packet.sequence for packet in coded if packet.keyframe] == [0, 7]
    assert parameter_sets(coded[7].data) == coded[7].format.extradata
    assert len(decode(coded[7:])) == 5


def test_two_pictures_never_share_a_tick() -> None:
    coded = packets([1.0, 1.000001, 1.000002])
    assert [packet.pts for packet in coded] == [90_000, 90_001, 90_002]


@pytest.mark.parametrize("second", [1.0, 0.5, math.nan, math.inf])
def test_pts_that_does_not_rise_is_an_error(second: float) -> None:
    with H264Encoder(rate_hint=Fraction(30)) as encoder:
        encoder.encode(picture(0, 1.0))
        with pytest.raises(SinkError, match=r"pts of pictures must rise, got .* after 1\.0"):
            encoder.encode(picture(1, second))


def test_bitrate_bounds_the_size() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (120, 160, 3), np.uint8)

    def size(bitrate: int | None) -> int:
        with H264Encoder(rate_hint=Fraction(30), bitrate=bitrate) as encoder:
            shown = [Frame("cam", n, n / 30, 0.0, np.roll(noise, n * 7, axis=1).astype(np.uint8)) for n in range(60)]
            return sum(len(packet.data) for frame in shown for packet in encoder.encode(frame))

    assert size(200_000) < 200_000 / 8 * 2 * 2 < size(None)  # 2 s, with as much again for the start


def test_a_missing_encoder_is_said_with_what_to_do() -> None:
    with (
        pytest.raises(SinkError, match=r"no H.264 encoder 'libx264-gone'.*pip install"),
        H264Encoder(rate_hint=Fraction(30), codec="libx264-gone"),
    ):
        pass


def test_wrong_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="rate_hint"):
        H264Encoder(rate_hint=Fraction(0))
