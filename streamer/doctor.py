"""What this machine has for Groupmood, what it lacks, and the fix for each fault. Prints nothing.

Every library is imported inside the check that asks for it, and none needs to be there: a doctor who needs the patient
to be well is of no use. What other parts of the product know is passed in.
"""

from __future__ import annotations

import ctypes
import importlib
import importlib.metadata
import os
import platform
import re
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

from streamer.errors import StreamerError
from streamer.libraries import IMPORTS, WINDOW, missing, os_release, remedy

State: TypeAlias = Literal["ok", "warn", "fault"]

PYTHONS = ((3, 11), (3, 12))
WEB = ("aiohttp", "aiortc", "prometheus-client", "segno")
"""What the extra ``web`` brings."""

OPENCV = ("opencv-contrib-python", "opencv-python", "opencv-python-headless", "opencv-contrib-python-headless")
"""Distributions that all write the same folder cv2/; only the first is wanted (mediapipe asks for it)."""

INSTALL = "python3 tools/bootstrap.py"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the report. "warn": something does not work that one can do without."""

    topic: str
    state: State
    text: str
    fix: str = ""

    def __post_init__(self) -> None:
        if self.state == "fault" and not self.fix:
            raise ValueError(f"a fault needs a fix: {self.topic}: {self.text}")


@dataclass(frozen=True, slots=True)
class Machine:
    """Whom to ask.

    ``cameras``: what each is called, and why it cannot be opened or ''. ``display``: None where a window can be shown,
    otherwise the reason with what to do. ``cache``: where weights are kept. ``weights``: the state of each model's
    ("ready", "missing", "corrupt"). ``accelerators``: what is to be said of GPUs. The others are asked the system
    unless a test says otherwise: ``version`` of a distribution and ``requires`` raise PackageNotFoundError, ``module``
    ImportError, ``library`` OSError.
    """

    cameras: Callable[[], Sequence[tuple[str, str]]]
    display: Callable[[], str | None]
    cache: Path
    weights: Callable[[], Mapping[str, str]]
    accelerators: Callable[[], Sequence[Finding]]
    version: Callable[[str], str] = importlib.metadata.version
    requires: Callable[[str], Sequence[str] | None] = importlib.metadata.requires
    module: Callable[[str], Any] = importlib.import_module
    library: Callable[[str], Any] = ctypes.CDLL
    python: tuple[int, int] = sys.version_info[:2]
    system: str = sys.platform


def examine(machine: Machine) -> tuple[Finding, ...]:
    """Everything, in the order in which one would mend it."""
    return tuple(finding for check in CHECKS for finding in check(machine))


def check_python(machine: Machine) -> Iterator[Finding]:
    text = f"Python {platform.python_version()}, {platform.platform()}"
    if machine.python in PYTHONS:
        yield Finding("python", "ok", text)
    else:
        wanted = " or ".join(f"{major}.{minor}" for major, minor in PYTHONS)
        yield Finding("python", "fault", f"{text}; wanted is Python {wanted}", f"python3.12 {INSTALL.split()[1]}")


def check_packages(machine: Machine) -> Iterator[Finding]:
    """Those that the product itself asks for, with their versions."""
    try:
        wanted = machine.requires("groupmood") or ()
    except importlib.metadata.PackageNotFoundError:
        yield Finding("packages", "fault", "groupmood itself is not installed in this Python", INSTALL)
        return
    present = []
    for name in (name_of(line) for line in wanted if "extra ==" not in line):
        try:
            present.append(f"{name} {machine.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            yield Finding("packages", "fault", f"{name} is not installed", INSTALL)
    yield Finding("packages", "ok", ", ".join(present) or "none")


def name_of(requirement: str) -> str:
    """'av' of 'av<19,>=18.1'."""
    return re.split(r"[^\w.-]", requirement.strip(), maxsplit=1)[0]


def check_opencv(machine: Machine) -> Iterator[Finding]:
    """One OpenCV, and it can be loaded: several of them overwrite each other's files."""
    found = [name for name in OPENCV if is_installed(machine, name)]
    if len(found) > 1:
        others = " ".join(found[1:] if found[0] == OPENCV[0] else found)
        fix = f"pip uninstall -y {others} && pip install --no-deps --force-reinstall 'opencv-contrib-python<5'"
        yield Finding("opencv", "fault", f"{' and '.join(found)} lie over each other in cv2/", fix)
    try:
        yield Finding("opencv", "ok", f"cv2 {machine.module('cv2').__version__}")
    except (ImportError, OSError, AttributeError) as error:
        fix = "pip install --no-deps --force-reinstall 'opencv-contrib-python<5', and the libraries named below"
        yield Finding("opencv", "fault", f"cv2 cannot be loaded: {error}", fix)


def is_installed(machine: Machine, name: str) -> bool:
    try:
        machine.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def check_libraries(machine: Machine) -> Iterator[Finding]:
    """Those of the operating system; the wheels for macOS and Windows bring all they need."""
    if machine.system != "linux":
        return
    needed = missing(IMPORTS, machine.library)
    useful = missing(WINDOW, machine.library)
    for library in needed + useful:
        fix = remedy(needed + useful, os_release(), root=os.geteuid() == 0)
        text = f"{library.file} is missing; {library.wanted_by} needs it"
        yield Finding("libraries", "fault" if library in needed else "warn", text, fix)
    if not needed + useful:
        yield Finding("libraries", "ok", "all that OpenCV and MediaPipe load are here")


def check_onnxruntime(machine: Machine) -> Iterator[Finding]:
    try:
        library = machine.module("onnxruntime")
        providers = ", ".join(library.get_available_providers())
        yield Finding("engine onnxruntime", "ok", f"{library.__version__}, providers {providers}")
    except (ImportError, OSError, AttributeError) as error:
        yield Finding("engine onnxruntime", "fault", f"cannot be loaded: {error}", INSTALL)


def check_openvino(machine: Machine) -> Iterator[Finding]:
    """An extra; where it is there, whether its CPU part reckons in bf16, twice as fast on the processors that can."""
    try:
        library = machine.module("openvino")
        core = library.Core()
        abilities = core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
        processor = core.get_property("CPU", "FULL_DEVICE_NAME")
    except ImportError as error:
        yield Finding("engine openvino", "warn", f"not available: {error}", "pip install 'groupmood[openvino]'")
    except (OSError, RuntimeError, AttributeError) as error:
        fix = "pip install --force-reinstall --no-deps openvino"
        yield Finding("engine openvino", "warn", f"cannot be used: {error}", fix)
    else:
        bf16 = "bf16" if "BF16" in abilities else "no bf16"
        version = library.__version__.partition("-")[0]
        yield Finding("engine openvino", "ok", f"{version}, CPU ({processor}, {bf16})")


def check_web(machine: Machine) -> Iterator[Finding]:
    """An extra: the pages of ``groupmood serve``."""
    versions, lacking = [], []
    for name in WEB:
        try:
            versions.append(f"{name} {machine.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            lacking.append(name)
    if lacking:
        text = f"groupmood serve needs {', '.join(lacking)}"
        yield Finding("pages", "warn", text, "pip install 'groupmood[web]'")
    else:
        yield Finding("pages", "ok", ", ".join(versions))


def check_accelerators(machine: Machine) -> Iterator[Finding]:
    """The graphics card, its driver, and the engines for it."""
    try:
        yield from machine.accelerators()
    except (StreamerError, ImportError, OSError) as error:
        yield Finding("engines for a GPU", "warn", f"cannot be asked: {error}")


def check_video(machine: Machine) -> Iterator[Finding]:
    """PyAV, and the encoder that records."""
    try:
        library = machine.module("av")
        library.codec.Codec("libx264", "w")
        yield Finding("video", "ok", f"PyAV {library.__version__} with the H.264 encoder libx264")
    except (ImportError, OSError, AttributeError) as error:
        yield Finding("video", "fault", f"PyAV cannot be loaded: {error}", INSTALL)
    except ValueError:  # av.codec.codec.UnknownCodecError is one
        fix = "pip install --force-reinstall --no-deps --only-binary av 'av<19'"
        yield Finding("video", "fault", "this PyAV lacks the H.264 encoder libx264: nothing can be recorded", fix)


def check_cameras(machine: Machine) -> Iterator[Finding]:
    try:
        found = machine.cameras()
    except (StreamerError, ImportError, OSError) as error:
        yield Finding("cameras", "warn", f"cannot be listed: {error}")
        return
    for name, fault in found:
        yield Finding("cameras", "warn" if fault else "ok", f"{name}{': ' if fault else ''}{fault}")
    if not found:
        yield Finding("cameras", "warn", "none found", "plug one in, or run a video file, or groupmood demo")


def check_display(machine: Machine) -> Iterator[Finding]:
    try:
        reason = machine.display()
    except (StreamerError, ImportError, OSError) as error:
        reason = f"cannot be asked: {error}"
    yield Finding("display", "warn" if reason else "ok", reason or "a window can be shown")


def check_cache(machine: Machine) -> Iterator[Finding]:
    """Whether weights can be kept: by writing a file there."""
    try:
        machine.cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=machine.cache) as file:
            file.write(b"groupmood")
    except OSError as error:
        fix = f"make {machine.cache} a folder that you may write to, or set XDG_CACHE_HOME to one"
        yield Finding("cache", "fault", f"{machine.cache} cannot be written: {error.strerror}", fix)
    else:
        yield Finding("cache", "ok", f"{machine.cache} can be written")


def check_weights(machine: Machine) -> Iterator[Finding]:
    try:
        states = machine.weights()
    except (StreamerError, ImportError, OSError) as error:
        yield Finding("weights", "warn", f"cannot be asked: {error}")
        return
    for name, state in states.items():
        fix = f"groupmood models fetch {name}"
        if state == "corrupt":
            yield Finding("weights", "fault", f"{name}: altered on disk", fix)
        elif state == "missing":
            yield Finding("weights", "warn", f"{name}: not fetched yet", fix)
        else:
            yield Finding("weights", "ok", f"{name}: {state}")


CHECKS: tuple[Callable[[Machine], Iterator[Finding]], ...] = (
    check_python,
    check_packages,
    check_opencv,
    check_libraries,
    check_onnxruntime,
    check_openvino,
    check_web,
    check_accelerators,
    check_video,
    check_cameras,
    check_display,
    check_cache,
    check_weights,
)
