"""H.264 access units as RTP packets (RFC 6184, packetization mode 1), and what RTP wants to be told of them."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator

from streamer.packets import Packet, VideoFormat

PAYLOAD_TYPE = 96
"""The first of the dynamic ones (RFC 3551, 6)."""

PAYLOAD = 1400
"""Bytes of one RTP payload at most: with its headers less than an Ethernet frame."""

FU_A = 28
"""Type of a NAL unit that is one of the fragments of another (RFC 6184, 5.8)."""

NTP_EPOCH = 2_208_988_800
"""Seconds from 1900 to 1970 (RFC 5905, figure 4)."""


class RtpStream:
    """The RTP packets of one stream. ``ssrc``, ``sequence`` and ``offset`` (of the timestamps) are to be random (RFC
    3550, 5.1)."""

    def __init__(self, ssrc: int, sequence: int, offset: int) -> None:
        self._ssrc, self._sequence, self._offset = ssrc, sequence, offset
        self._packets = self._octets = 0

    def packets(self, packet: Packet) -> Iterator[bytes]:
        """Those of one picture; the last one has the marker bit."""
        payloads = [payload for unit in nal_units(packet.data) for payload in fragments(unit)]
        time = (packet.pts + self._offset) & 0xFFFFFFFF
        for number, payload in enumerate(payloads, 1):
            marker = 0x80 if number == len(payloads) else 0
            yield struct.pack(">BBHII", 0x80, marker | PAYLOAD_TYPE, self._sequence, time, self._ssrc) + payload
            self._sequence = (self._sequence + 1) & 0xFFFF
            self._packets += 1
            self._octets += len(payload)

    def report(self, pts: int, wall: float) -> bytes:
        """The RTCP sender report that says which ``wall`` time (seconds since 1970) a ``pts`` is (RFC 3550, 6.4.1)."""
        seconds = wall + NTP_EPOCH
        whole = int(seconds)
        return struct.pack(
            ">BBHIIIIII",
            0x80,
            200,
            6,
            self._ssrc,
            whole & 0xFFFFFFFF,
            int((seconds - whole) * 2**32),
            (pts + self._offset) & 0xFFFFFFFF,
            self._packets & 0xFFFFFFFF,
            self._octets & 0xFFFFFFFF,
        )


def nal_units(data: bytes) -> Iterator[bytes]:
    """The NAL units of an Annex B byte stream (ITU-T H.264, B.1), without start codes."""
    for unit in data.split(b"\0\0\1")[1:]:
        if stripped := unit.rstrip(b"\0"):
            yield stripped


def fragments(unit: bytes) -> Iterator[bytes]:
    """The payloads that carry a NAL unit: itself, or where it is too long its fragments (RFC 6184, 5.6 and 5.8)."""
    if len(unit) <= PAYLOAD:
        yield unit
        return
    room = PAYLOAD - 2
    indicator, kind = unit[0] & 0xE0 | FU_A, unit[0] & 0x1F
    for start in range(1, len(unit), room):
        first, last = start == 1, start + room >= len(unit)
        yield bytes((indicator, first << 7 | last << 6 | kind)) + unit[start : start + room]


def description(form: VideoFormat) -> str:
    """The stream as SDP (RFC 8866; its parameters are those of RFC 6184, 8.2.1); its only track is ``trackID=0``."""
    sets = list(nal_units(form.extradata))
    known = f";sprop-parameter-sets={','.join(base64.b64encode(unit).decode() for unit in sets)}" if sets else ""
    profile = next((f";profile-level-id={unit[1:4].hex()}" for unit in sets if unit[0] & 0x1F == 7), "")
    lines = (
        "v=0",
        "o=- 0 0 IN IP4 127.0.0.1",
        "s=groupmood",
        "c=IN IP4 0.0.0.0",
        "t=0 0",
        f"m=video 0 RTP/AVP {PAYLOAD_TYPE}",
        f"a=rtpmap:{PAYLOAD_TYPE} H264/90000",
        f"a=fmtp:{PAYLOAD_TYPE} packetization-mode=1{profile}{known}",
        "a=control:trackID=0",
    )
    return "".join(f"{line}\r\n" for line in lines)
