"""The way from a bare Python to the running product, without the network."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import bootstrap

ROOT = Path(__file__).parent.parent
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

# --- what fits


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 9)])
def test_a_supported_python_passes(version: tuple[int, ...]) -> None:
    bootstrap.check_python(version)


@pytest.mark.parametrize("version", [(3, 10, 14), (3, 13, 0), (2, 7, 18)])
def test_another_python_is_told_what_to_install(version: tuple[int, ...]) -> None:
    with pytest.raises(bootstrap.Unfit, match=r"needs Python 3\.11 or 3\.12; this is") as caught:
        bootstrap.check_python(version)
    assert ".".join(map(str, version)) in str(caught.value)
    assert "apt-get install -y python3.12" in str(caught.value)


def test_the_pythons_are_those_of_the_project() -> None:
    assert SETTINGS["project"]["requires-python"] == ">=3.11,<3.13"
    assert bootstrap.SUPPORTED == ((3, 11), (3, 12))


@pytest.mark.parametrize(
    ("system", "machine", "libc"),
    [("Linux", "x86_64", "glibc"), ("Linux", "aarch64", "glibc"), ("Darwin", "arm64", ""), ("Windows", "AMD64", "")],
)
def test_a_supported_machine_passes(system: str, machine: str, libc: str) -> None:
    bootstrap.check_machine(system, machine, libc)


@pytest.mark.parametrize(
    ("system", "machine", "libc", "named"),
    [
        ("Linux", "x86_64", "", "Linux x86_64 without glibc"),
        ("Linux", "armv7l", "glibc", "Linux armv7l"),
        ("Darwin", "x86_64", "", "Darwin x86_64"),
        ("Windows", "ARM64", "", "Windows ARM64"),
        ("FreeBSD", "amd64", "", "FreeBSD amd64"),
    ],
)
def test_another_machine_is_named(system: str, machine: str, libc: str, named: str) -> None:
    with pytest.raises(bootstrap.Unfit, match=rf"this is {named}\."):
        bootstrap.check_machine(system, machine, libc)


# --- the stamp


def test_a_stamp_serves_what_was_installed_with_it() -> None:
    assert bootstrap.is_ready("core abc", "abc", dev=False)
    assert bootstrap.is_ready("dev abc", "abc", dev=False)
    assert bootstrap.is_ready("dev abc", "abc", dev=True)
    assert not bootstrap.is_ready("core abc", "abc", dev=True)
    assert not bootstrap.is_ready("core old", "abc", dev=False)
    assert not bootstrap.is_ready("installing", "abc", dev=False)
    assert not bootstrap.is_ready("", "abc", dev=False)


@pytest.mark.parametrize("name", ["pyproject.toml", "requirements.lock"])
def test_the_stamp_ends_with_what_it_was_made_of(tmp_path: Path, name: str) -> None:
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pyproject.toml").write_text("a")
        (tmp_path / folder / "requirements.lock").write_text("b")
    before = bootstrap.digest(tmp_path / "one")
    assert bootstrap.digest(tmp_path / "one") == before
    assert bootstrap.digest(tmp_path / "two") != before
    (tmp_path / "one" / name).write_text("c")
    assert bootstrap.digest(tmp_path / "one") != before


# --- pip's output

PIP = """\
Looking in indexes: simple
Ignoring colorama: markers 'sys_platform == "win32"' don't match your environment
Collecting av==18.1.0 (from -r core.lock (line 1))
  Downloading av-18.1.0-cp311-abi3-manylinux_2_28_x86_64.whl (31 MB)
Progress 524288 of 31000000
Processing /wheels/scikit_image-0.26.0-cp311-cp311-linux_x86_64.whl (from -r core.lock (line 9))
Requirement already satisfied: numpy==1.26.4 in ./lib (from -r core.lock (line 20)) (1.26.4)
Installing collected packages: av, scikit_image
Successfully installed av-18.1.0 scikit_image-0.26.0
"""


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_without_a_terminal_pip_says_a_line_a_package() -> None:
    out = io.StringIO()
    progress = bootstrap.Progress(4, out)
    for line in PIP.splitlines(keepends=True):
        progress.feed(line)
    progress.close()
    assert out.getvalue().splitlines() == [
        "  [1/3] av 18.1.0",
        "  [2/3] scikit_image 0.26.0",
        "  [3/3] numpy 1.26.4",
        "  unpacking 2 packages",
    ]


def test_on_a_terminal_one_line_is_written_over_and_in_the_end_gone() -> None:
    out = Terminal()
    progress = bootstrap.Progress(4, out)
    for line in PIP.splitlines(keepends=True)[:5]:
        progress.feed(line)
    assert "\n" not in out.getvalue()
    assert re.search(r"\r\x1b\[K  \[1/3\] av 18\.1\.0  0 s$", out.getvalue())
    progress.close()
    assert out.getvalue().endswith("\r\x1b[K")


# --- the script itself, in a tree of its own

BACKEND = """
import zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    name, info = "tiny-1-py3-none-any.whl", "tiny-1.dist-info/"
    with zipfile.ZipFile(folder + "/" + name, "w") as wheel:
        wheel.writestr("tiny.pth", ROOT)
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: tiny\\nVersion: 1\\n")
        wheel.writestr(info + "WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(info + "RECORD", "")
    return name
"""
STUB = "import os, sys; print('ran', {name!r}, sys.argv[1:], os.getcwd() == {root!r}); sys.exit(7)"


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A project that needs no packages, whose commands say that they ran and leave with 7."""
    root = tmp_path / "tree"
    (root / "tools").mkdir(parents=True)
    (root / "streamer").mkdir()
    script = (ROOT / "tools/bootstrap.py").read_text(encoding="utf-8")
    # without an index pip stays the one that Python brings, which may be too old to know "raw"
    (root / "tools/bootstrap.py").write_text(script.replace('"raw"', '"off"'), encoding="utf-8")
    shutil.copy(ROOT / "streamer/libraries.py", root / "streamer")
    for name in ("streamer/__main__.py", "tools/check.py"):
        (root / name).write_text(STUB.format(name=name, root=str(root)))
    for name in ("streamer/__init__.py", "tools/__init__.py"):
        (root / name).touch()
    (root / "requirements.lock").write_text("# == build ==\n# == core ==\n# == dev ==\n")
    (root / "pyproject.toml").write_text(
        '[project]\nname = "tiny"\nversion = "1"\n'
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    (root / "backend.py").write_text(BACKEND.replace("ROOT", repr(str(root))))
    return root


def start(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the script from the folder above its tree, without an index."""
    command = [sys.executable, str(root / "tools/bootstrap.py"), *arguments]
    environment = {"PATH": "/usr/bin:/bin", "PIP_NO_INDEX": "1", "HOME": str(root.parent)}
    return subprocess.run(
        command, check=False, capture_output=True, text=True, timeout=100, cwd=root.parent, env=environment
    )


def test_help_is_the_head_of_the_file() -> None:
    done = start(ROOT, "--help")
    assert done.returncode == 0
    assert "python3 tools/bootstrap.py demo" in done.stdout


@pytest.mark.skipif(sys.platform == "win32", reason="makes links, which Windows may forbid")
def test_the_second_start_only_runs(tree: Path) -> None:
    (tree / ".venv/bin").mkdir(parents=True)
    (tree / ".venv/bin/python").symlink_to(sys.executable)
    (tree / ".venv/groupmood.stamp").write_text(f"dev {bootstrap.digest(tree.resolve())}")
    done = start(tree, "test", "-k", "name")
    assert done.stdout.split("\n")[0] == "ran tools/check.py ['-k', 'name'] True"
    assert (done.returncode, done.stderr) == (7, "")


@pytest.mark.skipif(sys.platform == "win32", reason="the environment's folders are named otherwise there")
def test_a_half_made_environment_is_made_anew_and_a_failing_pip_is_shown(tree: Path) -> None:
    (tree / ".venv/bin").mkdir(parents=True)
    (tree / ".venv/bin/python").symlink_to(sys.executable)
    (tree / ".venv/half").touch()
    (tree / ".venv/groupmood.stamp").write_text(bootstrap.INSTALLING)
    done = start(tree, "run", "0", "--no-window")
    assert done.stdout.splitlines()[-1] == "ran streamer/__main__.py ['run', '0', '--no-window'] False", done.stderr
    assert done.returncode == 7
    assert not (tree / ".venv/half").exists()
    assert (tree / ".venv/groupmood.stamp").read_text() == f"core {bootstrap.digest(tree.resolve())}"

    (tree / ".venv/mine").touch()
    (tree / "requirements.lock").write_text("# == build ==\nnowhere==1 --hash=sha256:0\n# == core ==\n# == dev ==\n")
    done = start(tree, "run", "0")
    assert done.returncode == bootstrap.UNFIT
    assert "No matching distribution found for nowhere==1" in done.stderr
    assert "ran" not in done.stdout.split()
    assert (tree / ".venv/mine").exists()
    assert not (tree / ".venv/groupmood.stamp").exists()
