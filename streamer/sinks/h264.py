"""Pictures encoded once, for every sink that takes packets."""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from fractions import Fraction
from types import TracebackType
from typing import TypeAlias

import av
import cv2
import numpy as np
from av.codec.codec import UnknownCodecError
from av.stream import Stream
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType
from numpy.typing import NDArray

from streamer.errors import SinkError
from streamer.packets import Packet, VideoFormat
from streamer.types import Frame, Image

TICKS = 90_000
"""Time base of packets: 1/90 000 s, that of RTP and of MPEG transport streams."""

BT601, LIMITED = 6, 1
"""What cv2's BGR2YUV_I420 makes: SMPTE 170M (BT.601) coefficients, limited range (ITU-T H.273, tables 3–4). Said in
the stream, because players take unmarked video of 720 lines and more for BT.709 and shift its colours."""

Planes: TypeAlias = NDArray[np.uint8]
"""(height × 3 / 2, width): the Y plane, then U and V."""


class H264Encoder:
    """H.264 packets, Annex B with SPS and PPS before every keyframe, without B-frames, each at its picture's own pts.

    A keyframe comes at least every ``keyframe_seconds`` of media time. A picture of another size starts the encoder
    anew: its packets carry a new VideoFormat, the sequence goes on and a keyframe comes first. A picture of odd width
    or height gets its last column or row twice, because 4:2:0 needs even sizes. No packet waits for the next picture.
    """

    def __init__(
        self,
        *,
        rate_hint: Fraction,
        bitrate: int | None = None,
        crf: float = 23.0,
        keyframe_seconds: float = 1.0,
        codec: str = "libx264",
    ) -> None:
        """``rate_hint``: pictures a second, about. ``bitrate`` in bit/s; None: constant quality ``crf`` (0…51)."""
        if rate_hint <= 0 or keyframe_seconds <= 0:
            raise ValueError(f"rate_hint and keyframe_seconds must be > 0, got {rate_hint} and {keyframe_seconds}")
        self._rate, self._bitrate, self._crf, self._codec = rate_hint, bitrate, crf, codec
        self._gop = round(keyframe_seconds * TICKS)
        self._context: VideoCodecContext | None = None
        self._format: VideoFormat | None = None
        self._last: tuple[float, int] | None = None  # pts of the latest picture in seconds and in ticks
        self._key: int | None = None  # pts of the latest keyframe in ticks; None: the next picture must be one
        self._sequence = 0
        self._asked = threading.Event()

    def __enter__(self) -> H264Encoder:
        try:
            av.Codec(self._codec, "w")
        except UnknownCodecError as error:
            raise SinkError(
                f"no H.264 encoder {self._codec!r} in this PyAV: install the build that carries it: "
                "pip install --force-reinstall --only-binary=:all: av"
            ) from error
        return self

    def ask_keyframe(self) -> None:
        """Make the next picture a keyframe (IDR), for a reader who joins; from any thread."""
        self._asked.set()

    def encode(self, picture: Frame) -> Sequence[Packet]:
        """The packets that are ready; those of the size before come first.

        Raises:
            SinkError: pts does not rise, or the encoder refuses the picture.
        """
        planes = i420(picture.image)
        size = planes.shape[1], planes.shape[0] * 2 // 3
        before: Sequence[Packet] = ()
        if self._context is not None and (self._context.width, self._context.height) != size:
            before = self.flush()
        ticks, step = self._advance(picture.pts)
        try:
            opened = self._context or self._open(*size)
            frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
            frame.pts, frame.time_base = ticks, Fraction(1, TICKS)
            if self._key_due(ticks, step):
                frame.pict_type, self._key = PictureType.I, ticks
            return [*before, *self._packets(opened.encode(frame), size)]
        except (av.FFmpegError, OSError) as error:
            raise SinkError(f"cannot encode a picture of {size[0]}×{size[1]} as H.264: {error}") from error

    def flush(self) -> Sequence[Packet]:
        """What the encoder still holds; the next picture starts it anew."""
        context, self._context = self._context, None
        if context is None:
            return ()
        packets = self._packets(context.encode(None), (context.width, context.height))
        self._format = self._key = None
        return packets

    def close(self) -> None:
        self._context = self._format = self._key = None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _advance(self, pts: float) -> tuple[int, int]:
        """``pts`` in ticks and the ticks since the picture before it; two pictures never share a tick."""
        if not math.isfinite(pts) or (self._last is not None and pts <= self._last[0]):
            came_after = "" if self._last is None else f" after {self._last[0]}"
            raise SinkError(f"pts of pictures must rise, got {pts}{came_after}; the source gives wrong timestamps")
        ticks = round(pts * TICKS)
        if self._last is None:
            self._last = pts, ticks
            return ticks, 0
        before = self._last[1]
        ticks = max(ticks, before + 1)
        self._last = pts, ticks
        return ticks, ticks - before

    def _key_due(self, ticks: int, step: int) -> bool:
        """Whether this picture is to be a keyframe: it must, it is asked for, or the next one would come too late."""
        asked = self._asked.is_set()
        if asked:
            self._asked.clear()
        return asked or self._key is None or ticks + step - self._key > self._gop

    def _open(self, width: int, height: int) -> VideoCodecContext:
        context = av.CodecContext.create(self._codec, "w")
        if not isinstance(context, VideoCodecContext):
            raise SinkError(f"{self._codec!r} encodes no video; the H.264 encoder is 'libx264'")
        context.width, context.height, context.pix_fmt = width, height, "yuv420p"
        context.time_base, context.framerate = Fraction(1, TICKS), self._rate
        context.thread_count, context.max_b_frames = 1, 0
        context.gop_size = 1_000_000  # keyframes are asked for by time, in encode()
        context.color_range = LIMITED
        context.colorspace = context.color_primaries = context.color_trc = BT601
        # zerolatency shares the bits out as for a constant rate; force-cfr=0 would hold one picture back
        options = {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1"}
        if self._bitrate is None:
            options["crf"] = str(self._crf)
        else:
            context.bit_rate = self._bitrate
        context.options = options
        context.open()
        self._context = context
        return context

    def _packets(self, encoded: Sequence[av.Packet[Stream]], size: tuple[int, int]) -> list[Packet]:
        packets = []
        for each in encoded:
            data, pts = bytes(each), each.pts
            if pts is None:
                raise SinkError("the H.264 encoder gave a packet without a time")
            if self._format is None:
                self._format = VideoFormat("h264", *size, self._rate, parameter_sets(data))
            packets.append(Packet(data, pts, pts, each.is_keyframe, self._sequence, self._format))
            self._sequence += 1
        return packets


def i420(image: Image) -> Planes:
    """The picture as planar 4:2:0, BT.601 limited range; odd sizes are padded with their own edge."""
    height, width = image.shape[:2]
    if height % 2 or width % 2:
        image = cv2.copyMakeBorder(image, 0, height % 2, 0, width % 2, cv2.BORDER_REPLICATE).astype(
            np.uint8, copy=False
        )
    return cv2.cvtColor(image, cv2.COLOR_BGR2YUV_I420).astype(np.uint8, copy=False)


def parameter_sets(data: bytes) -> bytes:
    """The SPS and PPS of an Annex B access unit, each behind a start code of 4 bytes (ITU-T H.264, 7.4.1 and B.1)."""
    units = (unit.rstrip(b"\0") for unit in data.split(b"\0\0\1")[1:])
    return b"".join(b"\0\0\0\1" + unit for unit in units if unit and unit[0] & 0x1F in (7, 8))
