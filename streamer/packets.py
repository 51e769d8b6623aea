"""What goes from the encoder to whoever sends or keeps encoded video."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True)
class VideoFormat:
    """What a packet sink must know before the first packet. ``extradata``: SPS and PPS (Annex B)."""

    codec: str
    width: int
    height: int
    rate: Fraction
    extradata: bytes


@dataclass(frozen=True, slots=True)
class Packet:
    """One encoded picture. ``pts`` and ``dts`` in 1/90 000 s; a gap in ``sequence`` means that packets were lost."""

    data: bytes
    pts: int
    dts: int
    keyframe: bool
    sequence: int
    format: VideoFormat
