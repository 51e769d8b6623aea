"""How each operating system's cameras, and lavfi graphs, are opened through the media library; one code path."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

import av
from av.container import InputContainer

from streamer.errors import ConfigError, SourceError, SourceLost
from streamer.sources.address import Address, redact
from streamer.sources.cameras import cameras, describe

_ABSENT = (errno.ENOENT, errno.ENXIO, errno.ENODEV)
_EXAMPLE = "lavfi:testsrc2=size=640x360:rate=30,realtime"


@dataclass(frozen=True, slots=True)
class Wish:
    """What is asked of a camera; it gives what it has that is nearest. ``size`` width and height in pixels."""

    size: tuple[int, int] | None = None
    fps: float | None = None


@dataclass(frozen=True, slots=True)
class Attempt:
    """One way to open an input: the library's device format, what it calls the device, and options."""

    format: str
    file: str
    options: Mapping[str, str] = field(default_factory=dict)


def attempts(address: Address, wish: Wish, platform: str = sys.platform) -> tuple[Attempt, ...]:
    """The ways to try, best first.

    Raises:
        ConfigError: it is no camera or graph, or a size is wished of a graph, which has its own.
        SourceError: Windows names its cameras, and there is none of that number.
    """
    options = _options(wish)
    if address.kind == "lavfi":
        if options:
            raise ConfigError(f"size and fps of a lavfi source are set in its graph, as in {_EXAMPLE}")
        return (Attempt("lavfi", address.value),)
    if address.kind not in ("camera", "device"):
        raise ConfigError(f"{address} is not a camera; cameras are named by number (0), /dev/videoN or video=NAME")
    if platform == "darwin":
        return (Attempt("avfoundation", f"{address.value}:none", {"framerate": "30", **options}),)
    if platform == "win32":
        return (Attempt("dshow", _windows_name(address), options),)
    file = f"/dev/video{address.value}" if address.kind == "camera" else address.value
    # Compressed first: uncompressed pictures of 720p pass USB 2 at 10 a second only.
    return (Attempt("v4l2", file, {"input_format": "mjpeg", **options}), Attempt("v4l2", file, options))


def open_device(address: Address, wish: Wish) -> InputContainer:
    """The first attempt that succeeds.

    Raises:
        SourceLost: the camera is absent or busy; it may be there later.
        SourceError: it cannot be opened; the message says what to do.
    """
    ways = attempts(address, wish)
    for attempt in ways:
        try:
            return av.open(attempt.file, format=attempt.format, options=dict(attempt.options))
        except av.error.ArgumentError as error:  # the camera has no such picture format: ask for less
            if attempt is ways[-1]:
                raise refusal(address, error) from None
        except (av.FFmpegError, ValueError) as error:
            raise refusal(address, error) from None
    raise SourceError(f"{address} cannot be opened")


def refusal(address: Address, error: Exception) -> SourceError:
    """What to say of an input that would not open; SourceLost where trying again may help."""
    number = getattr(error, "errno", None)
    if address.kind == "lavfi":
        return SourceError(f"the lavfi graph {redact(address.value)!r} cannot be opened; check it, as in {_EXAMPLE}")
    if number in _ABSENT:
        return SourceLost(f"{address} is not there; cameras found: {describe(cameras())}; plug it in or name another")
    if number == errno.EBUSY:
        return SourceLost(f"{address} is in use by another program; close that program")
    if number in (errno.EACCES, errno.EPERM):
        return SourceError(f"{address} may not be opened; {_PERMISSION.get(sys.platform, _PERMISSION['linux'])}")
    reason = redact(getattr(error, "strerror", None) or str(error))
    return SourceError(f"{address} cannot be opened as a camera: {reason}; cameras found: {describe(cameras())}")


_PERMISSION = {
    "linux": "add yourself to its group: sudo usermod -aG video $USER, then log in again",
    "darwin": "allow it: System Settings, Privacy & Security, Camera",
    "win32": "allow it: Settings, Privacy & security, Camera",
}


def _options(wish: Wish) -> dict[str, str]:
    options = {}
    if wish.size is not None:
        options["video_size"] = f"{wish.size[0]}x{wish.size[1]}"
    if wish.fps is not None:
        options["framerate"] = str(Fraction(wish.fps).limit_denominator(1001))
    return options


def _windows_name(address: Address) -> str:
    if address.kind == "device":
        return address.value
    found = cameras()
    if int(address.value) >= len(found):
        raise SourceLost(f"{address} is not there; cameras found: {describe(found)}; plug it in or name another")
    return f"video={found[int(address.value)].device}"
