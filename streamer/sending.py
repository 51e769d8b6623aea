"""Where else the annotated picture goes: a live stream in a folder, an RTSP server, a camera of this computer."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from streamer.config import Config, Output
from streamer.overlay.faceless import faceless
from streamer.sinks.hls import Hls, check_hls_target
from streamer.sinks.rtsp_address import parse_push_target
from streamer.sinks.rtsp_push import RtspPush
from streamer.sinks.target import file_word
from streamer.sinks.window import as_shown
from streamer.sources.address import parse
from streamer.stages import PacketSink, PictureSink, Veil
from streamer.types import Frame, FrameResult

HARMLESS = frozenset({"file", "synthetic"})
"""Kinds of address whose pictures the user has already, or that show nobody."""


def check_sending(config: Config) -> None:
    """
    Raises:
        SinkError: the folder cannot be written, the address is none that can be pushed to, or pyvirtualcam is lacking.
    """
    if config.output.push is not None:
        parse_push_target(config.output.push.get_secret_value())
    for name in config.sources:
        if (folder := folder_of(config, name)) is not None:
            check_hls_target(folder)
    if config.output.virtual_camera:
        from streamer.sinks.virtual_camera import check_virtual_camera

        check_virtual_camera()


def packet_sinks(config: Config, name: str) -> tuple[PacketSink, ...]:
    """Those that take the encoded picture of one source."""
    folder, url = folder_of(config, name), push_of(config, name)
    return (*([Hls(folder)] if folder else []), *([RtspPush(url)] if url else []))


def picture_sinks(output: Output, number: int) -> tuple[PictureSink, ...]:
    """Those that take the picture as it is; there is one virtual camera, which the first source has."""
    if not output.virtual_camera or number:
        return ()
    from streamer.sinks.virtual_camera import VirtualCamera

    return (VirtualCamera(output.virtual_camera if isinstance(output.virtual_camera, str) else None),)


def veil(config: Config, name: str) -> Veil:
    """When a source's faces are blurred for those who keep its picture; never where the user says what is blurred."""
    address = parse(config.sources[name].address.get_secret_value())
    if config.overlay.blur is not None or address.kind in HARMLESS:
        return "never"
    output = config.output
    return "always" if output.video or output.hls or output.push or output.virtual_camera else "recording"


def snapshot(config: Config) -> Callable[[Frame, FrameResult], Frame]:
    """What a snapshot saves of the window's picture, which is the first source's."""
    return as_shown if veil(config, next(iter(config.sources))) == "never" else faceless


def folder_of(config: Config, name: str) -> Path | None:
    """Of several sources each has a folder of its own name."""
    folder = config.output.hls
    return folder.with_name(f"{folder.name}-{file_word(name)}") if folder and len(config.sources) > 1 else folder


def push_of(config: Config, name: str) -> str | None:
    """Of several sources each has a path of its own name behind the address."""
    if config.output.push is None:
        return None
    url = config.output.push.get_secret_value()
    if len(config.sources) == 1:
        return url
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/{file_word(name)}"))
