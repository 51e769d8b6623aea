"""Libraries of the operating system that the wheels of OpenCV and MediaPipe load but do not carry.

Only the standard library, so that tools/bootstrap.py can ask before anything is installed. Linux only: the wheels for
macOS and Windows bring all they need.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Library:
    """A shared library, who loads it, and the package that brings it, by package manager."""

    file: str
    wanted_by: str
    apt: str
    dnf: str
    pacman: str


IMPORTS = (
    Library("libGL.so.1", "OpenCV", "libgl1", "libglvnd-glx", "libglvnd"),
    Library("libgthread-2.0.so.0", "OpenCV", "libglib2.0-0", "glib2", "glib2"),
    Library("libEGL.so.1", "MediaPipe", "libegl1", "libglvnd-egl", "libglvnd"),
    Library("libGLESv2.so.2", "MediaPipe", "libgles2", "libglvnd-gles", "libglvnd"),
)
"""Without these the import of cv2 or mediapipe fails. Read off the NEEDED entries of opencv-contrib-python 4.11 and
mediapipe 1.2 for Linux."""

WINDOW = (
    Library("libSM.so.6", "OpenCV's window", "libsm6", "libSM", "libsm"),
    Library("libICE.so.6", "OpenCV's window", "libice6", "libICE", "libice"),
    Library("libXext.so.6", "OpenCV's window", "libxext6", "libXext", "libxext"),
)
"""Without these OpenCV's window ends the process (Qt's xcb plugin cannot be loaded)."""

COMMANDS = {"apt": "apt-get install -y", "dnf": "dnf install -y", "pacman": "pacman -S --needed"}
FAMILIES = {
    "debian": "apt",
    "ubuntu": "apt",
    "fedora": "dnf",
    "rhel": "dnf",
    "centos": "dnf",
    "arch": "pacman",
}


def missing(wanted: Sequence[Library], load: Callable[[str], object] = ctypes.CDLL) -> tuple[Library, ...]:
    """Those of the libraries that the loader cannot find."""
    return tuple(library for library in wanted if not loads(library.file, load))


def loads(file: str, load: Callable[[str], object]) -> bool:
    try:
        load(file)
    except OSError:
        return False
    return True


def remedy(lacking: Sequence[Library], release: Mapping[str, str], root: bool) -> str:
    """The one line that installs what is lacking, for the system that ``release`` (``os_release()``) describes.

    A system we do not know gets Debian's line, whose names are the ones most easily searched for.
    """
    likes = [release.get("ID", ""), *release.get("ID_LIKE", "").split()]
    manager = next((FAMILIES[like] for like in likes if like in FAMILIES), "apt")
    packages = sorted({str(getattr(library, manager)) for library in lacking})
    return f"{'' if root else 'sudo '}{COMMANDS[manager]} {' '.join(packages)}"


def os_release(path: Path = Path("/etc/os-release")) -> dict[str, str]:
    """The fields of os-release(5); {} where there is no such file."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = (line.partition("=") for line in lines if "=" in line)
    return {key.strip(): value.strip().strip("\"'") for key, _, value in pairs}
