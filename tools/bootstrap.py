"""From a bare Python to a running Groupmood; only the standard library.

    python3 tools/bootstrap.py demo           installs, then shows the demo
    python3 tools/bootstrap.py test           installs the tools of the checks too, then runs them all
    python3 tools/bootstrap.py COMMAND ...    installs, then runs `groupmood COMMAND ...`
    python3 tools/bootstrap.py                installs only

Everything goes into .venv beside pyproject.toml, as requirements.lock says. The second start installs nothing.
"""

# Must be readable by older Pythons, down to 3.7, to tell their users what to do.
from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
import time
import venv
from pathlib import Path
from typing import TextIO

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
SUPPORTED = ((3, 11), (3, 12))
MACHINES = {
    "Linux": ("x86_64", "aarch64"),
    "Darwin": ("arm64",),
    "Windows": ("AMD64",),
}
"""What there are wheels for: mediapipe has none for Intel Macs, numpy 1.26 (asked for by norfair) none for Windows on
ARM."""

INSTALLING = "installing"
UNFIT, INTERRUPTED = 2, 130


class Unfit(Exception):
    """This machine lacks something; the message says what to do."""


def check_python(version: tuple[int, ...]) -> None:
    """
    Raises:
        Unfit: Groupmood does not run on this Python.
    """
    if version[:2] in SUPPORTED:
        return
    wanted = " or ".join("{}.{}".format(*pair) for pair in SUPPORTED)
    raise Unfit(
        f"Groupmood needs Python {wanted}; this is {'.'.join(map(str, version[:3]))}. Install one of them:\n"
        "  Debian, Ubuntu   sudo apt-get install -y python3.12 python3.12-venv   (or python3.11 python3.11-venv)\n"
        "  Fedora           sudo dnf install -y python3.12\n"
        "  macOS            brew install python@3.12\n"
        "  Windows          winget install Python.Python.3.12\n"
        "  anywhere         uv python install 3.12\n"
        "then say `python3.12` in place of `python3`."
    )


def check_machine(system: str, machine: str, libc: str) -> None:
    """
    Raises:
        Unfit: the packages that Groupmood stands on have no wheels for this kind of machine.
    """
    fits = machine in MACHINES.get(system, ())
    if fits and (system != "Linux" or libc == "glibc"):
        return
    raise Unfit(
        f"Groupmood runs on Linux with glibc (x86_64, aarch64), macOS 14 or newer (arm64) and Windows (x86-64); this "
        f"is {system} {machine}{' without glibc' if fits else ''}. MediaPipe, OpenVINO or NumPy have no wheels for it."
    )


def check_system() -> None:
    """
    Raises:
        Unfit: packages of the operating system are missing; the message has the one line that installs them.
    """
    if platform.system() != "Linux":
        return
    sys.path.insert(0, str(ROOT))  # run as a script, only tools/ is on the path
    from streamer.libraries import IMPORTS, WINDOW, Library, missing, os_release, remedy

    display = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    lacking = list(missing(IMPORTS + WINDOW if display else IMPORTS))
    if importlib.util.find_spec("ensurepip") is None:
        name = "python{}.{}-venv".format(*sys.version_info[:2])
        lacking.append(Library("ensurepip", "Python's venv", name, "python3-pip", "python"))
    if lacking:
        what = ", ".join(f"{library.file} (for {library.wanted_by})" for library in lacking)
        line = remedy(lacking, os_release(), root=os.geteuid() == 0)
        raise Unfit(f"This system lacks {what}. Install what is missing, then start again:\n  {line}")


def other_python() -> str | None:
    """A supported Python on PATH, for whoever's ``python3`` is another one."""
    for major, minor in reversed(SUPPORTED):
        path = shutil.which(f"python{major}.{minor}")
        probe = "import sys; sys.exit(sys.version_info[:2] != (%d, %d))" % (major, minor)  # noqa: UP031
        if path and subprocess.run([path, "-c", probe], check=False, stderr=subprocess.DEVNULL).returncode == 0:
            return path
    return None


def sections(lock: str) -> dict[str, str]:
    """The parts of requirements.lock by name, in their order."""
    parts = re.split(r"^# == (\w+) ==\n", lock, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def digest(root: Path) -> str:
    """Of all that decides what is installed, and where."""
    inputs = [str(root).encode(), (root / "pyproject.toml").read_bytes(), (root / "requirements.lock").read_bytes()]
    return hashlib.sha256(b"\0".join(inputs)).hexdigest()


def is_ready(stamp: str, wanted: str, dev: bool) -> bool:
    """Whether a stamp stands for what is wanted; what was installed with the tools of the checks serves both."""
    return stamp == f"dev {wanted}" or (stamp == f"core {wanted}" and not dev)


def python_of(environment: Path) -> Path:
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def is_sound(environment: Path) -> bool:
    """Whether the environment has a Python of the supported ones that runs, and pip."""
    python = python_of(environment)
    probe = f"import pip, sys; sys.exit(sys.version_info[:2] not in {SUPPORTED})"
    if not python.exists():
        return False
    return subprocess.run([str(python), "-I", "-c", probe], check=False, stderr=subprocess.DEVNULL).returncode == 0


class Progress:
    """pip's output in one line that is written over, or in a line a package where there is no terminal."""

    def __init__(self, total: int, out: TextIO) -> None:
        self.total, self.out = total, out
        self.count, self.started, self.doing = 0, time.monotonic(), "starting"

    def feed(self, line: str) -> None:
        """Take a line of pip's and show where it stands."""
        news = self.read(line)
        if self.out.isatty():
            self.out.write(f"\r\033[K  {self.doing}  {time.monotonic() - self.started:.0f} s")
        elif news:
            self.out.write(f"  {self.doing}\n")
        self.out.flush()

    def read(self, line: str) -> bool:
        """Whether the line tells something new."""
        if line.startswith("Ignoring "):  # a package for other systems
            self.total -= 1
            return False
        if line.startswith("Installing collected packages"):
            self.doing = f"unpacking {len(line.split()) - 3} packages"
            return True
        package = named(line)
        if package:
            self.count += 1
            self.doing = f"[{self.count}/{self.total}] {package}"
        return bool(package)

    def close(self) -> None:
        if self.out.isatty():
            self.out.write("\r\033[K")


def named(line: str) -> str:
    """The package that a line of pip's begins with, '' where it does not."""
    words = line.removeprefix("Requirement already satisfied:").split()
    if "(from -r" not in line or not words:
        return ""
    if words[0] == "Processing":  # a file of a local index
        return " ".join(re.split(r"[/\\]", words[1])[-1].split("-")[:2])
    return words[1 if words[0] == "Collecting" else 0].replace("==", " ")


def pip(arguments: list[str], progress: Progress) -> None:
    """Run pip of the environment; its output is condensed, and shown in full where it fails.

    Raises:
        Unfit: pip failed.
    """
    command = [str(python_of(VENV)), "-I", "-m", "pip", "install", "--no-input", *arguments]
    settings = {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONUNBUFFERED": "1"}
    lines = []
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, cwd=ROOT, env={**os.environ, **settings}, text=True
    ) as process:
        for line in process.stdout or ():
            lines.append(line)
            progress.feed(line)
    progress.close()
    if process.returncode != 0:
        stamp_file().unlink()  # the environment itself is sound: the next start goes on with it
        shown = "".join(line for line in lines if not line.startswith("Progress "))
        raise Unfit(
            f"{shown}\npip could not install (above). Run the same command again to go on. Behind a proxy set "
            "HTTPS_PROXY; with a package index of your own set PIP_INDEX_URL."
        )


def stamp_file() -> Path:
    return VENV / "groupmood.stamp"


def stamp() -> str:
    return stamp_file().read_text(encoding="utf-8") if stamp_file().exists() else ""


def make_environment() -> None:
    """An empty .venv, unless there is a sound one that no earlier start left half made."""
    if stamp() != INSTALLING and is_sound(VENV):
        return
    print(f"{'making anew' if VENV.exists() else 'making'} {VENV}", flush=True)
    venv.create(str(VENV), clear=True, symlinks=os.name != "nt", with_pip=True)


def install(dev: bool) -> None:
    """Bring .venv to what requirements.lock says.

    Hatchling and setuptools come first, from the lock, so that nothing is built with what the lock does not name.

    Raises:
        Unfit: pip failed.
    """
    parts = sections((ROOT / "requirements.lock").read_text(encoding="utf-8"))
    parts["core"] += parts.pop("dev") if dev else ""
    make_environment()
    stamp_file().write_text(INSTALLING, encoding="utf-8")
    print("installing; the first time this fetches some 400 MB", flush=True)
    for name, options in (("build", ["--progress-bar", "off"]), ("core", ["--progress-bar", "raw"])):
        lock = VENV / f"{name}.lock"
        lock.write_text(parts[name], encoding="utf-8")
        progress = Progress(len(re.findall(r"^\w", parts[name], flags=re.MULTILINE)), sys.stdout)
        pip([*options, "--require-hashes", "--no-build-isolation", "-r", str(lock)], progress)
    pip(["--no-deps", "--no-build-isolation", "--editable", str(ROOT)], Progress(1, sys.stdout))
    stamp_file().write_text(f"{'dev' if dev else 'core'} {digest(ROOT)}", encoding="utf-8")


def run(command: list[str]) -> int:
    """In place of this process where the system can, so that signals and exit codes pass."""
    sys.stdout.flush()
    if os.name != "nt":
        os.execv(command[0], command)
    return subprocess.run(command, check=False).returncode


def start(arguments: list[str]) -> int:
    """Check, install where needed, and run.

    Raises:
        Unfit: this machine lacks something.
    """
    found = None if sys.version_info[:2] in SUPPORTED else other_python()
    if found:
        return run([found, str(Path(__file__).resolve()), *arguments])
    check_python(sys.version_info[:3])
    check_machine(platform.system(), platform.machine(), platform.libc_ver()[0])
    check_system()
    dev = arguments[:1] == ["test"]
    if not (is_ready(stamp(), digest(ROOT), dev) and python_of(VENV).exists()):
        install(dev)
    python = str(python_of(VENV))
    if dev:
        os.chdir(ROOT)
        return run([python, "-m", "tools.check", *arguments[1:]])
    if not arguments:
        print(f"installed; now, for example: {python} -m streamer demo")
        return 0
    return run([python, "-m", "streamer", *arguments])


def main() -> int:
    if sys.argv[1:2] in (["-h"], ["--help"]):
        print(__doc__)
        return 0
    try:
        return start(sys.argv[1:])
    except Unfit as reason:
        print(reason, file=sys.stderr)
        return UNFIT
    except KeyboardInterrupt:
        print("\nstopped; the next start goes on", file=sys.stderr)
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
