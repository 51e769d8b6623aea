"""From an address to the source that reads it."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Literal

from streamer.config import Source as SourceSettings
from streamer.errors import ConfigError
from streamer.inlet import Inlet
from streamer.sources.address import Address, parse
from streamer.sources.capture import CaptureSource
from streamer.sources.file import FileSource
from streamer.sources.paced import Limited, Paced
from streamer.sources.reconnect import Live, Reconnecting
from streamer.sources.synthetic import SyntheticSource
from streamer.stages import Source
from streamer.states import CameraState
from streamer.zones import ZonedSource

ENCRYPTED = ("rtsps://", "https://")
"""How addresses begin behind which a camera shows a certificate."""

OnState = Callable[[str, CameraState, str, str], None]
"""Told the name of a source, its new state, the reason and what to do."""


def unheard(source: str, state: CameraState, reason: str, fix: str) -> None:
    """For whom the states of cameras are of no interest."""


@dataclass(frozen=True, slots=True)
class Opening:
    """How the sources of a run are opened: ``stop`` ends their waiting; ``paced``: somebody watches a file;
    ``seconds`` at most. ``first``: whether a camera that cannot be opened at the start ends it, or is waited for."""

    stop: threading.Event
    paced: bool = False
    seconds: float | None = None
    first: Literal["raise", "retry"] = "raise"
    on_state: OnState = unheard
    inlets: Mapping[str, Inlet] = field(default_factory=dict)


def address_of(settings: SourceSettings) -> Address:
    """
    Raises:
        ConfigError: no source can have such an address.
    """
    return parse(settings.address.get_secret_value())


def source(name: str, settings: SourceSettings, opening: Opening) -> Source:
    """The source at an address, brought back when it is a camera, paced when somebody watches a file.

    Raises:
        ConfigError: nothing can be read from such an address.
    """
    address = address_of(settings)
    if settings.ca is not None and not (address.kind == "url" and address.value.lower().startswith(ENCRYPTED)):
        raise ConfigError(f"sources.{name}.ca: is for cameras at {' or '.join(ENCRYPTED)} alone; leave it out")
    made = opened_at(name, address, settings, opening)
    if settings.zones:
        made = ZonedSource(made, settings.zones)
    if not made.live and opening.paced:
        made = Paced(made, opening.stop.wait)
    return made if opening.seconds is None else Limited(made, opening.seconds)


def opened_at(name: str, address: Address, settings: SourceSettings, opening: Opening) -> Source:
    if address.kind == "file":
        return FileSource(Path(address.value), name=name)
    if address.kind == "synthetic":
        return SyntheticSource(address.value, name=name, wait=opening.stop.wait)
    if address.kind == "webrtc":
        return brought(name, settings, opening)
    if address.kind == "lavfi":  # a graph ends when it is meant to; a camera that ends was unplugged
        return captured(name, address, settings)
    capture, told = live(name, address, settings, opening.stop), partial(opening.on_state, name)
    return Reconnecting(capture, opening.stop, on_state=told, first=opening.first)


def live(name: str, address: Address, settings: SourceSettings, stop: threading.Event) -> Callable[[], Live]:
    if address.kind == "url":
        from streamer.sources.rtsp import RtspSource

        ca = believed(name, settings.ca)
        return partial(RtspSource, address.value, name=name, stall=settings.stall, stopped=stop.is_set, ca=ca)
    if address.kind == "screen":
        from streamer.sources.screen import ScreenSource

        if settings.size is not None:
            raise ConfigError(f"{name}: a screen has the size it has; name a part of it: screen:1280x720+100+50")
        return partial(ScreenSource, address.value, fps=settings.fps or 15.0, name=name)
    return partial(captured, name, address, settings)


def believed(name: str, ca: Path | None) -> Path | None:
    """Who must have signed a camera's certificate.

    Raises:
        ConfigError: the file cannot be read, or no certificate is in it.
    """
    try:
        if ca is not None:
            ssl.create_default_context(cafile=ca)
    except ssl.SSLError:
        raise ConfigError(f"sources.{name}.ca: {ca} holds no certificate; give the one of the CA, in PEM") from None
    except OSError as error:
        raise ConfigError(f"sources.{name}.ca: {ca} cannot be read: {error.strerror}") from None
    return ca


def captured(name: str, address: Address, settings: SourceSettings) -> CaptureSource:
    """A camera of this computer, or a graph that stands for one."""
    return CaptureSource(address, size=settings.size, fps=settings.fps, mirror=settings.mirror, name=name)


def brought(name: str, settings: SourceSettings, opening: Opening) -> Source:
    """
    Raises:
        ConfigError: nobody can bring a picture, because there is no server.
    """
    inlet = opening.inlets.get(name)
    if inlet is None:
        raise ConfigError(f"{name}: webrtc: needs the server: say 'groupmood serve' in place of 'groupmood run'")
    from streamer.sources.webrtc import WebRtcSource

    return WebRtcSource(inlet, mirror=settings.mirror, stop=opening.stop)
