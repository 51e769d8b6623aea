"""Looks at a video file before anything is read from it, so that what is wrong with it is said in one clear line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import av
from av.container import InputContainer

from streamer.errors import SourceError
from streamer.sources.decoding import Decoding
from streamer.sources.picture import quarter_turns
from streamer.sources.regular import check_regular, printable

FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,h264,hevc,av1,obu,ivf,m4v,mjpeg,flv,asf,ogg,nut,mxf,dv,rm,gif,yuv4mpegpipe"
)
"""Containers that hold their video themselves. A playlist (ffconcat, m3u8, sdp), whatever it is called, would make the
library open other files and hosts."""

PICTURES = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True, slots=True)
class Facts:
    """What a container says of its video; it may be wrong about it.

    ``width`` and ``height`` in pixels as the picture is stored, before ``rotation`` (degrees counter-clockwise: 0, 90,
    180, 270) is applied; ``rate`` average frames a second; ``duration`` seconds; ``frames`` their number; each None
    where it is not known.
    """

    codec: str
    width: int
    height: int
    rate: float | None
    duration: float | None
    frames: int | None
    rotation: int
    pixel_format: str


def facts(path: Path) -> Facts:
    """What there is to know of a video file, its first picture decoded to be sure that one can be.

    Raises:
        SourceError: it cannot be used as a video; the message says why.
    """
    decoding = open_video(path)
    try:
        picture = next(decoding.pictures(), None)
        if picture is not None:
            return facts_of(decoding, picture)
    except av.FFmpegError as error:
        raise SourceError(unreadable(path, error)) from None
    finally:
        decoding.close()
    raise SourceError(no_pictures(path))


def facts_of(decoding: Decoding, picture: av.VideoFrame) -> Facts:
    """Of a stream that is open and one of its pictures."""
    return Facts(
        codec=decoding.stream.codec_context.name,
        width=picture.width,
        height=picture.height,
        rate=decoding.rate,
        duration=decoding.duration,
        frames=decoding.stream.frames or None,
        rotation=quarter_turns(picture) * 90,
        pixel_format=picture.format.name,
    )


def open_video(path: Path) -> Decoding:
    """The video file, opened; to be closed by the caller.

    Raises:
        SourceError: it is missing, not a regular file, unreadable, empty, no video, without pictures or too large.
    """
    check_regular(path)
    return Decoding(_open(path), printable(path))


def unreadable(path: Path, error: Exception) -> str:
    """Why the library could not read it. It says the same of empty, foreign and cut off files: so do we."""
    name = printable(path)
    if isinstance(error, av.error.ArgumentError):  # the answer to a container that is not in FORMATS
        if path.suffix.lower() in PICTURES:
            return f"{name} is a picture, not a video; use 'groupmood analyze {name}'"
        return f"{name} is a playlist or another kind of file that is not opened as a video; give the video itself"
    if isinstance(error, av.error.InvalidDataError):
        return f"{name} is not a video that can be read, or it is damaged or cut off"
    return f"{name} cannot be read: {getattr(error, 'strerror', None) or type(error).__name__}"


def no_pictures(path: Path) -> str:
    return f"{printable(path)}: no picture in it can be decoded; it is damaged or cut off"


def _open(path: Path) -> InputContainer:
    options = {"protocol_whitelist": "file", "format_whitelist": FORMATS}
    try:
        # "file:" keeps a name such as "concat:a|b" or "http:x" from being taken for a protocol.
        return av.open(f"file:{path}", options=options)
    except (av.FFmpegError, ValueError) as error:
        raise SourceError(unreadable(path, error)) from None
