"""How the stream of a network camera is opened through the media library, and what its refusals mean."""

from __future__ import annotations

import errno
from pathlib import Path

import av
from av.container import InputContainer

from streamer.errors import SourceError, SourceLost
from streamer.sources.address import redact
from streamer.sources.decoding import Decoding

LONGEST_READ = 5.0
"""Seconds that one read may wait, however patient the source is, so that a stop is heeded."""


def open_stream(url: str, name: str, stall: float, ca: Path | None = None) -> Decoding:
    """The opened video of a camera; each answer may take half of ``stall`` seconds. ``ca``: who must have signed its
    certificate, in PEM, for rtsps and https; without it whoever answers is believed, as cameras mostly sign their own.

    Raises:
        SourceLost: it does not answer, now.
        SourceError: address, password or format are wrong; the message says what to do, without the address.
    """
    scheme, _, rest = url.partition("://")
    try:
        # No read timeout of av's own: its check would take the interpreter's lock at each read of the socket, and a
        # busy thread would then throttle the camera. While nothing is set, as after the opening, it costs nothing.
        container = av.open(
            f"{scheme.lower()}://{rest}", options=options(scheme.lower(), stall, ca), timeout=(stall, None)
        )
    except (av.FFmpegError, ValueError) as error:
        raise refusal(name, error, ca) from None
    return decodable(container, name)


def options(scheme: str, stall: float, ca: Path | None = None) -> dict[str, str]:
    """For RTSP over TCP, video only; for HTTP motion JPEG, whose pictures have no times but those of their coming.

    Nothing but the camera's own protocol is followed, so that an answer cannot lead to files or other machines' pages.
    """
    wait = str(round(longest_read(stall) * 1_000_000))
    trust = {} if ca is None else {"tls_verify": "1", "ca_file": str(ca)}
    if scheme in ("rtsp", "rtsps"):
        return {
            "rtsp_transport": "tcp",
            "allowed_media_types": "video",
            "fpsprobesize": "0",
            "timeout": wait,
            "protocol_whitelist": "rtsp,tcp" if scheme == "rtsp" else "rtsp,tls,tcp",
            "format_whitelist": "rtsp",
            **trust,
        }
    return {
        "rw_timeout": wait,
        "fpsprobesize": "0",
        "use_wallclock_as_timestamps": "1",
        "protocol_whitelist": "http,tcp" if scheme == "http" else "https,tls,tcp",
        "format_whitelist": "mpjpeg",
        **trust,
    }


def longest_read(stall: float) -> float:
    """Seconds that a read, or the answer to a request, may take."""
    return min(stall / 2, LONGEST_READ)


def decodable(container: InputContainer, name: str) -> Decoding:
    """
    Raises:
        SourceError: there is no video in it, or none that can be decoded; the container is closed then.
    """
    unknown = [stream for stream in container.streams.video if not getattr(stream.codec_context, "name", "")]
    if unknown:
        container.close()
        raise SourceError(f"{name} sends video in a format that cannot be decoded; set the camera to H.264 or H.265")
    return Decoding(container, name)


def refusal(name: str, error: Exception, ca: Path | None = None) -> SourceError:
    """What to say of a camera that would not open, without its address; SourceLost where trying again may help.
    ``ca``: who must have signed its certificate."""
    number = getattr(error, "errno", None)
    match error:
        case av.error.HTTPUnauthorizedError() | av.error.HTTPForbiddenError():
            return SourceError(
                f"{name} refused the user name or the password; put the right ones into its address, "
                "which is best kept in the environment: address: ${CAMERA_URL}"
            )
        case av.error.HTTPNotFoundError():
            return SourceError(f"{name} has no such stream; check the path at the end of its address")
        case av.error.ConnectionRefusedError():
            return SourceLost(f"{name} refuses connections; check that it is on, and the port in its address")
        case av.error.TimeoutError() | av.error.ExitError() | av.error.InvalidDataError():
            return SourceLost(
                f"{name} does not answer as a camera; check that it is on and in the network; "
                "a slow one needs a longer stall than it has"
            )
        case av.error.ProtocolNotFoundError() | ValueError():  # of which many errors above are kinds
            return SourceError(f"{name} cannot be opened at this address; it should be like rtsp://host:554/path")
    if number == errno.EIO and ca is not None:
        return SourceLost(
            f"{name} cannot be reached, or its certificate is not believed; check that it is connected, "
            f"that {ca.name} signed its certificate, and that this has the name or number in its address"
        )
    if number in (errno.EIO, errno.ENETUNREACH, errno.EHOSTUNREACH):
        return SourceLost(f"{name} cannot be found in the network; check its name or number and that it is connected")
    return SourceLost(f"{name} cannot be opened now ({redact(reason_of(error))}); it is tried again")


def reason_of(error: Exception) -> str:
    """The library's words without the address that it adds to them."""
    return getattr(error, "strerror", None) or type(error).__name__
