"""Where else the annotated picture goes: a live stream in a folder, an RTSP server, a camera of this computer."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from streamer.config import Config, Output
from streamer.sinks.hls import Hls, check_hls_target
from streamer.sinks.rtsp_address import parse_push_target
from streamer.sinks.rtsp_push import RtspPush
from streamer.sinks.target import file_word
from streamer.stages import PacketSink, PictureSink


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
