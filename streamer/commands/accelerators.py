"""What is to be said of graphics cards, their driver and the engines for them."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Callable, Iterator, Sequence

from engines.errors import EngineUnavailable, NotInstalled
from engines.probe import Driver, driver
from engines.ran import told
from streamer.doctor import Finding
from streamer.registry import INSTALL

DISTRIBUTIONS = {"tensorrt": ("tensorrt", "tensorrt-cu13", "tensorrt-cu12"), "tensorrt_rtx": ("tensorrt-rtx",)}
"""Each may bring the engine's package."""

CUDA = ("pycuda", "cuda-bindings")
"""Either one lets the engines use the device; the first that is there is taken."""

RTX_LINE = INSTALL["tensorrt_rtx"]

PYCUDA_LINE = (
    "pip uninstall -y pycuda leaves cuda-bindings to do the same; or build it anew against this CUDA toolkit, see "
    "engines/README.md"
)


def accelerators(
    ask: Callable[[], Driver] = driver,
    version: Callable[[str], str] = importlib.metadata.version,
    load: Callable[[str], object] = importlib.import_module,
) -> Sequence[Finding]:
    """``version`` of a distribution, or PackageNotFoundError; ``load`` a module, or ImportError."""
    return tuple(_findings(ask, version, load))


def _findings(
    ask: Callable[[], Driver], version: Callable[[str], str], load: Callable[[str], object]
) -> Iterator[Finding]:
    found = {kind: _first(names, version) for kind, names in DISTRIBUTIONS.items()}
    try:
        card = ask()
    except EngineUnavailable as error:
        reason, _, fix = str(error).rpartition(": ")
        if isinstance(error, NotInstalled):  # as on most machines, which lack nothing
            yield Finding("nvidia driver", "ok", "none here, and none needed: the CPU does the work")
        else:
            yield Finding("nvidia driver", "warn", reason, fix)
        yield from (_built_only(kind, known) for kind, known in found.items() if known)
        return
    shown = ", ".join(
        f"{gpu.name} ({gpu.capability[0]}.{gpu.capability[1]}, {gpu.memory >> 20} MiB)" for gpu in card.gpus
    )
    yield Finding("nvidia driver", "ok", f"CUDA {card.version // 1000}.{card.version % 1000 // 10}, {shown}")
    yield from (_ready(kind, known) for kind, known in found.items() if known)
    if not any(found.values()):
        text = "no engine for it is installed: the CPU does the work"
        yield Finding("engines for a GPU", "warn", text, RTX_LINE)
    elif not (cuda := _first(CUDA, version)):
        yield Finding("cuda", "warn", "neither pycuda nor cuda-bindings is installed", RTX_LINE)
    else:
        yield _access(cuda, load)


def _access(cuda: str, load: Callable[[str], object]) -> Finding:
    """pycuda is compiled on installing, which may go wrong in ways that show only when it is loaded."""
    if not cuda.startswith("pycuda"):
        return Finding("cuda", "ok", f"through {cuda}")
    try:
        load("pycuda.driver")
    except ImportError as error:
        return Finding("cuda", "warn", f"{cuda} cannot be loaded: {error}", PYCUDA_LINE)
    return Finding("cuda", "ok", f"through {cuda}")


def _built_only(kind: str, known: str) -> Finding:
    return Finding(f"engine {kind}", "ok", f"{known}; nothing here to run it on; {told(kind)}")


def _ready(kind: str, known: str) -> Finding:
    return Finding(f"engine {kind}", "ok", f"{known}; {told(kind)}")


def _first(names: Sequence[str], version: Callable[[str], str]) -> str:
    """'name version' of the first that is installed, or ''."""
    for name in names:
        try:
            return f"{name} {version(name)}"
        except importlib.metadata.PackageNotFoundError:
            continue
    return ""
