"""What the system lacks is found, and one line installs it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from streamer.libraries import IMPORTS, WINDOW, missing, os_release, remedy

DEBIAN = {"ID": "debian"}
UBUNTU = {"ID": "linuxmint", "ID_LIKE": "ubuntu debian"}
FEDORA = {"ID": "rocky", "ID_LIKE": "rhel centos fedora"}
ARCH = {"ID": "arch"}


def loader(*absent: str) -> Callable[[str], object]:
    """A loader that knows all libraries but these."""

    def load(file: str) -> object:
        if file in absent:
            raise OSError(f"{file}: cannot open shared object file")
        return object()

    return load


def test_only_what_is_missing_is_missing() -> None:
    assert missing(IMPORTS + WINDOW, loader()) == ()
    lacking = missing(IMPORTS + WINDOW, loader("libEGL.so.1", "libSM.so.6", "libother.so"))
    assert [library.file for library in lacking] == ["libEGL.so.1", "libSM.so.6"]


@pytest.mark.parametrize(
    ("release", "root", "line"),
    [
        (DEBIAN, True, "apt-get install -y libegl1 libgl1 libgles2 libglib2.0-0"),
        (UBUNTU, False, "sudo apt-get install -y libegl1 libgl1 libgles2 libglib2.0-0"),
        (FEDORA, False, "sudo dnf install -y glib2 libglvnd-egl libglvnd-gles libglvnd-glx"),
        (ARCH, False, "sudo pacman -S --needed glib2 libglvnd"),
        ({}, True, "apt-get install -y libegl1 libgl1 libgles2 libglib2.0-0"),
    ],
)
def test_one_line_installs_what_is_missing(release: dict[str, str], root: bool, line: str) -> None:
    assert remedy(IMPORTS, release, root) == line


def test_os_release_is_read(tmp_path: Path) -> None:
    file = tmp_path / "os-release"
    file.write_text("ID=ubuntu\nID_LIKE=\"debian\"\n\n# comment\nNAME='Ubuntu = good'\n")
    assert os_release(file) == {"ID": "ubuntu", "ID_LIKE": "debian", "NAME": "Ubuntu = good"}
    assert os_release(tmp_path / "absent") == {}
