"""Tiny real videos and sounds, made on the spot with PyAV. Picture number k is flat grey of level(k)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.stream import Disposition, Stream
from av.video.stream import VideoStream
from numpy.typing import NDArray

MILLISECOND = Fraction(1, 1000)


def level(number: int) -> int:
    """The grey of a picture, 0…255; neighbours differ by 11, so that lossy codecs keep them apart."""
    return 40 + (number * 11) % 180


def video(
    path: Path,
    pictures: Sequence[NDArray[np.uint8]] | int = 10,
    *,
    codec: str = "ffv1",
    pixel_format: str = "yuv420p",
    times: Sequence[float] | None = None,
    broken: Collection[int] = (),
) -> Path:
    """A video of BGR pictures, or of so many grey ones of 64 × 48, at 10 a second or at ``times`` in seconds.

    The packets whose numbers are in ``broken`` hold nothing but zeros.
    """
    if isinstance(pictures, int):
        pictures = [np.full((48, 64, 3), level(number), np.uint8) for number in range(pictures)]
    times = times or [number / 10 for number in range(len(pictures))]
    height, width = pictures[0].shape[:2]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=10, width=width, height=height, pix_fmt=pixel_format)
        assert isinstance(stream, VideoStream)
        for number, packet in enumerate(_encoded(stream, pictures, times)):
            container.mux(_emptied(packet) if number in broken else packet)
    return path


def _encoded(
    stream: VideoStream, pictures: Sequence[NDArray[np.uint8]], times: Sequence[float]
) -> list[av.Packet[VideoStream]]:
    # MPEG-1 and -2 know some frame rates only; the others are told each picture's time.
    base = Fraction(1, 10) if stream.codec_context.name.startswith("mpeg") else MILLISECOND
    stream.codec_context.time_base = stream.time_base = base
    packets = []
    for picture, seconds in zip(pictures, times, strict=True):
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = round(seconds / base), base
        packets += stream.encode(frame)
    return [packet for packet in packets + stream.encode(None) if packet.size]


def _emptied(packet: av.Packet[VideoStream]) -> av.Packet[Stream]:
    zeros = av.Packet(bytes(packet.size))
    zeros.stream, zeros.pts, zeros.dts, zeros.time_base = packet.stream, packet.pts, packet.dts, packet.time_base
    return zeros


def cut(path: Path, whole: Path, share: float = 0.5) -> Path:
    """The first part of a file, as a broken download or a full disk leaves it."""
    data = whole.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    return path


def sound(path: Path, *, cover: bool = False) -> Path:
    """A second of silence and no picture, or only that of a music file."""
    with av.open(str(path), "w") as container:
        if cover:
            picture = container.add_stream("mjpeg", rate=1, width=16, height=16, pix_fmt="yuvj420p")
            picture.disposition = Disposition.attached_pic
        stream = container.add_stream("aac", rate=16000, layout="mono")
        for start in range(0, 16000, 1024):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 16000, start
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if cover:
            assert isinstance(picture, VideoStream)
            container.mux([*picture.encode(av.VideoFrame(16, 16, "yuvj420p")), *picture.encode(None)])
    return path


def turned(path: Path, upright: Path) -> Path:
    """An mp4 as a phone held upright writes it: its header says that it is to be shown a quarter turn clockwise.

    The matrix of the track header, ISO/IEC 14496-12 8.3.2, is written by hand: m = a·p + c·q, n = b·p + d·q for a
    pixel (p, q), so that a = d = 0, b = 1, c = −1 takes the top left corner to the top right.
    """
    data = bytearray(upright.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    numbers = (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    data[matrix : matrix + 36] = b"".join(number.to_bytes(4, "big", signed=True) for number in numbers)
    path.write_bytes(data)
    return path
