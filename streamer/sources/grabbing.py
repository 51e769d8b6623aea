"""How each operating system's screen is opened through the media library.

What follows ``screen:`` in an address:

* nothing: the whole screen (of X11: the display that DISPLAY names)
* ``1280x720+100+50``: a region, width × height at x, y from the top left corner, in pixels (X11, Windows)
* ``window=TITLE``: a window (Windows: its title; X11: its number, as ``xwininfo`` tells it)
* ``1``: another screen, counted from 0 (macOS)
"""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from streamer.errors import ConfigError, SourceError, SourceLost
from streamer.sources.devices import Attempt

_REGION = re.compile(r"(\d+)x(\d+)\+(\d+)\+(\d+)")
_SYNTAX = "screen: (all of it), screen:1280x720+100+50 (a region: size and top left corner), screen:window=TITLE"
_SHARE = "share the window through a browser instead: groupmood serve, then its page Meeting"


@dataclass(frozen=True, slots=True)
class Area:
    """A part of a screen: ``region`` (width, height, x, y) in pixels, a ``window`` or the whole of ``screen``."""

    region: tuple[int, int, int, int] | None = None
    window: str = ""
    screen: int | None = None


def parse_area(value: str) -> Area:
    """What follows ``screen:`` in an address.

    Raises:
        ConfigError: it is none of the forms above.
    """
    value = value.strip()
    if not value:
        return Area()
    if value.isdecimal():
        return Area(screen=int(value))
    word, equals, title = value.partition("=")
    if equals and word.strip() == "window" and title.strip():
        return Area(window=title.strip())
    match = _REGION.fullmatch(value.replace("×", "x"))
    if match is None:
        raise ConfigError(f"screen:{value} is no part of a screen; expected {_SYNTAX}")
    width, height, x, y = (int(number) for number in match.groups())
    if width < 16 or height < 16:
        raise ConfigError(f"screen:{value}: a region of {width} × {height} is too small; take 16 × 16 at least")
    return Area((width, height, x, y))


def attempt_of(area: Area, fps: float, environ: Mapping[str, str], platform: str) -> Attempt:
    """How to open it on ``platform`` (as in sys.platform).

    Raises:
        ConfigError: that system cannot show this part of its screen.
        SourceError: there is no screen that may be seen.
    """
    rate = {"framerate": str(Fraction(fps).limit_denominator(1001))}
    if area.screen and platform != "darwin":
        raise ConfigError(f"screen:{area.screen}: only macOS counts its screens; elsewhere give {_SYNTAX}")
    if platform == "darwin":
        return _mac(area, rate)
    rate["fpsprobesize"] = "0"  # the rate is known; else the first half second of pictures would be old ones
    return _windows(area, rate) if platform == "win32" else _x11(area, rate, environ)


def _mac(area: Area, rate: dict[str, str]) -> Attempt:
    if area.region or area.window:
        raise ConfigError(f"macOS shows whole screens only: screen: or screen:1; for a part of one {_SHARE}")
    return Attempt("avfoundation", f"Capture screen {area.screen or 0}:none", rate)


def _windows(area: Area, rate: dict[str, str]) -> Attempt:
    if area.window:
        return Attempt("gdigrab", f"title={area.window}", rate)
    if area.region is None:
        return Attempt("gdigrab", "desktop", rate)
    width, height, x, y = area.region
    place = {"video_size": f"{width}x{height}", "offset_x": str(x), "offset_y": str(y)}
    return Attempt("gdigrab", "desktop", rate | place)


def _x11(area: Area, rate: dict[str, str], environ: Mapping[str, str]) -> Attempt:
    if environ.get("WAYLAND_DISPLAY"):
        raise SourceError(
            f"screen: this is a Wayland session, which lets no program read the screen; {_SHARE}, or log in to an "
            "X11 session"
        )
    display = environ.get("DISPLAY", "")
    if not display:
        raise SourceError(f"screen: there is no X11 display (DISPLAY is not set); run it on the desktop, or {_SHARE}")
    if area.window:
        return Attempt("x11grab", display, rate | {"window_id": str(_window_number(area.window))})
    if area.region is None:
        return Attempt("x11grab", display, rate)
    width, height, x, y = area.region
    return Attempt("x11grab", f"{display}+{x},{y}", rate | {"video_size": f"{width}x{height}"})


def _window_number(text: str) -> int:
    try:
        return int(text, 0)
    except ValueError:
        raise ConfigError(
            f"screen:window={text}: X11 knows windows by number; ask xwininfo and click on it, then give "
            "screen:window=0x3a00007"
        ) from None


def refusal(name: str, attempt: Attempt, error: Exception) -> SourceError:
    """What to say of a screen that would not open; SourceLost where trying again may help."""
    reason = f"{name} cannot be opened: {getattr(error, 'strerror', None) or error}"
    if attempt.format == "gdigrab":
        return SourceError(f"{reason}; is there a window of exactly that title, or the region within the screen?")
    if attempt.format == "avfoundation":
        return SourceError(f"{reason}; allow it: System Settings, Privacy & Security, Screen & System Audio Recording")
    display = attempt.file.partition("+")[0]
    if getattr(error, "errno", None) == errno.EIO:
        return SourceLost(f"{reason}; is the display {display} running, and may this user see it (XAUTHORITY)?")
    if "window_id" in attempt.options:
        return SourceError(f"{reason}; is the window still open? ask xwininfo for its number")
    return SourceError(f"{reason}; does the region lie within the display {display}? ask xdpyinfo for its size")
