"""Whether a window can be shown here. OpenCV aborts the whole process where it cannot: ask before."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from functools import cache

VARIABLES = ("DISPLAY", "WAYLAND_DISPLAY")

PROBE = "import cv2; cv2.namedWindow('groupmood')"
"""Run in a process of its own, which may die: a display that is named may be gone or refuse us, and OpenCV may lack
windows, their plug-in or a system library."""

PROBE_SECONDS = 20.0


def display_available(
    environment: Mapping[str, str] = os.environ, platform: str = sys.platform, probe: str = PROBE
) -> str | None:
    """None where a window can be shown; otherwise the reason, with what to do.

    The first asking takes about 0.3 s, because a small process tries it.
    """
    named = tuple(environment.get(variable, "") for variable in VARIABLES)
    if platform.startswith("linux") and not any(named):
        return (
            "no display: neither DISPLAY nor WAYLAND_DISPLAY is set; sit at the machine, connect with ssh -X, "
            "or write a file instead (--no-window --out FILE.mp4)"
        )
    return attempt(named, probe)


@cache
def attempt(named: tuple[str, ...], probe: str) -> str | None:
    """``named``: the values of VARIABLES; '' where one is not set."""
    others = {name: value for name, value in os.environ.items() if name not in VARIABLES}
    given = {name: value for name, value in zip(VARIABLES, named, strict=True) if value}
    try:
        tried = subprocess.run(
            [sys.executable, "-c", probe],
            env={**others, **given},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=PROBE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"the display {' '.join(given.values())} does not answer; use --no-window"
    return None if tried.returncode == 0 else reason(tried.stderr, " ".join(given.values()))


def reason(errors: str, display: str) -> str:
    """One line for what OpenCV said on its way out."""
    lines = [line.strip() for line in errors.splitlines() if line.strip()]
    if "could not connect to display" in errors:
        return f"the display {display!r} cannot be reached; is it running, and may this user draw on it?"
    if "not implemented" in errors:
        return (
            "this OpenCV was built without windows (opencv-python-headless lies over it); "
            "pip uninstall opencv-python-headless, then pip install --force-reinstall opencv-contrib-python"
        )
    if "cannot open shared object file" in errors:
        library = next(line for line in lines if "cannot open shared object file" in line)
        return f"OpenCV lacks a system library ({library}); on Debian: apt-get install libgl1 libglib2.0-0"
    return f"a window cannot be opened: {lines[-1] if lines else 'OpenCV died without a word'}"
